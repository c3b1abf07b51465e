"""What is read from stops once an origin has been searched: lanes or steps behind one call."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from halfcircle.access.transit._engines import Workspace, window_of
from halfcircle.access.transit._intervals import (
    EVENTS_AT_A_TIME,
    Span,
    Steps,
    interval_departure_sums,
    interval_lanes,
    interval_percentiles,
    interval_sums,
)
from halfcircle.access.transit._lanes import (
    Egress,
    departure_sums,
    destination_lanes,
    opportunity_sums,
    percentile_times,
)
from halfcircle.access.transit.query import StopLinks, TransitQuery

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]
Uint16 = npt.NDArray[np.uint16]


class Reader(Protocol):
    """Of one thread; results go into `out`, as the kernels of the same names describe."""

    workspace: Workspace
    direct_s: Uint16

    def lanes(self, out: Uint16) -> None:
        """Travel time of every departure."""

    def percentiles(self, index: Int64, out: npt.NDArray[np.float32]) -> None:
        """Travel times at positions of the sorted departures."""

    def sums(
        self, index: Int64, cutoff_s: Uint16, weight: Float64, at: Float64, mean: Float64
    ) -> None:
        """Opportunities at percentiles of travel time, and their mean over departures."""

    def departure_sums(self, cutoff_s: Uint16, weight: Float64, out: Float64) -> None:
        """Opportunities of every departure."""


def build_reader(workspace: Workspace, egress: StopLinks, query: TransitQuery) -> Reader:
    """Reader of the form in which the workspace keeps what it finds."""
    links = Egress(egress.ptr, egress.stop_idx, egress.seconds.astype(np.uint16))
    if query.is_continuous:
        return _IntervalReader(workspace, links, query)
    return _LaneReader(workspace, links, query)


class _LaneReader:
    def __init__(self, workspace: Workspace, egress: Egress, query: TransitQuery) -> None:
        self.workspace = workspace
        self.direct_s = np.empty(0, dtype=np.uint16)
        self.row = np.empty(workspace.at_stops.lanes.shape[1], dtype=np.uint16)
        self.n_departures = query.n_departures
        self.at_stops, self.egress = workspace.at_stops, egress
        self.window = window_of(query)

    def lanes(self, out: Uint16) -> None:
        destination_lanes(self.at_stops, self.egress, self.direct_s, self.window, self.row, out)

    def percentiles(self, index: Int64, out: npt.NDArray[np.float32]) -> None:
        percentile_times(
            self.at_stops, self.egress, self.direct_s, self.window, self.row, index, out
        )

    def sums(
        self, index: Int64, cutoff_s: Uint16, weight: Float64, at: Float64, mean: Float64
    ) -> None:
        n_met = np.searchsorted(index, np.arange(self.n_departures + 1), side="left")
        opportunity_sums(
            self.at_stops,
            self.egress,
            self.direct_s,
            self.window,
            self.row,
            n_met.astype(np.int64),
            cutoff_s,
            weight,
            at,
            mean,
        )

    def departure_sums(self, cutoff_s: Uint16, weight: Float64, out: Float64) -> None:
        departure_sums(
            self.at_stops, self.egress, self.direct_s, self.window, self.row, cutoff_s, weight, out
        )


class _IntervalReader:
    def __init__(self, workspace: Workspace, egress: Egress, query: TransitQuery) -> None:
        self.workspace = workspace
        self.direct_s = np.empty(0, dtype=np.uint16)
        most = len(workspace.points.departure_s)
        self.steps = Steps(
            earliest=np.empty(most + EVENTS_AT_A_TIME, dtype=np.int32),
            shortest_s=np.empty(most, dtype=np.int32),
            length_s=np.empty(most, dtype=np.int32),
            last_s=np.empty(most, dtype=np.int32),
        )
        self.points, self.egress = workspace.points, egress
        self.span = Span(query.n_departures, query.limit_s)

    def lanes(self, out: Uint16) -> None:
        interval_lanes(self.points, self.egress, self.direct_s, self.span, self.steps, out)

    def percentiles(self, index: Int64, out: npt.NDArray[np.float32]) -> None:
        interval_percentiles(
            self.points, self.egress, self.direct_s, self.span, self.steps, index, out
        )

    def sums(
        self, index: Int64, cutoff_s: Uint16, weight: Float64, at: Float64, mean: Float64
    ) -> None:
        interval_sums(
            self.points,
            self.egress,
            self.direct_s,
            self.span,
            self.steps,
            index,
            cutoff_s,
            weight,
            at,
            mean,
        )

    def departure_sums(self, cutoff_s: Uint16, weight: Float64, out: Float64) -> None:
        interval_departure_sums(
            self.points, self.egress, self.direct_s, self.steps, cutoff_s, weight, out
        )
