"""How many would commute across if the border were a line on the map, and how many do.

After PBL/CBS 2015 (Weterings & van Gessel-Dabekaussen, *Arbeidsmarkt zonder grenzen*): residents
near the border, jobs within an acceptable commute on both sides, and the willingness to travel
that domestic flows show. The potential comes in two readings, both given:

- *choice*: each resident picks a job by ``W_j f(c_ij)``, whoever else wants it;
- *balanced*: jobs can be taken once; flows fit workers and jobs (doubly constrained).

PBL/CBS found that realised commuting was 5 % of what is possible; a ratio here will differ, as it
depends on cost, willingness, zones and on what is counted as realised.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from halfcircle._checks import Faults, duplicated
from halfcircle.errors import FlowError, StudyError
from halfcircle.regions.border_willingness import Willingness, ratio

__all__ = [
    "REFERENCE_RATE",
    "CrossBorderPotential",
    "RealisedFlow",
    "cross_border_potential",
    "realised_rates",
]

Floats = npt.NDArray[np.float64]

REFERENCE_RATE = 0.05
REFERENCE = "PBL/CBS 2015, Arbeidsmarkt zonder grenzen: realised is 5 % of possible (2012, gross)"
CORRIDOR_COLUMNS = (
    "from_country", "from_region", "to_country", "to_region", "n_zones", "workers",
    "jobs_closed", "jobs_open", "potential_choice", "potential_balanced", "border_zone_km",
    "cap_km",
)  # fmt: skip
MAX_ZONES = 6000
ROUNDS = 2000
# Share of jobs that balanced flows may miss.
SETTLED = 1e-7


@dataclass(frozen=True, eq=False)
class CrossBorderPotential:
    """Commuters across each border if only travel counted.

    Parameters
    ----------
    zone_id, country : array of str, shape (n,)
    workers : array of float64, shape (n,)
        Employed residents; those of zones in the border zone count as origins.
    in_zone : array of bool, shape (n,)
        Within the border zone.
    reach_closed, reach_open : array of float64, shape (n,)
        Jobs within the cap, weighted by willingness, at home and on both sides.
    choice, balanced : array of float64, shape (n, n)
        Potential commuters from rows to columns, both readings; domestic ones included.
    """

    zone_id: npt.NDArray[np.object_]
    country: npt.NDArray[np.object_]
    workers: Floats
    in_zone: npt.NDArray[np.bool_]
    reach_closed: Floats
    reach_open: Floats
    choice: Floats
    balanced: Floats
    border_zone_m: float
    cap_m: float

    def corridors(self, regions: Sequence[str] | None = None) -> pd.DataFrame:
        """Potential by direction, and by corridor where regions are given.

        Parameters
        ----------
        regions : sequence of str, length n, optional
            Region of each zone (a province, a Kreis, a labour market area).

        Returns
        -------
        DataFrame
            from_country, from_region, to_country, to_region (regions are empty where none are
            given), n_zones (of origin, in the border zone), workers, jobs_closed and jobs_open
            (willingness-weighted jobs that a mean worker reaches), potential_choice,
            potential_balanced (commuters), border_zone_km, cap_km. Directions without any
            potential have no row.
        """
        region = np.full(len(self.country), "", dtype=object)
        if regions is not None:
            region = np.array([str(r) for r in regions], dtype=object)
            if region.shape != self.country.shape:
                raise FlowError(f"corridors: {len(region)} regions for {len(self.country)} zones")
        sides = sorted(set(zip(self.country, region, strict=True)))
        here = [(self.country == c) & (region == r) for c, r in sides]
        rows = []
        for (a, from_region), start_all in zip(sides, here, strict=True):
            start = start_all & self.in_zone
            if not start.any():
                continue
            p = self.workers[start]
            mean = [
                float(p @ reach[start] / p.sum()) if p.sum() > 0.0 else np.nan
                for reach in (self.reach_closed, self.reach_open)
            ]
            for (b, to_region), end in zip(sides, here, strict=True):
                if a == b:
                    continue
                flow = [float(m[np.ix_(start, end)].sum()) for m in (self.choice, self.balanced)]
                if flow[0] == 0.0:
                    continue
                rows.append(
                    {
                        "from_country": a,
                        "from_region": from_region,
                        "to_country": b,
                        "to_region": to_region,
                        "n_zones": int(start.sum()),
                        "workers": float(p.sum()),
                        "jobs_closed": mean[0],
                        "jobs_open": mean[1],
                        "potential_choice": flow[0],
                        "potential_balanced": flow[1],
                        "border_zone_km": self.border_zone_m / 1000.0,
                        "cap_km": self.cap_m / 1000.0,
                    }
                )
        return pd.DataFrame(rows, columns=list(CORRIDOR_COLUMNS))

    def inbound(self) -> pd.DataFrame:
        """Potential commuters into each zone from each other country.

        Returns
        -------
        DataFrame
            zone_id, country, from_country, potential_choice, potential_balanced.
        """
        frames = []
        for a in sorted(set(self.country)):
            start = (self.country == a) & self.in_zone
            end = self.country != a
            frame = pd.DataFrame(
                {
                    "zone_id": self.zone_id[end],
                    "country": self.country[end],
                    "from_country": a,
                    "potential_choice": self.choice[np.ix_(start, end)].sum(axis=0),
                    "potential_balanced": self.balanced[np.ix_(start, end)].sum(axis=0),
                }
            )
            frames.append(frame[frame["potential_choice"] > 0.0])
        return pd.concat(frames, ignore_index=True)


def cross_border_potential(
    zone_id: Sequence[str],
    country: Sequence[str],
    *,
    cost: npt.ArrayLike,
    distance_m: npt.ArrayLike,
    workers: npt.ArrayLike,
    jobs: npt.ArrayLike,
    willingness: Willingness,
    border_m: npt.ArrayLike | None = None,
    border_zone_m: float = 25_000.0,
    cap_m: float = 100_000.0,
) -> CrossBorderPotential:
    """Potential commuters between all zones, border open.

    Parameters
    ----------
    zone_id, country : sequence of str, length n
    cost : array of float, shape (n, n)
        In the unit that `willingness` was fitted on.
    distance_m : array of float, shape (n, n), metres
        For the cap; by road where known, else straight lines (then say so).
    workers, jobs : array of float, shape (n,)
        Employed residents and jobs; NaN (no data) leaves the zone out on that side. Jobs are
        scaled to the number of workers for the balanced reading.
    willingness : Willingness
    border_m : array of float, shape (n,), metres, optional
        Distance to the nearest land of another country; where left out, to the nearest point of a
        zone in another country.
    border_zone_m : float, metres
        Origins within this distance of the border.
    cap_m : float, metres
        No commuting beyond.

    Raises
    ------
    FlowError
        Shapes do not fit, values are negative, identifiers repeat, or there are too many zones
        for full matrices.
    """
    ids, side = np.array([str(x) for x in zone_id], object), np.array(list(country), object)
    n = len(ids)
    c, d = np.asarray(cost, dtype=np.float64), np.asarray(distance_m, dtype=np.float64)
    o, w = np.asarray(workers, dtype=np.float64), np.asarray(jobs, dtype=np.float64)
    faults = Faults()
    where = "cross-border potential"
    if n > MAX_ZONES:
        faults.add(where, f"{n:,} zones make matrices too large; take at most {MAX_ZONES:,}")
    for name, array, shape in (
        ("country", side, (n,)), ("cost", c, (n, n)), ("distance_m", d, (n, n)),
        ("workers", o, (n,)), ("jobs", w, (n,)),
    ):  # fmt: skip
        if array.shape != shape:
            faults.add(where, f"{name} has shape {array.shape}, expected {shape}")
        elif array.dtype == np.float64 and (array < 0.0).any():
            faults.add(where, f"{name} is negative")
    twice = duplicated(ids)
    if twice:
        faults.add(where, "identifiers occur more than once", values=twice)
    if not (border_zone_m > 0.0 and cap_m > 0.0):
        faults.add(where, "border zone and cap must be positive")
    faults.raise_errors(FlowError)
    foreign = side[:, None] != side[None, :]
    if border_m is None:
        border = np.where(foreign, d, np.inf).min(axis=1)
    else:
        border = np.asarray(border_m, dtype=np.float64)
    f = np.where(d <= cap_m, willingness(c), 0.0)
    o, w = np.nan_to_num(o), np.nan_to_num(w)
    attraction = f * w[None, :]
    reach_open = attraction.sum(axis=1)
    reach_closed = np.where(foreign, 0.0, attraction).sum(axis=1)
    choice = attraction * ratio(o, reach_open)[:, None]
    return CrossBorderPotential(
        zone_id=ids,
        country=side,
        workers=o,
        in_zone=border <= border_zone_m,
        reach_closed=reach_closed,
        reach_open=reach_open,
        choice=choice,
        balanced=_balance(f, o, w),
        border_zone_m=float(border_zone_m),
        cap_m=float(cap_m),
    )


def _balance(f: Floats, workers: Floats, jobs: Floats) -> Floats:
    """Doubly constrained flows: rows fit workers, columns jobs scaled to the same total."""
    open_pairs = f * (workers > 0.0)[:, None] * (jobs > 0.0)[None, :]
    # The cap leaves most pairs empty, and balancing far regions takes hundreds of rounds.
    seed = csr_array(open_pairs)
    across = csr_array(seed.T)
    o = np.where(seed.sum(axis=1) > 0.0, workers, 0.0)
    w = np.where(seed.sum(axis=0) > 0.0, jobs, 0.0)
    if o.sum() == 0.0 or w.sum() == 0.0:
        return np.zeros_like(open_pairs)
    w = w * o.sum() / w.sum()
    b = np.ones(len(w))
    for _ in range(ROUNDS):
        a = ratio(o, np.asarray(seed @ b))
        new = ratio(w, np.asarray(across @ a))
        missed = np.abs(w * ratio(b, new) - w).sum()
        b = new
        if missed <= SETTLED * w.sum():
            break
    # Rows last: every worker commutes once; columns fit as far as separate regions allow.
    a = ratio(o, np.asarray(seed @ b))
    return np.asarray(a[:, None] * open_pairs * b[None, :])


@dataclass(frozen=True)
class RealisedFlow:
    """Observed commuters in one direction.

    Parameters
    ----------
    from_country, to_country : str
        Of residence and of work.
    workers : float
    year : int
    source : str
    numerator : {"gross", "net of movers"}
        Gross counts all who live there and work here; net leaves out those who moved across and
        kept their job (about half, PBL/CBS 2015), who never chose a job abroad.
    from_region, to_region : str
        Corridor; empty for the whole direction.
    """

    from_country: str
    to_country: str
    workers: float
    year: int
    source: str
    numerator: str = "gross"
    from_region: str = ""
    to_region: str = ""

    def __post_init__(self) -> None:
        if not (np.isfinite(self.workers) and self.workers >= 0.0):
            raise FlowError(f"realised {self.from_country} -> {self.to_country}: {self.workers!r}")
        if self.numerator not in ("gross", "net of movers"):
            raise FlowError(
                f"realised {self.from_country} -> {self.to_country}: numerator must be 'gross' or "
                f"'net of movers', not {self.numerator!r}"
            )

    def net_of_movers(self, share: float = 0.5) -> RealisedFlow:
        """The same without movers who kept their job; half of all by default (PBL/CBS 2015)."""
        if self.numerator != "gross" or not 0.0 <= share <= 1.0:
            raise StudyError("net of movers: needs a gross count and a share between 0 and 1")
        return replace(self, workers=self.workers * (1.0 - share), numerator="net of movers")


def realised_rates(
    potential: CrossBorderPotential,
    realised: Sequence[RealisedFlow],
    *,
    regions: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Realised commuting over its potential, by direction or corridor, and numerator.

    Parameters
    ----------
    potential : CrossBorderPotential
    realised : sequence of RealisedFlow
    regions : sequence of str, optional
        As in `CrossBorderPotential.corridors`; realised flows then name their regions.

    Returns
    -------
    DataFrame
        The columns of `CrossBorderPotential.corridors`, then realised, numerator, year, source,
        rate_choice, rate_balanced, reference_rate and reference; a row per realised flow, and one
        with missing values for each corridor without an observation: no data, not 0.
    """
    keys = ["from_country", "from_region", "to_country", "to_region"]
    known = pd.DataFrame(
        {
            **{key: [getattr(r, key) for r in realised] for key in keys},
            "realised": [float(r.workers) for r in realised],
            "numerator": [r.numerator for r in realised],
            "year": [r.year for r in realised],
            "source": [r.source for r in realised],
        }
    )
    # Without rows, columns have no type of their own, and would not merge.
    known = known.astype(dict.fromkeys(keys, object))
    corridors = potential.corridors(regions).astype(dict.fromkeys(keys, object))
    out = corridors.merge(known, on=keys, how="left")
    for reading in ("choice", "balanced"):
        out[f"rate_{reading}"] = out["realised"] / out[f"potential_{reading}"]
    out["reference_rate"] = REFERENCE_RATE
    out["reference"] = REFERENCE
    return out
