"""The study file: every key of the contract, and all faults of a file at once."""

import contextlib
import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halfcircle.errors import StudyError
from halfcircle.study.settings.study_file import read_study

FULL = """
[study]
name = "Aachen - Maastricht"
crs = "EPSG:3035"
language = "nl"

[zones]
path = "zones.gpkg"
id = "zone_id"
country = "country"
population = "inhabitants"

[[opportunities]]
name = "jobs"
path = "zones.gpkg"
columns = { low = "jobs_low", high = "jobs_high" }
year = 2021
source = "LISA"

[[opportunities]]
name = "population"
path = "/data/pop.tif"
nodata = -200

[streets]
osm = ["region.osm.pbf", "other.osm.pbf"]

[times]
path = "skims.omx"
mode = "car_model"
unit = "minutes"

[transit]
feeds = [ { id = "avv", path = "avv.zip" }, { id = "ns", path = "ns.zip" } ]
date = 2024-05-14
window = ["07:00", "09:00"]
time_zone = "Europe/Amsterdam"
step_s = 60

[reach]
modes = ["walk", "bike", "car", "transit", "bike+transit", "crow_fly", "car_model"]
crow_fly = { kmh = 50, detour = 1.4 }
bands_min = [60, 15, 30]
percentiles = [75, 25]
decay = "pbl"
max_rides = 3
access_max_min = { walk = 15 }
speeds_kmh = { bike = 16 }

[border]
penalties = [ { from = "NL", to = "DE", minutes = 46, factor = 0.5 } ]
opportunities = ["jobs"]
modes = ["car"]

[regions]
flows = "flows.csv"
method = "labour-market-areas"
parameters = { min_size = 3500, mode = "paper" }

[outputs]
folder = "results"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(folder: Path, text: str) -> str:
    with pytest.raises(StudyError) as caught:
        read_study(write(folder, text))
    return str(caught.value)


def test_every_key_of_the_contract(tmp_path: Path) -> None:
    study = read_study(write(tmp_path, FULL))
    assert study.name == "Aachen - Maastricht"
    assert study.zones.path == tmp_path / "zones.gpkg"
    assert study.zones.population == "inhabitants"
    assert dict(study.opportunities[0].columns) == {"low": "jobs_low", "high": "jobs_high"}
    assert study.opportunities[1].path == Path("/data/pop.tif")
    assert study.opportunities[1].nodata == -200
    assert study.streets is not None
    assert study.streets.osm == (tmp_path / "region.osm.pbf", tmp_path / "other.osm.pbf")
    assert [(t.mode, t.unit) for t in study.times] == [("car_model", "minutes")]
    assert study.transit is not None
    assert [feed.id for feed in study.transit.feeds] == ["avv", "ns"]
    assert study.transit.date == dt.date(2024, 5, 14)
    assert study.transit.window_s == (7 * 3600, 9 * 3600)
    assert study.reach is not None
    assert study.reach.bands_min == (15, 30, 60)
    assert study.reach.percentiles == (25, 75)
    assert study.reach.access_max_min == {"walk": 15, "bike": 20, "ebike": 20, "car": 20}
    assert study.reach.speeds_kmh == {"walk": 4.5, "bike": 16, "ebike": 20}
    assert (study.reach.crow_fly_kmh, study.reach.crow_fly_detour) == (50, 1.4)
    assert study.border is not None
    assert study.border.penalties[0].factor == 0.5
    assert study.border.modes == ("car",)
    assert study.regions is not None
    assert study.regions.parameters == {"min_size": 3500, "mode": "paper"}
    assert study.out == tmp_path / "results"


def test_only_study_and_zones_are_required(tmp_path: Path) -> None:
    study = read_study(write(tmp_path, '[study]\nname = "x"\n[zones]\npath = "z.csv"\n'))
    assert study.reach is None
    assert study.transit is None
    assert study.out == tmp_path / "out"


def test_all_faults_at_once_with_line_key_value_and_what_is_allowed(tmp_path: Path) -> None:
    text = faults_of(
        tmp_path,
        """[study]
