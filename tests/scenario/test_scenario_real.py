"""Edits of the timetable of a whole country: Belgium, 2019."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from real_data import data_path

from halfcircle.gtfs import Feed, Timetable, build_timetable, read_feed, write_feed
from halfcircle.gtfs.edits import edit_feeds
from halfcircle.gtfs.edits_diff import timetable_changes
from halfcircle.gtfs.edits_types import (
    AddLine,
    CloseStation,
    Headway,
    RemoveService,
    Station,
)

pytestmark = pytest.mark.real_data
H = 3600
LINE = AddLine(
    label="Spartacus",
    stops=(Station("Hasselt"), Station("Bilzen"), Station("Maastricht")),
    total_s=40 * 60,
    mode="tram",
    headways=(Headway(6 * H, 23 * H, 1800),),
)


@pytest.fixture(scope="module")
def feed() -> Feed:
    return read_feed(data_path("border_triangle/gtfs/sncb-2019-10-13.zip"), feed_id="sncb")


def compiled(*feeds: Feed) -> Timetable:
    return build_timetable(feeds, date="2019-11-12", time_zone="Europe/Brussels")


def test_a_new_line_changes_nothing_else(feed: Feed) -> None:
    base, variant = compiled(feed), compiled(*edit_feeds([feed], [LINE]).feeds)
    changes = timetable_changes(base, variant, (7 * H, 9 * H))
    assert changes.lines["line"].tolist() == ["Spartacus"]
    assert changes.lines["per_hour_variant"].tolist() == [4.0]  # both directions
    assert set(base.trip_id) <= set(variant.trip_id)
    assert "Hasselt - Bilzen" in changes.text()
    # 25 km and 12 km in straight lines, eight times: about 300 trip kilometres.
    assert 200 < changes.trip_km[1] < 300


def test_written_and_read_again_it_compiles_to_the_same(feed: Feed, tmp_path: Path) -> None:
    edits = [LINE, CloseStation(label="closed", station=Station("Liège-Carré"))]
    found = edit_feeds([feed], edits).feeds[0]
    again = read_feed(write_feed(found, tmp_path / "variant.zip"), feed_id="sncb")
    one, other = compiled(found), compiled(again)
    for name in ("arrival_s", "departure_s", "pattern_stop", "transfer_s", "change_s"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert "Liège-Carré" not in set(one.stops.name[np.unique(one.pattern_stop)])


def test_a_removed_line_is_gone(feed: Feed) -> None:
    route = str(feed["routes"].texts("route_id")[0])
    found = edit_feeds([feed], [RemoveService(label="x", lines=(f"sncb:{route}",))]).feeds[0]
    assert route not in set(found["trips"].texts("route_id"))
    assert len(found["trips"]) < len(feed["trips"])
