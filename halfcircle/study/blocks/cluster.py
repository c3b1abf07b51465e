"""Blocks of origins computed by the workers of a Dask cluster.

What all blocks of a mode share (network, timetable, opportunities) is sent once to every worker,
blocks are a few numbers, and tables come back as they are finished. Workers may come, go and die
meanwhile: their blocks are computed by others. Results are those of a run without a cluster, to
the byte.
"""

from __future__ import annotations

import json
import queue
import socket
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.errors import ClusterError, HalfcircleError, MissingExtraError
from halfcircle.study.blocks._cluster_worker import Shipment, identity, pack, run_block
from halfcircle.study.blocks.store import BlockJob, Here, Runner
from halfcircle.study.progress import Progress

__all__ = ["ClusterRunner", "connected"]

CONNECT_S = 5.0
PATIENCE_S = 300.0
POLL_S = 2.0
TRIALS = 3
# Blocks per mode, at least: enough for some dozens of threads. Not by their number, so that a run
# that was killed goes on with its blocks on a cluster of any size.
PARTS = 128

Tables = dict[str, pd.DataFrame]


@contextmanager
def connected(
    scheduler: str | None, progress: Progress, *, patience_s: float = PATIENCE_S
) -> Iterator[Runner]:
    """What computes blocks: this process, or the cluster of a scheduler.

    Parameters
    ----------
    scheduler : str, optional
        Address (``tcp://host:8786``), or the scheduler file of a cluster; None for this process.
    progress : Progress
    patience_s : float, seconds
        How long a cluster without workers is waited for.

    Raises
    ------
    MissingExtraError
        Dask is not installed.
    ClusterError
        The scheduler does not answer, has no workers, or they have another version of halfcircle.
    """
    if scheduler is None:
        yield Here()
        return
    client = _client(scheduler)
    try:
        runner = ClusterRunner(client, scheduler, progress, patience_s=patience_s)
        runner.check_workers()
        yield runner
    finally:
        client.close(timeout=CONNECT_S)


def _client(scheduler: str) -> Any:
    """A client of the scheduler; faults within `CONNECT_S`."""
    try:
        import distributed
        from distributed import comm
    except ImportError:
        raise MissingExtraError("distributed", extra="dask", purpose="--scheduler") from None
    tools: Any = distributed
    addresses: Any = comm
    address, client = scheduler, None
    try:
        if scheduler.endswith(".json"):
            address = str(json.loads(Path(scheduler).read_text(encoding="utf-8"))["address"])
        if (scheme := addresses.parse_address(address)[0]) in ("tcp", "tls"):
            # Asked first: a client that finds nobody, or somebody else, takes long to give up.
            place = addresses.get_address_host_port(addresses.resolve_address(address), strict=True)
            with socket.create_connection(place, timeout=CONNECT_S) as line:
                if scheme == "tcp" and not line.recv(1):  # schedulers speak first
                    raise OSError("something else listens there")
        client = tools.Client.__new__(tools.Client)
        client.__init__(address, timeout=CONNECT_S, set_as_default=False, name="halfcircle")
    except (OSError, ValueError, TypeError, KeyError) as error:  # a TimeoutError is an OSError
        if client is not None:
            client.status = "closed"  # or it tries to close once more at the end of the process
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ClusterError(
            f"no Dask scheduler answers at {scheduler} ({reason}) - start one with: "
            "dask scheduler; then, on each machine: dask worker ADDRESS"
        ) from None
    return client


