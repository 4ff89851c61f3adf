"""Reading without a mouse, on paper, in the dark, at rest: what style sheets and scripts do."""

import pytest
from playwright.sync_api import expect

PAGES = [
    "index.html",
    "search.html",
    "explanation/the_tie.html",
    "gallery/index.html",
    "gallery/symmetry/plot_tied_units.html",
    "reference/ledger.html",
    "reference/spectrum.html",
]
DRAWERS = ("#__navigation", ".sidebar-drawer"), ("#__toc", ".toc-drawer")

# Everything that can be operated and is shown, in the order of the page, and where the focus is.
# Of a group of choices the key Tab reaches the chosen one; arrows lead on from there.
CONTROLS = """() => {
  window.controls = [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), summary, [tabindex='0']"
  )].filter(one => one.checkVisibility({visibilityProperty: true}) && one.getClientRects().length)
    .filter(one => one.type !== "radio" || one.checked);
  return window.controls.map(one => one.outerHTML.slice(0, 90));
}"""
FOCUS = """() => {
  const one = document.activeElement;
  const ringed = (box) => {
    if (!box?.checkVisibility({opacityProperty: true})) return false;
    const style = getComputedStyle(box);
    const place = box.getBoundingClientRect();
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
      && place.bottom > 0 && place.top < innerHeight && place.right > 0 && place.left < innerWidth;
  };
  const rings = [one, ...(one.labels ?? []), one.closest(".sidebar-search-container"),
    ...(one.id === "__toc" ? document.querySelectorAll(".toc-overlay-icon") : [])];
  return [window.controls.indexOf(one), rings.some(ringed)];
}"""


SCREENS = {
    "desk": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}
BOTTOM = "one => one.getBoundingClientRect().bottom + scrollY"


@pytest.mark.parametrize("screen", SCREENS)
def test_the_first_screen_has_question_answer_tool_symptoms_and_figure(reader, screen):
    """A newcomer sees without scrolling what is here."""
    parts = ("h1", ".first-steps", "a[href*='check_your_model']", "a[href*='questions_people']")
    with reader(**SCREENS[screen]) as one:
        article = one.open("index.html").locator("article")
        figure = article.locator("[data-figure='playground']")
        found = [article.locator(part).first for part in parts]
        found += [figure.get_by_role("button", name="Play"), figure.locator(".panels")]
        for part in found:
            assert part.evaluate(BOTTOM) <= SCREENS[screen]["viewport"]["height"]


def test_the_verdicts_on_the_popular_answer_take_at_most_two_screens_of_a_phone(reader):
    """Each is a line that opens; what is right instead is below it."""
    with reader(**SCREENS["phone"]) as one:
        tab = one.open("index.html")
        assert tab.locator(".corrections").bounding_box()["height"] <= 2 * 844
        (first, *_) = tab.locator(".correction").all()
        below = first.locator("p")
        assert not below.is_visible()
        first.locator("summary").press("Enter")
        assert below.is_visible()
        assert tab.locator(".corrections").evaluate("one => one.scrollWidth") <= 390


@pytest.mark.parametrize("screen", SCREENS)
def test_the_ledger_opens_as_a_list_of_claims(reader, screen):
    """Names and verdicts, with what was measured folded; a link to a claim opens it."""
    height = SCREENS[screen]["viewport"]["height"]
    with reader(**SCREENS[screen]) as one:
        tab = one.open("reference/ledger.html")
        bottoms = tab.locator(".claim > summary").evaluate_all(f"all => all.map({BOTTOM})")
        assert sum(bottom <= height for bottom in bottoms) >= (10 if screen == "desk" else 4)
        assert not tab.locator("table.checks").first.is_visible()
        tab.goto("about:blank")
        one.open("reference/ledger.html#S02")
        assert tab.locator(".claim[open]").evaluate_all("all => all.map(one => one.id)") == ["S02"]
        assert tab.locator("#S02 table.checks").is_visible()


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("name", ["study/comparison.html", "study/second.html"])
def test_a_study_begins_with_its_answer_and_its_figure(reader, name, screen):
    """How it was done, and all verdicts, come after."""
    with reader(**SCREENS[screen]) as one:
        tab = one.open(name)
        for part in ("article p > strong", "article img:visible"):
            bottom = tab.locator(part).first.evaluate(BOTTOM)
            assert bottom <= SCREENS[screen]["viewport"]["height"], part


def test_tables_of_times_are_lists_on_a_phone(reader):
    """No column is cut; the head of each stands beside its cell."""
    with reader(**SCREENS["phone"]) as one:
        tab = one.open("bench/speed.html")
        tables = tab.locator("table.as-list")
        assert tables.count() >= 5
        assert all(tables.evaluate_all("all => all.map(one => one.scrollWidth <= 360)"))
        cell = tables.first.locator("tbody td").first
        before = cell.evaluate("one => getComputedStyle(one, '::before').content")
        assert before == '"verdict: "'
        assert cell.evaluate("one => getComputedStyle(one).display") == "block"


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [1280, 1100, 390])
def test_the_key_tab_reaches_everything_in_order_and_shows_where_it_is(reader, name, width):
    """Each control once, in the order of the page, with a ring around it within the window."""
    with reader(viewport={"width": width, "height": 900}, reduced_motion="reduce") as one:
        tab = one.open(name)
        controls = tab.evaluate(CONTROLS)
        reached = []
        for _ in controls:
            tab.keyboard.press("Tab")
            at, ringed = tab.evaluate(FOCUS)
            reached.append(at)
            assert ringed, controls[at]
    assert len(controls) >= 5
    missed = [controls[at] for at in range(len(controls)) if at not in reached]
    assert not missed
    assert reached == list(range(len(controls)))


