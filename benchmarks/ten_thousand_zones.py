"""A generated region of 10,000 zones with a border: how large is its map, and how soon is it seen?

    python benchmarks/ten_thousand_zones.py [--zones 10000]

Uneven areas that share their corners, four modes, five bands, two opportunities, border loss and
sectors; values are smooth, with noise, so that they pack about as badly as real ones do.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Transformer

from halfcircle.outputs import (
    RunResult,
    Settings,
    Texts,
    build_layers,
    build_loss_layers,
    write_map,
)
from halfcircle.places import Opportunities, Places, Zones

CRS_M = CRS.from_epsg(3035)
WEST, NORTH, CELL = 4_000_000.0, 3_300_000.0, 2_000.0
MODES = {"walk": 0.02, "bike": 0.1, "car": 1.0, "transit": 0.4}
BANDS = (15.0, 30.0, 45.0, 60.0, 90.0)
KEYS = {"scenario": "baseline", "group": "all", "measure": "cumulative"}


def region(n_zones: int, *, corners: int = 4) -> Zones:
    """Uneven areas in rows; every edge has `corners` points between its ends, shared by both."""
    n = round(n_zones**0.5)
    rng = np.random.default_rng(11)
    i, j = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    x = WEST + (j + rng.uniform(-0.3, 0.3, i.shape)) * CELL
    y = NORTH - (i + rng.uniform(-0.3, 0.3, i.shape)) * CELL
    nodes = np.stack([x, y], axis=-1)

    def bent(start: np.ndarray, end: np.ndarray) -> np.ndarray:
        share = np.linspace(0, 1, corners + 2)[1:-1, None]
        line = start[:, :, None] * (1 - share) + end[:, :, None] * share
        return np.asarray(line + rng.normal(0, 60.0, line.shape))

    across, down = bent(nodes[:, :-1], nodes[:, 1:]), bent(nodes[:-1], nodes[1:])
    rings = [
        np.concatenate(
            [
                nodes[r, c][None], across[r, c], nodes[r, c + 1][None], down[r, c + 1],
                nodes[r + 1, c + 1][None], across[r + 1, c][::-1], nodes[r + 1, c][None],
                down[r, c][::-1],
            ]
        )
        for r in range(n)
        for c in range(n)
    ]  # fmt: skip
    shapes = np.array([shapely.Polygon(ring) for ring in rings], dtype=object)
    middle = shapely.get_coordinates(shapely.centroid(shapes))
    lon, lat = Transformer.from_crs(CRS_M, 4326, always_xy=True).transform(*middle.T)
    side = np.where(middle[:, 0] < WEST + n * CELL * 0.45, "NL", "DE").astype(object)
    ids = np.array([f"GEM{k:05d}" for k in range(len(shapes))], dtype=object)
    names = np.array([f"Village of {k}" for k in range(len(shapes))], dtype=object)
    return Zones(Places(ids, lon, lat, side), CRS_M, shapes, names)


def generated_run(n_zones: int = 10_000) -> RunResult:
    """A finished run on `n_zones` zones with made-up values."""
    zones = region(n_zones)
    rng = np.random.default_rng(12)
    xy = zones.places.xy_m(zones.crs)
    place = (xy - xy.min(axis=0)) / np.ptp(xy, axis=0).max()
    n = len(zones)
    towns = rng.uniform(0, 1, (40, 2))
    mass = np.zeros(n)
    for town in towns:
        mass += np.exp(-(((place - town) ** 2).sum(axis=1)) / 0.003)
    jobs = np.round(2_000 * mass + rng.uniform(0, 300, n))
    reach, border = [], []
    for name, values in (("jobs", jobs), ("population", np.round(jobs * 2.1))):
        for mode, speed in MODES.items():
            for band in BANDS:
                size = speed * band**2 / 20
                value = np.round(values * (1 + size) * rng.uniform(0.95, 1.05, n))
                keys = KEYS | {"mode": mode, "opportunity": name, "band_min": band}
                reach.append(
                    pd.DataFrame(
                        {"zone_id": zones.zone_id, "percentile": 50, "value": value} | keys
                    )
                )
                if name == "jobs":
                    lost = np.clip(1 - np.abs(place[:, 0] - 0.45) * 12 / band**0.5, 0, 0.9)
                    lost = np.round(lost * rng.uniform(0.9, 1, n), 4)
                    border.append(
                        pd.DataFrame(
                            {
                                "zone_id": zones.zone_id, "reach_domestic": value * (1 - lost),
                                "reach_open": value, "reach_effective": value, "loss": lost,
                            } | keys
                        )
                    )  # fmt: skip
    sectors = []
    for band in (30.0, 45.0, 60.0):
        whole = rng.integers(0, 5_000, (n, 17)).astype(float)
        home = np.round(whole * rng.uniform(0.2, 1, (n, 17)))
        keys = KEYS | {"mode": "car", "opportunity": "jobs", "band_min": band}
        sectors.append(
            pd.DataFrame(
                {
                    "zone_id": np.repeat(zones.zone_id, 17), "sector": np.tile(np.arange(17), n),
                    "reach_domestic": home.ravel(), "reach_open": whole.ravel(),
                } | keys
            )
        )  # fmt: skip
    given = tuple(
        Opportunities(name, values[None], year=2024, unit=name)
        for name, values in (("jobs", jobs), ("population", jobs * 2.1))
    )
    return RunResult(
        name=f"{n:,} zones",
        zones=zones,
        opportunities=given,
        reach=pd.concat(reach, ignore_index=True),
        border=pd.concat(border, ignore_index=True),
        sectors=pd.concat(sectors, ignore_index=True),
        settings=Settings(modes=tuple(MODES), bands_min=BANDS),
    )


def main() -> None:
    """Write the map, open it, print size and times."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--zones", type=int, default=10_000)
    options = parser.parse_args()
    start = time.perf_counter()
    result = generated_run(options.zones)
    made = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "maps" / "reach.html"
        layers, losses = build_layers(result), build_loss_layers(result)
        write_map(result, layers, losses, path, texts=Texts())
        written = time.perf_counter()
        print(f"{len(result.zones):,} zones, {len(layers) + len(losses)} layers")
        print(f"made {made - start:.1f} s, map written {written - made:.1f} s")
        print(f"map {path.stat().st_size / 1e6:.2f} MB (at most 5)", flush=True)
        sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
        from chromium import Browser, find_browser

        program = find_browser()
        if program is None:
            print("no browser: not opened")
            return
        browser = Browser(program)
        try:
            browser.open(path, ready="document.documentElement.dataset.ready === 'yes'")
            loaded, ready = browser.run(
                "[performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd,"
                " Number(document.documentElement.dataset.readyMs)]"
            )
            print(f"read after {loaded:.0f} ms, painted after {ready:.0f} ms")
            switch = browser.run(
                """new Promise((done) => { const start = performance.now();
                document.querySelectorAll('input[name=hc-mode]')[0].click();
                requestAnimationFrame(() => requestAnimationFrame(
                    () => done(performance.now() - start))); })"""
            )
            print(f"another layer is painted in {switch:.0f} ms")
            glyphs = browser.run(
                """new Promise((done) => { const start = performance.now();
                document.getElementById('hc-glyphs').click();
                requestAnimationFrame(() => requestAnimationFrame(
                    () => done(performance.now() - start))); })"""
            )
            n = browser.run("document.querySelectorAll('.hc-glyph').length")
            print(f"{n} half circles are drawn in {glyphs:.0f} ms")
        finally:
            browser.close()


if __name__ == "__main__":
    main()
