"""Live: a rebuild may reuse what an earlier one executed, and never after the library has changed.

Sphinx-gallery and Sphinx look only at the text of a page to decide whether to run it again. Here
the sources that every page may reach count too: the library, its claims, and the extensions.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

REACHED = (
    "symlib/**/*.py",
    "symlib/**/*.toml",
    "docs/_extensions/*.py",
    "docs/simulations/*.py",
    "docs/_static/*.mplstyle",
)


def fingerprint(root: Path) -> str:
    """Return a hash of all sources that a page may reach."""
    total = hashlib.sha256()
    for pattern in REACHED:
        for path in sorted(root.glob(pattern)):
            total.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return total.hexdigest()


def forget_stale(app: Sphinx, config: Config) -> None:
    """Forget every result of an earlier build when a source that pages reach has changed."""
    config.symlib_sources = fingerprint(Path(app.confdir).parent)
    seen = Path(app.doctreedir, "sources")
    if seen.exists() and seen.read_text() == config.symlib_sources:
        return
    for mark in Path(app.srcdir, "gallery").rglob("*.md5"):
        mark.unlink()
    seen.parent.mkdir(parents=True, exist_ok=True)
    seen.write_text(config.symlib_sources)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_config_value("symlib_sources", "", "env", str)  # a change reads every page anew
    app.connect("config-inited", forget_stale)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
