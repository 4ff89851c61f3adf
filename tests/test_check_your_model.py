"""Check your model: the code of the how-to page, run as it stands, beside what it says it prints.

A block that needs a library which is not here is skipped, but for safetensors, whose one call is
replaced. The build of the site executes the cells; here they run after it, in a place of their own.
"""

import contextlib
import io
import json
import re
import runpy
import shlex
import struct
import sys
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np
import pytest

from symlib._audit_verdicts import KINDS
from symlib.audit import main

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "how_to" / "check_your_model.md"
ALONE = ("keras", "flax", "jax")  # blocks that import one of these need no other library


class Block(NamedTuple):
    """A block of the page, and what it says that this block prints."""

    language: str
    code: str
    told: str | None


def blocks():
    """Return the blocks of the page in their order; a text belongs to the block before."""
    found = []
    text = PAGE.read_text(encoding="utf-8")
    for language, code in re.findall(r"^```(\S+)[^\n]*\n(.*?)^```$", text, re.S | re.M):
        if language == "text":
            found[-1] = found[-1]._replace(told=code)
        else:
            found.append(Block(language, code, None))
    return found


def library_of(code):
    """Return which library a block needs that a model of PyTorch does not."""
    needed = [name for name in ALONE if re.search(rf"^(import|from) {name}\b", code, re.M)]
    return needed[0] if needed else None


def same(text):
    """Return a text without its line breaks and the digits of a chance."""
    return re.sub(r"\(by chance \S+\)", "(by chance)", " ".join(text.split()))


def run(block, names):
    """Run a block, and hold what it prints beside what the page says."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(block.code, names)
    if block.told is not None:
        assert same(printed.getvalue()) == same(block.told)


def save_file(arrays, path):
    """Write tensors as safetensors does, where it is not installed."""
    header, content = {}, b""
    for name, tensor in arrays.items():
        numbers = tensor.detach().numpy()
        end = len(content) + numbers.nbytes
        places = [len(content), end]
        header[name] = {"dtype": "F32", "shape": numbers.shape, "data_offsets": places}
        content += numbers.tobytes()
    text = json.dumps(header).encode()
    Path(path).write_bytes(struct.pack("<Q", len(text)) + text + content)


@pytest.fixture
def place(monkeypatch, tmp_path):
    """Go to an empty folder, with something that saves safetensors."""
    monkeypatch.chdir(tmp_path)
    try:
        import safetensors.torch  # noqa: F401
    except ImportError:
        package, module = ModuleType("safetensors"), ModuleType("safetensors.torch")
        module.save_file = save_file
        monkeypatch.setitem(sys.modules, "safetensors", package)
        monkeypatch.setitem(sys.modules, "safetensors.torch", module)
    return tmp_path


def command(line):
    """Run a line of a shell that calls the audit, and return its status and what it printed."""
    line, _, target = line.partition(" > ")
    start, words = shlex.split(line)[:3], shlex.split(line)[3:]
    assert start == ["python", "-m", "symlib.audit"]
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        status = main(words)
    if target:
        Path(target).write_text(printed.getvalue(), encoding="utf-8")
    return status, printed.getvalue()


def test_the_worked_example(place):
    """Two faults are planted, found, proved, mended, and gone; in Python and in a shell."""
    torch = pytest.importorskip("torch")
    names = {}
    statuses = []
    python = [one for one in blocks() if one.language == "python" and not library_of(one.code)]
    saved = [one.code for one in python if "class Classifier" in one.code or "savez" in one.code]
    (place / "save_start.py").write_text("\n".join(saved), encoding="utf-8")
    for block in blocks():
        if block in python:
            run(block, names)
        elif block.language == "sh":
            for line in block.code.splitlines():
                if line == "python save_start.py":
                    runpy.run_path("save_start.py")
                elif " -m symlib.audit " in line:
                    status, printed = command(line)
                    statuses.append(status)
                    if block.told is not None:
                        assert same(printed) == same(block.told)
                else:
                    assert line == "python -m pip install symlib_nn-*.whl"
    assert statuses == [1, 1, 1, 1, 1]
    found = json.loads((place / "findings.json").read_text(encoding="utf-8"))
    assert [one["verdict"] for one in found] == ["fault", "fault", "look"]
    names["test_the_start_is_in_order"]()
    names["layer"].weight.data[1] = names["layer"].weight.data[0]
    names["Classifier"] = lambda: names["model"]
    with pytest.raises(AssertionError, match="equal rows"):
        names["test_the_start_is_in_order"]()
    assert torch.equal(names["model"].first.linear1.weight, names["layer"].weight)


def test_what_is_allowed_leaves_the_faults(place, capsys):
    """The status is that of what is left, and a pickle is none of them."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    head = torch.nn.Linear(20, 10)
    torch.nn.init.zeros_(head.weight)
    arrays = {name: tensor.detach().numpy() for name, tensor in head.state_dict().items()}
    np.savez("start.npz", **arrays)
    torch.save(head.state_dict(), "start.pt")
    assert command("python -m symlib.audit start.npz")[0] == 0
    assert command("python -m symlib.audit start.npz --strict")[0] == 1
    assert command("python -m symlib.audit start.npz --allow 'zero:weight' --strict")[0] == 0
    assert command("python -m symlib.audit start.pt") == (2, "")
    assert "pickles" in capsys.readouterr().err


@pytest.mark.parametrize("library", ["keras", "flax", "jax"])
@pytest.mark.filterwarnings("default")  # what these say of each other is not ours
def test_blocks_of_other_libraries(library):
    """A model that is looked at, and a start that is put into a layer."""
    pytest.importorskip(library)
    names = {"rng": np.random.default_rng(0)}
    exec("import numpy as np\nfrom symlib import weights", names)
    if library == "flax":
        exec("import jax.numpy as jnp", names)
    own = [one for one in blocks() if one.language == "python" and library_of(one.code) == library]
    assert own
    for block in own:
        run(block, names)
    kernel = names["params"]["kernel"] if library == "jax" else names["layer"].kernel
    kernel = kernel.numpy() if library == "keras" else np.asarray(kernel[...])
    np.testing.assert_array_equal(kernel, names["weight"].T.astype(kernel.dtype))


def test_the_cells_agree_with_the_prose(capsys):
    """Copies are found, up to the scale too; a rate of escape is above 0; a dead unit is named."""
    names = {}
    for block in blocks():
        if block.language == "{code-cell}":
            exec(block.code, names)
    printed = capsys.readouterr().out
    assert "29 different units of 32\ncopies: [ 0  3  7 11]\n29\n28\n" in printed
    assert "32 units before, 28 after" in printed
    assert "dead on these samples: [7]" in printed
    assert 0 < names["escape"].growth < names["escape"].steps_per_decade < np.inf


def test_the_table_has_each_kind():
    """With the verdict and the page that the report names; short enough for a phone."""
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+) \| (fault|look|note) \| (.+) \| (.+) \| (.+) \|$", text, re.M)
    assert [row[0] for row in rows] == list(KINDS)
    for kind, verdict, means, do, link in rows:
        assert verdict == KINDS[kind].verdict
        assert max(len(means), len(do)) <= 45
        assert f"../{KINDS[kind].page}" in link
