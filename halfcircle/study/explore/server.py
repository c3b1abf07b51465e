"""The explorer's web server: this machine only, reading only, a fixed list of addresses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from halfcircle.errors import HalfcircleError, OutputError

__all__ = ["ExploreServer", "NotFoundError"]

HOST = "127.0.0.1"
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
LONGEST_ADDRESS = 2_000

Asked = Mapping[str, str]


class NotFoundError(Exception):
    """What was asked for is not there; the text tells what."""


class ExploreServer(ThreadingHTTPServer):
    """Serves one page and the numbers that it asks for.

    Only connections to 127.0.0.1 are accepted, only GET and HEAD (others are 501), and only if the
    request names this server as its host: a page elsewhere cannot have its name point here and read
    along.

    Parameters
    ----------
    page : bytes
        HTML of ``/``.
    answers : mapping of str to callable
        Path -> what gives the JSON value for the parameters of the address.
    port : int
        0 for any that is free.

    Raises
    ------
    OutputError
        The port is taken, or may not be used.
    """

    daemon_threads = True

    def __init__(
        self, page: bytes, answers: Mapping[str, Callable[[Asked], Any]], *, port: int = 0
    ) -> None:
        self.page = page
        self.answers = dict(answers)
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise OutputError(
                f"port {port} of {HOST} cannot be used: {reason} - choose another one with --port"
            ) from None

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.server_port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Browsers hang up when they like; that is no fault of ours."""


class _Handler(BaseHTTPRequestHandler):
    server: ExploreServer
    protocol_version = "HTTP/1.1"
    server_version = "halfcircle"
    sys_version = ""
    timeout = 30

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _answer(self, *, body: bool) -> None:
        port = self.server.server_port
        if self.headers.get("Host", "") not in (f"{HOST}:{port}", f"localhost:{port}"):
            self._send(403, {"error": "wrong host"}, body=body)
            return
        if len(self.path) > LONGEST_ADDRESS:
            self._send(414, {"error": "address too long"}, body=body)
            return
        parts = urlsplit(self.path)
        if parts.path == "/":
            self._send(200, self.server.page, body=body)
            return
        answer = self.server.answers.get(parts.path)
        if answer is None:
            self._send(404, {"error": "not found"}, body=body)
            return
        asked = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        try:
            self._send(200, answer(asked), body=body)
        except NotFoundError as error:
            self._send(404, {"error": str(error)}, body=body)
        except (HalfcircleError, OSError) as error:
            self._send(503, {"error": str(error)}, body=body)

    def _send(self, status: int, value: Any, *, body: bool) -> None:
        kind = "text/html; charset=utf-8"
        content = value
        if not isinstance(value, bytes):
            kind = "application/json"
            # Not a number has no name in JSON.
            content = json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
        self.send_response(status)
        for name, text in HEADERS.items():
            self.send_header(name, text)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as inherited
        """Say nothing: the terminal belongs to the user."""
