"""The entries of the ledger: what the file of claims says, and what follows from checks."""

import json
import re
from pathlib import Path

import pytest
import symlib_site.entries
from symlib_site.entries import corrections, ledger, read_record, verdict

from symlib.claims import Check, check

ROOT = Path(__file__).parents[2]
VERDICTS = ("holds", "holds within limits", "fails as stated", "stored run", "open")
FOLDERS = {
    "S": {"symmetry"},
    "N": {"null_spaces", "random_matrices"},
    "R": {"random_matrices"},
    "P": {"random_matrices", "separation"},
    "O": {"convergence"},
    "D": {"designs"},
    "W": {"networks"},
    "U": {"audit"},
    "Z": set(),
}
GROWING = {"W"}  # parts whose ids have gaps, as they are not all written
LEDGER = ledger()


def made(shows="claim", *, passed=True, claim="S01"):
    """Return the record of a check that shows something."""
    return Check(claim, "a number", 1.0, "==", 1.0, 0.0, 0.0, passed, shows, "")


# The record


def test_what_is_recorded_is_read_back_as_it_was_made(tmp_path, monkeypatch):
    """Writer and reader agree."""
    path = tmp_path / "record.jsonl"
    monkeypatch.setenv("SYMLIB_RECORD", str(path))
    first = check("S01", "one third", 1 / 3, 1 / 3, rtol=1e-16, reason="Rundung, größer als 0")
    second = check("S03", "another", 5, 4, relation=">", shows="limit")
    assert read_record(path) == (first, second)


def test_an_empty_record_holds_no_checks(tmp_path):
    """A page without checks has an empty record."""
    (tmp_path / "empty").touch()
    assert read_record(tmp_path / "empty") == ()


@pytest.mark.parametrize("line", ["{}", "[1, 2]", "no json", '{"claim": "S01"}', '"S01"'])
def test_a_line_that_is_no_record_is_refused_with_its_number(line, tmp_path):
    """The message says which line is wrong, and shows it."""
    path = tmp_path / "record"
    path.write_text(f"{json.dumps(made()._asdict())}\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="record must be a record of checks") as fault:
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
        ([made("stored")], "stored run"),
        ([made(), made("stored"), made("limit")], "stored run"),
        ([made("stored"), made("failure")], "fails as stated"),
        ([made(passed=False)], "open"),
        ([made(), made("limit", passed=False)], "open"),
        ([made(passed=False), made("failure")], "open"),
    ],
)
def test_a_verdict_follows_from_what_the_checks_show(checks, wanted):
    """A failure outweighs a limit, a limit outweighs agreement, and a failed check says nothing."""
    assert verdict(iter(checks)) == wanted


# The ledger


def test_the_claims_have_ids_of_their_own():
    """Each is a letter of its part and two digits, counted from 1 without a gap."""
    ids = [claim.id for claim in LEDGER]
    assert len(ids) == len(set(ids)) > 0
    for part in set(FOLDERS) - GROWING:
        mine = [one for one in ids if one.startswith(part)]
        assert sorted(mine) == [f"{part}{at:02}" for at in range(1, len(mine) + 1)]


def test_each_claim_is_a_sentence_with_scope_sources_and_pages():
    """Nobody has to guess what is claimed, for what, on whose word, and where it is shown."""
    for claim in LEDGER:
        for text in (claim.statement, claim.scope):
            assert re.fullmatch(r"\S.*\.", text), (claim.id, text)
            assert "  " not in text, (claim.id, text)
            assert text.count("$") % 2 == 0, (claim.id, text)
        assert claim.verdict in VERDICTS, claim.id
        assert claim.pages or claim.stored, claim.id
        assert (claim.verdict == "stored run") <= bool(claim.stored), claim.id
        for named in claim.pages:
            folder, page = named.split("/")
            assert folder in FOLDERS[claim.id[0]], claim.id
            assert re.fullmatch(r"plot_[a-z0-9]+(_[a-z0-9]+)*", page), claim.id
        assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", claim.explanation), claim.id
        assert claim.checks == (), claim.id


def test_each_claim_has_a_name_that_fits_on_a_line():
    """One line of the ledger, which is no sentence: exact is the statement below it."""
    names = [claim.short for claim in LEDGER]
    assert len(set(names)) == len(names)
    for name in names:
        assert re.fullmatch(r"\S.{8,62}[^\s.]", name), name
        assert "$" not in name, name


def test_each_source_of_a_claim_is_in_the_bibliography():
    """A key that is named has an entry."""
    entries = (ROOT / "docs" / "references.bib").read_text(encoding="utf-8")
    known = set(re.findall(r"^@\w+\{([^,\s]+),", entries, flags=re.MULTILINE))
    for claim in LEDGER:
        assert {key for key, _ in claim.sources} <= known, claim.id


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
    monkeypatch.setattr(symlib_site.entries, "table", lambda: {"popular": [row]})


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
    for row in symlib_site.entries.table()["popular"]:
        named = row["refuted_by"] + row["limited_by"] + row["supported_by"]
        assert len(named) == len(set(named)), row["says"]
