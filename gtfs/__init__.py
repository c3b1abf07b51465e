"""Timetables: GTFS feeds of several countries, compiled to one absolute timetable.

Read feeds with :func:`read_feed`, compile them with :func:`build_timetable`; what was wrong with
them is in :attr:`Feed.faults`, :attr:`Feed.dropped` and :attr:`Timetable.notices`.
"""

from halfcircle.gtfs.build import build_timetable
from halfcircle.gtfs.calendar import DateChoice, ServiceDays, choose_date, service_days
from halfcircle.gtfs.checks import Dropped
from halfcircle.gtfs.feed import Feed, feed_from_tables, read_feed
from halfcircle.gtfs.limits import Limits
from halfcircle.gtfs.route_types import MODES
from halfcircle.gtfs.rules import MergeRules, TransferRules
from halfcircle.gtfs.table import Column, Table
from halfcircle.gtfs.times import WindowSpec, service_day_utc_s, timetable_window_s
from halfcircle.gtfs.timetable import Stops, Timetable

__all__ = [
    "MODES",
    "Column",
    "DateChoice",
    "Dropped",
    "Feed",
    "Limits",
    "MergeRules",
    "ServiceDays",
    "Stops",
    "Table",
    "Timetable",
    "TransferRules",
    "WindowSpec",
    "build_timetable",
    "choose_date",
    "feed_from_tables",
    "read_feed",
    "service_day_utc_s",
    "service_days",
    "timetable_window_s",
]
