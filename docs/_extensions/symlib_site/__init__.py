"""What this site adds to Sphinx: one extension, of parts that are told in ``README.md`` beside it.

Sphinx calls what listens to an event in an order that each listener states as a number. Here the
order is a list for each event, and the only place where it stands. A part may also bring
directives, roles, nodes and settings; those have no order, and are named in its ``setup``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sphinx.application import Sphinx

from . import (
    access,
    downloads,
    figures,
    folds,
    furniture,
    gallery,
    interactive,
    ledger,
    live,
    math,
    meta,
    minutes,
    notebooks,
    pages,
    policy,
    reference,
    search,
    seconds,
    single,
    source,
    topics,
    twins,
    whole,
)

OTHERS = "the other extensions"  # their place in a list: Sphinx gives them the number 500

ORDER: dict[str, tuple[Callable[..., Any] | str, ...]] = {
    "config-inited": (OTHERS, pages.refuse_live, live.forget_stale),
    "builder-inited": (
        access.add_filter,
        math.write_font,
        ledger.open_records,
        notebooks.isolate_kernel,
        notebooks.share_ports,
        search.set_aside,
        OTHERS,  # sphinx-gallery executes its scripts
        live.expect_marks,
        figures.set_marks,
        single.prepare,
    ),
    "source-read": (OTHERS, notebooks.start_record),
    "autodoc-skip-member": (OTHERS, reference.skip_field),
    "autodoc-process-docstring": (OTHERS, reference.list_pages),  # after napoleon
    "doctree-read": (
        OTHERS,
        gallery.drop_tag_lists,
        gallery.show_answers,
        figures.want_words,
        furniture.arrange,
        topics.add_keywords,
        minutes.tell,
    ),
    "env-check-consistency": (
        OTHERS,
        ledger.compare_with_claims,
        notebooks.expect_ports,
    ),
    "doctree-resolved": (
        gallery.add_links,  # names claims, which the ledger makes links
        OTHERS,
        ledger.fill_in,
        interactive.check_links,
        access.head_rows,  # of the ledger's tables too
    ),
    "html-page-context": (
        OTHERS,
        interactive.load,
        furniture.load,
        math.load,
        meta.describe,
        source.offer,
        search.note_passages,
        twins.write_twin,
        access.mend,  # when the theme has written its part
    ),
    "build-finished": (
        meta.write_files,
        OTHERS,
        downloads.finish,
        twins.write_llms_txt,
        seconds.report,
        ledger.report,
        single.write,
        search.write_passages,
        figures.split_schemes,
        policy.finish,  # reads all pages as they are served
        whole.collect,  # takes every file along
    ),
}


def setup(app: Sphinx) -> dict[str, Any]:
    """Register all parts with Sphinx."""
    named = (figures, folds, interactive, ledger, live, math, meta, search, single, source)
    for part in (*named, topics, whole):
        part.setup(app)
    for event, listeners in ORDER.items():
        others = listeners.index(OTHERS)
        for place, listener in enumerate(listeners):
            if callable(listener):
                app.connect(event, listener, priority=500 + place - others)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
