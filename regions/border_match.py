"""Do the jobs across the border fit the people on this side? Location quotients and relatedness.

A region has workers for a sector if it is specialised in that sector or in one that needs the same
skills. PBL/CBS 2015 found that the regions with most foreign jobs in reach match them worst.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults, frozen_array, id_array
from halfcircle.errors import Fault, OpportunityError
from halfcircle.places import Opportunities

__all__ = [
    "ALL",
    "SectorMatch",
    "location_quotients",
    "match_of_regions",
    "relatedness",
    "relatedness_of_regions",
    "sector_match",
]

Floats = npt.NDArray[np.float64]

ALL = "all"
# Sums over sectors that differ by less are the same count.
SAME = 1e-6


def location_quotients(jobs: npt.ArrayLike) -> Floats:
    """Share of each sector in a region over its share everywhere.

    Parameters
    ----------
    jobs : array of float, shape (n_sectors, n_regions)

    Returns
    -------
    array of float64, shape (n_sectors, n_regions)
        1 is the average; NaN in regions without jobs and for sectors without jobs anywhere.

    Raises
    ------
    OpportunityError
        A count is missing or negative, or there are none at all.
    """
    counts = np.asarray(jobs, dtype=np.float64)
    if counts.ndim != 2 or not (counts >= 0.0).all() or not np.isfinite(counts).all():
        raise OpportunityError(
            "location quotients: jobs must be 0 or more in every sector and region; leave out "
            "sectors that one of the countries does not count"
        )
    total = counts.sum()
    if total == 0.0:
        raise OpportunityError("location quotients: there are no jobs")
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(
            (counts / counts.sum(axis=0)) / (counts.sum(axis=1) / total)[:, np.newaxis]
        )


def relatedness(quotients: npt.ArrayLike) -> Floats:
    """How often two sectors are strong in the same regions; for want of data on job moves.

    ``R_ab = min(P(a | b), P(b | a))`` where P is the share of regions with a quotient of at least
    1 in one sector among those with it in the other (Hidalgo et al. 2007,
    10.1126/science.1144581). Observed moves of workers between sectors are the better source.

    Parameters
    ----------
    quotients : array of float, shape (n_sectors, n_regions)

    Returns
    -------
    array of float64, shape (n_sectors, n_sectors), in [0, 1], 1 on the diagonal
    """
    with np.errstate(invalid="ignore"):
        strong = (np.asarray(quotients, dtype=np.float64) >= 1.0).astype(np.float64)
    both = strong @ strong.T
    count = np.diag(both)
    larger = np.maximum(count[:, None], count[None, :])
    out = np.divide(both, larger, out=np.zeros_like(both), where=larger > 0.0)
    np.fill_diagonal(out, 1.0)
    return out


def sector_match(quotients: npt.ArrayLike, related: npt.ArrayLike) -> Floats:
    """Weight of a foreign job in each sector for the residents of each region.

    ``match_rs = max over s' of min(1, LQ_s'r) R_s's``: full where the region is at least averagely
    strong in the sector itself; otherwise what the best related sector offers.

    Parameters
    ----------
    quotients : array of float, shape (n_sectors, n_regions)
        Of the residents' work; NaN counts as 0.
    related : array of float, shape (n_sectors, n_sectors)
        In [0, 1] with 1 on the diagonal; from sector of origin (rows) to sector of the job.

    Returns
    -------
    array of float64, shape (n_regions, n_sectors)
        In [0, 1]; rows for the zones of a region go into `match` of `border_loss`, with the
        sectors as groups of the opportunities.

    Raises
    ------
    OpportunityError
        Shapes do not fit or relatedness is out of range.
    """
    strength = np.clip(np.nan_to_num(np.asarray(quotients, dtype=np.float64)), 0.0, 1.0)
    matrix = np.asarray(related, dtype=np.float64)
    n = len(strength)
    if matrix.shape != (n, n) or not ((matrix >= 0.0) & (matrix <= 1.0)).all():
        raise OpportunityError(
            f"relatedness must have shape ({n}, {n}) and lie between 0 and 1, "
            f"not shape {matrix.shape}"
        )
    if not (np.diag(matrix) == 1.0).all():
        raise OpportunityError("relatedness of a sector with itself must be 1")
    return np.asarray((strength.T[:, :, None] * matrix[None, :, :]).max(axis=1))


@dataclass(frozen=True, eq=False)
class SectorMatch:
    """How much a job abroad counts for the residents of each zone, by sector.

    Parameters
    ----------
    opportunity : str
        Whose groups are the sectors.
    sectors : tuple of str
    weights : array of float64, shape (n_zones, n_sectors)
        In [0, 1]; NaN in all sectors where it is not known.
    whole : bool
        Whether the group ``"all"`` of the opportunity is the sum of the sectors, and is then
        matched as that sum; else it has no matched reach.
    notices : tuple of Fault

    Raises
    ------
    OpportunityError
        Shapes do not fit, weights are out of range, or known for a part of the sectors only.
    """

    opportunity: str
    sectors: tuple[str, ...]
    weights: Floats
    whole: bool = False
    notices: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", frozen_array(self.weights, np.float64))
        unknown = np.isnan(self.weights)
        fits = self.weights.ndim == 2 and self.weights.shape[1] == len(self.sectors)
        inside = unknown | ((self.weights >= 0.0) & (self.weights <= 1.0))
        if not fits or not inside.all() or (unknown.any(axis=1) != unknown.all(axis=1)).any():
            raise OpportunityError(
                f"match of {self.opportunity!r}: weights must lie between 0 and 1, with a column "
                f"for each of {len(self.sectors)} sectors and all or none of a row known"
            )

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Zones whose match is known, shape (n_zones,)."""
        return np.asarray(~np.isnan(self.weights).any(axis=1))

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        """Opportunity and group of all columns that the match is about."""
        return tuple((self.opportunity, group) for group in (ALL, *self.sectors))

    def columns(self, columns: Sequence[tuple[str, str]]) -> Floats:
        """Weights for columns of opportunity and group, shape (n_zones, n_columns).

        1 in columns that are no sector, and where the match is not known.
        """
        out = np.ones((len(self.weights), len(columns)))
        for k, (name, group) in enumerate(columns):
            if name == self.opportunity and group in self.sectors:
                out[:, k] = np.nan_to_num(self.weights[:, self.sectors.index(group)], nan=1.0)
        return out

    def parts(self, columns: Sequence[tuple[str, str]]) -> tuple[int, ...]:
        """Positions of the sectors among `columns`."""
        return tuple(
            k
            for k, (name, group) in enumerate(columns)
            if name == self.opportunity and group in self.sectors
        )

    def total(self, columns: Sequence[tuple[str, str]]) -> int:
        """Position of the group that all sectors make up, -1 for none."""
        key = (self.opportunity, ALL)
        return list(columns).index(key) if key in columns else -1


