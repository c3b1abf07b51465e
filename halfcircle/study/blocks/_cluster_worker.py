"""What runs on the workers of a cluster: a job is held once, blocks of it are computed."""

from __future__ import annotations

import hashlib
import pickle
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

import halfcircle
from halfcircle.errors import HalfcircleError
from halfcircle.study.blocks.parts import parts_of
from halfcircle.study.blocks.store import BlockJob

WorkerPlugin: Any
try:
    from distributed import WorkerPlugin, get_worker
except ImportError:  # the extra is not installed; `halfcircle.study.blocks.cluster` says so
    WorkerPlugin = object

LIBRARIES = ("numpy", "numba", "pandas", "pyarrow", "scipy")
# Libraries that computed numbers come from; others may differ.


def identity() -> dict[str, str]:
    """Versions of what computes blocks, by name; of halfcircle with a hash of its source."""
    found = {"halfcircle": f"{halfcircle.__version__} (source {source_digest()})"}
    found["python"] = platform.python_version()
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found


def source_digest() -> str:
    """Short hash of all modules: one version can be several states of a work tree."""
    whole = hashlib.sha256()
    root = Path(halfcircle.__file__).parent
    # The rooms are folders of the installed package, and links to folders in the tree.
    folders = [root, *(path for path in root.iterdir() if path.is_dir())]
    files = {path for folder in folders for path in folder.resolve().rglob("*.py")}
    by_name = {}
    for path in files:
        home = next(f for f in folders[::-1] if f.resolve() in path.parents)
        name = f"{home.name if home != root else ''}/{path.relative_to(home.resolve()).as_posix()}"
        by_name[name] = path
    for name in sorted(by_name):
        text = by_name[name].read_bytes().replace(b"\r\n", b"\n")
        whole.update(f"{name} {len(text)}\n".encode() + text)
    return whole.hexdigest()[:8]


class Shipment(WorkerPlugin):  # type: ignore[misc]
    """A job on its way to every worker, also to those that come later or come back.

    Parameters
    ----------
    name : str
    packed : bytes
        The job, pickled; unpacked by the first block that asks for it.
    """

    def __init__(self, name: str, packed: bytes) -> None:
        self.name = name
        self.packed = packed

    def __getstate__(self) -> dict[str, Any]:
        return {"name": self.name, "packed": self.packed}

    def setup(self, worker: Any) -> None:  # noqa: ARG002 - as Dask calls it
        self.lock = Lock()
        self.unpacked: BlockJob | None = None

    def teardown(self, worker: Any) -> None:  # noqa: ARG002 - as Dask calls it
        self.packed, self.unpacked = b"", None

    def job(self) -> BlockJob:
        with self.lock:
            if self.unpacked is None:
                self.unpacked = unpack(self.packed)
                self.packed = b""
            return self.unpacked


def pack(job: BlockJob) -> bytes:
    """A job as bytes; arrays that are read-only stay so."""
    return pickle.dumps(job, protocol=5)


def unpack(packed: bytes) -> BlockJob:
    """The job, made to take one thread per block: the cluster decides how many run at once."""
    job: BlockJob = pickle.loads(packed)  # noqa: S301 - from the client of this run
    for part in parts_of(job):
        if isinstance(getattr(part, "workers", None), int):
            object.__setattr__(part, "workers", 1)
    return job


def run_block(
    shipment: str, block: npt.NDArray[np.int64], expected: str
) -> dict[str, pd.DataFrame] | HalfcircleError | str:
    """Tables of a block; a fault of the inputs, or another version of halfcircle, as a value.

    Both are the same at every trial: raised here, the cluster would try again.
    """
    own = identity_once()
    if own != expected:
        return own
    worker: Any = get_worker()
    held: Any = worker.plugins.get(shipment)
    if held is None:
        raise RuntimeError(f"{worker.address} has not got the networks yet")
    try:
        found: dict[str, pd.DataFrame] = held.job().tables(block)
    except HalfcircleError as error:
        return HalfcircleError(str(error))
    return found


def identity_once() -> str:
    """Version and source of halfcircle, worked out once per worker."""
    worker: Any = get_worker()
    known = getattr(worker, "halfcircle_identity", None)
    if known is None:
        known = worker.halfcircle_identity = identity()["halfcircle"]
    return str(known)
