"""The ledger: checks pass and fail where they should, and what they leave behind."""

import json
import math

import numpy as np
import pytest

from symlib import claims
from symlib.claims import Check, ClaimFailed, check, check_mean

HEADER = ["claim", "what", "measured", "expected", "tolerance", "margin"]


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


def test_rounding_is_an_absolute_tolerance_with_its_reason(capsys):
    """The record and the line are those of the long form."""
    short = check("S01", "rounded", 1 + 1e-13, 1, relation="<=", rounding=1e-12, shows="limit")
    claims.summary()
    long = check(
        "S01", "rounded", 1 + 1e-13, 1, relation="<=", atol=1e-12, reason="rounding", shows="limit"
    )
    claims.summary()
    assert short == long
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == lines[3:]
    with pytest.raises(ClaimFailed, match=r"tolerance 1e-12, .*; the tolerance: rounding$"):
        check("S01", "rounded", 1 + 1e-11, 1, rounding=1e-12)


def test_a_failed_claim_is_a_failed_assertion():
    """Test tools report it as a failure, not as an error."""
    assert issubclass(ClaimFailed, AssertionError)


# Means of draws

DRAWS = np.array([[1.0, 2.0, 4.0], [5.0, 6.0, 6.0]])  # mean 4, squared deviations 22
ERROR = math.sqrt(22 / 5 / 6)


def test_a_mean_may_be_four_standard_errors_off():
    """The error is that of the mean, with n - 1; the numbers may stand in any shape."""
    made = check_mean("R01", "mean", DRAWS, 4.5, shows="limit")
    expected = check(
        *("R01", "mean", 4.0, 4.5),
        atol=made.tolerance,
        shows="limit",
        reason="four standard errors",
    )
    assert made == expected
    assert math.isclose(made.tolerance, 4 * ERROR, rel_tol=1e-15)
    assert check_mean("R01", "mean", DRAWS.ravel(), 4.5).tolerance == made.tolerance
    for beyond in (4 - 4.01 * ERROR, 4 + 4.01 * ERROR):
        with pytest.raises(ClaimFailed, match=r"the tolerance: four standard errors$"):
            check_mean("R01", "mean", DRAWS, beyond)


def test_a_bias_comes_on_top_and_says_where_it_comes_from():
    """Both parts of the tolerance have their reason."""
    made = check_mean("R01", "mean", DRAWS, 4, bias=0.25, reason="5 / n for the finite size")
    assert math.isclose(made.tolerance, 4 * ERROR + 0.25, rel_tol=1e-15)
    assert made.reason == "four standard errors, and 5 / n for the finite size"


@pytest.mark.parametrize(
    ("sigmas", "reason"), [(3, "three standard errors"), (2.5, "2.5 standard errors")]
)
def test_other_multiples_are_named(sigmas, reason):
    """A rarer or a stronger demand is read in the ledger."""
    made = check_mean("R01", "mean", DRAWS, 4, sigmas=sigmas)
    assert made.reason == reason
    assert math.isclose(made.tolerance, sigmas * ERROR, rel_tol=1e-15)


@pytest.mark.parametrize(
    ("relation", "expected", "passes"),
    [
        ("<", 4 - 3.9 * ERROR, True),
        ("<=", 4 - 4.1 * ERROR, False),
        (">", 4 + 3.9 * ERROR, True),
        (">=", 4 + 4.1 * ERROR, False),
    ],
)
def test_an_inequality_of_means_is_loosened_by_the_tolerance(relation, expected, passes):
    """As for `check`."""
    if passes:
        assert check_mean("R01", "mean", DRAWS, expected, relation=relation).passed
    else:
        with pytest.raises(ClaimFailed):
            check_mean("R01", "mean", DRAWS, expected, relation=relation)


def test_a_right_claim_about_chance_holds_for_any_seed():
    """One in 16,000 normal means is beyond four standard errors; none of a thousand is here."""
    draws = np.random.default_rng(0).exponential(size=(1000, 400))
    assert all(check_mean("R01", "mean", one, 1).passed for one in draws)


def test_draws_of_single_precision_and_of_truths_are_averaged_in_double():
    """A million times the same small error would not cancel."""
    draws = np.tile(np.float32([0.1, 0.3]), 500_000)
    assert abs(check_mean("R01", "mean", draws, 0.2).measured - 0.2) < 1e-8
    assert check_mean("R01", "share", [True, False, True, True], 0.75).measured == 0.75


