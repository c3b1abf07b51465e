"""The cache of downloads, shared between studies: files by their hash, addresses beside them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from halfcircle._files import sha256_of, write_text
from halfcircle.errors import SourceError

__all__ = ["Record", "Store", "default_cache"]

BLOCK = 2**20


def default_cache() -> Path:
    """``$HALFCIRCLE_CACHE``, else the user's cache folder."""
    named = os.environ.get("HALFCIRCLE_CACHE")
    if named:
        return Path(named).expanduser()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "halfcircle" / "downloads"


@dataclass(frozen=True)
class Record:
    """What the cache knows of one address.

    Parameters
    ----------
    url : str
        As asked, with ``${NAME}`` in place of keys.
    sha256 : str
    size : int
    kind : str
        Ending of the file in the cache.
    retrieved : str
        UTC, ISO 8601.
    resolved : str
        Address after redirects, without its query.
    etag, last_modified : str
        As the host gave them.
    """

    url: str
    sha256: str
    size: int
    kind: str
    retrieved: str
    resolved: str = ""
    etag: str = ""
    last_modified: str = ""


class Store:
    """Files of the cache.

    Parameters
    ----------
    root : Path
        Folder; made when needed.

    Raises
    ------
    SourceError
        The folder cannot be written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        try:
            for name in ("objects", "index", "parts"):
                (root / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SourceError(
                f"{root}: the cache of downloads cannot be written ({error}) - "
                "set HALFCIRCLE_CACHE to a folder of your own"
            ) from error
        self._verified: set[str] = set()

    def object_path(self, sha256: str, kind: str) -> Path:
        """Where a file of this hash lies, or would lie."""
        suffix = "" if kind in ("any", "text") else f".{kind}"
        return self.root / "objects" / sha256[:2] / f"{sha256}{suffix}"

    def find(self, sha256: str, kind: str) -> Path | None:
        """File of this hash if it is there, whole; a damaged one is thrown away."""
        path = self.object_path(sha256, kind)
        if not path.is_file():
            return None
        if sha256 not in self._verified:
            if sha256_of(path) != sha256:
                path.unlink(missing_ok=True)
                return None
            self._verified.add(sha256)
        return path

    def record(self, key: str) -> Record | None:
        """What is known of an address; None where nothing is, or the note is damaged."""
        try:
            values = json.loads((self.root / "index" / f"{key}.json").read_text("utf-8"))
            return Record(**values)
        except (OSError, ValueError, TypeError):
            return None

    def note(self, key: str, record: Record) -> None:
        """Remember an address."""
        write_text(
            self.root / "index" / f"{key}.json",
            json.dumps(asdict(record), indent=1, sort_keys=True) + "\n",
        )

    def part_path(self, key: str) -> Path:
        """Where the beginning of an unfinished download lies."""
        return self.root / "parts" / f"{key}.part"

    def take(self, part: Path, sha256: str, kind: str) -> Path:
        """Move a finished download to its place, in one step."""
        target = self.object_path(sha256, kind)
        target.parent.mkdir(parents=True, exist_ok=True)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(target)
        self._verified.add(sha256)
        return target

    def room(self) -> int:
        """Bytes free on the disk of the cache."""
        return shutil.disk_usage(self.root).free

    @contextlib.contextmanager
    def only_one(self, key: str) -> Iterator[None]:
        """Keep other processes off an address while it is downloaded."""
        with (self.root / "parts" / f"{key}.lock").open("w") as file:
            _lock(file.fileno())
            yield


if sys.platform == "win32":

    def _lock(descriptor: int) -> None:
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)

else:

    def _lock(descriptor: int) -> None:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX)
