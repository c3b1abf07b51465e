"""Stations and lines that edits name, found in the feeds; what is not found becomes a fault."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from halfcircle._checks import Faults
from halfcircle.gtfs.edits_draft import FeedDraft
from halfcircle.gtfs.edits_rows import slug
from halfcircle.gtfs.edits_types import Station
from halfcircle.gtfs.stations import station_name
from halfcircle.gtfs.stop_times import straight_m

__all__ = ["Finder", "FoundLine", "FoundStation", "metres"]

SAME_PLACE_M = 1_500.0
NEW_AT_MOST_M = 100.0


def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Straight distance of two positions (lon, lat)."""
    lon, lat = np.array([a, b]).T
    return float(straight_m(lon[:1], lat[:1], lon[1:], lat[1:])[0])


@dataclass
class FoundStation:
    """A station: its stops per number of feed."""

    name: str
    lon: float
    lat: float
    stops: dict[int, set[str]] = field(default_factory=dict)

    @property
    def at(self) -> tuple[float, float]:
        """Longitude and latitude."""
        return self.lon, self.lat

    def on(self, feed: int) -> set[str]:
        """Stops of one feed."""
        return self.stops.get(feed, set())


@dataclass(frozen=True)
class FoundLine:
    """A line: the routes of one feed that make it up."""

    name: str
    feed: int
    route_ids: tuple[str, ...]