@pytest.mark.parametrize("name", PAGES)
def test_the_first_key_leads_past_the_navigation(reader, name):
    """The first thing that Tab reaches is a link to the text, and it leads there."""
    with reader() as one:
        tab = one.open(name)
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.className").startswith("skip-to-content")
        tab.keyboard.press("Enter")
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.closest('#furo-main-content, footer') !== null")


@pytest.mark.parametrize(("switch", "drawer"), DRAWERS)
def test_a_drawer_opens_by_keyboard_and_hides_its_links_while_it_is_closed(reader, switch, drawer):
    """On a phone, or at a zoom of 400 %, the navigation is behind a switch."""
    with reader("phone, dark", reduced_motion="reduce") as one:
        tab = one.open("reference/spectrum.html")
        links = tab.locator(f"{drawer} a:visible")
        assert links.count() == 0
        tab.locator(switch).focus()
        tab.keyboard.press("Space")
        assert links.count() >= 5
        box = links.first.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        tab.keyboard.press("Space")
        assert links.count() == 0


def test_a_part_of_the_navigation_opens_by_keyboard(reader):
    """Space opens and closes what lies below a page."""
    with reader() as one:
        tab = one.open("index.html")
        switch = tab.locator(".sidebar-tree .toctree-checkbox").first
        link = tab.locator(".sidebar-tree li.has-children > ul a").first
        assert not link.is_visible()
        switch.focus()
        tab.keyboard.press("Space")
        assert link.is_visible()


def test_a_link_to_a_fold_opens_it(reader):
    """From elsewhere, and from another fold of the page."""
    with reader() as one:
        tab = one.open("how_to/questions_people_ask.html#seen-nan")
        folds = tab.locator("article details[open]")
        expect(folds).to_have_count(1)
        tab.locator("#seen-nan a[href='#seen-large']").click()
        expect(folds).to_have_count(2)
        assert folds.last.get_attribute("id") == "seen-large"


def test_folded_answers_open_by_keyboard(reader):
    """Enter unfolds every one of them, and folds it again."""
    with reader() as one:
        tab = one.open("explanation/the_tie.html")
        folded = tab.locator("article details")
        assert folded.count() >= 3
        for at in range(folded.count()):
            for wanted in (True, False):
                folded.nth(at).locator("summary").first.focus()
                tab.keyboard.press("Enter")
                assert folded.nth(at).evaluate("one => one.open") is wanted


@pytest.mark.parametrize(
    ("name", "boxes"),
    [
        ("gallery/symmetry/plot_tied_units.html", "article pre"),
        ("study/comparison.html", "article .table-wrapper"),
        ("explanation/why_training_converges.html", "article div.math"),
    ],
)
def test_what_is_too_wide_scrolls_by_keyboard(reader, name, boxes):
    """The key to the right moves code, tables and formulas that do not fit, folded ones too."""
    with reader("phone, dark", reduced_motion="reduce") as one:
        tab = one.open(name)
        tab.locator("article details").evaluate_all("all => all.forEach(one => one.open = true)")
        wide = [
            box
            for box in tab.locator(boxes).all()
            if box.evaluate("one => one.scrollWidth > one.clientWidth + 1")
        ]
        assert wide
        for box in wide:
            box.evaluate("one => (one.tabIndex >= 0 ? one : one.querySelector('a')).focus()")
            assert box.evaluate("one => one.contains(document.activeElement)")
            before = box.evaluate("one => one.scrollLeft")
            tab.keyboard.press("ArrowRight" if before == 0 else "ArrowLeft")
            tab.wait_for_timeout(100)
            assert box.evaluate("one => one.scrollLeft") != before


@pytest.mark.parametrize("name", PAGES)
def test_nothing_moves_for_a_reader_who_asks_for_rest(reader, name):
    """No transition, no animation, no gliding to a place."""
    moving = """() => [...document.querySelectorAll("*")].filter(one => {
      const style = getComputedStyle(one);
      return style.scrollBehavior !== "auto" || style.animationName !== "none"
        || style.transitionDuration.split(",").some(time => parseFloat(time) > 0);
    }).length"""
    with reader(reduced_motion="reduce") as one:
        assert one.open(name).evaluate(moving) == 0
    with reader() as one:
        assert one.open(name).evaluate(moving) > 0  # else there was nothing to forbid


