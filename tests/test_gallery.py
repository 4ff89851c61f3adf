"""The pages of the gallery: what a reader may expect of each, and that each check can fail."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from symlib_entries import ledger, read_record, verdict

from symlib.claims import Check, ClaimFailed, check

ROOT = Path(__file__).parents[1]
GALLERY = ROOT / "gallery"
PAGES = {
    path.relative_to(GALLERY).with_suffix("").as_posix(): path
    for path in sorted(GALLERY.glob("*/plot_*.py"))
}
BLOCK = re.compile(r"# /// script\n((?:#.*\n)+?)# ///\n")
COMES_ALONG = {"symlib", "numpy", "scipy"}  # with symlib-nn
PACKAGES = {"sklearn": "scikit-learn"}
ALLOWED = {"matplotlib", "numpy", "scipy", "sklearn", "symlib"}
SECTIONS = [
    "The figure",
    "What this page promises",
    "Where it stops being true",
    "Try it yourself",
]
OWN_STREAMS = {"default_rng", "Generator", "SeedSequence", "PCG64", "PCG64DXSM", "Philox"}

on_every_page = pytest.mark.parametrize("page", PAGES)


def source(page):
    """Return the text of a page."""
    return PAGES[page].read_text(encoding="utf-8")


def tree(page):
    """Return the syntax tree of a page."""
    return ast.parse(source(page))


def calls(page, name):
    """Return the calls of a function on a page, in order."""
    found = [
        node
        for node in ast.walk(tree(page))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    ]
    return sorted(found, key=lambda node: node.lineno)


def imported(page):
    """Return the packages that a page imports."""
    names = set()
    for node in ast.walk(tree(page)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("." if node.level else str(node.module).split(".")[0])
    return names


def prose(page):
    """Return the text of a page between its code: the docstring and the comments after ``# %%``."""
    comments = re.findall(r"^# %%\n((?:#.*\n)*)", source(page), flags=re.MULTILINE)
    blocks = (re.sub(r"^# ?", "", comment, flags=re.MULTILINE) for comment in comments)
    return "\n\n".join([str(ast.get_docstring(tree(page))), *blocks])


