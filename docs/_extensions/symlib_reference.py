"""Reference: the fields of a record are told in its docstring, not listed a second time."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx


def skip_field(
    app: Sphinx, what: str, name: str, member: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out the automatic entries ("Alias for field number 0") of a named tuple."""
    return True if type(member).__name__ == "_tuplegetter" else None


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("autodoc-skip-member", skip_field)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
