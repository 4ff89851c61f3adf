"""Pages: what each page of the gallery keeps to, looked at before anything runs.

The scripts are compared with the rules of how a page is written, with the ledger
(``symlib/claims.toml``) and with the topics (``docs/topics.toml``). A build in which something does
not fit ends here, in each of its forms, with one sentence for each fault, which names the file and
the cure.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

from . import entries, squeeze, topics, typed_numbers
from .faults import Fault

ROOT = Path(__file__).parents[3]
GALLERY = ROOT / "gallery"
CLAIMS = "symlib/claims.toml"
BLOCK = re.compile(r"# /// script\n((?:#.*\n)+?)# ///\n")
MARK = re.compile(r"# %%(?: (open|folded))?")  # of a cell: is its code open or folded
HEADING = re.compile(rf"^{MARK.pattern}\n# (?P<title>.+)\n# (?P<line>-+)\n", re.MULTILINE)
COMES_ALONG = {"symlib", "numpy", "scipy"}  # with symlib-nn
DISTRIBUTIONS = {"sklearn": "scikit-learn"}
ALLOWED = {"matplotlib", "numpy", "scipy", "sklearn", "symlib"}
ALLOWED_IN = {"networks": {"autograd"}, "audit": {"autograd"}}
SECTIONS = (
    "The figure",
    "What this page promises",
    "Where it stops being true",
    "Try it yourself",
)
OWN_STREAMS = {"default_rng", "Generator", "SeedSequence", "PCG64", "PCG64DXSM", "Philox"}

Sentence = tuple[int, str]  # with its line


class Page:
    """A page of the gallery as it is written."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text = name, text

    @property
    def file(self) -> str:
        """Where the page is, from the root of the project."""
        return f"gallery/{self.name}.py"

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes of the tree."""
        return list(ast.walk(self.tree))

    @property
    def docstring(self) -> str:
        """The text at the beginning."""
        return ast.get_docstring(self.tree) or ""

    @property
    def line_of_docstring(self) -> int:
        """Where it begins."""
        return self.tree.body[0].lineno if self.tree.body else 1

    @cached_property
    def imported(self) -> set[str]:
        """The packages that the page imports; what is relative counts as ``"."``."""
        names = set()
        for node in self.nodes:
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add("." if node.level else str(node.module).split(".")[0])
        return names - set(sys.stdlib_module_names)

    def calls(self, *functions: str) -> list[ast.Call]:
        """Return the calls of functions by their plain names, in order."""
        found = [
            node
            for node in self.nodes
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in functions
        ]
        return sorted(found, key=lambda call: call.lineno)

    @cached_property
    def checked(self) -> dict[str, int]:
        """The claims that the page checks, each with the line of its first check."""
        lines: dict[str, int] = {}
        for call in self.calls("check", "check_mean"):
            if call.args and isinstance(call.args[0], ast.Constant):
                lines.setdefault(str(call.args[0].value), call.lineno)
        return lines

    @cached_property
    def prose(self) -> list[tuple[int, str]]:
        """The lines between the code: of the docstring, and of the comments after ``# %%``."""
        first = self.line_of_docstring
        raw = self.text.splitlines()
        end = self.tree.body[0].end_lineno if self.docstring else first
        lines = [(at, raw[at - 1]) for at in range(first, (end or first) + 1)]
        inside = False
        for at, line in enumerate(raw, start=1):
            inside = bool(MARK.fullmatch(line)) or (inside and line.startswith("#"))
            if inside:
                lines.append((at, re.sub(r"^# ?", "", line)))
        return lines


# How a page is written


def title_is_a_question(page: Page) -> Iterator[Sentence]:
    """Want a title that asks, in at most 60 characters."""
    at = page.line_of_docstring + 1
    title, line, *_ = [*page.docstring.splitlines(), "", ""]
    if not re.fullmatch(r"[A-Z].*[^\s]\?", title):
        yield at, f"the title must be a question that begins with a capital, got {title!r:.80}"
    if len(title) > 60:
        yield at, f"the title must have at most 60 characters, it has {len(title)}: shorten it"
    if line != "=" * len(title):
        yield (
            at + 1,
            f"the line under the title must be as long as the title, {len(title)} times =, "
            f"got {line!r:.80}",
        )


