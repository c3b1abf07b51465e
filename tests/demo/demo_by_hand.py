"""The streets of the twin towns worked out by hand: lengths in the frame, speeds, delays, Dijkstra.

Starts from the ways and lines of the layout as data (corners in metres, tags, headways). Nothing of
the house's readers, networks, snapping, timetable or searches is used: what a tag means for whom,
what a crossing costs and when a bus leaves is said again here.
"""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from halfcircle.demo.layout import GEOMETRY as G
from halfcircle.demo.layout import side_of
from halfcircle.demo.streets import extra_ways, street_ways
from halfcircle.demo.timetables import LINES

WALK_M_S = G.walk_kmh / 3.6
NOWHERE = ("service", "path", "steps", "footway")  # dead ends and an island
RAMPS = ("motorway", "motorway_link")
LIVING_STREET_KMH = 7.0  # Schrittgeschwindigkeit
ROAD_FACTOR, MOTORWAY_FACTOR, JUNCTION_S, SIGNAL_S = 0.9, 0.95, 1.0, 6.0
PUSH_KMH, BOARDING_S = 4.0, 300.0
SIGNAL_AT, SHUT_AT = (6000, 0), (G.bollard_at_m, (5500, -1125))
# From the west, via the crossing, to the north.
NO_LEFT = ((-6250, 0), (-6000, 0), (-6000, 250))


@dataclass
class Streets:
    """A graph of one mode: directed pieces with metres, seconds of motion and what they are."""

    mode: str
    piece: dict = field(default_factory=dict)  # (a, b) -> (metres, seconds, kind, may be joined)
    around: dict = field(default_factory=dict)  # point -> neighbours, whichever way

    def add(self, a, b, kmh, kind, *, join, extra_s=0.0):
        metres = float(np.hypot(a[0] - b[0], a[1] - b[1]))
        self.piece[a, b] = (metres, metres * 3.6 / kmh + extra_s, kind, join)
        self.around.setdefault(a, set()).add(b)
        self.around.setdefault(b, set()).add(a)

    def delay_s(self, at):
        """What arriving at a point costs by car."""
        if self.mode != "car":
            return 0.0
        if at == SIGNAL_AT:
            return SIGNAL_S
        kinds = [
            self.piece[key][2]
            for near in self.around[at]
            for key in ((at, near), (near, at))
            if key in self.piece
        ]
        crossing = len(self.around[at]) >= 3 and not set(kinds) & set(RAMPS)
        return JUNCTION_S if crossing else 0.0

    def whole(self, at, one, other):
        """Whether nothing changes at a point between two neighbours: one link goes through."""
        if len(self.around[at]) != 2 or self.delay_s(at):
            return False
        looks = [
            [
                None if key not in self.piece else (self.piece[key][1] / self.piece[key][0],
                                                    *self.piece[key][2:])
                for key in keys
            ]
            for keys in (((one, at), (at, one)), ((at, other), (other, at)))
        ]  # fmt: skip
        return np.allclose(
            [np.nan if x is None else x[0] for x in looks[0]],
            [np.nan if x is None else x[0] for x in looks[1]],
            equal_nan=True,
        ) and [x and x[1:] for x in looks[0]] == [x and x[1:] for x in looks[1]]

    def to_end(self, a, b):
        """From a over b to the end of the link: its end, metres and seconds from b on."""
        metres = seconds = 0.0
        open_way = True
        while len(self.around[b]) == 2:
            [after] = self.around[b] - {a}
            if not self.whole(b, a, after):
                break
            open_way &= (b, after) in self.piece
            if (b, after) in self.piece:
                seconds += self.piece[b, after][1]
            metres += float(np.hypot(b[0] - after[0], b[1] - after[1]))
            a, b = b, after
        return b, metres, seconds


def street_graph(mode):
    """Streets of a mode, from the tags of the ways."""
    streets = Streets(mode)
    for way in (*street_ways(), *extra_ways()):
        tags = dict(way.tags)
        kind = tags.get("highway", tags.get("route"))
        if kind in NOWHERE:
            continue
        join = kind not in ("motorway", "ferry") and "bridge" not in tags
        for a, b in pairwise(way.points):
            kmh = speed_kmh(mode, kind, tags)
            if not kmh or (mode == "car" and {a, b} & set(SHUT_AT)):
                continue
            if kind == "ferry":
                metres = float(np.hypot(a[0] - b[0], a[1] - b[1]))
                kmh = metres * 3.6 / (G.ferry_s + BOARDING_S)
            forward, backward = directions(mode, kind, tags)
            if forward:
                streets.add(a, b, kmh, kind, join=join)
            if backward:
                streets.add(b, a, kmh, kind, join=join)
    return streets


