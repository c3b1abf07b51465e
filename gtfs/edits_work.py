"""What every edit of a timetable shares: finding, checking, claiming, and counting changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from halfcircle.gtfs.calendar import service_days
from halfcircle.gtfs.edits_calls import runs_s
from halfcircle.gtfs.edits_draft import Calls, FeedDraft
from halfcircle.gtfs.edits_find import Finder, FoundLine, FoundStation, metres
from halfcircle.gtfs.edits_physics import least_run_s
from halfcircle.gtfs.edits_types import WEEK, Change, ClockFace, Headway, Station

__all__ = ["Work"]

Claims = dict[tuple[object, ...], str]


@dataclass
class Work:
    """One edit at work on the drafts.

    Parameters
    ----------
    edit : Change
    finder : Finder
    claims : dict
        What earlier edits have settled, and by which edit.
    """

    edit: Change
    finder: Finder
    claims: Claims
    n_changes: int = 0
    route_type: int = 2
    too_fast: dict[str, None] = field(default_factory=dict)
    crossing: dict[str, None] = field(default_factory=dict)

    @property
    def drafts(self) -> Sequence[FeedDraft]:
        """The feeds being edited."""
        return self.finder.drafts

    def at(self, key: str) -> str:
        """Place of a key of the edit, for faults."""
        return f"{self.edit.where or f'edit {self.edit.label!r}'} {key}".strip()

    def fault(self, key: str, what: str, values: Iterable[object] = (), remedy: str = "") -> None:
        """Note an error."""
        self.finder.faults.add(self.at(key), what, values=values, remedy=remedy)

    def notice(self, key: str, what: str, values: Iterable[object] = ()) -> None:
        """Note something for the report."""
        self.finder.faults.add(self.at(key), what, values=values, severity="notice")

    def line(self, text: str, key: str = "line") -> FoundLine | None:
        """A line by name."""
        return self.finder.line(text, self.at(key))

    def stations(
        self,
        wanted: Sequence[Station],
        key: str,
        *,
        line: FoundLine | None = None,
        kind: int | None = None,
    ) -> list[FoundStation] | None:
        """Stations by name; None where any is not found (all faults are noted)."""
        found = [self.finder.station(s, self.at(key), line=line, kind=kind) for s in wanted]
        known = [s for s in found if s is not None]
        return known if len(known) == len(found) else None

    def claim(self, *key: object) -> bool:
        """Settle something; False, with a fault, where another edit has settled it already."""
        by = self.claims.setdefault(key, self.edit.label)
        if by != self.edit.label:
            shown = " ".join(str(part) for part in key)
            self.fault("", f"is in conflict with edit {by!r}: both settle", values=[shown])
            return False
        return True

    def update(self, feed: int, trip_id: str, calls: Calls, *, timed: bool = True) -> None:
        """Give a trip other calls, if they can be; what cannot be is noted by `finish`.

        Running times are looked at only where the edit says something about them (`timed`).
        """
        draft = self.drafts[feed]
        old = draft.calls(trip_id)
        if calls[0].departure_s < 0:
            self.too_fast.setdefault(f"trip {trip_id} would begin before midnight of its day")
            return
        fine = not timed or self.check_runs(feed, calls, known=old)
        if _repeats(draft, calls) > _repeats(draft, old):
            self.crossing.setdefault(trip_id)
            fine = False
        if fine and draft.set_calls(trip_id, calls):
            self.n_changes += 1

    def check_runs(
        self, feed: int, calls: Calls, *, known: Calls = (), max_kmh: float | None = None
    ) -> bool:
        """Whether no hop beats physics; hops of `known` calls are not looked at."""
        draft = self.drafts[feed]
        # Real timetables in whole minutes hold hops that no train can make; an edit answers for
        # those that it makes faster.
        before: dict[tuple[str, str], int] = {}
        for a, b, run in zip(known, known[1:], runs_s(known), strict=False):
            pair = (a.stop_id, b.stop_id)
            before[pair] = min(run, before.get(pair, run))
        fine = True
        for a, b, run in zip(calls, calls[1:], runs_s(calls), strict=False):
            if before.get((a.stop_id, b.stop_id), run + 1) <= run:
                continue
            start, end = draft.position(a.stop_id), draft.position(b.stop_id)
            apart = metres(start, end)
            least = least_run_s(apart, self.route_type, max_kmh)
            if run < least - 1:
                names = [draft.stops[c.stop_id].name for c in (a, b)]
                self.too_fast.setdefault(
                    f"{names[0]} - {names[1]}: {run / 60:.1f} min for {apart / 1000:.1f} km, "
                    f"at least {least / 60:.1f} min"
                )
                fine = False
        return fine

    def finish(self) -> None:
        """Note what could not be, and that nothing changed where nothing did."""
        if self.too_fast:
            self.fault("", "running times that no vehicle can keep", values=self.too_fast)
        if self.crossing:
            self.fault(
                "",
                "trips would call at one station twice",
                values=self.crossing,
                remedy="choose stations that the line does not serve yet",
            )

    # Service ----------------------------------------------------------------------------------

    def service(
        self,
        feed: int,
        service_id: str,
        *,
        days: Sequence[str] = WEEK,
        dates: tuple[dt.date, dt.date] | None = None,
    ) -> None:
        """Put a service into the calendar of a feed, by default for as long as the feed runs."""
        draft = self.drafts[feed]
        first, last = draft.span
        if dates is not None:
            if dates[0] < first or dates[1] > last:
                self.fault(
                    "dates",
                    f"are outside the feed {draft.source.feed_id}, which runs {first} to {last}",
                    values=[f"{dates[0]} to {dates[1]}"],
                    remedy="leave dates out to run as long as the feed",
                )
            first, last = dates
        row = {"service_id": service_id, **{day: str(int(day in days)) for day in WEEK}}
        row |= {"start_date": f"{first:%Y%m%d}", "end_date": f"{last:%Y%m%d}"}
        draft.add_row("calendar", row)

    def same_days(self, feed: int, service_id: str, trips: Iterable[str]) -> None:
        """Put a service that runs on every day on which any of these trips runs."""
        draft = self.drafts[feed]
        days = service_days(draft.source)
        rows = [draft.row_of[t] for t in trips if t in draft.row_of]
        services = np.unique(days.trip_service[rows])
        for day in range(len(days)):
            if days.calendar.running(days.date(day))[services].any():
                draft.add_row(
                    "calendar_dates",
                    {
                        "service_id": service_id,
                        "date": f"{days.date(day):%Y%m%d}",
                        "exception_type": "1",
                    },
                )

    def timetable(
        self,
        feed: int,
        trip_id: str,
        row: dict[str, str],
        calls: Calls,
        *,
        headways: Sequence[Headway],
        clock_face: Sequence[ClockFace],
        back: bool,
    ) -> None:
        """Put in trips with these calls (first departure 0), by headway or by the clock.

        Headways go into frequencies.txt without exact times: which minutes, a fixed phase says.
        """
        draft = self.drafts[feed]
        if headways:
            start = min(h.from_s for h in headways)
            shifted = tuple(
                c._replace(arrival_s=c.arrival_s + start, departure_s=c.departure_s + start)
                for c in calls
            )
            draft.add_trip(trip_id, row, shifted)
            draft.frequencies[trip_id] = [
                (h.from_s, h.to_s, h.every_s, 0) for h in sorted(headways, key=lambda h: h.from_s)
            ]
            self.n_changes += 1
        starts = departures(clock_face, back=back, total_s=calls[-1].arrival_s)
        for number, start in enumerate(starts, start=1):
            shifted = tuple(
                c._replace(arrival_s=c.arrival_s + start, departure_s=c.departure_s + start)
                for c in calls
            )
            draft.add_trip(f"{trip_id}-{number:03d}", row, shifted)
            self.n_changes += 1


def departures(clock_face: Sequence[ClockFace], *, back: bool, total_s: int) -> list[int]:
    """Departures from the first stop of a direction, seconds of the day."""
    found: set[int] = set()
    for face in clock_face:
        minutes: Sequence[float] = face.minutes
        if back:
            mirrored = [(-(60 * m + total_s) / 60) % 60 for m in face.minutes]
            minutes = face.back_minutes or mirrored
        for hour in range(face.from_s // 3600, face.to_s // 3600 + 1):
            for minute in minutes:
                at = hour * 3600 + round(minute * 60)
                if face.from_s <= at < face.to_s:
                    found.add(at)
    return sorted(found)


def _repeats(draft: FeedDraft, calls: Calls) -> int:
    """How many calls are at a station of an earlier one."""
    return len(calls) - len({draft.stops[call.stop_id].station for call in calls})
