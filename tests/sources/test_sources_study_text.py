"""Whatever is chosen, the text is a study that both its readers take."""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from pathlib import Path

import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from local_web import PATIENT, Web
from open_data_host import collection, hosts_of

from halfcircle.sources import Hosts, fetch_study, new_study
from halfcircle.sources.area import Area
from halfcircle.sources.catalogue import Feed, national_feeds
from halfcircle.sources.place import Place
from halfcircle.sources.plan import read_plan
from halfcircle.sources.study_text import Found, study_text
from halfcircle.study.settings.study_file import read_study

KEYED = Feed(
    "x",
    'A "quoted"\nname',
    "https://a.example/x.zip?key=${HALFCIRCLE_X_KEY}",
    "?",
    (),
    "HALFCIRCLE_X_KEY",
    "w",
)


def found(
    *,
    name: str = "Enschede, Overijssel",
    countries: tuple[str, ...] = ("NL", "DE"),
    regions: tuple[str, ...] = ("europe/netherlands/overijssel",),
    feeds: tuple[Feed, ...] = national_feeds("NL", Hosts()),
) -> Found:
    place = Place(name, 6.89, 52.22, countries[0])
    return Found(place, Area(6.89, 52.22, 20.0), countries, regions, feeds, "Europe/Amsterdam")


@given(
    st.builds(
        found,
        name=st.text(max_size=30).filter(lambda text: text.split(",")[0].strip()),
        countries=st.sampled_from([("NL",), ("NL", "DE"), ("BE", "NL", "DE"), ("FR",)]),
        regions=st.sampled_from([(), ("europe/germany",), ("europe/netherlands", "europe/b")]),
        feeds=st.sampled_from([(), (KEYED,), national_feeds("BE", Hosts())]),
    ),
    st.sets(st.sampled_from(["population", "workers", "jobs"]), min_size=1),
    st.sampled_from([None, 500, 1000]),
    st.sampled_from(["busiest-weekday", dt.date(2026, 5, 12)]),
)
@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_both_readers_take_every_study(
    tmp_path: Path, what: Found, names: set[str], grid_m: int | None, date: dt.date | str
) -> None:
    opportunities = [name for name in ("population", "workers", "jobs") if name in names]
    text = study_text(
        what, Hosts(), modes=("walk", "transit"), date=date, opportunities=opportunities,
        year=2021, grid_m=grid_m,
    )  # fmt: skip
    path = tmp_path / "study.toml"
    path.write_text(text, "utf-8", newline="\n")
    values = tomllib.loads(text)
    if values.get("opportunities"):
        read_study(path)
    plan = read_plan(path)
    assert plan is not None
    made = {entry.file for entry in plan.entries}
    used = {row["path"] for row in values.get("opportunities", [])}
    used |= {values["zones"].get("path", values["zones"].get("within"))}
    used |= set(values["streets"]["osm"])
    used |= {row["path"] for row in values.get("transit", {}).get("feeds", [])}
    assert used <= made
    assert ("border" in values) == (len(what.countries) > 1)
    assert values["fetch"]["place"] == what.place.name


def test_feeds_that_need_a_key_are_comments() -> None:
    text = study_text(
        found(feeds=(*national_feeds("BE", Hosts()), KEYED)), Hosts(), modes=("transit",),
        date="busiest-weekday", opportunities=["population"], year=2021,
    )  # fmt: skip
    values = tomllib.loads(text)
    assert [feed["id"] for feed in values["transit"]["feeds"]] == ["sncb", "tec"]
    assert '# headers = { "Ocp-Apim-Subscription-Key" = "${HALFCIRCLE_DELIJN_KEY}" }' in text
    assert 'A "quoted" name wants an access key' in text
    # Take away the marks: then it is a study that reads its key from the environment.
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("# De Lijn wants")) + 2
    opened = "\n".join(line.removeprefix("# ") for line in lines[start : start + 6])
    assert tomllib.loads(opened)["fetch"]["files"][0]["source"] == "gtfs"


def test_without_feeds_nobody_rides() -> None:
    text = study_text(
        found(feeds=()), Hosts(), modes=("transit",), date="busiest-weekday",
        opportunities=["population"], year=2021,
    )  # fmt: skip
    values = tomllib.loads(text)
    assert "transit" not in values
    assert values["reach"]["modes"] == ["walk"]


def square(lon: float, lat: float, side: float) -> shapely.Geometry:
    return shapely.box(lon - side / 2, lat - side / 2, lon + side / 2, lat + side / 2)


