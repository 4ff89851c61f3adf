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
from symlib_site import pages, squeeze

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
    """Return the functions of noxfile.py that are sessions, by the names of these."""
    tree = ast.parse((ROOT / "noxfile.py").read_text(encoding="utf-8"))
    found = {}
    for node in tree.body:
        for one in getattr(node, "decorator_list", []):
            decorator = ast.unparse(one)
            if decorator.startswith("nox.session"):
                named = re.search(r"name='(\w+)'", decorator)
                found[named[1] if named else node.name] = node
    return found


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


def markdown():
    """Return the Markdown files that are read in the repository, by their paths there."""
    files = [*ROOT.glob("*.md"), *ROOT.glob(".github/**/*.md"), *ROOT.glob("docs/**/*.md")]
    texts = {path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in files}
    return {
        path: text
        for path, text in texts.items()
        if not any(part in path.as_posix() for part in BUILT)
    }


def dead_links(path, text):
    """Return the links of a Markdown file that lead to nothing in the repository."""
    prose = re.sub(r"^(`{3,}).*?^\1|`[^`\n]*`", "", text, flags=re.MULTILINE | re.DOTALL)
    links = re.findall(r"\]\(([^)#\s]+)", prose)
    inside = [link for link in links if not re.match(r"[a-z]+:", link)]
    built = ROOT / "docs" / "gallery"
    targets = {link: (ROOT / path).parent.joinpath(link).resolve() for link in inside}
    return [
        link
        for link, target in targets.items()
        if built in (target, *target.parents) or not target.exists()
    ]


def test_links_of_markdown_lead_to_files_of_the_repository():
    """What the build makes is linked by a role, so that no link is dead where it is read."""
    found = {path.as_posix(): dead_links(path, text) for path, text in markdown().items()}
    assert len(found) > len(list(ROOT.glob("*.md")))
    assert {name: links for name, links in found.items() if links} == {}


def test_a_dead_link_is_found():
    """A page that the build makes, and a file that is not there; code is no link."""
    text = "[a](../gallery/index.rst) [b](none.md#there) [c](../index.md) `[d](no.md)`"
    assert dead_links(Path("docs/how_to/some.md"), text) == ["../gallery/index.rst", "none.md"]


def test_the_address_of_the_repository_stands_in_one_place():
    """The first page has that of the project's links, or says where to find it."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    address = PYPROJECT["project"].get("urls", {}).get("Source", "ADDRESS")
    assert re.findall(r"^git clone (\S+)", text, flags=re.MULTILINE) == [address]


def page_to_copy():
    """Return the template of a page, which stands in the how-to."""
    text = (ROOT / "docs" / "how_to" / "add_a_page.md").read_text(encoding="utf-8")
    (page,) = re.findall(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    return page


def test_the_page_to_copy_runs(tmp_path):
    """The template in the how-to passes its checks as it stands."""
    path = tmp_path / "plot_equal_gradients.py"
    path.write_text(page_to_copy(), encoding="utf-8")
    command = [sys.executable, "-W", "error", "-W", "ignore:FigureCanvasAgg", str(path)]
    environment = os.environ | {"MPLBACKEND": "agg"}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"(\d+) checks, \1 passed", done.stdout.splitlines()[-1])


def test_the_page_to_copy_is_written_as_pages_are():
    """All that it lacks is what the how-to says to do before: a claim that names it."""
    page = pages.Page("symmetry/plot_equal_gradients", page_to_copy())
    faults = [*pages.find_faults_of_page(page), *squeeze.find_faults(page.file, page.text)]
    (missing,) = [str(fault) for fault in faults]
    assert "symlib/claims.toml" in missing


def test_each_session_that_is_told_exists():
    """The table of CONTRIBUTING.md names every session, and no other."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    _, _, table = text.partition("## All sessions")
    rows = re.findall(r"^\| `nox -s (\w+)", table, flags=re.MULTILINE)
    assert set(rows) == set(sessions())
    told = re.findall(r"`nox -s ([\w ]+)", text)
    assert {name for names in told for name in names.split()} == set(sessions())


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


