"""The ledger: checks pass and fail where they should, and what they leave behind."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from symlib import claims
from symlib.claims import Check, ClaimFailed, check, corrections, ledger, read_record, verdict

ROOT = Path(__file__).parents[1]
VERDICTS = ("holds", "holds within limits", "fails as stated", "open")
FOLDERS = {
    "S": {"symmetry"},
    "N": {"null_spaces", "random_matrices"},
    "R": {"random_matrices"},
    "P": {"random_matrices", "separation"},
    "O": {"convergence"},
    "D": {"designs"},
}
HEADER = ["claim", "what", "measured", "expected", "tolerance", "margin"]
LEDGER = ledger()


def made(shows="claim", *, passed=True, claim="S01"):
    """Return the record of a check that shows something."""
    return Check(claim, "a number", 1.0, "==", 1.0, 0.0, 0.0, passed, shows, "")


# Passing and failing


# with the expected number 1 and the tolerance 1/4, which are exact in binary
EDGES = [
    ("==", 1.25, True),
    ("==", 0.75, True),
    ("==", np.nextafter(1.25, 2), False),
    ("==", np.nextafter(0.75, 0), False),
    ("<=", 1.25, True),
    ("<=", -100.0, True),
    ("<=", np.nextafter(1.25, 2), False),
    ("<", np.nextafter(1.25, 0), True),
    ("<", -100.0, True),
    ("<", 1.25, False),
    (">=", 0.75, True),
    (">=", 100.0, True),
    (">=", np.nextafter(0.75, 0), False),
    (">", np.nextafter(0.75, 1), True),
    (">", 100.0, True),
    (">", 0.75, False),
]


@pytest.mark.parametrize(("relation", "measured", "passes"), EDGES)
def test_a_check_passes_up_to_the_edge_of_its_tolerance_and_not_beyond(relation, measured, passes):
    """The next floating-point number beyond the edge fails."""
    if passes:
        record = check("S01", "edge", measured, 1, relation=relation, atol=0.25)
        assert record.passed
        assert record.margin >= 0
    else:
        with pytest.raises(ClaimFailed):
            check("S01", "edge", measured, 1, relation=relation, atol=0.25)


@pytest.mark.parametrize(
    ("relation", "measured", "passes"),
    [
        ("==", 1.0, True),
        ("==", np.nextafter(1.0, 2), False),
        ("<", 1.0, False),
        ("<=", 1.0, True),
        (">", 1.0, False),
        (">=", 1.0, True),
    ],
)
def test_without_a_tolerance_numbers_agree_exactly(relation, measured, passes):
    """The default is the strictest check."""
    if passes:
        assert check("S01", "exact", measured, 1, relation=relation).tolerance == 0
    else:
        with pytest.raises(ClaimFailed):
            check("S01", "exact", measured, 1, relation=relation)


def test_the_relative_tolerance_is_a_share_of_the_expected_size():
    """Half of minus two is a tolerance of one, and both tolerances add up."""
    assert check("S01", "relative", -3, -2, rtol=0.5).tolerance == 1
    assert check("S01", "both", -3.25, -2, rtol=0.5, atol=0.25).tolerance == 1.25
    with pytest.raises(ClaimFailed):
        check("S01", "relative", -3.25, -2, rtol=0.5)


def test_the_margin_is_the_distance_to_failing():
    """A number may still move by the margin, and has moved too far by a negative one."""
    assert check("S01", "equal", 1.125, 1, atol=0.5).margin == 0.375
    assert check("S01", "below", 0.5, 1, relation="<").margin == 0.5
    assert check("S01", "above", 3, 1, relation=">=", atol=0.5).margin == 2.5
    with pytest.raises(ClaimFailed, match=r"margin -0\.5"):
        check("S01", "beyond", 2, 1, atol=0.5)


def test_a_check_returns_what_it_was_given_in_plain_numbers():
    """The record holds floats, whatever kind of number was measured."""
    record = check("S02", "kind", np.int64(2), np.float32(2), shows="limit", reason="counted")
    assert record == Check("S02", "kind", 2.0, "==", 2.0, 0.0, 0.0, True, "limit", "counted")
    assert type(record.measured) is type(record.expected) is float
    assert type(record.passed) is bool


def test_a_failure_names_everything_that_was_compared():
    """Claim, quantity, both numbers, tolerance, margin and the reason are in the message."""
    with pytest.raises(ClaimFailed) as failure:
        check("S04", "loss", 0.5, 0.75, relation=">=", atol=0.125, reason="rounding")
    assert str(failure.value) == (
        "claim S04 failed: loss: measured 0.5, expected >= 0.75, tolerance 0.125, "
        "margin -0.125; the tolerance: rounding"
    )


def test_a_failure_without_a_reason_gives_none():
    """Nothing is said about a tolerance that nobody explained."""
    with pytest.raises(ClaimFailed, match=r"margin -1$"):
        check("S04", "loss", 1, 2)


def test_a_failed_claim_is_a_failed_assertion():
    """Test tools report it as a failure, not as an error."""
    assert issubclass(ClaimFailed, AssertionError)


# Wrong arguments

NUMBER = "must be a finite number, got"
SIZE = "must be a finite number of at least 0, got"
WRONG = {
    "unknown claim": (
        {"claim_id": "S99"},
        ValueError,
        "claim_id must be one of the 52 claims of the ledger, got 'S99'",
    ),
    "blank phrase": (
        {"what": " "},
        ValueError,
        "what must be a phrase of at most 42 characters, got ' '",
    ),
    "long phrase": (
        {"what": 43 * "x"},
        ValueError,
        f"what must be a phrase of at most 42 characters, got '{43 * 'x'}'",
    ),
    "no phrase": (
        {"what": 3},
        ValueError,
        "what must be a phrase of at most 42 characters, got 3",
    ),
    "unknown relation": (
        {"relation": "!="},
        ValueError,
        "relation must be one of '==', '<', '<=', '>', '>=', got '!='",
    ),
    "unknown evidence": (
        {"shows": "proof"},
        ValueError,
        "shows must be one of 'claim', 'limit', 'failure', got 'proof'",
    ),
    "measured nan": ({"measured": math.nan}, ValueError, f"measured {NUMBER} nan"),
    "measured infinity": ({"measured": math.inf}, ValueError, f"measured {NUMBER} inf"),
    "measured text": ({"measured": "1"}, TypeError, f"measured {NUMBER} '1'"),
    "measured nothing": ({"measured": None}, TypeError, f"measured {NUMBER} None"),
    "measured array": ({"measured": np.ones(1)}, TypeError, f"measured {NUMBER} array([1.])"),
    "expected nan": ({"expected": math.nan}, ValueError, f"expected {NUMBER} nan"),
    "expected complex": ({"expected": 1j}, TypeError, f"expected {NUMBER} 1j"),
    "negative atol": ({"atol": -1e-3}, ValueError, f"atol {SIZE} -0.001"),
    "infinite atol": ({"atol": math.inf}, ValueError, f"atol {SIZE} inf"),
    "negative rtol": ({"rtol": -1}, ValueError, f"rtol {SIZE} -1"),
    "rtol nan": ({"rtol": math.nan}, ValueError, f"rtol {SIZE} nan"),
}


@pytest.mark.parametrize(("wrong", "kind", "sentence"), WRONG.values(), ids=WRONG)
def test_a_wrong_argument_gets_its_sentence_and_leaves_no_check(
    wrong, kind, sentence, capsys, tmp_path, monkeypatch
):
    """Nothing is printed, counted or recorded for a check that could not be made."""
    monkeypatch.setenv("SYMLIB_RECORD", str(tmp_path / "record"))
    with pytest.raises(kind) as fault:
        check(**{"claim_id": "S01", "what": "a number", "measured": 1, "expected": 1} | wrong)
    assert str(fault.value) == sentence
    assert capsys.readouterr().out == ""
    assert not (tmp_path / "record").exists()


def test_the_longest_phrase_still_fits():
    """Forty-two characters are allowed."""
    assert check("S01", 42 * "x", 0, 0).passed


# The table


def test_the_table_has_one_header_one_line_a_check_and_a_last_line(capsys):
    """A page's checks read as one table."""
    for width in (2, 3, 4):
        check("S01", f"spread of {width} units", 0, 0)
    claims.summary()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == HEADER
    assert [line.split()[0] for line in lines[1:4]] == ["S01"] * 3
    assert lines[4:] == ["3 checks, 3 passed"]


