"""A study on a Dask cluster: the same bytes, lost workers, and messages."""

from __future__ import annotations

import json
import os
import pickle
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cluster_jobs import Dies, Fails, Faulty, Squares, blocks
from grid_city import GridCity, Line

from halfcircle.access.best_of import BestOf
from halfcircle.access.brought_times import BroughtTimes, OmxTimes
from halfcircle.errors import ClusterError, HalfcircleError, MissingExtraError
from halfcircle.study import Progress, compute_study, read_study, run_study
from halfcircle.study.blocks import _cluster_worker as worker_side
from halfcircle.study.blocks.cluster import ClusterRunner, connected
from halfcircle.study.blocks.parts import parts_of
from halfcircle.study.blocks.store import BlockStore, Here, Runner
from halfcircle.study.cli import main
from halfcircle.study.inputs.read import read_inputs
from halfcircle.study.modes.build import build_modes
from halfcircle.study.reach.compute import _Job

distributed = pytest.importorskip(
    "distributed", reason="Dask is not installed: pip install 'halfcircle[dask]'"
)
QUIET = Progress(quiet=True)

STUDY = """
[study]
name = "Grid city"
[zones]
path = "zones.csv"
country = "country"
[[opportunities]]
name = "jobs"
path = "zones.csv"
column = "jobs"
[streets]
osm = ["city.osm.pbf"]
[transit]
feeds = [ { id = "grid", path = "grid.zip" } ]
date = 2026-05-12
window = ["07:00", "07:20"]
time_zone = "Europe/Amsterdam"
[reach]
modes = ["walk", "bike", "transit"]
bands_min = [5, 10]
decay = "pbl"
limit_min = 30
[border]
preset = "pieters-2012"
[[scenarios]]
name = "faster"
edits = [ { type = "speed_up", line = "1", factor = 0.5 } ]
"""


def town_study(folder: Path) -> Path:
    """A town of 128 zones with one line: eight blocks of origins per mode."""
    city = GridCity(
        n_columns=16, n_rows=8, lines=(Line("1", ((0, 1), (5, 1), (15, 1)), hop_s=240),)
    )
    city.write_osm(folder / "city.osm.pbf")
    city.write_gtfs(folder / "grid.zip")
    lon, lat = city.lonlat(city.corners)
    pd.DataFrame(
        {
            "zone_id": [f"c{c}r{r}" for c, r in city.corners],
            "lon": lon,
            "lat": lat,
            "country": ["NL" if c < 8 else "DE" for c, _ in city.corners],
            "jobs": np.arange(len(city.corners)) + 1.0,
        }
    ).to_csv(folder / "zones.csv", index=False)
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    return folder / "study.toml"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return town_study(tmp_path_factory.mktemp("town"))


def parquet(study: Path, out: Path, runner: Runner, workers: int) -> dict[str, bytes]:
    """Tables of the study as Parquet; blocks are as small as they can be."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("halfcircle.study.reach.compute.BLOCK_CELLS", 1)
        found = compute_study(
            read_study(study), out, workers=workers, runner=runner, progress=QUIET
        ).result
    names = ("reach", "unreached", "border", "sectors", "scenarios")
    return {name: getattr(found, name).to_parquet(index=False) for name in names}


@pytest.fixture(scope="module")
def alone(study: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The study without a cluster."""
    return parquet(study, tmp_path_factory.mktemp("alone"), Here(), workers=2)


@pytest.fixture(scope="module")
def cluster() -> Iterator[object]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", memory_limit=0
    ) as found:
        yield found


@pytest.fixture
def runner(cluster) -> Iterator[ClusterRunner]:
    with connected(cluster.scheduler_address, QUIET) as found:
        assert isinstance(found, ClusterRunner)
        yield found


def pids(runner: ClusterRunner) -> set[int]:
    runner.client.wait_for_workers(2, timeout=30)
    return set(runner.client.run(os.getpid).values())


def test_several_threads_of_one_worker_give_the_same_bytes(
    study: Path, alone: dict[str, bytes], tmp_path: Path
) -> None:
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=4, processes=False, dashboard_address=":0"
        ) as small,
        connected(small.scheduler_address, QUIET) as runner,
    ):
        found = parquet(study, tmp_path, runner, workers=1)
    assert {name for name in found if found[name] != alone[name]} == set()


