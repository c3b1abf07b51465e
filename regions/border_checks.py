"""Which side of the border each place is on, and whether that can be true."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from halfcircle._checks import Faults
from halfcircle.errors import Fault, StudyError, ZoneError
from halfcircle.places import Places, Zones

__all__ = ["border_distances_m", "check_countries", "check_land"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# "NL/DE", "NL;DE", "NL,DE", "NL|DE", "NL+DE": a zone cannot be on two sides.
SEVERAL = re.compile(r"[/;,|+&]")
UNASSIGNED = ("error", "leave out")


def check_countries(
    origins: Places, destinations: Places, *, unassigned: str = "error"
) -> tuple[tuple[str, ...], Ints, Ints, tuple[Fault, ...]]:
    """Sides of origins and destinations as indices.

    Parameters
    ----------
    origins, destinations : Places
        With countries.
    unassigned : {"error", "leave out"}
        What to do with places without a country: disputed, at sea, not yet filled in. Left out,
        they count neither at home nor abroad, have no loss, and are listed in a notice.

    Returns
    -------
    countries : tuple of str
        Sorted ISO codes of all places.
    origin_side, destination_side : array of int64, shape (n_origins,), (n_destinations,)
        Index into `countries`, -1 for places that are left out.
    notices : tuple of Fault

    Raises
    ------
    ZoneError
        No countries are given, a place has none, a place names several, or one place is in one
        country as an origin and in another as a destination.
    """
    if unassigned not in UNASSIGNED:
        raise StudyError(f"unassigned must be one of {UNASSIGNED}, not {unassigned!r}")
    faults = Faults()
    for role, places in (("origins", origins), ("destinations", destinations)):
        if places.country is None:
            faults.add(
                role,
                "have no country: the side of the border is not known",
                remedy="add country = ... under [zones]",
            )
            continue
        several = [
            f"{i} ({c})"
            for i, c in zip(places.place_id, places.country, strict=True)
            if SEVERAL.search(c)
        ]
        if several:
            faults.add(
                role,
                "places in more than one country",
                values=several,
                remedy="cut the zone at the border, or give it the country of its people",
            )
        none = places.place_id[np.array([not c.strip() for c in places.country], dtype=bool)]
        if len(none):
            faults.add(
                role,
                "places without a country" + (" are left out" if unassigned == "leave out" else ""),
                values=none,
                remedy="" if unassigned == "leave out" else "fill it in, or leave such places out",
                severity="notice" if unassigned == "leave out" else "error",
            )
    faults.raise_errors(ZoneError)
    from_country, to_country = _codes(origins), _codes(destinations)
    known = dict(zip(destinations.place_id, to_country, strict=True))
    moved = [
        f"{i} ({c} and {known[i]})"
        for i, c in zip(origins.place_id, from_country, strict=True)
        if known.get(i, c) != c
    ]
    if moved:
        faults.add("zones", "are in one country as origin, in another as destination", values=moved)
    faults.raise_errors(ZoneError)
    codes = {c.strip() for c in (*from_country, *to_country)} - {""}
    countries = tuple(sorted(codes))
    if len(set(to_country) - {""}) < 2:
        faults.warn(
            "zones",
            "all destinations are in one country: no loss at a border can show",
            values=countries,
        )
    index = {code: i for i, code in enumerate(countries)}
    sides = [
        np.array([index.get(c.strip(), -1) for c in country], dtype=np.int64)
        for country in (from_country, to_country)
    ]
    return countries, sides[0], sides[1], faults.warnings


def _codes(places: Places) -> list[str]:
    return [] if places.country is None else list(places.country)


def check_land(
    zones: Zones, land: Mapping[str, BaseGeometry], crs: CRS, *, tolerance: float = 0.02
) -> tuple[Fault, ...]:
    """Compare the countries of zones with the land of countries.

    Parameters
    ----------
    zones : Zones
        With countries.
    land : mapping of ISO code to shapely geometry
        Land area of each country, in `crs`.
    crs : pyproj.CRS
    tolerance : float
        Share of a zone's area that may lie in other countries (boundaries never fit exactly), and
        share of the smaller country by which two countries may overlap.

    Returns
    -------
    tuple of Fault
        Errors: a zone of one country that lies in another. Warnings: zones cut by the border,
        countries that overlap (disputed land), land next to the zones that has no zones at all.
    """
    faults = Faults()
    to_land = Transformer.from_crs(CRS.from_epsg(4326), crs, always_xy=True)
    x, y = to_land.transform(zones.places.lon, zones.places.lat)
    points = shapely.points(np.column_stack([x, y]))
    given = zones.places.country
    if given is None:
        raise ZoneError("zones: have no country: the side of the border is not known")
    area = None
    if zones.geometry is not None:
        area = np.asarray(zones.to_geodataframe().to_crs(crs).geometry.array)
    inside = {code: np.asarray(shapely.covers(shape, points)) for code, shape in land.items()}
    wrong, cut = [], []
    for i, code in enumerate(given):
        if not code:
            continue
        elsewhere = [c for c, hit in inside.items() if hit[i] and c != code]
        at_home = code in inside and inside[code][i]
        if elsewhere and not at_home:
            wrong.append(f"{zones.zone_id[i]} ({code}, lies in {elsewhere[0]})")
        elif area is not None and area[i].area > 0.0:
            abroad = sum(area[i].intersection(shape).area for c, shape in land.items() if c != code)
            if abroad > tolerance * area[i].area:
                cut.append(f"{zones.zone_id[i]} ({abroad / area[i].area:.0%} abroad)")
    if wrong:
        faults.add("zones", "lie in another country than they say", values=wrong)
    if cut:
        faults.warn("zones", "the border runs through", values=cut, remedy="cut them at the border")
    codes = sorted(land)
    for a, one in enumerate(codes):
        for other in codes[a + 1 :]:
            common = land[one].intersection(land[other]).area
            if common > tolerance * min(land[one].area, land[other].area):
                faults.warn(
                    "land", f"{one} and {other} overlap by {common / 1e6:,.0f} km2: disputed land"
                )
    empty = sorted(set(codes) - set(given))
    if empty:
        faults.warn(
            "zones",
            "countries with land but without zones: reach into them is not counted",
            values=empty,
        )
    unknown = sorted(set(given) - set(codes) - {""})
    if unknown:
        faults.warn("land", "no land area is given for countries", values=unknown)
    return tuple(faults.items)


def border_distances_m(places: Places, land: Mapping[str, BaseGeometry], crs: CRS) -> Floats:
    """Distance to the nearest land of another country.

    Straight lines in EPSG:3035, which are within 1 % of true ones in most of Europe.

    Parameters
    ----------
    places : Places
        With countries.
    land : mapping of ISO code to shapely geometry
        In `crs`.
    crs : pyproj.CRS

    Returns
    -------
    array of float64, shape (n,), metres
        Infinite where no other country has land.
    """
    if places.country is None:
        raise ZoneError("places: have no country: the border is not known")
    plane = CRS.from_epsg(3035)
    project = Transformer.from_crs(crs, plane, always_xy=True)

    def to_plane(xy: Floats) -> Floats:
        return np.column_stack(project.transform(xy[:, 0], xy[:, 1]))

    points = np.asarray(shapely.points(places.xy_m(plane)))
    out = np.full(len(places), np.inf)
    for code, shape in land.items():
        abroad = places.country != code
        flat = shapely.transform(shape, to_plane)
        shapely.prepare(flat)
        out[abroad] = np.minimum(out[abroad], shapely.distance(points[abroad], flat))
    return out
