"""What is expected of other people's packages, where the site changes or reads what they write.

A change of theirs must not undo one of ours in silence: whoever looks for their text or their file
says so here, and the build fails with a sentence when it is no longer there.
"""

from __future__ import annotations

from importlib.metadata import version

from sphinx.errors import ExtensionError


def expect(found: object, package: str, what: str) -> None:
    """Fail, naming a package and its version, unless something of it was found."""
    if not found:
        raise ExtensionError(
            f"{package} {version(package)} was expected to {what}, and does not: see what it does "
            "now, and change the part of docs/_extensions/symlib_site that asks for it, or allow "
            f"only an earlier {package} in pyproject.toml"
        )


def replaced(text: str, old: str, new: str, package: str) -> str:
    """Return a text of a package with a part replaced that must be there."""
    expect(old in text, package, f"write {old!r}")
    return text.replace(old, new)