def test_columns_of_the_table_line_up(capsys):
    """Every line of a table is as long as its header."""
    check("S01", "zero", 0, 0)
    check("S04", 42 * "x", -2 / 3, -2 / 3, relation=">=", atol=1e-12)
    check("D10", "large", 1.234567e-15, 1e15, relation="<")
    lines = capsys.readouterr().out.splitlines()
    assert {len(line) for line in lines} == {len(lines[0])}


def test_after_a_summary_a_new_table_begins(capsys):
    """The count starts anew, and so does the header."""
    check("S01", "first", 0, 0)
    claims.summary()
    check("S01", "second", 0, 0)
    claims.summary()
    lines = capsys.readouterr().out.splitlines()
    assert [line[:5] for line in lines] == ["claim", "S01  ", "1 che"] * 2
    assert lines[-1] == "1 check, 1 passed"


def test_a_failed_check_is_printed_and_counted(capsys):
    """A reader sees the line that failed."""
    check("S01", "right", 0, 0)
    with pytest.raises(ClaimFailed):
        check("S01", "wrong", 1, 0)
    claims.summary()
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split() == ["S01", "wrong", "1", "==", "0", "exact", "-1"]
    assert lines[3] == "2 checks, 1 passed"


def test_a_summary_without_checks_says_so(capsys):
    """Nothing made is nothing passed."""
    claims.summary()
    assert capsys.readouterr().out == "0 checks, 0 passed\n"


