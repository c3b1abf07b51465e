"""Parameters of transfers and of merging, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass

from halfcircle.errors import FeedError

__all__ = ["MergeRules", "TransferRules"]


@dataclass(frozen=True)
class TransferRules:
    """How long it takes from getting off to being ready to get on.

    Parameters
    ----------
    board_slack_s : int, seconds
        Added to every change for which the feed gives no time of its own.
    transfer_penalty_s : int, seconds
        Added to every change, also to those whose time the feed gives.
    walk_kmh : float
        Walking inside stations.
    detour : float
        Walking distance over straight distance inside stations without pathways.
    cross_feed_transfer_s : int, seconds
        Least time between vehicles of two feeds at one station.
    """

    board_slack_s: int = 60
    transfer_penalty_s: int = 0
    walk_kmh: float = 4.5
    detour: float = 1.3
    cross_feed_transfer_s: int = 180

    def __post_init__(self) -> None:
        if min(self.board_slack_s, self.transfer_penalty_s, self.cross_feed_transfer_s) < 0:
            raise FeedError("transfers: a slack or penalty is negative")
        if not (self.walk_kmh > 0 and self.detour >= 1):
            raise FeedError("transfers: walk_kmh must be above 0 and detour at least 1")

    @property
    def walk_m_s(self) -> float:
        """Walking speed in metres per second."""
        return self.walk_kmh / 3.6


@dataclass(frozen=True)
class MergeRules:
    """How trains of several feeds, and trains that a feed cuts in two, become one.

    Parameters
    ----------
    near_m, same_name_m : float, metres
        Stations of two feeds are one within `same_name_m` if their names or numbers are the same,
        within `near_m` if the names are alike.
    stations : tuple of (str, str)
        Pairs ``("feed:stop_id", "feed:stop_id")`` that are one station whatever their names.
    duplicates : bool
        Look for the same train in two feeds.
    tolerance_s : int, seconds
        Two feeds may differ by so much in the times of one train.
    through_running : bool
        Join trips by transfers.txt (type 4), by block_id, and by equal number and time.
    max_layover_s : int, seconds
        Longest stay at the place where two trips are joined.
    """

    near_m: float = 250.0
    same_name_m: float = 1_500.0
    stations: tuple[tuple[str, str], ...] = ()
    duplicates: bool = True
    tolerance_s: int = 180
    through_running: bool = True
    max_layover_s: int = 1_200
