"""Open a feed (zip file or folder) as byte streams of bounded length; nothing goes to disk."""

from __future__ import annotations

import difflib
import lzma
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from halfcircle._checks import Faults
from halfcircle.errors import Fault, FeedError
from halfcircle.gtfs.limits import Limits
from halfcircle.gtfs.schema import FILES, FLEX_FILES

# What the standard library raises on archives that are cut off, encrypted or made up.
BAD_ARCHIVE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    MemoryError,
)


class ByteSource(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass
class Budget:
    """Bytes that may still be unpacked, over all files of a feed."""

    left: int


class BoundedReader:
    """Reads of one file, charged to the budget of its feed."""

    def __init__(
        self, raw: IO[bytes], *, where: str, budget: Budget, limits: Limits, packed: int | None
    ) -> None:
        self._raw = raw
        self._where = where
        self._budget = budget
        self._limits = limits
        self._packed = packed
        self.n_bytes = 0

    def read(self, size: int, /) -> bytes:
        try:
            data = self._raw.read(size)
        except BAD_ARCHIVE as error:
            raise FeedError(
                faults=[
                    Fault(
                        self._where,
                        "cannot be unpacked",
                        (str(error),),
                        "fetch the feed again: the file is damaged",
                    )
                ]
            ) from error
        self.n_bytes += len(data)
        self._budget.left -= len(data)
        if self._budget.left < 0:
            raise FeedError(
                faults=[
                    Fault(
                        self._where,
                        f"the feed unpacks to more than {self._limits.total_bytes:,} bytes",
                        remedy="in Python, pass larger Limits(total_bytes=...) if it is trusted",
                    )
                ]
            )
        if (
            self._packed is not None
            and self.n_bytes > self._limits.ratio_from_bytes
            and self.n_bytes > self._limits.ratio * max(self._packed, 1)
        ):
            raise FeedError(
                faults=[
                    Fault(
                        self._where,
                        f"unpacks to more than {self._limits.ratio:g} times its packed size",
                        remedy="in Python, pass larger Limits(ratio=...) if the feed is trusted",
                    )
                ]
            )
        return data


@dataclass
class Archive:
    """Members of a feed by table name (``stops``), and what else lies in it."""

    where: str
    limits: Limits
    budget: Budget
    members: dict[str, zipfile.ZipInfo | Path] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    zip: zipfile.ZipFile | None = None

    @contextmanager
    def open(self, table: str) -> Iterator[BoundedReader]:
        """Stream of one table's bytes."""
        member = self.members[table]
        where = f"{table}.txt"
        packed: int | None = None
        try:
            if isinstance(member, Path):
                raw: IO[bytes] = member.open("rb")
            else:
                if self.zip is None:
                    raise FeedError(f"{where}: the archive is closed")
                raw = self.zip.open(member)
                packed = member.compress_size
        except BAD_ARCHIVE as error:
            if isinstance(error, RuntimeError) and "password" in str(error):
                fault = Fault(where, "is protected by a password", remedy="unpack it first")
                raise FeedError(faults=[fault]) from error
            raise FeedError(faults=[Fault(where, "cannot be read", (str(error),))]) from error
        with raw:
            yield BoundedReader(
                raw, where=where, budget=self.budget, limits=self.limits, packed=packed
            )


@contextmanager
def open_archive(path: Path, *, limits: Limits) -> Iterator[Archive]:
    """Open a zip file or a folder; the tables may lie in a folder inside it."""
    archive = Archive(path.name, limits, Budget(limits.total_bytes))
    if path.is_dir():
        _list_folder(path, archive)
        yield archive
        return
    if not path.is_file():
        raise FeedError(
            faults=[Fault(str(path), "no such file or folder", remedy="check the path of the feed")]
        )
    try:
        opened = zipfile.ZipFile(path)
    except BAD_ARCHIVE as error:
        raise FeedError(
            faults=[
                Fault(
                    str(path),
                    "is not a zip file that can be read",
                    (str(error),),
                    "a feed is a zip file or a folder of .txt files",
                )
            ]
        ) from error
    with opened:
        archive.zip = opened
        _list_zip(opened, archive)
        yield archive


def _list_zip(opened: zipfile.ZipFile, archive: Archive) -> None:
    infos = opened.infolist()
    _check_members(len(infos), archive)
    usable: dict[str, zipfile.ZipInfo] = {}
    escaping: list[str] = []
    twice: list[str] = []
    for info in infos:
        name = info.filename.replace("\\", "/")
        if info.is_dir() or stat.S_ISLNK(info.external_attr >> 16):
            continue
        parts = PurePosixPath(name).parts
        if name.startswith("/") or ".." in parts or ":" in name:
            escaping.append(info.filename)
        elif parts and parts[0] != "__MACOSX" and not parts[-1].startswith("."):
            if name in usable:
                twice.append(name)
            usable.setdefault(name, info)
    if escaping:
        archive.faults.warn(
            archive.where, "names that point outside the archive are ignored", values=escaping
        )
    if twice:
        archive.faults.warn(archive.where, "a name occurs twice; the first is read", values=twice)
    _choose(usable, archive)


def _list_folder(path: Path, archive: Archive) -> None:
    root = path.resolve()
    usable: dict[str, Path] = {}
    escaping: list[str] = []
    n_seen = 0
    # Two levels are enough for a folder around the tables; deeper trees are not feeds.
    for pattern in ("*", "*/*"):
        for file in sorted(path.glob(pattern)):
            n_seen += 1
            _check_members(n_seen, archive)
            if file.name.startswith(".") or not file.is_file():
                continue
            name = file.relative_to(path).as_posix()
            if not file.resolve().is_relative_to(root):
                escaping.append(name)
            else:
                usable[name] = file
    if escaping:
        archive.faults.warn(
            archive.where, "links that point outside the folder are ignored", values=escaping
        )
    _choose(usable, archive)


def _check_members(n_members: int, archive: Archive) -> None:
    if n_members > archive.limits.members:
        raise FeedError(
            faults=[
                Fault(
                    archive.where,
                    f"holds more than {archive.limits.members:,} files",
                    remedy="in Python, pass larger Limits(members=...) if the feed is trusted",
                )
            ]
        )


def _choose(usable: Mapping[str, zipfile.ZipInfo | Path], archive: Archive) -> None:
    """Keep the folder that holds most tables; the shallowest, then the first by name, on a tie."""
    votes: Counter[str] = Counter()
    for name in usable:
        path = PurePosixPath(name)
        if path.suffix.lower() == ".txt" and path.stem.lower().strip() in FILES:
            votes[path.parent.as_posix()] += 1
    if not votes:
        inner = [name for name in usable if name.lower().endswith(".zip")]
        raise FeedError(
            faults=[
                Fault(
                    archive.where,
                    "holds no GTFS table",
                    tuple(sorted(usable)[:5]),
                    "unpack the inner zip file and give its path"
                    if inner
                    else "expected stops.txt, trips.txt, stop_times.txt, ...",
                )
            ]
        )
    home = min(votes, key=lambda folder: (-votes[folder], folder.count("/"), folder))
    if home != ".":
        archive.faults.add(
            archive.where, "the tables lie in a folder", values=[home], severity="notice"
        )
    odd_names: list[str] = []
    for name, member in sorted(usable.items()):
        path = PurePosixPath(name)
        if path.parent.as_posix() != home:
            archive.unused.append(name)
            continue
        table = path.stem.lower().strip()
        if path.suffix.lower() != ".txt" or table not in FILES:
            archive.unused.append(path.name)
            continue
        if path.name != f"{table}.txt":
            odd_names.append(path.name)
        archive.members.setdefault(table, member)
    if odd_names:
        archive.faults.add(
            archive.where, "file names in unusual spelling", values=odd_names, severity="notice"
        )
    flex = [name for name in archive.unused if PurePosixPath(name).name in FLEX_FILES]
    if flex:
        archive.faults.add(
            archive.where,
            "GTFS-Flex files are not used: service on demand is not part of the timetable",
            values=flex,
            severity="notice",
        )
    alike: list[str] = []
    for name in archive.unused:
        close = difflib.get_close_matches(PurePosixPath(name).stem.lower(), FILES, n=1, cutoff=0.7)
        if close and name not in flex and close[0] not in archive.members:
            alike.append(name)
            archive.faults.warn(
                name, "is not used", remedy=f"did you mean {close[0]}.txt? Rename it then"
            )
    other = [name for name in archive.unused if name not in flex and name not in alike]
    if other:
        archive.faults.add(
            archive.where, "files that are not used", values=other, severity="notice"
        )
