"""A synthetic finished run: a triangle of three countries, jobs in towns, straight-line times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import CRS, Transformer

from halfcircle import Fault, Grid, Opportunities, Places, Zones
from halfcircle.outputs import RunResult, Settings, Source

HOSTILE = "<script>alert(1)</script>"
NAMES = ("'s-Hertogenbosch", "Sint-Truiden", "Jülich", HOSTILE, '=HYPERLINK("x")', "Büllingen & Co")
MODES = {"walk": 4.5, "bike": 14.0, "car": 45.0, "transit": 25.0}
BANDS = (15.0, 30.0, 45.0, 60.0, 90.0)
CRS_M = CRS.from_epsg(3035)
WEST, NORTH = 4_010_000.0, 3_110_000.0


def towns(n: int, cell_m: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Perturbed squares that share their corners, their centres and their jobs."""
    rng = np.random.default_rng(7)
    i, j = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    jitter = rng.uniform(-0.28, 0.28, (2, n + 1, n + 1)) * cell_m
    x, y = WEST + j * cell_m + jitter[0], NORTH - i * cell_m + jitter[1]
    corners = np.stack(
        [
            np.stack([x[:-1, :-1], y[:-1, :-1]], -1),
            np.stack([x[:-1, 1:], y[:-1, 1:]], -1),
            np.stack([x[1:, 1:], y[1:, 1:]], -1),
            np.stack([x[1:, :-1], y[1:, :-1]], -1),
        ],
        axis=2,
    ).reshape(n * n, 4, 2)
    centres = corners.mean(axis=1)
    jobs = np.zeros(n * n)
    size_m = n * cell_m
    for cx, cy, mass in ((0.3, 0.35, 1.0), (0.72, 0.3, 0.6), (0.55, 0.78, 0.8)):
        d = np.hypot(centres[:, 0] - WEST - cx * size_m, NORTH - centres[:, 1] - cy * size_m)
        jobs += mass * 5_000 * np.exp(-((d / (0.09 * size_m)) ** 2))
    return corners, centres, np.round(jobs + rng.uniform(0, 40, n * n))


def with_line(minutes: np.ndarray, centres: np.ndarray, size_m: float) -> np.ndarray:
    """Times with a line from west to east, 100 km/h; buses in the far east run later for it."""
    x, y = centres[:, 0] - WEST, NORTH - centres[:, 1]
    way = np.abs(y - 0.35 * size_m) * 1.3 / 1000 / 15 * 60 + 4
    by_line = way[:, None] + way[None, :] + np.abs(x[:, None] - x[None, :]) / 1000 / 100 * 60
    late = np.where(x > 0.85 * size_m, 6.0, 0.0)
    return np.minimum(minutes + np.maximum(late[:, None], late[None, :]), by_line)