@pytest.mark.parametrize(
    ("wrong", "kind", "sentence"),
    [
        ({"samples": [1.0]}, ValueError, "samples must be at least two numbers, got 1"),
        (
            {"samples": np.full(100, 0.1)},
            ValueError,
            "samples must differ, as their spread gives the tolerance, got 100 times 0.1",
        ),
        (
            {"samples": [1e200, 0]},
            ValueError,
            "samples must have squares that can be added up, got larger numbers",
        ),
        (
            {"samples": [1.0, math.nan]},
            ValueError,
            "samples must be finite, got nan at index (1,)",
        ),
        ({"sigmas": 0}, ValueError, "sigmas must be a finite number above 0, got 0"),
        ({"bias": -1}, ValueError, f"bias {'must be a finite number of at least 0, got'} -1"),
        (
            {"bias": 0.1},
            ValueError,
            "reason must say where the bias of 0.1 comes from, got ''",
        ),
        (
            {"reason": 55 * "x"},
            ValueError,
            f"reason must be a phrase of at most 54 characters, got '{55 * 'x'}'",
        ),
        (
            {"claim": "S99"},
            ValueError,
            "claim must be the id of a claim of the ledger, such as 'S01', got 'S99'",
        ),
    ],
)
def test_a_wrong_argument_of_a_mean_gets_its_sentence(wrong, kind, sentence, capsys):
    """Nothing is printed for a check that could not be made."""
    right = {"claim": "S01", "what": "a mean", "samples": DRAWS, "expected": 4}
    with pytest.raises(kind) as fault:
        check_mean(**right | wrong)
    assert str(fault.value) == sentence
    assert capsys.readouterr().out == ""


# Wrong arguments

NUMBER = "must be a finite number, got"
SIZE = "must be a finite number of at least 0, got"
WRONG = {
    "unknown claim": (
        {"claim": "S99"},
        ValueError,
        "claim must be the id of a claim of the ledger, such as 'S01', got 'S99'",
    ),
    "no claim": (
        {"claim": ["S01"]},
        ValueError,
        "claim must be the id of a claim of the ledger, such as 'S01', got ['S01']",
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
        "shows must be one of 'claim', 'limit', 'failure', 'stored', got 'proof'",
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
    "negative rounding": ({"rounding": -1e-9}, ValueError, f"rounding {SIZE} -1e-09"),
    "rounding and a reason": (
        {"rounding": 1e-9, "reason": "series"},
        ValueError,
        "rounding must be in place of atol, rtol and reason, got 1e-09 beside them",
    ),
    "rounding and atol": (
        {"rounding": 1e-9, "atol": 1e-3},
        ValueError,
        "rounding must be in place of atol, rtol and reason, got 1e-09 beside them",
    ),
    "rounding and rtol": (
        {"rounding": 1e-9, "rtol": 1e-3},
        ValueError,
        "rounding must be in place of atol, rtol and reason, got 1e-09 beside them",
    ),
    "blank reason": (
        {"reason": " "},
        ValueError,
        "reason must be a phrase of at most 80 characters, got ' '",
    ),
    "no reason": (
        {"reason": None},
        ValueError,
        "reason must be a phrase of at most 80 characters, got None",
    ),
}


@pytest.mark.parametrize(("wrong", "kind", "sentence"), WRONG.values(), ids=WRONG)
def test_a_wrong_argument_gets_its_sentence_and_leaves_no_check(
    wrong, kind, sentence, capsys, tmp_path, monkeypatch
):
    """Nothing is printed, counted or recorded for a check that could not be made."""
    monkeypatch.setenv("SYMLIB_RECORD", str(tmp_path / "record"))
    with pytest.raises(kind) as fault:
        check(**{"claim": "S01", "what": "a number", "measured": 1, "expected": 1} | wrong)
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


def test_each_check_is_a_line_of_json(tmp_path, monkeypatch):
    """The record of a page is its checks, in order, also those that failed."""
    path = tmp_path / "record.jsonl"
    monkeypatch.setenv("SYMLIB_RECORD", str(path))
    first = check("S01", "one third", 1 / 3, 1 / 3, rtol=1e-16, reason="Rundung, größer als 0")
    with pytest.raises(ClaimFailed):
        check("S02", "wrong", 1, 2)
    claims.summary()
    third = check_mean("S03", "after a summary", DRAWS, 4, shows="limit")
    lines = path.read_text(encoding="utf-8").splitlines()
    records = [Check(**json.loads(line)) for line in lines]
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
