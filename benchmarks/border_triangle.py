"""The half circle of NL, BE and DE: the tables of docs/half_circle.md, from ../shared/data.

python benchmarks/border_triangle.py
"""

import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from border_triangle import Triangle, triangle  # noqa: E402

from halfcircle.access.crow_fly import CrowFly, geodesic_distances_m  # noqa: E402
from halfcircle.access.decay import decay_by_name  # noqa: E402
from halfcircle.places import Opportunities  # noqa: E402
from halfcircle.regions.border import BorderLoss, BorderMeasures, border_loss  # noqa: E402
from halfcircle.regions.border_agglomeration import border_agglomeration  # noqa: E402
from halfcircle.regions.border_checks import border_distances_m  # noqa: E402
from halfcircle.regions.border_potential import (  # noqa: E402
    RealisedFlow,
    cross_border_potential,
    realised_rates,
)
from halfcircle.regions.border_rules import border_preset, sensitivity_rules  # noqa: E402
from halfcircle.regions.border_summary import foreign_sensitivity, summarise_loss  # noqa: E402
from halfcircle.regions.border_willingness import fit_willingness  # noqa: E402
from halfcircle.regions.half_circle import half_circle  # noqa: E402
from halfcircle.regions.half_circle_land import land_shares  # noqa: E402

FOLDER = ROOT.parent / "shared" / "data" / "border_triangle"
NAMED = (
    "Terneuzen", "Heerlen", "Venlo", "Maastricht", "Sittard-Geleen", "Oldambt", "Enschede",
    "Emmen", "Breda", "Eindhoven", "Groningen", "Den Helder", "Amsterdam",
)  # fmt: skip
CLASSES_S = np.array([0, 5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 90, 120, 150]) * 60.0
CBS = "CBS 2021, via euregio.eu"
REALISED = (
    RealisedFlow("DE", "NL", 44_000, 2021, CBS),
    RealisedFlow("BE", "NL", 42_000, 2021, CBS),
    RealisedFlow("NL", "DE", 8_000, 2021, CBS),
    RealisedFlow("NL", "BE", 11_000, 2021, CBS),
)


def show(title: str, frame: pd.DataFrame) -> None:
    """Print a table in the Markdown of the docs."""
    print(f"\n## {title}\n")
    print("| " + " | ".join(str(c) for c in frame.columns) + " |")
    print("|-" + "|-" * (len(frame.columns) - 1) + "|")
    for row in frame.itertuples(index=False):
        print("| " + " | ".join(_cell(x) for x in row) + " |")


def _cell(value: object) -> str:
    if isinstance(value, float):
        if np.isnan(value):
            return "-"
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return str(value)


def losses(world: Triangle, land: dict[str, object], crs: object) -> None:
    dutch = np.flatnonzero(world.places.country == "NL")
    source = CrowFly(world.places.take(dutch), world.places, max_s=7200.0, area_m2=world.area_m2)
    measures = BorderMeasures((1800.0, 2700.0, 3600.0), (decay_by_name("pbl", "crow_fly"),))
    loss = border_loss(
        source, (Opportunities("jobs", world.jobs[None]),),
        measures=measures, rules=border_preset("pieters-2012"), variants=sensitivity_rules(),
        sectors=True,
    )  # fmt: skip
    seen = half_circle(loss)
    shares = land_shares(loss.origins, land, crs)
    name, workers = world.name[dutch], world.workers[dutch]
    change = foreign_sensitivity(loss)
    low, high = (
        part["loss"].to_numpy().reshape(loss.loss.shape)[:, 3, 0]
        for _, part in change.groupby("foreign_change", sort=True)
    )
    frame = pd.DataFrame(
        {
            "municipality": name,
            "L 30": loss.loss[:, 0, 0],
            "L 45": loss.loss[:, 1, 0],
            "L 60": loss.loss[:, 2, 0],
            "L decay": loss.loss[:, 3, 0],
            "-10 %": low,
            "+10 %": high,
            "L with 35/46 min": loss.loss_effective[:, 3, 0],
            "L mirror": seen.mirror_loss[:, 3, 0],
            "abroad": seen.abroad[:, 3, 0],
            "sectors below half": seen.half_gone[:, 3, 0],
            "own of land": shares.own_of_land,
            "land of disk": shares.land_of_disk,
        }
    ).set_index("municipality", drop=False)
    show("Loss of jobs by municipality", frame.loc[list(NAMED)])
    _ranks(loss, name, workers)
    table = summarise_loss(loss, ["NL"] * len(name), workers)
    show(
        "The Netherlands, by resident workers",
        table[["band_min", "measure", "loss", "loss_mean", "share_above_25", "share_above_50"]],
    )
    region = np.where(np.isin(name, NAMED[:5]), name, "")
    wages = border_agglomeration(loss, region, workers)
    show("Wages, indicative, gross (d ln w)", wages.drop(columns=["label", "n_undefined"]))


