"""A fault of a page stops the build, and the message says where it is."""

import shutil
from pathlib import Path

import pytest
import symlib_site.downloads

PAGE = "gallery/symmetry/plot_tied_units.py"
REAL = Path(__file__).parents[2] / PAGE
ONE_MORE = 'print("the library'  # where a line is put in


def test_a_small_site_without_a_fault_is_built(small_sites):
    """The faults below are the only reason why builds fail; pages and kernels use the copy."""
    done = small_sites[0]
    assert "4 checks, 4 passed" in done.output
    assert "the library of this copy" in done.page("gallery/symmetry/plot_tied_units")
    assert "the library of this copy" in done.page("explanation/probe")
    assert "All three were 3.00." in done.page("index")


# Faults of a gallery page

GALLERY = {
    # told by its line, as each of the others is; the rest have tests of their own elsewhere
    "a deprecation deep inside": (
        (
            ONE_MORE,
            f'import warnings; warnings.warn("old", DeprecationWarning)\n{ONE_MORE}',
        ),
        ["DeprecationWarning: old", "line {line}"],
    ),
}
SLOW = {
    "a wrong expected number": (
        ('check("S03", "three", 3, 3)', 'check("S03", "three", 3, 4)'),
        ["ClaimFailed: claim S03 failed: three: measured 3, expected == 4", "line {line}"],
    ),
    "a warning": (
        (ONE_MORE, 'import warnings; warnings.warn("planted")\n' + ONE_MORE),
        ["UserWarning: planted", "line {line}"],
    ),
    "a claim that is not in the ledger": (
        ('check("S03"', 'check("S99"'),
        ["claim must be the id of a claim of the ledger, such as 'S01', got 'S99'", "line {line}"],
    ),
}
GALLERY |= {name: pytest.param(*fault, marks=pytest.mark.slow) for name, fault in SLOW.items()}


@pytest.mark.parametrize(("edit", "wanted"), GALLERY.values(), ids=GALLERY)
def test_a_fault_of_a_gallery_page_stops_the_build(edit, wanted, small, build, change):
    """The output names the page, the line, and in words what is wrong."""
    line = change(small / PAGE, *edit)
    done = build(small)
    assert done.code != 0
    assert "plot_tied_units.py" in done.output
    for text in wanted:
        assert text.format(line=line) in done.output, done.output
    assert "checks, " not in done.output


def test_a_figure_without_words_stops_the_build(small, build, change):
    """The output says what is wanted, and names the file and the line of the block that draws."""
    change(small / PAGE, "fig.alt_text = ", "words = ")
    done = build(small)
    assert done.code != 0
    wanted = "fig.alt_text must state what the figure shows in 40 to 320 characters, got 0"
    assert wanted in done.output
    block = (small / PAGE).read_text(encoding="utf-8").split("# The figure")[0].count("\n") + 1
    lines = range(block - 1, block + 5)
    assert any(f"plot_tied_units.py, in the block of line {at}:" in done.output for at in lines)


@pytest.mark.slow
def test_tied_units_that_start_a_thousandth_apart_stop_the_build(small, build, change):
    """The first page of the gallery is about a tie; untie it, and S01 falls."""
    shutil.copyfile(REAL, small / PAGE)
    change(small / PAGE, "weights.constant((units, 2), 0.5)", "(0.5 + 1e-3 * np.eye(units, 2))")
    done = build(small, SYMLIB_PAGE="plot_tied_units")
    assert done.code != 0
    assert "ClaimFailed: claim S01 failed" in done.output
    assert "plot_tied_units.py" in done.output


# Faults of notebooks


def test_faults_of_notebooks_stop_the_build(small, build, change):
    """The output names each page and what is wrong: a wrong expected number, a warning."""
    probe = small / "docs" / "explanation" / "probe.md"
    text = probe.read_text(encoding="utf-8")
    warns = 'import warnings\nwarnings.warn("planted")\n'
    text = text.replace("import symlib\n", f"import symlib\n{warns}")
    probe.with_name("warns.md").write_text(text, encoding="utf-8")
    change(probe, '"in a notebook", 1, 1', '"in a notebook", 1, 2')
    change(
        small / "docs" / "index.md", "explanation/probe\n", "explanation/probe\nexplanation/warns\n"
    )
    done = build(small)
    assert done.code != 0
    wrong = "claim S01 failed: in a notebook: measured 1, expected == 2"
    for page, wanted in {"probe": wrong, "warns": 'warnings.warn("planted")'}.items():
        assert f"{page}.md: WARNING: Executing notebook failed" in done.output, done.output
        assert wanted in done.output, done.output


