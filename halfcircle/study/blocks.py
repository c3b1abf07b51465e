"""Results of blocks of origins on disk, so that a killed run goes on where it was."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from halfcircle.errors import OutputError

__all__ = ["BlockStore", "run_key"]

FOLDER = ".blocks"


def run_key(parts: object) -> str:
    """Key of a run: a hash of everything that its results depend on (JSON values)."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class BlockStore:
    """Tables of finished blocks of one run.

    A block is written to a temporary file and renamed, so that a file that is there is whole.
    Blocks of other runs in the same folder are removed.

    Parameters
    ----------
    out : Path
        Output folder of the run; made when needed.
    key : str
        From `run_key`.
    resume : bool
        Keep what an earlier run of the same key has finished.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """

    def __init__(self, out: Path, key: str, *, resume: bool) -> None:
        self.folder = out / FOLDER / key
        try:
            if (out / FOLDER).is_dir():
                for other in (out / FOLDER).iterdir():
                    if other.name != key or not resume:
                        shutil.rmtree(other)
            self.folder.mkdir(parents=True, exist_ok=True)
            probe = self.folder / "probe.tmp"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise OutputError(
                f"{out}: the output folder cannot be written ({error.strerror or error}) - "
                "choose another one with --out"
            ) from None

    def table(self, name: str, build: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """The table of a block: read if it is there, else built and written."""
        path = self.folder / f"{name}.parquet"
        if path.exists():
            try:
                table: pd.DataFrame = pq.read_table(path).to_pandas()
                return table
            except (OSError, pa.ArrowException):
                path.unlink()  # not whole, whoever damaged it: build it again
        table = build()
        temporary = path.with_suffix(f".{os.getpid()}.tmp")
        try:
            table.to_parquet(temporary, index=False, compression="zstd")
            temporary.replace(path)
        except OSError as error:
            raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from None
        return table

    def close(self) -> None:
        """Remove the blocks of a run that is finished."""
        shutil.rmtree(self.folder, ignore_errors=True)
        parent = self.folder.parent
        if parent.is_dir() and not any(parent.iterdir()):
            parent.rmdir()
