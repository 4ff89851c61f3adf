"""Squeeze: code of a page that was pressed into fewer lines than it needs.

A page has as many lines as it takes to be read with ease. What is looked for here is several
thoughts in one statement, each with the sentence that takes it apart.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator

from .faults import Fault

LONGEST_LINE = 100
MOST_SUBSCRIPTS = 2
SHARED = 3  # calls; a dictionary of options that so many share saves repetition
ROWS = ("zip", "map", "filter")  # one of them inside another is hard to follow
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp

Sentence = tuple[int, str]  # with its line


class Code:
    """A script, of which each part knows what it is a part of."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree = ast.parse(text)
        self.nodes = list(ast.walk(self.tree))
        self.parents: dict[ast.AST, ast.AST] = {}
        for node in self.nodes:
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node

    def is_inside(self, node: ast.AST, kind: type | object) -> bool:
        """Return whether an expression is part of one of a kind, in the same statement."""
        while not isinstance(node := self.parents[node], ast.stmt):
            if isinstance(node, kind):  # type: ignore[arg-type]
                return True
        return False


def find_faults(file: str, text: str) -> Iterator[Fault]:
    """Yield the faults of a script, in the order of its lines."""
    try:
        code = Code(text)
    except SyntaxError:
        return  # said where pages are read
    found = [sentence for rule in RULES for sentence in rule(code)]
    for line, sentence in sorted(found):
        yield Fault(file, line, sentence)


def long_lines(code: Code) -> Iterator[Sentence]:
    """Yield the lines of code that are too long; prose is as long as its sentences."""
    prose: set[int] = set()
    if ast.get_docstring(code.tree) is not None:
        docstring = code.tree.body[0]
        prose.update(range(docstring.lineno, (docstring.end_lineno or 0) + 1))
    for at, line in enumerate(code.text.splitlines(), start=1):
        if len(line) > LONGEST_LINE and not line.startswith("#") and at not in prose:
            yield (
                at,
                f"a line of code must have at most {LONGEST_LINE} characters, it has {len(line)}: "
                "break it, or name a part of it first",
            )


def statements_side_by_side(code: Code) -> Iterator[Sentence]:
    """Yield the lines on which a second statement begins."""
    taken = set()
    for node in code.nodes:
        if isinstance(node, ast.stmt):
            if node.lineno in taken:
                yield node.lineno, "two statements are on one line: give each its own"
            taken.add(node.lineno)


def assignments_side_by_side(code: Code) -> Iterator[Sentence]:
    """Yield assignments of several values to several names, but for an exchange of the same."""
    for node in code.nodes:
        if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple)):
            continue
        values = {ast.unparse(value) for value in node.value.elts}
        for target in node.targets:
            if not isinstance(target, ast.Tuple) or len(target.elts) < 2:
                continue
            if {ast.unparse(name) for name in target.elts} != values:
                names = ", ".join(ast.unparse(name) for name in target.elts)
                yield node.lineno, f"{names} are assigned at once: write an assignment for each"


def comprehensions_in_comprehensions(code: Code) -> Iterator[Sentence]:
    """Yield comprehensions that stand inside another one."""
    for node in code.nodes:
        if isinstance(node, Comprehension) and code.is_inside(node, Comprehension):
            yield (
                node.lineno,
                "a comprehension stands inside another one: name the inner one, or write a loop",
            )


def rows_of_rows(code: Code) -> Iterator[Sentence]:
    """Yield calls of zip, map and filter that are given another one, or the parts of a call."""
    for node in code.nodes:
        outer = _rows(node)
        if not (outer and isinstance(node, ast.Call)):
            continue
        for argument in node.args:
            is_spread = isinstance(argument, ast.Starred)
            given = argument.value if isinstance(argument, ast.Starred) else argument
            is_made_here = isinstance(given, ast.Call | Comprehension)
            if _rows(given) or (is_spread and is_made_here):
                yield (
                    node.lineno,
                    f"{outer} is given {ast.unparse(argument):.40}: name the inner rows first",
                )


def _rows(node: ast.AST) -> str:
    """Return which function of rows a node calls, or nothing."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ROWS:
        return node.func.id
    return ""


def loops_over_one_value(code: Code) -> Iterator[Sentence]:
    """Yield ``for x in [value]``, which gives a name and only looks like a loop."""
    for node in code.nodes:
        if not isinstance(node, ast.For | ast.comprehension):
            continue
        if isinstance(node.iter, ast.List | ast.Tuple) and len(node.iter.elts) == 1:
            name = ast.unparse(node.target)
            yield node.iter.lineno, f"a loop over one value names it: write {name} = ... before"


def names_given_in_calls(code: Code) -> Iterator[Sentence]:
    """Yield names that are assigned by := within a call."""
    for node in code.nodes:
        if isinstance(node, ast.NamedExpr) and code.is_inside(node, ast.Call):
            name = ast.unparse(node.target)
            yield node.lineno, f"{name} is assigned within a call: assign it on a line before"


def options_unpacked(code: Code) -> Iterator[Sentence]:
    """Yield ``**`` where keywords would do: of an expression, of a dictionary made for that."""
    made: dict[str, int] = defaultdict(int)  # how often a dictionary gets this name
    unpacked: dict[str, list[int]] = defaultdict(list)  # the lines
    read: dict[str, int] = defaultdict(int)
    for node in code.nodes:
        if isinstance(node, ast.Assign) and _is_dictionary(node.value):
            for target in node.targets:
                made[ast.unparse(target)] += 1
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            read[node.id] += not _is_place_to_store(code.parents[node])
        elif isinstance(node, ast.keyword) and node.arg is None:
            if isinstance(node.value, ast.Name):
                unpacked[node.value.id].append(node.value.lineno)
            else:
                yield (
                    node.value.lineno,
                    f"**{ast.unparse(node.value):.40} is unpacked in a call: write keywords",
                )
    for name, lines in unpacked.items():
        if name in made and read[name] == len(lines) < SHARED * made[name]:
            for line in lines:
                yield line, f"the dictionary {name} is made to be unpacked: write keywords here"


def _is_dictionary(node: ast.expr) -> bool:
    """Return whether an expression is a dictionary, written with braces or as a call."""
    is_call = isinstance(node, ast.Call) and ast.unparse(node.func) == "dict"
    return is_call or isinstance(node, ast.Dict)


def _is_place_to_store(node: ast.AST) -> bool:
    """Return whether a node is the left side of ``options["key"] = value``."""
    return isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)


def deep_subscripts(code: Code) -> Iterator[Sentence]:
    """Yield rows of more than two subscripts."""
    for node in code.nodes:
        parent = code.parents.get(node)
        if not isinstance(node, ast.Subscript):
            continue
        if isinstance(parent, ast.Subscript) and parent.value is node:
            continue  # counted from its last one
        count = 0
        inner: ast.expr = node
        while isinstance(inner, ast.Subscript):
            count += 1
            inner = inner.value
        if count > MOST_SUBSCRIPTS:
            yield (
                node.lineno,
                f"{count} subscripts stand in a row behind {ast.unparse(inner):.40}: name what "
                "the first ones pick",
            )


RULES = (
    long_lines,
    statements_side_by_side,
    assignments_side_by_side,
    comprehensions_in_comprehensions,
    rows_of_rows,
    loops_over_one_value,
    names_given_in_calls,
    options_unpacked,
    deep_subscripts,
)