def answer_is_plain(page: Page) -> Iterator[Sentence]:
    """Want a first paragraph that can be a tooltip and the excerpt of a search."""
    at = page.line_of_docstring + 4
    _, answer, *_ = [*page.docstring.split("\n\n"), "", ""]
    if not answer.endswith("."):
        yield (
            at,
            "below the title must stand the answer in whole sentences, a paragraph that ends "
            f"with a full stop, got {answer[-40:]!r}",
        )
    if mark := re.search(r"[`*|]|:math:", answer):
        yield (
            at,
            f"the first paragraph must have no markup, as lists show it as it is, "
            f"got {mark.group()!r}: say it in words",
        )


def script_block_names_the_imports(page: Page) -> Iterator[Sentence]:
    """Want what ``uv run`` needs: the library by its name on the index, each package besides."""
    block = BLOCK.match(page.text)
    if block is None:
        yield (
            1,
            "a page must begin with a script block (# /// script, requires-python, dependencies, "
            "# ///): copy that of another page",
        )
        return
    if not page.text[block.end() :].startswith('"""\n'):
        yield (
            page.text[: block.end()].count("\n") + 1,
            'the docstring, which begins with """ on a line of its own, must follow the script '
            "block at once",
        )
    try:
        needs = tomllib.loads(re.sub(r"^# ?", "", block[1], flags=re.MULTILINE))
    except tomllib.TOMLDecodeError as fault:
        yield 1, f"the script block must be TOML behind the signs #, got: {fault}"
        return
    with open(ROOT / "pyproject.toml", "rb") as file:
        python = tomllib.load(file)["project"]["requires-python"]
    packages = {DISTRIBUTIONS.get(name, name) for name in page.imported - COMES_ALONG}
    wanted = {"requires-python": python, "dependencies": sorted({"symlib-nn", *packages})}
    found = {**needs, "dependencies": sorted(needs.get("dependencies", []))}
    if found != wanted:
        yield (
            1,
            f"the script block must name what the page needs, {wanted}, got {found}",
        )
    if '"symlib-nn"' not in block[0]:
        yield 1, 'the script block must name "symlib-nn" in these quotes: a download replaces it'


def imports_are_what_readers_have(page: Page) -> Iterator[Sentence]:
    """Want no sibling, no file of the site, no further package."""
    allowed = ALLOWED | ALLOWED_IN.get(page.name.split("/")[0], set())
    for name in sorted(page.imported - allowed):
        what = "a file beside it" if name == "." else name
        yield (
            0,
            f"the page imports {what}, and may import {', '.join(sorted(allowed))} and the "
            "standard library",
        )


def chance_has_a_seed(page: Page) -> Iterator[Sentence]:
    """Want chance from a generator with a seed, so that a page means the same when it is cut."""
    cure = "draw from rng = np.random.default_rng(seed)"
    for node in page.nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
            if node.value.attr == "random" and node.attr not in OWN_STREAMS:
                yield node.lineno, f"{ast.unparse(node)} uses the global random stream: {cure}"
        elif isinstance(node, ast.ImportFrom) and node.module == "numpy.random":
            for alias in node.names:
                if alias.name not in OWN_STREAMS:
                    yield node.lineno, f"{alias.name} uses the global random stream: {cure}"
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name for alias in node.names}
            if "random" in (names if isinstance(node, ast.Import) else {node.module}):
                yield node.lineno, f"the module random has a global stream: {cure}"
        elif isinstance(node, ast.Call) and _has_no_seed(node):
            yield node.lineno, "default_rng() must be given a seed, such as default_rng(2024)"


def _has_no_seed(call: ast.Call) -> bool:
    return not call.args and ast.unparse(call.func).endswith("default_rng")


