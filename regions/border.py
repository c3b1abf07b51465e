"""Border loss: how much of their reach people lose at a national border.

The line from travel times to tables::

    measures = BorderMeasures(bands_s=(1800.0, 3600.0), decays=(decay_by_name("pbl", "car"),))
    loss = border_loss(source, (jobs,), measures=measures, rules=border_preset("pieters-2012"))
    loss.table()                       # border.parquet
    loss.sectors()                     # sectors.parquet, if asked with sectors=True

Definitions, for an origin i in country c(i), opportunities O_j and a band or decay f:

- open reach      ``A_nb = sum_j O_j f(t_ij)``, as if there were no border;
- domestic reach  ``A_dom``: the same over destinations in c(i). Times are those of the full
  network, so paths may cross the border; "hard closed" takes times of a network without crossings;
- effective reach ``A_eff = sum_j O_j f(t_ij + penalty) factor`` over foreign j, plus A_dom;
- loss            ``L = 1 - A_dom / A_nb``; undefined (NaN), not 0, where nothing is in reach.

Runs that hold the travel times of a block already use `BorderPlan.block` and save them a second
search; `border_loss` is that in a loop over blocks of origins.

This module is the door to all of border loss:

- rules: `CrossingRule`, `BorderRules`, `border_preset`, `sensitivity_rules`;
- loss: `BorderMeasures`, `border_loss`, `plan_border`, `BorderPlan.block`, `BorderLoss`;
- regions and people: `summarise_loss`; job concepts: `OpportunitySource`, `comparability`,
  `foreign_sensitivity`;
- direction: `half_circle`, `border_points`, `border_lines`, `mirror_in_line`, `land_shares`,
  `land_of_zones`; checks of sides: `check_land`, `border_distances_m`;
- causes: `compare_crossings`, `loss_causes`; skills: `location_quotients`, `relatedness`,
  `sector_match`, `match_of_regions`;
- commuters: `fit_willingness`, `cross_border_potential`, `RealisedFlow`, `realised_rates`;
- wages: `border_agglomeration`, `agglomeration_indication`;
- streets: `find_crossings`, `close_crossings`; words: `explanation`.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt

from halfcircle.access.travel_times import TravelTimeSource, origin_blocks
from halfcircle.errors import TravelTimeError, ZoneError
from halfcircle.places import Opportunities
from halfcircle.regions.border_agglomeration import (
    Elasticity,
    agglomeration_indication,
    border_agglomeration,
)
from halfcircle.regions.border_causes import LossCauses, loss_causes
from halfcircle.regions.border_checks import border_distances_m, check_land
from halfcircle.regions.border_crossings import BorderCrossings, close_crossings, find_crossings
from halfcircle.regions.border_match import (
    SectorMatch,
    location_quotients,
    match_of_regions,
    relatedness,
    relatedness_of_regions,
    sector_match,
)
from halfcircle.regions.border_pairs import CrossingPaces, PairClasses, compare_crossings
from halfcircle.regions.border_plan import BorderPlan, plan_border
from halfcircle.regions.border_potential import (
    CrossBorderPotential,
    RealisedFlow,
    cross_border_potential,
    realised_rates,
)
from halfcircle.regions.border_result import BorderLoss, BorderMeasures, concat_losses
from halfcircle.regions.border_rules import (
    BorderRules,
    CrossingRule,
    border_preset,
    sensitivity_rules,
)
from halfcircle.regions.border_summary import (
    OpportunitySource,
    comparability,
    foreign_sensitivity,
    summarise_loss,
)
from halfcircle.regions.border_willingness import Willingness, fit_willingness
from halfcircle.regions.half_circle import HalfCircle, half_circle
from halfcircle.regions.half_circle_land import LandShares, land_of_zones, land_shares
from halfcircle.regions.half_circle_line import (
    BorderLines,
    border_lines,
    border_points,
    mirror_in_line,
)
from halfcircle.regions.half_circle_texts import explanation

__all__ = [
    "BorderCrossings",
    "BorderLines",
    "BorderLoss",
    "BorderMeasures",
    "BorderPlan",
    "BorderRules",
    "CrossBorderPotential",
    "CrossingPaces",
    "CrossingRule",
    "Elasticity",
    "HalfCircle",
    "LandShares",
    "LossCauses",
    "OpportunitySource",
    "PairClasses",
    "RealisedFlow",
    "SectorMatch",
    "Willingness",
    "agglomeration_indication",
    "border_agglomeration",
    "border_distances_m",
    "border_lines",
    "border_loss",
    "border_points",
    "border_preset",
    "check_land",
    "close_crossings",
    "comparability",
    "compare_crossings",
    "cross_border_potential",
    "explanation",
    "find_crossings",
    "fit_willingness",
    "foreign_sensitivity",
    "half_circle",
    "land_of_zones",
    "land_shares",
    "location_quotients",
    "loss_causes",
    "match_of_regions",
    "mirror_in_line",
    "plan_border",
    "realised_rates",
    "relatedness",
    "relatedness_of_regions",
    "sector_match",
    "sensitivity_rules",
    "summarise_loss",
]


def border_loss(
    source: TravelTimeSource,
    opportunities: Sequence[Opportunities],
    *,
    measures: BorderMeasures,
    rules: BorderRules | None = None,
    variants: Sequence[BorderRules] = (),
    hard_closed: TravelTimeSource | None = None,
    percentile: int | None = None,
    sectors: bool = False,
    unassigned: str = "error",
    match: npt.ArrayLike | SectorMatch | None = None,
    lines: BorderLines | None = None,
    origin_idx: npt.NDArray[np.int64] | None = None,
    block_size: int = 64,
    workers: int = 2,
) -> BorderLoss:
    """Border loss of every origin of a travel-time source.

    Memory is bounded by ``block_size x n_destinations``; results do not depend on `block_size` or
    `workers`.

    Parameters
    ----------
    source : TravelTimeSource
        Times on the full network; its places carry countries.
    opportunities, measures, rules, variants, unassigned, match
        As in `plan_border`.
    hard_closed : TravelTimeSource, optional
        The same places on a network without border crossings.
    percentile : int, optional
        Percentile of travel time; 50 where the source has it, else its first.
    sectors : bool
        Also split reach over 16 compass sectors and a core.
    lines : BorderLines, optional
        The border near each origin: also reach if abroad were home reflected in it.
    origin_idx : array of int64, optional
        Origins to do; all where left out.
    block_size : int
        Origins at a time.
    workers : int
        Threads.

    Raises
    ------
    TravelTimeError
        The percentile is not there, or the two sources do not fit.
    """
    plan = plan_border(
        source.origins, source.destinations, opportunities,
        mode=source.mode, measures=measures, rules=rules, variants=variants,
        unassigned=unassigned, match=match,
    )  # fmt: skip
    p = _percentile(source, percentile)
    p_closed = None if hard_closed is None else _percentile(hard_closed, source.percentiles[p])
    if hard_closed is not None:
        for mine, other in (
            (source.origins, hard_closed.origins),
            (source.destinations, hard_closed.destinations),
        ):
            if not np.array_equal(mine.place_id, other.place_id):
                raise TravelTimeError("the hard-closed source has other places than the open one")
    wanted = np.arange(len(source.origins)) if origin_idx is None else np.asarray(origin_idx)
    if len(wanted) == 0:
        raise ZoneError("border loss: there are no origins")
    blocks = [wanted[part] for part in origin_blocks(len(wanted), block_size)]
    work = partial(_one_block, plan, source, p, hard_closed, p_closed, sectors, lines)
    if workers <= 1:
        parts = [work(block) for block in blocks]
    else:
        with ThreadPoolExecutor(workers) as pool:
            parts = list(pool.map(work, blocks))
    return replace(concat_losses(parts), percentile=source.percentiles[p])


def _one_block(
    plan: BorderPlan,
    source: TravelTimeSource,
    p: int,
    hard_closed: TravelTimeSource | None,
    p_closed: int | None,
    sectors: bool,
    lines: BorderLines | None,
    block: npt.NDArray[np.int64],
) -> BorderLoss:
    times = source.times_s(block)[:, p]
    closed = None if hard_closed is None else hard_closed.times_s(block)[:, p_closed or 0]
    loss = plan.block(block, times, closed_times_s=closed, sectors=sectors)
    if lines is None:
        return loss
    return replace(loss, mirror_line=mirror_in_line(plan, block, times, loss.domestic, lines))


def _percentile(source: TravelTimeSource, wanted: int | None) -> int:
    if wanted is None:
        return source.percentiles.index(50) if 50 in source.percentiles else 0
    if wanted not in source.percentiles:
        raise TravelTimeError(
            f"mode {source.mode!r} has travel-time percentiles {source.percentiles}, not {wanted}"
        )
    return source.percentiles.index(wanted)
