"""Files by their address: from the cache, from the lock's bytes, or from the host."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from halfcircle.errors import Fault, SourceError
from halfcircle.sources.request import OnProgress, Policy, Request, shown_url
from halfcircle.sources.sniff import wrong_kind
from halfcircle.sources.store import Record, Store
from halfcircle.sources.transfer import Answer, Transfer, new_session

__all__ = ["Client", "Download"]

SMALL = 64 * 2**20


@dataclass(frozen=True)
class Download:
    """A file that is here.

    Parameters
    ----------
    path : Path
        In the cache; to be read only.
    key : str
        Of the request.
    url, sha256, size, retrieved, resolved
        See `Record`.
    licence, vintage : str
        Of the request.
    """

    path: Path
    key: str
    url: str
    sha256: str
    size: int
    retrieved: str
    resolved: str
    licence: str
    vintage: str
    kind: str


class Client:
    """Gets files; several at once, but one per host.

    Parameters
    ----------
    cache : Path
        Folder of the cache.
    policy : Policy, optional
    offline : bool
        Never touch the network.
    locked : mapping of str to Download, optional
        Request key -> bytes that a lock asks for; `path` is not used.
    on_progress : callable, optional
        Told how far each download is.
    sleep : callable, optional
        Waits seconds; tests put their own here.

    Raises
    ------
    SourceError
        The cache cannot be written.
    """

    def __init__(
        self,
        cache: Path,
        *,
        policy: Policy | None = None,
        offline: bool = False,
        locked: Mapping[str, Download] | None = None,
        on_progress: OnProgress | None = None,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self.store = Store(cache)
        self.policy = policy or Policy()
        self.offline = offline
        self.locked = dict(locked or {})
        self._here: dict[str, Download] = {}
        self._hosts: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()
        self._session = new_session()
        self._stop = threading.Event()
        self._transfer = Transfer(
            self._session,
            self.policy,
            on_progress=on_progress,
            room=self.store.room,
            stop=self._stop,
            sleep=sleep,
        )

    def stop(self) -> None:
        """End all downloads soon, from another thread; what has come is kept."""
        self._stop.set()

    def close(self) -> None:
        """Close connections."""
        self._session.close()

    def get(self, request: Request) -> Download:
        """File of a request.

        Raises
        ------
        SourceError
            It cannot be had, is not what it should be, or is not what the lock asks for.
        """
        with self._guard:
            host = self._hosts.setdefault(request.host, threading.Lock())
        with host:  # one request per host at a time
            found = self._here.get(request.key) or self._from_cache(request)
            if found is None:
                with self.store.only_one(request.key):
                    found = self._from_host(request)
            self._here[request.key] = found
            return found

    def get_all(self, requests: Sequence[Request]) -> list[Download]:
        """Files of several requests, in their order; all that fail are told at once.

        Raises
        ------
        SourceError
        """
        with ThreadPoolExecutor(max(1, min(self.policy.workers, len(requests)))) as pool:
            futures = [pool.submit(self.get, request) for request in requests]
        faults: list[Fault] = []
        found = []
        for future in futures:
            error = future.exception()
            if error is None:
                found.append(future.result())
            elif isinstance(error, SourceError):
                faults += as_faults(error)
            else:
                raise error
        if faults:
            raise SourceError(faults=faults)
        return found

    def json(self, request: Request) -> Any:
        """Parsed JSON of a request; see `get`."""
        return read_json(self.get(request))

    def _from_cache(self, request: Request) -> Download | None:
        """What needs no network: bytes that a lock names, or anything at all when offline."""
        wanted = self.locked.get(request.key)
        if wanted is not None:
            path = self.store.find(wanted.sha256, wanted.kind)
            if path is not None:
                return Download(
                    path, request.key, wanted.url, wanted.sha256, wanted.size, wanted.retrieved,
                    wanted.resolved, wanted.licence, wanted.vintage, wanted.kind,
                )  # fmt: skip
        if not self.offline:
            return None
        record = self.store.record(request.key)
        path = None if record is None else self.store.find(record.sha256, record.kind)
        if record is None or path is None or wanted is not None:
            what = "are not in the cache" if wanted is not None else "is not in the cache"
            raise SourceError(
                f"{shown_url(request.url)}: {'the locked bytes ' if wanted else ''}{what}, and the "
                "network is not to be used - run fetch without --offline"
            )
        return _download(request, record, path)

    def _from_host(self, request: Request) -> Download:
        record = self.store.record(request.key)
        known = None if record is None else self.store.find(record.sha256, record.kind)
        part = self.store.part_path(request.key)
        current = known is not None and record is not None and request.key not in self.locked
        answer = self._checked(
            request,
            part,
            etag=record.etag if current and record is not None else "",
            last_modified=record.last_modified if current and record is not None else "",
        )
        if answer.part is None:
            if record is None or known is None:
                raise SourceError(f"{shown_url(request.url)}: says that nothing changed, unasked")
            return _download(request, record, known)
        wanted = self.locked.get(request.key)
        path = self.store.take(answer.part, answer.sha256, request.kind)
        answer.part.with_suffix(".json").unlink(missing_ok=True)
        record = Record(
            url=request.url,
            sha256=answer.sha256,
            size=answer.size,
            kind=request.kind,
            retrieved=dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            resolved=answer.resolved,
            etag=answer.etag,
            last_modified=answer.last_modified,
        )
        self.store.note(request.key, record)
        if wanted is not None:
            if wanted.sha256 != answer.sha256:
                raise SourceError(
                    faults=[
                        Fault(
                            shown_url(request.url),
                            f"is not what the lock names (retrieved {wanted.retrieved}): SHA-256",
                            (f"{answer.sha256[:16]}…", f"locked {wanted.sha256[:16]}…"),
                            "the publisher has a newer file: fetch --update takes it and makes a "
                            "new lock",
                        )
                    ]
                )
            return Download(
                path, request.key, wanted.url, wanted.sha256, wanted.size, wanted.retrieved,
                wanted.resolved, wanted.licence, wanted.vintage, request.kind,
            )  # fmt: skip
        return _download(request, record, path)

    def _checked(self, request: Request, part: Path, *, etag: str, last_modified: str) -> Answer:
        """Download whose kind and checksum are right; a wrong checksum is tried once more."""
        for last in (False, True):
            answer = self._transfer.fetch(request, part, etag=etag, last_modified=last_modified)
            if answer.part is None:
                return answer
            wrong = wrong_kind(answer.part, request.kind)
            if wrong:
                self._drop(part)
                raise SourceError(
                    f"{shown_url(request.url)}: {wrong} - the address may have moved, or the "
                    "licence must be accepted there first: open it in a browser"
                )
            md5 = self._md5(request)
            if not md5 or md5 == answer.md5:
                return answer
            self._drop(part)
            if last:
                raise SourceError(
                    f"{shown_url(request.url)}: its checksum is wrong twice (MD5 {answer.md5}, the "
                    f"publisher says {md5}) - try again later"
                )
        raise AssertionError("unreachable")

    def _md5(self, request: Request) -> str:
        """Checksum that the publisher states; empty where there is none."""
        if request.md5_url is None or request.key in self.locked:
            return ""
        part = self.store.part_path(request.key + "-md5")
        try:
            self._transfer.fetch(Request(request.md5_url, "text", max_bytes=4096), part)
            words = part.read_text(encoding="ascii", errors="replace").split()
        except SourceError:
            return ""  # no statement is no contradiction
        finally:
            self._drop(part)
        return words[0].lower() if words and len(words[0]) == 32 else ""

    @staticmethod
    def _drop(part: Path) -> None:
        part.unlink(missing_ok=True)
        part.with_suffix(".json").unlink(missing_ok=True)


def _download(request: Request, record: Record, path: Path) -> Download:
    return Download(
        path, request.key, record.url, record.sha256, record.size, record.retrieved,
        record.resolved, request.licence, request.vintage, record.kind,
    )  # fmt: skip


def read_json(download: Download) -> Any:
    """Content of a JSON download.

    Raises
    ------
    SourceError
        It is no JSON, or larger than such an answer can be.
    """
    if download.size > SMALL:
        raise SourceError(f"{shown_url(download.url)}: is too large for an answer in JSON")
    try:
        return json.loads(download.path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{shown_url(download.url)}: is no valid JSON ({error})") from None


def as_faults(error: SourceError) -> tuple[Fault, ...]:
    """Faults of an error, also of one that was said in a sentence."""
    if error.faults:
        return error.faults
    where, _, what = str(error).partition(": ")
    return (Fault(where, what),)
