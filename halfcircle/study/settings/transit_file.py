"""Reading ``[transit]``: feeds, service day and departure window."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import replace
from pathlib import Path

from halfcircle._checks import nearest
from halfcircle.access.r5_rules import BOARD_SLACK_S, STEP_S
from halfcircle.gtfs import MODES as VEHICLES
from halfcircle.study.settings.config import FeedConfig, TransitConfig
from halfcircle.study.settings.toml_table import Table

__all__ = ["read_transit"]

CONTINUOUS = "continuous"


def read_transit(top: Table) -> TransitConfig | None:
    """The table, or None where the study has none."""
    if not top.has("transit"):
        return None
    table = top.table("transit")
    feeds = []
    tables = table.tables("feeds")
    if not tables:
        table.fault("feeds", "is required", remedy='feeds = [ { id = "ns", path = "ns.zip" } ]')
    for feed in tables:
        feed_id = feed.text("id", required=True) or ""
        if ":" in feed_id:
            feed.fault("id", "must not hold a colon", feed_id)
        feeds.append(
            FeedConfig(
                feed_id,
                feed.path("path", required=True) or Path(),
                source=feed.text("source", "") or "",
                licence=feed.text("licence", "") or "",
            )
        )
        feed.finish()
    ids = [feed.id for feed in feeds]
    for feed_id in sorted({i for i in ids if ids.count(i) > 1}):
        table.fault("feeds", "two feeds share an id", feed_id)
    config = TransitConfig(
        feeds=tuple(feeds),
        date=_date(table),
        window_s=_window(table),
        time_zone=_time_zone(table),
        step_s=_step_s(table),
        board_slack_s=table.integer("board_slack_s", 60, low=0, high=3600),
        transfer_max_min=table.number("transfer_max_min", 10.0, low=0.0, high=60.0) or 0.0,
        transfer_penalty_s=table.integer("transfer_penalty_s", 0, low=0, high=3600),
        cross_feed_transfer_s=table.integer("cross_feed_transfer_s", 180, low=0, high=3600),
        modes=_vehicles(table),
        stations=table.path("stations"),
        merge=table.flag("merge", True),
        frequency_draws=table.integer("frequency_draws", 1, low=1, high=100),
        rules=table.text("rules", "halfcircle", choices=("halfcircle", "r5")) or "halfcircle",
    )
    table.finish()
    return _by_r5(table, config) if config.rules == "r5" else config


def _by_r5(table: Table, config: TransitConfig) -> TransitConfig:
    """The same with the values of R5; keys that they settle must be left out."""
    settled = {
        "step_s": STEP_S,
        "board_slack_s": BOARD_SLACK_S,
        "transfer_max_min": "1 km",
        "transfer_penalty_s": 0,
        "cross_feed_transfer_s": 0,
        "stations": "none",
        "merge": "false",
    }
    for key, value in settled.items():
        if table.has(key):
            table.fault(key, f'is settled by rules = "r5": {value}', remedy="leave it out")
    return replace(
        config,
        step_s=STEP_S,
        board_slack_s=BOARD_SLACK_S,
        transfer_penalty_s=0,
        cross_feed_transfer_s=0,
        stations=None,
        merge=False,
    )


def _step_s(table: Table) -> int | None:
    """Seconds between departures; None where no departure is left out."""
    if isinstance(table.raw("step_s"), str):
        table.text("step_s", choices=(CONTINUOUS,))
        return None
    return table.integer("step_s", 60, low=1, high=3600)


def _vehicles(table: Table) -> tuple[str, ...]:
    modes = table.texts("modes")
    for mode in modes:
        if mode not in VEHICLES:
            table.fault("modes", "is not known", mode, nearest(mode, VEHICLES))
    return modes


def _date(table: Table) -> dt.date | str:
    value = table.raw("date", required=True)
    if value is None or value == "busiest-weekday":
        return str(value)
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError:
        table.fault("date", "must be a date such as 2024-05-14, or 'busiest-weekday'", value)
        return ""


def _window(table: Table) -> tuple[int, int]:
    value = table.raw("window", required=True)
    if value is None:
        return (0, 0)
    if not isinstance(value, list) or len(value) != 2:
        table.fault("window", "must be two times, for instance ['07:00', '09:00']", value)
        return (0, 0)
    start, end = (table.clock_s("window", v) for v in value)
    if start is None or end is None:
        return (0, 0)
    if end <= start:
        table.fault(
            "window",
            "ends before it starts",
            f"{value[0]} - {value[1]}",
            "past midnight, write for instance ['23:00', '25:00']",
        )
    return (start, end)


def _time_zone(table: Table) -> str:
    value = table.text("time_zone", required=True)
    if value is None:
        return "UTC"
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        table.fault(
            "time_zone", "is not known", value, nearest(value, zoneinfo.available_timezones())
        )
    return value
