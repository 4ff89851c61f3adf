"""The sessions of this project: ``nox -l`` lists them, ``nox -s docs`` builds the site."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this file is what an older Python meets first
    raise SystemExit(
        f"symlib needs Python 3.11 or newer; this is Python {sys.version.split()[0]}, "
        f"{sys.executable}."
    )

import os
import re
import shutil
from pathlib import Path

import nox
from nox.command import CommandFailed

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"  # a second run needs no network
nox.options.sessions = ["lint", "tests", "docs"]

ROOT = Path(__file__).parent
BUILD = ROOT / "docs" / "_build"
LOCK = "docs/requirements.txt"
TORCH = "2.13.0"
EPOCH = "1767225600"  # the one date of all files, as in docs/conf.py
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}  # each process that shares the cores has one
STYLE = [("ruff", "check"), ("ruff", "format", "--check"), ("mypy",), ("lint-imports",)]
PYPROJECT = nox.project.load_toml(ROOT / "pyproject.toml")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site and check every claim; `-- plot_tied_units` builds that page alone."""
    page = Path(session.posargs[0]).stem if session.posargs else ""
    known = [path.stem for path in sorted(ROOT.glob("gallery/*/*.py"))]
    known += [path.stem for path in sorted(ROOT.glob("docs/[behsz]*/*.md"))]
    if page and page not in known:
        session.error(f"there is no page {page!r}; there are {', '.join(known)}")
    _install(session)
    output = BUILD / "draft" if page else BUILD / "site"
    session.run("python", "docs/build.py", str(output), env={"SYMLIB_PAGE": page} if page else {})


@nox.session
def live(session: nox.Session) -> None:
    """Serve the site on this machine; rebuild what a change reaches, and reload the page."""
    _install(session)
    session.install(*_named("dev", "sphinx-autobuild"))
    session.run(
        "sphinx-autobuild",
        *("-t", "live", "--nitpicky", "--jobs", "auto", "--open-browser"),
        *("--watch", "symlib", "--watch", "gallery"),
        *("--re-ignore", r"docs[/\\](_build|gallery)[/\\]"),
        *("-d", str(BUILD / "live" / "doctrees"), "docs", str(BUILD / "live" / "html")),
        *session.posargs,
    )


@nox.session
def study(session: nox.Session) -> None:
    """Run the second study of starts without dice, `-- --jobs 2`; `--check` it; `--first`."""
    _install(session)
    session.install(*_named("tests", "tqdm"), *_named("study", "mlxtend"))
    program = "study.py" if "--first" in session.posargs else "second.py"
    rest = [word for word in session.posargs if word != "--first"]
    session.run("python", f"docs/study/{program}", *rest)


@nox.session
def zoo(session: nox.Session) -> None:
    """Audit the starts of a hundred networks of other libraries; `-- --planted`, `--held-out`."""
    timm = _named("zoo", "timm")
    others = [need for need in nox.project.dependency_groups(PYPROJECT, "zoo") if need not in timm]
    _install_torch(session, needed=True)
    session.install(*others, *PYPROJECT["project"]["dependencies"], *_named("docs", "flit-core"))
    session.install("--no-deps", *timm)  # it asks for torchvision, of which it needs nothing here
    session.install("--no-deps", "--no-build-isolation", "-e", ".")
    session.run("python", "docs/zoo/zoo.py", *session.posargs, env=ONE_THREAD)


@nox.session
def bench(session: nox.Session) -> None:
    """Run the library and its peers side by side; `-- --site` measures the builds of the site."""
    _install(session)
    session.install(*_named("tests", "distributed"))
    peers = Path(session.virtualenv.location).with_name("bench-peers")
    run = ("docs/bench/bench.py", "--environments", str(peers))
    session.run("python", *run, *session.posargs)


@nox.session
def seeds(session: nox.Session) -> None:
    """Run a page with other seeds and say which checks failed; `-- plot_hard_edge 100`."""
    _install(session)
    session.run("python", "docs/seeds.py", *session.posargs)


