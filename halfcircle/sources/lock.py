"""``study.lock``: exactly which bytes a study was made of."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from halfcircle._checks import Faults
from halfcircle._files import sha256_of, write_text
from halfcircle.errors import SourceError
from halfcircle.sources.client import Download
from halfcircle.sources.plan import read_plan

__all__ = ["Lock", "LockedDownload", "LockedFile", "check_lock", "lock_path", "read_lock"]

VERSION = 1


@dataclass(frozen=True)
class LockedDownload:
    """One download: address, when it was retrieved (UTC), hash, size, licence, vintage."""

    key: str
    url: str
    resolved: str
    retrieved: str
    sha256: str
    size: int
    kind: str
    licence: str
    vintage: str


@dataclass(frozen=True)
class LockedFile:
    """One file of the study: hash, size, how it was made, of which downloads (keys) and files.

    `inputs` gives the SHA-256 of other files of the study that it was made of.
    """

    path: str
    source: str
    sha256: str
    size: int
    licence: str
    vintage: str
    method: str
    notes: tuple[str, ...]
    downloads: tuple[str, ...]
    inputs: dict[str, str]


@dataclass(frozen=True)
class Lock:
    """What a study is made of.

    Parameters
    ----------
    study : str
        Name of the study file.
    fetch_sha256 : str
        Of its table ``[fetch]`` when the lock was made.
    downloads : tuple of LockedDownload
    files : tuple of LockedFile
    """

    study: str
    fetch_sha256: str
    downloads: tuple[LockedDownload, ...]
    files: tuple[LockedFile, ...]

    def file_at(self, path: str) -> LockedFile | None:
        """What is known of a file, by its path in the folder of the study."""
        return next((file for file in self.files if file.path == path), None)

    def text(self) -> str:
        """Lock as JSON, the same text for the same lock."""
        values = {"version": VERSION, **asdict(self)}
        return json.dumps(values, indent=2, ensure_ascii=False) + "\n"

    def write(self, path: Path) -> None:
        """Write in one step."""
        write_text(path, self.text())

    def downloads_by_key(self) -> dict[str, Download]:
        """For a client that shall take exactly these bytes."""
        return {
            d.key: Download(Path(), d.key, d.url, d.sha256, d.size, d.retrieved, d.resolved,
                            d.licence, d.vintage, d.kind)
            for d in self.downloads
        }  # fmt: skip


def lock_path(study: Path) -> Path:
    """Where the lock of a study lies: beside it."""
    return study.with_suffix(".lock")


def read_lock(path: Path) -> Lock | None:
    """Lock from a file; None where there is none.

    Raises
    ------
    SourceError
        The file is no lock.
    """
    if not path.is_file():
        return None
    try:
        values: Any = json.loads(path.read_text("utf-8"))
        if values.pop("version") != VERSION:
            raise SourceError(f"{path.name}: is a lock of another version - fetch --update")
        downloads = tuple(LockedDownload(**row) for row in values["downloads"])
        rows: list[dict[str, Any]] = [
            {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}
            for row in values["files"]
        ]
        files = tuple(LockedFile(**row) for row in rows)
        return Lock(str(values["study"]), str(values["fetch_sha256"]), downloads, files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(
            f"{path.name}: is no lock that can be read ({error}) - delete it and fetch again"
        ) from None


def check_lock(study: Path) -> Lock | None:
    """Check, before a run, that the fetched files of a study are those that its lock names.

    Parameters
    ----------
    study : Path
        Study file.

    Returns
    -------
    Lock or None
        None for a study that fetches nothing.

    Raises
    ------
    SourceError
        Nothing was fetched yet, the study file names other downloads than the lock, or files are
        missing or differ: all of it at once.
    """
    study = Path(study)
    plan = read_plan(study)
    if plan is None:
        return None
    lock = read_lock(lock_path(study))
    command = f"halfcircle fetch {study.name}"
    if lock is None:
        raise SourceError(f"{study.name}: its data is not here yet - first run: {command}")
    faults = Faults()
    where = lock_path(study).name
    if lock.fetch_sha256 != plan.sha256:
        faults.add(where, f"[fetch] in {study.name} changed since", remedy=f"run: {command}")
    for file in lock.files:
        path = study.parent / file.path
        if not path.is_file():
            faults.add(where, "a file that it names is missing", values=[file.path],
                       remedy=f"run: {command}")  # fmt: skip
        elif path.stat().st_size != file.size or sha256_of(path) != file.sha256:
            faults.add(where, "a file is not the one that it names", values=[file.path],
                       remedy=f"take the locked one back with {command}, or take the new one with "
                       f"{command} --update")  # fmt: skip
    fetched = {file.path for file in lock.files}
    inputs = {name: sha for file in lock.files for name, sha in file.inputs.items()}
    for name, sha256 in inputs.items():
        path = study.parent / name
        if name not in fetched and not (path.is_file() and sha256_of(path) == sha256):
            faults.add(where, "a file that others are made of changed since", values=[name],
                       remedy=f"run: {command}")  # fmt: skip
    faults.raise_errors(SourceError)
    return lock
