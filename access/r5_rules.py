"""Rules of the engine R5 for the own engine, so that the two can be compared journey by journey.

Read in R5's source, version 7: `FastRaptorWorker` (slack), `TransitLayer` (distances),
`TravelTimeReducer` (percentiles, minutes).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from halfcircle.access.transit_times import TransitTimes

__all__ = [
    "BOARD_SLACK_S",
    "EGRESS_MAX_M",
    "STEP_S",
    "TRANSFER_MAX_M",
    "WholeMinuteTimes",
    "last_second_s",
]

STEP_S = 60
"""``FastRaptorWorker.DEPARTURE_STEP_SEC``: seconds from one departure to the next."""
BOARD_SLACK_S = 60
"""``FastRaptorWorker.MINIMUM_BOARD_WAIT_SEC``: before the first ride and between rides."""
TRANSFER_MAX_M = 1000.0
"""``TransitLayer.TRANSFER_DISTANCE_LIMIT_METERS``: between two stops, along streets."""
EGRESS_MAX_M = 2000.0
"""``TransitLayer.WALK_DISTANCE_LIMIT_METERS``: from the last stop, along streets."""


def last_second_s(times_s: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Times cut off to whole minutes as R5 does, each as the last second of its minute.

    With bands that count a time equal to the band, a place is in a band of whole minutes exactly
    where R5 counts it: where its time is below the band.
    """
    minutes = np.floor(times_s / np.float32(60.0))
    return np.asarray(minutes * np.float32(60.0) + np.float32(59.0), dtype=np.float32)


@dataclass(frozen=True, eq=False, repr=False)
class WholeMinuteTimes(TransitTimes):
    """Travel times in whole minutes, as R5 gives them; see `last_second_s`."""

    def times_s(self, origin_idx: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Travel times of a block: (n_block, n_percentiles, n_destinations), seconds."""
        return last_second_s(super().times_s(origin_idx))

    def opportunities_within(
        self,
        origin_idx: npt.NDArray[np.int64],
        weights: npt.NDArray[np.float64],
        cutoffs_s: npt.NDArray[np.float32],
    ) -> npt.NDArray[np.float64]:
        """Opportunities within cutoffs, decided by counting departures; see `FusedSource`."""
        # The last whole minute that is within the cutoff ends a second before the next one.
        within = np.maximum(np.floor((cutoffs_s - 59.0) / 60.0) * 60.0 + 59.0, 0.0)
        found = super().opportunities_within(origin_idx, weights, within.astype(np.float32))
        found[:, :, cutoffs_s < 59.0] = 0.0
        return found