def build_run(
    n: int = 12,
    *,
    cell_m: float = 2_500.0,
    grid: bool = False,
    points: bool = False,
    border: bool = False,
    variants: bool = False,
    percentiles: tuple[int, ...] = (50,),
    modes: tuple[str, ...] = tuple(MODES),
    opportunities: tuple[str, ...] = ("jobs", "population"),
    hostile: bool = True,
    **changes: Any,
) -> RunResult:
    """A run on n x n zones; zone 5 has no result by transit, zone 7 no jobs data.

    Variants: a fast line along the middle row that slows the east, and one that changes nothing.
    """
    corners, centres, jobs = towns(n, cell_m)
    if grid:
        rows, columns = np.divmod(np.arange(n * n), n)
        centres = np.column_stack([WEST + (columns + 0.5) * cell_m, NORTH - (rows + 0.5) * cell_m])
    x, y = (centres[:, 0] - WEST) / (n * cell_m), (NORTH - centres[:, 1]) / (n * cell_m)
    country = np.where(y > 0.6, "BE", np.where(x + 0.25 * y < 0.55, "NL", "DE")).astype(object)
    lon, lat = Transformer.from_crs(CRS_M, 4326, always_xy=True).transform(*centres.T)
    zone_id = [f"Z{i:05d}" for i in range(n * n)]
    name = [f"Village {i}" for i in range(n * n)]
    if hostile:
        name[: len(NAMES)] = NAMES
    cells = None
    if grid:
        cells = Grid(WEST, NORTH, cell_m, n, n, np.arange(n * n))
    geometry = None if points or grid else shapely.polygons(corners)
    zones = Zones(Places(zone_id, lon, lat, country), CRS_M, geometry, name, cells)
    jobs[7] = np.nan
    people = np.round(np.nan_to_num(jobs) * 1.7 + 60)
    tables = {"jobs": jobs, "population": people, "schools": np.round(people / 900)}
    given = tuple(
        Opportunities(
            kind,
            tables[kind][None, :],
            year=2021,
            unit={"jobs": "jobs", "population": "persons", "schools": "schools"}[kind],
            source=f"Office & sons <{kind}>",
        )
        for kind in opportunities
    )
    reach, losses, sectors, compared = [], [], [], []
    d_m = np.hypot(*(centres[:, None, :] - centres[None, :, :]).transpose(2, 0, 1))
    d_m[np.arange(n * n), np.arange(n * n)] = cell_m / 3
    same = country[:, None] == country[None, :]
    bearing = np.arctan2(
        centres[None, :, 0] - centres[:, None, 0], centres[None, :, 1] - centres[:, None, 1]
    )
    sector = np.floor(np.degrees(bearing) / 22.5 + 0.5).astype(int) % 16
    np.fill_diagonal(sector, 16)
    for kind in opportunities:
        mass = np.nan_to_num(tables[kind])
        for mode in modes:
            for p in percentiles if mode == "transit" else (50,):
                wait_min = {25: 4.0, 50: 8.0, 75: 13.0}[p] if mode == "transit" else 0.0
                minutes = d_m * 1.3 / 1000 / MODES[mode] * 60 + wait_min
                for band in BANDS:
                    inside = minutes <= band
                    value = inside @ mass
                    if mode == "transit":
                        value[5] = np.nan
                    reach.append((kind, mode, band, p, value))
                    if variants and p == 50:
                        for name, faster in (("Fast line", True), ("Same again", False)):
                            other = value.copy()
                            if mode == "transit" and faster:
                                other = (with_line(minutes, centres, n * cell_m) <= band) @ mass
                                other[5] = np.nan
                            compared.append((name, kind, mode, band, value, other))
                    if border and p == 50 and kind == "jobs":
                        home = (inside & same) @ mass
                        losses.append((mode, band, home, value))
                        if mode == "transit" and band == 45:
                            for s in range(17):
                                here = inside & (sector == s)
                                sectors.append((s, (here & same) @ mass, here @ mass))
    frames = [
        pd.DataFrame(
            {
                "zone_id": zone_id, "scenario": "baseline", "mode": mode, "opportunity": kind,
                "group": "all", "band_min": band, "percentile": p, "measure": "cumulative",
                "value": value,
            }
        )
        for kind, mode, band, p, value in reach
    ]  # fmt: skip
    tables_given: dict[str, Any] = {}
    if border:
        parts = []
        for mode, band, home, whole in losses:
            with np.errstate(invalid="ignore", divide="ignore"):
                loss = np.where(whole > 0, 1 - home / whole, np.nan)
            parts.append(
                pd.DataFrame(
                    {
                        "zone_id": zone_id, "scenario": "baseline", "mode": mode,
                        "opportunity": "jobs", "group": "all", "band_min": band,
                        "measure": "cumulative", "reach_domestic": home, "reach_open": whole,
                        "reach_effective": home + 0.4 * (whole - home), "loss": loss,
                    }
                )
            )  # fmt: skip
        tables_given["border"] = pd.concat(parts, ignore_index=True)
        tables_given["sectors"] = pd.concat(
            [
                pd.DataFrame(
                    {
                        "zone_id": zone_id, "scenario": "baseline", "mode": "transit",
                        "opportunity": "jobs", "group": "all", "band_min": 45.0,
                        "measure": "cumulative", "sector": s, "reach_domestic": home,
                        "reach_open": whole,
                    }
                )
                for s, home, whole in sectors
            ],
            ignore_index=True,
        )  # fmt: skip
    if variants:
        both = [
            pd.DataFrame(
                {
                    "zone_id": zone_id, "scenario": scenario, "mode": mode, "opportunity": kind,
                    "band_min": band, "baseline": before, "variant": after, "delta": after - before,
                    "delta_sd": np.nan,
                }
            )
            for scenario, kind, mode, band, before, after in compared
        ]  # fmt: skip
        tables_given["scenarios"] = pd.concat(both, ignore_index=True)
    unreached = pd.DataFrame(
        {"zone_id": ["Z00005"], "scenario": "baseline", "mode": "transit", "reason": "no_service"}
    )
    values: dict[str, Any] = {
        "name": "Three countries & <towns>",
        "zones": zones,
        "opportunities": given,
        "reach": pd.concat(frames, ignore_index=True),
        "unreached": unreached if "transit" in modes else None,
        "settings": Settings(
            modes=modes, bands_min=BANDS, percentiles=percentiles, date="2024-05-14",
            window=("07:00", "09:00"), time_zone="Europe/Amsterdam", step_s=60, max_rides=4,
            speeds_kmh={"walk": 4.5, "bike": 14.0}, access_max_min={"walk": 20.0}, engine="own",
        ),
        "sources": (
            Source("zones", "Three countries", "zones.gpkg", "ab" * 32, 12_345, 2022, "", "CC0"),
            Source("streets", "OpenStreetMap", "region.osm.pbf", "cd" * 32, 99, None, "2024-05-01",
                   "ODbL", "© OpenStreetMap contributors"),
            Source("timetable", "<b>Bus</b> & rail", "feed.zip", "ef" * 32, 4_096, None,
                   "2024-04-01 to 2024-12-14", "CC0"),
        ),
        "notices": (
            Fault("stop_times.txt:812", "stop_id is not in stops.txt", ("X<9>", "Y"),
                  "ask the operator", 7, "warning"),
            Fault("zones", "representative points moved inside their zone", (), "", 3, "notice"),
        ),
        "timings_s": {"streets": 1.25, "transit": 3.5},
        "study_hash": "0123456789abcdef",
        **tables_given,
    }  # fmt: skip
    values.update(changes)
    return RunResult(**values)


@pytest.fixture(scope="session")
def make_run() -> Callable[..., RunResult]:
    return build_run
