"""A headless browser driven by the DevTools protocol over pipes: standard library only."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)


def find_browser() -> str | None:
    """Path of a Chromium that is installed, and a shell to hand it the pipes."""
    if shutil.which("bash") is None:
        return None
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


def _pipe() -> tuple[int, int]:
    """A pipe whose descriptors keep clear of 3 and 4, which the browser gets."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return high[0], high[1]


class Browser:
    """One browser with one page.

    `requests` holds the address of everything that the page asked for, `problems` every error of
    its console, every exception and every refused request.
    """

    def __init__(self, program: str, *, width: int = 1280, height: int = 800) -> None:
        self.profile = tempfile.mkdtemp(prefix="halfcircle-browser-")
        to_browser, self._write = _pipe()
        self._read, from_browser = _pipe()
        # The protocol speaks on file descriptors 3 and 4 of the browser.
        command = (
            f'exec "$0" "$@" 3<&{to_browser} 4>&{from_browser} {to_browser}<&- {from_browser}>&-'
        )
        own = (f"--user-data-dir={self.profile}", f"--window-size={width},{height}", "about:blank")
        self._process = subprocess.Popen(
            ["bash", "-c", command, program, *FLAGS, *own],
            pass_fds=(to_browser, from_browser),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        self.requests: list[str] = []
        self.problems: list[str] = []
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        attached = self.call(
            "Target.attachToTarget", {"targetId": page["targetId"], "flatten": True}
        )
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        """End the browser and remove its profile."""
        try:
            self._session = None
            self.call("Browser.close", timeout_s=10)
        except (OSError, TimeoutError, EOFError):
            self._process.kill()
        self._process.wait(timeout=20)
        os.close(self._read)
        os.close(self._write)
        shutil.rmtree(self.profile, ignore_errors=True)

    def call(
        self, method: str, parameters: dict[str, Any] | None = None, *, timeout_s: float = 60
    ) -> dict[str, Any]:
        """Send one command, return its result."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method}
        message["params"] = parameters or {}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + timeout_s
        while True:
            answer = self._next(end)
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return dict(answer["result"])
            self._note(answer)

    def _next(self, end: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(end - time.monotonic(), 0))
            if not ready:
                raise TimeoutError("the browser did not answer")
            block = os.read(self._read, 1 << 16)
            if not block:
                raise EOFError("the browser has ended")
            self._buffer += block
        text, self._buffer = self._buffer.split(b"\0", 1)
        return dict(json.loads(text))

    def _note(self, event: dict[str, Any]) -> None:
        method, given = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(given["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.problems.append(json.dumps(given["exceptionDetails"])[:500])
        elif method == "Runtime.consoleAPICalled" and given["type"] in ("error", "warning"):
            self.problems.append(json.dumps(given["args"])[:500])
        elif method == "Log.entryAdded" and given["entry"]["level"] in ("error", "warning"):
            self.problems.append(given["entry"]["text"])
        elif method == "Page.javascriptDialogOpening":
            self.problems.append(f"dialog: {given['message']}")

    def open(self, path: Path, *, fragment: str = "", ready: str = "true") -> None:
        """Open a file and wait until the expression `ready` is true."""
        self.requests.clear()
        self.problems.clear()
        # A new address that differs in its fragment only would not load the page again.
        self.call("Page.navigate", {"url": "about:blank"})
        self.call("Page.navigate", {"url": path.as_uri() + fragment})
        self.wait(f"document.readyState === 'complete' && location.protocol === 'file:' && {ready}")

    def wait(self, expression: str, *, timeout_s: float = 30) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + timeout_s
        while True:
            try:
                if self.run(f"Boolean({expression})") is True:
                    return
            except RuntimeError as error:
                # While one page makes place for the next there is nothing to ask.
                if time.monotonic() > end or "navigated" not in str(error):
                    raise
            if time.monotonic() > end:
                raise TimeoutError(f"never true: {expression}; {self.problems}")
            time.sleep(0.05)

    def run(self, expression: str) -> Any:
        """Value of an expression in the page."""
        answer = self.call(
            "Runtime.evaluate",
            {"expression": expression, "returnByValue": True, "awaitPromise": True},
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"])[:800])
        return answer["result"].get("value")

    def click(self, x: float, y: float) -> None:
        """Press and release the mouse at a place of the page."""
        for kind in ("mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent",
                {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1},
            )

    def screenshot(self) -> bytes:
        """The page as it is seen, as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot")["data"])

    def pdf(self) -> bytes:
        """The page as it is printed."""
        return base64.b64decode(
            self.call("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True})[
                "data"
            ]
        )
