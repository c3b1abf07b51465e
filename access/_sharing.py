"""The two sweeps over blocks of travel times that all measures of competition share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from halfcircle.access.measure_table import Labels, check_sides, paired_demand
from halfcircle.access.measures import Decay, Weights
from halfcircle.access.travel_times import TravelTimeSource, origin_blocks
from halfcircle.places import Opportunities

Floats = npt.NDArray[np.float64]
# Weights of a block (n_block, n_percentiles, n_destinations), for the label in this column.
Impedance = Callable[[Floats, int], Floats]


@dataclass(frozen=True, eq=False)
class Sides:
    """Both sides of the market as arrays: supply (n_d, n_q), demand (n_o, n_q), 0 for missing."""

    supply: Floats
    demand: Floats
    labels: Labels


def sides_of(
    source: TravelTimeSource, opportunities: Sequence[Opportunities], demand: Opportunities
) -> Sides:
    check_sides(source, at_destinations=opportunities, at_origins=[demand])
    known, labels = paired_demand(opportunities, demand)
    each = demand.unit or demand.name
    return Sides(Weights(opportunities).matrix, known, labels.with_unit(f"{{}} per {each}"))


def plain(factor: Floats, _q: int) -> Floats:
    return factor


@dataclass(frozen=True, eq=False)
class Sweep:
    """Travel times as weights, gone through a block of origins at a time.

    Parameters
    ----------
    source : TravelTimeSource
    decay : callable
        Seconds -> weight in 0..1, 0 at infinity.
    block_size : int
        Origins at a time.
    """

    source: TravelTimeSource
    decay: Decay
    block_size: int

    def blocks(self) -> Iterator[tuple[npt.NDArray[np.int64], Floats]]:
        """Blocks of origins with their weights, (n_block, n_percentiles, n_destinations)."""
        for block in origin_blocks(len(self.source.origins), self.block_size):
            yield block, np.asarray(self.decay(self.source.times_s(block)), dtype=np.float64)

    def competitors(self, demand: Floats, impedance: Impedance = plain) -> Floats:
        """``D[p, j, q] = sum_k demand[k, q] f_q[k, p, j]``: the first sweep."""
        n_q = demand.shape[1]
        met = np.zeros((len(self.source.percentiles), len(self.source.destinations), n_q))
        for block, factor in self.blocks():
            for q in range(n_q):
                met[:, :, q] += np.einsum("ipj,i->pj", impedance(factor, q), demand[block, q])
        return met

    def shared(
        self,
        ratio: Floats,
        undefined: npt.NDArray[np.bool_],
        impedance: Impedance = plain,
    ) -> Floats:
        """``A[i, p, q] = sum_j f_q[i, p, j] ratio[p, j, q]``: the second sweep."""
        n_q = ratio.shape[2]
        out = np.empty((len(self.source.origins), len(self.source.percentiles), n_q))
        for block, factor in self.blocks():
            for q in range(n_q):
                part = impedance(factor, q)
                out[block, :, q] = np.einsum("ipj,pj->ip", part, ratio[:, :, q])
                if undefined[:, :, q].any():
                    touched = np.einsum("ipj,pj->ip", part, undefined[:, :, q].astype(np.float64))
                    out[block, :, q] = np.where(touched > 0.0, np.nan, out[block, :, q])
        return out


def per_competitor(supply: Floats, competing: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Supply per competitor, 0 where there is none; and where that ratio is undefined."""
    some = competing > 0.0
    ratio = np.divide(supply[np.newaxis], competing, out=np.zeros_like(competing), where=some)
    return ratio, ~some & (supply[np.newaxis] > 0.0)


def standardised(factor: Floats, total: Floats) -> Floats:
    """Weights over their total, 0 where the total is."""
    return np.divide(factor, total, out=np.zeros_like(factor), where=total > 0.0)


def blank_unknown(values: Floats, missing: npt.NDArray[np.bool_] | None) -> Floats:
    if missing is not None:
        values[missing] = np.nan
    return values