def test_the_command_hands_the_address_on(
    study: Path, cluster, tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runners = []

    def computed(*_, runner, **__):
        runners.append(runner)
        raise ClusterError("enough")

    monkeypatch.setattr("halfcircle.study.run.compute_study", computed)
    address = cluster.scheduler_address
    assert main(["run", str(study), "--out", str(tmp_path), "--scheduler", address]) == 1
    assert isinstance(runners[0], ClusterRunner)
    told = capsys.readouterr().err
    assert f"cluster at {address}: 2 workers, 2 threads" in told
    assert "halfcircle: cannot run\nenough" in told


def test_a_scheduler_file(cluster, tmp_path: Path) -> None:
    path = tmp_path / "scheduler.json"
    path.write_text(json.dumps({"address": cluster.scheduler_address}), encoding="utf-8")
    with connected(str(path), QUIET) as runner:
        assert isinstance(runner, ClusterRunner)


def test_blocks_go_to_all_workers_and_come_back_by_name(runner: ClusterRunner) -> None:
    found = dict(runner.run(Squares(seconds=0.05), blocks()))
    assert sorted(found) == sorted(blocks())
    for name, block in blocks().items():
        assert (found[name]["squares"]["square"] == block**2).all()
    assert {int(t["squares"]["pid"].iloc[0]) for t in found.values()} == pids(runner)
    assert dict(runner.run(Squares(), {})) == {}


def test_a_job_that_needs_this_machine_stays_here(runner: ClusterRunner, tmp_path: Path) -> None:
    store = BlockStore(tmp_path, "key", resume=True, runner=runner)
    found = store.all_tables(Squares(here_only=True), blocks(), progress=QUIET, label="squares")
    assert {int(t["squares"]["pid"].iloc[0]) for t in found} == {os.getpid()}
    # ... and what is on disk is not computed again, by nobody.
    again = store.all_tables(Dies(origin=0), blocks(), progress=QUIET, label="squares")
    assert [t["squares"]["square"].tolist() for t in again] == [
        t["squares"]["square"].tolist() for t in found
    ]


def test_a_block_is_tried_again(runner: ClusterRunner, tmp_path: Path) -> None:
    ((_, tables),) = runner.run(Fails(folder=tmp_path, times=2), blocks(1))
    assert tables["squares"]["square"].tolist() == [0, 1, 4]
    assert len(list(tmp_path.iterdir())) == 3


def test_a_block_that_always_fails_is_named(runner: ClusterRunner, tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"block b0 failed 3 times .* MemoryError: no room"):
        list(runner.run(Fails(folder=tmp_path), blocks(1)))
    assert len(list(tmp_path.iterdir())) == 3


def test_a_fault_of_the_inputs_is_said_once(runner: ClusterRunner) -> None:
    with pytest.raises(HalfcircleError, match=r"^times\.omx: holds negative times: 'A'$"):
        list(runner.run(Faulty(), blocks(2)))


def test_workers_of_another_version_are_refused(cluster, runner: ClusterRunner) -> None:
    runner.own = {**runner.own, "halfcircle": "0.0.9 (source 01234567)"}
    with pytest.raises(ClusterError, match=r"halfcircle of this machine, 0\.0\.9.*\n +tcp://.*: 0"):
        runner.check_workers()
    with pytest.raises(ClusterError, match="a worker that came later: "):
        list(runner.run(Squares(), blocks(1)))


def test_a_cluster_with_a_worker_killed_half_way_gives_the_same_bytes(
    study: Path, alone: dict[str, bytes], runner: ClusterRunner, tmp_path: Path, monkeypatch
) -> None:
    before, written = pids(runner), []
    honest = BlockStore._write

    def write(self, name, tables):
        written.append(name)
        if len(written) == 3:
            os.kill(min(before), signal.SIGKILL)
        honest(self, name, tables)

    def not_here(self, block):
        pytest.fail("a block was computed by the client")

    monkeypatch.setattr(BlockStore, "_write", write)
    monkeypatch.setattr(_Job, "tables", not_here)
    found = parquet(study, tmp_path, runner, workers=1)
    assert len(written) == len(set(written)) >= 24
    assert any(name.startswith("s01-transit") for name in written), "scenarios use the cluster too"
    assert min(before) not in pids(runner)
    assert {name for name in found if found[name] != alone[name]} == set()


def test_a_block_that_kills_its_workers_is_named(
    cluster, runner: ClusterRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 1)
    with pytest.raises(ClusterError, match=r"block b1: .* died, several times .* --memory-limit"):
        list(runner.run(Dies(), blocks(2)))


def test_without_workers_it_says_so() -> None:
    with distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as empty:
        address = empty.scheduler_address
        start_s = time.monotonic()
        with (
            pytest.raises(ClusterError, match="has no workers - start some with: dask worker"),
            connected(address, QUIET, patience_s=0.5),
        ):
            pass
        assert time.monotonic() - start_s < 5


def test_all_workers_gone_half_way() -> None:
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0"
        ) as small,
        connected(small.scheduler_address, QUIET, patience_s=2.0) as runner,
    ):
        found = runner.run(Squares(seconds=0.2), blocks())
        next(found)
        small.scale(0)
        with pytest.raises(ClusterError, match="are gone - finished blocks are kept"):
            list(found)


