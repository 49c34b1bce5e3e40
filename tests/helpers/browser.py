"""A real Chromium, asked by its own protocol over two pipes."""

import base64
import json
import os
import select
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn, Self

import pytest

from tests.helpers import ROOT

PATIENCE = 60  # seconds until an answer of the browser must have come
_FLAGS = (
    *("--headless", "--no-sandbox", "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--mute-audio"),
    *("--no-zygote", "--hide-scrollbars", "--force-color-profile=srgb"),
)


def chromium_program() -> str:
    """Return a Chromium: $CHROME, one of the machine, or the one that ./scripts/test.sh brought; without one, fail in
    CI and skip elsewhere.
    """
    brought = ROOT / "node_modules" / "chromium"
    named = [os.environ.get("CHROME"), *map(shutil.which, ("chromium", "google-chrome", "google-chrome-stable"))]
    programs = [program for program in (*named, str(brought) if brought.exists() else None) if program]
    if not programs:
        _do_without("no Chromium: name one with CHROME, or let ./scripts/test.sh bring one by npm, on Linux")
    return programs[0]


def axe_script() -> str:
    """Return axe-core, which finds what keeps people from using a page; without it, fail in CI and skip elsewhere."""
    path = ROOT / "node_modules" / "axe-core" / "axe.min.js"
    if not path.exists():
        _do_without("no axe-core: ./scripts/test.sh installs it by npm")
    return path.read_text(encoding="utf-8")


def axe_faults(tab: "Tab") -> list[str]:
    """Return what axe-core finds on a page."""
    tab.evaluate(f"{axe_script()}; 0")
    run_axe = "axe.run({ resultTypes: ['violations'] })"
    return tab.evaluate(f"{run_axe}.then(({{ violations }}) => violations.map(({{ help }}) => help))")


def _do_without(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


class Browser:
    """A running browser."""

    def __enter__(self) -> Self:
        program = chromium_program()
        self._folder = TemporaryDirectory(prefix="browser", ignore_cleanup_errors=True)
        commands, self._to = os.pipe()
        self._from, answers = os.pipe()
        flags = (*_FLAGS, f"--user-data-dir={self._folder.name}", "--remote-debugging-pipe")
        # The browser reads from its descriptor 3 and writes to its descriptor 4.
        shell = f'exec "$@" 3<&{commands} 4>&{answers}'
        self._process = subprocess.Popen(
            ["bash", "-c", shell, "bash", program, *flags, "about:blank"],
            pass_fds=(commands, answers),
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)
        self._calls = 0
        self._unread = b""
        self.events: list[dict[str, Any]] = []
        self.idle: list[str] = []  # the sessions of tabs that are free again: to make a tab takes ten times as long
        try:
            self.call("Browser.getVersion")
        except (AssertionError, OSError):
            self.__exit__()
            _do_without("Chromium does not start; see whether it lacks a library")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._to)
        os.close(self._from)
        self._folder.cleanup()

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Return what the browser answers; what it tells meanwhile stands in `events`."""
        self._calls += 1
        message = {"id": self._calls, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._calls:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self.events.append(answer)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            assert select.select([self._from], [], [], PATIENCE)[0], "the browser says nothing"
            part = os.read(self._from, 1 << 20)
            assert part, "the browser is gone"
            self._unread += part
        message, _, self._unread = self._unread.partition(b"\0")
        return json.loads(message)

    def open(self, url: str, **look: Any) -> "Tab":
        """Return an empty tab that goes to a URL."""
        return Tab(self, url, **look)


class Tab:
    """A page that is open in a browser, and all that it did that it should not."""

    def __init__(self, browser: Browser, url: str, width: int = 1400, height: int = 900, theme: str = "light") -> None:
        self._browser = browser
        browser.events.clear()
        self._session = browser.idle.pop() if browser.idle else self._new_session()
        self.resize(width, height)
        scheme = [{"name": "prefers-color-scheme", "value": theme}]
        self.call("Emulation.setEmulatedMedia", media="screen", features=scheme)
        self.url = url
        self._go(url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._go("about:blank")
        self._browser.idle.append(self._session)

    def _new_session(self) -> str:
        target = self._browser.call("Target.createTarget", url="about:blank")["targetId"]
        session = self._browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            self._browser.call(f"{domain}.enable", session)
        return session

    def _go(self, url: str) -> None:
        self.call("Page.navigate", url=url)
        self.until("document.readyState === 'complete'")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **parameters)

    def resize(self, width: int, height: int) -> None:
        """Let the window have another size, below 600 pixels that of a phone."""
        look = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", **look)

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression; promises are awaited."""
        options = {"returnByValue": True, "awaitPromise": True, "userGesture": True}
        answer = self.call("Runtime.evaluate", expression=expression, **options)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, condition: str) -> None:
        """Wait until a condition of the page holds."""
        look = f"const look = () => ({condition}) ? resolve() : setTimeout(look, 5);"
        self.evaluate(f"new Promise((resolve) => {{ {look} look(); }})")

    def click(self, selector: str) -> None:
        """Press the middle of an element with the mouse."""
        x, y = self.evaluate(
            f"(() => {{ const element = document.querySelector({json.dumps(selector)});"
            "element.scrollIntoView({block: 'nearest'}); const box = element.getBoundingClientRect();"
            "return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key: str, text: str = "") -> None:
        """Press a key where the focus is."""
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    def picture(self, path: Path, whole: bool = False) -> None:
        """Take a picture of the page."""
        data = self.call("Page.captureScreenshot", captureBeyondViewport=whole)["data"]
        path.write_bytes(base64.b64decode(data))

    @property
    def problems(self) -> list[str]:
        """Console messages, exceptions, reports of the policy, and requests but that for the page itself."""
        self.evaluate("0")  # what is under way comes before its answer
        says: dict[str, Callable[[dict[str, Any]], str | None]] = {
            "Runtime.consoleAPICalled": str,
            "Runtime.exceptionThrown": str,
            "Log.entryAdded": str,
            "Audits.issueAdded": str,
            "Network.requestWillBeSent": lambda event: _request(event["request"]["url"], self.url),
        }
        events = [event for event in self._browser.events if event.get("sessionId") == self._session]
        problems = [says[event["method"]](event["params"]) for event in events if event["method"] in says]
        return [problem for problem in problems if problem]


def _request(url: str, own: str) -> str | None:
    return (
        None if url.partition("#")[0] == own.partition("#")[0] or url.startswith(("data:", "blob:")) else f"GET {url}"
    )
