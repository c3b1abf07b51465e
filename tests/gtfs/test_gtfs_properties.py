"""What holds for every feed: small random feeds, written, split, shifted, added to, shuffled."""

import datetime as dt
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from gtfs_search import by_id, earliest_arrivals, rides_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_feed import small_feed

from halfcircle.gtfs import MergeRules, TransferRules, build_timetable, read_feed, write_feed

TUESDAY = dt.date(2024, 5, 14)
NAMES = "ABCDE"
QUIET = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
PLAIN = MergeRules(duplicates=False, through_running=False)
# At one place a change between feeds takes what a change at a stop takes.
EVEN = TransferRules(cross_feed_transfer_s=60)


@dataclass(frozen=True)
class Trip:
    """Stops and times (seconds) of a trip."""

    stops: tuple[str, ...]
    times_s: tuple[int, ...]
    service: str = "WD"


@st.composite
def trips(draw, *, latest_s=10 * 3600):
    stops = draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=5, unique=True))
    start = draw(st.integers(7 * 3600, latest_s))
    steps = draw(st.lists(st.integers(0, 1200), min_size=len(stops), max_size=len(stops)))
    return Trip(tuple(stops), tuple(int(t) for t in start + np.cumsum(steps)))


def clock(seconds):
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def tables(items, *, first=0, shift_s=0):
    rows = ["trip_id,arrival_time,departure_time,stop_id,stop_sequence"]
    heads = ["route_id,service_id,trip_id"]
    for number, trip in enumerate(items, start=first):
        heads.append(f"R1,{trip.service},t{number}")
        rows += [
            f"t{number},{clock(at + shift_s)},{clock(at + shift_s)},{stop},{i}"
            for i, (stop, at) in enumerate(zip(trip.stops, trip.times_s, strict=True))
        ]
    return {"trips": "\n".join(heads), "stop_times": "\n".join(rows)}


def made(items, *, feed_id="x", first=0, shift_s=0, **other):
    with tempfile.TemporaryDirectory() as folder:
        return small_feed(
            Path(folder), feed_id=feed_id, **tables(items, first=first, shift_s=shift_s), **other
        )


def compiled(feeds, *, date=TUESDAY, window=("07:00", "10:00"), zone="Europe/Amsterdam"):
    return build_timetable(
        feeds, date=date, window=window, time_zone=zone, merge=PLAIN, transfers=EVEN
    )


def all_arrivals(timetable, at_s):
    """Earliest arrivals from every stop name, over all copies of it."""
    found = {}
    for start, name in enumerate(timetable.stops.stop_id):
        for stop, arrival in by_id(timetable, earliest_arrivals(timetable, start, at_s)).items():
            key = (name.split(":")[1], stop)
            found[key] = min(found.get(key, 2**31), arrival)
    return found


SOME = st.lists(trips(), min_size=1, max_size=8)
START = st.integers(7 * 3600, 9 * 3600)


@QUIET
@given(SOME)
def test_write_and_read_keeps_every_stop_time(items):
    feed = made(items)
    with tempfile.TemporaryDirectory() as folder:
        again = read_feed(write_feed(feed, Path(folder) / "x.zip"), feed_id="x")
    for label in ("ptr", "stop_row", "arrival_s", "departure_s", "pickup", "drop_off"):
        assert getattr(again.stop_times, label).tolist() == getattr(feed.stop_times, label).tolist()
    assert rides_of(compiled([again])) == rides_of(compiled([feed]))


@QUIET
@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12),
        min_size=5,
        max_size=5,
    )
)
def test_write_and_read_keeps_every_text(names):
    feed = made([Trip(("A", "B"), (28800, 29000))])
    stops = feed.frame("stops").assign(stop_name=names)
    feed = feed.with_frames({"stops": stops})
    with tempfile.TemporaryDirectory() as folder:
        again = read_feed(write_feed(feed, Path(folder) / "x.zip"))
    # Blanks of any kind around a value are not part of it.
    assert again["stops"].texts("stop_name").tolist() == [
        text.strip() for text in feed["stops"].texts("stop_name")
    ]


@QUIET
@given(SOME, START, st.randoms(use_true_random=False))
def test_split_and_merged_gives_the_same_arrivals(items, at_s, random):
    whole = compiled([made(items)])
    mask = [random.random() < 0.5 for _ in items]
    left = [item for item, here in zip(items, mask, strict=True) if here] or items[:1]
    right = [item for item, here in zip(items, mask, strict=True) if not here] or items[:1]
    parts = compiled([made(left, feed_id="l"), made(right, feed_id="r", first=100)])
    expected = all_arrivals(whole, at_s)
    found = all_arrivals(parts, at_s)
    # In parts, someone may start at either copy of a stop, but a copy is no origin of the other.
    for pair, arrival in expected.items():
        if pair[0] != pair[1]:
            assert found.get(pair) == arrival, pair


