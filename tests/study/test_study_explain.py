"""The journey behind a travel time, as text and as GeoJSON."""

import json
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from halfcircle.access.transit_times import TransitTimes
from halfcircle.demo import write_demo
from halfcircle.errors import OutputError, StudyError
from halfcircle.study import Progress, read_inputs, read_study
from halfcircle.study.cli import main
from halfcircle.study.explain import explain_study
from halfcircle.study.modes.build import build_modes


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_demo(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def pair(demo: Path) -> tuple[str, str, int]:
    """Two zones on either side of the river, and the seconds of the 07:35 departure."""
    study, progress = read_study(demo), Progress(quiet=True)
    inputs = read_inputs(study, progress)
    source = build_modes(study, inputs, workers=1, progress=progress).sources["transit"]
    assert isinstance(source, TransitTimes)
    country = inputs.zones.places.country
    assert country is not None
    home = np.flatnonzero(country == "NL")
    lanes = source.search.lanes_s(home)[:, :, 35].astype(np.int64)
    lanes[:, country == "NL"] = 65_535
    walk = build_modes(study, inputs, workers=1, progress=progress).sources["walk"]
    lanes[np.isfinite(walk.times_s(home)[:, 0])] = 65_535  # too far to walk: it takes a ride
    i, j = np.unravel_index(np.argmin(lanes), lanes.shape)
    zone_id = inputs.zones.zone_id
    return str(zone_id[home[i]]), str(zone_id[j]), int(lanes[i, j])


def test_legs_add_up_to_the_travel_time(demo: Path, pair: tuple[str, str, int]) -> None:
    origin, destination, seconds = pair
    text = explain_study(demo, origin, destination, "07:35")
    assert text.splitlines()[1].startswith("07:35:00 origin - ")
    assert ": ride, " in text
    assert f"door to door: {seconds / 60:.1f} min" in text
    parts = re.findall(r"^(?:direct|access|ride|transfer|egress|wait): ([\d.]+) min", text, re.M)
    assert sum(map(float, parts)) == pytest.approx(seconds / 60, abs=0.3)


def test_geojson_leads_from_door_to_door(demo: Path, pair: tuple[str, str, int]) -> None:
    origin, destination, seconds = pair
    document = json.loads(explain_study(demo, origin, destination, "07:35", as_json=True))
    legs = document["features"]
    assert legs[0]["properties"]["start_s"] == 7 * 3600 + 35 * 60
    assert legs[-1]["properties"]["end_s"] - legs[0]["properties"]["start_s"] == seconds
    for one, following in pairwise(legs):
        assert one["geometry"]["coordinates"][1] == following["geometry"]["coordinates"][0]
    rides = [leg for leg in legs if leg["properties"]["kind"] == "ride"]
    assert rides
    assert all(leg["properties"]["line"] for leg in rides)


def test_faults_together(demo: Path) -> None:
    with pytest.raises(StudyError) as caught:
        explain_study(demo, "LIN-4", "ESC-10", "17:35", mode="bike+transit")
    text = str(caught.value)
    assert "--mode: is not in the study: 'bike+transit'" in text
    assert "--at: is no moment of the departure window: '17:35'" in text
    assert "--from: there is no such zone: 'LIN-4'" in text


def test_command(
    demo: Path, pair: tuple[str, str, int], capsys: pytest.CaptureFixture[str]
) -> None:
    origin, destination, _ = pair
    options = ["--from", origin, "--to", destination, "--at", "07:35", "--quiet"]
    assert main(["explain", str(demo), *options]) == 0
    assert "door to door" in capsys.readouterr().out
    assert main(["explain", str(demo), *options[:-2], "25:99", "--quiet"]) == 1
    assert "is no moment" in capsys.readouterr().err


def test_chart_of_all_departures(demo: Path, pair: tuple[str, str, int], tmp_path: Path) -> None:
    origin, destination, _ = pair
    out = tmp_path / "pair.svg"
    explain_study(demo, origin, destination, "07:35", chart=out)
    text = out.read_text(encoding="utf-8")
    assert 'role="img"' in text
    assert "share of departures that take at most so long" in text
    with pytest.raises(OutputError, match=r"saved as \.svg"):
        explain_study(demo, origin, destination, "07:35", chart=tmp_path / "pair.png")