@pytest.mark.parametrize("theme", ["auto", "dark"])
@pytest.mark.parametrize("name", ["index.html", "explanation/the_tie.html", "gallery/index.html"])
def test_a_page_prints_as_text_on_white(reader, name, theme):
    """No navigation, no buttons; dark letters on white paper, also from a dark screen."""
    with reader("desktop, dark") as one:
        one.tab.add_init_script(f"localStorage.setItem('theme', '{theme}')")
        tab = one.open(name)
        assert tab.evaluate("getComputedStyle(document.body).colorScheme") == "dark"
        tab.emulate_media(media="print", color_scheme="dark")
        navigation = ".mobile-header, .sidebar-drawer, .toc-drawer, .related-pages, button"
        assert not any(box.is_visible() for box in tab.locator(navigation).all())
        assert tab.locator("h1").is_visible()
        letters, paper, scheme = tab.evaluate("""() => {
          const style = getComputedStyle(document.body);
          return [style.color, style.backgroundColor, style.colorScheme];
        }""")
        assert paper == "rgb(255, 255, 255)"
        assert letters == "rgb(0, 0, 0)"
        assert scheme == "light"
        shown = "all => all.filter(one => one.checkVisibility()).map(one => one.className)"
        assert not any("in-dark" in one for one in tab.locator("img").evaluate_all(shown))
        faint = """() => [...document.querySelectorAll(
            "article :is(p, li, h2, pre, pre span, th, td)")]
          .filter(one => one.checkVisibility())
          .map(one => getComputedStyle(one).color.match(/[0-9.]+/g).map(Number))
          .filter(([red, green, blue]) => Math.min(red, green, blue) > 140)"""
        assert tab.evaluate(faint) == []


def test_folded_answers_are_printed(reader):
    """Paper cannot be unfolded."""
    with reader() as one:
        tab = one.open("explanation/the_tie.html")
        shown = "all => all.map(one => one.checkVisibility())"
        answers = tab.locator("article details:not(.live details) > :not(summary)")
        assert not any(answers.evaluate_all(shown))
        tab.emulate_media(media="print")
        assert all(answers.evaluate_all(shown))


def test_the_theme_switch_works_and_is_remembered(reader):
    """Auto, light, dark; the background follows, and the next page remembers."""
    state = "[document.body.dataset.theme, getComputedStyle(document.body).backgroundColor]"
    with reader() as one:
        tab = one.open("index.html")
        seen = [tuple(tab.evaluate(state))]
        for _ in range(3):
            tab.locator(".theme-toggle:visible").click()
            seen.append(tuple(tab.evaluate(state)))
            one.open("explanation/the_tie.html")
            assert tuple(tab.evaluate(state)) == seen[-1]
        white, black = "rgb(255, 255, 255)", "rgb(19, 20, 22)"
        assert set(seen) == {("auto", white), ("light", white), ("dark", black)}
        assert seen[0] == seen[-1]
        assert not one.said


@pytest.mark.parametrize(
    "name", ["explanation/the_tie.html", "gallery/separation/plot_angle_map.html"]
)
def test_formulas_are_drawn_in_their_font_at_the_first_visit(reader, name):
    """The browser says which font it used."""
    with reader() as one:
        tab = one.open(name)
        asked = tab.context.new_cdp_session(tab)
        asked.send("DOM.enable")
        asked.send("CSS.enable")
        root = asked.send("DOM.getDocument")["root"]["nodeId"]
        nodes = asked.send("DOM.querySelectorAll", {"nodeId": root, "selector": "math mi"})[
            "nodeIds"
        ]
        fonts = set()
        for node in nodes:
            used = asked.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
            fonts |= {font["familyName"] for font in used}
        assert fonts == {"Latin Modern Math"}
        assert tab.evaluate("window.moved") == []


def test_the_search_finds_pages_under_the_policy(reader, address):
    """It needs no other host, shows a piece of each page, and what it writes has no fault."""
    with reader() as one:
        tab = one.open("search.html?q=orthogonal")
        tab.locator("#search-results li p.context").nth(3).wait_for()
        assert tab.locator("h1").count() == 1
        assert not one.said
        assert tab.evaluate("window.refused") == []
        assert all(url.startswith(address) for url in one.asked)
        assert tab.evaluate("window.moved") == []  # the footer has stayed where it was


def test_the_site_asks_for_headers_that_hosts_understand(rules):
    """Lines of a host are at most 2000 characters; nothing that is unsafe is allowed."""
    everywhere = dict(rules)["/*"]
    policy = everywhere["Content-Security-Policy"]
    kinds = dict(part.split(" ", 1) for part in policy.split("; "))
    assert len(policy) < 1900
    assert "unsafe" not in policy
    assert "*" not in policy
    assert "http" not in policy
    assert kinds["default-src"] == "'self'"
    for kind in ("base-uri", "frame-ancestors", "frame-src", "object-src", "worker-src"):
        assert kinds[kind] == "'none'"
    assert {"script-src", "style-src", "img-src", "font-src", "form-action"} <= set(kinds)
    assert policy.count("sha256-") <= 6  # inline scripts and styles stay few
    assert everywhere["X-Content-Type-Options"] == "nosniff"
    assert everywhere["Referrer-Policy"] == "same-origin"
    assert "max-age" in dict(rules)["/_static/*"]["Cache-Control"]
