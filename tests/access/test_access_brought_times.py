"""Travel times that users bring along: tables and OMX."""

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from halfcircle.access.brought_times import read_times
from halfcircle.access.travel_times import TravelTimeSource
from halfcircle.errors import TravelTimeError
from halfcircle.places import Places

PLACES = Places(["10", "20", "30"], [5.0, 5.1, 5.2], [51.0, 51.0, 51.0])
INF = np.inf


def all_times(source: TravelTimeSource) -> list[list[float]]:
    return source.times_s(np.arange(3))[:, 0, :].tolist()


def test_csv_of_pairs(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("origin,destination,minutes\n20,10,5\n10,20,10\n10,10,2\n10,99,1\n")
    source = read_times(path, PLACES, mode="car_model", unit="minutes")
    assert isinstance(source, TravelTimeSource)
    assert source.mode == "car_model"
    # 20 gives no time inside its zone: half of the 5 minutes to its nearest; 30 gives nothing.
    assert all_times(source) == [[120, 600, INF], [300, 150, INF], [INF, INF, INF]]
    assert "not in the study; left out: '99'" in str(source.notices[0])


def test_parquet_equals_csv(tmp_path: Path) -> None:
    frame = pd.DataFrame({"origin": [10, 20], "destination": [20, 30], "seconds": [60.0, 61.5]})
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_csv(tmp_path / "t.csv", index=False)
    first = read_times(tmp_path / "t.parquet", PLACES, mode="m")
    second = read_times(tmp_path / "t.csv", PLACES, mode="m")
    assert all_times(first) == all_times(second)
    assert all_times(first)[0] == [30.0, 60.0, INF]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("origin,destination,seconds\n10,20,-5\n", "negative times: 'line 2'"),
        ("origin,destination,seconds\n10,20,5\n10,20,6\n", "occur more than once: '10 - 20'"),
        ("origin,destination,seconds\n1,2,5\n", "no pair of zones of the study has a time"),
        ("origin,destination,seconds\n10,20,soon\n", r"no numbers: 'soon \(line 2\)'"),
        ("from,destination,seconds\n10,20,5\n", "has no column: 'origin'"),
    ],
)
def test_faults_of_tables(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(TravelTimeError, match=message):
        read_times(path, PLACES, mode="m")


def write_omx(path: Path, matrices: dict[str, np.ndarray], lookup: list[int] | None) -> Path:
    with h5py.File(path, "w") as file:
        file.attrs["OMX_VERSION"] = b"0.2"
        for name, values in matrices.items():
            file.create_dataset(f"data/{name}", data=values)
        if lookup is not None:
            file.create_dataset("lookup/zone", data=np.array(lookup))
    return path


def test_omx_follows_its_lookup(tmp_path: Path) -> None:
    minutes = np.array([[0.0, 4.0, 9.0], [5.0, 1.0, 0.0], [7.0, 8.0, np.nan]])
    path = write_omx(tmp_path / "t.omx", {"am": minutes}, [30, 10, 99])
    source = read_times(path, PLACES, mode="car_model", unit="minutes")
    assert isinstance(source, TravelTimeSource)
    # Rows of the matrix: 30, 10, 99. Zone 20 is not in it; 0 between zones means no connection.
    assert all_times(source) == [[60.0, INF, 300.0], [INF, INF, INF], [240.0, INF, 120.0]]
    assert "does not know: '20'" in str(source.notices[0])


def test_omx_faults(tmp_path: Path) -> None:
    square = np.ones((3, 3))
    two = write_omx(tmp_path / "two.omx", {"am": square, "pm": square}, [10, 20, 30])
    with pytest.raises(TravelTimeError, match="several matrices - known: am, pm"):
        read_times(two, PLACES, mode="m")
    assert all_times(read_times(two, PLACES, mode="m", matrix="pm"))[0] == [1.0, 1.0, 1.0]
    with pytest.raises(TravelTimeError, match=r"'amm' - did you mean 'am'\?"):
        read_times(two, PLACES, mode="m", matrix="amm")
    flat = write_omx(tmp_path / "flat.omx", {"am": np.ones((3, 2))}, [10, 20, 30])
    with pytest.raises(TravelTimeError, match="not square"):
        read_times(flat, PLACES, mode="m")
    foreign = write_omx(tmp_path / "f.omx", {"am": square}, [1, 2, 3])
    with pytest.raises(TravelTimeError, match="no zone of the study"):
        read_times(foreign, PLACES, mode="m")
    negative = write_omx(tmp_path / "n.omx", {"am": -square}, [10, 20, 30])
    with pytest.raises(TravelTimeError, match="negative times, origin '10'"):
        all_times(read_times(negative, PLACES, mode="m"))
    (tmp_path / "no.omx").write_bytes(b"no HDF5")
    with pytest.raises(TravelTimeError, match="cannot be read as OMX"):
        read_times(tmp_path / "no.omx", PLACES, mode="m")
    with pytest.raises(TravelTimeError, match="file not found"):
        read_times(tmp_path / "none.omx", PLACES, mode="m")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "holds no matrices in /data"),
        ({"data": np.ones(3)}, "holds no matrices in /data"),
        ({"data/group/m": np.ones((3, 3))}, "holds no matrices in /data"),
        ({"data/m": np.array([[b"a"] * 3] * 3)}, "does not hold numbers: 'm'"),
        ({"data/m": np.ones((3, 3)), "lookup": np.arange(3)}, "no zone of the study"),
    ],
)
def test_hdf5_that_is_no_omx(tmp_path: Path, content: dict[str, object], message: str) -> None:
    path = tmp_path / "t.omx"
    with h5py.File(path, "w") as file:
        for name, values in content.items():
            file[name] = values
    with pytest.raises(TravelTimeError, match=message):
        read_times(path, PLACES, mode="m")
