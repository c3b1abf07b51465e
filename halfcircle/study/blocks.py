"""Results of blocks of origins on disk, so that a killed run goes on where it was."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from halfcircle._files import replacing, write_text
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

    def tables(
        self, name: str, build: Callable[[], dict[str, pd.DataFrame]]
    ) -> dict[str, pd.DataFrame]:
        """The tables of a block: read if they are there, else built and written.

        Parameters
        ----------
        name : str
            Of the block.
        build : callable
            Gives the tables by name.
        """
        done = self.folder / f"{name}.json"
        if done.exists():
            try:
                names = json.loads(done.read_text(encoding="utf-8"))
                return {table: _read(self.folder / f"{name}-{table}.parquet") for table in names}
            except (OSError, ValueError, pa.ArrowException):
                pass  # not whole, whoever damaged it: build it again
        tables = build()
        for table, frame in tables.items():
            with replacing(self.folder / f"{name}-{table}.parquet") as temporary:
                frame.to_parquet(temporary, index=False, compression="zstd")
        # Written last: where it is, the tables are whole.
        write_text(done, json.dumps(list(tables)))
        return tables

    def close(self) -> None:
        """Remove the blocks of a run that is finished."""
        shutil.rmtree(self.folder, ignore_errors=True)
        parent = self.folder.parent
        if parent.is_dir() and not any(parent.iterdir()):
            parent.rmdir()


def _read(path: Path) -> pd.DataFrame:
    table: pd.DataFrame = pq.read_table(path).to_pandas()
    return table
