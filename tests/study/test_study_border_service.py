"""Crossings by public transport beside pairs at home: how often one can go, and how fast."""

from pathlib import Path

import pandas as pd
import pytest
from small_feed import write_tables

from halfcircle.study import run_study

STUDY = """
[study]
name = "Five towns"
language = "{language}"
[zones]
path = "zones.csv"
country = "country"
[[opportunities]]
name = "jobs"
path = "zones.csv"
column = "jobs"
[transit]
feeds = [ {{ id = "x", path = "feed" }} ]
date = 2024-05-14
window = ["07:00", "09:00"]
time_zone = "Europe/Amsterdam"
[reach]
modes = ["transit", "crow_fly"]
bands_min = [60]
access_max_min = {{ walk = 5 }}
[border]
causes = ["transit", "crow_fly"]
"""
TOWNS = {"A": "NL", "B": "NL", "C": "NL", "D": "DE", "E": "DE"}
HEADS = {
    "en": "Connections an hour, at home / across",
    "nl": "Verbindingen per uur, in eigen land / over de grens",
    "de": "Verbindungen je Stunde, daheim / hinüber",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Towns 3.3 km apart; trains every 10 minutes at home, every 30 minutes across."""
    trips, calls = [], []
    for start, end, headway in (("A", "B", 10), ("B", "C", 10), ("D", "E", 10), ("C", "D", 30)):
        for name, (one, other) in {"": (start, end), "-back": (end, start)}.items():
            for minute in range(7 * 60, 11 * 60, headway):
                trip = f"{start}{end}{name}-{minute}"
                trips.append(f"T1,WD,{trip}")
                for order, (stop, at) in enumerate(((one, minute), (other, minute + 5)), start=1):
                    clock = f"{at // 60:02d}:{at % 60:02d}:00"
                    calls.append(f"{trip},{clock},{clock},{stop},{order}")
    stops = [f"{t},Town {t},0,{5 + 0.03 * i:.2f}" for i, t in enumerate(TOWNS)]
    write_tables(
        tmp_path / "feed",
        {
            "stops": "stop_id,stop_name,stop_lat,stop_lon\n" + "\n".join(stops),
            "trips": "route_id,service_id,trip_id\n" + "\n".join(trips),
            "stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
            + "\n".join(calls),
        },
    )
    zones = pd.DataFrame({"zone_id": TOWNS.keys(), "country": TOWNS.values(), "lat": 0.0})
    zones["lon"], zones["jobs"] = [5 + 0.03 * i for i in range(5)], 10
    zones.to_csv(tmp_path / "zones.csv", index=False)
    return tmp_path


@pytest.mark.parametrize("language", sorted(HEADS))
def test_pairs_by_public_transport_tell_connections(folder: Path, language: str) -> None:
    path = folder / "study.toml"
    path.write_text(STUDY.format(language=language), encoding="utf-8")
    run_study(path, workers=1)
    pairs = pd.read_parquet(folder / "out" / "border_pairs.parquet")
    near = pairs[pairs["distance_from_km"] == 2.0]
    by_train = near[near["mode"] == "transit"].set_index("from_country")
    for country in ("NL", "DE"):
        row = by_train.loc[country]
        assert row["connections_per_hour_domestic"] == pytest.approx(6.0, abs=0.5)
        assert row["connections_per_hour_crossing"] == pytest.approx(2.0, abs=0.5)
        # Five minutes on the train, one to get on and at most one until it leaves.
        assert 5.0 <= row["fastest_min_domestic"] <= 7.0
        assert 5.0 <= row["fastest_min_crossing"] <= 7.0
        # The same train, seldom: half an hour's wait at most, where it was ten minutes.
        assert row["minutes_crossing"] > row["minutes_domestic"] + 5
    straight = near[near["mode"] == "crow_fly"]
    assert len(straight)
    assert straight["connections_per_hour_domestic"].isna().all()
    assert HEADS[language] in (folder / "out" / "report.html").read_text(encoding="utf-8")
