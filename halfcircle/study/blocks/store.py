"""Results of blocks of origins on disk, so that a killed run goes on where it was.

Where blocks that are not there yet are computed, a `Runner` decides: in this process, or on the
workers of a cluster (`halfcircle.study.blocks.cluster`).
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from halfcircle._files import replacing, write_text
from halfcircle.errors import OutputError
from halfcircle.study.progress import Progress

__all__ = ["BlockJob", "BlockStore", "Here", "Runner", "run_key"]

FOLDER = ".blocks"
Block = npt.NDArray[np.int64]
Tables = dict[str, pd.DataFrame]


class BlockJob(Protocol):
    """What is computed for every block of origins."""

    @property
    def here_only(self) -> bool:
        """Whether it needs files or processes of this machine."""

    def tables(self, block: Block) -> Tables:
        """Tables by name, of a block of origins."""


class Runner(Protocol):
    """Where blocks are computed."""

    @property
    def parts(self) -> int:
        """Blocks that all origins should at least make, to keep everybody busy."""

    def run(self, job: BlockJob, blocks: Mapping[str, Block]) -> Iterator[tuple[str, Tables]]:
        """Names and tables of all blocks, in whatever order they are finished."""


class Here:
    """Blocks computed in this process, one after the other; each takes several threads."""

    parts = 1

    def run(self, job: BlockJob, blocks: Mapping[str, Block]) -> Iterator[tuple[str, Tables]]:
        """Names and tables, in the order of `blocks`."""
        for name, block in blocks.items():
            yield name, job.tables(block)


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
    runner : Runner, optional
        Where blocks of origins are computed; in this process when left out.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """

    def __init__(self, out: Path, key: str, *, resume: bool, runner: Runner | None = None) -> None:
        self.runner = runner or Here()
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

    def tables(self, name: str, build: Callable[[], Tables]) -> Tables:
        """The tables of a block: read if they are there, else built and written.

        Parameters
        ----------
        name : str
            Of the block.
        build : callable
            Gives the tables by name.
        """
        tables = self._read(name)
        if tables is None:
            tables = build()
            self._write(name, tables)
        return tables

    def all_tables(
        self, job: BlockJob, blocks: Mapping[str, Block], *, progress: Progress, label: str
    ) -> list[Tables]:
        """The tables of many blocks: those that are not there are computed by the runner.

        Each block is written as soon as it is finished.

        Parameters
        ----------
        job : BlockJob
        blocks : mapping of str to array of int64
            Origins of each block, by the name of the block.
        progress : Progress
        label : str
            What is told about it.

        Returns
        -------
        list of dict of str to DataFrame
            In the order of `blocks`, whatever the order in which they were finished.
        """
        found = dict(progress.loop(self._each(job, blocks), total=len(blocks), label=label))
        return [found[name] for name in blocks]

    def _each(self, job: BlockJob, blocks: Mapping[str, Block]) -> Iterator[tuple[str, Tables]]:
        missing = {}
        for name, block in blocks.items():
            tables = self._read(name)
            if tables is None:
                missing[name] = block
            else:
                yield name, tables
        runner = Here() if job.here_only else self.runner
        for name, tables in runner.run(job, missing):
            self._write(name, tables)
            yield name, tables

    def _read(self, name: str) -> Tables | None:
        done = self.folder / f"{name}.json"
        if done.exists():
            try:
                names = json.loads(done.read_text(encoding="utf-8"))
                return {table: _read(self.folder / f"{name}-{table}.parquet") for table in names}
            except (OSError, ValueError, pa.ArrowException):
                pass  # not whole, whoever damaged it: build it again
        return None

    def _write(self, name: str, tables: Tables) -> None:
        for table, frame in tables.items():
            with replacing(self.folder / f"{name}-{table}.parquet") as temporary:
                frame.to_parquet(temporary, index=False, compression="zstd")
        # Written last: where it is, the tables are whole.
        write_text(self.folder / f"{name}.json", json.dumps(list(tables)))

    def close(self) -> None:
        """Remove the blocks of a run that is finished."""
        shutil.rmtree(self.folder, ignore_errors=True)
        parent = self.folder.parent
        if parent.is_dir() and not any(parent.iterdir()):
            parent.rmdir()


def _read(path: Path) -> pd.DataFrame:
    table: pd.DataFrame = pq.read_table(path).to_pandas()
    return table