@pytest.fixture
def luxembourg(web: Web) -> Web:
    outlines = [({"CNTR_ID": "LU", "NAME_ENGL": "Luxembourg"}, square(6.1, 49.7, 1.0))]
    web.files["/gisco/distribution/v2/countries/geojson/CNTR_RG_03M_2024_4326.geojson"] = (
        collection(outlines)
    )
    row = {
        "id": "tfs-1", "data_type": "gtfs", "location.country_code": "LU", "provider": "ATP",
        "name": "", "urls.direct_download": web.at("/lu.zip"), "urls.authentication_type": "",
        "urls.latest": "", "urls.license": "CC0", "status": "active",
        "location.bounding_box.minimum_latitude": "49.4",
        "location.bounding_box.maximum_latitude": "50.2",
        "location.bounding_box.minimum_longitude": "5.7",
        "location.bounding_box.maximum_longitude": "6.5",
    }  # fmt: skip
    web.files["/mdb/feeds_v2.csv"] = pd.DataFrame([row]).to_csv(index=False).encode()
    return web


def test_new_by_coordinates_with_the_catalogue_and_overpass(
    luxembourg: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said: list[str] = []
    path = new_study(
        "49.61, 6.13", radius_km=10, streets="overpass", hosts=hosts_of(luxembourg),
        cache=tmp_path / "cache", policy=PATIENT, tell=said.append,
    )  # fmt: skip
    assert path == Path("49-61") / "study.toml"
    values = tomllib.loads(path.read_text("utf-8"))
    assert values["streets"]["osm"] == ["data/streets.osm.pbf"]
    assert values["transit"]["feeds"][0]["path"] == "data/gtfs-tfs-1.zip"
    assert values["transit"]["time_zone"] == "Europe/Luxembourg"
    assert "border" not in values
    assert said[1:] == ["countries in reach: LU", "timetables: ATP"]
    assert not any("nominatim" in line or "geofabrik" in line for line in luxembourg.log)


def test_new_at_sea_is_told(luxembourg: Web, tmp_path: Path) -> None:
    from halfcircle.errors import SourceError

    with pytest.raises(SourceError, match="no country lies within 10 km"):
        new_study(
            "45.0, -30.0", radius_km=10, out=tmp_path, hosts=hosts_of(luxembourg),
            cache=tmp_path / "cache", policy=PATIENT,
        )  # fmt: skip


def test_spread_by_people_and_crosswalk_from_a_study(web: Web, tmp_path: Path) -> None:
    lau = "/gisco/distribution/v2/lau/geojson/LAU_RG_01M_{}_4326.geojson"
    old = [("a", 6.00), ("b", 6.02)]
    web.files[lau.format(2016)] = collection(
        [({"GISCO_ID": z, "CNTR_CODE": "NL", "LAU_NAME": z}, square(x, 52.0, 0.02)) for z, x in old]
    )
    web.files[lau.format(2021)] = collection(
        [({"GISCO_ID": "c", "CNTR_CODE": "NL", "LAU_NAME": "c"},
          shapely.box(5.99, 51.99, 6.03, 52.01))]
    )  # fmt: skip
    web.files["/jobs.csv"] = b"zone_id,jobs\nc,12.4\n"
    web.files["/people.csv"] = b"lon,lat,n\n6.0,52.0,30\n6.02,52.0,10\n6.025,52.0,\n"
    entries = [
        {"file": "data/old.gpkg", "source": "gisco-lau", "year": 2016},
        {"file": "data/zones.gpkg", "source": "gisco-lau"},
        {"file": "data/jobs.csv", "source": "url", "url": web.at("/jobs.csv")},
        {"file": "data/people.csv", "source": "url", "url": web.at("/people.csv")},
        {"file": "data/cells.csv", "source": "spread", "counts": "data/jobs.csv",
         "column": "jobs", "points": "data/people.csv", "weight": "n"},
        {"file": "data/codes.csv", "source": "crosswalk", "old": "data/old.gpkg",
         "new": "data/zones.gpkg", "points": "data/people.csv", "weight": "n"},
    ]  # fmt: skip
    lines = ["[fetch]", "lon = 6.0", "lat = 52.0", "radius_km = 10", "[fetch.hosts]"]
    lines += [f"{k} = {json.dumps(v)}" for k, v in hosts_of(web).others().items()]
    for entry in entries:
        lines += ["[[fetch.files]]", *(f"{k} = {json.dumps(v)}" for k, v in entry.items())]
    study = tmp_path / "study.toml"
    study.write_text("\n".join(lines), "utf-8")
    lock = fetch_study(study, cache=tmp_path / "cache", policy=PATIENT)
    cells = pd.read_csv(tmp_path / "data" / "cells.csv")
    assert cells["value"].tolist() == [3, 9]
    codes = pd.read_csv(tmp_path / "data" / "codes.csv")
    assert codes.to_numpy().tolist() == [["a", "c", 1.0], ["b", "c", 1.0]]
    made = lock.file_at("data/cells.csv")
    assert made is not None
    assert made.notes == ("counts that were not whole were rounded first",)
    crosswalk = lock.file_at("data/codes.csv")
    assert crosswalk is not None
    assert "2 zones changed" in crosswalk.method
