"""The departures of a window in a study: sampled or all of them, of travel time or of reach."""

import zipfile
from pathlib import Path

import pandas as pd
import pytest

from halfcircle.errors import StudyError
from halfcircle.study import run_study, study_result
from halfcircle.study.settings.study_file import read_study

FEED = {
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\n"
    "x,X,https://example.org,Europe/Amsterdam\n",
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\na,A,51.0,6.0\nb,B,51.0,6.2\n",
    "routes.txt": "route_id,agency_id,route_short_name,route_type\nr,x,R,2\n",
    "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
    "start_date,end_date\nw,1,1,1,1,1,0,0,20260101,20261231\n",
    "trips.txt": "route_id,service_id,trip_id\nr,w,t1\nr,w,t2\n",
    "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "t1,07:10:30,07:10:30,a,1\nt1,07:30:30,07:30:30,b,2\n"
    "t2,07:30:30,07:30:30,a,1\nt2,07:50:30,07:50:30,b,2\n",
}
STUDY = """
[study]
name = "two trains"
[zones]
path = "z.csv"
[[opportunities]]
name = "jobs"
path = "z.csv"
column = "jobs"
[transit]
feeds = [ { id = "f", path = "f.zip" } ]
date = 2026-05-12
window = ["07:00", "07:25"]
time_zone = "Europe/Amsterdam"
step_s = 60
[reach]
modes = ["transit"]
bands_min = [30]
percentiles = [25, 50]
over = ["time", "access"]
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as feed:
        for name, text in FEED.items():
            feed.writestr(name, text)
    (tmp_path / "z.csv").write_text("zone_id,lon,lat,jobs\nA,6.0,51.0,1\nB,6.2,51.0,10\n")
    (tmp_path / "study.toml").write_text(STUDY)
    return tmp_path / "study.toml"


def edited(study: Path, old: str, new: str) -> Path:
    assert old in STUDY
    study.write_text(STUDY.replace(old, new))
    return study


def reach_of_a(study: Path) -> dict[tuple[str, float], float]:
    run_study(study)
    reach = pd.read_parquet(study.parent / "out" / "reach.parquet")
    rows = reach[reach["zone_id"] == "A"]
    percentile = rows["percentile"].astype(float).fillna(0)
    return dict(zip(zip(rows["measure"], percentile, strict=True), rows["value"], strict=True))


def test_minutes_over_time_and_over_access(study: Path) -> None:
    # B is within 30 minutes of those who leave 1 to 10 minutes before a train: 07:01 to 07:09 and
    # 07:21 to 07:24, 13 of 25 minutes
    assert reach_of_a(study) == {
        ("cumulative", 25): 11,
        ("cumulative", 50): 11,
        ("mean", 0): pytest.approx(1 + 10 * 13 / 25),
        # the reach of the worst quarter of the departures, and of the median one
        ("departures", 25): 1,
        ("departures", 50): 11,
    }


def test_every_departure_of_a_continuous_window(study: Path) -> None:
    # 07:00:30 to 07:09:30 and 07:20:30 to 07:24:59: 541 + 270 of 1,500 seconds
    found = reach_of_a(edited(study, "step_s = 60", 'step_s = "continuous"'))
    assert found["mean", 0] == pytest.approx(1 + 10 * 811 / 1500)
    assert found["cumulative", 50] == found["departures", 50] == 11
    report = (study.parent / "out" / "report.html").read_text(encoding="utf-8")
    assert "every departure counts (continuous)" in report
    assert "here a low percentile belongs to a badly timed departure" in report


def test_without_the_key_only_travel_time_has_percentiles(study: Path) -> None:
    found = reach_of_a(edited(study, 'over = ["time", "access"]\n', ""))
    assert set(found) == {("cumulative", 25), ("cumulative", 50)}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("step_s = 60", 'step_s = "continous"', "step_s: is not known: 'continous' - did you mean"),
        ('"time", "access"', '"time", "acces"', "over: is not known: 'acces' - did you mean"),
        ('"time", "access"', '"access"', 'over: must hold "time"'),
        ('modes = ["transit"]', 'modes = ["crow_fly"]', "over: needs a mode of .transit.*'access'"),
    ],
)
def test_faults(study: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        read_study(edited(study, old, new))


def test_the_whole_matrix_is_written_where_asked_for(study: Path) -> None:
    run_study(edited(study, "[reach]", '[outputs]\ntravel_times = ["transit"]\n[reach]'))
    out = study.parent / "out"
    times = pd.read_parquet(out / "travel_times" / "transit.parquet")
    assert list(times.columns) == ["origin", "destination", "percentile", "seconds"]
    assert set(zip(times["origin"], times["destination"], strict=True)) >= {("A", "B")}
    assert "travel_times/transit.parquet" in (out / "manifest.json").read_text(encoding="utf-8")
    told = pd.read_csv(out / "data_dictionary.csv", encoding="utf-8-sig")
    rows = told[told["table"] == "travel_times/transit.parquet"]
    assert rows["column"].tolist() == list(times.columns)
    with pytest.raises(StudyError, match=r"travel_times: is no mode of \[reach\]: 'walk'"):
        read_study(edited(study, "[reach]", '[outputs]\ntravel_times = ["walk"]\n[reach]'))


def test_modes_without_a_timetable_have_no_departures(study: Path) -> None:
    edited(study, 'modes = ["transit"]', 'modes = ["crow_fly", "transit"]')
    result = study_result(study)
    by_mode = result.reach.groupby("mode")["measure"].unique()
    assert list(by_mode["crow_fly"]) == ["cumulative"]
    assert set(by_mode["transit"]) == {"cumulative", "mean", "departures"}
    assert result.reach["value"].dtype == "float64"
