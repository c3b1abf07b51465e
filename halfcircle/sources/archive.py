"""Archives from the network are opened as hostile: one named member, bounded, nothing else."""

from __future__ import annotations

import fnmatch
import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from halfcircle.errors import Fault, SourceError

__all__ = ["member_names", "open_member", "unpack_member"]

GIB = 2**30
MOST_BYTES = 32 * GIB
MOST_RATIO = 400.0
RATIO_FROM = 64 * 2**20
BLOCK = 2**20
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
)


class _Bounded(io.RawIOBase):
    """A member that stops being read where it grows beyond all measure."""

    def __init__(self, raw: IO[bytes], *, where: str, packed: int, most_bytes: int) -> None:
        self._raw = raw
        self._where = where
        self._packed = max(packed, 1)
        self._most = most_bytes
        self._n = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        try:
            data = self._raw.read(len(view))
        except BAD_ARCHIVE as error:
            raise SourceError(
                f"{self._where}: cannot be unpacked ({error}) - fetch it again"
            ) from None
        self._n += len(data)
        if self._n > self._most:
            raise SourceError(f"{self._where}: unpacks to more than {self._most:,} bytes")
        if self._n > RATIO_FROM and self._n > MOST_RATIO * self._packed:
            raise SourceError(f"{self._where}: unpacks to more than {MOST_RATIO:g} times its size")
        view[: len(data)] = data
        return len(data)


def member_names(path: Path, *, where: str) -> list[str]:
    """Names of the plain files in a zip archive.

    Raises
    ------
    SourceError
        It is no zip archive.
    """
    with _opened(path, where) as archive:
        return [info.filename for info in _plain(archive)]


@contextmanager
def open_member(
    path: Path, pattern: str, *, where: str, most_bytes: int = MOST_BYTES
) -> Iterator[io.BufferedReader]:
    """Bytes of the one member that fits a pattern such as ``*.csv``, without regard to folders.

    Raises
    ------
    SourceError
        No member fits or several do, the archive is damaged, encrypted, or unpacks beyond measure.
    """
    with _opened(path, where) as archive:
        plain = _plain(archive)
        fitting = [info for info in plain if _fits(info.filename, pattern)]
        if len(fitting) != 1:
            what = "holds no member" if not fitting else "holds several members"
            shown = tuple(info.filename for info in (fitting or plain))
            raise SourceError(
                faults=[
                    Fault(
                        where, f"{what} that fit {pattern!r}", shown[:5], "name one: member = …",
                        count=len(shown),
                    )
                ]
            )  # fmt: skip
        info = fitting[0]
        label = f"{where} {info.filename}"
        if info.flag_bits & 0x1:
            raise SourceError(f"{label}: is encrypted")
        try:
            raw = archive.open(info)
        except BAD_ARCHIVE as error:
            raise SourceError(f"{label}: cannot be unpacked ({error})") from None
        with raw:
            bounded = _Bounded(raw, where=label, packed=info.compress_size, most_bytes=most_bytes)
            yield io.BufferedReader(bounded, BLOCK)


def unpack_member(
    path: Path, pattern: str, target: Path, *, where: str, most_bytes: int = MOST_BYTES
) -> Path:
    """Unpack the one member that fits a pattern into a file of our own choosing; see `open_member`.

    Returns
    -------
    Path
        `target`.
    """
    with (
        open_member(path, pattern, where=where, most_bytes=most_bytes) as member,
        target.open("wb") as file,
    ):
        while block := member.read(BLOCK):
            file.write(block)
    return target


def _fits(name: str, pattern: str) -> bool:
    name = name.lower().replace("\\", "/")
    pattern = pattern.lower()
    return name == pattern or fnmatch.fnmatch(name.rsplit("/", 1)[-1], pattern)


def _plain(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Members that are files: no folders, no links, nothing of the archiver's own."""
    return [
        info
        for info in archive.infolist()
        if not info.is_dir()
        and not stat.S_ISLNK(info.external_attr >> 16)
        and not info.filename.startswith("__MACOSX/")
    ]


@contextmanager
def _opened(path: Path, where: str) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except BAD_ARCHIVE as error:
        raise SourceError(f"{where}: is no zip archive that can be read ({error})") from None
    with archive:
        yield archive
