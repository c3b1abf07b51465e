"""Files appear whole or not at all: written beside their place, then renamed into it."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from halfcircle.errors import OutputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Temporary path next to `path`, with its suffix; renamed to `path` if the block succeeds.

    Raises
    ------
    OutputError
        The file cannot be written; what was there before is left as it was.
    """
    writer = f"{os.getpid()}-{threading.get_ident()}"
    temporary = path.with_name(f".{path.stem}.{writer}{path.suffix}")
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
    """Write text as `replacing` does, with line ends as given; returns the path."""
    with replacing(path) as temporary:
        temporary.write_bytes(text.encode(encoding))
    return path


def sha256_of(path: str | os.PathLike[str]) -> str:
    """SHA-256 of the content of a file, in hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