@QUIET
@given(SOME, st.integers(1, 150))
def test_shift_by_days_changes_the_origin_only(items, days):
    date = TUESDAY + dt.timedelta(days=days)
    week = (
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "WD,1,1,1,1,1,1,1,20240101,20241231"
    )
    feed = made(items, calendar=week)
    one, other = compiled([feed]), compiled([feed], date=date)
    assert other.origin_utc_s - one.origin_utc_s == days * 86400
    assert_same(one, other)


@QUIET
@given(SOME, st.sampled_from(["Europe/Lisbon", "Europe/Helsinki", "Asia/Kathmandu"]))
def test_shift_by_a_zone_changes_the_origin_only(items, zone):
    agency = f"agency_id,agency_name,agency_url,agency_timezone\nX,Example,u,{zone}"
    assert_same(compiled([made(items)]), compiled([made(items, agency=agency)], zone=zone))


@QUIET
@given(SOME, st.integers(-6, 12))
def test_shift_of_clock_and_window_changes_nothing_else(items, hours):
    shift_s = hours * 3600
    window = (clock(7 * 3600 + shift_s)[:5], clock(10 * 3600 + shift_s)[:5])
    one = compiled([made(items)])
    other = compiled([made(items, shift_s=shift_s)], window=window)
    assert (other.arrival_s - shift_s).tolist() == one.arrival_s.tolist()
    assert other.pattern_stop.tolist() == one.pattern_stop.tolist()


def assert_same(one, other):
    for label in (
        "pattern_ptr",
        "pattern_stop",
        "trip_ptr",
        "arrival_s",
        "departure_s",
        "change_s",
        "transfer_s",
        "trip_id",
    ):
        assert getattr(one, label).tolist() == getattr(other, label).tolist(), label


@QUIET
@given(SOME, trips(), START)
def test_one_more_trip_never_makes_an_arrival_later(items, extra, at_s):
    before = all_arrivals(compiled([made(items)]), at_s)
    after = all_arrivals(compiled([made([*items, extra])]), at_s)
    for pair, arrival in before.items():
        assert after[pair] <= arrival


@QUIET
@given(SOME, st.randoms(use_true_random=False))
def test_row_order_does_not_matter(items, random):
    usual = tables(items)
    shuffled = {}
    for name, text in usual.items():
        head, *rows = text.split("\n")
        random.shuffle(rows)
        shuffled[name] = "\n".join([head, *rows])
    stops = [
        "stop_id,stop_name,stop_lat,stop_lon",
        *(f"{n},{n}dorp,0,5.0{i}" for i, n in enumerate(NAMES)),
    ]
    mixed = [stops[0], *random.sample(stops[1:], 5)]
    with tempfile.TemporaryDirectory() as folder:
        one = small_feed(Path(folder) / "1", stops="\n".join(stops), **usual)
        other = small_feed(Path(folder) / "2", stops="\n".join(mixed), **shuffled)
    one, other = compiled([one]), compiled([other])
    assert_same(one, other)
    assert one.stops.stop_id.tolist() == other.stops.stop_id.tolist()


@QUIET
@given(SOME)
def test_no_trip_of_a_pattern_overtakes_and_none_is_lost(items):
    timetable = compiled([made(items)])
    assert timetable.n_trips == len(items)
    assert len(set(timetable.trip_id)) == len(items)
    length = np.diff(timetable.pattern_ptr)
    for p in range(timetable.n_patterns):
        n = timetable.trip_ptr[p + 1] - timetable.trip_ptr[p]
        span = slice(timetable.event_ptr[p], timetable.event_ptr[p] + n * length[p])
        for times in (timetable.arrival_s[span], timetable.departure_s[span]):
            assert (np.diff(times.reshape(n, -1), axis=0) >= 0).all()


@pytest.mark.parametrize("max_rides", [1, 2])
def test_the_search_of_these_tests_counts_rides(max_rides):
    items = [Trip(("A", "B"), (28800, 29000)), Trip(("B", "C"), (29060, 29300))]
    timetable = compiled([made(items)])
    start = timetable.stops.stop_id.tolist().index("x:A")
    arrivals = by_id(timetable, earliest_arrivals(timetable, start, 28800, max_rides=max_rides))
    assert (arrivals["C"] == 29300) == (max_rides == 2)
