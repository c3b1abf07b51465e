"""Each source against answers written by hand in the form that its publisher documents."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from local_web import PATIENT, Call, Web
from open_data_host import collection, hosts_of, zip_of
from pyproj import CRS, Transformer
from rasterio.io import MemoryFile
from rasterio.transform import from_origin

from halfcircle.errors import SourceError
from halfcircle.sources import ADAPTERS, Lock, LockedFile, fetch_study
from halfcircle.sources.area import Area
from halfcircle.sources.ghsl import MOLLWEIDE, tiles_of

LON, LAT = 6.89, 52.22  # Enschede
Fetch = Callable[..., tuple[Path, LockedFile]]


def toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(toml(v) for v in value) + "]"
    return json.dumps(value)


def write_study(folder: Path, web: Web, files: list[dict[str, Any]], **area: float) -> Path:
    where = {"lon": LON, "lat": LAT, "radius_km": 10.0} | area
    lines = ["[fetch]", *(f"{k} = {v!r}" for k, v in where.items()), "[fetch.hosts]"]
    lines += [f"{k} = {toml(v)}" for k, v in hosts_of(web).others().items()]
    for file in files:
        lines += ["[[fetch.files]]", *(f"{k} = {toml(v)}" for k, v in file.items())]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "study.toml"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    tomllib.loads(path.read_text("utf-8"))
    return path


@pytest.fixture
def fetch(web: Web, tmp_path: Path) -> Fetch:
    def one(source: str, file: str, *, area: dict[str, float] | None = None, **values: Any) -> Any:
        entry = {"file": file, "source": source, **values}
        study = write_study(tmp_path / "study", web, [entry], **(area or {}))
        lock: Lock = fetch_study(study, cache=tmp_path / "cache", policy=PATIENT)
        return study.parent / file, lock.files[0]

    return one


def square(lon: float, lat: float, side: float = 0.02) -> Any:
    return shapely.box(lon - side / 2, lat - side / 2, lon + side / 2, lat + side / 2)


# ---- boundaries ----

LAU = "/gisco/distribution/v2/lau/geojson/LAU_RG_01M_2021_4326.geojson"


def test_gisco_lau(web: Web, fetch: Fetch) -> None:
    rows = [
        ("NL_GM0153", "NL", "Enschede", 160_000, square(LON, LAT)),
        ("DE_05554020", "DE", "Gronau (Westf.)", -9999, square(LON + 0.1, LAT)),
        ("EL_1", "EL", "Far away", 5, square(22.0, 38.0)),
        ("NL_GM0164", "NL", "Middle outside", 80_000, square(LON - 0.2, LAT, 0.15)),
    ]
    web.files[LAU] = collection(
        [
            ({"GISCO_ID": a, "CNTR_CODE": b, "LAU_NAME": c, "POP_2021": d}, g)
            for a, b, c, d, g in rows
        ]
    )
    path, locked = fetch("gisco-lau", "data/zones.gpkg")
    zones = gpd.read_file(path)
    assert zones.crs == "EPSG:3035"
    assert zones["zone_id"].tolist() == ["DE_05554020", "NL_GM0153"]
    assert zones["country"].tolist() == ["DE", "NL"]
    assert np.isnan(zones["population"][0])  # unknown is missing, not -9999 and not 0
    assert zones["population"][1] == 160_000
    assert locked.notes == ("population is missing in 1 of 2 municipalities",)
    assert locked.vintage == "2021"


def test_gisco_writes_two_countries_its_own_way(web: Web, fetch: Fetch) -> None:
    web.files[LAU] = collection(
        [({"GISCO_ID": "EL_1", "CNTR_CODE": "EL", "LAU_NAME": "x"}, square(LON, LAT))]
    )
    path, locked = fetch("gisco-lau", "data/zones.gpkg")
    assert gpd.read_file(path)["country"].tolist() == ["GR"]
    assert locked.notes[0] == "the file has no column POP_2021: population is missing"


def test_a_country_without_municipalities_is_noted(web: Web, fetch: Fetch) -> None:
    web.files[LAU] = collection(
        [
            (
                {"GISCO_ID": "a", "CNTR_CODE": "NL", "LAU_NAME": "x", "POP_2021": 1},
                square(LON, LAT),
            )
        ]
    )
    _, locked = fetch("gisco-lau", "data/zones.gpkg", countries=["NL", "GB"])
    assert [note.split(" has ")[0] for note in locked.notes] == ["no municipality of GB"]


def test_gisco_nuts_and_countries(web: Web, tmp_path: Path) -> None:
    base = "/gisco/distribution/v2"
    web.files[f"{base}/nuts/geojson/NUTS_RG_01M_2024_4326_LEVL_3.geojson"] = collection(
        [({"NUTS_ID": "NL213", "CNTR_CODE": "NL", "NAME_LATN": "Twente"}, square(LON, LAT))]
    )
    web.files[f"{base}/countries/geojson/CNTR_RG_01M_2024_4326.geojson"] = collection(
        [
            ({"CNTR_ID": "DE", "NAME_ENGL": "Germany"}, square(LON + 1, LAT, 1.9)),
            ({"CNTR_ID": "UK", "NAME_ENGL": "United Kingdom"}, square(LON - 1, LAT, 1.9)),
            ({"CNTR_ID": "FR", "NAME_ENGL": "France"}, square(2.0, 48.0, 2.0)),
        ]
    )
    study = write_study(
        tmp_path,
        web,
        [
            {"file": "data/nuts.gpkg", "source": "gisco-nuts"},
            {"file": "data/countries.gpkg", "source": "gisco-countries"},
        ],
    )
    fetch_study(study, cache=tmp_path / "cache", policy=PATIENT)
    assert gpd.read_file(tmp_path / "data" / "nuts.gpkg")["name"].tolist() == ["Twente"]
    countries = gpd.read_file(tmp_path / "data" / "countries.gpkg")
    assert countries["country"].tolist() == ["DE", "GB"]


def test_gisco_with_other_columns_is_told(web: Web, fetch: Fetch) -> None:
    web.files[LAU] = collection([({"ID": "1"}, square(LON, LAT))])
    with pytest.raises(SourceError, match="no column GISCO_ID, CNTR_CODE, LAU_NAME"):
        fetch("gisco-lau", "data/zones.gpkg")


def test_an_area_without_zones_is_told(web: Web, fetch: Fetch) -> None:
    web.files[LAU] = collection(
        [({"GISCO_ID": "a", "CNTR_CODE": "NL", "LAU_NAME": "x"}, square(20.0, 40.0))]
    )
    with pytest.raises(SourceError, match=r"no zone lies in the area - check lon, lat"):
        fetch("gisco-lau", "data/zones.gpkg")


PDOK = "/pdok/cbs/gebiedsindelingen/ogc/v1/collections/gemeente_gegeneraliseerd/items"


def pdok_page(web: Web, codes: list[tuple[str, float]], following: str | None) -> bytes:
    page = json.loads(
        collection(
            [
                ({"statcode": c, "statnaam": f"name {c}", "jaarcode": 2024}, square(lon, LAT))
                for c, lon in codes
            ]
        )
    )
    page["links"] = [{"rel": "self", "href": "x"}]
    if following is not None:
        page["links"].append({"rel": "next", "href": following})
    return json.dumps(page).encode()


def test_pdok_goes_along_its_pages(web: Web, fetch: Fetch) -> None:
    def answer(call: Call) -> None:
        if "cursor=2" in call.path:
            call.send(200, pdok_page(web, [("GM0164", LON + 0.05), ("GM9", 4.0)], None))
        else:
            call.send(200, pdok_page(web, [("GM0153", LON)], web.at(PDOK) + "?cursor=2"))

    web.handlers[PDOK] = answer
    path, locked = fetch("pdok", "data/gm.gpkg", prefix="NL_")
    zones = gpd.read_file(path)
    assert zones["zone_id"].tolist() == ["NL_GM0153", "NL_GM0164"]
    assert zones["country"].tolist() == ["NL", "NL"]
    assert "jaarcode=2024" in web.calls[0].path
    assert len(locked.downloads) == 2


@pytest.mark.parametrize("to", ["self", "elsewhere"])
def test_pdok_does_not_run_in_circles_or_astray(web: Web, fetch: Fetch, to: str) -> None:
    def answer(call: Call) -> None:
        following = call.path if to == "self" else "https://elsewhere.example/items"
        call.send(200, pdok_page(web, [("GM0153", LON)], following))

    web.handlers[PDOK] = answer
    with pytest.raises(SourceError, match="next page elsewhere, or in a circle"):
        fetch("pdok", "data/gm.gpkg")


# ---- tables of CBS ----


def odata(web: Web, rows: list[dict[str, Any]], measures: dict[str, str] | None = None) -> None:
    codes = [{"Identifier": k, "Title": v} for k, v in (measures or {"M1": "Banen"}).items()]
    web.files["/odata/CBS/85481NED/MeasureCodes"] = json.dumps({"value": codes}).encode()

    def answer(call: Call) -> None:
        half = len(rows) // 2
        if "skip=1" in call.path:
            call.send(200, json.dumps({"value": rows[half:]}).encode())
        else:
            page = {"value": rows[:half], "@odata.nextLink": web.at(call.path) + "&skip=1"}
            call.send(200, json.dumps(page).encode())

    web.handlers["/odata/CBS/85481NED/Observations"] = answer


def test_cbs_odata_gives_values_by_region(web: Web, fetch: Fetch) -> None:
    odata(
        web,
        [
            {"Measure": "M1", "WerkregioS": "GM0153  ", "Value": 81.3},
            {"Measure": "M1", "WerkregioS": "GM0164  ", "Value": None},
            {"Measure": "M1", "WerkregioS": "CR10    ", "Value": 300.0},
            {"Measure": "M1", "WerkregioS": "GM0141  ", "Value": 20.2},
        ],
    )
    path, locked = fetch(
        "cbs-odata", "data/jobs.csv", table="85481NED", region="WerkregioS", factor=1000,
        prefix="NL_", where={"Perioden": "2023JJ00", "WoonregioS": "NL01*"},
    )  # fmt: skip
    table = pd.read_csv(path)
    assert table.to_dict("list") == {
        "zone_id": ["NL_GM0141", "NL_GM0153"], "value": [20_200, 81_300],
    }  # fmt: skip
    assert locked.notes == ("1 values are missing (unknown or secret)",)
    assert locked.vintage == "2023"
    asked = next(c.path for c in web.calls if "Observations" in c.path)
    assert "Measure%20eq%20%27M1%27%20and%20Perioden%20eq%20%272023JJ00%27" in asked
    assert "startswith(WoonregioS,%27NL01%27)" in asked


def test_cbs_odata_gives_flows(web: Web, fetch: Fetch) -> None:
    odata(
        web,
        [
            {"Woon": "GM0153", "Werk": "GM0164", "Value": 4.5},
            {"Woon": "GM0153", "Werk": "GM0153", "Value": 50.0},
        ],
    )
    path, _ = fetch(
        "cbs-odata", "data/flows.csv", table="85481NED", origin="Woon", destination="Werk",
        factor=1000,
    )  # fmt: skip
    assert path.read_text() == (
        "origin,destination,workers\nGM0153,GM0153,50000\nGM0153,GM0164,4500\n"
    )


def test_cbs_odata_takes_a_measure_by_its_title(web: Web, fetch: Fetch) -> None:
    odata(web, [{"R": "GM1", "Value": 3}] * 1, {"M1": "Banen", "M2": "Inwoners"})
    fetch("cbs-odata", "data/x.csv", table="85481NED", region="R", measure="Inwoners")
    assert any("%27M2%27" in call.path for call in web.calls)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"region": "R"}, r"several measures - measure = one of M1 \(Banen\), M2 \(Inwoners\)"),
        ({"region": "R", "measure": "Bannen"}, r"no measure 'Bannen' - did you mean 'Banen'"),
        ({"region": "X", "measure": "M1"}, "no column X - it has R, Value"),
        ({"region": "R", "measure": "M1"}, "GM1 occurs twice - choose one value of every other"),
        ({"region": "R", "measure": "M1", "codes": "PV"}, "has no values for this choice"),
        ({"measure": "M1"}, "give either region, or origin together with destination"),
        ({"measure": "M1", "origin": "R"}, "give either region, or origin together with dest"),
    ],
)
def test_cbs_odata_says_what_is_wrong(
    web: Web, fetch: Fetch, values: dict[str, str], text: str
) -> None:
    odata(web, [{"R": "GM1", "Value": 3}] * 4, {"M1": "Banen", "M2": "Inwoners"})
    with pytest.raises(SourceError, match=text):
        fetch("cbs-odata", "data/x.csv", table="85481NED", **values)


def test_cbs_squares(web: Web, fetch: Fetch, tmp_path: Path) -> None:
    x, y = Transformer.from_crs(4326, 28992, always_xy=True).transform(LON, LAT)
    x, y = x // 500 * 500, y // 500 * 500
    cells = [(x, y, 120), (x + 500, y, -99997), (x, y + 500, 5), (x + 50_000, y, 900)]
    frame = gpd.GeoDataFrame(
        {
            "crs28992res500m": [f"E{int(a)}N{int(b)}" for a, b, _ in cells],
            "aantal_inwoners": [n for *_, n in cells],
        },
        geometry=[shapely.box(a, b, a + 500, b + 500) for a, b, _ in cells],
        crs=28992,
    )
    frame.to_file(tmp_path / "cbs_vk500_2024_v1.gpkg", driver="GPKG")
    web.files["/cbs/vierkant/500/2025-cbs_vk500_2024_v1.zip"] = zip_of(
        {"cbs_vk500_2024_v1.gpkg": (tmp_path / "cbs_vk500_2024_v1.gpkg").read_bytes()}
    )
    path, locked = fetch("cbs-squares", "data/people.csv")
    table = pd.read_csv(path)
    assert table["population"].tolist() == [120, 5]
    assert np.allclose(table[["lon", "lat"]].mean(), [LON, LAT], atol=0.01)
    assert "missing (secret or unknown) in 1 of 3 cells" in locked.notes[0]


# ---- grids of people ----


def laea_cell(side: int) -> tuple[int, int]:
    x, y = Transformer.from_crs(4326, 3035, always_xy=True).transform(LON, LAT)
    return int(x // side) * side, int(y // side) * side


def test_eurostat_census_grid(web: Web, fetch: Fetch) -> None:
    x, y = laea_cell(1000)
    rows = [
        f"CRS3035RES1000mN{y}E{x},500,230",
        f"CRS3035RES1000mN{y}E{x + 1000},-9999,4",
        f"CRS3035RES1000mN{y + 1000}E{x},7,",
        f"CRS3035RES1000mN{y}E{x + 90_000},99,9",
        "nonsense,1,1",
    ]
    web.files["/gisco/census/2021/Eurostat_Census-GRID_2021_V3.zip"] = zip_of(
        {"folder/ESTAT_Census_2021_V3.csv": "\n".join(["GRD_ID,T,EMP", *rows]) + "\n"}
    )
    path, locked = fetch(
        "eurostat-census-grid", "data/people.csv", columns={"population": "T", "workers": "EMP"}
    )
    table = pd.read_csv(path)
    assert table["cell"].tolist() == [f"CRS3035RES1000mN{y}E{x}"]
    assert table[["population", "workers"]].iloc[0].tolist() == [500, 230]
    back = Transformer.from_crs(4326, 3035, always_xy=True).transform(
        table["lon"][0], table["lat"][0]
    )
    assert np.allclose(back, [x + 500, y + 500], atol=1.0)
    assert [note.split(" is ")[0] for note in locked.notes] == ["population", "workers"]


def test_zensus(web: Web, fetch: Fetch) -> None:
    x, y = laea_cell(100)
    rows = [f"a;{x + 50};{y + 50};12", f"b;{x + 150};{y + 50};–", f"c;{x + 99_950};{y + 50};8"]
    head = "GITTER_ID_100m;x_mp_100m;y_mp_100m;Einwohner"
    web.files["/zensus/Zensus2022_Bevoelkerungszahl.zip"] = zip_of(
        {
            "Zensus2022_Bevoelkerungszahl_100m-Gitter.csv": "\n".join([head, *rows]),
            "Zensus2022_Bevoelkerungszahl_1km-Gitter.csv": "not asked for",
            "Beschreibung.pdf": "x",
        }
    )
    path, locked = fetch("zensus", "data/people.csv")
    table = pd.read_csv(path)
    assert table["cell"].tolist() == ["a"]
    assert table["population"].tolist() == [12]
    assert "in 1 of 2 cells" in locked.notes[0]
    assert "cell key" in locked.method


def tile_zip(row: int, column: int, value: float) -> bytes:
    west, north = -18_041_000 + (column - 1) * 1_000_000, 9_000_000 - (row - 1) * 1_000_000
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff", width=1000, height=1000, count=1, dtype="float64",
            crs=MOLLWEIDE.to_wkt(), transform=from_origin(west, north, 1000, 1000), nodata=-200.0,
        ) as raster:  # fmt: skip
            raster.write(np.full((1, 1000, 1000), value))
        content = bytes(memory.read())
    name = f"GHS_POP_E2020_GLOBE_R2023A_54009_1000_V1_0_R{row}_C{column}"
    return zip_of({f"{name}.tif": content, f"{name}.tif.ovr": b"x", "readme.txt": b"x"})


def test_ghs_tiles_are_where_the_publisher_puts_them() -> None:
    assert tiles_of(Area(36.82, -1.29, 20.0)) == [(10, 22)]  # Nairobi
    assert tiles_of(Area(-121.5, 38.6, 20.0)) == [(5, 8)]  # Sacramento
    assert tiles_of(Area(0.16, 44.5, 20.0)) == [(4, 19)]  # Marmande


def test_ghs_pop_joins_windows_of_tiles(web: Web, fetch: Fetch, tmp_path: Path) -> None:
    # A place where four tiles meet; one of them is all sea and does not exist.
    lon, lat = Transformer.from_crs(MOLLWEIDE, CRS.from_epsg(4326), always_xy=True).transform(
        -41_000.0, 6_000_000.0
    )
    base = "/ghsl/GHS_POP_GLOBE_R2023A/GHS_POP_E2020_GLOBE_R2023A_54009_1000/V1-0/tiles"
    name = "GHS_POP_E2020_GLOBE_R2023A_54009_1000_V1_0"
    for row, column, value in ((3, 18, 1.0), (3, 19, 2.0), (4, 19, 3.0)):
        web.files[f"{base}/{name}_R{row}_C{column}.zip"] = tile_zip(row, column, value)
    area = {"lon": lon, "lat": lat, "radius_km": 20.0}
    path, locked = fetch("ghs-pop", "data/people.tif", cell=1000, area=area)
    with rasterio.open(path) as raster:
        cells = raster.read(1)
        assert raster.res == (1000.0, 1000.0)
        assert raster.nodata == -200.0
        left, top = raster.bounds.left, raster.bounds.top
    assert (left + 41_000) % 1000 == 0
    assert top % 1000 == 0
    half = cells.shape[1] // 2
    assert (cells[0, 0], cells[0, -1], cells[-1, 0], cells[-1, -1]) == (1.0, 2.0, -200.0, 3.0)
    assert abs(half - 20) <= 2
    assert "3 tiles" in locked.method
    # With the lock, the tile that is not there is not asked for again: offline works.
    before = path.read_bytes()
    path.unlink()
    web.stop()
    fetch_study(path.parents[1] / "study.toml", cache=tmp_path / "cache", offline=True)
    assert path.read_bytes() == before


def test_statbel(web: Web, tmp_path: Path) -> None:
    text = (
        "CD_REFNIS|CD_SECTOR|TOTAL\n63079|63079A00-|900\n63079|63079A01-|100\n"
        "63079|63079ZZZZ|7\n63023|63023A00-|50\n"
    )
    web.files["/statbel/bevolking/sectoren/OPENDATA_SECTOREN_2024.zip"] = zip_of(
        {"OPENDATA_SECTOREN_2024.txt": "\ufeff" + text}
    )
    outlines = collection(
        [
            ({"cd_sector": "63079A00-", "tx_sector_descr_nl": "Eupen"}, square(LON, LAT)),
            ({"cd_sector": "63079A01-", "tx_sector_descr_nl": "East"}, square(LON + 0.05, LAT)),
            ({"cd_sector": "63023A00-", "tx_sector_descr_nl": "Far"}, square(LON + 1, LAT)),
        ]
    )
    name = "sh_statbel_statistical_sectors_31370_20240101.geojson"
    web.files[f"/statbel/Statistische%20sectoren/{name}.zip"] = zip_of({name: outlines})
    study = write_study(
        tmp_path,
        web,
        [
            {"file": "data/sectors.gpkg", "source": "statbel-sectors"},
            {"file": "data/people.csv", "source": "statbel-sectors"},
        ],
    )
    lock = fetch_study(study, cache=tmp_path / "cache", policy=PATIENT)
    sectors = gpd.read_file(tmp_path / "data" / "sectors.gpkg")
    assert sectors["population"].tolist() == [900, 100]
    assert sectors["name"].tolist() == ["Eupen", "East"]
    assert lock.files[0].notes == ("7 people in Belgium live in no sector with an outline",)
    table = pd.read_csv(tmp_path / "data" / "people.csv")
    assert dict(zip(table["zone_id"], table["value"], strict=True)) == {
        "BE_63023": 50, "BE_63079": 1007,
    }  # fmt: skip


# ---- any file ----


def test_any_table(web: Web, fetch: Fetch) -> None:
    web.files["/x/jobs.csv"] = b"zone_id,jobs\na,1\n"
    path, locked = fetch(
        "url", "data/jobs.csv", url=web.at("/x/jobs.csv"), licence="CC0", vintage="2023"
    )
    assert path.read_bytes() == b"zone_id,jobs\na,1\n"
    assert (locked.licence, locked.vintage) == ("CC0", "2023")


def test_any_member_of_an_archive(web: Web, fetch: Fetch) -> None:
    web.files["/x/all.zip"] = zip_of({"a/jobs.csv": "zone_id,jobs\n", "b/other.csv": "x\n"})
    path, _ = fetch("url", "data/jobs.csv", url=web.at("/x/all.zip"), member="jobs.csv")
    assert path.read_bytes() == b"zone_id,jobs\n"
    with pytest.raises(SourceError, match=r"several members that fit '\*.csv'.*a/jobs.csv"):
        fetch("url", "data/jobs.csv", url=web.at("/x/all.zip"), member="*.csv")
    with pytest.raises(SourceError, match=r"no member that fit '\*.gpkg'.*a/jobs.csv"):
        fetch("url", "data/jobs.gpkg", url=web.at("/x/all.zip"), member="*.gpkg")


def test_any_vector_file_is_clipped(web: Web, fetch: Fetch) -> None:
    web.files["/x/care.geojson"] = collection(
        [
            ({"name": "near"}, shapely.Point(LON, LAT)),
            ({"name": "far"}, shapely.Point(LON + 2, LAT)),
        ]
    )
    path, _ = fetch("url", "data/care.gpkg", url=web.at("/x/care.geojson"), clip=True)
    assert gpd.read_file(path)["name"].tolist() == ["near"]


def test_any_raster_is_clipped_to_whole_cells(web: Web, fetch: Fetch) -> None:
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff", width=100, height=100, count=1, dtype="int32", crs="EPSG:4326",
            transform=from_origin(LON - 5, LAT + 5, 0.1, 0.1),
        ) as raster:  # fmt: skip
            raster.write(np.arange(10_000, dtype=np.int32).reshape(1, 100, 100))
        web.files["/x/people.tif"] = bytes(memory.read())
    path, _ = fetch("url", "data/people.tif", url=web.at("/x/people.tif"), clip=True)
    with rasterio.open(path) as raster:
        cells = raster.read(1)
        assert cells.shape[0] <= 4
        assert cells.shape[1] <= 6
        row, column = raster.index(LON + 0.05, LAT - 0.05)
        assert cells[row, column] == 50 * 100 + 50


@pytest.mark.parametrize("name", ["x.fgb", "x.parquet", "x.geojson"])
def test_a_map_that_names_other_files_is_not_opened(
    web: Web, fetch: Fetch, tmp_path: Path, name: str
) -> None:
    vrt = (
        "<OGRVRTDataSource><OGRVRTLayer name='a'><SrcDataSource>/etc/passwd</SrcDataSource>"
        "</OGRVRTLayer></OGRVRTDataSource>"
    )
    web.files[f"/{name}"] = vrt.encode()
    with pytest.raises(SourceError, match=r"is no GeoJSON|that is not JSON"):
        fetch("url", "data/a.gpkg", url=web.at(f"/{name}"), clip=True)
    web.files["/x.zip"] = zip_of({"x.tif": "<VRTDataset rasterXSize='1' rasterYSize='1'/>"})
    with pytest.raises(SourceError, match="cannot be read as a raster"):
        fetch("url", "data/a.tif", url=web.at("/x.zip"), member="x.tif", clip=True)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"file": "data/a.txt"}, r"jobs.csv cannot be kept as data/a.txt"),
        ({"file": "data/a.csv", "clip": True}, "cannot be clipped - only rasters"),
    ],
)
def test_what_cannot_be_done_is_told(
    web: Web, fetch: Fetch, values: dict[str, Any], text: str
) -> None:
    web.files["/x/jobs.csv"] = b"zone_id,jobs\na,1\n"
    with pytest.raises(SourceError, match=text):
        fetch("url", url=web.at("/x/jobs.csv"), **values)


def test_every_adapter_says_what_it_is() -> None:
    assert len(ADAPTERS) == 16
    for name, adapter in ADAPTERS.items():
        assert adapter.name == name
        assert adapter.gives
        assert adapter.licence
        assert adapter.rhythm
        assert set(adapter.needs_files) <= set(adapter.parameters)
