"""Regions: how fast they are drawn, and the figures of docs/regions.md.

``python benchmarks/regions.py speed`` needs no data. ``python benchmarks/regions.py figures
[FOLDER] [--map FILE.svg]`` reads the shared real data (by default ``../shared/data`` beside the
project) and prints the tables of docs/regions.md. Times are of one run on one machine.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import shapely
from scipy import sparse
from scipy.spatial import cKDTree

from halfcircle import Places, Zones
from halfcircle.read_zones import read_zones
from halfcircle.regions import (
    DAILY,
    STRICT,
    CommunityParameters,
    Flows,
    Regions,
    agreement,
    bootstrap_stability,
    build_communities,
    build_intramax,
    build_labour_market_areas,
    containment_dial,
    cross_border_systems,
    delineate,
    fit_gravity,
    fit_statistics,
    flows_from_table,
    internal_share,
    overlapping_membership,
    placebo_borders,
    radiation,
    read_flows,
    region_indicators,
    shared_borders,
    straight_cuts,
    straight_line_km,
)

T = TypeVar("T")
NORTH = ("Groningen", "Leeuwarden", "Heerenveen", "Smallingerland", "Emmen")
# Belgian communes 2011 -> 2019: the mergers, and those that changed district.
CODES_2019 = {
    "12030": "12041", "12034": "12041", "44001": "44084", "44029": "44084", "44011": "44083",
    "44049": "44083", "44036": "44085", "44072": "44085", "44080": "44085", "45017": "45068",
    "45057": "45068", "71047": "72042", "72040": "72042", "72025": "72043", "72029": "72043",
    "55010": "51067", "55039": "51068", "55023": "51069", "52063": "55085", "52043": "55086",
    "54007": "57096", "54010": "57097", "55022": "58001", "56011": "58002", "56085": "58003",
    "56087": "58004",
}  # fmt: skip
FAMILIES = ("power-exponential", "log-logistic", "power", "exponential")
COLOURS = ("#8fb8de", "#f2c48d", "#a8d5a2", "#d9a5c7", "#e6d88a", "#9fd3cf", "#e2a39b", "#b7b3dd")


def timed(run: Callable[[], T]) -> tuple[float, T]:
    start = time.perf_counter()
    result = run()
    return time.perf_counter() - start, result


def generated_country(n: int, *, seed: int = 1, near: int = 80) -> sparse.csr_array:
    """Commuters between n zones around towns of very different size."""
    rng = np.random.default_rng(seed)
    side = np.sqrt(n)
    xy, towns = rng.random((n, 2)) * side, rng.random((max(n // 40, 3), 2)) * side
    weight = rng.pareto(1.3, len(towns)) + 0.5
    away, town = cKDTree(towns).query(xy, k=3)
    jobs = 0.25 + (weight[town] * np.exp(-away / 1.2)).sum(axis=1) * 6
    distance, other = cKDTree(xy).query(xy, k=near)
    share = jobs[other] * (distance + 0.6) ** -2.6
    share[:, 0] += 0.12 * share.sum(axis=1)
    share /= share.sum(axis=1, keepdims=True)
    count = rng.poisson(share * rng.lognormal(6.4, 0.3, n)[:, None])
    origin = np.repeat(np.arange(n), near).reshape(n, near)
    return sparse.csr_array((count[count > 0].astype(float), (origin[count > 0], other[count > 0])),
                            shape=(n, n))  # fmt: skip


def speed() -> None:
    build_labour_market_areas(generated_country(200))  # compiles
    print("| zones | pairs | labour market areas | steps | reserve | s | Intramax s | Leiden s |")
    print("|-|-|-|-|-|-|-|-|")
    for n in (400, 8_000, 40_000):
        matrix = generated_country(n)
        seconds, areas = timed(lambda m=matrix: build_labour_market_areas(m, DAILY))
        merging = leiden = float("nan")
        if n <= 8_000:
            merging, _ = timed(lambda m=matrix: build_intramax(m))
            leiden, _ = timed(lambda m=matrix: build_communities(m, CommunityParameters(runs=5)))
        print(
            f"| {n:,} | {matrix.nnz:,} | {areas.n_areas:,} | {areas.n_steps:,} | "
            f"{areas.reserve_share:.0%} | {seconds:.2f} | {merging:.1f} | {leiden:.1f} |".replace(
                "nan", "-"
            )
        )


def dutch(data: Path) -> tuple[Zones, Flows, Flows]:
    """Municipalities of 2016/17, their flows, and the flows by mode."""
    zones = read_zones(data / "north_nl/boundaries/odf_NL_muni_390.geojson", id="id", name="name")
    columns = {"origin": "muni_from", "destination": "muni_to", "count": "value"}
    path = data / "north_nl/flows/nl_commuting_bymode.csv.gz"
    by_mode = read_flows(path, zone_id=zones.zone_id, group="mode", year=2016, **columns)
    table = by_mode.matrix().tocoo()
    whole = flows_from_table(
        pd.DataFrame(
            {
                "origin": zones.zone_id[table.row],
                "destination": zones.zone_id[table.col],
                "workers": np.rint(table.data),
            }
        ),
        zone_id=zones.zone_id,
        year=2016,
    )
    return zones, whole, by_mode


def belgian(data: Path) -> tuple[Zones, Flows]:
    """Communes after the mergers of 2019 with the flows of the census of 2011."""
    import geopandas as gpd

    frame = gpd.read_file(data / "border_triangle/boundaries/BE_ADMIN_MUNTY.geojson")
    frame["code"] = frame["CD_MUNTY_REFNIS"].replace(CODES_2019)
    merged = frame.to_crs(3035).dissolve("code", aggfunc="first").reset_index()
    points = merged.geometry.representative_point().to_crs(4326)
    zones = Zones(
        Places(merged["code"], points.x.to_numpy(), points.y.to_numpy()),
        merged.crs,
        geometry=merged.geometry.to_numpy(),
        name=merged["TX_MUNTY_DESCR_NL"],
    )
    path = data / "border_triangle/flows/be_census2011_commuting_581.csv"
    return zones, read_flows(
        path, zone_id=zones.zone_id, origin="home", destination="work", year=2011
    )


def describe(name: str, flows: Flows, zones: Zones | None = None) -> None:
    """One row per preset: counts, containment, reserve, time."""
    for label, p in (("strict", STRICT), ("daily", DAILY)):
        seconds, areas = timed(lambda p=p: build_labour_market_areas(flows.matrix(), p))
        regions = delineate(flows, parameters=asdict(p), zones=zones)
        contained = region_indicators(regions, flows)["self_containment"]
        largest = ", ".join(regions.region_name[:3])
        print(
            f"| {name} | {label} | {len(regions)} | {internal_share(regions, flows):.1%} | "
            f"{contained.median():.1%} | {areas.reserve_share:.1%} | {seconds * 1000:.0f} | "
            f"{largest} |"
        )


def northern_systems(zones: Zones, flows: Flows) -> Regions:
    """Print the systems of five northern towns, with how sure they are."""
    daily = delineate(flows, parameters=asdict(DAILY), zones=zones)
    strict = delineate(flows, parameters=asdict(STRICT), zones=zones)
    sure = {
        people: bootstrap_stability(
            daily, flows, DAILY, n_draws=200, workers=2, people_per_observation=people
        )
        for people in (1.0, 100.0)
    }
    names = list(zones.label)
    print("\n| centre | municipalities of its daily system | strict | mean p, census | sample |")
    print("|-|-|-|-|-|")
    for town in NORTH:
        i = names.index(town)
        inside = daily.label == daily.label[i]
        members = sorted(str(name) for name in zones.label[inside])
        chance = [s.place_probability[inside].mean() for s in sure.values()]
        print(
            f"| {town} | {len(members)}: {', '.join(members)} | "
            f"{strict.region_of(zones.zone_id[i])} | {chance[0]:.2f} | {chance[1]:.2f} |"
        )
    idx = [names.index(town) for town in NORTH]
    print("\nco-membership, one observation per 100 people, daily:")
    print(pd.DataFrame(sure[100.0].co_membership(idx)[:, idx], NORTH, NORTH).round(2).to_string())
    for people, found in sure.items():
        low, middle, high = np.percentile(found.n_regions, [5, 50, 95])
        print(
            f"draws of 1 per {people:g}: {low:.0f}-{high:.0f} systems (median {middle:.0f}), mean "
            f"probability {np.nanmean(found.place_probability):.3f}"
        )
    both = overlapping_membership(strict, flows, min_share=0.2)
    several = int((both.status == "several").sum())
    i = names.index("Hardenberg")
    shares = both.share[[i]].tocoo()
    found = {str(both.region_name[c]): round(float(v), 2)
             for c, v in zip(shares.col, shares.data, strict=True)}  # fmt: skip
    print(f"overlapping, strict, 20 %: {several} municipalities in several; Hardenberg {found}")
    return daily


def models(zones: Zones, flows: Flows) -> None:
    """Fit of the gravity families and the placebo borders."""
    observed, cost = flows.matrix().toarray(), straight_line_km(zones)
    print("\n| model | parameters | CPC | deviance explained | own ratio | KS |")
    print("|-|-|-|-|-|-|")
    for family in FAMILIES:
        model = fit_gravity(observed, cost, family)
        s = model.statistics
        values = ", ".join(f"{value:.4g}" for value in model.parameters)
        print(f"| {family} | {values} | {s.cpc:.3f} | {s.deviance_explained:.3f} | "
              f"{s.own_ratio:.2f} | {s.cost_ks:.3f} |")  # fmt: skip
    s = fit_statistics(observed, radiation(flows.residents(), flows.jobs(), cost), cost)
    print(f"| radiation | none | {s.cpc:.3f} | {s.deviance_explained:.3f} | {s.own_ratio:.2f} | "
          f"{s.cost_ks:.3f} |")  # fmt: skip
    cuts = straight_cuts(zones, flows.residents())
    for name, p in (("strict", STRICT), ("daily", DAILY)):
        table = placebo_borders(flows, cuts, cost, parameters=p)
        print(f"\nplacebo borders, {name}:")
        print(table.round(3).to_string(index=False))


def lenses(zones: Zones, flows: Flows) -> None:
    """Other ways to draw regions, beside the daily systems."""
    daily = delineate(flows, parameters=asdict(DAILY), zones=zones)
    hours = straight_line_km(zones, detour=1.3) / 60.0
    chosen: tuple[tuple[str, dict[str, Any]], ...] = (
        ("functional-urban-areas", {}),
        ("communities", {"resolution": 1.0}),
        ("communities", {"resolution": 4.0}),
        ("intramax", {"n_regions": 61}),
        ("flow-merging", {"n_regions": 61}),
        ("catchments", {"min_mass": 20_000.0, "spacing_min": 15.0}),
    )
    print("\n| lens | parameters | regions | internal | not assigned | ARI with daily | s |")
    print("|-|-|-|-|-|-|-|")
    for method, parameters in chosen:
        seconds, regions = timed(
            lambda m=method, p=parameters: delineate(
                flows, m, parameters=p, zones=zones, times=hours * 3600.0
            )
        )
        shown = ", ".join(f"{key} {value:g}" for key, value in parameters.items()) or "defaults"
        print(
            f"| {method} | {shown} | {len(regions)} | {internal_share(regions, flows):.1%} | "
            f"{int(regions.not_assigned.sum())} | "
            f"{agreement(regions.label, daily.label).ari:.2f} | {seconds:.1f} |"
        )


def across(dutch_zones: Zones, nl: Flows, belgian_zones: Zones, be: Flows) -> None:
    """The Netherlands and Belgium with the border open, as it is, and closed."""
    places = [z.places for z in (dutch_zones, belgian_zones)]
    zones = Zones(
        Places(
            np.concatenate([p.place_id for p in places]),
            np.concatenate([p.lon for p in places]),
            np.concatenate([p.lat for p in places]),
            np.repeat(["NL", "BE"], [len(nl), len(be)]),
        ),
        dutch_zones.crs,
        geometry=np.concatenate([dutch_zones.geometry, belgian_zones.geometry]),
        name=np.concatenate([dutch_zones.label, belgian_zones.label]),
    )
    blocks = sparse.block_diag([nl.matrix(), be.matrix()]).tocsr()
    flows = Flows(zones.zone_id, (blocks,))
    side, cost = zones.places.country, straight_line_km(zones)
    model = fit_gravity(blocks.toarray(), cost, known=side[:, None] == side[None, :])
    seconds, found = timed(
        lambda: cross_border_systems(
            flows, side, cost, model, as_is=0.05, parameters=DAILY, zone_name=zones.label,
            n_draws=50, workers=2,
        )
    )  # fmt: skip
    crossing = found.open_flows[side[:, None] != side[None, :]].sum()
    print(f"\nNL + BE: {model}, {crossing:,.0f} across if open, {seconds:.0f} s")
    print([(r.scenario, len(r)) for r in (found.closed, found.as_is, found.opened)])
    table = found.zone_table()
    print(table.groupby("country")["crosses"].agg(lambda x: int((x >= 0.5).sum())).to_dict())
    names = dict(zip(zones.zone_id, zones.label, strict=True))
    pairs = found.pair_table(min_probability=0.5)
    weight = dict(zip(zones.zone_id, flows.residents() + flows.jobs(), strict=True))
    size = pairs["zone_id"].map(weight) * pairs["other_zone_id"].map(weight)
    for _, row in pairs.loc[size.nlargest(12).index].iterrows():
        print(f"  {names[row.zone_id]} - {names[row.other_zone_id]}: {row.co_membership:.2f}")


def draw_map(regions: Regions, zones: Zones, chance: np.ndarray, path: Path) -> None:
    """Systems as an SVG: neighbours in different colours, unsure places paler."""
    areas = shapely.simplify(zones.geometry, 400.0)
    west, south, east, north = shapely.total_bounds(areas)
    scale = 760.0 / (north - south)
    borders = regions.share.T @ (shared_borders(zones) > 0).astype(float) @ regions.share
    colour: list[int] = []
    for r in range(len(regions)):
        taken = {colour[o] for o in range(r) if borders[r, o] > 0}
        colour.append(next(c for c in range(len(COLOURS) + 9) if c not in taken))

    def outline(shape: Any) -> str:
        parts = []
        for ring in shapely.get_parts(shape):
            xy = np.round((shapely.get_coordinates(ring.exterior) - [west, north]) * scale, 1)
            parts.append("M" + "L".join(f"{x:g},{-y:g}" for x, y in xy) + "Z")
        return "".join(parts)

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-5 -5 {(east - west) * scale + 10:.0f} '
        '770" font-family="sans-serif" font-size="11">'
    ]
    for i, r in enumerate(regions.label):
        lines.append(
            f'<path d="{outline(areas[i])}" fill="{COLOURS[colour[r] % len(COLOURS)]}" '
            f'fill-opacity="{0.25 + 0.75 * chance[i]:.2f}" stroke="#fff" stroke-width="0.4"/>'
        )
    for r in range(len(regions)):
        shape = shapely.union_all(zones.geometry[regions.label == r]).simplify(400.0)
        lines.append(f'<path d="{outline(shape)}" fill="none" stroke="#444" stroke-width="0.9"/>')
    xy_m = zones.places.xy_m(zones.crs)
    for r in range(min(len(regions), 999)):
        i = int(np.flatnonzero(zones.zone_id == regions.region_id[r])[0])
        x, y = (xy_m[i] - [west, north]) * scale
        if r < 14 or zones.label[i] in NORTH:
            lines.append(
                f'<text x="{x:.0f}" y="{-y:.0f}" text-anchor="middle" stroke="#fff" '
                f'stroke-width="2.5" paint-order="stroke">{regions.region_name[r]}</text>'
            )
    path.write_text("\n".join([*lines, "</svg>", ""]), encoding="utf-8")


def figures(data: Path, map_path: Path | None) -> None:
    zones, whole, by_mode = dutch(data)
    cbs = read_flows(
        data / "border_triangle/flows/cbs_commuting_municipal_2014.csv",
        origin="home", destination="work", count="jobs", year=2014, unit="jobs",
    )  # fmt: skip
    belgian_zones, be = belgian(data)
    print("| flows | thresholds | systems | internal | median self-containment | reserve | ms | "
          "largest |\n|-|-|-|-|-|-|-|-|")  # fmt: skip
    describe("NL 2014, 403 municipalities", cbs)
    describe("NL 2016/17, 390", whole, zones)
    describe("BE 2011, 581", be, belgian_zones)
    for mode in by_mode.groups:
        describe(f"NL 2016/17, {mode}", by_mode.with_matrix(by_mode.matrix(mode)), zones)
    print("\n" + containment_dial(whole).round(3).to_string(index=False))
    daily = northern_systems(zones, whole)
    models(zones, whole)
    lenses(zones, whole)
    across(zones, whole, belgian_zones, be)
    if map_path is not None:
        found = bootstrap_stability(
            daily, whole, DAILY, n_draws=200, workers=2, people_per_observation=100.0
        )
        draw_map(daily, zones, found.place_probability, map_path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("speed", "figures"))
    parser.add_argument("folder", nargs="?", type=Path, default=Path("../shared/data"))
    parser.add_argument("--map", type=Path, default=None)
    chosen = parser.parse_args()
    if chosen.what == "speed":
        speed()
    else:
        figures(chosen.folder, chosen.map)


if __name__ == "__main__":
    main()
