"""A run that is killed, without any chance to clean up, goes on and ends with the same bytes."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from grid_city import GridCity, Line

from halfcircle.study import Progress, run_study
from halfcircle.study.blocks.store import BlockStore

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")

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
modes = ["walk", "transit"]
bands_min = [5, 10]
[border]
preset = "pieters-2012"
[[scenarios]]
name = "faster"
edits = [ { type = "speed_up", line = "1", factor = 0.5 } ]
"""
# Runs a study and kills itself while the n-th block of a part is being written: when its tables
# are there, half of them or none, as `moment` says.
KILLER = """
import os, signal, sys
from pathlib import Path
import halfcircle.study.blocks.store as blocks
import halfcircle.study.reach.compute as reach
from halfcircle.study import run_study

study, out, part, nth, moment = sys.argv[1:]
reach.BLOCK_CELLS = 1
honest, seen = blocks.BlockStore._write, []

def write(self, name, tables):
    if name.startswith(part):
        seen.append(name)
    if len(seen) == int(nth):
        if moment == "tables":
            blocks.write_text = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        elif moment == "half":
            first = next(iter(tables))
            path = self.folder / f"{name}-{first}.parquet"
            path.write_bytes(b"PAR1 half of a table")
            os.kill(os.getpid(), signal.SIGKILL)
        else:
            os.kill(os.getpid(), signal.SIGKILL)
    honest(self, name, tables)

blocks.BlockStore._write = write
run_study(Path(study), out=Path(out), workers=2)
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town of 96 zones: six blocks of origins per mode."""
    folder = tmp_path_factory.mktemp("town")
    line = Line("1", ((0, 1), (5, 1), (11, 1)), hop_s=240, both_ways=True)
    city = GridCity(n_columns=12, n_rows=8, lines=(line,))
    city.write_osm(folder / "city.osm.pbf")
    city.write_gtfs(folder / "grid.zip")
    lon, lat = city.lonlat(city.corners)
    pd.DataFrame(
        {
            "zone_id": [f"c{c}r{r}" for c, r in city.corners],
            "lon": lon,
            "lat": lat,
            "country": ["NL" if c < 6 else "DE" for c, _ in city.corners],
            "jobs": np.arange(len(city.corners)) + 1.0,
        }
    ).to_csv(folder / "zones.csv", index=False)
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    return folder / "study.toml"


def run(study: Path, out: Path) -> list[str]:
    """Run it in this process; names of the blocks that were computed."""
    written: list[str] = []
    honest = BlockStore._write

    def write(self, name, tables):
        written.append(name)
        honest(self, name, tables)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("halfcircle.study.reach.compute.BLOCK_CELLS", 1)
        patch.setattr(BlockStore, "_write", write)
        run_study(study, out=out, workers=1, progress=Progress(quiet=True))
    return written


@pytest.fixture(scope="module")
def whole(study: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], dict]:
    """Blocks and bytes of a run that nobody killed."""
    out = tmp_path_factory.mktemp("whole")
    return run(study, out), digests(out)


def digests(folder: Path) -> dict[str, str]:
    """Hash of every file but the one that holds durations."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "timings.json"
    }


@pytest.mark.parametrize(
    ("part", "nth", "moment"),
    [("transit", 3, "half"), ("s01-transit", 1, "tables")],
    ids=["in the baseline", "in a scenario"],
)
def test_a_run_killed_half_way_ends_with_the_same_bytes(
    study: Path, whole: tuple[list[str], dict], tmp_path: Path, part: str, nth: int, moment: str
) -> None:
    blocks, bytes_of = whole
    named = [name for name in blocks if name.startswith(part)]
    assert len(named) > nth, "there is something left to do after the kill"
    killed = subprocess.run(
        [sys.executable, "-c", KILLER, str(study), str(tmp_path), part, str(nth), moment],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (tmp_path / "reach.parquet").exists()
    done_before = blocks[: blocks.index(named[nth - 1])]
    again = run(study, tmp_path)
    assert again[0] == named[nth - 1]
    assert not set(done_before) & set(again), "what was finished is not computed again"
    assert {*done_before, *again} == set(blocks)
    assert digests(tmp_path) == bytes_of
