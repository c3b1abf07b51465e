"""The whole matrix as a file: every pair, in blocks, and back again."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from halfcircle.access import read_times, travel_time_table, write_travel_times
from halfcircle.access import travel_time_file as module
from halfcircle.errors import OutputError
from halfcircle.places import Places


class Toy:
    """Seven origins, three destinations; some pairs are not reached."""

    mode = "transit"

    def __init__(self, percentiles: tuple[int, ...]) -> None:
        self.percentiles = percentiles
        rng = np.random.default_rng(1)
        self.times = rng.integers(60, 7_200, (7, len(percentiles), 7)).astype(np.float32)
        self.times[rng.random(self.times.shape) < 0.3] = np.inf
        self.places = Places([f"z{i}" for i in range(7)], np.arange(7.0), np.zeros(7))
        self.origins = self.destinations = self.places

    def times_s(self, origin_idx: np.ndarray) -> np.ndarray:
        return self.times[origin_idx]


def test_every_pair_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Toy((25, 50))
    monkeypatch.setattr(module, "ROWS_AT_A_TIME", 3 * 7 * 2)
    path = write_travel_times(source, tmp_path / "deep" / "t.parquet")
    assert pq.ParquetFile(path).num_row_groups == 3
    found = pd.read_parquet(path)
    expected = travel_time_table(source)
    assert found["origin"].tolist() == expected["origin_id"].tolist()
    assert found["destination"].tolist() == expected["destination_id"].tolist()
    assert found["percentile"].tolist() == expected["percentile"].tolist()
    np.testing.assert_array_equal(found["seconds"].astype(float) / 60, expected["travel_time_min"])
    assert len(found) == np.isfinite(source.times).sum()
    schema = pq.read_schema(path)
    assert schema.metadata[b"mode"] == b"transit"
    assert schema.field("seconds").metadata[b"description"] == b"travel time by transit, seconds"


def test_a_file_can_be_brought_along(tmp_path: Path) -> None:
    source = Toy((50,))
    path = write_travel_times(source, tmp_path / "t.parquet")
    again = read_times(path, source.places, mode="model")
    off = ~np.eye(7, dtype=bool)
    everyone = np.arange(7)
    np.testing.assert_array_equal(
        again.times_s(everyone)[:, 0][off], source.times_s(everyone)[:, 0][off]
    )


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_travel_times(Toy((50,)), tmp_path / "file" / "t.parquet")