def test_an_address_where_nobody_answers(
    study: Path, monkeypatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("halfcircle.study.blocks.cluster.CONNECT_S", 1.0)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start_s = time.monotonic()
    assert main(["run", str(study), "--scheduler", f"tcp://127.0.0.1:{port}"]) == 1
    assert time.monotonic() - start_s < 10
    told = capsys.readouterr().err
    assert f"no Dask scheduler answers at tcp://127.0.0.1:{port}" in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    "address", ["nonsense", "ftp://x:1", "tcp://no-such-host.invalid:8786", "no/file.json"]
)
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(ClusterError, match=address), connected(address, QUIET):
        pass


def test_something_else_listens_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("halfcircle.study.blocks.cluster.CONNECT_S", 1.0)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        address = f"tcp://127.0.0.1:{deaf.getsockname()[1]}"
        with pytest.raises(ClusterError, match="no Dask scheduler"), connected(address, QUIET):
            pass


def test_without_the_extra_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(MissingExtraError, match=r"--scheduler .* pip install 'halfcircle\[dask\]'"),
        connected("tcp://127.0.0.1:8786", QUIET),
    ):
        pass
    with connected(None, QUIET) as runner:
        assert isinstance(runner, Here)


def test_jobs_arrive_as_they_were_with_one_thread_per_block(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = []

    class Spy(Here):
        def run(self, job, blocks):
            jobs.append(job)
            return super().run(job, blocks)

    monkeypatch.setattr("halfcircle.study.run.BlockStore", lambda *a, **k: BlockStore(
        *a, **{**k, "runner": Spy()}))  # fmt: skip
    monkeypatch.setattr("halfcircle.study.run.compute_border", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run_study(study, out=tmp_path, workers=3)
    assert [job.source.mode for job in jobs] == ["walk", "bike", "transit", "transit"]
    block = np.array([5, 77], dtype=np.int64)
    for job in jobs:
        there = worker_side.unpack(worker_side.pack(job))
        threads = {part.workers for part in parts_of(there) if hasattr(part, "workers")}
        assert threads == {1}
        assert {part.workers for part in parts_of(job) if hasattr(part, "workers")} == {3}
        one, other = job.tables(block), there.tables(block)
        assert one.keys() == other.keys()
        for name in one:
            pd.testing.assert_frame_equal(one[name], other[name])
        search = getattr(there.source, "search", None)
        if search is not None:
            # A thread compiles anew where arrays that were read-only are not.
            assert not search.access.ptr.flags.writeable
            assert not search.engine.trips.call.flags.writeable
    assert len(pickle.dumps(jobs[0], protocol=5)) < 3_000_000


def test_sources_without_streets_travel_too(study: Path) -> None:
    text = STUDY.replace('[streets]\nosm = ["city.osm.pbf"]\n', "")
    text = text.replace('["walk", "bike", "transit"]', '["transit", "crow_fly"]')
    path = study.parent / "straight.toml"
    path.write_text(text, encoding="utf-8")
    read = read_study(path)
    modes = build_modes(read, read_inputs(read, QUIET), workers=2, progress=QUIET)
    block = np.array([3, 99], dtype=np.int64)
    for source in modes.sources.values():
        there = pickle.loads(pickle.dumps(source, protocol=5))
        np.testing.assert_array_equal(source.times_s(block), there.times_s(block))


def test_times_of_this_machine_are_found_inside_others() -> None:
    places = GridCity().places([(0, 0), (1, 0)])
    omx = OmxTimes("model", places, Path("x.omx"), "1", np.array([0, 1]), 1.0)
    other = BroughtTimes("other", places, np.zeros(3), np.zeros(0), np.zeros(0))
    assert any(isinstance(part, OmxTimes) for part in parts_of(BestOf("best", (other, omx))))
    assert not any(isinstance(part, OmxTimes) for part in parts_of(BestOf("best", (other, other))))
