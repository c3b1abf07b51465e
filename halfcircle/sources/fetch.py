"""Fetching: every file that a study names, made from locked downloads."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from halfcircle._files import sha256_of
from halfcircle.errors import Fault, OutputError, SourceError
from halfcircle.sources.adapters import ADAPTERS
from halfcircle.sources.client import Client, as_faults
from halfcircle.sources.job import Built, Entry, Job
from halfcircle.sources.lock import Lock, LockedDownload, LockedFile, lock_path, read_lock
from halfcircle.sources.plan import Plan, read_plan
from halfcircle.sources.request import OnProgress, Policy
from halfcircle.sources.store import default_cache

__all__ = ["fetch_study"]

OnFile = Callable[[str, str], None]


def fetch_study(
    study: Path,
    *,
    offline: bool = False,
    update: bool = False,
    cache: Path | None = None,
    policy: Policy | None = None,
    on_progress: OnProgress | None = None,
    on_file: OnFile | None = None,
) -> Lock:
    """Download what a study names, make its files, and write its lock.

    With a lock, exactly the locked bytes are used: from the cache where they are there, else from
    their address if it still gives them. Files that are there and right are left alone.

    Parameters
    ----------
    study : Path
        Study file with a table ``[fetch]``.
    offline : bool
        Never touch the network.
    update : bool
        Take what the publishers have now, and make a new lock.
    cache : Path, optional
        Folder of the cache, shared between studies; that of the user when left out.
    policy : Policy, optional
        Patience, limits, downloads at once.
    on_progress : callable, optional
        Told how far each download is, from several threads.
    on_file : callable, optional
        Told the name of each finished file, and how it was made.

    Returns
    -------
    Lock

    Raises
    ------
    SourceError
        All that cannot be had, at once. Files that could be made are kept, the lock is not
        written.
    OutputError
        The folder of the study cannot be written.
    """
    study = Path(study)
    plan = read_plan(study)
    if plan is None:
        raise SourceError(
            f"{study.name}: has no table [fetch], so there is nothing to download - "
            "halfcircle new writes such studies"
        )
    old = None if update else read_lock(lock_path(study))
    policy = policy or Policy()
    client = Client(
        cache or default_cache(),
        policy=policy,
        offline=offline,
        locked=None if old is None else old.downloads_by_key(),
        on_progress=on_progress,
    )
    try:
        made = _make_all(plan, client, old, policy.workers, on_file)
    except BaseException:
        client.stop()  # Ctrl-C must not wait for the end of large downloads
        raise
    finally:
        client.close()
    lock = _lock_of(plan, made)
    if old is None or old.text() != lock.text():
        lock.write(lock_path(study))
    return lock


class _Made(NamedTuple):
    """A finished file and what it was made of."""

    file: LockedFile
    downloads: tuple[LockedDownload, ...]


def _make_all(
    plan: Plan, client: Client, old: Lock | None, workers: int, on_file: OnFile | None
) -> list[_Made]:
    """Make all files: those that need others of the study after those."""
    faults: list[Fault] = []
    made: dict[str, _Made] = {}

    def one(entry: Entry) -> _Made:
        done = _make(entry, plan, client, old)
        if on_file is not None:
            on_file(entry.file, done.file.method)
        return done

    for wave in _waves(plan.entries):
        with ThreadPoolExecutor(workers) as pool:
            futures = [(entry, pool.submit(one, entry)) for entry in wave]
        for entry, future in futures:
            error = future.exception()
            if error is None:
                made[entry.file] = future.result()
            elif isinstance(error, SourceError):
                faults += as_faults(error)
            else:
                raise error
        if faults:
            raise SourceError(faults=dict.fromkeys(faults))
    return [made[entry.file] for entry in plan.entries]


def _waves(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Entries in the order in which they can be made."""
    left, done, waves = list(entries), set[str](), list[list[Entry]]()
    named = {entry.file for entry in entries}
    while left:
        wave = [entry for entry in left if not (_needs(entry) & named) - done]
        if not wave:
            files = ", ".join(entry.file for entry in left)
            raise SourceError(f"[[fetch.files]]: files that need each other in a circle: {files}")
        waves.append(wave)
        done |= {entry.file for entry in wave}
        left = [entry for entry in left if entry not in wave]
    return waves


def _needs(entry: Entry) -> set[str]:
    needed: set[str] = set()
    for key in ADAPTERS[entry.source].needs_files:
        value = entry.values.get(key)
        needed |= {value} if isinstance(value, str) else set(value or ())
    return needed


def _make(entry: Entry, plan: Plan, client: Client, old: Lock | None) -> _Made:
    target = plan.folder / entry.file
    unchanged = old is not None and old.fetch_sha256 == plan.sha256
    locked = next((f for f in old.files if f.path == entry.file), None) if old else None
    same_inputs = locked is not None and all(
        (plan.folder / name).is_file() and sha256_of(plan.folder / name) == sha256
        for name, sha256 in locked.inputs.items()
    )
    unchanged = unchanged and same_inputs
    if old is not None and locked is not None and unchanged and _is(target, locked):
        return _Made(locked, tuple(d for d in old.downloads if d.key in locked.downloads))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.parent.resolve().is_relative_to(plan.folder.resolve()):
            raise SourceError(f"{entry.where}: leads out of the folder of the study by a link")
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetch-") as scratch:
            new = Path(scratch) / target.name
            job = Job(entry, plan.area, plan.hosts, client, new, plan.folder, Path(scratch))
            made = _locked(job, ADAPTERS[entry.source].build(job))
            if locked is not None and unchanged and locked.sha256 != made.file.sha256:
                raise SourceError(
                    f"{entry.where}: made anew from the locked downloads it is not the file of the "
                    "lock (another version of halfcircle or GDAL) - fetch --update makes a new lock"
                )
            if not _is(target, made.file):
                new.replace(target)
    except OSError as error:
        raise OutputError(f"{target}: cannot be written ({error})") from error
    return made


def _is(path: Path, file: LockedFile) -> bool:
    return path.is_file() and path.stat().st_size == file.size and sha256_of(path) == file.sha256


def _locked(job: Job, built: Built) -> _Made:
    entry, adapter = job.entry, ADAPTERS[job.entry.source]
    downloads = tuple(
        LockedDownload(d.key, d.url, d.resolved, d.retrieved, d.sha256, d.size, d.kind,
                       d.licence or adapter.licence, d.vintage)
        for d in sorted(job.downloads, key=lambda d: (d.url, d.key))
    )  # fmt: skip
    file = LockedFile(
        path=entry.file,
        source=entry.source,
        sha256=sha256_of(job.target),
        size=job.target.stat().st_size,
        licence=entry.licence or built.licence or adapter.licence,
        vintage=entry.vintage or built.vintage,
        method=built.method,
        notes=built.notes,
        downloads=tuple(d.key for d in downloads),
        inputs={name: sha256_of(job.folder / name) for name in sorted(job.inputs)},
    )
    return _Made(file, downloads)


def _lock_of(plan: Plan, made: Sequence[_Made]) -> Lock:
    downloads = {d.key: d for item in made for d in item.downloads}
    return Lock(
        plan.study.name,
        plan.sha256,
        tuple(sorted(downloads.values(), key=lambda d: (d.url, d.key))),
        tuple(item.file for item in made),
    )
