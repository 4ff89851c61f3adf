"""Every page, opened in a browser as a host will serve it."""

LARGEST = 300_000  # bytes that a page may transfer, with all it loads


def test_a_page_has_nothing_to_complain_of(visit, page, kind):
    """The console is empty, and the policy refuses nothing."""
    seen = visit(page, kind)
    assert not seen.said
    assert not seen.refused


def test_a_page_asks_nobody_else(visit, page, kind, address):
    """Every request goes to the site itself."""
    seen = visit(page, kind)
    assert len(seen.asked) > 5
    assert not [url for url in seen.asked if not url.startswith((address, "data:"))]


def test_a_page_has_no_fault_that_axe_finds(visit, page, kind):
    """The rules of WCAG 2.2 AA and good practice, in light and in dark, on a screen and a phone."""
    assert not visit(page, kind).faults


def test_nothing_on_a_page_jumps(visit, reader, page, kind):
    """No text moves after it was first drawn.

    On a busy machine a font can come a moment late, once; so what moved is looked at again.
    """
    moved = visit(page, kind).moved
    for _ in range(2):
        if moved:
            with reader(kind) as one:
                moved = one.open(page).evaluate("window.moved")
    assert moved == []


def test_no_page_scrolls_sideways(visit, page, kind):
    """Not on a screen, a tablet or a phone of 320 pixels; what is wider scrolls in its box."""
    seen = visit(page, kind)
    assert not any(seen.wide.values()), seen.wide


def test_a_page_is_small(visit, page, address, size):
    """It transfers at most 300 kB with everything it loads, to a reader who has nothing yet."""
    loads = {url for url in visit(page, "desktop, light").asked if url.startswith(address)}
    sizes = {url.removeprefix(address): size(url) for url in loads}
    assert sum(sizes.values()) <= LARGEST, sorted(sizes.items(), key=lambda one: -one[1])