def sections_stand_in_order(page: Page) -> Iterator[Sentence]:
    """Want the figure, the promises, their limits, something to try; then the window opens."""
    titles = [match["title"] for match in HEADING.finditer(page.text)]
    found = [title for title in titles if title in SECTIONS]
    if found != list(SECTIONS) or titles[-1] != SECTIONS[-1]:
        yield (
            0,
            f"the page must have the sections {', '.join(SECTIONS)}, in this order and none behind "
            f"them, got {', '.join(titles) or 'none'}",
        )
    for match in HEADING.finditer(page.text):
        title, line = match["title"], match["line"]
        if len(line) != len(title):
            at = page.text[: match.start("line")].count("\n") + 1
            yield at, f"the line under {title!r} must be as long as the title, {len(title)} times -"
    last = page.tree.body[-1]
    if ast.unparse(last) != "plt.show()":
        yield last.lineno, "a page must end with plt.show(), which opens the window"


def cells_are_open_or_folded(page: Page) -> Iterator[Sentence]:
    """Want no other word behind the mark of a cell."""
    for at, line in enumerate(page.text.splitlines(), start=1):
        if line.startswith("# %%") and not MARK.fullmatch(line):
            yield at, f"a cell must begin with # %%, # %% open or # %% folded, got {line!r:.80}"


def prose_reads_in_a_notebook(page: Page) -> Iterator[Sentence]:
    """Want no markup but math: notebooks show any other as it stands in the script."""
    for at, line in page.prose:
        roles = set(re.findall(r":([a-z][a-z:]*):`", line)) - {"math"}
        found = [f":{role}:" for role in sorted(roles)]
        found += re.findall(r"^\.\. |\]_|`_", line)
        for mark in found:
            yield at, f"a notebook shows {mark!r} as it is: only :math: is markup, use plain words"


def claims_are_those_of_the_ledger(page: Page) -> Iterator[Sentence]:
    """Want checks, the ledger and the prose of a page to name the same claims."""
    ledger = entries.ledger()
    for call in page.calls("check", "check_mean"):
        if not (call.args and isinstance(call.args[0], ast.Constant)):
            yield (
                call.lineno,
                'a check must name its claim as it stands in the ledger, such as check("S01", ...)',
            )
    for unknown in sorted(set(page.checked) - {claim.id for claim in ledger}):
        yield (
            page.checked[unknown],
            f"{unknown} is checked, and is no claim: add it to {CLAIMS}, or name another",
        )
    listed = {claim.id for claim in ledger if page.name in claim.pages}
    if not listed:
        yield 0, f'no claim names this page: add "{page.name}" to "pages" of one in {CLAIMS}'
    for claim in ledger:
        if claim.id in page.checked and claim.id not in listed and listed:
            yield (
                page.checked[claim.id],
                f'{claim.id} is checked, and its entry does not name this page: add "{page.name}" '
                f'to "pages" of {claim.id} in {CLAIMS}',
            )
    for left_out in sorted(listed - set(page.checked)):
        yield (
            0,
            f"the claim {left_out} names this page, which does not check it: write "
            f'check("{left_out}", ...), or take the page out of its "pages" in {CLAIMS}',
        )
    prose = "\n".join(line for _, line in page.prose)
    for one, line in page.checked.items():
        if not re.search(rf"\b{re.escape(one)}\b", prose):
            yield line, f"the prose must name {one}, which is checked here: it becomes a link"


def table_is_closed(page: Page) -> Iterator[Sentence]:
    """Want a last line of the table, which counts all checks."""
    closing = page.calls("summary")
    last = max((call.lineno for call in page.calls("check", "check_mean")), default=0)
    statements = [node for node in page.tree.body if isinstance(node, ast.Expr)]
    tables = [node for node in statements if node.value in closing]
    if len(closing) != 1 or len(tables) != 1 or closing[0].lineno < last:
        yield (
            closing[-1].lineno if closing else last,
            "summary() must be called once, behind the last check and in no function or loop",
        )


def folder_is_a_part(page: Page) -> Iterator[Sentence]:
    """Want a folder that is a part of the argument."""
    folder = page.name.split("/")[0]
    if folder not in {part.folder for part in entries.parts()}:
        yield 0, f"the folder gallery/{folder} is no part: add it as a [[part]] to {CLAIMS}"
    if not (GALLERY / folder / "GALLERY_HEADER.rst").exists():
        yield 0, f"the folder gallery/{folder} must have a GALLERY_HEADER.rst with its title"


