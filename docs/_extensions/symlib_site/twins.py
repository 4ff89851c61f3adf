"""Twins: each page once more as Markdown, and ``llms.txt``, which lists them.

A twin is written from what the page is written from, after all numbers, links and outputs have been
put in: ``the_tie.md`` stands beside ``the_tie.html``. Formulas are TeX between dollar signs, a
figure is there with its words, and links within the site lead to other twins.
"""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.locale import admonitionlabels

SILENT = (
    *(nodes.comment, nodes.raw, nodes.target, nodes.substitution_definition, nodes.system_message),
    *(addnodes.index, addnodes.toctree),
)
LANGUAGES = {"ipython3": "python", "Python": "python", "python3": "python", "default": "python"}
WORDLESS = {"none": "text", "": "text"}

# At the beginning of a paragraph these make it a heading, a quotation, a list, code or a rule
BEGINNING = r"^(?:#{1,6}(?=\s|$)|>|[+-](?=\s|$)|-(?=[\s-]*$)|~~~|\[(?=[^\]]*\]:))"


class Twin:
    """Write a doctree as Markdown: ``block`` for what stands alone, ``inline`` for the rest."""

    def __init__(self, twins: Callable[[str], bool] = lambda page: True) -> None:
        """Take a function that tells whether there is a twin of the page at an address."""
        self.twins = twins
        self.level = 0

    # Blocks

    def block(self, node: nodes.Node) -> str:
        """Return a node that stands alone, without a line break at its end."""
        if isinstance(node, SILENT):
            return ""
        if write := self._way("block", node):
            return write(node)
        if isinstance(node, nodes.TextElement):
            return self.inline(node).strip()
        return self.blocks(node.children)

    def _way(self, form: str, node: nodes.Node) -> Callable[[nodes.Node], str] | None:
        """Return the method that writes nodes of this kind, or of one that it is a case of."""
        names = (f"{form}_{kind.__name__.lower()}" for kind in type(node).__mro__)
        return next((getattr(self, name) for name in names if hasattr(self, name)), None)

    def blocks(self, several: list[nodes.Node], between: str = "\n\n") -> str:
        """Return nodes, one below the other."""
        pieces: list[str] = []
        loose: list[nodes.Node] = []  # words that stand beside blocks

        def flush() -> None:
            pieces.append("".join(map(self.inline, loose)).strip())
            loose.clear()

        for node in several:
            words = isinstance(node, nodes.Text | nodes.Inline)
            if words and not self._way("block", node):
                loose.append(node)
            else:
                flush()
                pieces.append(self.block(node))
        flush()
        return between.join(piece for piece in pieces if piece.strip())

    def block_section(self, node: nodes.section) -> str:
        """Return a section, whose title is one level lower."""
        self.level += 1
        text = self.blocks(node.children)
        self.level -= 1
        return text

    def block_title(self, node: nodes.title) -> str:
        """Return a heading."""
        return f"{'#' * max(1, min(self.level, 6))} {self.children(node).strip()}"

    def block_rubric(self, node: nodes.rubric) -> str:
        """Return a heading that opens no section."""
        return f"**{self.children(node).strip()}**"

    def block_paragraph(self, node: nodes.paragraph) -> str:
        """Return a paragraph in one line, which no sign at its start makes a list or a heading."""
        text = re.sub(r"^(\d{1,9})([.)])(?=\s|$)", r"\1\\\2", self.children(node).strip())
        return re.sub(BEGINNING, r"\\\g<0>", text)

    def block_bullet_list(self, node: nodes.bullet_list) -> str:
        """Return a list with bullets."""
        return self._list(node, ["- "] * len(node))

    def block_enumerated_list(self, node: nodes.enumerated_list) -> str:
        """Return a list with numbers."""
        start = int(node.get("start", 1))
        return self._list(node, [f"{start + at}. " for at in range(len(node))])

    def block_definition_list(self, node: nodes.definition_list) -> str:
        """Return terms with what they mean, as a list."""
        items = []
        for item in node.findall(nodes.definition_list_item):
            term = " ".join(self.inline(one).strip() for one in item.findall(nodes.term))
            body = self.blocks([child for one in item.findall(nodes.definition) for child in one])
            items.append(_indented(f"**{term}**: {body}", "- "))
        return "\n".join(items)

    def block_field_list(self, node: nodes.field_list) -> str:
        """Return fields, such as the parameters of a function, as a list."""
        items = []
        for name, body in node.children:
            text = self.blocks(body.children)
            apart = "\n\n" if isinstance(body[0] if len(body) else None, nodes.bullet_list) else " "
            items.append(_indented(f"**{self.children(name).strip()}:**{apart}{text}", "- "))
        return "\n".join(items)

    def _list(self, node: nodes.Element, marks: list[str]) -> str:
        simple = all(len(item) == 1 or isinstance(item[-1], nodes.bullet_list) for item in node)
        texts = [self.blocks(item.children, "\n" if simple else "\n\n") for item in node]
        said = [text for text in texts if text]  # of a button nothing is left
        items = map(_indented, said, marks)
        return ("\n" if simple else "\n\n").join(items)

    def block_literal_block(self, node: nodes.literal_block) -> str:
        """Return code, or what code has printed, within a fence."""
        language = node.get("language") or node.get("lang") or ""
        text = node.astext().strip("\n")
        fence = max(["```", *(f"{ticks}`" for ticks in re.findall("`+", text))], key=len)
        printed = WORDLESS.get(language, LANGUAGES.get(language, language))
        return f"{fence}{printed}\n{text}\n{fence}"

    block_code_links_block = block_literal_block  # sphinx-gallery's code with links

    def block_doctest_block(self, node: nodes.doctest_block) -> str:
        """Return an example with its answers within a fence."""
        return f"```pycon\n{node.astext().strip()}\n```"

    def block_math_block(self, node: nodes.math_block) -> str:
        """Return a formula on lines of its own."""
        return f"$$\n{node.astext().strip()}\n$$"

    def block_block_quote(self, node: nodes.block_quote) -> str:
        """Return what is quoted; sphinx-gallery indents outputs, which is no quotation."""
        text = self.blocks(node.children)
        alone = all(isinstance(child, nodes.literal_block) for child in node)
        return text if alone else _indented(text, "> ", "> ")

    def block_admonition(self, node: nodes.Element) -> str:
        """Return a box, such as a theorem: its title and its text, quoted."""
        title, *rest = node.children
        if not isinstance(title, nodes.title):
            label = admonitionlabels.get(node.tagname, "Note")
            title, rest = nodes.title("", label), node.children
        text = f"**{self.children(title).strip()}**\n\n{self.blocks(rest)}"
        return _indented(text, "> ", "> ")

    def block_dropdown_title(self, node: nodes.Element) -> str:
        """Return the line that is seen while an answer is folded."""
        return f"**{self.blocks(node.children, ' ')}**"

    def block_image(self, node: nodes.image) -> str:
        """Return an image with the words that stand for it."""
        return self.inline(node)

    def block_citation(self, node: nodes.citation) -> str:
        """Return an entry of the bibliography."""
        label, *rest = node.children
        return f"**{label.astext()}.** {self.blocks(rest)}"

    def block_desc(self, node: addnodes.desc) -> str:
        """Return what is documented of a function: how it is called, and its docstring."""
        self.level += 1
        text = self.blocks(node.children)
        self.level -= 1
        return text

    def block_desc_signature(self, node: addnodes.desc_signature) -> str:
        """Return how a function is called, as a heading."""
        call = " ".join(node.astext().split())
        return f"{'#' * min(self.level, 6)} `{call}`"

    def block_table(self, node: nodes.table) -> str:
        """Return a table; a cell is one line."""
        heads = [row for part in node.findall(nodes.thead) for row in part]
        rows = [row for part in node.findall(nodes.tbody) for row in part]
        lines = [[self._cell(entry) for entry in row] for row in (heads[:1] or rows[:1])]
        wide = max(map(len, lines))
        lines.append(["---"] * wide)
        lines += [[self._cell(entry) for entry in row] for row in (rows if heads else rows[1:])]
        table = "\n".join(f"| {' | '.join(line + [''] * (wide - len(line)))} |" for line in lines)
        titles = [child for child in node if isinstance(child, nodes.title)]
        return "\n\n".join([*(f"**{self.children(title)}**" for title in titles), table])

    def _cell(self, entry: nodes.entry) -> str:
        text = " ".join(self.blocks(entry.children, " ").split())
        text = re.sub(r"^\\(?=[#+>-])", "", text)  # no list begins in a cell
        # a stroke ends a cell, within a formula too
        formulas = re.split(r"(?<!\\)(\$[^$]*\$)", text)
        formulas[1::2] = (
            re.sub(r"\\\|", r"\\Vert ", one).replace("|", r"\vert ") for one in formulas[1::2]
        )
        return re.sub(r"(?<!\\)\|", r"\|", "".join(formulas))

    # Words

    def inline(self, node: nodes.Node) -> str:
        """Return a node within a line."""
        if isinstance(node, SILENT):
            return ""
        if isinstance(node, nodes.Text):
            return _escaped(re.sub(r"\s+", " ", node.astext()))
        write = self._way("inline", node)
        return write(node) if write else self.children(node)

    def children(self, node: nodes.Node) -> str:
        """Return the words in a node."""
        return "".join(self.inline(child) for child in node.children)

    def inline_emphasis(self, node: nodes.emphasis) -> str:
        """Return emphasis."""
        return _around("*", self.children(node))

    def inline_strong(self, node: nodes.strong) -> str:
        """Return strong emphasis."""
        return _around("**", self.children(node))

    def inline_literal(self, node: nodes.literal) -> str:
        """Return code within a line."""
        return _code(node.astext())

    inline_literal_strong = inline_literal  # the name of a parameter or of an error

    def inline_math(self, node: nodes.math) -> str:
        """Return a formula within a line."""
        return f"${' '.join(node.astext().split())}$"

    def inline_image(self, node: nodes.image) -> str:
        """Return an image; one without words, such as the mark of a page, is left out."""
        alt = _escaped(" ".join(node.get("alt", "").split()))
        return f"![{alt}]({node['uri']})" if alt else ""

    def inline_reference(self, node: nodes.reference) -> str:
        """Return a link; within the site it leads to the other twin."""
        text = self.children(node).strip()
        address = node.get("refuri") or f"#{node.get('refid', '')}"
        return f"[{text}]({self.address(address)})" if text else ""

    def inline_download_reference(self, node: addnodes.download_reference) -> str:
        """Return a link to a file."""
        text = self.children(node).strip()
        if "filename" in node:
            return f"[{text}]({node.get('refuri') or self.downloads + node['filename']})"
        return text

    downloads = "_downloads/"

    def address(self, address: str) -> str:
        """Return the address of the twin, if that of a page is given that has one."""
        parts = urlsplit(address)
        if parts.scheme or parts.netloc or not parts.path.endswith(".html"):
            return address
        page = parts.path.removesuffix(".html")
        return parts._replace(path=f"{page}.md").geturl() if self.twins(page) else address