nam = "x"
[zones]
path = "z.gpkg"
[transit]
feeds = [ { id = "a", path = "a.zip" }, { id = "a", path = "b.zip" } ]
date = "2024-13-01"
windw = ["07:00","09:00"]
window = ["09:00","07:00"]
time_zone = "Europe/Amsterdm"
[reach]
modes = ["wlak", "car", "car+transit"]
bands_min = [15, "30"]
percentiles = [0]
max_rides = 0
""",
    )
    for expected in (
        "study.toml:1 [study] name: is required",
        "study.toml:2 [study] nam: is no key of this table - did you mean 'name'?",
        "study.toml:6 [transit] feeds: two feeds share an id: 'a'",
        "study.toml:7 [transit] date: must be a date such as 2024-05-14, or 'busiest-weekday'",
        "study.toml:8 [transit] windw: is no key of this table - did you mean 'window'?",
        "study.toml:9 [transit] window: ends before it starts: '09:00 - 07:00'",
        "[transit] time_zone: is not known: 'Europe/Amsterdm' - did you mean 'Europe/Amsterdam'?",
        "study.toml:12 [reach] modes: is not known: 'wlak' - did you mean 'walk'?",
        "study.toml:12 [reach] modes: needs the table [streets]: 'car'",
        "study.toml:12 [reach] modes: needs the table [park_and_ride]: 'car+transit'",
        "study.toml:13 [reach] bands_min: must be a number: '30'",
        "study.toml:14 [reach] percentiles: must be at least 1 and at most 99: '0'",
        "study.toml:15 [reach] max_rides: must be at least 1 and at most 16: '0'",
        "reach needs at least one [[opportunities]]",
    ):
        assert expected in text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('path = "zones.gpkg"\nid', "grid_m = 500\nid", "grid_m and within belong together"),
        ('osm = ["region.osm.pbf", "other.osm.pbf"]', "", "give either osm"),
        ('mode = "car_model"', 'mode = "walk"', "is the name of a mode that is routed"),
        ("minutes = 46", "minutes = -1", r"\[border\.penalties\]\] minutes: must be at least 0"),
        ("factor = 0.5", "factor = 2", "factor: must be at least 0 and at most 1"),
        ('opportunities = ["jobs"]', 'opportunities = ["job"]', "did you mean 'jobs'"),
        ('country = "country"', "", "needs the side of each zone"),
        ('name = "population"', 'name = "jobs"', "a name occurs twice: 'jobs'"),
        ('["07:00", "09:00"]', '["7 h", "9 h"]', "must be a time such as '07:00'"),
        ('["07:00", "09:00"]', '["07:00"]', "must be two times"),
        ("step_s = 60", "step_s = 0", "step_s: must be at least 1"),
        ("step_s = 60", "step_s = true", "must be a whole number"),
        ("{ bike = 16 }", "{ bik = 16 }", r"speeds_kmh.bik: is not known - did you mean 'bike'"),
        ('language = "nl"', 'language = "fr"', "is not known: 'fr'"),
        ("[outputs]", "[[scenarios]]\nname = 'x'\n[outputs]", "edits: is required"),
        ("[outputs]", "[output]", "output: is no key of this table - did you mean 'outputs'"),
        ('id = "avv"', 'id = "a:v"', "must not hold a colon"),
    ],
)
def test_single_faults(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in FULL
    with pytest.raises(StudyError, match=message):
        read_study(write(tmp_path, FULL.replace(old, new, 1)))


def test_no_file_a_folder_and_no_toml(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="file not found"):
        read_study(tmp_path / "none.toml")
    with pytest.raises(StudyError, match="is a folder"):
        read_study(tmp_path)
    with pytest.raises(StudyError, match=r"is no valid TOML .*line 2"):
        read_study(write(tmp_path, "[study]\nname = \n"))
    (tmp_path / "latin.toml").write_bytes(b'[study]\nname = "J\xfclich"\n')
    with pytest.raises(StudyError, match="is no valid TOML"):
        read_study(tmp_path / "latin.toml")


def test_past_midnight(tmp_path: Path) -> None:
    text = FULL.replace('["07:00", "09:00"]', '["23:00", "25:30"]')
    study = read_study(write(tmp_path, text))
    assert study.transit is not None
    assert study.transit.window_s == (23 * 3600, 25 * 3600 + 1800)


toml_values = st.recursive(
    st.one_of(
        st.booleans(), st.integers(-(10**6), 10**6), st.text("ab:-1 ", max_size=4),
        st.floats(allow_nan=False, allow_infinity=False, width=32),
    ),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)  # fmt: skip


def as_toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return "[" + ", ".join(as_toml(v) for v in value) + "]"
    return repr(value)


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_whatever_stands_in_a_key_only_study_errors_come_out(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    lines = FULL.splitlines()
    keys = [i for i, line in enumerate(lines) if " = " in line]
    row = data.draw(st.sampled_from(keys))
    key = lines[row].split(" = ")[0]
    lines[row] = f"{key} = {as_toml(data.draw(toml_values))}"
    path = write(tmp_path_factory.mktemp("s"), "\n".join(lines))
    with contextlib.suppress(StudyError):  # any other exception fails the test
        assert read_study(path).name