def _ranks(loss: BorderLoss, name: np.ndarray, workers: np.ndarray) -> None:
    big = np.argsort(-workers, kind="stable")[:50]
    home, open_reach = loss.domestic[big, 3, 0], loss.open_reach[big, 3, 0]
    frame = pd.DataFrame(
        {
            "municipality": name[big],
            "rank at home": pd.Series(home).rank(ascending=False).astype(int),
            "rank open for all": pd.Series(open_reach).rank(ascending=False).astype(int),
            # As if the border opened for this town alone.
            "rank open for itself": [
                1 + int((np.delete(home, i) > open_reach[i]).sum()) for i in range(len(big))
            ],
        }
    ).set_index("municipality", drop=False)
    wanted = [town for town in NAMED if town in frame.index]
    show("Rank among the 50 largest by jobs in reach (decay)", frame.loc[wanted])


def potentials(land: dict[str, object], crs: object) -> None:
    world, flows = triangle(FOLDER, germany="kreise")
    places = world.places
    n = len(places)
    cost = CrowFly(places, places, area_m2=world.area_m2).times_s(np.arange(n))[:, 0]
    cost = cost.astype(np.float64)
    dutch = places.country == "NL"
    willing = fit_willingness(cost[np.ix_(dutch, dutch)], flows, CLASSES_S)
    steps = pd.DataFrame({"from min": CLASSES_S[:-1] / 60.0, "willingness": willing.weight})
    show(f"Willingness (common part {willing.share_explained:.2f})", steps)
    potential = cross_border_potential(
        places.place_id, places.country, cost=cost,
        distance_m=geodesic_distances_m(places, places), workers=world.workers, jobs=world.jobs,
        willingness=willing, border_m=border_distances_m(places, land, crs),
    )  # fmt: skip
    rates = realised_rates(potential, [*REALISED, *(r.net_of_movers() for r in REALISED)])
    columns = [
        "from_country", "to_country", "potential_choice", "potential_balanced", "realised",
        "numerator", "rate_choice", "rate_balanced",
    ]  # fmt: skip
    show("Potential and realised commuters by direction", rates[columns])
    real = pd.read_csv(FOLDER / "flows/de_einpendler_foreign_2023.csv", dtype={"work": str})
    real["from_country"] = real["home"].replace({"B": "BE"})
    real["zone_id"] = "DE" + real["work"]
    inbound = potential.inbound()
    both = inbound[inbound["country"] == "DE"].merge(real, on=["zone_id", "from_country"])
    both["rate"] = both["n"] / both["potential_choice"]
    for code, part in both[both["potential_choice"] > 100.0].groupby("from_country"):
        order = part["potential_choice"].rank().corr(part["n"].rank())
        print(f"\nrank correlation over {len(part)} Kreise, from {code}: {order:.2f}")
    top = both.sort_values("potential_choice", ascending=False).head(14)
    columns = ["from_country", "work_name", "potential_choice", "potential_balanced", "n", "rate"]
    show("In-commuters into Kreise, June 2023, against potential", top[columns])


def main() -> None:
    if not FOLDER.exists():
        print("real data not here: ../shared/data/border_triangle")
        return
    countries = gpd.read_file(FOLDER / "boundaries/countries2024_nl_be_de_lu_fr_20M.geojson")
    land = dict(zip(countries["CNTR_ID"], countries.geometry, strict=True))
    world, _ = triangle(FOLDER)
    losses(world, land, countries.crs)
    potentials(land, countries.crs)


if __name__ == "__main__":
    main()
