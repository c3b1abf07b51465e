"""Do the jobs across the border fit the people on this side? Location quotients and relatedness.

A region has workers for a sector if it is specialised in that sector or in one that needs the same
skills. PBL/CBS 2015 found that the regions with most foreign jobs in reach match them worst.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from halfcircle.errors import OpportunityError

__all__ = ["location_quotients", "relatedness", "sector_match"]

Floats = npt.NDArray[np.float64]


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