def speed_kmh(mode, kind, tags):
    if mode == "walk":
        return 0.0 if kind in RAMPS else G.walk_kmh
    if mode == "bike":
        return 0.0 if kind in RAMPS else PUSH_KMH if kind == "pedestrian" else G.bike_kmh
    if kind in ("pedestrian", "cycleway", "ferry"):
        return 0.0
    if kind == "living_street":
        return LIVING_STREET_KMH * ROAD_FACTOR
    return float(tags["maxspeed"]) * (MOTORWAY_FACTOR if kind == "motorway" else ROAD_FACTOR)


def directions(mode, kind, tags):
    if mode == "walk" or (mode == "bike" and tags.get("oneway:bicycle") == "no"):
        return True, True
    oneway = tags.get("oneway", "yes" if kind == "motorway" else "no")
    return oneway != "-1", oneway != "yes"


class Times:
    """Times between places, with the crossings of the border open or closed."""

    def __init__(self, mode, *, closed=False):
        self.streets = streets = street_graph(mode)
        points = sorted(streets.around)
        self.number = {point: i for i, point in enumerate(points)}
        copy = len(points)  # of the crossing where a left turn is forbidden
        rows, columns, seconds = [], [], []
        for (a, b), (_, motion_s, *_) in streets.piece.items():
            if closed and side_of(*a) != side_of(*b):
                continue
            time = motion_s + streets.delay_s(b)
            turning = mode == "car" and (a, b) == NO_LEFT[:2]
            rows.append(self.number[a])
            columns.append(copy if turning else self.number[b])
            seconds.append(time)
            if mode == "car" and a == NO_LEFT[1] and b != NO_LEFT[2]:
                rows.append(copy)
                columns.append(self.number[b])
                seconds.append(time)
        size = len(points) + 1
        self.graph = csr_array((seconds, (rows, columns)), shape=(size, size))

    def place(self, at):
        """Where a place leaves and is reached: (point, seconds) for both; and its link, in one."""
        streets = self.streets
        if at in streets.around:
            if self.is_end(at):
                return [(at, 0.0)], [(at, 0.0)], None
            one, other = sorted(streets.around[at])
            return self.inside(at, one, other, at, 0.0)
        best = (np.inf, None)
        for (a, b), (*_, join) in streets.piece.items():
            if join:
                on = np.array(b, float) - a
                share = np.clip((np.array(at) - a) @ on / (on @ on), 0.0, 1.0)
                foot = tuple(np.array(a) + share * on)
                best = min(best, (float(np.hypot(*(np.array(at) - foot))), (a, b, foot)))
        metres, (a, b, foot) = best
        for end in (a, b):
            if np.hypot(*(np.array(end) - foot)) < 1e-6:
                leave, arrive, link = self.place(end)
                walk = metres / WALK_M_S
                link = link and (*link[:3], link[3] + walk)
                return [(p, s + walk) for p, s in leave], [(p, s + walk) for p, s in arrive], link
        return self.inside(foot, a, b, None, metres / WALK_M_S)

    def is_end(self, at):
        """Whether a point is a junction, and not a bend in a link."""
        near = sorted(self.streets.around[at])
        return len(near) != 2 or not self.streets.whole(at, *near)

    def inside(self, foot, a, b, via, walk_s):
        """A place on a link: what its delays add is shared by distance."""
        streets, leave, arrive = self.streets, [], []
        ends = []
        for far, near in ((a, b), (b, a)):
            start = via if via is not None else near
            end, metres, seconds = streets.to_end(start, far)
            rest = float(np.hypot(foot[0] - far[0], foot[1] - far[1]))
            ends.append((far, near, end, metres + rest, seconds, rest))
        whole_m = ends[0][3] + ends[1][3]
        for (far, near, end, _, seconds, rest), behind in zip(ends, ends[::-1], strict=True):
            origin = via if via is not None else near
            if (origin, far) in streets.piece:
                piece_m, piece_s, *_ = streets.piece[origin, far]
                motion = seconds + piece_s * rest / piece_m
                share = behind[3] / whole_m
                leave.append((end, walk_s + motion + (1 - share) * streets.delay_s(end)))
                # The way on from the other end comes past here, and on to this end.
                motion_s = behind[3] * piece_s / piece_m
                arrive.append((behind[2], walk_s + motion_s + share * streets.delay_s(end)))
        return leave, arrive, self.on_link(ends, leave, arrive, walk_s)

    @staticmethod
    def on_link(ends, leave, arrive, walk_s):
        """The link of a place: its ends, share of it behind the place by end, seconds, walk."""
        shares = {end[2]: 1.0 - end[3] / (ends[0][3] + ends[1][3]) for end in ends}
        to = {p: s - walk_s for p, s in leave}
        # From the other end past the place to this one: the whole of the link.
        whole = {ends[1][2]: ends[0][2], ends[0][2]: ends[1][2]}
        back = {whole[p]: s - walk_s for p, s in arrive}
        seconds = {end: to[end] + back[end] for end in to if end in back}
        return tuple(sorted(shares)), shares, seconds, walk_s

    @staticmethod
    def along(one, other):
        """From a place to another one on the same link, straight along it."""
        if one is None or other is None or one[0] != other[0]:
            return np.inf
        ways = [
            one[3] + other[3] + whole_s * (other[1][end] - one[1][end])
            for end, whole_s in one[2].items()
            if other[1][end] >= one[1][end]
        ]
        return min(ways, default=np.inf)

    def from_to(self, places):
        """Seconds between all places, shape (n, n); nothing inside a place."""
        ends = [self.place(at) for at in places]
        starts = sorted({self.number[p] for leave, *_ in ends for p, _ in leave})
        row = {node: i for i, node in enumerate(starts)}
        far = dijkstra(self.graph, indices=starts)
        copy = far.shape[1] - 1
        at_copy = self.number.get(NO_LEFT[1])
        if at_copy is not None:
            far[:, at_copy] = np.minimum(far[:, at_copy], far[:, copy])
        out = np.full((len(places),) * 2, np.inf)
        goal = np.zeros((len(ends), 2), int)
        last_s = np.full((len(ends), 2), np.inf)
        for j, (_, arrive, _) in enumerate(ends):
            for k, (point, seconds) in enumerate(arrive):
                goal[j, k], last_s[j, k] = self.number[point], seconds
        joined = {i for i, (*_, link) in enumerate(ends) if link}
        for i, (leave, _, link) in enumerate(ends):
            reach = np.min([s + far[row[self.number[p]]] for p, s in leave], axis=0)
            out[i] = (reach[goal] + last_s).min(axis=1)
            for j in joined if i in joined else ():
                out[i, j] = min(out[i, j], self.along(link, ends[j][2]))
        return out