class Finder:
    """Looks up what edits name in the drafts, as they are at that moment.

    Parameters
    ----------
    drafts : sequence of FeedDraft
    faults : Faults
    """

    def __init__(self, drafts: Sequence[FeedDraft], faults: Faults) -> None:
        self.drafts = drafts
        self.faults = faults
        self.gone: dict[str, str] = {}

    # Stations ---------------------------------------------------------------------------------

    def station(
        self,
        wanted: Station,
        where: str,
        *,
        line: FoundLine | None = None,
        kind: int | None = None,
    ) -> FoundStation | None:
        """The station that is meant; None, with a fault, where there is none or more than one.

        Parameters
        ----------
        wanted : Station
        where : str
            For the fault.
        line : FoundLine, optional
            Of several stations with the name, those at which it calls are meant.
        kind : int, optional
            Of several, those with calls of this basic route type are meant.
        """
        if wanted.is_new:
            return self._new(wanted, where)
        found = self._named(wanted.name)
        if line is not None and found:
            called = self.stops_of(line)
            on_line = [station for station in found if station.on(line.feed) & called]
            if not on_line:
                self.faults.add(
                    where,
                    f"line {line.name!r} does not call at the station",
                    values=[wanted.name],
                    remedy=_near(wanted.name, self._names(line)),
                )
                return None
            found = on_line
        if len(found) > 1 and kind is not None:
            served = [s for s in found if self._calls(s, kind) > 0]
            found = served or found
        if not found:
            self.faults.add(
                where,
                "there is no station of this name",
                values=[wanted.name],
                remedy=_near(wanted.name, self._names(line))
                + "; a new one needs { name, lon, lat }",
            )
            return None
        if len(found) > 1:
            ids = [
                f"{self.drafts[number].source.feed_id}:{min(stops)}"
                for station in found
                for number, stops in station.stops.items()
            ]
            self.faults.add(
                where,
                f"{len(found)} stations are called {wanted.name!r}",
                values=ids,
                remedy="write the one that is meant as 'feed:stop_id'",
            )
            return None
        return found[0]

    def _new(self, wanted: Station, where: str) -> FoundStation | None:
        lon, lat = float(wanted.lon or 0.0), float(wanted.lat or 0.0)
        for station in self._named(wanted.name):
            apart = metres(station.at, (lon, lat))
            if apart > SAME_PLACE_M:
                continue
            if all(
                stop.startswith("new-") for stops in station.stops.values() for stop in stops
            ) and (apart <= NEW_AT_MOST_M):
                return station
            self.faults.add(
                where,
                f"there is a station of this name {apart:,.0f} m away already",
                values=[wanted.name],
                remedy="leave out lon and lat to use it, or take another name",
            )
            return None
        return FoundStation(wanted.name, lon, lat)

    def _named(self, text: str) -> list[FoundStation]:
        """Stations of this name or ``"feed:stop_id"``; near ones of several feeds are one."""
        by_id = self._by_id(text)
        if by_id:
            return by_id
        wanted = text.casefold().strip()
        roots = self._roots(lambda name: name.casefold() == wanted)
        plain = station_name(text)
        if not roots and plain:
            roots = self._roots(lambda name: station_name(name) == plain)
        return self._clusters(text, roots)

    def _roots(self, same: Callable[[str], bool]) -> list[tuple[int, str]]:
        """Feed and station of the stops whose name fits."""
        roots: dict[tuple[int, str], None] = {}
        for number, draft in enumerate(self.drafts):
            for row in draft.stops.values():
                if same(row.name):
                    roots.setdefault((number, row.station))
        return list(roots)

    def _by_id(self, text: str) -> list[FoundStation]:
        feed_id, _, stop_id = text.partition(":")
        for number, draft in enumerate(self.drafts):
            if draft.source.feed_id == feed_id and stop_id in draft.stops:
                return self._clusters("", [(number, stop_id)])
        return []

    def _clusters(self, name: str, roots: list[tuple[int, str]]) -> list[FoundStation]:
        found: list[FoundStation] = []
        for number, root in roots:
            draft = self.drafts[number]
            members = set(draft.members.get(root, {root})) & set(draft.stops)
            at = draft.position(root if root in draft.stops else min(members))
            near = next((s for s in found if metres(s.at, at) <= SAME_PLACE_M), None)
            if near is None:
                label = name or draft.stops[min(members)].name
                found.append(FoundStation(label, *at, {number: members}))
            else:
                near.stops.setdefault(number, set()).update(members)
        # Parents and entrances without a vehicle do not count where other stops have one.
        for station in found:
            for number, members in station.stops.items():
                called = {s for s in members if self._calls_at(number, s) > 0}
                station.stops[number] = called or members
        return found

    def _calls_at(self, number: int, stop_id: str, kind: int | None = None) -> int:
        draft = self.drafts[number]
        row = draft.stop_row.get(stop_id)
        if row is None:
            return 1  # a new stop
        counts = draft.calls_by_type
        if kind is not None:
            return int(counts[kind][row]) if kind in counts else 0
        return int(sum(int(c[row]) for c in counts.values()))

    def _calls(self, station: FoundStation, kind: int) -> int:
        return sum(
            self._calls_at(number, stop, kind)
            for number, stops in station.stops.items()
            for stop in stops
        )

    def call_stop(self, station: FoundStation, feed: int, kind: int) -> str:
        """Stop of a feed at which vehicles of a kind call; made where the feed has none.

        The one with most calls of the kind, else with most calls, else the first id.
        """
        known = station.on(feed)
        if known:
            return min(
                known,
                key=lambda s: (-self._calls_at(feed, s, kind), -self._calls_at(feed, s), s),
            )
        draft = self.drafts[feed]
        stop_id = f"new-{slug(station.name)}"
        number = 2
        while stop_id in draft.stops:
            stop_id = f"new-{slug(station.name)}-{number}"
            number += 1
        draft.add_stop(stop_id, station.name, station.lon, station.lat)
        station.stops.setdefault(feed, set()).add(stop_id)
        return stop_id

    def _names(self, line: FoundLine | None) -> list[str]:
        if line is not None:
            stops = self.drafts[line.feed].stops
            return sorted({stops[stop].name for stop in self.stops_of(line)})
        return sorted({row.name for draft in self.drafts for row in draft.stops.values()} - {""})

    # Lines ------------------------------------------------------------------------------------

    def line(self, text: str, where: str) -> FoundLine | None:
        """The line that is meant; None, with a fault, where there is none or more than one."""
        wanted = text.casefold().strip()
        found: dict[tuple[int, str, str], list[str]] = {}
        exact: list[FoundLine] = []
        names: list[str] = []
        for number, draft in enumerate(self.drafts):
            feed_id = draft.source.feed_id
            for route, (short, long, _) in draft.routes.items():
                names += [n for n in (short, long) if n] or [route]
                if text == f"{feed_id}:{route}":
                    exact.append(FoundLine(text, number, (route,)))
                labels = {route, short, long, f"{short} {long}".strip()}
                if wanted in {label.casefold() for label in labels if label}:
                    found.setdefault((number, short, long), []).append(route)
        lines = exact or [
            FoundLine(text, number, tuple(sorted(routes)))
            for (number, _, _), routes in found.items()
        ]
        running = [n for n in lines if self.drafts[n.feed].trips_of(n.route_ids)]
        if len(running) == 1:
            return running[0]
        if not lines:
            self.faults.add(
                where, "there is no line of this name", values=[text], remedy=_near(text, names)
            )
        elif not running:
            by = self.gone.get(self.key(lines[0]))
            what = f"edit {by!r} takes this line away" if by else "the line has no trips"
            self.faults.add(where, what, values=[text])
        else:
            ids = [f"{self.drafts[n.feed].source.feed_id}:{n.route_ids[0]}" for n in running]
            self.faults.add(
                where,
                f"{len(running)} lines are called {text!r}",
                values=ids,
                remedy="write the one that is meant as 'feed:route_id'",
            )
        return None

    def key(self, line: FoundLine) -> str:
        """Name of a line that tells it from all others."""
        return f"{self.drafts[line.feed].source.feed_id}:{','.join(line.route_ids)}"

    def kind(self, line: FoundLine) -> int:
        """Basic route type."""
        return self.drafts[line.feed].routes[line.route_ids[0]][2]

    def stops_of(self, line: FoundLine) -> set[str]:
        """Stops at which a line calls."""
        draft = self.drafts[line.feed]
        return {c.stop_id for t in draft.trips_of(line.route_ids) for c in draft.calls(t)}


def _near(text: str, names: Iterable[str]) -> str:
    """Nearest names, for a remedy."""
    known = sorted(set(names))
    folded = {name.casefold(): name for name in known}
    match = difflib.get_close_matches(text.casefold(), list(folded), n=3, cutoff=0.5)
    if match:
        return "did you mean " + " or ".join(repr(folded[m]) for m in match) + "?"
    return "known: " + ", ".join(known[:12]) + (", ..." if len(known) > 12 else "")
