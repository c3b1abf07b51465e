"""NL, BE and DE from the shared real data: municipalities, jobs, and the Kreise of Germany.

Dutch jobs and workers: column and row sums of the municipal commuting matrix of CBS, 2014 (403
municipalities, put on those of 2016; unit 100 jobs, pairs below 50 not published). Belgian ones:
sums of the Census 2011 matrix (581 municipalities). German jobs are NOT in the data: population
of municipalities (Wikidata, scaled to the Kreis totals of 2022) times `JOBS_PER_PERSON`, so every
figure that rests on them is an estimate.
"""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from halfcircle.places import Places

JOBS_PER_PERSON = 0.42
PLANE = CRS.from_epsg(3035)

NL_RENAMED = {
    "'s-Gravenhage (gemeente)": "Den Haag", "'s-Hertogenbosch": "Den Bosch", "Beek (L.)": "Beek",
    "Groningen (gemeente)": "Groningen", "Hengelo (O.)": "Hengelo", "Laren (NH.)": "Laren",
    "Middelburg (Z.)": "Middelburg", "Rijswijk (ZH.)": "Rijswijk", "Stein (L.)": "Stein",
    "Utrecht (gemeente)": "Utrecht", "De Friese Meren": "De Fryske Marren",
    "Bergambacht": "Krimpenerwaard", "Nederlek": "Krimpenerwaard", "Ouderkerk": "Krimpenerwaard",
    "Schoonhoven": "Krimpenerwaard", "Vlist": "Krimpenerwaard", "Bernisse": "Nissewaard",
    "Spijkenisse": "Nissewaard", "Bussum": "Gooise Meren", "Muiden": "Gooise Meren",
    "Naarden": "Gooise Meren", "Graft-De Rijp": "Alkmaar", "Schermer": "Alkmaar",
    "Zeevang": "Edam-Volendam", "Groesbeek": "Berg en Dal", "Millingen aan de Rijn": "Berg en Dal",
    "Ubbergen": "Berg en Dal", "Maasdonk": "Den Bosch",
}  # fmt: skip
BE_MERGED = {
    12030: 12041, 12034: 12041, 44011: 44083, 44049: 44083, 44001: 44084, 44029: 44084,
    44036: 44085, 44072: 44085, 44080: 44085, 45017: 45068, 45057: 45068, 55010: 51067,
    55039: 51068, 55023: 51069, 52063: 55085, 52043: 55086, 54007: 57096, 54010: 57097,
    55022: 58001, 56011: 58002, 56085: 58003, 56087: 58004, 71047: 72042, 72029: 72042,
    72025: 72043, 72040: 72043,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Triangle:
    """Municipalities of NL and BE, municipalities or Kreise of DE."""

    places: Places
    name: np.ndarray
    jobs: np.ndarray
    workers: np.ndarray
    area_m2: np.ndarray


def netherlands(folder: Path) -> tuple[gpd.GeoDataFrame, np.ndarray]:
    """Dutch municipalities with jobs and workers, and their commuting matrix."""
    flows = pd.read_csv(folder / "flows/cbs_commuting_municipal_2014.csv")
    for end in ("home", "work"):
        flows[end] = flows[end].replace(NL_RENAMED)
    frame = gpd.read_file(folder / "boundaries/odf_NL_muni_390.geojson").to_crs(PLANE)
    frame = frame.sort_values("id", ignore_index=True)
    matrix = flows.pivot_table(index="home", columns="work", values="jobs", aggfunc="sum")
    unknown = (set(flows["home"]) | set(flows["work"])) - set(frame["name"])
    if unknown:
        raise ValueError(f"municipalities without a boundary: {sorted(unknown)}")
    square = matrix.reindex(index=frame["name"], columns=frame["name"]).fillna(0.0).to_numpy()
    frame["jobs"], frame["workers"] = square.sum(axis=0), square.sum(axis=1)
    return frame, square


def belgium(folder: Path) -> gpd.GeoDataFrame:
    """Belgian municipalities (581) with jobs and workers."""
    frame = gpd.read_file(folder / "boundaries/BE_ADMIN_MUNTY.geojson").to_crs(PLANE)
    frame["id"] = frame["CD_MUNTY_REFNIS"].astype(int).replace(BE_MERGED)
    frame["geometry"] = shapely.make_valid(frame.geometry.array)
    frame = frame.dissolve("id", aggfunc="first").reset_index()
    frame["name"] = frame["TX_MUNTY_DESCR_NL"]
    flows = pd.read_csv(folder / "flows/be_census2011_commuting_581.csv")
    frame["jobs"] = frame["id"].map(flows.groupby("work")["workers"].sum()).fillna(0.0)
    frame["workers"] = frame["id"].map(flows.groupby("home")["workers"].sum()).fillna(0.0)
    frame["id"] = "BE" + frame["id"].astype(str)
    return frame[["id", "name", "jobs", "workers", "geometry"]]


def german_towns(folder: Path) -> pd.DataFrame:
    """German municipalities: kreis, name, lon, lat and population scaled to 2022 per Kreis."""
    parts = [
        pd.read_csv(folder / f"population/wikidata_{kind}_de.csv", dtype=str)
        for kind in ("cities", "municipalities")
    ]
    towns = pd.concat(parts, ignore_index=True).drop_duplicates("city")
    kreis = towns["regioKey"].where(towns["regioKey"].notna(), towns["regiokeyCity"])
    position = towns["maxLoc"].str.extract(r"Point\(([-\d.]+) ([-\d.]+)\)").astype(float)
    out = pd.DataFrame(
        {
            "id": "DE" + towns["city"].str.rsplit("/", n=1).str[1],
            "name": towns["cityLabel"],
            "kreis": kreis.str[:5],
            "lon": position[0],
            "lat": position[1],
            "population": pd.to_numeric(towns["maxPopulation"]),
        }
    ).dropna()
    official = pd.read_csv(
        folder / "population/de_kreise_indicators_2022.csv", sep=";", encoding="utf-8-sig",
        dtype=str,
    )  # fmt: skip
    official = official[official["Aggregat"].str.contains("Kreise", na=False)]
    total = pd.to_numeric(official.set_index("Kennziffer")["Bevölkerung gesamt_2022"])
    found = out.groupby("kreis")["population"].transform("sum")
    scale = out["kreis"].map(total) / found
    out["population"] = out["population"] * scale.fillna(1.0)
    return out.reset_index(drop=True)


def triangle(folder: Path, *, germany: str = "towns") -> tuple[Triangle, np.ndarray]:
    """All three countries and the Dutch commuting matrix; Germany as "towns" or "kreise"."""
    nl, flows = netherlands(folder)
    be = belgium(folder)
    shapes = pd.concat([nl[["id", "name", "jobs", "workers", "geometry"]], be], ignore_index=True)
    points = gpd.GeoSeries(shapely.point_on_surface(shapes.geometry.array), crs=PLANE)
    centroid = gpd.GeoSeries(shapely.centroid(shapes.geometry.array), crs=PLANE)
    inside = shapely.contains(shapes.geometry.array, centroid.array)
    spot = points.where(~inside, centroid).to_crs(4326)
    towns = german_towns(folder)
    if germany == "kreise":
        p = towns["population"]
        weighted = towns.assign(lon=towns["lon"] * p, lat=towns["lat"] * p).groupby("kreis")
        sums = weighted[["lon", "lat", "population"]].sum()
        towns = pd.DataFrame(
            {
                "id": "DE" + sums.index,
                "name": sums.index,
                "lon": sums["lon"] / sums["population"],
                "lat": sums["lat"] / sums["population"],
                "population": sums["population"],
            }
        )
    # Within two hours of straight line from the Dutch border is all that any measure looks at.
    towns = towns[(towns["lon"] < 9.5) & (towns["lat"] > 49.0)]
    count = towns["population"].to_numpy() * JOBS_PER_PERSON
    places = Places(
        [*shapes["id"], *towns["id"]],
        np.r_[spot.x, towns["lon"]],
        np.r_[spot.y, towns["lat"]],
        ["NL"] * len(nl) + ["BE"] * len(be) + ["DE"] * len(towns),
    )
    # A Kreis has no shape here: a disk that holds its people at 300 per km2 stands in.
    area = np.r_[shapes.area.to_numpy(), towns["population"].to_numpy() / 300.0 * 1e6]
    return (
        Triangle(
            places=places,
            name=np.array([*shapes["name"], *towns["name"]], dtype=object),
            jobs=np.r_[shapes["jobs"], count],
            workers=np.r_[shapes["workers"], count],
            area_m2=area,
        ),
        flows,
    )