def run(script, folder, **environment):
    """Run a script in a folder as a reader would, but without a window and with no warning."""
    return subprocess.run(
        [
            *(sys.executable, "-W", "error"),
            *("-W", "ignore:FigureCanvasAgg is non-interactive:UserWarning"),
            str(script),
        ],
        cwd=folder,
        env=os.environ | {"MPLBACKEND": "agg", "OPENBLAS_NUM_THREADS": "1"} | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


# As it is written


def test_there_are_pages():
    """The gallery is where these tests look for it."""
    assert PAGES


@on_every_page
def test_the_title_is_a_short_question(page):
    """A page asks one question, in at most 60 characters."""
    title, line = str(ast.get_docstring(tree(page))).splitlines()[:2]
    assert re.fullmatch(r"[A-Z].*[^\s]\?", title)
    assert len(title) <= 60
    assert line == "=" * len(title)


@on_every_page
def test_the_answer_follows_the_question_in_a_paragraph(page):
    """It is the tooltip and the excerpt of a search, so it has whole sentences and no markup."""
    answer = str(ast.get_docstring(tree(page))).split("\n\n")[1]
    assert answer.endswith(".")
    assert not re.search(r"[`*|]|:math:", answer)


@on_every_page
def test_the_script_block_names_what_the_page_imports(page):
    """``uv run`` needs the library under its name on the index, and each package used besides."""
    block = BLOCK.match(source(page))
    assert block, "the page must begin with a script block"
    needs = tomllib.loads(re.sub(r"^# ?", "", block[1], flags=re.MULTILINE))
    assert set(needs) == {"requires-python", "dependencies"}
    with open(ROOT / "pyproject.toml", "rb") as file:
        assert needs["requires-python"] == tomllib.load(file)["project"]["requires-python"]
    others = imported(page) - set(sys.stdlib_module_names) - COMES_ALONG
    wanted = {"symlib-nn"} | {PACKAGES.get(name, name) for name in others}
    assert sorted(needs["dependencies"]) == sorted(wanted)


@on_every_page
def test_the_docstring_follows_the_script_block(page):
    """Sphinx-gallery takes the title from there."""
    assert BLOCK.sub("", source(page), count=1).startswith('"""\n')


@on_every_page
def test_a_page_is_short(page):
    """At most 200 lines of at most 120 characters."""
    lines = source(page).splitlines()
    assert len(lines) <= 200
    assert [line for line in lines if len(line) > 120] == []


@on_every_page
def test_a_page_imports_only_what_readers_have(page):
    """No sibling, no file of the site, no further package."""
    assert imported(page) - set(sys.stdlib_module_names) <= ALLOWED


@on_every_page
def test_a_page_leaves_the_global_random_streams_alone(page):
    """Chance comes from a generator with a seed, so that a page means the same when it is cut."""
    used = {
        node.attr
        for node in ast.walk(tree(page))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "random"
    }
    assert used <= OWN_STREAMS
    assert "random" not in imported(page)
    for node in ast.walk(tree(page)):
        if isinstance(node, ast.ImportFrom) and node.module == "numpy.random":
            assert {alias.name for alias in node.names} <= OWN_STREAMS
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("default_rng"):
            assert node.args, "a generator needs a seed"


@on_every_page
def test_the_sections_stand_in_their_order(page):
    """The figure, the promises, their limits, and something to try; then the window opens."""
    titles = re.findall(r"^# %%\n# (.+)\n# -+\n", source(page), flags=re.MULTILINE)
    assert [title for title in titles if title in SECTIONS] == SECTIONS
    assert titles[-1] == SECTIONS[-1]
    assert ast.unparse(tree(page).body[-1]) == "plt.show()"


@on_every_page
def test_the_line_under_a_title_is_as_long_as_the_title(page):
    """Docutils warns of one that is too short; all are alike here."""
    for title, line in re.findall(r"^# %%\n# (.+)\n# (-+)\n", source(page), flags=re.MULTILINE):
        assert len(line) == len(title), title


@on_every_page
def test_the_prose_reads_in_a_notebook(page):
    """Only math is marked up: notebooks would show any other role, directive or footnote as is."""
    text = prose(page)
    assert set(re.findall(r":([a-z][a-z:]*):`", text)) <= {"math"}
    assert not re.search(r"^\.\. ", text, flags=re.MULTILINE)
    assert not re.search(r"\]_|`_", text)


@on_every_page
def test_every_check_names_a_claim_of_the_page_and_no_claim_is_left_out(page):
    """The ledger says the same as the page, and is told so in plain text."""
    named = [node.args[0] for node in calls(page, "check")]
    assert all(isinstance(node, ast.Constant) for node in named)
    listed = {claim.id for claim in ledger() if page in claim.pages}
    assert {node.value for node in named} == listed


@on_every_page
def test_the_prose_names_the_claims(page):
    """The ids in the text become links to the ledger."""
    named = {node.args[0].value for node in calls(page, "check")}
    assert named <= set(re.findall(r"\b[A-Z]\d\d\b", prose(page)))


@on_every_page
def test_the_table_is_closed_once_after_the_last_check(page):
    """The last line of the table counts all checks."""
    (closing,) = calls(page, "summary")
    assert closing.lineno > max(node.lineno for node in calls(page, "check"))
    assert any(
        isinstance(node, ast.Expr) and ast.unparse(node) == "summary()" for node in tree(page).body
    )


def test_a_claim_is_checked_when_its_page_exists():
    """The ledger does not promise a page that is not there, nor hide one that is."""
    assert {page for claim in ledger() for page in claim.pages} == set(PAGES)


# As it runs


@pytest.fixture
def ran(page, once):
    """Return what a page printed, left behind and recorded when it ran in an empty folder."""

    def work(home):
        folder, record = home / "empty", home / "record.jsonl"
        folder.mkdir()
        result = run(PAGES[page], folder, SYMLIB_RECORD=str(record))
        left = [path.name for path in folder.rglob("*")]
        checks = read_record(record) if record.exists() else ()
        return result.returncode, result.stdout, result.stderr, left, checks

    *rest, checks = once(page, work)
    return *rest, [Check(*one) for one in checks]


@on_every_page
def test_a_page_runs_alone(ran):
    """It passes every check, says so in its last line, warns of nothing and leaves no file."""
    code, printed, errors, left, checks = ran
    assert code == 0, errors
    assert errors == ""
    assert printed.splitlines()[-1] == f"{len(checks)} checks, {len(checks)} passed"
    assert left == []


@on_every_page
def test_the_verdicts_of_the_ledger_follow_from_the_checks(page, ran):
    """What a page shows about its claims is what the ledger says."""
    checks = ran[-1]
    for claim in ledger(checks):
        if claim.pages == (page,):
            assert (claim.id, verdict(claim.checks)) == (claim.id, claim.verdict)


@on_every_page
def test_the_checks_of_a_claim_have_names_of_their_own(ran):
    """The prose asks for a measured number by claim and name."""
    names = [(one.claim, one.what) for one in ran[-1]]
    assert len(names) == len(set(names)) > 0


@on_every_page
def test_a_tolerance_has_a_reason(ran):
    """A number that is allowed to be off says why."""
    for one in ran[-1]:
        assert one.reason or not one.tolerance, f"{one.claim}: {one.what}"


# Mutations: a check that cannot fail proves nothing


def beyond(one):
    """Return numbers that a check must refuse, just beyond its tolerance on each failing side."""
    step = one.tolerance + 1e-9 * max(1.0, abs(one.expected), one.tolerance)
    signs = {"==": (-1, 1), "<": (1,), "<=": (1,), ">": (-1,), ">=": (-1,)}[one.relation]
    return [one.expected + sign * step for sign in signs]


def again(one, *, measured, expected):
    """Make a recorded check again with other numbers."""
    return check(
        one.claim,
        one.what,
        measured,
        expected,
        relation=one.relation,
        atol=one.tolerance,
        shows=one.shows,
        reason=one.reason,
    )


@on_every_page
def test_each_check_fails_when_the_measured_number_moves_beyond_its_tolerance(ran):
    """The check stands as recorded, and falls on each side where it must."""
    for one in ran[-1]:
        assert again(one, measured=one.measured, expected=one.expected).passed
        for measured in beyond(one):
            with pytest.raises(ClaimFailed, match=f"claim {one.claim} failed"):
                again(one, measured=measured, expected=one.expected)


@on_every_page
def test_each_check_fails_when_another_number_was_expected(ran):
    """No tolerance is so wide that a twentieth more or less would pass, or 1 instead of 0."""
    for one in ran[-1]:
        shift = 0.05 * abs(one.expected) or 1.0
        if one.relation != "==":
            # an inequality fails when its bound is moved past the measured number
            shift = 2 * abs(one.measured - one.expected) + one.tolerance + shift
        signs = {"==": (-1, 1), "<": (-1,), "<=": (-1,), ">": (1,), ">=": (1,)}[one.relation]
        for sign in signs:
            with pytest.raises(ClaimFailed, match=f"claim {one.claim} failed"):
                again(one, measured=one.measured, expected=one.expected + sign * shift)


MUTATIONS = {
    "tied units that start a thousandth apart": (
        "symmetry/plot_tied_units",
        "weights.constant((units, 2), 0.5)",
        "(0.5 + 1e-3 * np.eye(units, 2))",
        "S01",
    ),
    "one unit that learns at the common rate": (
        "symmetry/plot_tied_units",
        "rate / units",
        "rate",
        "S03",
    ),
    "one unit whose outgoing weight learns at the common rate": (
        "symmetry/plot_tied_units",
        "units * rate",
        "rate",
        "S03",
    ),
    "one unit with the outgoing weight of one": (
        "symmetry/plot_tied_units",
        "units * output.weight",
        "output.weight",
        "S03",
    ),
    "AND instead of XOR": (
        "symmetry/plot_xor_floor",
        "y = -np.prod(x, axis=1, keepdims=True)",
        "y = np.where(x.sum(axis=1, keepdims=True) > 1, 1.0, -1.0)",
        "S04",
    ),
    "XOR where AND was meant": (
        "symmetry/plot_xor_floor",
        "both = np.where(x.sum(axis=1, keepdims=True) > 1, 1.0, -1.0)",
        "both = y",
        "S04",
    ),
    "copies that are not tied": (
        "symmetry/plot_xor_floor",
        "np.repeat(inner, 8, axis=1)",
        "np.repeat(inner, 8, axis=1) * rng.standard_normal((200, 8, 1))",
        "S04",
    ),
    "dropout that drops nothing": (
        "symmetry/plot_who_breaks_the_tie",
        "dropout=0.5",
        "dropout=0.0",
        "S07",
    ),
    "random biases that are zero": (
        "symmetry/plot_who_breaks_the_tie",
        "0.5 * rng.standard_normal(units)",
        "np.zeros(units)",
        "S06",
    ),
    "nothing differs, except the first layer": (
        "symmetry/plot_who_breaks_the_tie",
        '"all equal, scaled": scaled',
        '"all equal, scaled": start(random_inner, zeros, outer)',
        "S06",
    ),
    "a step that reaches two units": (
        "symmetry/plot_float_free",
        "walk(nudged=3)[-1]",
        "walk(nudged=1)[-1]",
        "S02",
    ),
    "a rate that is not the one of the fractions": (
        "symmetry/plot_float_free",
        "Fraction(1, 20)",
        "Fraction(1, 19)",
        "S02",
    ),
    "division by the wrong number": (
        "symmetry/plot_float_free",
        "pow(number, -1, prime)",
        "pow(number + 1, -1, prime)",
        "S02",
    ),
    "almost zero": (
        "symmetry/plot_frozen_at_zero",
        "def train(inner=0.0,",
        "def train(inner=1e-300,",
        "S05",
    ),
    "frequencies that are not those of the data": (
        "symmetry/plot_frozen_at_zero",
        "frequency = np.bincount(y) / len(y)",
        "frequency = np.full(10, 0.1)",
        "S05",
    ),
    "a start without a speck": (
        "symmetry/plot_rounding_breaks_it",
        "+= 64 * eps",
        "+= 0 * eps",
        "S08",
    ),
    "the same order of sums twice": (
        "symmetry/plot_rounding_breaks_it",
        "rows[:, ::-1].cumsum",
        "rows.cumsum",
        "S08",
    ),
    "residuals of another size": (
        "symmetry/plot_escape_time",
        "escape_rate(network, x, y, **options)",
        'escape_rate(network, x, y, kind="half_squares", **options)',
        "S09",
    ),
    "logistic regression that is not strictly convex": (
        "symmetry/plot_zero_is_right",
        '"weight_decay": 0.05',
        '"weight_decay": 0.0',
        "S10",
    ),
    "a formula without the null space": (
        "symmetry/plot_zero_is_right",
        " + first[:, 0] @ blind",
        "",
        "S10",
    ),
    "ones where zeros were meant": (
        "symmetry/plot_zero_is_right",
        "np.zeros((1, 3))",
        "np.ones((1, 3))",
        "S10",
    ),
    "metamers of the network before training": (
        "null_spaces/plot_metamers",
        "metamer(one.layers[0].weight, ones, others)",
        "metamer(start.layers[0].weight[k], ones, others)",
        "N04",
    ),
    "as many units as pixels": (
        "null_spaces/plot_metamers",
        "units, pixels, train = 0, 32, 64",
        "units, pixels, train = 0, 64, 64",
        "N04",
    ),
    "pairs that are not orthogonal": (
        "null_spaces/plot_relu_injective",
        'half = weights.looks_linear((2 * d, d), mirror="out", rng=rng)',
        "half = weights.lecun((2 * d, d), rng=rng)",
        "N07",
    ),
    "units that prefer a direction": (
        "null_spaces/plot_relu_injective",
        "weights.gaussian((n, 2), replicas=layers, rng=rng)",
        "weights.gaussian((n, 2), replicas=layers, rng=rng) + 0.3",
        "N08",
    ),
    "decay where there was to be none": (
        "null_spaces/plot_off_span_attack",
        '"momentum": 0.9, "batch"',
        '"momentum": 0.9, "weight_decay": 1e-4, "batch"',
        "N09",
    ),
    "noise that is not projected out": (
        "null_spaces/plot_off_span_attack",
        "noisy - noisy @ unused @ unused.T",
        "noisy",
        "N10",
    ),
    "equal weights with a diagonal": (
        "null_spaces/plot_lost_directions",
        "equal = weights.constant(shape)",
        "equal = weights.constant(shape) + np.eye(50, 64)",
        "N01",
    ),
    "zeros and ones for signs": ("null_spaces/plot_lost_directions", "1 - 2 * bits", "bits", "N02"),
    "the law of complex matrices": (
        "null_spaces/plot_lost_directions",
        "-(least**2) / 2 - least",
        "-(least**2)",
        "N03",
    ),
    "a chain of orthogonal layers": (
        "null_spaces/plot_lost_directions",
        "weights.gaussian((n, n), replicas=1000, rng=rng) @ product",
        "weights.orthogonal((n, n), replicas=1000, rng=rng) @ product",
        "N03",
    ),
    "weights that lean to one side": (
        "null_spaces/plot_dead_cone",
        "fill((units, inputs), replicas=layers, rng=rng)",
        "0.3 + fill((units, inputs), replicas=layers, rng=rng)",
        "N05",
    ),
    "copies where mirror images were meant": (
        "null_spaces/plot_dead_cone",
        "[quarter, -quarter]",
        "[quarter, quarter]",
        "N05",
    ),
    "whole numbers for Gaussian weights": (
        "null_spaces/plot_cones_counted",
        "weights.gaussian((8, 3), replicas=20, rng=rng)",
        "weights.gaussian((8, 3), replicas=20, rng=rng).round()",
        "N06",
    ),
    "points of a curve that coincide": (
        "null_spaces/plot_cones_counted",
        "np.arange(1.0, 9.0)",
        "np.arange(1.0, 9.0) // 2",
        "N06",
    ),
    "samples without a plant": (
        "random_matrices/plot_planted_direction",
        "main[0] = ell * main[0]",
        "main[0] = main[0]",
        "R03",
    ),
    "weights without the constant": (
        "random_matrices/plot_planted_direction",
        "np.sqrt((ell - 1) * gamma) / p",
        "0 * np.sqrt((ell - 1) * gamma) / p",
        "R03",
    ),
    "the weights of linear layers under a ReLU": (
        "random_matrices/plot_log_norm",
        "through_layers(weights.he, width, 100)",
        "through_layers(weights.lecun, width, 100)",
        "R06",
    ),
    "twice as many units as were narrow": (
        "random_matrices/plot_log_norm",
        "through_layers(weights.he, 4,",
        "through_layers(weights.he, 8,",
        "R06",
    ),
    "a ReLU that lets everything pass": (
        "random_matrices/plot_jacobian_spectrum",
        "on = h > 0 if relu else np.ones(h.shape)",
        "on = np.ones(h.shape)",
        "R07",
    ),
    "the scale of linear layers in front of a ReLU": (
        "random_matrices/plot_jacobian_spectrum",
        "gain=np.sqrt(1 + relu)",
        "gain=1.0",
        "R07",
    ),
    "twins of equal sign": (
        "random_matrices/plot_jacobian_spectrum",
        "[[q, -q], [-q, q]]",
        "[[q, q], [q, q]]",
        "P08",
    ),
    "signs that are not orthogonal": (
        "random_matrices/plot_jacobian_spectrum",
        "np.roll(hadamard(n), k, axis=0)",
        "np.tril(hadamard(n))",
        "P08",
    ),
    "a column that is nearly another": (
        "random_matrices/plot_hard_edge",
        "least = np.sqrt(50) * values(50, 4000)[:, -1]",
        "least = np.sqrt(50) * values(50, 4000)[:, -2]",
        "N03",
    ),
    "signs with a mean": (
        "random_matrices/plot_hard_edge",
        "rng.choice([-1.0, 1.0], (1000, 50, 50))",
        "rng.choice([-1.0, 1.0], (1000, 50, 1)) * np.ones(50)",
        "N03",
    ),
    "the same start in the whole block": (
        "convergence/plot_restarts",
        "failed[units][half : half + count * size].reshape(count, size)",
        "np.repeat(failed[units][half : half + count, None], size, axis=1)",
        "O06",
    ),
    "fresh starts where nudged ones were meant": (
        "convergence/plot_restarts",
        "weight[failed[2]] + 0.01 *",
        "0.7 *",
        "O06",
    ),
    "no additional units": (
        "convergence/plot_spurious_minima",
        "wider = {k: train(k, k + 2) for k in numbers}",
        "wider = {k: train(k, k) for k in numbers}",
        "O05",
    ),
    "a gradient without the turn of the angle": (
        "convergence/plot_spurious_minima",
        "(turn + product(opening * sign, all_units))",
        "product(opening * sign, all_units)",
        "O05",
    ),
    "a step of half the size": (
        "separation/plot_saxe_modes",
        "rate = 2 * step",
        "rate = step",
        "P07",
    ),
    "a start that is not aligned": (
        "separation/plot_saxe_modes",
        "np.sqrt(begin) * inner @ right.T,",
        "np.sqrt(begin) * inner @ left.T,",
        "P07",
    ),
    "inputs that are not whitened": (
        "separation/plot_saxe_modes",
        "x = 2 * np.eye(4)",
        "x = 2 * np.diag([1.0, 1.1, 1.0, 0.9])",
        "P07",
    ),
    "normalization of the batch as a whole": (
        "separation/plot_rank_collapse",
        "axis=2 if normalize else (1, 2)",
        "axis=(1, 2)",
        "P09",
    ),
    "Gaussian layers where orthogonal ones were meant": (
        "separation/plot_rank_collapse",
        "batches(width, fill=weights.orthogonal)",
        "batches(width)",
        "P09",
    ),
    "another alpha": (
        "separation/plot_norms_and_constants",
        "alpha = 1 / np.sqrt(2 * np.pi) / (0.5 - below)",
        "alpha = 1.6733",
        "P06",
    ),
    "SELU with the factor of He": (
        "separation/plot_norms_and_constants",
        '"SELU, 1": ("selu", 1, 3)',
        '"SELU, 1": ("selu", 2, 3)',
        "P06",
    ),
    "uniform weights of another variance": (
        "random_matrices/plot_bulk_laws",
        "bound=np.sqrt(3)",
        "bound=2.0",
        "R01",
    ),
    "half of the radius for half of the disk": (
        "random_matrices/plot_bulk_laws",
        "np.abs(values) < np.sqrt(1 / 2)",
        "np.abs(values) < 1 / 2",
        "R01",
    ),
    "a kernel of twice the size": (
        "random_matrices/plot_tracy_widom",
        "airy(np.add.outer(x, x) / 2)[0] / 2",
        "airy(np.add.outer(x, x) / 2)[0]",
        "R02",
    ),
    "Hermitian matrices where symmetric ones were meant": (
        "random_matrices/plot_tracy_widom",
        "hermite_eigenvalues(n, beta=beta,",
        "hermite_eigenvalues(n, beta=2,",
        "R02",
    ),
    "another unit of the edge": (
        "random_matrices/plot_tracy_widom",
        "n ** (1 / 6) * (largest",
        "n ** (1 / 5) * (largest",
        "R02",
    ),
    "moments of one factor less": (
        "random_matrices/plot_products_die",
        "1 + 2 / n, 1 - 1 / n, s + 1",
        "1 + 2 / n, 1 - 1 / n, s",
        "R04",
    ),
    "an end without the shift of Tracy and Widom": (
        "random_matrices/plot_products_die",
        "spectrum.tracy_widom(1).mean()",
        "0",
        "R04",
    ),
    "exponents of layers with the factor of He": (
        "random_matrices/plot_products_die",
        "weights.lecun((6, 6), replicas=40 * 100, rng=rng)",
        "weights.he((6, 6), replicas=40 * 100, rng=rng)",
        "R05",
    ),
    "skips that are not there": (
        "random_matrices/plot_products_die",
        "skipped = skipped + 0.1 *",
        "skipped =",
        "R05",
    ),
    "inputs at twice the angle": (
        "convergence/plot_positive_gram",
        "[np.cos(angle), np.sin(angle)]",
        "[np.cos(2 * angle), np.sin(2 * angle)]",
        "O01",
    ),
    "pairs that are parallel, not opposite": (
        "convergence/plot_positive_gram",
        "[half, -half]",
        "[half, half]",
        "O01",
    ),
    "weights that are all positive": (
        "convergence/plot_positive_gram",
        "weights.gaussian((m, features), replicas=replicas, rng=rng)",
        "abs(weights.gaussian((m, features), replicas=replicas, rng=rng))",
        "O02",
    ),
    "a variance without its second factor": (
        "convergence/plot_positive_gram",
        "limit * (x @ x.T - limit)",
        "limit * (x @ x.T)",
        "O02",
    ),
    "units that all start alike": (
        "convergence/plot_linear_rate",
        "rng.standard_normal((count, m, 64))",
        "np.full((count, m, 64), 0.5)",
        "O03",
    ),
    "a step of the mean in place of half the sum": (
        "convergence/plot_linear_rate",
        "rate=[rate, 0]",
        "rate=[rate / samples, 0]",
        "O03",
    ),
    "hard labels that are easy": (
        "convergence/plot_linear_rate",
        "vectors[:, 0] * np",
        "vectors[:, -1] * np",
        "O03",
    ),
    "a scale that is not lazy": (
        "convergence/plot_lazy",
        "lazy = np.array([changes(m, m**-0.5) for",
        "lazy = np.array([changes(m, 1 / m) for",
        "O04",
    ),
    "both signs where one was meant": (
        "convergence/plot_lazy",
        "sign=np.abs",
        "sign=np.negative",
        "O04",
    ),
    "a tangent with another slope": (
        "convergence/plot_lazy",
        "linear = -rate * reach",
        "linear = -0.9 * rate * reach",
        "O04",
    ),
    "a level that only positive numbers pass": (
        "designs/plot_phase_transition",
        "np.sqrt(2 / np.pi) * above",
        "np.sqrt(0.5 / np.pi) * above",
        "D09",
    ),
    "faces of one parity, counted once": (
        "designs/plot_phase_transition",
        "1 - 2 * p[m + 2 - k :: 2].sum()",
        "1 - p[m + 2 - k :: 2].sum()",
        "D09",
    ),
    "six rows more than were counted": (
        "designs/plot_phase_transition",
        "rng.standard_normal((7, trials, m, n))",
        "rng.standard_normal((7, trials, m + 6, n))",
        "D09",
    ),
    "a comb without a sum of few columns": (
        "designs/plot_phase_transition",
        "designs.hadamard(64) / 8",
        "designs.cosine(64)",
        "D09",
    ),
    "a design with all units equal": (
        "designs/plot_designs_on_digits",
        '"Hadamard": designs.identity_hadamard(shape)',
        '"Hadamard": weights.constant(shape)',
        "D05",
    ),
    "images turned to the other side": (
        "designs/plot_designs_on_digits",
        "turned = -(x + 1 / 16) @",
        "turned = (x + 1 / 16) @",
        "D05",
    ),
    "mirror images of equal sign": (
        "designs/plot_depth_sixty",
        "np.concatenate([w, -w], axis=-1)",
        "np.concatenate([w, w], axis=-1)",
        "D06",
    ),
    "isometries where independent weights were meant": (
        "designs/plot_depth_sixty",
        "axis=1)), gaussian(depth)",
        "axis=1)), mirrored([weights.orthogonal((half, half), replicas=2, rng=rng)] * depth)",
        "D06",
    ),
    "signs that are not orthogonal, sixty times": (
        "designs/plot_depth_sixty",
        "designs.hadamard(half) / np.sqrt(half)",
        "np.tril(designs.hadamard(half)) / np.sqrt(half)",
        "D06",
    ),
    "chirps on the bound of Welch": (
        "designs/plot_frames",
        '("chirps", np.sqrt)',
        '("chirps", lambda p: np.sqrt(p + 1))',
        "D07",
    ),
    "polynomials of degree two that meet three times": (
        "designs/plot_frames",
        '("DeVore", lambda p: p / 2)',
        '("DeVore", lambda p: p / 3)',
        "D07",
    ),
    "every fifth row instead of the first": (
        "designs/plot_frames",
        "first = sylvester[:25]",
        "first = sylvester[::5][:25]",
        "D10",
    ),
    "random rows from the first quarter": (
        "designs/plot_frames",
        "drawn = coherence(sylvester[rows])",
        "drawn = coherence(sylvester[rows // 4])",
        "D10",
    ),
    "a constant without the diagonal": (
        "designs/plot_null_space_property",
        "first, k / (1 + 13**0.5), **solved",
        "first, k / 13**0.5, **solved",
        "D08",
    ),
    "a tight frame that is not equiangular": (
        "designs/plot_null_space_property",
        "paley = designs.paley(13)",
        "paley = designs.cosine(14)[:7] * 2**0.5",
        "D08",
    ),
    "isometry on three entries": (
        "designs/plot_null_space_property",
        "restricted_isometry(paley, 4)",
        "restricted_isometry(paley, 3)",
        "D08",
    ),
    "a first layer that wakes all units": (
        "designs/plot_expanding_layers",
        '"partial identity": partial,',
        '"partial identity": [weights.he(shapes[0], rng=rng), *partial[1:]],',
        "D02",
    ),
    "copies that are none": (
        "designs/plot_expanding_layers",
        '"Sylvester": [designs.identity_hadamard(shape) for shape in shapes]',
        '"Sylvester": [designs.cosine(32)[:, :8], *partial[1:]]',
        "D02",
    ),
    "a nudge of nothing": (
        "designs/plot_expanding_layers",
        "partial[0] + 1e-3 *",
        "partial[0] + 0 *",
        "D02",
    ),
    "half of what a layer takes": (
        "separation/plot_angle_map",
        "- 2 * psi *",
        "- psi *",
        "P01",
    ),
    "angles that a layer keeps": (
        "separation/plot_angle_map",
        "np.cos(after) - np.cos(theta) - psi",
        "np.cos(after) - np.cos(theta)",
        "P01",
    ),
    "units without their opposites": (
        "separation/plot_angle_map",
        " + ((-z).clip(0) - (-w).clip(0)) ** 2) / (z - w) ** 2",
        ") / (z - w) ** 2",
        "P02",
    ),
    "half of the directions": (
        "separation/plot_angle_map",
        "(-half_pi, 3 * half_pi)",
        "(-half_pi, half_pi)",
        "P02",
    ),
    "an angle that falls like pi over the depth": (
        "separation/plot_angle_map",
        "far / (3 * np.pi / 2000)",
        "far / (np.pi / 2000)",
        "P03",
    ),
    "a narrow layer with all units on": (
        "separation/plot_angle_map",
        "comb(40, k) / 2**40",
        "(k == 40)",
        "P03",
    ),
    "the arcsine without its factors of two": (
        "separation/plot_order_and_chaos",
        "np.arcsin(2 * q / (1 + 2 * q))",
        "np.arcsin(q / (1 + q))",
        "P04",
    ),
    "a border of twice the weight variance": (
        "separation/plot_order_and_chaos",
        "border = np.pi / 4 * np.sqrt(1 + 4 * q)",
        "border = np.pi / 2 * np.sqrt(1 + 4 * q)",
        "P04",
    ),
    "networks with weights that are too small": (
        "separation/plot_order_and_chaos",
        'network["weight_variance"] * np.einsum',
        '0.9 * network["weight_variance"] * np.einsum',
        "P05",
    ),
    "scales of a network with other biases": (
        "separation/plot_order_and_chaos",
        "scale = depth_scales(**network).correlation",
        'scale = depth_scales(**network | {"bias_variance": 0.06}).correlation',
        "P05",
    ),
    "a slope without its square": (
        "separation/plot_order_and_chaos",
        "np.cosh(root[1] * z) ** 4",
        "np.cosh(root[1] * z) ** 2",
        "P05",
    ),
    "a start without its layer of zeros": (
        "designs/plot_identity_and_zas",
        "asymmetric = designs.zero_asymmetric(n, depth)",
        "asymmetric = np.broadcast_to(one, (depth, n, n))",
        "D01",
    ),
    "targets that are positive definite": (
        "designs/plot_identity_and_zas",
        "(axes * eigenvalues[:, np.newaxis])",
        "(axes * abs(eigenvalues[:, np.newaxis]))",
        "D01",
    ),
    "a spiral of random points": (
        "designs/plot_quasi_random_weights",
        "spiral = errors(designs.fibonacci_sphere, few)",
        "spiral = errors(lambda m: weights.gaussian((m, 3), rng=rng), few)",
        "D03",
    ),
    "the error of a unit that is never off": (
        "designs/plot_quasi_random_weights",
        "(x @ x.T - limit) * limit",
        "(x @ x.T) * limit",
        "D03",
    ),
    "signs that are all alike": (
        "designs/plot_blind_inputs",
        "rng.choice([-1.0, 1.0], (draws, 1, d))",
        "np.ones((draws, 1, d))",
        "D04",
    ),
    "signs for the units instead of the inputs": (
        "designs/plot_blind_inputs",
        '"Hadamard, signs": hadamard * signs',
        '"Hadamard, signs": hadamard * signs.mT',
        "D04",
    ),
}


@pytest.mark.parametrize(("page", "old", "new", "claim"), MUTATIONS.values(), ids=MUTATIONS)
def test_a_page_with_a_false_premise_fails(page, old, new, claim, tmp_path):
    """What a page says depends on what it does: change that, and the claim falls."""
    text = source(page)
    assert old in text, "the page has changed, and this mutation with it"
    script = tmp_path / "plot_mutant.py"
    script.write_text(text.replace(old, new), encoding="utf-8")
    result = run(script, tmp_path)
    assert result.returncode == 1
    assert f"ClaimFailed: claim {claim} failed" in result.stderr, result.stderr
