"""Why reach is lost: links, and each kind of institutional barrier, as parts that add up.

Start from the reach that people would have if crossings were served like domestic pairs and
nothing else were in the way (the *ideal*); switch on the real travel times ("transport") and each
reason of the rules ("border", "language", "tax", ...). All on gives the effective reach. The order
of switching matters to the parts, so each part is the Shapley value: its mean over all orders
(Shapley 1953, 10.1515/9781400881970-018). Ordered parts, in the order of the list, stand beside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.access.crow_fly import geodesic_distances_m
from halfcircle.access.travel_times import TravelTimeSource, origin_blocks
from halfcircle.errors import Fault, StudyError
from halfcircle.places import Opportunities
from halfcircle.regions.border_match import SectorMatch
from halfcircle.regions.border_pairs import CrossingPaces, _positions
from halfcircle.regions.border_plan import plan_border
from halfcircle.regions.border_result import BorderMeasures
from halfcircle.regions.border_rules import BorderRules

__all__ = ["LossCauses", "loss_causes", "shapley_parts"]

Floats = npt.NDArray[np.float64]

TRANSPORT = "transport"
MATCH = "skills"
MAX_CAUSES = 7


@dataclass(frozen=True, eq=False)
class LossCauses:
    """Parts of the loss; arrays have shape (n, n_measures, n_columns) behind the cause axis.

    Parameters
    ----------
    zone_id : array of str, shape (n,)
    mode : str
    columns : tuple of (str, str)
    measures : BorderMeasures
    causes : tuple of str
    ideal, effective : array of float64
        Reach with nothing in the way, and with everything.
    shapley, ordered : array of float64, shape (n_causes, n, n_measures, n_columns)
        Opportunities lost to each cause; sums over causes are ``ideal - effective``.
    """

    zone_id: npt.NDArray[np.object_]
    mode: str
    columns: tuple[tuple[str, str], ...]
    measures: BorderMeasures
    causes: tuple[str, ...]
    ideal: Floats
    effective: Floats
    shapley: Floats
    ordered: Floats
    notices: tuple[Fault, ...] = ()

    def table(self, *, scenario: str = "baseline") -> pd.DataFrame:
        """Tidy table: a row per zone, measure, column and cause.

        Returns
        -------
        DataFrame
            zone_id, scenario, mode, opportunity, group, band_min, measure, cause, reach_ideal,
            lost, lost_ordered (opportunities), share (of the ideal reach).
        """
        n, m, k = self.ideal.shape
        names = np.array(self.measures.names, dtype=object)
        frames = []
        for c, cause in enumerate(self.causes):
            with np.errstate(divide="ignore", invalid="ignore"):
                share = np.where(self.ideal > 0.0, self.shapley[c] / self.ideal, np.nan)
            frame = {
                "zone_id": np.repeat(self.zone_id, m * k),
                "scenario": scenario,
                "mode": self.mode,
                "opportunity": np.tile(np.array([x[0] for x in self.columns], object), n * m),
                "group": np.tile(np.array([x[1] for x in self.columns], object), n * m),
                "band_min": np.tile(np.repeat(np.array(self.measures.band_min), k), n),
                "measure": np.tile(np.repeat(names, k), n),
                "cause": cause,
                "reach_ideal": self.ideal.ravel(),
                "lost": self.shapley[c].ravel(),
                "lost_ordered": self.ordered[c].ravel(),
                "share": share.ravel(),
            }
            frames.append(pd.DataFrame(frame))
        return pd.concat(frames, ignore_index=True)


def shapley_parts(values: dict[frozenset[int], Floats], n_players: int) -> Floats:
    """Shapley value of each player, for a game given by all its coalitions.

    Parameters
    ----------
    values : dict of frozenset to array
        Value of each of the 2^n coalitions, all of one shape.
    n_players : int

    Returns
    -------
    array of float64, shape (n_players, ...)
        They sum to the value of all players minus that of none.
    """
    parts = np.zeros((n_players, *values[frozenset()].shape))
    for player in range(n_players):
        others = [p for p in range(n_players) if p != player]
        for size in range(n_players):
            weight = (
                math.factorial(size)
                * math.factorial(n_players - size - 1)
                / math.factorial(n_players)
            )
            for chosen in combinations(others, size):
                before = frozenset(chosen)
                parts[player] += weight * (values[before | {player}] - values[before])
    return parts


def loss_causes(
    source: TravelTimeSource,
    opportunities: Sequence[Opportunities],
    *,
    measures: BorderMeasures,
    rules: BorderRules,
    paces: CrossingPaces | None = None,
    size: npt.ArrayLike | None = None,
    match: npt.ArrayLike | SectorMatch | None = None,
    percentile_idx: int = 0,
    unassigned: str = "error",
    block_size: int = 64,
) -> LossCauses:
    """Split the loss of effective reach over transport, skills and the reasons of the rules.

    Parameters
    ----------
    source, opportunities, measures, rules, match, unassigned
        As in `border_loss`. With `match`, "skills" is a cause of its own.
    paces : CrossingPaces, optional
        From `compare_crossings`; without, transport is no cause.
    size : array of float, shape (n_destinations,), optional
        Size of places as given to `compare_crossings`; needed with `paces`.
    percentile_idx : int
        Position in ``source.percentiles``.
    block_size : int
        Origins at a time.

    Raises
    ------
    StudyError
        There is no cause, there are more than 7, or `size` is missing.
    """
    causes = list(rules.reasons)
    if match is not None:
        causes.append(MATCH)
    if paces is not None:
        causes.insert(0, TRANSPORT)
        if size is None:
            raise StudyError("causes of loss: crossings are compared by size, but none is given")
    if not 1 <= len(causes) <= MAX_CAUSES or len(set(causes)) < len(causes):
        raise StudyError(
            f"causes of loss: between 1 and {MAX_CAUSES} different causes are needed, not {causes}"
        )
    coalitions = [
        frozenset(chosen)
        for n in range(len(causes) + 1)
        for chosen in combinations(range(len(causes)), n)
    ]
    # Transport changes times, the others change rules: one run per set of times.
    sets = [c for c in coalitions if not (paces is not None and 0 in c)]
    rule_sets = [
        BorderRules(
            tuple(r for r in rules.rules if r.reason in {causes[i] for i in chosen}), name="part"
        )
        for chosen in sets
    ]
    plan = plan_border(
        source.origins, source.destinations, opportunities,
        mode=source.mode, measures=measures, rules=rules, variants=rule_sets,
        unassigned=unassigned, match=match,
    )  # fmt: skip
    skill = causes.index(MATCH) if match is not None else -1
    uses = [match is not None, *(skill in chosen for chosen in sets)]
    mass = None if size is None else np.asarray(size, dtype=np.float64)
    own = None if paces is None else _positions(source.origins, source.destinations)
    results: dict[frozenset[int], list[Floats]] = {c: [] for c in coalitions}
    for idx in origin_blocks(len(source.origins), block_size):
        times = source.times_s(idx)[:, percentile_idx]
        real = plan.block(idx, times, match_sets=uses).effective[:, 1:]
        if paces is None or mass is None or own is None:
            for v, chosen in enumerate(sets):
                results[chosen].append(real[:, v])
            continue
        block = source.origins.take(idx)
        limit_m = paces.classes.distance_edges_m[-1]
        distance = geodesic_distances_m(block, source.destinations, max_m=limit_m)
        pair_size = np.sqrt(mass[own[idx]][:, None] * mass[None, :])
        matched = paces.matched_s(
            times, distance, pair_size,
            _countries(block.country), _countries(source.destinations.country),
        )  # fmt: skip
        ideal = plan.block(idx, matched, match_sets=uses).effective[:, 1:]
        for v, chosen in enumerate(sets):
            results[chosen].append(ideal[:, v])
            results[chosen | {0}].append(real[:, v])
    values = {chosen: np.concatenate(parts) for chosen, parts in results.items()}
    n = len(causes)
    steps = [values[frozenset(range(i))] for i in range(n + 1)]
    return LossCauses(
        zone_id=source.origins.place_id,
        mode=source.mode,
        columns=plan.columns,
        measures=measures,
        causes=tuple(causes),
        ideal=steps[0],
        effective=steps[-1],
        shapley=-shapley_parts(values, n),
        ordered=np.array([a - b for a, b in pairwise(steps)]),
        notices=plan.notices,
    )


def _countries(country: npt.NDArray[np.object_] | None) -> npt.NDArray[np.object_]:
    return np.empty(0, dtype=object) if country is None else country