@pytest.fixture
def project(tmp_path):
    """Return a function that writes the four files which say what version this is."""

    def write(version, said="not yet released", citation=None, date=""):
        (tmp_path / "symlib").mkdir(exist_ok=True)
        dated = f'date-released: "{date}"\n' if date else ""
        texts = {
            "pyproject.toml": f'[project]\nversion = "{version}"\n',
            "symlib/__init__.py": f'__version__ = "{version}"\n',
            "CITATION.cff": f"version: {citation or version}\n{dated}",
            "CHANGELOG.md": f"# Changelog\n\n## {version}, {said}\n\n## 0.0.1, 2026-01-01\n",
        }
        for name, text in texts.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return write


def test_versions_and_dates_agree(program):
    """The package, the library, the changelog and the citation; no date before a release."""
    release = program(ROOT / "docs" / "release.py")
    assert release.faults_of(ROOT) == []
    assert all(release.said_versions(ROOT).values())
    is_released = bool(release.said_dates(ROOT)["CHANGELOG.md"])
    assert is_released == ("dev" not in PYPROJECT["project"]["version"])


def test_what_a_release_lacks_is_said(project, program):
    """Another version, a date that one of two files has, a tag of something else."""
    faults_of = program(ROOT / "docs" / "release.py").faults_of
    assert faults_of(project("0.3.0", "2027-01-31", date="2027-01-31"), "v0.3.0") == []
    assert faults_of(project("0.3.0", "2027-01-31", citation="0.2.0", date="2027-02-01")) == [
        "the files must say the same version, got pyproject.toml 0.3.0, "
        "symlib/__init__.py 0.3.0, CITATION.cff 0.2.0, CHANGELOG.md 0.3.0",
        "the files must say the same date, got CHANGELOG.md 2027-01-31, CITATION.cff 2027-02-01",
    ]
    assert faults_of(project("0.3.0.dev0"), "v0.2.0") == [
        "the tag must be v0.3.0.dev0, the version in pyproject.toml, got v0.2.0",
        "CHANGELOG.md must say the date of 0.3.0.dev0, got 'not yet released'",
    ]
    assert faults_of(project("0.3.0.dev0", date="2027-01-31")) == [
        "the files must say the same date, got CHANGELOG.md none, CITATION.cff 2027-01-31"
    ]


def test_what_is_published_knows_the_address_of_the_repository(program):
    """A link of the package, and whole links and pictures on its first page."""
    release = program(ROOT / "docs" / "release.py")
    source = "https://example.org/why"
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    written = release.with_address(text, source)
    assert "Source" in tomllib.loads(written)["project"]["urls"]
    assert release.with_address(written, "another") == written
    page = "[a](LICENSE) ![b](docs/b.svg) [c](https://example.org/c) [d](#d)"
    assert release.with_whole_links(page, source, "v1") == (
        f"[a]({source}/blob/v1/LICENSE) ![b]({source}/raw/v1/docs/b.svg) "
        "[c](https://example.org/c) [d](#d)"
    )


def test_all_that_is_built_has_one_date():
    """The wheel of ``nox -s build`` has the date of the wheel that lies in the site."""
    (there,) = re.findall(r'"SOURCE_DATE_EPOCH", "(\d+)"', (ROOT / "docs/conf.py").read_text())
    (here,) = re.findall(r'^EPOCH = "(\d+)"', (ROOT / "noxfile.py").read_text(), re.MULTILINE)
    assert here == there


def test_the_wheel_of_the_site_is_built_by_what_the_package_is_built_by():
    """The lock holds a release of flit-core that the build system allows."""
    (wanted,) = PYPROJECT["build-system"]["requires"]
    assert wanted in PYPROJECT["dependency-groups"]["docs"]


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
    for name, session in sessions().items():
        line = ast.get_docstring(session)
        assert line, name
        assert "\n" not in line, name
        assert line.endswith("."), name
