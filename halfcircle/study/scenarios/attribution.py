"""How much of a difference each edit of a scenario makes, and how much they make together.

Let v(S) be the mean reach over people when only the edits S are made. With up to four edits every
v(S) is computed: the effect of an edit alone is v({i}) - v({}), the interaction of several is what
their joint effect has beyond all smaller parts (Harsanyi 1963, doi:10.2307/2525487), and these add
up to the whole. The Shapley value (Shapley 1953, doi:10.1515/9781400881970-018) shares
interactions out in equal parts. With more edits it is estimated from random orders, each taken
forwards and backwards: `ORDERS` orders of n edits cost at most `ORDERS` x (n - 1) runs.

An edit that needs another (a stop on a new line) adds nothing where that other is not made.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.errors import ScenarioError

__all__ = ["ALL_COMBINATIONS", "ORDERS", "applicable", "attribution_table", "mean_over_people"]

ALL_COMBINATIONS = 4
ORDERS = 8
Floats = npt.NDArray[np.float64]
Coalition = frozenset[int]
KEY = ["mode", "opportunity", "band_min"]


def mean_over_people(
    differences: pd.DataFrame, zone_id: npt.NDArray[np.object_], people: Floats
) -> pd.Series:
    """Mean of the variant over people per mode, opportunity and band; zones not known left out."""
    order = pd.Index(zone_id).get_indexer(pd.Index(differences["zone_id"]))
    table = differences.assign(weight=people[order])
    table = table[table["variant"].notna() & table["baseline"].notna()]
    table = table.assign(sum=table["variant"] * table["weight"])
    sums = table.groupby(KEY, sort=False, dropna=False)[["sum", "weight"]].sum()
    found: pd.Series = sums["sum"] / sums["weight"]
    return found


def applicable(edits: Sequence[int], works: Callable[[tuple[int, ...]], bool]) -> tuple[int, ...]:
    """Those of some edits, in order, that can be made without the others."""
    if works(tuple(edits)):
        return tuple(edits)
    kept: tuple[int, ...] = ()
    for edit in edits:
        if works((*kept, edit)):
            kept = (*kept, edit)
    return kept


def attribution_table(
    names: Sequence[str], value: Callable[[Coalition], pd.Series], *, seed: int = 0
) -> pd.DataFrame:
    """Attribute a difference to edits.

    Parameters
    ----------
    names : sequence of str
        Of the edits.
    value : callable
        Values (all with one index) when only some edits are made, by their numbers; called once
        for each set.
    seed : int
        Of the random orders.

    Returns
    -------
    DataFrame
        Index of the values as columns; ``edit``, ``kind`` (``alone``, ``interaction``,
        ``shapley``), ``value``, and ``standard_error`` (of estimates; missing where exact).

    Raises
    ------
    ScenarioError
        There is no edit.
    """
    n = len(names)
    if n == 0:
        raise ScenarioError("attribution: the scenario has no edits")
    known: dict[Coalition, pd.Series] = {}

    def v(coalition: Coalition) -> Floats:
        if coalition not in known:
            known[coalition] = value(coalition)
        return known[coalition].to_numpy(dtype=np.float64)

    index = (v(frozenset()), known[frozenset()].index)[1]
    rows: list[pd.DataFrame] = []

    def note(edit: str, kind: str, values: Floats, error: Floats | None = None) -> None:
        frame = index.to_frame(index=False)
        frame["edit"], frame["kind"], frame["value"] = edit, kind, values
        frame["standard_error"] = np.nan if error is None else error
        rows.append(frame)

    if n <= ALL_COMBINATIONS:
        parts = _dividends(n, v)
        for coalition, part in parts.items():
            label = " x ".join(names[i] for i in sorted(coalition))
            note(label, "alone" if len(coalition) == 1 else "interaction", part)
        for i, name in enumerate(names):
            share = sum((part / len(c) for c, part in parts.items() if i in c), start=np.zeros(1))
            note(name, "shapley", share)
    else:
        for i, (share, error) in enumerate(_sampled(n, v, seed)):
            note(names[i], "shapley", share, error)
    return pd.concat(rows, ignore_index=True)


def _dividends(n: int, v: Callable[[Coalition], Floats]) -> dict[Coalition, Floats]:
    """What each set of edits adds beyond all its parts."""
    parts: dict[Coalition, Floats] = {}
    for size in range(1, n + 1):
        for members in combinations(range(n), size):
            coalition = frozenset(members)
            inner = sum((p for c, p in parts.items() if c < coalition), start=np.zeros(1))
            parts[coalition] = v(coalition) - v(frozenset()) - inner
    return parts


def _sampled(n: int, v: Callable[[Coalition], Floats], seed: int) -> list[tuple[Floats, Floats]]:
    """Shapley values and standard errors over random orders and their reverses."""
    rng = np.random.default_rng(seed)
    gains: list[list[Floats]] = [[] for _ in range(n)]
    for _ in range(ORDERS // 2):
        order = rng.permutation(n).tolist()
        halves: list[list[Floats]] = [[] for _ in range(n)]
        for path in (order, order[::-1]):
            made: Coalition = frozenset()
            for edit in path:
                after = made | {edit}
                halves[edit].append(v(after) - v(made))
                made = after
        for edit in range(n):
            gains[edit].append(np.mean(halves[edit], axis=0))
    return [(np.mean(g, axis=0), np.std(g, axis=0, ddof=1) / math.sqrt(len(g))) for g in gains]