def match_of_regions(
    jobs: Opportunities,
    regions: Sequence[str],
    countries: Sequence[str],
    *,
    related: npt.ArrayLike | None = None,
) -> SectorMatch:
    """Match of every zone, from the jobs by sector of the region that it lies in.

    Quotients compare a region with all regions of the study together, of all countries. Residents
    are taken to have the skills of the jobs in their own region, which holds for labour markets
    better than for suburbs.

    Parameters
    ----------
    jobs : Opportunities
        With a group per sector; a group ``"all"`` beside them is their sum.
    regions, countries : sequence of str, length n_zones
        Region (blank for none) and side of each zone; a region ends at the border.
    related : array of float, shape (n_sectors, n_sectors), optional
        As in `sector_match`, sectors in the order of the groups of `jobs`; each related to itself
        only where left out.

    Returns
    -------
    SectorMatch
        NaN for zones without a region and in regions without jobs.

    Raises
    ------
    OpportunityError
        There are fewer than two sectors, or a country has no data at all for one of them.
    """
    where = _where(jobs)
    sectors, values, quotients, row, notices = _by_region(jobs, regions, countries)
    faults = Faults()
    faults.extend(notices)
    matrix = np.eye(len(sectors)) if related is None else related
    weights = sector_match(quotients, matrix)
    weights[~np.isfinite(quotients).any(axis=0)] = np.nan
    unknown = np.isnan(weights[row]).all(axis=1)
    if unknown.any():
        faults.warn(
            where,
            "zones without a region, or in one without jobs, have no reach with matching skills",
            count=int(unknown.sum()),
        )
    whole = ALL in jobs.groups
    if whole:
        total = jobs.values[jobs.groups.index(ALL)]
        whole = bool(np.allclose(values.sum(axis=0), total, rtol=SAME, atol=SAME, equal_nan=True))
        if not whole:
            faults.warn(
                where,
                "sectors do not add up to all jobs: matched reach is by sector only",
                values=[f"{np.nansum(values):,.0f} of {np.nansum(total):,.0f}"],
                remedy="add a sector for the rest",
            )
    return SectorMatch(jobs.name, sectors, weights[row], whole, faults.warnings)