@pytest.mark.parametrize(
    ("measured", "relation", "atol", "texts"),
    [
        (0, "==", 0, ("0", "== 0", "exact", "0")),
        (0, "<=", 0, ("0", "<= 0", "none", "0")),
        (1.234567891, ">", 0, ("1.23457", "> 0", "none", "1.2")),
        (1.239e-7, "==", 1e-6, ("1.2e-07", "== 0", "1e-06", "8.8e-07")),
        (0.001234567, "<", 0.01, ("0.00123457", "< 0", "0.01", "0.0088")),
    ],
)
def test_numbers_are_printed_with_the_digits_that_matter(measured, relation, atol, texts):
    """Six digits for a number, two for a size; no tolerance is exact for an equality only."""
    assert check("S01", "digits", measured, 0, relation=relation, atol=atol).texts == texts


# The record


def test_what_is_recorded_is_read_back_as_it_was_made(tmp_path, monkeypatch):
    """The record of a page is its checks, in order, also those that failed."""
    path = tmp_path / "record.jsonl"
    monkeypatch.setenv("SYMLIB_RECORD", str(path))
    first = check("S01", "one third", 1 / 3, 1 / 3, rtol=1e-16, reason="Rundung, größer als 0")
    with pytest.raises(ClaimFailed):
        check("S02", "wrong", 1, 2)
    claims.summary()
    third = check("S03", "after a summary", 5, 4, relation=">", shows="limit")
    records = read_record(path)
    assert records[0] == first
    assert (records[1].claim, records[1].passed, records[1].margin) == ("S02", False, -1)
    assert records[2] == third
    assert len(records) == 3


@pytest.mark.parametrize("value", [None, ""])
def test_without_the_variable_nothing_is_written(value, tmp_path, monkeypatch):
    """A script that runs alone leaves no file."""
    monkeypatch.chdir(tmp_path)
    if value is not None:
        monkeypatch.setenv("SYMLIB_RECORD", value)
    check("S01", "a number", 0, 0)
    assert not list(tmp_path.iterdir())


def test_an_empty_record_holds_no_checks(tmp_path):
    """A page without checks has an empty record."""
    (tmp_path / "empty").touch()
    assert read_record(tmp_path / "empty") == ()


