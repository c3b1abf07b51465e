"""Timetables: GTFS feeds of several countries, compiled to one absolute timetable.

Read feeds with :func:`read_feed`, compile them with :func:`build_timetable`; what was wrong with
them is in :attr:`Feed.faults`, :attr:`Feed.dropped` and :attr:`Timetable.notices`.
"""

from halfcircle.gtfs.build import build_timetable
from halfcircle.gtfs.calendar import DateChoice, ServiceDays, choose_date, service_days
from halfcircle.gtfs.checks import Dropped
from halfcircle.gtfs.feed import Feed, feed_from_tables, read_feed
from halfcircle.gtfs.frequencies import HeadwaySpread, headway_spread, phase
from halfcircle.gtfs.limits import Limits
from halfcircle.gtfs.report import FailedFeed, FeedReport, FeedSummary, check_feeds, feed_report
from halfcircle.gtfs.route_types import MODES
from halfcircle.gtfs.rules import MergeRules, TransferRules
from halfcircle.gtfs.service import ServiceReport, service_report
from halfcircle.gtfs.table import Column, Table
from halfcircle.gtfs.times import WindowSpec, service_day_utc_s, timetable_window_s
from halfcircle.gtfs.timetable import Merged, Stops, Timetable
from halfcircle.gtfs.write import write_feed

__all__ = [
    "MODES",
    "Column",
    "DateChoice",
    "Dropped",
    "FailedFeed",
    "Feed",
    "FeedReport",
    "FeedSummary",
    "HeadwaySpread",
    "Limits",
    "MergeRules",
    "Merged",
    "ServiceDays",
    "ServiceReport",
    "Stops",
    "Table",
    "Timetable",
    "TransferRules",
    "WindowSpec",
    "build_timetable",
    "check_feeds",
    "choose_date",
    "feed_from_tables",
    "feed_report",
    "headway_spread",
    "phase",
    "read_feed",
    "service_day_utc_s",
    "service_days",
    "service_report",
    "timetable_window_s",
    "write_feed",
]