def _escaped(text: str) -> str:
    """Return text whose signs Markdown leaves alone."""
    text = re.sub(r"([\\`*$])", r"\\\1", text)
    text = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\_", text)  # an underscore in a name is no mark
    text = re.sub(r"<(?=[A-Za-z/!?])", r"\<", text)
    text = re.sub(r"&(?=#?\w+;)", r"\&", text)
    return re.sub(r"(?<=\])(?=[(\[])|~(?=~)", r"\\\g<0>", text)


def _around(mark: str, text: str) -> str:
    """Return text between marks, which stand right beside its words."""
    words = text.strip()
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return f"{before}{mark}{words}{mark}{after}" if words else text


def _code(text: str) -> str:
    """Return code within a line, between as many ticks as it needs."""
    text = " ".join(text.split())
    if not re.search(r"\w", text) and text in (",", ", ", "|"):  # between the names of errors
        return f"{text} "
    ticks = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    space = " " if "`" in text else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def _indented(text: str, first: str, rest: str = "") -> str:
    """Return lines that begin with a mark, and go on below it."""
    rest = rest or " " * len(first)
    lines = (
        f"{first if at == 0 else rest}{line}".rstrip() for at, line in enumerate(text.split("\n"))
    )
    return "\n".join(lines)


def twin(
    doctree: nodes.document, docname: str, twins: Callable[[str], bool] = lambda page: True
) -> str:
    """Return the Markdown twin of a page, as it lies in the site."""
    writer = Twin(twins)
    writer.downloads = "../" * docname.count("/") + "_downloads/"
    return writer.blocks(doctree.children) + "\n"