@nox.session
def quick(session: nox.Session) -> None:
    """Check style and types and run the tests of what the working tree changed, in a minute."""
    _install(session)
    needs = [*nox.project.dependency_groups(PYPROJECT, "tests", "dev"), "nox"]
    session.install(*needs)
    tests_of_changes = ("python", "tests/quick.py", *session.posargs)
    _run_each(session, *STYLE, tests_of_changes)


@nox.session
def tests(session: nox.Session) -> None:
    """Run all tests but the slow ones; `-- --all` runs these too, `-- -k name` runs some."""
    _install(session)
    session.install(*nox.project.dependency_groups(PYPROJECT, "tests"))
    _install_torch(session, needed="--without-torch" not in session.posargs)
    asked = [word for word in session.posargs if word not in ("--all", "--without-torch")]
    if asked:
        chosen = asked
    elif "--all" in session.posargs:
        chosen = ["--cov"]
    else:
        chosen = ["-m", "not slow"]
    # a worker that has nothing left takes tests of another, so that nobody waits for a slow one
    shared = ("-n", "auto", "--dist", "worksteal")
    session.run("python", "-m", "pytest", *shared, *chosen, env=ONE_THREAD)


@nox.session
def downloads(session: nox.Session) -> None:
    """Run all that the built site offers for download, in fresh environments of two Pythons."""
    site = BUILD / "site" / "html"
    if not (site / "index.html").exists():
        session.error("there is no site yet: build it with `nox -s docs`")
    session.install("uv")
    run = ("tests/site/run_downloads.py", str(site), "--lock", LOCK)
    session.run("python", *run, *session.posargs)


@nox.session
def reproducible(session: nox.Session) -> None:
    """Build the site twice, in other folders, time zones and orders, and compare every byte."""
    _install(session)
    session.install(*nox.project.dependency_groups(PYPROJECT, "tests"))
    session.run("python", "-m", "pytest", "tests/site/test_site.py", "-k", "same_bytes")


@nox.session
def versions(session: nox.Session) -> None:
    """Put the built site and those of earlier versions side by side; `-- FOLDER...` names these."""
    site = BUILD / "site" / "html"
    if not (site / "index.html").exists():
        session.error("there is no site yet: build it with `nox -s docs`")
    _install(session)
    hosted = str(BUILD / "hosted")
    session.run("python", "docs/versions.py", hosted, str(site), *session.posargs)


@nox.session
def linkcheck(session: nox.Session) -> None:
    """Ask every address outside the site whether it is still there; this needs the network."""
    _install(session)
    output = BUILD / "linkcheck"
    session.run(
        *("python", "-m", "sphinx", "-b", "linkcheck", "--keep-going", "--quiet"),
        *("-d", str(output / "doctrees"), "docs", str(output / "answers")),
        env={"SYMLIB_PAGE": "none"},  # the text is enough: nothing is executed
    )


@nox.session
@nox.parametrize("age", ["oldest", "newest"])
def compat(session: nox.Session, age: str) -> None:
    """Build the site with the oldest packages that pyproject.toml allows, or with the newest."""
    needs = PYPROJECT["project"]["dependencies"]
    needs = [*needs, *nox.project.dependency_groups(PYPROJECT, "docs")]
    if age == "oldest":
        needs = [f"{_lowest(need)}.*" for need in needs]
    session.install("--upgrade", *needs)
    session.install("--no-deps", "--no-build-isolation", "-e", ".")
    session.run("python", "docs/build.py", str(BUILD / f"compat-{age}"))


@nox.session
def site(session: nox.Session) -> None:
    """Build the site and read it in the browsers that are here; `-- -k name` runs some tests."""
    _install(session)
    session.install(*nox.project.dependency_groups(PYPROJECT, "site"))
    if not (session.posargs and (BUILD / "site" / "html" / "index.html").exists()):
        session.run("python", "docs/build.py", str(BUILD / "site"))
    tests = ("tests/site/browser", "-rs", *session.posargs)  # a browser that is not here is told
    session.run("python", "-m", "pytest", *tests)


