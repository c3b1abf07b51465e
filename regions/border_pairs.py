"""Journeys across the border against domestic ones of the same length and size of places.

If two towns across the border take longer to reach each other than two towns of one country that
are as far apart and as large, the difference is *transport loss*: missing or slower links, fewer
trains, detours. What people lose on top of that is institutional. See `border_causes`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle._checks import Faults
from halfcircle.access.crow_fly import geodesic_distances_m
from halfcircle.access.travel_times import TravelTimeSource, origin_blocks
from halfcircle.errors import StudyError, ZoneError
from halfcircle.places import Places

__all__ = ["CrossingPaces", "PairClasses", "compare_crossings"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


TABLE_COLUMNS = (
    "from_country", "to_country", "distance_from_km", "distance_to_km", "size_class",
    "n_domestic", "n_crossing", "minutes_domestic", "minutes_crossing", "ratio",
    "reached_domestic", "reached_crossing",
)  # fmt: skip


PairDetails = Callable[[npt.NDArray[np.int64]], Mapping[str, npt.NDArray[np.float64]]]
"""Further values of all pairs of a block of origins, by name."""


@dataclass(frozen=True)
class PairClasses:
    """How pairs of places are matched.

    Parameters
    ----------
    distance_edges_m : tuple of float, metres
        Edges of the distance classes, ascending; pairs outside are not compared.
    n_sizes : int
        Size classes: equal parts of the pairs by ``sqrt(size_i size_j)``; 1 ignores size.
    min_pairs : int
        Where either kind has fewer pairs in a class, both take all sizes at that distance.
    max_origins : int
        Origins compared; of more, every k-th is taken, in their order.
    """

    distance_edges_m: tuple[float, ...] = (
        2e3, 5e3, 10e3, 15e3, 20e3, 30e3, 45e3, 60e3, 80e3, 100e3, 150e3,
    )  # fmt: skip
    n_sizes: int = 3
    min_pairs: int = 30
    max_origins: int = 2000

    def __post_init__(self) -> None:
        faults = Faults()
        edges = np.asarray(self.distance_edges_m, dtype=np.float64)
        if len(edges) < 2 or not (edges[0] >= 0.0 and (np.diff(edges) > 0.0).all()):
            faults.add("pair classes", "distance edges must ascend", values=self.distance_edges_m)
        for name in ("n_sizes", "min_pairs", "max_origins"):
            if getattr(self, name) < 1:
                faults.add("pair classes", f"{name} must be at least 1")
        faults.raise_errors(StudyError)

    @property
    def centres_m(self) -> Floats:
        """Middle of each distance class."""
        edges = np.asarray(self.distance_edges_m)
        return np.asarray(0.5 * (edges[1:] + edges[:-1]))


@dataclass(frozen=True, eq=False)
class CrossingPaces:
    """Median pace (seconds per metre of straight line) of domestic pairs and per crossing.

    Parameters
    ----------
    classes : PairClasses
    countries : tuple of str
    size_edges : array of float64, shape (n_sizes - 1,)
        Edges of the size classes.
    domestic : array of float64, shape (n_distances, n_sizes), s/m
        Infinite where most pairs are not reached.
    ratio : array of float64, shape (n_countries, n_countries, n_distances, n_sizes)
        Domestic over crossing median, from rows to columns; below 1 where crossings are slower,
        NaN where there are too few pairs to say or most are not reached.
    table : DataFrame
        from_country, to_country, distance_from_km, distance_to_km, size_class (-1 for all sizes
        together), n_domestic, n_crossing, minutes_domestic, minutes_crossing (medians, missing
        where most pairs are not reached), ratio (crossing over domestic pace), reached_domestic,
        reached_crossing (shares), and for each further detail its two medians.
    """

    classes: PairClasses
    countries: tuple[str, ...]
    size_edges: Floats
    domestic: Floats
    ratio: Floats
    table: pd.DataFrame

    def matched_s(
        self,
        times_s: npt.NDArray[np.float32],
        distance_m: Floats,
        size: Floats,
        origin_country: npt.NDArray[np.object_],
        destination_country: npt.NDArray[np.object_],
    ) -> npt.NDArray[np.float32]:
        """Times as if crossings were served like domestic pairs.

        A reached pair keeps its own time, times the ratio of the domestic to the crossing median
        of its class, so that differences within a class stay; a pair that is not reached gets the
        domestic median where most domestic pairs of its class are reached. Domestic pairs, and
        pairs outside the classes, keep their times. Crossings that are better than domestic pairs
        get slower: transport loss can be negative.

        Parameters
        ----------
        times_s : array of float32, shape (n, m), seconds
        distance_m : array of float64, shape (n, m), metres
        size : array of float64, shape (n, m)
            ``sqrt(size_i size_j)``.
        origin_country, destination_country : array of str, shape (n,) and (m,)

        Returns
        -------
        array of float32, shape (n, m), seconds
        """
        index = {code: i for i, code in enumerate(self.countries)}
        out = np.array(times_s, dtype=np.float32)
        d = np.searchsorted(self.classes.distance_edges_m, distance_m, side="right") - 1
        s = np.searchsorted(self.size_edges, size, side="right")
        a = np.array([index.get(c, -1) for c in origin_country])[:, None]
        b = np.array([index.get(c, -1) for c in destination_country])[None, :]
        cross = (a != b) & (a >= 0) & (b >= 0) & (d >= 0) & (d < len(self.domestic))
        row, column = np.nonzero(cross)
        a, b = a[row, 0], b[0, column]
        home = self.domestic[d[row, column], s[row, column]]
        ratio = self.ratio[a, b, d[row, column], s[row, column]]
        time = out[row, column].astype(np.float64)
        matched = time * np.where(np.isfinite(ratio), ratio, 1.0)
        missing = ~np.isfinite(time) & np.isfinite(home)
        matched[missing] = (home * distance_m[row, column])[missing]
        out[row, column] = matched
        return out


def compare_crossings(
    source: TravelTimeSource,
    size: npt.ArrayLike,
    *,
    classes: PairClasses | None = None,
    details: PairDetails | None = None,
    percentile_idx: int = 0,
    block_size: int = 64,
) -> CrossingPaces:
    """Compare crossings with domestic pairs of the same distance and size.

    Parameters
    ----------
    source : TravelTimeSource
        With the same places as origins and destinations (origins may be a part of them).
    size : array of float, shape (n_destinations,)
        Population or jobs of the places; used for the size classes.
    classes : PairClasses, optional
    details : callable, optional
        Gives, for a block of origins (int64, shape (n_block,)), whatever else explains the
        difference, compared in the same classes: connections an hour, the fastest of them, ... By
        name, each float64, shape (n_block, n_destinations).
    percentile_idx : int
        Position in ``source.percentiles``.
    block_size : int
        Origins at a time.

    Raises
    ------
    ZoneError
        Places have no country, an origin is not among the destinations, or there are no domestic
        pairs in any class.
    StudyError
        `size` or a detail has the wrong shape.
    """
    rules = PairClasses() if classes is None else classes
    origins, destinations = source.origins, source.destinations
    mass = np.asarray(size, dtype=np.float64)
    if mass.shape != (len(destinations),) or not (mass >= 0.0).all():
        raise StudyError("pairs: size must be 0 or more for each destination")
    own = _positions(origins, destinations)
    every = max(1, -(-len(origins) // rules.max_origins))
    wanted = np.arange(0, len(origins), every)
    home_country, far_country = origins.country, destinations.country
    if home_country is None or far_country is None:
        raise ZoneError("pairs: places have no country")
    countries = tuple(sorted((set(home_country) | set(far_country)) - {""}))
    index = {code: i for i, code in enumerate(countries)}
    side = np.array([index.get(c, -1) for c in far_country])
    parts: list[dict[str, npt.NDArray[np.float64]]] = []
    for part in origin_blocks(len(wanted), block_size):
        idx = wanted[part]
        distance = geodesic_distances_m(
            origins.take(idx), destinations, max_m=rules.distance_edges_m[-1]
        )
        time = source.times_s(idx)[:, percentile_idx]
        d = np.searchsorted(rules.distance_edges_m, distance, side="right") - 1
        a = np.array([index.get(c, -1) for c in home_country[idx]])
        keep = (d >= 0) & (d < len(rules.centres_m)) & (distance > 0.0)
        keep &= (a >= 0)[:, None] & (side >= 0)[None, :]
        row, column = np.nonzero(keep)
        block = {
            "d": d[row, column].astype(np.float64),
            "a": a[row].astype(np.float64),
            "b": side[column].astype(np.float64),
            "size": np.sqrt(mass[own[idx]][row] * mass[column]),
            "time": time[row, column].astype(np.float64),
            "pace": time[row, column] / distance[row, column],
        }
        for name, array in ({} if details is None else details(idx)).items():
            if array.shape != keep.shape:
                raise StudyError(f"pairs: detail {name!r} has shape {array.shape}")
            block[f"+{name}"] = array[row, column]
        parts.append(block)
    pairs = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    further = tuple(key[1:] for key in pairs if key.startswith("+"))
    return _paces(pairs, rules, countries, further)


def _positions(origins: Places, destinations: Places) -> Ints:
    position = {place: i for i, place in enumerate(destinations.place_id)}
    missing = [place for place in origins.place_id if place not in position]
    if missing:
        faults = Faults()
        faults.add("pairs", "origins that are no destination have no size", values=missing)
        faults.raise_errors(ZoneError)
    return np.array([position[place] for place in origins.place_id], dtype=np.int64)


def _paces(
    pairs: dict[str, Floats],
    rules: PairClasses,
    countries: tuple[str, ...],
    attributes: tuple[str, ...],
) -> CrossingPaces:
    n_d, n_s, n_c = len(rules.centres_m), rules.n_sizes, len(countries)
    home = pairs["a"] == pairs["b"]
    if not home.any():
        raise ZoneError("pairs: there are no domestic pairs to compare crossings with")
    edges = np.quantile(pairs["size"], np.arange(1, n_s) / n_s)
    d, s = pairs["d"].astype(np.int64), np.searchsorted(edges, pairs["size"], side="right")
    domestic = np.full((n_d, n_s), np.inf)
    ratio = np.full((n_c, n_c, n_d, n_s), np.nan)
    corridors = [
        (a, b, (pairs["a"] == a) & (pairs["b"] == b)) for a in range(n_c) for b in range(n_c)
        if a != b
    ]  # fmt: skip
    rows = []
    listed: set[tuple[int, int, int]] = set()
    for i in range(n_d):
        near = d == i
        for j in range(n_s):
            at_home = near & home & (s == j)
            if at_home.sum() < rules.min_pairs:
                at_home = near & home
            if at_home.any():
                domestic[i, j] = np.median(pairs["pace"][at_home])
            for a, b, over in corridors:
                crosses, at_home, label = near & over & (s == j), near & home & (s == j), j
                if min(crosses.sum(), at_home.sum()) < rules.min_pairs:
                    crosses, at_home, label = near & over, near & home, -1
                if not crosses.any() or not at_home.any():
                    continue
                minutes = [float(np.median(pairs["time"][x])) / 60.0 for x in (at_home, crosses)]
                paces = [float(np.median(pairs["pace"][x])) for x in (at_home, crosses)]
                with np.errstate(invalid="ignore"):
                    slower = paces[1] / paces[0] if np.isfinite(paces[0]) else np.nan
                if np.isfinite(slower) and crosses.sum() >= rules.min_pairs:
                    ratio[a, b, i, j] = 1.0 / slower
                if label < 0 and (a, b, i) in listed:
                    continue
                if label < 0:
                    listed.add((a, b, i))
                row: dict[str, object] = {
                    "from_country": countries[a],
                    "to_country": countries[b],
                    "distance_from_km": rules.distance_edges_m[i] / 1000.0,
                    "distance_to_km": rules.distance_edges_m[i + 1] / 1000.0,
                    "size_class": label,
                    "n_domestic": int(at_home.sum()),
                    "n_crossing": int(crosses.sum()),
                    "minutes_domestic": minutes[0],
                    "minutes_crossing": minutes[1],
                    "ratio": slower,
                    "reached_domestic": float(np.isfinite(pairs["time"][at_home]).mean()),
                    "reached_crossing": float(np.isfinite(pairs["time"][crosses]).mean()),
                }
                for name in attributes:
                    for kind, chosen in (("domestic", at_home), ("crossing", crosses)):
                        row[f"{name}_{kind}"] = float(np.median(pairs[f"+{name}"][chosen]))
                rows.append(row)
    columns = [*TABLE_COLUMNS, *(f"{n}_{k}" for n in attributes for k in ("domestic", "crossing"))]
    table = pd.DataFrame(rows, columns=columns).replace(np.inf, np.nan)
    for array in (domestic, ratio, edges):
        array.flags.writeable = False
    return CrossingPaces(rules, countries, edges, domestic, ratio, table)