@pytest.mark.parametrize("line", ["{}", "[1, 2]", "no json", '{"claim": "S01"}', '"S01"'])
def test_a_line_that_is_no_record_is_refused_with_its_number(line, tmp_path):
    """The message says which line is wrong, and shows it."""
    path = tmp_path / "record"
    path.write_text(f"{json.dumps(made()._asdict())}\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="path must be a file of recorded checks") as fault:
        read_record(path)
    assert str(fault.value).endswith(f"got line 2: {line!r}")


def test_a_long_line_that_is_no_record_is_cut(tmp_path):
    """A message stays readable when the file is something else altogether."""
    (tmp_path / "record").write_text(1000 * "x", encoding="utf-8")
    with pytest.raises(ValueError, match=r"got line 1: 'x{60}'$"):
        read_record(tmp_path / "record")


# Verdicts


@pytest.mark.parametrize(
    ("checks", "wanted"),
    [
        ([], "open"),
        ([made()], "holds"),
        ([made(), made()], "holds"),
        ([made("limit")], "holds within limits"),
        ([made(), made("limit")], "holds within limits"),
        ([made("failure")], "fails as stated"),
        ([made(), made("limit"), made("failure")], "fails as stated"),
        ([made(passed=False)], "open"),
        ([made(), made("limit", passed=False)], "open"),
        ([made(passed=False), made("failure")], "open"),
    ],
)
def test_a_verdict_follows_from_what_the_checks_show(checks, wanted):
    """A failure outweighs a limit, a limit outweighs agreement, and a failed check says nothing."""
    assert verdict(iter(checks)) == wanted


# The ledger


def test_the_ledger_has_52_claims_with_ids_of_their_own():
    """Each is a letter of its part and two digits, counted from 1 without a gap."""
    ids = [claim.id for claim in LEDGER]
    assert len(ids) == len(set(ids)) == 52
    for part in FOLDERS:
        mine = [one for one in ids if one.startswith(part)]
        assert sorted(mine) == [f"{part}{at:02}" for at in range(1, len(mine) + 1)]


@pytest.mark.parametrize("claim", LEDGER, ids=lambda claim: claim.id)
def test_each_claim_is_a_sentence_with_scope_sources_and_pages(claim):
    """Nobody has to guess what is claimed, for what, on whose word, and where it is shown."""
    for text in (claim.statement, claim.scope):
        assert re.fullmatch(r"\S.*\.", text), text
        assert "  " not in text
        assert text.count("$") % 2 == 0
    assert claim.verdict in VERDICTS
    assert claim.pages
    for named in claim.pages:
        folder, page = named.split("/")
        assert folder in FOLDERS[claim.id[0]]
        assert re.fullmatch(r"plot_[a-z0-9]+(_[a-z0-9]+)*", page)
    assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", claim.explanation)
    assert type(claim.checked) is bool
    assert claim.checks == ()


@pytest.mark.parametrize("claim", LEDGER, ids=lambda claim: claim.id)
def test_each_source_of_a_claim_is_in_the_bibliography(claim):
    """A key that is named has an entry."""
    entries = (ROOT / "docs" / "references.bib").read_text(encoding="utf-8")
    known = set(re.findall(r"^@\w+\{([^,\s]+),", entries, flags=re.MULTILINE))
    assert {key for key, _ in claim.sources} <= known


def test_each_check_stands_with_its_claim():
    """Checks are put into the claims that they name, in order, and nowhere else."""
    checks = [made(), made("limit", claim="D10"), made("limit")]
    entries = {claim.id: claim for claim in ledger(iter(checks))}
    assert entries["S01"].checks == (checks[0], checks[2])
    assert entries["D10"].checks == (checks[1],)
    assert sum(len(claim.checks) for claim in entries.values()) == 3
    assert [claim._replace(checks=()) for claim in entries.values()] == list(LEDGER)


# Corrections


@pytest.fixture
def one_sentence(monkeypatch):
    """Let the popular answer be one sentence, which four claims speak about."""
    row = {
        "says": "Dice are needed.",
        "correct": "Difference is.",
        "refuted_by": ["S01"],
        "limited_by": ["S02"],
        "supported_by": ["S03", "S01"],
    }
    monkeypatch.setattr(claims, "_toml", lambda: {"popular": [row]})


@pytest.mark.usefixtures("one_sentence")
@pytest.mark.parametrize(
    ("checked", "wanted"),
    [
        ((), "open"),
        (["S04"], "open"),
        (["S03"], "holds"),
        ({"S02"}, "holds within limits"),
        ({"S02", "S03"}, "holds within limits"),
        (("S01",), "fails as stated"),
        (["S01", "S02", "S03"], "fails as stated"),
    ],
)
def test_the_verdict_on_a_sentence_follows_from_the_claims_that_are_checked(checked, wanted):
    """A refutation outweighs a limit, a limit outweighs support; unchecked claims are silent."""
    (row,) = corrections(checked)
    assert row == ("Dice are needed.", "Difference is.", ("S01", "S02", "S03"), wanted)


def test_each_correction_is_two_texts_and_claims_of_the_ledger():
    """The popular sentence and the right one end in a full stop; each claim named exists."""
    known = {claim.id for claim in LEDGER}
    rows = corrections()
    assert len({row.says for row in rows}) == len(rows) > 0
    for row in rows:
        assert row.says.endswith(".")
        assert row.correct.endswith(".")
        assert row.claims
        assert set(row.claims) <= known


def test_no_sentence_stays_open_once_every_claim_is_checked():
    """The finished site has a verdict on all of the popular answer."""
    rows = corrections({claim.id for claim in LEDGER})
    assert "open" not in {row.verdict for row in rows}


def test_a_claim_refutes_limits_or_supports_a_sentence_and_does_not_do_two_of_them():
    """The three lists of a sentence have no claim in common."""
    for row in claims._toml()["popular"]:
        named = row["refuted_by"] + row["limited_by"] + row["supported_by"]
        assert len(named) == len(set(named)), row["says"]


@pytest.mark.parametrize("function", [ledger, verdict])
@pytest.mark.parametrize("checks", [None, 3, "S01", [None], np.array("x")])
def test_what_is_no_check_is_refused(function, checks):
    """A text would be taken letter by letter."""
    with pytest.raises(TypeError, match=r"^checks must be an iterable of Check, got "):
        function(checks)


@pytest.mark.parametrize("checked", [None, "S01", [3], np.array("x")])
def test_what_is_no_collection_of_ids_is_refused(checked):
    """Otherwise no sentence would speak, and nobody would know why."""
    with pytest.raises(TypeError, match=r"^checked must be a collection of ids of claims, got "):
        corrections(checked)


@pytest.mark.parametrize("path", [None, 3, True])
def test_what_is_no_path_is_refused(path):
    """The number 0 would be the keyboard."""
    with pytest.raises(TypeError, match=r"^path must be the path of a file, got "):
        read_record(path)
