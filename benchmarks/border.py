"""How fast border loss is: the fused kernel against NumPy that does the same, on made-up data.

python benchmarks/border.py [n_zones]
"""

import sys
import time
from collections.abc import Callable

import numpy as np

from halfcircle.access.crow_fly import CrowFly
from halfcircle.access.decay import decay_by_name
from halfcircle.places import Opportunities, Places
from halfcircle.regions.border import BorderMeasures, BorderPlan, border_loss, plan_border
from halfcircle.regions.border_rules import border_preset

BANDS_S = (900.0, 1800.0, 2700.0, 3600.0)
BLOCK = 128


def clock(work: Callable[[], object], repeats: int = 3) -> float:
    best = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def with_numpy(plan: BorderPlan, idx: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, ...]:
    """Domestic, open and effective reach with whole-array operations."""
    home = plan.origin_side[idx][:, None] == plan.destination_side[None, :]
    charged = times + plan.penalty_s[0][plan.origin_side[idx]][:, plan.destination_side]
    factor = plan.factor[0][0][plan.origin_side[idx]][:, plan.destination_side]
    curves = [lambda t, b=b: (t <= b).astype(np.float64) for b in BANDS_S]
    curves += list(plan.measures.decays)
    domestic, reach, effective = [], [], []
    for curve in curves:
        weight = curve(times)
        reach.append(weight @ plan.weights)
        domestic.append((weight * home) @ plan.weights)
        effective.append((curve(charged) * factor) @ plan.weights)
    return tuple(np.stack(x, axis=1) for x in (domestic, reach, effective))


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
    rng = np.random.default_rng(0)
    lon, lat = rng.uniform(4.0, 8.0, n), rng.uniform(50.0, 53.0, n)
    country = np.where(lon > 6.5, "DE", np.where(lat < 51.2, "BE", "NL"))
    places = Places([str(i) for i in range(n)], lon, lat, country)
    jobs = (Opportunities("jobs", rng.uniform(0, 1000, (3, n)), ("low", "middle", "high")),)
    measures = BorderMeasures(BANDS_S, (decay_by_name("pbl", "car"),))
    source = CrowFly(places, places)
    rules = border_preset("pieters-2012")
    plan = plan_border(places, places, jobs, mode="crow_fly", measures=measures, rules=rules)
    idx = np.arange(BLOCK)
    times = source.times_s(idx)[:, 0]
    loss = plan.block(idx, times)
    for mine, theirs in zip(
        (loss.domestic, loss.open_reach, loss.effective[:, 0]),
        with_numpy(plan, idx, times),
        strict=True,
    ):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5)
    plan.block(idx, times, sectors=True)
    base = clock(lambda: with_numpy(plan, idx, times))
    kernel = clock(lambda: plan.block(idx, times))
    sectors = clock(lambda: plan.block(idx, times, sectors=True))
    lines = clock(lambda: source.times_s(idx))
    pairs = BLOCK * n
    print(f"{n:,} zones, block of {BLOCK}, 4 bands and a decay, 3 groups; ns per pair")
    for label, seconds in (
        ("NumPy", base), ("fused kernel", kernel), ("with 16 sectors", sectors),
        ("straight-line times", lines),
    ):  # fmt: skip
        print(f"  {label:22s}{seconds / pairs * 1e9:8.1f}   {base / seconds:5.1f} x NumPy")
    for workers in (1, 2):
        whole = clock(
            lambda: border_loss(
                source,
                jobs,
                measures=measures,
                rules=rules,
                sectors=True,
                workers=workers,  # noqa: B023
            ),
            1,
        )
        print(f"  all {n:,} x {n:,} with sectors, {workers} thread(s): {whole:.2f} s")


if __name__ == "__main__":
    main()
