"""A host on this machine that behaves as hosts do: well, badly, and in between."""

from __future__ import annotations

import hashlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from halfcircle.sources.request import Policy

QUICK = Policy(connect_s=2.0, read_s=0.3, attempts=3, first_wait_s=0.0, longest_wait_s=5.0)
PATIENT = Policy(attempts=3, first_wait_s=0.0)
Handler = Callable[["Call"], None]


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # clients hang up in these tests on purpose


@dataclass
class Call:
    """One request as a test's handler sees it, and ways to answer it."""

    http: BaseHTTPRequestHandler
    path: str
    headers: dict[str, str]
    body: bytes
    nth: int  # of this path, from 1

    def send(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.http.send_response(status)
        named = {k.replace("_", "-"): v for k, v in headers.items()}
        named.setdefault("Content-Length", str(len(body)))
        for name, value in named.items():
            if value:
                self.http.send_header(name, value)
        self.http.end_headers()
        self.http.wfile.write(body)

    def file(self, content: bytes, *, stop_at: int | None = None, etag: bool = True) -> None:
        """As a good file server: validators, ranges; cut at `stop_at` bytes of the answer."""
        tag = f'"{hashlib.md5(content).hexdigest()}"'
        validators = {"ETag": tag} if etag else {}
        if etag and self.headers.get("if-none-match") == tag:
            self.send(304, **validators)
            return
        start = 0
        wanted = self.headers.get("range")
        if wanted and self.headers.get("if-range") == tag:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        part = content[start:]
        self.http.send_response(206 if start else 200)
        self.http.send_header("Content-Length", str(len(part)))
        if start:
            self.http.send_header(
                "Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}"
            )
        for name, value in validators.items():
            self.http.send_header(name, value)
        self.http.end_headers()
        self.http.wfile.write(part[:stop_at])
        self.http.wfile.flush()
        if stop_at is not None and stop_at < len(part):
            self.http.close_connection = True


@dataclass
class Web:
    """The host: files and handlers by path, and a log of what was asked."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    handlers: dict[str, Handler] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    server: Server | None = None

    def at(self, path: str) -> str:
        return self.url + path

    def stop(self) -> None:
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def count(self, path: str) -> int:
        return sum(line.split(" ", 1)[1].split("?")[0] == path for line in self.log)


def serve(tls: ssl.SSLContext | None = None) -> Iterator[Web]:
    web = Web()
    lock = threading.Lock()

    class Http(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            with lock:
                web.log.append(f"{self.command} {self.path}")
                bare = self.path.split("?")[0]
                nth = web.count(bare)
            length = int(self.headers.get("Content-Length") or 0)
            call = Call(
                self,
                self.path,
                {k.lower(): v for k, v in self.headers.items()},
                self.rfile.read(length),
                nth,
            )
            web.calls.append(call)
            handler = web.handlers.get(self.path) or web.handlers.get(bare)
            if handler is not None:
                handler(call)
            elif self.path in web.files or bare in web.files:
                call.file(web.files.get(self.path, web.files.get(bare, b"")))
            else:
                call.send(404, b"not here")

        do_POST = do_GET  # noqa: N815 - the name that http.server looks for

        def log_message(self, *args: Any) -> None:
            pass

    server = Server(("127.0.0.1", 0), Http)
    web.server = server
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "http" if tls is None else "https"
    web.url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield web
    finally:
        web.stop()
        thread.join()


def drip(call: Call, content: bytes, pause_s: float) -> None:
    """Send the head and one byte, then nothing for a while."""
    call.http.send_response(200)
    call.http.send_header("Content-Length", str(len(content)))
    call.http.end_headers()
    call.http.wfile.write(content[:1])
    call.http.wfile.flush()
    time.sleep(pause_s)
    call.http.close_connection = True
