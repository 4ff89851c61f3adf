"""The repository: what lies in it, what its first page says, and what an older Python meets."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOP = {
    *("docs", "gallery", "symlib", "tests"),
    *("noxfile.py", "pyproject.toml"),
    *("README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md"),
}
COMMANDS = [
    "python -m pip install nox && python -m nox -s docs",
    "python -m pip install nox && python -m nox -s tests",
]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "docs" / "requirements.txt").read_text(encoding="utf-8")
OURS = ("symlib", "gallery", "docs", "tests", ".github", ".ci")
BUILT = ("docs/_build", "docs/gallery", "__pycache__")


def tracked():
    """Return the paths of the files in the repository, or skip where there is no checkout."""
    git = shutil.which("git")
    if not git or not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    command = [git, "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True)
    return listed.stdout.rstrip("\0").split("\0")


def texts():
    """Yield each text of the project, with its path."""
    files = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in OURS:
        files += (ROOT / folder).rglob("*")
    for path in files:
        name = path.relative_to(ROOT).as_posix()
        kinds = (".py", ".md", ".toml", ".cff", ".rst", ".txt", ".yml", ".yaml", ".bib", ".css", "")
        if path.is_file() and path.suffix in kinds and not any(part in name for part in BUILT):
            try:
                yield name, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def normal(requirement):
    """Return the name of a required package as an index spells it."""
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement)[0]).lower()


def sessions():
    """Return the functions of noxfile.py that are sessions."""
    tree = ast.parse((ROOT / "noxfile.py").read_text(encoding="utf-8"))
    return [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and any("nox.session" in ast.unparse(one) for one in node.decorator_list)
    ]


def python(code, *, folder=ROOT):
    """Run code in a Python of its own."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


# The tree


def test_the_top_of_the_tree_holds_only_what_the_readme_tells():
    """Whoever opens the repository sees four folders and seven files."""
    top = {path.split("/")[0] for path in tracked()}
    assert {name for name in top if not name.startswith(".")} <= TOP


def test_nothing_that_a_build_writes_is_in_the_repository():
    """Pages, caches and records are made anew each time."""
    assert [path for path in tracked() if any(part in path for part in BUILT)] == []


def test_nobody_is_told_to_install_the_other_symlib():
    """The name without its ending belongs to another project on the package index."""
    wrong = re.compile(r"(?:pip3? install|uv add|--with)\b[^\n`]*?[\s=\"']symlib\b(?!-nn)")
    found = [(name, match[0]) for name, text in texts() for match in wrong.finditer(text)]
    assert found == []


@pytest.mark.parametrize(
    ("line", "wrong"),
    [("{} install symlib", True), ("{} install numpy symlib", True), ("{} install symlib-nn", 0)],
)
def test_the_search_for_the_wrong_name_finds_it(line, wrong, tmp_path, monkeypatch):
    """What the test above looks for would be seen."""
    (tmp_path / "README.md").write_text(line.format("pip"), encoding="utf-8")
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    if wrong:
        with pytest.raises(AssertionError, match=r"README\.md"):
            test_nobody_is_told_to_install_the_other_symlib()
    else:
        test_nobody_is_told_to_install_the_other_symlib()


# The locked packages of the docs build


def test_the_lock_names_no_address():
    """It works with whatever index a reader has set."""
    assert "http" not in LOCK
    assert not re.search(r"^\s*-(?!-hash)", LOCK, flags=re.MULTILINE)


def requirements():
    """Return each locked requirement with its hashes, as one text."""
    lines = "\n".join(line for line in LOCK.splitlines() if not line.lstrip().startswith("#"))
    return [one.strip() for one in re.split(r"\n(?=\S)", lines) if one.strip()]


def test_every_locked_package_is_pinned_and_hashed():
    """One version, and the files it may come as."""
    for one in requirements():
        assert re.match(r"[\w.-]+(\[[\w,-]+\])?==[\w.+!]+( ;[^\\]*)? \\\n", one), one[:80]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", one), one[:80]