class ClusterRunner:
    """A `Runner` on a Dask cluster.

    Parameters
    ----------
    client : distributed.Client
    address : str
        For messages.
    progress : Progress
    patience_s : float, seconds
        How long to go on without any worker.
    """

    parts = PARTS

    def __init__(
        self, client: Any, address: str, progress: Progress, *, patience_s: float = PATIENCE_S
    ) -> None:
        self.client, self.address, self.progress = client, address, progress
        self.patience_s = patience_s
        self.own = identity()
        self.n_workers = 0

    def check_workers(self) -> None:
        """Wait for the first worker, and compare versions.

        Raises
        ------
        ClusterError
            There is no worker, or one has another version of halfcircle.
        """
        if not self._count():
            self.progress.line(f"waiting for workers at {self.address}")
            try:
                self.client.wait_for_workers(1, timeout=self.patience_s)
            except (OSError, TimeoutError):
                raise ClusterError(
                    f"the scheduler at {self.address} has no workers - start some with: "
                    f"dask worker {self.address}"
                ) from None
            self._count()
        others = self.client.run(identity, on_error="return")
        wrong = [self._difference(worker, found) for worker, found in sorted(others.items())]
        wrong = [text for text in wrong if text]
        if wrong:
            raise ClusterError(self._versions("\n".join(f"  {text}" for text in wrong[:5])))
        for worker, found in sorted(others.items()):
            unlike = [f"{k} {v}" for k, v in found.items() if v != self.own.get(k)]
            if unlike:
                self.progress.line(f"worker {worker} has {', '.join(unlike)}; here it is otherwise")
        threads = sum(self.client.nthreads().values())
        self.progress.line(
            f"cluster at {self.address}: {self.n_workers} workers, {threads} threads"
        )

    def _difference(self, worker: str, found: object) -> str:
        if isinstance(found, ModuleNotFoundError | AttributeError):
            return f"{worker}: no halfcircle, or an older one ({found})"
        if isinstance(found, BaseException):
            return f"{worker}: {type(found).__name__}: {found}"
        if isinstance(found, dict) and found.get("halfcircle") != self.own["halfcircle"]:
            return f"{worker}: {found.get('halfcircle')}"
        return ""

    def _versions(self, listed: str) -> str:
        return (
            f"workers need the halfcircle of this machine, {self.own['halfcircle']}:\n{listed}\n"
            "install the same version there, and start the workers again"
        )

    def run(
        self, job: BlockJob, blocks: Mapping[str, npt.NDArray[np.int64]]
    ) -> Iterator[tuple[str, Tables]]:
        """Names and tables of all blocks, as they are finished.

        Raises
        ------
        ClusterError
            A block failed several times, or there are no workers any more.
        HalfcircleError
            What a block of the same inputs raises here.
        """
        if not blocks:
            return
        shipment = f"halfcircle-{uuid.uuid4().hex[:12]}"
        done: queue.SimpleQueue[str] = queue.SimpleQueue()
        futures: dict[str, Any] = {}
        self.client.register_plugin(Shipment(shipment, pack(job)), name=shipment)
        try:
            for name, block in blocks.items():
                futures[name] = self.client.submit(
                    run_block, shipment, block, self.own["halfcircle"],
                    key=f"{name}-{shipment}", retries=TRIALS - 1, pure=False,
                )  # fmt: skip
            for name, future in futures.items():
                future.add_done_callback(lambda _, name=name: done.put(name))
            for _ in blocks:
                name = self._next(done)
                yield name, self._tables(name, futures.pop(name))
            self._count()
        finally:
            if self.client.status == "running":
                if futures:
                    self.client.cancel(list(futures.values()))
                self.client.unregister_worker_plugin(shipment)

    def _next(self, done: queue.SimpleQueue[str]) -> str:
        """Name of the next finished block; minds that workers and scheduler are still there."""
        alone_s = 0.0
        while True:
            try:
                return done.get(timeout=POLL_S)
            except queue.Empty:
                pass
            alone_s = 0.0 if self._count() else alone_s + POLL_S
            if alone_s >= self.patience_s:
                raise ClusterError(
                    f"all workers of {self.address} are gone - finished blocks are kept: start "
                    "workers and run the study again to go on"
                )

    def _count(self) -> int:
        """Workers at the moment; tells when there are more or fewer."""
        if self.client.status != "running":
            raise self._lost()
        try:
            n_workers = len(self.client.nthreads())
        except (OSError, TimeoutError):
            raise self._lost() from None
        if self.n_workers and n_workers != self.n_workers:
            self.progress.line(f"workers: {self.n_workers} -> {n_workers}")
        self.n_workers = n_workers or self.n_workers
        return n_workers

    def _lost(self) -> ClusterError:
        return ClusterError(
            f"the scheduler at {self.address} does not answer any more - finished blocks are kept: "
            "run the study again to go on"
        )

    def _tables(self, name: str, future: Any) -> Tables:
        while True:
            try:
                found = future.result(timeout=POLL_S)
                break
            except TimeoutError as error:
                # Waiting again, if a worker died while its tables were on their way.
                if future.status == "error":
                    raise self._failed(name, error) from None
                self._count()
            except Exception as error:  # whatever a worker raises
                if future.status == "cancelled":
                    raise self._lost() from None
                raise self._failed(name, error) from None
        future.release()
        if isinstance(found, HalfcircleError):
            raise found
        if isinstance(found, str):
            raise ClusterError(self._versions(f"  a worker that came later: {found}"))
        tables: Tables = found
        return tables

    def _failed(self, name: str, error: BaseException) -> ClusterError:
        if type(error).__name__ == "KilledWorker":
            return ClusterError(
                f"block {name}: the workers that computed it died, several times over - most often "
                "they have too little memory: start them with a larger --memory-limit, or fewer "
                "threads"
            )
        return ClusterError(
            f"block {name} failed {TRIALS} times on the workers; the last time with "
            f"{type(error).__name__}: {error}"
        )