# llms.txt


def chapters(env: BuildEnvironment) -> Iterator[tuple[str, list[str]]]:
    """Yield the parts of the site as its first page lists them: a caption, and all pages below."""
    root = env.config.root_doc
    yield "", [root]
    for tree in env.get_doctree(root).findall(addnodes.toctree):
        pages = [page for one in tree["includefiles"] for page in _below(env, one)]
        yield tree.get("caption") or "", pages


def _below(env: BuildEnvironment, docname: str) -> Iterator[str]:
    yield docname
    for child in env.toctree_includes.get(docname, ()):
        yield from _below(env, child)


def llms_txt(name: str, summary: str, parts: list[tuple[str, list[tuple[str, str, str]]]]) -> str:
    """Return ``llms.txt``: for each part its caption, and the title, address and words of pages."""
    lines = [f"# {name}", "", f"> {summary}"]
    for caption, pages in parts:
        lines += ["", f"## {caption}", ""] if caption else [""]
        lines += [
            f"- [{title}]({address})" + (f": {words}" if words else "")
            for title, address, words in pages
        ]
    return "\n".join(lines) + "\n"


# The site


def in_site(env: BuildEnvironment, docname: str) -> bool:
    """Tell whether a page is one to read; the page for wrong addresses is not."""
    return docname in env.found_docs and "nosearch" not in env.metadata.get(docname, {})


