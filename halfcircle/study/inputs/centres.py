"""Urban centres for functional urban areas, from a population raster of the study."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from pyproj import CRS

from halfcircle._checks import Faults
from halfcircle.errors import ZoneError
from halfcircle.places import Zones
from halfcircle.regions import CentrePopulation, build_urban_centres, centre_population

__all__ = ["zone_centres"]

WHERE = "[regions] population_grid"


def zone_centres(path: Path, zones: Zones) -> CentrePopulation:
    """Which share of the people of each zone lives in an urban centre.

    Parameters
    ----------
    path : Path
        Raster of persons per cell, in a metric CRS with square cells (the 1 km reference grid of
        Eurostat, GHS-POP in Mollweide, ...).
    zones : Zones
        With areas.

    Returns
    -------
    CentrePopulation

    Raises
    ------
    ZoneError
        The raster cannot be read, is not metric or not square, or zones have no areas.
    """
    import rasterio
    from rasterio.errors import RasterioError

    faults = Faults()
    if not path.is_file():
        faults.add(WHERE, "file not found", values=[path])
    if zones.geometry is None:
        faults.add(WHERE, "needs zones with areas, these are points")
    faults.raise_errors(ZoneError)
    try:
        with rasterio.open(path) as raster:
            crs = None if raster.crs is None else CRS.from_user_input(raster.crs)
            transform = raster.transform
            people = raster.read(1).astype(np.float64)
            nodata = raster.nodatavals[0]
    except RasterioError as error:
        faults.add(WHERE, f"cannot be read as a raster ({str(error).splitlines()[0]})",
                   values=[path])  # fmt: skip
        raise ZoneError(faults=faults.errors) from error
    if nodata is not None:
        people[people == nodata] = np.nan
    if crs is None:
        faults.add(WHERE, f"{path.name} does not state its CRS")
    elif not crs.is_projected or crs.axis_info[0].unit_name != "metre":
        faults.add(WHERE, "must be in metres, the rules count people per square kilometre",
                   values=[crs.to_string()])  # fmt: skip
    if transform.b or transform.d or not np.isclose(transform.a, -transform.e):
        faults.add(WHERE, "must have square cells, rows from the north")
    if (people < 0).any():
        faults.add(WHERE, "holds negative counts", values=np.unique(people[people < 0])[:5],
                   remedy="state the value for 'no data' in the file")  # fmt: skip
    faults.raise_errors(ZoneError)
    if crs is None:  # raised above; for the type checker
        raise ZoneError(f"{WHERE}: no CRS")
    shapes = zones.to_geodataframe().to_crs(crs).geometry
    in_grid = replace(zones, crs=crs, geometry=np.asarray(shapes, dtype=object), grid=None)
    cell_m = float(transform.a)
    centres = build_urban_centres(people, cell_m=cell_m)
    return centre_population(
        centres, people, in_grid, west_m=transform.c, north_m=transform.f, cell_m=cell_m
    )