@nox.session
def oldest(session: nox.Session) -> None:
    """Run the tests of the library on the oldest dependencies that pyproject.toml allows."""
    lowest = [_lowest(need) for need in PYPROJECT["project"]["dependencies"]]
    session.install(*lowest, *nox.project.dependency_groups(PYPROJECT, "tests"), ".")
    library = ("-n", "auto", "--ignore=tests/site")
    session.run("python", "-m", "pytest", *library, *session.posargs, env=ONE_THREAD)


@nox.session(name="format")
def format_code(session: nox.Session) -> None:
    """Lay the code out as `nox -s lint` wants it, and mend what can be mended."""
    session.install(*_named("dev", "ruff"))
    session.run("ruff", "format")
    session.run("ruff", "check", "--fix")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, types, the floors of the library and the workflows."""
    session.install(*nox.project.dependency_groups(PYPROJECT, "dev"), "nox", "-e", ".")
    checks = list(STYLE)
    if (ROOT / ".github").exists():  # not in the source distribution
        checks.append(("zizmor", "--offline", "--quiet", ".github"))
    _run_each(session, *checks)


@nox.session
def lock(session: nox.Session) -> None:
    """Renew docs/requirements.txt: every package of the docs build, pinned and hashed."""
    session.install("uv")
    session.run(
        *("uv", "pip", "compile", "pyproject.toml", "--group", "docs", "--upgrade", "--quiet"),
        *("--universal", "--python-version", "3.11", "--fork-strategy", "fewest"),
        *("--generate-hashes", "--no-emit-index-url", "--no-annotate", "--output-file", LOCK),
        env={"UV_CUSTOM_COMPILE_COMMAND": "nox -s lock"},
    )


@nox.session
def build(session: nox.Session) -> None:
    """Build the wheel and the source distribution into dist/."""
    session.install("build")
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    date = {"SOURCE_DATE_EPOCH": os.environ.get("SOURCE_DATE_EPOCH", EPOCH)}
    session.run("python", "-m", "build", "--outdir", "dist", env=date)


def _install(session: nox.Session) -> None:
    session.install("--require-hashes", "-r", LOCK)
    session.install("--no-deps", "--no-build-isolation", "-e", ".")


def _run_each(session: nox.Session, *commands: tuple[str, ...]) -> None:
    """Run all commands, also after one that failed, and name at the end those that did."""
    failed = []
    for command in commands:
        try:
            session.run(*command)
        except CommandFailed:
            failed.append(f"`{' '.join(command)}`")
    if failed:
        session.error(
            f"failed: {', '.join(failed)}; `nox -s format` mends what concerns the layout of code"
        )


def _install_torch(session: nox.Session, *, needed: bool) -> None:
    """Install torch, the oracle of the gradients, and a build without CUDA if one can be had."""
    uv = session.venv_backend == "uv"
    install = ("uv", "pip", "install") if uv else ("python", "-m", "pip", "install")
    offers: list[tuple[str, ...]] = [(f"torch=={TORCH}+cpu",), (f"torch=={TORCH}",)]
    if uv:  # it knows where the builds without CUDA are
        offers.insert(1, ("--torch-backend", "cpu", f"torch=={TORCH}"))
    for offer in offers:
        if _version_of_torch(session):
            break
        session.log(f"looking for {' '.join(offer)}")
        session.run(*install, *offer, success_codes=range(256), silent=True)
    if version := _version_of_torch(session):
        session.log(f"gradients are compared with torch {version}")
    elif needed:
        session.error(
            f"torch {TORCH} could not be installed, with which gradients are compared; "
            "`nox -s tests -- --without-torch` leaves these tests out"
        )
    else:
        session.warn("without torch: the tests that compare with it are skipped")


def _version_of_torch(session: nox.Session) -> str:
    """Return the version that is installed, or nothing."""
    code = (
        "from importlib.metadata import distributions\n"
        "print(*[one.version for one in distributions(name='torch')])"
    )
    printed = session.run("python", "-c", code, silent=True)
    return str(printed or "").strip()


def _lowest(need: str) -> str:
    """Return a requirement of the lowest release that a requirement allows."""
    return re.sub(r">=([\w.]+).*", r"==\1", need)


def _named(group: str, name: str) -> list[str]:
    needs = nox.project.dependency_groups(PYPROJECT, group)
    return [need for need in needs if need.startswith(name)]