def write_twin(
    app: Sphinx, docname: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Write the twin of a page beside it, and let the page name it."""
    if app.builder.name != "html" or doctree is None or not in_site(app.env, docname):
        return

    def twins(address: str) -> bool:
        page = posixpath.normpath(posixpath.join(posixpath.dirname(docname), address))
        return in_site(app.env, page)

    path = Path(app.outdir, f"{docname}.md")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(twin(doctree, docname, twins), encoding="utf-8")
    context["metatags"] += (
        f'\n<link rel="alternate" type="text/markdown" title="This page as Markdown" '
        f'href="{posixpath.basename(docname)}.md">'
    )


def write_llms_txt(app: Sphinx, fault: Exception | None) -> None:
    """List all twins with what their pages say of themselves."""
    if fault or app.builder.name != "html":
        return
    base = app.config.html_baseurl and app.config.html_baseurl.rstrip("/") + "/"

    def line(docname: str) -> tuple[str, str, str]:
        page = Path(app.outdir, f"{docname}.html").read_text(encoding="utf-8")
        said = re.search(r'<meta name="description" content="([^"]*)"', page)
        words = html.unescape(said[1]) if said else ""
        return app.env.titles[docname].astext(), f"{base}{docname}.md", words

    parts = [
        (caption, [line(page) for page in pages if in_site(app.env, page)])
        for caption, pages in chapters(app.env)
    ]
    text = llms_txt(app.config.project, app.config.symlib_summary, parts)
    Path(app.outdir, "llms.txt").write_text(text, encoding="utf-8")
