"""Reading ``[streets]``."""

from __future__ import annotations

from halfcircle._checks import nearest
from halfcircle.access.streets import ROAD_CLASSES
from halfcircle.study.settings.config import SpeedFactorConfig, StreetsConfig
from halfcircle.study.settings.toml_table import Table

__all__ = ["read_streets"]


def read_streets(top: Table) -> StreetsConfig | None:
    """Read ``[streets]``; None where there is no such table."""
    if not top.has("streets"):
        return None
    table = top.table("streets")
    rows = tuple(_speed_factors(row) for row in table.tables("speed_factors"))
    config = StreetsConfig(
        osm=tuple(table.resolved("osm", p) for p in table.texts("osm")),
        place=table.text("place"),
        country=table.text("country"),
        max_snap_m=table.number("max_snap_m", 1000.0, above=0.0) or 1000.0,
        source=table.text("source", "OpenStreetMap contributors") or "",
        licence=table.text("licence", "ODbL 1.0") or "",
        speed_factors=rows,
        time_of_day=table.text("time_of_day"),
    )
    if table.has("osm") == table.has("place"):
        table.fault("osm", 'give either osm = ["region.osm.pbf"] or place = "Maastricht, NL"')
    known = tuple(dict.fromkeys(row.time_of_day for row in rows))
    if config.time_of_day is not None and config.time_of_day not in known:
        table.fault(
            "time_of_day",
            "has no speed_factors",
            config.time_of_day,
            nearest(config.time_of_day, known) if known else "add [[streets.speed_factors]]",
        )
    table.finish()
    return config


def _speed_factors(row: Table) -> SpeedFactorConfig:
    factors = row.number_map("factors", {}, keys=ROAD_CLASSES, above=0.0, high=2.0)
    if not factors:
        row.fault("factors", "is required", remedy="factors = { motorway = 0.7, primary = 0.8 }")
    config = SpeedFactorConfig(
        time_of_day=row.text("time_of_day", required=True) or "",
        factors=factors,
        country=row.text("country", "") or "",
        area=row.path("area"),
        column=row.text("column"),
        values=row.texts("values"),
        source=row.text("source", "") or "",
    )
    if config.area is None and (config.column is not None or config.values):
        row.fault("area", "is required with column and values")
    if bool(config.values) != (config.column is not None):
        row.fault("column", "column and values belong together")
    row.finish()
    return config
