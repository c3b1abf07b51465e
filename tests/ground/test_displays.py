"""What objects say of themselves, in a line and in a notebook; names in them stay text."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest
from pyproj import CRS

from halfcircle import Fault, Opportunities, Places, Zones
from halfcircle._html import few, html_table
from halfcircle.access import BroughtTimes, CrowFly, TransitTimes, TravelTimeSource
from halfcircle.regions import regions_from_labels

NAMES = ["'s-Hertogenbosch", "Sint-Truiden", "Jülich", "<script>alert(1)</script>"]


@pytest.fixture
def places() -> Places:
    return Places(list("abcd"), [5.3, 5.2, 6.4, 6.5], [51.7, 50.8, 50.9, 51.0], list("NBDD"))


def words(page: str) -> list[str]:
    root = ElementTree.fromstring(page)
    assert root.tag == "table"
    return [text for text in root.itertext() if text]


def test_rows_without_a_value_are_left_out_and_all_is_escaped() -> None:
    page = html_table("<b>", [("a", "1 < 2"), ("b", ""), ("c", None), ("d", 0)])
    assert words(page) == ["<b>", "a", "1 < 2", "d", "0"]
    assert few("abcdefgh", 5) == "a, b, c, d, e, … (3 more)"


def test_zones_tell_where_they_are(places: Places) -> None:
    zones = Zones(places, CRS.from_epsg(3035), name=NAMES, notices=(Fault("zones", "moved"),))
    told = words(zones._repr_html_())
    assert told[0] == "Zones: 4"
    assert "B 1, D 2, N 1" in told
    assert ", ".join(NAMES) in told
    assert "<script>" not in zones._repr_html_()
    assert told[told.index("noticed") + 1] == "1"


def test_opportunities_tell_what_was_counted() -> None:
    values = np.array([[1.0, np.nan, 3.0], [5.0, 6.0, np.nan]])
    one = Opportunities("jobs", values, groups=("low", "high"), year=2021, source="Office & sons")
    told = words(one._repr_html_())
    assert told[:5] == ["Opportunities: jobs", "low", "4", "high", "11"]
    assert "3, 2 without data" in told
    assert "Office & sons" in told


def test_regions_tell_the_largest_first() -> None:
    regions = regions_from_labels(
        ["a", "b", "c", "d"], np.array(["x", "y", "y", None], dtype=object), method="by hand"
    )
    told = words(regions._repr_html_())
    assert told[0] == "Regions: 2"
    assert "y (2), x (1)" in told
    assert "4, 1 not assigned" in told


def test_travel_times_tell_mode_size_and_limits(places: Places) -> None:
    pairs = BroughtTimes("car", places, np.zeros(5, np.int64), np.array([]), np.array([]))
    assert repr(pairs) == "<BroughtTimes by car: 4 x 4>"
    crow = CrowFly(places, places, kmh=50)
    assert repr(crow) == "<CrowFly: 4 x 4, 50 km/h, detour 1.3>"
    for source in (pairs, crow):
        assert isinstance(source, TravelTimeSource)
        told = words(source._repr_html_())
        assert told[0] == f"{type(source).__name__}: {source.mode}"
        assert "4 x 4" in told


def test_transit_times_tell_their_percentiles(places: Places) -> None:
    class Search:
        percentiles = (25, 50, 75)

    times = TransitTimes(Search(), places)
    assert repr(times) == "<TransitTimes by transit: 4 x 4, percentiles 25 50 75>"
    assert "25 50 75" in words(times._repr_html_())
