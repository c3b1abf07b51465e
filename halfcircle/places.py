"""Places, zones and opportunities: what every room of the house works on.

A *place* is a point with an identifier; a *zone* is a place with an area and a country (the side
of the border that it is on); *opportunities* are counts of something (jobs, schools, workers) per
zone. All three are read-only once built.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from pyproj import CRS, Transformer

from halfcircle._checks import Faults, duplicated, frozen_array, id_array
from halfcircle._html import few, html_table
from halfcircle.errors import Fault, OpportunityError, ZoneError

__all__ = ["Grid", "Opportunities", "Places", "Zones"]

WGS84 = CRS.from_epsg(4326)


@dataclass(frozen=True, eq=False)
class Places:
    """Points with identifiers.

    Parameters
    ----------
    place_id : array of str, shape (n,)
        Unique identifiers.
    lon, lat : array of float64, shape (n,), degrees (WGS 84)
        Position.
    country : array of str, shape (n,), optional
        ISO 3166-1 code of the side of the border; the empty string where it is not known.

    Raises
    ------
    ZoneError
        Identifiers repeat, a position is missing or outside the globe, or lengths differ.
    """

    place_id: npt.NDArray[np.object_]
    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    country: npt.NDArray[np.object_] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "place_id", id_array(self.place_id))
        object.__setattr__(self, "lon", frozen_array(self.lon, np.float64))
        object.__setattr__(self, "lat", frozen_array(self.lat, np.float64))
        if self.country is not None:
            object.__setattr__(self, "country", id_array(self.country))
        faults = Faults()
        n = len(self.place_id)
        for label, array in (("lon", self.lon), ("lat", self.lat), ("country", self.country)):
            if array is not None and array.shape != (n,):
                faults.add("places", f"{label} has shape {array.shape}, expected ({n},)")
        if not faults.errors:
            twice = duplicated(self.place_id)
            if twice:
                faults.add("places", "identifiers occur more than once", values=twice)
            wrong = ~((np.abs(self.lon) <= 180.0) & (np.abs(self.lat) <= 90.0))
            if wrong.any():
                faults.add(
                    "places",
                    "positions that are missing or not degrees of longitude and latitude",
                    values=self.place_id[wrong],
                    remedy="give lon and lat in WGS 84 (EPSG:4326)",
                )
        faults.raise_errors(ZoneError)

    def __len__(self) -> int:
        return len(self.place_id)

    def __repr__(self) -> str:
        text = f"<Places: {len(self):,}"
        if self.country is not None:
            text += f" in {', '.join(sorted(set(self.country)))}"
        return text + ">"

    def xy_m(self, crs: CRS) -> npt.NDArray[np.float64]:
        """Positions in a metric CRS, shape (n, 2), metres."""
        to_crs = Transformer.from_crs(WGS84, crs, always_xy=True)
        return np.column_stack(to_crs.transform(self.lon, self.lat))

    def take(self, place_idx: npt.ArrayLike) -> Places:
        """Select the places at these positions, in that order."""
        idx = np.asarray(place_idx)
        country = None if self.country is None else self.country[idx]
        return Places(self.place_id[idx], self.lon[idx], self.lat[idx], country)


@dataclass(frozen=True)
class Grid:
    """A regular grid of square cells, rows counted from the north.

    Parameters
    ----------
    west_m, north_m : float, metres in the CRS of the zones
        Upper left corner.
    cell_m : float, metres
        Side of a cell.
    n_rows, n_columns : int
        Size.
    cell_idx : array of int64, shape (n_zones,)
        ``row * n_columns + column`` of each zone; cells outside the study area have no zone.
    """

    west_m: float
    north_m: float
    cell_m: float
    n_rows: int
    n_columns: int
    cell_idx: npt.NDArray[np.int64] = field(repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cell_idx", frozen_array(self.cell_idx, np.int64))


@dataclass(frozen=True, eq=False)
class Zones:
    """Zones: a representative point each, and where known their area.

    Parameters
    ----------
    places : Places
        Representative points, inside the zone; origins and destinations of travel times.
    crs : pyproj.CRS
        Metric CRS of `geometry` and of everything that is measured in metres.
    geometry : array of shapely geometries, shape (n,), optional
        Areas in `crs`; None for zones that are points.
    name : array of str, shape (n,), optional
        What people call the zone; the identifier where left out.
    grid : Grid, optional
        Set when the zones are cells of a regular grid: such studies get rasters.
    notices : tuple of Fault
        What was noticed while reading and belongs in the report.
    """

    places: Places
    crs: CRS
    geometry: npt.NDArray[np.object_] | None = None
    name: npt.NDArray[np.object_] | None = None
    grid: Grid | None = None
    notices: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        n = len(self.places)
        if n == 0:
            raise ZoneError(faults=[Fault("zones", "there are none")])
        for label, array in (("geometry", self.geometry), ("name", self.name)):
            if array is not None and len(array) != n:
                raise ZoneError(f"zones: {label} has {len(array)} entries, expected {n}")
        if self.name is not None:
            object.__setattr__(self, "name", id_array(self.name))
        if self.geometry is not None:
            geometry = np.array(self.geometry, dtype=object)
            geometry.flags.writeable = False
            object.__setattr__(self, "geometry", geometry)

    def __len__(self) -> int:
        return len(self.places)

    def __repr__(self) -> str:
        shape = "points" if self.geometry is None else "areas"
        if self.grid is not None:
            shape = f"cells of {self.grid.cell_m:g} m"
        country = self.places.country
        sides = "" if country is None else f" in {', '.join(sorted(set(country)))}"
        return f"<Zones: {len(self):,} {shape}{sides}, {self.crs.to_string()}>"

    def _repr_html_(self) -> str:
        country = self.places.country
        sides: list[str] = []
        if country is not None:
            codes, counts = np.unique(country.astype(str), return_counts=True)
            sides = [f"{c or 'unknown'} {n:,}" for c, n in zip(codes, counts, strict=True)]
        shape = "points" if self.geometry is None else "areas"
        if self.grid is not None:
            shape = f"cells of {self.grid.cell_m:g} m"
        rows = [
            ("shape", shape),
            ("by country", ", ".join(sides)),
            ("crs", f"{self.crs.to_string()} ({self.crs.name})"),
            ("names", few(self.label)),
            ("noticed", f"{len(self.notices):,}" if self.notices else ""),
            ("see", ".to_geodataframe(), .places, .zone_id, .label"),
        ]
        return html_table(f"Zones: {len(self):,}", rows)

    @property
    def zone_id(self) -> npt.NDArray[np.object_]:
        """Identifiers, shape (n,)."""
        return self.places.place_id

    @property
    def label(self) -> npt.NDArray[np.object_]:
        """Names where there are any, else identifiers, shape (n,)."""
        return self.zone_id if self.name is None else self.name

    def to_geodataframe(self) -> Any:
        """GeoDataFrame in `crs` with zone_id, name, country and geometry (areas, else points)."""
        import geopandas as gpd
        import shapely

        geometry: Any = self.geometry
        if geometry is None:
            geometry = shapely.points(self.places.xy_m(self.crs))
        columns: dict[str, Any] = {"zone_id": self.zone_id, "name": self.label}
        if self.places.country is not None:
            columns["country"] = self.places.country
        return gpd.GeoDataFrame(columns, geometry=np.asarray(geometry), crs=self.crs)


@dataclass(frozen=True, eq=False)
class Opportunities:
    """Counts of one kind of opportunity per zone.

    Parameters
    ----------
    name : str
        ``"jobs"``, ``"pupils"``, ``"hospitals"``, ...
    values : array of float64, shape (n_groups, n_zones)
        Counts; NaN where there is no data. Missing is not zero: sums leave such zones out and the
        report says how many there are.
    groups : tuple of str
        Names of the groups (education, sector, ...); ``("all",)`` for one undivided count.
    year : int, optional
        Vintage.
    unit : str
        What one unit is: ``"jobs"``, ``"fte"``, ``"persons"``, ...
    source : str
        Shown in the report.
    notices : tuple of Fault
        What was noticed while reading (points outside every zone, missing values, ...).

    Raises
    ------
    OpportunityError
        Shapes do not fit, a count is negative or infinite, or groups repeat.
    """

    name: str
    values: npt.NDArray[np.float64]
    groups: tuple[str, ...] = ("all",)
    year: int | None = None
    unit: str = ""
    source: str = ""
    notices: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen_array(self.values, np.float64))
        where = f"opportunities {self.name!r}"
        faults = Faults()
        if self.values.ndim != 2 or len(self.values) != len(self.groups):
            expected = f"({len(self.groups)}, zones)"
            faults.add(where, f"values have shape {self.values.shape}, expected {expected}")
        if len(set(self.groups)) != len(self.groups):
            faults.add(where, "groups occur more than once", values=self.groups)
        bad = (self.values < 0) | np.isinf(self.values)
        if bad.any():
            faults.add(
                where,
                "counts that are negative or infinite",
                values=self.values[bad],
                remedy="leave a value empty where it is not known",
            )
        faults.raise_errors(OpportunityError)

    def __repr__(self) -> str:
        known = np.nansum(self.values, axis=1)
        parts = ", ".join(f"{g} {v:,.0f}" for g, v in zip(self.groups, known, strict=True))
        missing = int(np.isnan(self.values).any(axis=0).sum())
        text = f"<Opportunities {self.name!r}: {parts} in {self.values.shape[1]:,} zones"
        return text + (f", {missing:,} zones without data>" if missing else ">")

    def _repr_html_(self) -> str:
        known = np.nansum(self.values, axis=1)
        missing = int(np.isnan(self.values).any(axis=0).sum())
        rows = [(group, f"{n:,.0f}") for group, n in zip(self.groups, known, strict=True)]
        rows += [
            ("unit", self.unit),
            ("year", "" if self.year is None else str(self.year)),
            ("source", self.source),
            ("zones", f"{self.n_zones:,}" + (f", {missing:,} without data" if missing else "")),
            ("noticed", f"{len(self.notices):,}" if self.notices else ""),
        ]
        return html_table(f"Opportunities: {self.name}", rows)

    @property
    def n_zones(self) -> int:
        """Number of zones."""
        return int(self.values.shape[1])

    @property
    def total(self) -> npt.NDArray[np.float64]:
        """All groups together, shape (n_zones,); missing where it is not known.

        The group ``"all"`` where it is given, for the others are parts of it; else the sum of the
        groups, missing where one of them is.
        """
        parts = self.values
        if "all" in self.groups:
            parts = parts[self.groups.index("all")][np.newaxis]
        return np.asarray(parts.sum(axis=0), dtype=np.float64)
