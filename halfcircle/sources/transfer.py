"""One download over HTTP: redirects, ranges, retries, limits, and one clear message in the end."""

from __future__ import annotations

import datetime as dt
import email.utils
import hashlib
import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit, urlunsplit

from halfcircle._version import __version__
from halfcircle.errors import SourceError
from halfcircle.sources.request import KEY, OnProgress, Policy, Request, Step, shown_url

if TYPE_CHECKING:  # a run that downloads nothing does not wait for it
    import requests

__all__ = ["Answer", "NotThereError", "Transfer", "new_session"]

CHUNK = 2**16
MOST_REDIRECTS = 10
AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
TELL_EVERY_S = 0.2
PROGRESS_BYTES = 2**20  # attempts are counted from zero again after this much was gained
SPARE_BYTES = 2**26
CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
REFUSED = (
    "the key may be missing or wrong, or the licence must be accepted on the publisher's page first"
)


def new_session() -> requests.Session:
    """Session that takes proxies and certificates from the usual environment variables.

    ``HTTP_PROXY``, ``HTTPS_PROXY``, ``NO_PROXY``; ``REQUESTS_CA_BUNDLE``, ``CURL_CA_BUNDLE`` or
    ``SSL_CERT_FILE``.
    """
    import requests

    session = requests.Session()
    session.headers["User-Agent"] = f"halfcircle/{__version__} (accessibility studies)"
    session.headers["Accept-Encoding"] = "identity"  # sizes and ranges are those of the file
    if not (os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")):
        bundle = os.environ.get("SSL_CERT_FILE")
        if bundle:
            session.verify = bundle
    return session


@dataclass(frozen=True)
class Answer:
    """What came back. `part` is None where the file is the one that is already known (304)."""

    part: Path | None
    sha256: str = ""
    md5: str = ""
    size: int = 0
    resolved: str = ""
    etag: str = ""
    last_modified: str = ""


class NotThereError(SourceError):
    """The host has no such file: for tiles that may lie in the sea."""


class _Again(Exception):  # noqa: N818 - no error yet
    """Worth another attempt, after `wait_s` where the host named a time."""

    def __init__(self, why: str, wait_s: float | None = None) -> None:
        super().__init__(why)
        self.wait_s = wait_s


class Transfer:
    """Downloads one request into a part file.

    Parameters
    ----------
    session : requests.Session
    policy : Policy
    on_progress : callable, optional
    room : callable
        Free bytes on the disk of the cache.
    stop : threading.Event
        Set when everything is to end.
    sleep : callable, optional
        Waits seconds; until `stop` is set when left out.
    """

    def __init__(
        self,
        session: requests.Session,
        policy: Policy,
        *,
        on_progress: OnProgress | None,
        room: Callable[[], int],
        stop: threading.Event,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self.session = session
        self.policy = policy
        self.on_progress = on_progress
        self.room = room
        self.stop = stop
        self.sleep = sleep or stop.wait

    def fetch(
        self, request: Request, part: Path, *, etag: str = "", last_modified: str = ""
    ) -> Answer:
        """Download; with `etag` or `last_modified` only if the file changed since.

        Raises
        ------
        SourceError
            One clear message once there is no use in trying on.
        """
        import requests
        import urllib3

        failures = 0
        while True:
            before = _size(part)
            self._go_on(request)
            try:
                return self._once(request, part, etag, last_modified)
            except _Again as again:
                why, wait_s = str(again), again.wait_s
            except requests.exceptions.SSLError:
                raise self._fault(
                    request,
                    "its certificate is not trusted",
                    "behind a company's proxy, set REQUESTS_CA_BUNDLE to its certificates",
                ) from None
            except requests.exceptions.ProxyError:
                why, wait_s = "the proxy does not answer (HTTPS_PROXY, HTTP_PROXY)", None
            except requests.exceptions.Timeout:
                why, wait_s = "no answer in time", None
            except (requests.exceptions.ConnectionError, urllib3.exceptions.HTTPError) as error:
                why, wait_s = _connection_trouble(error), None
            except requests.exceptions.ChunkedEncodingError:
                why, wait_s = "the connection was cut half-way", None
            except (requests.exceptions.RequestException, ValueError) as error:
                raise self._fault(request, f"cannot be asked ({type(error).__name__})") from None
            gained = _size(part) - before
            failures = 1 if gained >= PROGRESS_BYTES else failures + 1
            if failures >= self.policy.attempts:
                raise self._fault(
                    request,
                    f"{why}, {failures} times in a row",
                    "the host may be down: try again later; what has come is kept",
                )
            pause = self.policy.first_wait_s * 2 ** (failures - 1)
            pause = min(pause, self.policy.longest_wait_s) if wait_s is None else wait_s
            self._tell(request, _size(part), None, f"{why}; again in {pause:.0f} s")
            self.sleep(pause)

    def _once(self, request: Request, part: Path, etag: str, last_modified: str) -> Answer:
        url, headers = request.with_keys()
        start, validator = _resumable(part)
        if start:
            headers |= {"Range": f"bytes={start}-", "If-Range": validator}
        elif etag:
            headers["If-None-Match"] = etag
        elif last_modified:
            headers["If-Modified-Since"] = last_modified
        response, resolved = self._follow(request, url, headers)
        with response:
            if response.status_code == 304 and not start and (etag or last_modified):
                return Answer(None)
            if response.status_code == 416 and start:
                part.unlink(missing_ok=True)
                raise _Again("the file changed while it was downloaded", 0.0)
            self._check_status(request, response)
            at = _first_byte(response)
            if at not in (0, start):
                part.unlink(missing_ok=True)
                raise _Again("the host sent another part of the file than was asked for")
            return self._receive(request, response, part, at, resolved)

    def _follow(
        self, request: Request, url: str, headers: dict[str, str]
    ) -> tuple[requests.Response, str]:
        """Answer after redirects; keys never go to another host, nor over an open line."""
        first = urlsplit(url)
        body: str | None = request.body
        for _ in range(MOST_REDIRECTS + 1):
            response = self.session.request(
                "GET" if body is None else "POST",
                url,
                headers=headers
                if body is None
                else {**headers, "Content-Type": "application/x-www-form-urlencoded"},
                data=None if body is None else body.encode(),
                timeout=(self.policy.connect_s, self.policy.read_s),
                allow_redirects=False,
                stream=True,
            )
            if response.status_code not in REDIRECTS or "Location" not in response.headers:
                now = urlsplit(url)
                return response, urlunsplit((now.scheme, now.netloc, now.path, "", ""))
            there = urljoin(url, response.headers["Location"])
            response.close()
            target = urlsplit(there)
            if target.scheme not in ("http", "https"):
                raise self._fault(request, f"redirects to {target.scheme}:, which is not followed")
            if urlsplit(url).scheme == "https" and target.scheme == "http":
                raise self._fault(
                    request, "redirects from https to plain http, which is not followed"
                )
            if (target.scheme, target.netloc) != (first.scheme, first.netloc):
                keyed = {name for name, text in request.headers.items() if KEY.search(text)}
                headers = {name: text for name, text in headers.items() if name not in keyed}
            if response.status_code not in (307, 308):
                body = None
            url = there
        raise self._fault(request, f"redirects more than {MOST_REDIRECTS} times")

    def _check_status(self, request: Request, response: requests.Response) -> None:
        status = response.status_code
        if status in (200, 206):
            return
        if status in AGAIN:
            why = {429: "asks to slow down (429)", 503: "is busy (503)"}.get(
                status, f"answers with error {status}"
            )
            wait_s = _retry_after(response)
            if wait_s is not None and wait_s > self.policy.longest_wait_s:
                raise self._fault(
                    request, f"{why} and to come back in {wait_s:,.0f} s", "run fetch again then"
                )
            raise _Again(why, wait_s)
        what = {
            401: "refuses access (401)",
            403: "refuses access (403)",
            404: "has no such file (404)",
            410: "no longer has this file (410)",
            451: "may not give this file (451)",
        }.get(status, f"answers with status {status}")
        remedy = REFUSED if status in (401, 403, 451) else ""
        if status in (404, 410):
            raise NotThereError(
                f"{shown_url(request.url)}: {what} - look up the present address and change the "
                "study file"
            )
        raise self._fault(request, what, remedy)

    def _receive(
        self, request: Request, response: requests.Response, part: Path, at: int, resolved: str
    ) -> Answer:
        limit = self.policy.max_bytes or request.max_bytes
        encoded = "Content-Encoding" in response.headers
        length = response.headers.get("Content-Length", "")
        total = at + int(length) if length.isdigit() and not encoded else None
        if total is not None and total > limit:
            part.unlink(missing_ok=True)
            raise self._fault(
                request,
                f"is {total:,} bytes large, more than the limit of {limit:,}",
                "check the address; --max-gb raises the limit",
            )
        if total is not None and total - at + SPARE_BYTES > self.room():
            raise self._fault(
                request,
                f"needs {total - at:,} bytes, and the disk of the cache has {self.room():,} free",
                "set HALFCIRCLE_CACHE to a larger disk",
            )
        etag = response.headers.get("ETag", "")
        last_modified = response.headers.get("Last-Modified", "")
        _remember(part, etag, last_modified, resumable=not encoded and request.body is None)
        sha, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        if at:
            with part.open("rb") as file:
                while block := file.read(CHUNK * 16):
                    sha.update(block)
                    md5.update(block)
        done, began, marked, told = at, time.monotonic(), at, 0.0
        with part.open("ab" if at else "wb") as file:
            for block in _blocks(response):
                self._go_on(request)
                file.write(block)
                sha.update(block)
                md5.update(block)
                done += len(block)
                if done > limit:
                    file.close()
                    part.unlink(missing_ok=True)
                    raise self._fault(request, f"sends more than the limit of {limit:,} bytes")
                now = time.monotonic()
                if now - told > TELL_EVERY_S:
                    self._tell(request, done, total)
                    told = now
                if now - began > self.policy.patience_s:
                    if (done - marked) / (now - began) < self.policy.slowest_bytes_s:
                        raise _Again("the transfer is all but standing still")
                    began, marked = now, done
        self._tell(request, done, total)
        if total is not None and done < total:
            raise _Again("the connection was cut half-way")
        return Answer(part, sha.hexdigest(), md5.hexdigest(), done, resolved, etag, last_modified)

    def _go_on(self, request: Request) -> None:
        if self.stop.is_set():
            raise self._fault(request, "stopped; what has come is kept")

    def _tell(self, request: Request, done: int, total: int | None, note: str = "") -> None:
        if self.on_progress is not None:
            self.on_progress(Step(shown_url(request.url), done, total, note))

    @staticmethod
    def _fault(request: Request, what: str, remedy: str = "") -> SourceError:
        return SourceError(f"{shown_url(request.url)}: {what}" + (f" - {remedy}" if remedy else ""))


def _blocks(response: requests.Response) -> Iterator[bytes]:
    """Bytes as they come: waiting for whole chunks would hide a host that all but stands still."""
    read = getattr(response.raw, "read1", None)  # urllib3 2
    if read is None:
        yield from response.iter_content(CHUNK)
        return
    while block := read(CHUNK, decode_content=True):
        yield block


def _size(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0


def _meta(part: Path) -> Path:
    return part.with_suffix(".json")


def _remember(part: Path, etag: str, last_modified: str, *, resumable: bool) -> None:
    # A weak validator does not promise the same bytes, so it cannot guard a range.
    validator = etag if etag and not etag.startswith("W/") else last_modified
    if resumable and validator:
        _meta(part).write_text(json.dumps({"validator": validator}), encoding="utf-8")
    else:
        _meta(part).unlink(missing_ok=True)


def _resumable(part: Path) -> tuple[int, str]:
    """Bytes that are there already, and what proves that the file is still the same."""
    try:
        validator = str(json.loads(_meta(part).read_text(encoding="utf-8"))["validator"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0, ""
    size = _size(part)
    return (size, validator) if size else (0, "")


def _first_byte(response: requests.Response) -> int:
    """Where in the file the answer begins: 0 for all of it, also where a range was asked for."""
    if response.status_code != 206:
        return 0
    match = CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    return int(match[1]) if match else -1


def _retry_after(response: requests.Response) -> float | None:
    """Seconds that a host asks to wait: a number, or a date."""
    text = response.headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.isdigit():
        return float(text)
    try:
        then = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=dt.UTC)
    return max(0.0, (then - dt.datetime.now(dt.UTC)).total_seconds())


def _connection_trouble(error: Any) -> str:
    text = str(error).lower()
    if "timed out" in text or "timeout" in text:
        return "no answer in time"
    if "name or service" in text or "resolve" in text or "getaddrinfo" in text:
        return "the name of the host cannot be found: is there a network?"
    if "refused" in text:
        return "the host refuses the connection"
    return "the connection was cut"
