"""The GTFS Schedule reference as data: files, columns, kinds of values, keys and references.

Only what decides whether a row can be used is written down; columns that are not listed are kept
as text and written back unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

__all__ = ["FILES", "FLEX_FILES", "REQUIRED_FILES", "Field", "FileSpec", "Kind"]

Kind = Literal[
    "id", "text", "time", "date", "lat", "lon", "zone", "enum", "count", "number", "signed"
]


@dataclass(frozen=True)
class Field:
    """One column of a file.

    Parameters
    ----------
    name : str
    kind : Kind
        ``count`` is a whole number from 0, ``number`` a decimal number from 0, ``signed`` any
        decimal number.
    needed : bool
        A row in which the value is blank or wrong is dropped; elsewhere the value is ignored.
    column_needed : bool
        The file cannot be used without the column.
    column_expected : bool
        The reference requires the column; travel times do not.
    allowed : tuple of int
        Values of an ``enum``.
    refers_to : tuple of str
        Files in whose key column the value must occur.
    narrows : bool
        The value limits what the row applies to: a wrong one drops the row, since ignoring it
        would make the row apply to more than was meant.
    """

    name: str
    kind: Kind = "text"
    needed: bool = False
    column_needed: bool = False
    column_expected: bool = False
    allowed: tuple[int, ...] = ()
    refers_to: tuple[str, ...] = ()
    narrows: bool = False


@dataclass(frozen=True)
class FileSpec:
    """One file: its columns, and the columns that identify a row."""

    name: str
    fields: tuple[Field, ...]
    key: tuple[str, ...] = ()

    @property
    def id_column(self) -> str:
        """Column that other files refer to."""
        return self.key[0]

    def field(self, name: str) -> Field | None:
        """The column called `name`, if the reference knows it."""
        return next((field for field in self.fields if field.name == name), None)


def _must(
    name: str, kind: Kind = "id", *, allowed: tuple[int, ...] = (), to: tuple[str, ...] = ()
) -> Field:
    """Make a column that must exist and without whose value a row is useless."""
    return Field(name, kind, needed=True, column_needed=True, allowed=allowed, refers_to=to)


_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# 0-12 of the basic list, and the extended list of Hierarchical Vehicle Types (100-1799).
_ROUTE_TYPES = (*range(13), *range(100, 1800))
_STOP_TIME_PICKUP = (0, 1, 2, 3)

_SPECS = (
    FileSpec(
        "agency",
        (
            Field("agency_id", "id"),
            Field("agency_name", column_expected=True),
            Field("agency_url"),
            _must("agency_timezone", "zone"),
            Field("agency_lang"),
        ),
        key=("agency_id",),
    ),
    FileSpec(
        "stops",
        (
            _must("stop_id"),
            Field("stop_name", column_expected=True),
            Field("stop_lat", "lat", column_needed=True),
            Field("stop_lon", "lon", column_needed=True),
            Field("location_type", "enum", allowed=(0, 1, 2, 3, 4)),
            Field("parent_station", "id", refers_to=("stops",)),
            Field("stop_timezone", "zone"),
            Field("wheelchair_boarding", "enum", allowed=(0, 1, 2)),
            Field("level_id", "id", refers_to=("levels",)),
            Field("platform_code"),
        ),
        key=("stop_id",),
    ),
    FileSpec(
        "routes",
        (
            _must("route_id"),
            Field("agency_id", "id", refers_to=("agency",)),
            Field("route_short_name"),
            Field("route_long_name"),
            _must("route_type", "enum", allowed=_ROUTE_TYPES),
        ),
        key=("route_id",),
    ),
    FileSpec(
        "calendar",
        (
            _must("service_id"),
            *(_must(day, "enum", allowed=(0, 1)) for day in _WEEK),
            _must("start_date", "date"),
            _must("end_date", "date"),
        ),
        key=("service_id",),
    ),
    FileSpec(
        "calendar_dates",
        (
            _must("service_id"),
            _must("date", "date"),
            _must("exception_type", "enum", allowed=(1, 2)),
        ),
        key=("service_id", "date"),
    ),
    FileSpec(
        "trips",
        (
            _must("route_id", to=("routes",)),
            _must("service_id", to=("calendar", "calendar_dates")),
            _must("trip_id"),
            Field("trip_headsign"),
            Field("trip_short_name"),
            Field("direction_id", "enum", allowed=(0, 1)),
            Field("block_id", "id"),
            Field("shape_id", "id"),
        ),
        key=("trip_id",),
    ),
    FileSpec(
        "stop_times",
        (
            _must("trip_id", to=("trips",)),
            Field("arrival_time", "time", column_needed=True),
            Field("departure_time", "time", column_needed=True),
            _must("stop_id", to=("stops",)),
            _must("stop_sequence", "count"),
            Field("pickup_type", "enum", allowed=_STOP_TIME_PICKUP),
            Field("drop_off_type", "enum", allowed=_STOP_TIME_PICKUP),
            Field("continuous_pickup", "enum", allowed=_STOP_TIME_PICKUP),
            Field("continuous_drop_off", "enum", allowed=_STOP_TIME_PICKUP),
            Field("shape_dist_traveled", "number"),
            Field("timepoint", "enum", allowed=(0, 1)),
        ),
        key=("trip_id", "stop_sequence"),
    ),
    FileSpec(
        "frequencies",
        (
            _must("trip_id", to=("trips",)),
            _must("start_time", "time"),
            _must("end_time", "time"),
            _must("headway_secs", "count"),
            Field("exact_times", "enum", allowed=(0, 1)),
        ),
        key=("trip_id", "start_time"),
    ),
    FileSpec(
        "transfers",
        (
            Field("from_stop_id", "id", refers_to=("stops",), narrows=True),
            Field("to_stop_id", "id", refers_to=("stops",), narrows=True),
            Field("from_route_id", "id", refers_to=("routes",), narrows=True),
            Field("to_route_id", "id", refers_to=("routes",), narrows=True),
            Field("from_trip_id", "id", refers_to=("trips",), narrows=True),
            Field("to_trip_id", "id", refers_to=("trips",), narrows=True),
            Field("transfer_type", "enum", allowed=(0, 1, 2, 3, 4, 5)),
            Field("min_transfer_time", "count"),
        ),
        key=(
            "from_stop_id",
            "to_stop_id",
            "from_trip_id",
            "to_trip_id",
            "from_route_id",
            "to_route_id",
        ),
    ),
    FileSpec(
        "pathways",
        (
            _must("pathway_id"),
            _must("from_stop_id", to=("stops",)),
            _must("to_stop_id", to=("stops",)),
            _must("pathway_mode", "enum", allowed=(1, 2, 3, 4, 5, 6, 7)),
            _must("is_bidirectional", "enum", allowed=(0, 1)),
            Field("length", "number"),
            Field("traversal_time", "count"),
            Field("stair_count", "signed"),
        ),
        key=("pathway_id",),
    ),
    FileSpec("levels", (_must("level_id"), Field("level_index", "signed")), key=("level_id",)),
    FileSpec(
        "shapes",
        (
            _must("shape_id"),
            _must("shape_pt_lat", "lat"),
            _must("shape_pt_lon", "lon"),
            _must("shape_pt_sequence", "count"),
            Field("shape_dist_traveled", "number"),
        ),
        key=("shape_id", "shape_pt_sequence"),
    ),
    FileSpec("feed_info", ()),
    FileSpec("attributions", ()),
    FileSpec("translations", ()),
    FileSpec("fare_attributes", ()),
    FileSpec("fare_rules", ()),
    FileSpec("fare_products", ()),
    FileSpec("fare_leg_rules", ()),
    FileSpec("fare_leg_join_rules", ()),
    FileSpec("fare_transfer_rules", ()),
    FileSpec("fare_media", ()),
    FileSpec("timeframes", ()),
    FileSpec("rider_categories", ()),
    FileSpec("areas", ()),
    FileSpec("stop_areas", ()),
    FileSpec("networks", ()),
    FileSpec("route_networks", ()),
)

FILES: Mapping[str, FileSpec] = MappingProxyType({spec.name: spec for spec in _SPECS})
"""Every file that is read, by its name without ``.txt``, in the order in which it is checked."""

REQUIRED_FILES = ("agency", "stops", "routes", "trips", "stop_times")
"""Files without which nothing can be compiled; one of the two calendar files is needed too."""

FLEX_FILES = frozenset(
    {
        "booking_rules.txt",
        "location_groups.txt",
        "location_group_stops.txt",
        "locations.geojson",
        "stop_locations.txt",
    }
)
"""Files of GTFS-Flex: service on demand, which is not part of a timetable."""
