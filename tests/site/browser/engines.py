"""Firefox and WebKit, each as a window that opens pages and answers questions about them.

Firefox speaks WebDriver BiDi on its debugging port, and needs no other program. WebKitGTK has a
driver, which Selenium starts, and needs a display.
"""

import base64
import contextlib
import itertools
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from selenium import webdriver
from websockets.sync.client import connect

KEYS = {"ArrowLeft": "\ue012", "ArrowRight": "\ue014"}  # as WebDriver names it
MINI_BROWSERS = "/usr/lib/*/webkit2gtk-4.1/MiniBrowser"


class Missing(Exception):
    """An engine is not installed; the words say how to get it."""


class Firefox:
    """A window of Firefox without a screen."""

    def __init__(self, home):
        found = os.environ.get("FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")
        if not found:
            raise Missing("there is no Firefox: Debian and Ubuntu have the package firefox-esr")
        command = [found, "--headless", "--no-remote", "--profile", str(home)]
        self.resources = contextlib.ExitStack()
        with contextlib.ExitStack() as resources:
            log = resources.enter_context(open(home / "log.txt", "w+", encoding="utf-8"))
            process = subprocess.Popen(
                [*command, "--remote-debugging-port", "0"], stdout=subprocess.DEVNULL, stderr=log
            )
            resources.callback(process.wait)
            resources.callback(process.kill)
            place = self._place(home / "log.txt")
            self.socket = resources.enter_context(connect(f"{place}/session", max_size=None))
            self.resources = resources.pop_all()
        self.numbers = itertools.count(1)
        self.said = []
        self._call("session.new", capabilities={})
        self._call("session.subscribe", events=["log.entryAdded"])
        self.tab = self._call("browsingContext.create", type="tab")["context"]

    def _place(self, log):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if found := re.search(r"BiDi listening on (\S+)", log.read_text(encoding="utf-8")):
                return found[1]
            time.sleep(0.05)
        raise TimeoutError(f"Firefox has not said where it listens: {log.read_text()}")

    def _call(self, method, **params):
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer = json.loads(self.socket.recv(timeout=120))
            if answer.get("id") == number:
                assert answer["type"] == "success", answer
                return answer["result"]
            if answer.get("method") == "log.entryAdded":
                entry = answer["params"]
                if entry["level"] in ("error", "warn"):
                    self.said.append(entry["text"])

    def watch(self, script):
        """Run a script on each page before its own ones."""
        self._call("script.addPreloadScript", functionDeclaration=f"() => {{{script}}}")

    def open(self, url):
        """Open a page, and wait until it is loaded."""
        self._call("browsingContext.navigate", context=self.tab, url=url, wait="complete")

    def ask(self, expression):
        """Return the value of an expression, which may be a promise."""
        told = self._call(
            "script.evaluate",
            expression=f"(async () => JSON.stringify([await ({expression})]))()",
            target={"context": self.tab},
            awaitPromise=True,
        )
        assert told["type"] == "success", told
        return json.loads(told["result"]["value"])[0]

    def resize(self, width, height=900):
        """Give the page another size."""
        size = {"width": width, "height": height}
        self._call("browsingContext.setViewport", context=self.tab, viewport=size)

    def press(self, key):
        """Press a key, where the focus is."""
        strokes = [{"type": kind, "value": KEYS[key]} for kind in ("keyDown", "keyUp")]
        actions = [{"type": "key", "id": "keys", "actions": strokes}]
        self._call("input.performActions", context=self.tab, actions=actions)

    def picture(self):
        """Return what is seen, as a PNG."""
        told = self._call("browsingContext.captureScreenshot", context=self.tab)
        return base64.b64decode(told["data"])

    def close(self):
        """End the browser."""
        self.resources.close()


class WebKit:
    """A window of WebKitGTK on a screen of its own, which is 450 pixels wide at least."""

    def __init__(self, home):
        self.said = []  # the driver does not tell
        driver = shutil.which("WebKitWebDriver")
        browsers = [*Path("/").glob(MINI_BROWSERS.lstrip("/"))]
        screen = shutil.which("Xvfb")
        if not (driver and browsers and screen):
            raise Missing(
                "there is no WebKitGTK: Debian and Ubuntu have the packages webkit2gtk-driver, xvfb"
            )
        with contextlib.ExitStack() as resources:
            display = self._display(screen, resources)
            options = webdriver.WebKitGTKOptions()
            options.binary_location = str(browsers[0])
            options.add_argument("--automation")
            own = {"DISPLAY": f":{display}", "HOME": str(home), "GTK_THEME": "Adwaita"}
            own["WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS"] = "1"  # a container may have none
            service = webdriver.WebKitGTKService(driver, env=os.environ | own)
            self.driver = webdriver.WebKitGTK(options=options, service=service)
            resources.callback(self.driver.quit)
            self.driver.set_script_timeout(60)
            self.resources = resources.pop_all()

    def _display(self, screen, resources):
        asked, told = os.pipe()
        process = subprocess.Popen(
            [screen, "-displayfd", str(told), "-screen", "0", "1600x1200x24", "-nolisten", "tcp"],
            pass_fds=[told],
            stderr=subprocess.DEVNULL,
        )
        resources.callback(process.wait)
        resources.callback(process.kill)
        os.close(told)
        with open(asked, encoding="utf-8") as answer:
            return answer.readline().strip()

    def watch(self, script):
        """Do nothing: this driver cannot run a script before those of the page."""

    def open(self, url):
        """Open a page, and wait until it is loaded."""
        self.driver.get(url)

    def ask(self, expression):
        """Return the value of an expression, which may be a promise."""
        value, fault = self.driver.execute_async_script(
            f"const [end] = arguments; (async () => await ({expression}))()"
            ".then(value => end([value, null]), fault => end([null, String(fault)]));"
        )
        assert fault is None, fault
        return value

    def resize(self, width, height=900):
        """Give the page another size."""
        self.driver.set_window_size(width, height)
        rest = self.ask("[outerWidth - innerWidth, outerHeight - innerHeight]")
        self.driver.set_window_size(width + rest[0], height + rest[1])

    def press(self, key):
        """Press a key, where the focus is."""
        self.driver.switch_to.active_element.send_keys(KEYS[key])

    def picture(self):
        """Return what is seen, as a PNG."""
        return self.driver.get_screenshot_as_png()

    def close(self):
        """End the browser and its screen."""
        self.resources.close()


ENGINES = {"firefox": Firefox, "webkit": WebKit}


def start(name):
    """Return a window of an engine, and the folder of its profile, to be thrown away."""
    home = Path(tempfile.mkdtemp(prefix="symlib_browser_"))
    try:
        return ENGINES[name](home), home
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        raise