RULES = (
    title_is_a_question,
    answer_is_plain,
    script_block_names_the_imports,
    imports_are_what_readers_have,
    chance_has_a_seed,
    sections_stand_in_order,
    cells_are_open_or_folded,
    prose_reads_in_a_notebook,
    claims_are_those_of_the_ledger,
    table_is_closed,
    folder_is_a_part,
)


def find_faults_of_page(page: Page) -> Iterator[Fault]:
    """Yield the faults of a page, but for its squeeze."""
    try:
        page.tree  # noqa: B018 - parsed here
    except SyntaxError as fault:
        yield Fault(page.file, fault.lineno or 0, f"a page must be Python, got: {fault.msg}")
        return
    for rule in RULES:
        for line, sentence in rule(page):
            yield Fault(page.file, line, sentence)


# What belongs together


def pages() -> list[Page]:
    """Return the pages of the gallery."""
    return [
        Page(f"{path.parent.name}/{path.stem}", path.read_text(encoding="utf-8"))
        for path in sorted(GALLERY.glob("*/plot_*.py"))
    ]


def find_unreadable() -> Iterator[Fault]:
    """Yield what keeps the ledger and the topics from being read at all."""
    for file in (CLAIMS, topics.FILE):
        try:
            table = tomllib.loads((ROOT / file).read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as fault:
            yield Fault(file, 0, f"the file must be TOML, got: {fault}")
            continue
        for claim in table.get("claim", ()):
            fields = set(entries.Claim._fields) - {"checks"}
            for field in sorted((fields ^ set(claim)) - {"stored"}):  # which most do not have
                what = "must have" if field in fields else "must not have"
                yield Fault(file, 0, f"the claim {claim.get('id')} {what} a field {field!r}")


def find_faults_of_ledger(pages: set[str]) -> Iterator[Fault]:
    """Yield what the ledger names and is not there."""
    ids = [claim.id for claim in entries.ledger()]
    for claim in entries.ledger():
        said = f"the claim {claim.id}"
        if ids.count(claim.id) > 1 or not entries.claim_ids().fullmatch(claim.id):
            letters = ", ".join(part.letter for part in entries.parts())
            yield Fault(
                CLAIMS,
                0,
                f"an id must be the letter of a part ({letters}) and two digits of its own, got "
                f"{claim.id!r}",
            )
        for page in claim.pages:
            if page not in pages:
                cure = f'write gallery/{page}.py, or take it out of "pages"'
                yield Fault(CLAIMS, 0, f"{said} names the page {page}, which is not there: {cure}")
        if claim.stored and not (ROOT / f"docs/{claim.stored}.md").exists():
            cure = 'write it, or change "stored"'
            sentence = f"{said} names docs/{claim.stored}.md, which is not there: {cure}"
            yield Fault(CLAIMS, 0, sentence)
        explanation = f"docs/explanation/{claim.explanation}.md"
        if not (ROOT / explanation).exists():
            cure = 'write it, or change "explanation"'
            yield Fault(CLAIMS, 0, f"{said} names {explanation}, which is not there: {cure}")


def find_faults(draft: str = "") -> list[Fault]:
    """Return all faults of what is written; for a draft those of the page of that name."""
    if unreadable := list(find_unreadable()):
        return unreadable
    written = pages()
    names = {page.name for page in written}
    found = [*find_faults_of_ledger(names), *topics.find_faults(topics.topics(), names)]
    for page in written:
        if not draft or page.name.endswith(f"/{draft}"):
            found += find_faults_of_page(page)
            found += squeeze.find_faults(page.file, page.text)
    found += typed_numbers.find_faults(ROOT)
    return [fault for fault in found if not draft or Path(fault.file).stem == draft]


def refuse(draft: str = "") -> None:
    """End a build before anything runs, with a sentence for each fault and nothing behind them."""
    if faults := find_faults(draft):
        raise SystemExit("\n".join(map(str, faults)))


def refuse_live(app: Sphinx, config: Config) -> None:
    """Refuse in a live build too, which Sphinx is asked for directly."""
    if app.tags.has("live"):
        refuse(config.symlib_draft)
