"""GeoTIFF (cloud-optimised) per layer, for studies whose zones are cells of a grid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from halfcircle import __version__
from halfcircle._files import replacing, write_text
from halfcircle.outputs.classes import Classes, reach_classes
from halfcircle.outputs.layers import Layers, column_names
from halfcircle.outputs.legend import class_labels, layer_title
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.styles import raster_qml
from halfcircle.outputs.texts import Texts
from halfcircle.places import Grid

__all__ = ["write_rasters"]

NODATA = -9999.0
MAX_RASTERS = 400


def write_rasters(result: RunResult, layers: Layers, folder: Path, *, texts: Texts) -> list[Path]:
    """Write one GeoTIFF per layer, a style for QGIS beside it; nothing without a grid.

    Values are float32 in the unit of the opportunity; -9999 is no data, both outside the study
    area and where there is no result.

    Parameters
    ----------
    result : RunResult
    layers : Layers
        At most 400 are written, main ones first.
    folder : Path
    texts : Texts
        Language of band descriptions and legends.

    Returns
    -------
    list of Path

    Raises
    ------
    OutputError
        A file cannot be written.
    """
    grid = result.zones.grid
    if grid is None:
        return []
    kept = layers.take(np.sort(layers.main_first()[:MAX_RASTERS]))
    units = {opportunity.name: opportunity for opportunity in result.opportunities}
    classes: dict[tuple[str, str], Classes] = {}
    paths: list[Path] = []
    for key, name, values in zip(kept.keys, column_names(kept.keys), kept.values, strict=True):
        opportunity = units[key.opportunity]
        tags = {
            "study": result.name,
            "unit": opportunity.unit or opportunity.name,
            "opportunity": key.opportunity,
            "group": key.group,
            "mode": key.mode,
            "measure": key.measure,
            "scenario": key.scenario,
            "band_min": "" if key.band_min is None else f"{key.band_min:g}",
            "percentile": "" if key.percentile is None else str(key.percentile),
            "source": opportunity.source,
            "year": "" if opportunity.year is None else str(opportunity.year),
            "software": f"halfcircle {__version__}",
        }
        path = folder / f"{name}.tif"
        _write(path, grid, values, result.zones.crs.to_wkt(), tags, layer_title(key, texts))
        shared = (key.opportunity, key.measure)
        if shared not in classes:
            same = [(other.opportunity, other.measure) == shared for other in kept.keys]
            classes[shared] = reach_classes(kept.values[same], method=result.looks.classes)
        labels = class_labels(classes[shared], texts)
        style = raster_qml(classes[shared], labels=labels)
        paths += [path, write_text(path.with_suffix(".qml"), style)]
    return paths


def _write(
    path: Path,
    grid: Grid,
    values: npt.NDArray[np.float64],
    crs_wkt: str,
    tags: dict[str, str],
    title: str,
) -> None:
    import rasterio  # only studies on a grid need it
    from rasterio import Affine

    cells = np.full(grid.n_rows * grid.n_columns, NODATA, dtype=np.float32)
    known = ~np.isnan(values)
    cells[grid.cell_idx[known]] = values[known]
    with (
        replacing(path) as temporary,
        rasterio.open(
            temporary,
            "w",
            driver="COG",
            height=grid.n_rows,
            width=grid.n_columns,
            count=1,
            dtype="float32",
            nodata=NODATA,
            crs=rasterio.CRS.from_wkt(crs_wkt),
            transform=Affine(grid.cell_m, 0.0, grid.west_m, 0.0, -grid.cell_m, grid.north_m),
            compress="deflate",
            overview_resampling="average",
        ) as raster,
    ):
        raster.write(cells.reshape(grid.n_rows, grid.n_columns), 1)
        raster.set_band_description(1, title)
        raster.set_band_unit(1, tags["unit"])
        raster.update_tags(**tags)
