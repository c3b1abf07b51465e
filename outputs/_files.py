"""Files appear whole or not at all: written beside their place, then renamed into it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path

from halfcircle.errors import OutputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Temporary path next to `path`, with its suffix; renamed to `path` if the block succeeds."""
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        yield temporary
        temporary.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"{path}: cannot be written: {reason}") from error
    finally:
        # The folder itself may be what is wrong: a path through a file, a read-only disk.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str, *, encoding: str = "utf-8") -> Path:
    """Write text atomically, with line ends as given."""
    with replacing(path) as temporary:
        temporary.write_bytes(text.encode(encoding))
    return path


def asset(folder: str, name: str) -> str:
    """Text of a file that is shipped with the package, also from a zipped wheel."""
    return (resources.files(__package__) / folder / name).read_text(encoding="utf-8")


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
