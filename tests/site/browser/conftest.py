"""What the tests in a browser share: the built site, a server with its headers, and Chromium.

The server reads the file ``_headers`` that the build left in the site, as a host will, and
compresses what it sends. ``SYMLIB_SITE`` and ``CHROMIUM`` name another site and another browser.
"""

import contextlib
import gzip
import http.server
import os
import shutil
import threading
import time
from fnmatch import fnmatchcase
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[3]
SITE = Path(os.environ.get("SYMLIB_SITE", ROOT / "docs" / "_build" / "site" / "html"))
PACKED = {".html", ".css", ".js", ".json", ".md", ".svg", ".txt", ".xml"}
KINDS = {
    "desktop, light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "desktop, dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone, dark": {
        "viewport": {"width": 390, "height": 844},
        "color_scheme": "dark",
        "is_mobile": True,
        "has_touch": True,
    },
}
OTHER_WIDTHS = {"desktop, light": (1440,), "phone, dark": (320, 768)}
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")

# A page tells what moved, and what its policy refused, from the moment it is open.
WATCH = """
window.moved = []; window.refused = [];
new PerformanceObserver(list => {
  for (const entry of list.getEntries())
    window.moved.push([entry.value, ...entry.sources.map(one => String(one.node?.className))]);
}).observe({type: "layout-shift", buffered: true});
document.addEventListener("securitypolicyviolation", event =>
  window.refused.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
"""

# What is wider than the window, and not within a box that scrolls by itself or a drawing, which is
# cut at its edge.
WIDE = """() => {
  const scrolls = one => /auto|scroll/.test(getComputedStyle(one).overflowX) || one.matches("svg");
  const boxed = one =>
    one && !one.matches(".content") && (scrolls(one) || boxed(one.parentElement));
  return [...document.querySelectorAll(".mobile-header *, .content, .content *")]
    .filter(one => one.checkVisibility() && !boxed(one.parentElement))
    .filter(one => one.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5
      || (one.matches(".content") && one.scrollWidth > one.clientWidth))
    .map(one => `${one.tagName}.${one.className} ${one.textContent.slice(0, 40)}`);
}"""


def pages():
    """Return the addresses of all pages of the site."""
    return sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))


def pytest_generate_tests(metafunc):
    """Let a test that asks for ``page`` or ``kind`` run for each of them."""
    if "kind" in metafunc.fixturenames:
        metafunc.parametrize("kind", KINDS)
    if "page" in metafunc.fixturenames:
        metafunc.parametrize("page", pages())


def read_rules(text):
    """Return the rules of a ``_headers`` file: patterns, and the headers indented below them."""
    rules = []
    for line in text.splitlines():
        if line.startswith(" "):
            name, _, value = line.strip().partition(": ")
            rules[-1][1][name] = value
        elif line:
            rules.append((line, {}))
    return rules


def packed(path):
    """Return the bytes of a file as a host sends them."""
    data = path.read_bytes()
    return gzip.compress(data, mtime=0) if path.suffix in PACKED else data


def file_of(url):
    """Return the file behind an address."""
    path = SITE / unquote(urlsplit(url).path).lstrip("/")
    return path / "index.html" if path.is_dir() else path


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serve the site with the headers it asks for, compressed."""

    protocol_version = "HTTP/1.1"
    rules = ()

    def do_GET(self):
        """Send a file."""
        path = file_of(self.path)
        if not path.is_file():
            self.send_error(404)
            return
        body = packed(path)
        self.send_response(200)
        if path.suffix in PACKED:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Length", str(len(body)))
        for pattern, headers in self.rules:
            if fnmatchcase(urlsplit(self.path).path, pattern):
                for name, value in headers.items():
                    self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="session")
def rules():
    """Return the headers that the site asks for."""
    if not pages():
        pytest.fail(f"there is no site in {SITE}: `nox -s docs` builds it")
    return read_rules((SITE / "_headers").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def address(rules):
    """Return the address at which the site is served, with the headers it asks for."""
    handler = type("WithRules", (Handler,), {"rules": rules})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def size():
    """Return a function that tells how many bytes a host sends for an address."""
    return lambda url: len(packed(file_of(url)))


@pytest.fixture(scope="session")
def chromium():
    """Return Chromium, started once for all tests."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if not found:
        pytest.skip(
            "there is no Chromium: Debian and Ubuntu have the package chromium; elsewhere say "
            "where Chromium or Chrome is in CHROMIUM"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


def until(ask, expression, seconds=30):
    """Wait until an expression is true on a page, which ``ask`` asks, and return it.

    The policy of a page forbids the page to evaluate text, as Playwright's own waiting does there.
    """
    end = time.monotonic() + seconds
    while not (value := ask(expression)):
        assert time.monotonic() < end, expression
        time.sleep(0.02)
    return value


class Reader:
    """A reader with a new window, who takes down what the browser says and asks for."""

    def __init__(self, window, address):
        self.address = address
        self.said, self.asked = [], []
        self.tab = window.new_page()
        self.tab.add_init_script(WATCH)
        self.tab.on("console", self._hear)
        self.tab.on("pageerror", lambda fault: self.said.append(str(fault)))
        self.tab.on("request", lambda request: self.asked.append(request.url))

    def _hear(self, message):
        if message.type in ("error", "warning"):
            self.said.append(f"{message.type}: {message.text}")

    def open(self, page):
        """Open a page, and wait until nothing more is loaded or drawn."""
        self.tab.goto(self.address + page, wait_until="load")
        self.tab.evaluate("document.fonts.ready.then(() => 0)")
        self.tab.wait_for_timeout(100)
        return self.tab


@pytest.fixture(scope="session")
def reader(chromium, address):
    """Return a function that gives a reader with a window of some kind."""

    @contextlib.contextmanager
    def open_window(kind="desktop, light", **more):
        with contextlib.closing(chromium.new_context(**KINDS[kind] | more)) as window:
            yield Reader(window, address)

    return open_window


@pytest.fixture(scope="session")
def visit(reader):
    """Return a function that opens a page in a window of some kind, once, and says what it saw."""
    seen = {}
    axe = Axe()
    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}

    def look(page, kind):
        with reader(kind) as one:
            tab = one.open(page)
            found = axe.run(tab, options=options).response["violations"]
            width, height = KINDS[kind]["viewport"].values()
            wide = {width: tab.evaluate(WIDE)}
            moved, refused = tab.evaluate("[window.moved, window.refused]")
            for other in OTHER_WIDTHS.get(kind, ()):
                tab.set_viewport_size({"width": other, "height": height})
                wide[other] = tab.evaluate(WIDE)
            return SimpleNamespace(
                said=one.said,
                asked=one.asked,
                moved=moved,
                refused=refused,
                wide=wide,
                faults=[
                    f"{fault['id']}: {node['html'][:200]} {node['failureSummary']}"
                    for fault in found
                    for node in fault["nodes"]
                ],
            )

    def remember(page, kind):
        if (page, kind) not in seen:
            seen[page, kind] = look(page, kind)
        return seen[page, kind]

    return remember
