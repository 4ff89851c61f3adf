"""Live: a rebuild may reuse what an earlier one executed, and never after the library has changed.

Sphinx-gallery and Sphinx look only at the text of a page to decide whether to run it again. Here
the sources that every page may reach count too: the library, its claims, and the extensions.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

from .expect import expect

REACHED = (
    "symlib/**/*.py",
    "symlib/**/*.toml",
    "docs/_extensions/*/*.py",
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


def expect_marks(app: Sphinx) -> None:
    """Fail unless sphinx-gallery has left the marks by which it knows what it has run."""
    built = Path(app.srcdir, "gallery")
    scripts = [] if app.config.symlib_draft else [*built.glob("*/plot_*.py")]
    marked = all(script.with_name(f"{script.name}.md5").exists() for script in scripts)
    expect(marked, "sphinx-gallery", "leave a file .md5 beside each script that it has run")


def setup(app: Sphinx) -> None:
    """Register with Sphinx what has no order."""
    app.add_config_value("symlib_sources", "", "env", str)  # a change reads every page anew