# Faults of the prose


def test_each_fault_of_the_prose_is_named_by_file_and_line(faulty_site):
    """A dead link, a number that nothing measured, an image without words, a missing figure."""
    where = faulty_site.folder / "docs" / "index.md"
    lines = faulty_site.output.splitlines()
    for line, text in {
        3: "nowhere.md",
        5: "no check of S03 is named 'four'",
        7: "an image without alternative text: ",
        9: "no page drew gallery/symmetry/images/sphx_glr_plot_nothing_001.svg",
    }.items():
        told = [one for one in lines if one.startswith(f"{where}:{line}: WARNING: ")]
        assert any(text in one for one in told), f"{text}\n{faulty_site.output}"
    assert any(one.startswith(f"{where}:3: WARNING: ") and "nothing" in one for one in lines)


def test_a_ledger_that_does_not_fit_its_checks_stops_the_build(faulty_site):
    """A verdict that does not follow, a claim nobody checked: each is said in a sentence."""
    for told in (
        "WARNING: claim S02 has no check, and its verdict is 'holds'",
        "WARNING: claim S01: the verdict is 'holds within limits', its checks say 'holds'",
    ):
        assert f"{told}\n" in faulty_site.output, faulty_site.output


# Drafts and live builds


def test_a_draft_runs_one_page_and_points_its_download_to_the_wheel(small, build):
    """Nothing else has to be there; the site's address is written into what readers take away."""
    other = small / "gallery" / "symmetry" / "plot_xor_floor.py"
    other.write_text((small / PAGE).read_text(encoding="utf-8") + "\n1 / 0\n", encoding="utf-8")
    done = build(small, SYMLIB_PAGE="plot_tied_units", SYMLIB_BASEURL="https://example.org/a/")
    assert done.code == 0, done.output
    assert "A draft: of all pages only plot_tied_units was executed." in done.page("index")
    assert "successfully executed 1 out of 1 file" in done.output
    (script,) = done.html.glob("_downloads/*/plot_tied_units.py")
    (wheel,) = done.html.glob("wheels/*.whl")
    text = script.read_text(encoding="utf-8")
    need = f'"symlib-nn @ https://example.org/a/wheels/{wheel.name}"'
    assert f"# dependencies = [{need}, " in text
    source = (small / PAGE).read_text(encoding="utf-8")
    assert text == symlib_site.downloads.with_directions(
        source, "plot_tied_units", f"https://example.org/a/wheels/{wheel.name}"
    )
    assert "# To run it: uv run plot_tied_units.py\n" in text


def test_live_builds_show_a_changed_library_and_run_nothing_twice(small, build, change):
    """An edit of the library reaches every page; without an edit nothing is executed again."""
    pages = ("gallery/symmetry/plot_tied_units", "explanation/probe")
    records = [small / "out" / "records" / f"{page}.jsonl" for page in pages]
    first = build(small, "-t", "live")
    assert first.code == 0, first.output
    assert all(" passed" in first.page(page) for page in pages)

    change(small / "symlib" / "claims.py", '{passed} passed")', '{passed} agreed")')
    second = build(small, "-t", "live")
    assert second.code == 0, second.output
    for page in pages:
        assert " agreed" in second.page(page)
        assert " passed" not in second.page(page)

    before = [record.stat().st_mtime_ns for record in records]
    third = build(small, "-t", "live")
    assert third.code == 0, third.output
    assert [record.stat().st_mtime_ns for record in records] == before
    assert "successfully executed 0 out of 0 files" in third.output
    assert "Executing notebook" not in third.output
    assert " 0 changed" in third.output  # nothing is read again, and so nothing written
    assert "writing output... [" not in third.output
    assert all(" agreed" in third.page(page) for page in pages)

    change(small / PAGE, "fig, ax = plt.subplots()", "fig, ax = plt.subplots()  # again")
    fourth = build(small, "-t", "live")
    assert fourth.code == 0, fourth.output
    assert "successfully executed 1 out of 1 file" in fourth.output
    assert "Executing notebook" not in fourth.output
