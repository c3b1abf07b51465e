"""Mode gap and transport poverty: what people without a car are short of.

The gap between modes is ``(S - F) / (S + F)`` of the reach by a slow and a fast mode, -1 nothing
without the fast one, 0 even, 1 the other way round (modal accessibility gap: Kwok & Yeh 2004,
*Environment and Planning A* 36: 921-936). Transport poverty counts the people at risk (no car, low
income) where the slow mode brings less than a sufficient reach (Lucas, van Wee & Maat 2016,
doi:10.1007/s11116-015-9585-2) or too little of what the fast mode brings.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from halfcircle._checks import Faults, nearest
from halfcircle.access.equity import fgt
from halfcircle.errors import InputError

__all__ = ["POVERTY_COLUMNS", "mode_gap", "poverty_summary", "transport_poverty"]

KEYS = ["zone_id", "scenario", "opportunity", "group", "band_min", "percentile", "measure"]
ZONE_KEYS = KEYS[1:]
POVERTY_COLUMNS = (
    *ZONE_KEYS,
    *("zones_poor", "people_at_risk", "people_poor", "share_poor", "shortfall"),
    "people_left_out",
)


def mode_gap(
    reach: pd.DataFrame, *, slow: str = "transit", fast: str = "car", percentile: int | None = None
) -> pd.DataFrame:
    """Reach by two modes side by side, with their gap, for every zone.

    Parameters
    ----------
    reach : DataFrame
        Columns as of `reach_table`, with rows of both modes.
    slow, fast : str
        Modes.
    percentile : int, optional
        Of the mode with a departure window, where there are several; one that has a single
        percentile is compared at that.

    Returns
    -------
    DataFrame
        Keys of the reach table without mode (percentile: that of the slow mode), slow, fast and
        difference (fast - slow) in units of the reach, ratio (slow / fast; NaN where the fast one
        reaches nothing), gap (-1 to 1; NaN where both reach nothing). Zones that one mode does not
        know have NaN.

    Raises
    ------
    InputError
        Columns or modes are missing, rows repeat, or the percentile is not known.
    """
    lacking = [name for name in (*KEYS, "mode", "value") if name not in reach.columns]
    if lacking:
        raise InputError(f"mode gap: the table of reach has no column {', '.join(lacking)}")
    parts = {}
    faults = Faults()
    modes = list(dict.fromkeys(reach["mode"].astype(str)))
    for label, mode in (("slow", slow), ("fast", fast)):
        rows = reach[reach["mode"] == mode]
        if mode not in modes:
            faults.add("mode gap", f"there is no reach by {mode!r}", remedy=nearest(mode, modes))
        known = sorted(set(rows["percentile"]))
        if len(known) > 1:
            if percentile not in known:
                faults.add(
                    "mode gap",
                    f"mode {mode!r} has several percentiles; name one of them",
                    values=known,
                )
            rows = rows[rows["percentile"] == percentile]
        parts[label] = rows[[*KEYS, "value"]].rename(columns={"value": label})
        if rows.duplicated(KEYS).any():
            faults.add("mode gap", f"rows of mode {mode!r} occur more than once")
    faults.raise_errors(InputError)
    joint = [key for key in KEYS if key != "percentile"]
    both = parts["slow"].merge(
        parts["fast"].drop(columns="percentile"), on=joint, how="outer", sort=False
    )
    s, f = both["slow"].to_numpy(dtype=np.float64), both["fast"].to_numpy(dtype=np.float64)
    blank = np.full(len(both), np.nan)
    both["difference"] = f - s
    both["ratio"] = np.divide(s, f, out=blank.copy(), where=f > 0.0)
    both["gap"] = np.divide(s - f, s + f, out=blank.copy(), where=s + f > 0.0)
    return both


def transport_poverty(
    gaps: pd.DataFrame,
    at_risk: Mapping[str, float],
    *,
    line_share: float | None = 0.5,
    ratio_below: float | None = None,
) -> pd.DataFrame:
    """Zones where people at risk of transport poverty are in it.

    Parameters
    ----------
    gaps : DataFrame
        From `mode_gap`.
    at_risk : mapping of zone to persons
        People without a car or with a low income; NaN or absent where not known.
    line_share : float, optional
        Poor is a zone whose slow reach is below this share of the mean slow reach of all people at
        risk; None leaves that out.
    ratio_below : float, optional
        Poor is a zone whose slow reach is below this share of its fast reach. With both, both must
        hold.

    Returns
    -------
    DataFrame
        `gaps` with people_at_risk (persons), line (in units of the reach; NaN without line_share),
        poor (missing where reach or people are not known) and people_poor (persons).

    Raises
    ------
    InputError
        Neither rule is given, a rule is not positive, or numbers of people are negative.
    """
    faults = Faults()
    given = [each for each in (line_share, ratio_below) if each is not None]
    if not given:
        faults.add("transport poverty", "give line_share, ratio_below or both")
    if any(not 0.0 < each < np.inf for each in given):
        faults.add("transport poverty", "shares must be positive numbers", values=given)
    wrong = [zone for zone, people in at_risk.items() if people < 0]
    if wrong:
        faults.add("transport poverty", "people at risk are negative", values=wrong)
    faults.raise_errors(InputError)
    out = gaps.copy()
    out["people_at_risk"] = out["zone_id"].map(dict(at_risk)).astype(np.float64)
    w = out["people_at_risk"]
    known = out["slow"].notna() & w.notna()
    poor = pd.Series(True, index=out.index)
    out["line"] = np.nan
    if line_share is not None:
        held = (out["slow"] * w).where(known)
        keys = [out[key] for key in ZONE_KEYS]
        total = held.groupby(keys, dropna=False).transform("sum")
        people = w.where(known).groupby(keys, dropna=False).transform("sum")
        out["line"] = line_share * total / people.where(people > 0.0)
        known &= out["line"].notna()
        poor &= out["slow"] < out["line"]
    if ratio_below is not None:
        known &= out["ratio"].notna()
        poor &= out["ratio"] < ratio_below
    out["poor"] = poor.astype("boolean").where(known)
    out["people_poor"] = w.where(poor, 0.0).where(known)
    return out


def poverty_summary(poverty: pd.DataFrame) -> pd.DataFrame:
    """People in transport poverty in the whole area.

    Parameters
    ----------
    poverty : DataFrame
        From `transport_poverty`.

    Returns
    -------
    DataFrame
        `POVERTY_COLUMNS`: zones_poor; people_at_risk and people_poor in persons, of zones that are
        known; share_poor (0 to 1; NaN without people); shortfall, the mean share of the line that
        people at risk are short of (FGT with alpha 1, doi:10.2307/1913475; NaN without a line);
        people_left_out, at risk in zones whose reach is not known.
    """
    rows: list[tuple[object, ...]] = []
    for key, part in poverty.groupby(ZONE_KEYS, dropna=False, sort=False):
        known = part["poor"].notna()
        w = part["people_at_risk"].to_numpy(dtype=np.float64)
        at_risk = float(np.nansum(w[known]))
        poor = float(part.loc[known, "people_poor"].sum())
        line = part["line"].max()
        short = float("nan")
        if pd.notna(line) and line > 0.0:
            short = fgt(part["slow"], np.nan_to_num(w, nan=0.0), line=float(line), alpha=1.0)
        rows.append(
            (
                *key,
                int(part["poor"].fillna(value=False).sum()),
                at_risk,
                poor,
                poor / at_risk if at_risk > 0.0 else float("nan"),
                short,
                float(np.nansum(w[~known])),
            )
        )
    return pd.DataFrame(rows, columns=list(POVERTY_COLUMNS))