def relatedness_of_regions(
    jobs: Opportunities, regions: Sequence[str], countries: Sequence[str]
) -> Floats:
    """`relatedness` by co-location in the regions of the study; arguments of `match_of_regions`."""
    return relatedness(_by_region(jobs, regions, countries)[2])


def _where(jobs: Opportunities) -> str:
    return f"[border.skills] opportunity {jobs.name!r}"


def _by_region(
    jobs: Opportunities, regions: Sequence[str], countries: Sequence[str]
) -> tuple[tuple[str, ...], Floats, Floats, npt.NDArray[np.intp], tuple[Fault, ...]]:
    """Sectors, jobs by sector and zone, quotients by sector and region, region of each zone."""
    sectors = tuple(group for group in jobs.groups if group != ALL)
    faults = Faults()
    where = _where(jobs)
    if len(sectors) < 2:
        faults.add(
            where,
            "has no sectors to match",
            values=list(sectors),
            remedy='give columns = { industry = "jobs_industry", care = "jobs_care", ... }',
        )
        faults.raise_errors(OpportunityError)
    values = jobs.values[[jobs.groups.index(sector) for sector in sectors]]
    side = id_array(countries)
    for country in sorted(set(side) - {""}):
        empty = [
            name
            for name, jobs_here in zip(sectors, values, strict=True)
            if np.isnan(jobs_here[side == country]).all()
        ]
        if empty:
            faults.add(
                where,
                f"country {country!r} has no data for these sectors",
                values=empty,
                remedy="leave them out of columns, or bring counts for that side",
            )
    faults.raise_errors(OpportunityError)
    part = np.isnan(values).any(axis=0) & ~np.isnan(values).all(axis=0)
    if part.any():
        faults.warn(
            where, "zones with data for some sectors only: the others count as none there",
            count=int(part.sum()),
        )  # fmt: skip
    names = [f"{c}\x00{r}" if r and c else "" for c, r in zip(side, regions, strict=True)]
    region, row = np.unique(np.array(names, dtype=str), return_inverse=True)
    counts = np.zeros((len(sectors), len(region)))
    for s, jobs_here in enumerate(np.nan_to_num(values)):
        counts[s] = np.bincount(row, jobs_here, len(region))
    named = region != ""
    if not counts[:, named].any():
        faults.add(where, "no region has jobs", remedy="name regions in [border] region")
    faults.raise_errors(OpportunityError)
    quotients = np.full(counts.shape, np.nan)
    quotients[:, named] = location_quotients(counts[:, named])
    return sectors, values, quotients, row, faults.warnings