# Public transport -------------------------------------------------------------------------------

BOARD_S, STATION_S, TO_STOP_S, BETWEEN_S = 60, 120, 1200, 600
DEPARTURES_S = np.arange(7 * 3600, 9 * 3600, 60)
STATION = (G.stations_x_m[1], G.station_y_m)


def whole_s(seconds, error_s):
    """Walks take whole seconds, rounded up; the file keeps corners to a centimetre."""
    return np.ceil(np.asarray(seconds) + error_s)


def stops_of_lines():
    """All stops: (feed, whether of trains, where)."""
    return sorted({(n.feed, n.route_type == 2, at) for n in LINES for at in n.stops_m})


def transit_medians_s(walks, max_rides, *, error_s):
    """Median over the departures of two hours, shape (n_places, n_places).

    `walks` are the times on foot between the places, then the stops. `error_s` is added to every
    walk before it is rounded up: with a little less and a little more than nothing, the truth lies
    between.
    """
    stops = stops_of_lines()
    number = {stop: i for i, stop in enumerate(stops)}
    n = len(walks) - len(stops)
    access = whole_s(walks[:n, n:], error_s)
    access[walks[:n, n:] > TO_STOP_S] = np.inf
    egress = whole_s(walks[n:, :n], error_s)
    egress[walks[n:, :n] > TO_STOP_S] = np.inf
    change = whole_s(walks[n:, n:], error_s) + BOARD_S
    change[walks[n:, n:] > BETWEEN_S] = np.inf
    np.fill_diagonal(change, BOARD_S)
    inside = [i for i, (feed, _, at) in enumerate(stops) if feed == "nl" and at == STATION]
    for one in inside:
        for other in inside:
            if one != other:
                change[one, other] = STATION_S
    ready = DEPARTURES_S[None, :, None] + access[:, None, :] + BOARD_S
    best = np.full(ready.shape, np.inf)
    for _ in range(max_rides):
        arrive = ride_all(ready, number)
        best = np.minimum(best, arrive)
        ready = np.stack([(arrive + change[:, s]).min(axis=2) for s in range(len(stops))], axis=2)
    direct = whole_s(walks[:n, :n], error_s)
    out = np.empty((n, n))
    for i in range(n):
        used = np.isfinite(best[i]).any(axis=0)
        by_line = (best[i][:, used, None] + egress[used][None]).min(axis=1, initial=np.inf)
        by_line -= DEPARTURES_S[:, None]
        times = np.minimum(by_line, direct[i])
        middle = len(DEPARTURES_S) // 2
        out[i] = np.partition(times, middle, axis=0)[middle]
    return out


def ride_all(ready, number):
    """Earliest arrival at every stop with one ride more."""
    arrive = np.full(ready.shape, np.inf)
    for line in LINES:
        for back in (False, True):
            at = [number[line.feed, line.route_type == 2, stop] for stop in line.stops(back)]
            offsets, first = line.offsets_s(back), line.first_s[back]
            for i, stop in enumerate(at[:-1]):
                waits = np.ceil((ready[:, :, stop] - offsets[i][1] - first) / line.headway_s)
                start = first + line.headway_s * np.maximum(waits, 0)
                for j in range(i + 1, len(at)):
                    arrive[:, :, at[j]] = np.minimum(arrive[:, :, at[j]], start + offsets[j][0])
    return arrive