def test_every_package_of_the_docs_build_is_locked():
    """The group of the docs, and what the library itself needs."""
    wanted = PYPROJECT["dependency-groups"]["docs"] + PYPROJECT["project"]["dependencies"]
    locked = {normal(one) for one in requirements()}
    assert {normal(one) for one in wanted} <= locked
    assert "symlib-nn" not in locked


# The first page


@pytest.mark.parametrize("command", COMMANDS)
def test_the_readme_says_the_command_on_a_line_of_its_own(command):
    """It can be copied as it stands, from a block of its own."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.count(f"```sh\n{command}\n```") == 1


def test_the_gate_runs_the_commands_of_the_readme():
    """What a stranger types is what is tested: the script reads the commands from the README."""
    gate = ROOT / ".ci" / "run"
    if not gate.exists():
        pytest.skip("not a checkout")
    assert os.access(gate, os.X_OK)
    text = gate.read_text(encoding="utf-8")
    (names,) = re.findall(r"^for session in (.+); do$", text, flags=re.MULTILINE)
    (search,) = re.findall(r'grep -m 1 -o "(.+)" README\.md', text)
    assert 'bash -c "$command"' in text
    readme = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    run = []
    for session in names.split():
        wanted = search.replace("$session", session).replace("\\$", "$")
        run.append(next(found[0] for line in readme if (found := re.search(wanted, line))))
    assert sorted(run) == COMMANDS


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_the_files_that_a_first_page_links_to_exist(name):
    """No link within the repository is dead."""
    text = (ROOT / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)", text)
    inside = [link for link in links if not link.startswith(("http:", "https:", "mailto:"))]
    assert inside
    assert [link for link in inside if not (ROOT / link).exists()] == []


def test_each_session_that_is_told_exists():
    """The table of CONTRIBUTING.md names every session, and no other."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`nox -s (\w+)", text)) == {session.name for session in sessions()}


# The library


def test_importing_the_library_imports_no_numpy():
    """The package itself is light; its modules are asked for by name."""
    code = "import sys, symlib; print(sorted({'numpy', 'scipy', 'matplotlib'} & set(sys.modules)))"
    result = python(code)
    assert (result.returncode, result.stdout.strip()) == (0, "[]"), result.stderr


def test_no_module_of_the_library_imports_what_only_pages_or_tests_need():
    """Numpy and scipy are enough to compute; plots and progress bars are somebody else's."""
    names = sorted(path.stem for path in (ROOT / "symlib").glob("*.py"))
    modules = [f"symlib.{name}" for name in names if name != "__init__"]
    others = {"matplotlib", "sklearn", "tqdm", "torch", "pandas"}
    code = f"import sys, {', '.join(modules)}; print(sorted({others!r} & set(sys.modules)))"
    result = python(code)
    assert (result.returncode, result.stdout.strip()) == (0, "[]"), result.stderr


def test_the_versions_agree():
    """The package says the version of the library."""
    code = "import symlib; print(symlib.__version__)"
    assert python(code).stdout.strip() == PYPROJECT["project"]["version"]


# The sessions


def test_an_older_python_is_told_in_one_sentence_what_is_needed():
    """Not a traceback, and not a complaint about syntax."""
    code = (
        "import sys; sys.version_info = (3, 10, 0, 'final', 0); "
        "text = open('noxfile.py', encoding='utf-8').read(); "
        "exec(compile(text, 'noxfile.py', 'exec'), {'__file__': 'noxfile.py'})"
    )
    result = python(code)
    assert result.returncode == 1
    (sentence,) = result.stderr.splitlines()
    assert sentence.startswith("symlib needs Python 3.11 or newer; this is Python ")
    assert sentence.endswith(".")


def test_an_older_python_can_read_the_sessions():
    """The sentence is reached: no syntax in the file is newer than Python 3.8."""
    text = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    ast.parse(text, feature_version=(3, 8))
    tree = ast.parse(text)
    kinds = [type(node).__name__ for node in tree.body[:3]]
    assert kinds == ["Expr", "Import", "If"], "nothing but sys may be imported before the sentence"


def test_every_session_has_one_line_that_says_what_it_does():
    """``nox -l`` lists them."""
    assert sessions()
    for session in sessions():
        line = ast.get_docstring(session)
        assert line, session.name
        assert "\n" not in line, session.name
        assert line.endswith("."), session.name
