"""Disk cache by content: a key from input bytes and parameters, files written atomically.

Nothing is ever read from the cache that does not carry the right key and whole arrays (the zip
container of an npz file checks the CRC of every member); anything else is built anew.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from halfcircle._files import replacing
from halfcircle.errors import OutputError

__all__ = ["CODE_VERSION", "cached", "content_key"]

CODE_VERSION = "streets-1"
"""Changes whenever the same input would give another network."""

Arrays = Mapping[str, npt.NDArray[Any]]
T = TypeVar("T")


def content_key(parts: Iterable[object], *, version: str = CODE_VERSION) -> str:
    """Key of something built from `parts`, in 32 hexadecimal digits.

    Parameters
    ----------
    parts : iterable
        Digests of inputs and parameters, in a fixed order. Arrays count by dtype, shape and
        bytes; everything else by its ``repr``.
    version : str
        Version of the code that builds it.
    """
    digest = hashlib.sha256(version.encode())
    for part in parts:
        if isinstance(part, np.ndarray):
            head = f"{part.dtype}{part.shape}".encode()
            body = repr(part.tolist()).encode() if part.dtype == object else part.tobytes()
        else:
            head, body = b"", repr(part).encode()
        # Lengths keep ("ab", "c") and ("a", "bc") apart.
        digest.update(f"|{len(head)},{len(body)}|".encode())
        digest.update(head)
        digest.update(body)
    return digest.hexdigest()[:32]


def cached(
    cache_dir: str | os.PathLike[str] | None,
    *,
    name: str,
    key: str,
    build: Callable[[], T],
    to_arrays: Callable[[T], Arrays],
    from_arrays: Callable[[Arrays], T],
) -> T:
    """Read what has this key from the cache, or build it and write it there.

    Parameters
    ----------
    cache_dir : path or None
        Folder, made when needed; None switches the cache off.
    name : str
        What it is; begins the file name.
    key : str
        From `content_key`.
    build : callable
        Makes it when the cache has no whole file of this key.
    to_arrays, from_arrays : callable
        Between the thing and plain arrays (no pickles: a cache file cannot run code).
    """
    if cache_dir is None:
        return build()
    path = Path(cache_dir) / f"{name}-{key}.npz"
    arrays = _read(path, key)
    if arrays is not None:
        try:
            return from_arrays(arrays)
        except Exception:  # noqa: S110 - whatever a damaged file breaks, we build anew
            pass
    built = build()
    _write(path, key, to_arrays(built))
    return built


def _read(path: Path, key: str) -> dict[str, npt.NDArray[Any]] | None:
    try:
        # Opened here, so that it is also closed when numpy finds it damaged.
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, MemoryError):
        return None
    return arrays if str(arrays.pop("cache_key", "")) == key else None


def _write(path: Path, key: str, arrays: Arrays) -> None:
    # A cache that cannot be written is no reason to fail.
    with suppress(OutputError), replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, cache_key=np.array(key), **arrays)  # type: ignore[arg-type]
