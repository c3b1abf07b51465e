"""Every number of the demo's border table, predicted by hand: all zones, modes, bands and groups.

Times come from `demo_by_hand`: streets and lines of the layout as data, with arithmetic of its own.
Jobs are those of the layout. The rows that are covered are all of ``border.parquet``: 353 zones, on
foot, by bicycle, by car and by public transport with up to four rides, within 15, 30, 45 and 60
minutes, of all jobs and those of either level of education, and on streets once more with the
crossings closed.
"""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from demo.demo_by_hand import Times, stops_of_lines, transit_medians_s

from halfcircle.demo import write_demo
from halfcircle.demo.zones import demo_zones
from halfcircle.study import run_study

ZONES = demo_zones()
# A street corner; where water bites into a square, its centroid.
AT = [
    (z.area.centroid.x, z.area.centroid.y) if z.waterside else (int(z.x_m), int(z.y_m))
    for z in ZONES
]
SIDE = np.array([zone.country for zone in ZONES])
JOBS = {
    "all": np.array([zone.jobs for zone in ZONES]),
    "high": np.array([zone.jobs_high for zone in ZONES]),
    "low": np.array([zone.jobs - zone.jobs_high for zone in ZONES]),
}
BANDS_MIN = (15, 30, 45, 60)
PENALTY_S = 46 * 60
ON_STREETS = ("walk", "bike", "car")
MODES = (*ON_STREETS, "transit")
# Corners are kept to a centimetre and pieces of street to 1/256 s: so far a way may be off.
STREETS_S, WALK_S = 0.07, 0.12
# Ways by car that end within that of a band: the sum with and without them is right by hand.
MOST_UNSURE = 42
# What only the report needs takes most of the time, and changes nothing in this table.
NOT_NEEDED = ("sensitivity = true", 'causes = ["car", "transit"]')


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    study = write_demo(tmp_path_factory.mktemp("demo"))
    text = study.read_text(encoding="utf-8")
    for line in NOT_NEEDED:
        assert line in text
        text = text.replace(line, "")
    text = text[: text.index("[border.realised]")] + text[text.index("[outputs]") :]
    study.write_text(text.replace("[border]\n", "[border]\nsectors = false\n"), encoding="utf-8")
    run_study(study, workers=1)
    return pd.read_parquet(study.parent / "out" / "border.parquet")


@pytest.fixture(scope="module")
def bounds_s():
    """By mode and whether the border is closed: the least and most that a way can take."""
    found = {}
    walks_s = Times("walk").from_to([*AT, *(at for *_, at in stops_of_lines())])
    for mode, closed in product(ON_STREETS, (False, True)):
        if mode == "walk" and not closed:
            times_s = walks_s[: len(AT), : len(AT)]
        else:
            times_s = Times(mode, closed=closed).from_to(AT)
        error_s = WALK_S if mode == "walk" else STREETS_S
        found[mode, closed] = (times_s - error_s, times_s + error_s)
    found["transit", False] = tuple(
        transit_medians_s(walks_s, 4, error_s=error_s) for error_s in (-WALK_S, WALK_S)
    )
    for pair in found.values():
        for times_s in pair:
            np.fill_diagonal(times_s, 0.0)  # inside a zone it takes minutes, under a quarter
    return found


def predicted(bounds_s):
    """Least and most of domestic, open and effective reach, by key of the row."""
    home = SIDE[:, None] == SIDE[None, :]
    rows = {}
    for (mode, closed), (least_s, most_s) in bounds_s.items():
        measure = "cumulative_hard_closed" if closed else "cumulative"
        for band, (group, jobs) in product(BANDS_MIN, JOBS.items()):
            sums = []
            for times_s in (most_s, least_s):
                within = times_s <= 60 * band
                late = times_s + PENALTY_S * ~home <= 60 * band
                sums.append([w @ jobs for w in (within & home, within, late)])
            for i, zone in enumerate(ZONES):
                key = (zone.zone_id, mode, group, band)
                row = [side[i] for pair in zip(*sums, strict=True) for side in pair]
                # Closed crossings change what is at home only.
                rows[*key, measure] = row[:2] + (
                    rows[*key, "cumulative"][2:] if closed else row[2:]
                )
    return rows


def test_every_number_of_the_border_table(table, bounds_s):
    rows = predicted(bounds_s)
    keys = ["zone_id", "mode", "group", "band_min", "measure"]
    assert set(table["opportunity"]) == {"jobs"}
    assert set(table["scenario"]) == {"baseline"}
    n_zones, n_cells = len(ZONES), len(BANDS_MIN) * len(JOBS)
    # No row is left out, and none is predicted that is not there.
    assert len(rows) == len(table) == n_zones * n_cells * (len(MODES) + len(ON_STREETS))
    found = table.set_index(keys)
    assert set(found.index) == set(rows)
    kinds = ("domestic", "open", "effective")
    columns = [f"{kind}_{end}" for kind in kinds for end in ("least", "most")]
    expected = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    expected.index = pd.MultiIndex.from_tuples(expected.index, names=keys)
    ours = found.loc[expected.index]
    unsure = np.zeros(len(ours), dtype=bool)
    for kind in kinds:
        least, most = (expected[f"{kind}_{end}"].to_numpy() for end in ("least", "most"))
        got = ours[f"reach_{kind}"].to_numpy()
        wrong = ours.index[(got < least) | (got > most)]
        assert not len(wrong), f"{kind}: {len(wrong)} differ, such as {list(wrong[:3])}"
        unsure |= least != most
    assert unsure.sum() <= MOST_UNSURE
    assert set(ours.index.get_level_values("mode")[unsure]) <= {"car"}
    whole = ours["reach_open"].where(ours["reach_open"] > 0)
    np.testing.assert_allclose(ours["loss"], 1 - ours["reach_domestic"] / whole, rtol=0, atol=1e-12)


def test_the_table_has_something_to_tell(table):
    """Bands, modes and sides differ, so that a right table is no accident."""
    hour = table[(table["group"] == "all") & (table["measure"] == "cumulative")]
    by = hour.pivot_table(values="reach_open", index="mode", columns="band_min")
    assert (by.diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)
    assert (by.loc["walk"] < by.loc["bike"]).all()
    assert by.loc["bike", 15.0] < by.loc["car", 15.0]
    assert hour["loss"].between(0.01, 0.99).mean() > 0.3
    assert (hour["reach_effective"] > hour["reach_domestic"]).any()
