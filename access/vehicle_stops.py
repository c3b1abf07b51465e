"""Stops told apart by the kind of vehicle that calls there, where ways to them differ by it.

People walk farther to a train than to a bus. Where both call at one stop, "within the limit of the
train" must not open the bus: such a stop becomes several virtual ones at the same position, as
stops with transfer rules of their own do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from halfcircle.gtfs.route_types import mode_of
from halfcircle.gtfs.timetable import Stops, Timetable

__all__ = ["VehicleStops", "split_stops"]

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class VehicleStops:
    """A timetable in which all vehicles that call at a stop are of one class.

    Parameters
    ----------
    timetable : Timetable
    stop_class : array of int64, shape (n_stops,)
        Class of the vehicles that call at each stop; -1 where none does.
    """

    timetable: Timetable
    stop_class: npt.NDArray[np.int64]


def split_stops(timetable: Timetable, class_of: Mapping[int, int]) -> VehicleStops:
    """Give every class of vehicles stops of its own.

    The class with the lowest number keeps the stop, the others get virtual ones, called by the
    stop and a vehicle of the class: ``"ns:asd@rail"``. Transfers hold for all of them, and a change
    within the stop is a transfer between them: travel times over the same links stay what they are.

    Parameters
    ----------
    timetable : Timetable
        With footpaths; nothing is added between virtual stops that a footpath could shorten.
    class_of : mapping of int to int
        Class of each basic route type, numbered from 0; types left out are class 0.

    Returns
    -------
    VehicleStops
        The timetable itself where no stop serves two classes.
    """
    n = len(timetable.stops)
    length = np.diff(timetable.pattern_ptr)
    kinds = [int(kind) for kind in timetable.pattern_route_type]
    of_pattern = np.array([class_of.get(kind, 0) for kind in kinds], dtype=np.int64)
    of_position = np.repeat(of_pattern, length)
    n_classes = max([0, *class_of.values()]) + 1
    key = timetable.pattern_stop.astype(np.int64) * n_classes + of_position
    called, row = np.unique(key, return_inverse=True)
    stop, own_class = called // n_classes, called % n_classes
    further = np.zeros(len(called), dtype=bool)
    further[1:] = stop[1:] == stop[:-1]
    copy = stop.copy()
    copy[further] = n + np.arange(int(further.sum()))
    stop_class = np.full(n + int(further.sum()), -1, dtype=np.int64)
    stop_class[copy] = own_class
    if not further.any():
        return VehicleStops(timetable, stop_class)
    base = np.concatenate([np.arange(n), stop[further]])
    label = {c: mode_of(max(k for k in kinds if class_of.get(k, 0) == c)) for c in set(of_pattern)}
    suffix = np.array([""] * n + [f"@{label[c]}" for c in own_class[further]], dtype=object)
    stops = timetable.stops
    # copies[ptr[s]:ptr[s + 1]] are the stops that stop s has become
    copies = np.argsort(base, kind="stable")
    ptr = np.concatenate([[0], np.cumsum(np.bincount(base, minlength=n))])
    start = np.repeat(np.arange(n), np.diff(timetable.transfer_ptr))
    one, other, of_transfer = _all_pairs(start, timetable.transfer_stop, ptr, copies)
    seconds = timetable.transfer_s[of_transfer]
    within = np.flatnonzero(np.diff(ptr) > 1)
    a, b, of_stop = _all_pairs(within, within, ptr, copies)
    a, b, of_stop = a[a != b], b[a != b], of_stop[a != b]
    change_s = timetable.change_s[within[of_stop]]
    allowed = change_s >= 0
    one, other = np.concatenate([one, a[allowed]]), np.concatenate([other, b[allowed]])
    seconds = np.concatenate([seconds, change_s[allowed]])
    order = np.lexsort((other, one))
    fixed = timetable.fixed_pairs
    fixed_one, fixed_other, _ = _all_pairs(fixed[:, 0], fixed[:, 1], ptr, copies)
    return VehicleStops(
        replace(
            timetable,
            stops=Stops(
                stop_id=stops.stop_id[base] + suffix,
                name=stops.name[base],
                lon=stops.lon[base],
                lat=stops.lat[base],
                feed_idx=stops.feed_idx[base],
                station_idx=stops.station_idx[base],
            ),
            pattern_stop=copy[row].astype(np.int32),
            change_s=timetable.change_s[base],
            transfer_ptr=np.concatenate([[0], np.cumsum(np.bincount(one, minlength=len(base)))]),
            transfer_stop=other[order].astype(np.int32),
            transfer_s=seconds[order],
            fixed_pairs=np.column_stack(
                [np.concatenate([fixed_one, a]), np.concatenate([fixed_other, b])]
            ),
        ),
        stop_class,
    )


def _all_pairs(
    one: npt.NDArray[np.integer], other: npt.NDArray[np.integer], ptr: Int64, copies: Int64
) -> tuple[Int64, Int64, Int64]:
    """Pairs of all copies of both ends, and the pair that each comes from."""
    n_one, n_other = ptr[one + 1] - ptr[one], ptr[other + 1] - ptr[other]
    count = n_one * n_other
    of = np.repeat(np.arange(len(one)), count)
    within = np.arange(int(count.sum())) - (np.cumsum(count) - count)[of]
    first = copies[ptr[one][of] + within // n_other[of]]
    second = copies[ptr[other][of] + within % n_other[of]]
    return first, second, of
