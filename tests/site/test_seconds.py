"""What each page took to execute is told, and fails nothing."""

import json
import time

from symlib_site import seconds


def test_the_seconds_of_a_page_lie_beside_its_record(tmp_path, monkeypatch):
    """A page is named as Sphinx names it."""
    monkeypatch.setenv("SYMLIB_RECORDS", str(tmp_path))
    monkeypatch.setenv(seconds.NAMED, "")
    begun = time.process_time()
    seconds.start("gallery/symmetry/plot_a")
    while time.process_time() < begun + 0.05:
        pass
    seconds.stop()
    (taken,) = seconds.of_pages(tmp_path).items()
    assert taken[0] == "gallery/symmetry/plot_a"
    assert taken[1] >= 0.04


def test_what_a_kernel_writes_is_its_processor_time_and_leaves_no_name(tmp_path, monkeypatch):
    """The line is executed in the page's own namespace."""
    path = tmp_path / "explanation" / "a.seconds"
    path.parent.mkdir()
    monkeypatch.setenv(seconds.NAMED, str(path))
    listeners = {}

    class Shell:
        """What IPython offers a line at its start."""

        class events:  # noqa: N801
            """Its events."""

            register = staticmethod(listeners.__setitem__)

    names = {"get_ipython": Shell}
    exec(seconds.IN_KERNEL, names)
    listeners["post_run_cell"](None)
    assert set(names) == {"get_ipython", "__builtins__"}
    assert seconds.of_pages(tmp_path)["explanation/a"] > 0


def test_a_build_tells_what_its_pages_took(site):
    """Scripts and notebooks alike."""
    told = json.loads((site.folder / "out" / "seconds.json").read_text(encoding="utf-8"))
    recorded = set(site.records())
    assert recorded <= set(told["seconds"])
    assert "pages took" in site.output
