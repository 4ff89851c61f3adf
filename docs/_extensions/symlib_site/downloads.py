"""Downloads: the library beside the pages, files that say what they need, the same bytes twice.

The wheel of the library lies in the site under ``wheels/``. A script begins with what it needs and
how to run it, and so does its notebook, which holds what its cells have printed and drawn as well.
Where the address of the site is known, the script names the wheel there, so that ``uv run`` needs
nothing else; every archive holds the wheel itself.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from . import figures, furniture, pages
from .expect import expect

NEED = '"symlib-nn"'
HEAD = re.compile(r"(?:#.*\n)+")  # the block, and how to run the script
FETCHED = """\
# To run it: uv run {name}.py
# Without uv: pip install {needs}, then python {name}.py
"""
BESIDE = """\
# To run it beside symlib_nn-*.whl, of the archive of its page: uv run --find-links . {name}.py
# Without uv: pip install {needs}, then python {name}.py
"""
NO_DISPLAY = "# Without a display no window opens, and the checks are printed all the same.\n"
# a notebook may put the drawing into its page, beside others
INK = figures.LIGHT_INK.replace(":root", "svg.symlib").replace("}.w", "}svg.symlib .w")
PAPER = f'<style>{INK}</style><rect width="100%" height="100%" fill="#ffffff"/>'


def build_wheel(root: Path, folder: Path) -> Path:
    """Build the wheel of the project in ``root``, and return its path."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "flit_core.wheel", "--outdir", str(folder)]
    subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def with_directions(script: str, name: str, address: str) -> str:
    """Return the text of a script that says below its script block how it is run."""
    block = pages.BLOCK.match(script)
    if block is None or NEED not in block[0]:
        raise ExtensionError(f"{name}.py must begin with a script block that names {NEED}")
    table = re.sub(r"^# ?", "", block[1], flags=re.MULTILINE)
    listed = tomllib.loads(table)["dependencies"]
    others = [need for need in listed if f'"{need}"' != NEED]
    needs = " ".join([address or "symlib_nn-*.whl", *others])
    head = block[0].replace(NEED, f'"symlib-nn @ {address}"') if address else block[0]
    said = (FETCHED if address else BESIDE).format(name=name, needs=needs)
    return head + said + NO_DISPLAY + script.removeprefix(block[0])


def with_outputs(notebook: str, head: str, cells: list[dict[str, Any]], folder: Path) -> str:
    """Return a notebook with what its cells have printed and drawn, behind the head of its script.

    The images lie in ``folder``, by the addresses that the cells have for them.
    """
    book = json.loads(notebook)
    codes = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    if len(codes) != len(cells):
        raise ExtensionError(
            f"a notebook must have the {len(cells)} cells of code of its page, got {len(codes)}"
        )
    for count, (code, cell) in enumerate(zip(codes, cells, strict=True), start=1):
        code["execution_count"] = count
        code["outputs"] = list(outputs(cell, folder))
    declared = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    book["cells"].insert(0, declared | {"source": [head.rstrip()]})
    return json.dumps(book, indent=1)


def outputs(cell: dict[str, Any], folder: Path) -> Iterator[dict[str, Any]]:
    """Yield what a cell has printed and drawn, as notebooks hold it; a drawing is on white."""
    if cell["printed"]:
        text = cell["printed"].splitlines(keepends=True)
        yield {"output_type": "stream", "name": "stdout", "text": text}
    for address, words in cell["drawn"]:
        drawing = (folder / address).read_text(encoding="utf-8")
        if figures.BOTH not in drawing:
            raise ExtensionError(f"{address} must be a figure that follows the color scheme")
        drawing = drawing.replace(figures.BOTH, PAPER).replace("<svg ", '<svg class="symlib" ', 1)
        data = {"image/svg+xml": drawing.splitlines(keepends=True), "text/plain": [words]}
        yield {"output_type": "display_data", "data": data, "metadata": {}}


def finish(app: Sphinx, fault: Exception | None) -> None:
    """Complete what readers take away, once all pages are written."""
    if fault or app.builder.format != "html":
        return
    site = Path(app.outdir)
    if not app.tags.has("live"):  # it tells Sphinx what to reuse, and holds a hash of local paths
        (site / ".buildinfo").unlink(missing_ok=True)
    wheel = build_wheel(Path(app.confdir).parent, site / "wheels")
    base = app.config.html_baseurl.rstrip("/")
    address = f"{base}/wheels/{wheel.name}" if base else ""
    docnames = [one for one in app.env.found_docs if furniture.PAGE.fullmatch(one)]
    files = {}
    for docname in docnames:
        name = docname.rpartition("/")[2]
        source = Path(app.srcdir, docname)
        text = source.with_suffix(".py").read_text(encoding="utf-8")
        script = with_directions(text, name, address)
        (head, *_) = HEAD.findall(script)
        notebook = source.with_suffix(".ipynb").read_text(encoding="utf-8")
        cells = app.env.get_doctree(docname)["cells"]
        files[f"{name}.py"] = script
        files[f"{name}.ipynb"] = with_outputs(notebook, head, cells, Path(app.srcdir))
    for name, text in files.items():
        written = [*site.glob(f"_downloads/*/{name}")]
        expect(written, "sphinx", f"put {name} for download into _downloads/*/")
        for path in written:
            path.write_text(text, encoding="utf-8", newline="\n")
    for archive in site.glob("_downloads/*/*.zip"):
        rewrite(archive, wheel, files)


def rewrite(archive: Path, wheel: Path, files: dict[str, str]) -> None:
    """Write an archive anew: its files as they are beside it, in order, one date, the wheel."""
    with zipfile.ZipFile(archive) as old:
        members = {name: old.read(name) for name in old.namelist()}
    for name in members:
        if Path(name).name in files:
            members[name] = files[Path(name).name].encode()
    members[wheel.name] = wheel.read_bytes()
    pack(archive, members)


def pack(archive: Path, members: dict[str, bytes]) -> None:
    """Write an archive that depends on its members alone: in order, and with one date."""
    with zipfile.ZipFile(archive, "w") as new:
        for name, data in sorted(members.items()):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            new.writestr(entry, data, zipfile.ZIP_DEFLATED)
