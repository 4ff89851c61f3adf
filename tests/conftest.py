"""What all tests share."""

import importlib.util
import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import settings

from symlib import claims

# What the site adds to Sphinx is tested where Sphinx is; the library is tested without it, too.
collect_ignore = []
if importlib.util.find_spec("sphinx") is None:
    collect_ignore += ["site", "test_gallery.py", "test_repository.py"]

settings.register_profile("symlib", deadline=None)  # a busy machine is no fault
settings.load_profile("symlib")


@pytest.fixture(autouse=True)
def no_checks_yet(monkeypatch):
    """Let each test start without checks of an earlier one, and without a record of a build."""
    monkeypatch.setattr(claims, "_made", [])
    monkeypatch.delenv("SYMLIB_RECORD", raising=False)


@pytest.fixture
def study_modules(monkeypatch):
    """Import the modules of the studies from their own folder, as their pages do."""
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "docs" / "study")


@pytest.fixture
def zoo_modules(monkeypatch):
    """Import the modules of the zoo from their own folder, as its page does."""
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "docs" / "zoo")


@pytest.fixture(scope="session")
def program():
    """Return a function that reads a program, which is no part of a package, as a module."""

    def read(path):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return read


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """Return a function that lets one worker do something long, and the others wait for it.

    ``once(name, work)`` calls ``work`` with an empty folder, and returns what that returned (in
    terms of JSON) to every test of the run that asks for the same name.
    """
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # the folder of the whole run

    def shared(name, work):
        home = base / f"once_{name.replace('/', '_')}"
        done = home / "done.json"
        try:
            home.mkdir()  # one worker can
        except FileExistsError:
            end = time.monotonic() + 3600
            while not done.exists() and time.monotonic() < end:
                time.sleep(0.1)
        else:
            folder = home / "work"
            folder.mkdir()
            try:
                answer = {"result": work(folder)}
            except BaseException as fault:
                answer = {"fault": repr(fault)}
                raise
            finally:
                (home / "part").write_text(json.dumps(answer), encoding="utf-8")
                (home / "part").rename(done)
        answer = json.loads(done.read_text(encoding="utf-8"))
        assert "result" in answer, f"{name} failed for another test: {answer}"
        return answer["result"]

    return shared
