"""Park and ride in Aachen: real streets, real parking places, the buses of 2019."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from real_data import data_path

from halfcircle.study import Progress, read_inputs, read_study
from halfcircle.study.modes.build import build_modes
from halfcircle.study.modes.parking_table import parking_table

pytestmark = pytest.mark.real_data
STUDY = """
[study]
name = "Aachen"
[zones]
path = "zones.csv"
[[opportunities]]
name = "places"
path = "zones.csv"
column = "count"
[streets]
osm = ["{osm}"]
country = "DE"
[transit]
feeds = [ {{ id = "bus", path = "{gtfs}" }} ]
date = 2019-10-07
window = ["07:00", "07:10"]
time_zone = "Europe/Berlin"
[reach]
modes = ["transit", "bike+transit", "car+transit", "car_passenger+transit"]
bands_min = [45]
[park_and_ride]
osm = true
[kiss_and_ride]
vehicles = ["bus"]
"""


def test_parking_places_of_the_city(tmp_path: Path) -> None:
    lon, lat = np.meshgrid(np.linspace(6.0, 6.18, 12), np.linspace(50.72, 50.83, 11))
    table = {"zone_id": np.arange(lon.size), "lon": lon.ravel(), "lat": lat.ravel(), "count": 1}
    pd.DataFrame(table).to_csv(tmp_path / "zones.csv", index=False)
    data = data_path("border_triangle/osm/aachen.osm.pbf").parents[1].as_posix()
    text = STUDY.format(
        osm=f"{data}/osm/aachen.osm.pbf", gtfs=f"{data}/gtfs/aachen_bus_reconstructed.zip"
    )
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    study, progress = read_study(tmp_path / "study.toml"), Progress(quiet=True)
    inputs = read_inputs(study, progress)
    modes = build_modes(study, inputs, workers=2, progress=progress)
    every = np.arange(len(inputs.zones))
    times_s = {mode: source.times_s(every) for mode, source in modes.sources.items()}
    for mode in ("bike+transit", "car+transit", "car_passenger+transit"):
        assert (times_s[mode] <= times_s["transit"]).all()
        assert np.isfinite(times_s[mode]).sum() > 1.2 * np.isfinite(times_s["transit"]).sum()
    assert inputs.parking is not None
    places = parking_table(inputs.parking, modes, np.ones(len(every)), "baseline")
    assert places is not None
    places = places.set_index("name")
    # in the middle of the city, and no stop of these buses within five minutes of the other
    assert places.loc["Park + Ride Westfriedhof", "people_in_reach"] > 30
    assert (
        places.loc["Park + Ride Parkhaus Tivoli (Areal C)", ["stops", "people_fastest"]].eq(0).all()
    )
    assert (places["people_fastest"] <= places["people_in_reach"]).all()
    assert any("of no use" in notice.what for notice in modes.notices)
