"""What is asked of a host: an address, what to expect back, and how patient to be."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from halfcircle._checks import Faults
from halfcircle.errors import SourceError

__all__ = ["OnProgress", "Policy", "Request", "Step", "shown_url"]

GIB = 2**30
KEY = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
KEY_PREFIX = "HALFCIRCLE_"
SECRET = re.compile(
    r"(^|[-_])(api|access|subscription)?(key|token|secret|password|signature|sig)$|^authorization$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Policy:
    """How downloads behave.

    Parameters
    ----------
    connect_s, read_s : float, seconds
        How long to wait for a connection, and for the next bytes.
    attempts : int
        How often to try without progress before giving up.
    first_wait_s, longest_wait_s : float, seconds
        Waits between attempts double from the first; a host that asks for more than the longest
        (Retry-After) is reported instead.
    slowest_bytes_s, patience_s : float
        A transfer slower than this over the whole patience counts as cut.
    max_bytes : int, optional
        Largest file; what each adapter expects at most where left out.
    workers : int
        Downloads at once, one per host.
    """

    connect_s: float = 15.0
    read_s: float = 60.0
    attempts: int = 5
    first_wait_s: float = 1.0
    longest_wait_s: float = 120.0
    slowest_bytes_s: float = 512.0
    patience_s: float = 60.0
    max_bytes: int | None = None
    workers: int = 4


@dataclass(frozen=True)
class Request:
    """One download.

    Parameters
    ----------
    url : str
        Address. ``${HALFCIRCLE_NAME}`` in it, or in a header, stands for an environment variable:
        access keys are filled in at the moment of asking and written nowhere. No other variable is
        taken: a study file from somebody else must not send secrets away.
    kind : str
        What must come back: ``zip``, ``pbf``, ``xml``, ``json``, ``csv``, ``tiff``, ``gpkg``,
        ``text`` or ``any``.
    headers : mapping of str to str
    body : str, optional
        Sent by POST as form text.
    max_bytes : int
        Largest answer taken.
    md5_url : str, optional
        Address of a file that holds the MD5 of the answer, as Geofabrik has them.
    licence, vintage : str
        For the lock and the report.
    """

    url: str
    kind: str = "any"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    max_bytes: int = 16 * GIB
    md5_url: str | None = None
    licence: str = ""
    vintage: str = ""

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SourceError(f"{shown_url(self.url)}: is no address that starts with https://")
        given = (*parse_qsl(parts.query), *self.headers.items())
        secret = any(SECRET.search(name) and not KEY.search(value) for name, value in given)
        if parts.username or parts.password or secret:
            raise SourceError(
                f"{parts.scheme}://{parts.hostname}{parts.path}: the study holds an access key or "
                "password - put it into an environment variable and write ${HALFCIRCLE_NAME} in "
                "its place"
            )
        named = {name for _, value in (("", self.url), *given) for name in KEY.findall(value)}
        foreign = sorted(name for name in named if not name.startswith(KEY_PREFIX))
        if foreign:
            raise SourceError(
                f"{shown_url(self.url)}: may only take environment variables that begin with "
                f"{KEY_PREFIX}, not {', '.join(foreign)}"
            )

    @property
    def key(self) -> str:
        """Name of this request in the cache: of what is asked, never of a secret."""
        parts = (self.url, self.body or "", *(f"{k}:{v}" for k, v in sorted(self.headers.items())))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @property
    def host(self) -> str:
        """Host and port."""
        return urlsplit(self.url).netloc.lower()

    def with_keys(self) -> tuple[str, dict[str, str]]:
        """URL and headers with access keys filled in.

        Raises
        ------
        SourceError
            An environment variable is not set.
        """
        faults = Faults()

        def fill(text: str) -> str:
            def value(match: re.Match[str]) -> str:
                found = os.environ.get(match[1], "")
                if not found:
                    faults.add(
                        shown_url(self.url),
                        "needs an access key in an environment variable",
                        values=[match[1]],
                        remedy=f"ask the publisher for a key, then: export {match[1]}=...",
                    )
                return found

            return KEY.sub(value, text)

        url = fill(self.url)
        headers = {name: fill(text) for name, text in self.headers.items()}
        faults.raise_errors(SourceError)
        return url, headers


class Step(NamedTuple):
    """How far a download is: bytes so far, and in all where the host says it."""

    url: str
    done: int
    total: int | None
    note: str = ""


OnProgress = Callable[[Step], None]


def shown_url(url: str) -> str:
    """URL for messages: without user name and password; keys are still ``${NAME}`` in it."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, parts.query, ""))
