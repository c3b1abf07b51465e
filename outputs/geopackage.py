"""GeoPackage: zones with their main results as columns, and styles that QGIS opens by itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from halfcircle._files import replacing
from halfcircle.errors import OutputError
from halfcircle.outputs.classes import (
    Classes,
    ClassMethod,
    delta_classes,
    loss_classes,
    reach_classes,
)
from halfcircle.outputs.layers import Layers, column_names
from halfcircle.outputs.legend import class_labels, delta_labels, layer_title
from halfcircle.outputs.looks import BOUNDARY_COLOUR
from halfcircle.outputs.mode_columns import winning_columns
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.shapes import border_line, zone_shapes
from halfcircle.outputs.styles import categories_qml, line_qml, zones_qml
from halfcircle.outputs.texts import Texts

__all__ = ["write_geopackage", "write_regions"]

MAX_COLUMNS = 400
MAX_STYLES = 60
# GeoPackage files carry a date of last change; results must not.
FIXED_DATE = "2000-01-01T00:00:00.000Z"

LAYER_STYLES = """
CREATE TABLE layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256),
    f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256),
    styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN,
    description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME
)"""
DATA_COLUMNS = """
CREATE TABLE IF NOT EXISTS gpkg_data_columns (
    table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT,
    mime_type TEXT, constraint_name TEXT,
    CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
    CONSTRAINT gdc_tn UNIQUE (table_name, name)
)"""
EXTENSIONS = """
CREATE TABLE IF NOT EXISTS gpkg_extensions (
    table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL,
    scope TEXT NOT NULL, CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name)
)"""


def write_geopackage(
    result: RunResult,
    layers: Layers,
    losses: Layers,
    path: Path,
    *,
    texts: Texts,
    deltas: Layers | None = None,
    measures: Layers | None = None,
) -> Path:
    """Write ``study.gpkg``: the layers ``zones``, and ``border`` and ``boundaries`` if any.

    Parameters
    ----------
    result : RunResult
    layers, losses : Layers
        Reach and border loss; at most 400 layers become columns, main ones first.
    path : Path
    texts : Texts
        Language of titles and legends.
    deltas : Layers, optional
        Differences of scenarios from the baseline.
    measures : Layers, optional
        Measures beside reach.

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    shapes = zone_shapes(result.zones)
    further = [part for part in (deltas, measures) if part is not None]
    kept = [_main(part) for part in (layers, losses, *further)]
    table = result.zones.to_geodataframe().set_geometry(shapes.geometry, crs=result.zones.crs)
    fixed = (*(str(name) for name in table.columns), "fid", "geom")
    keys = tuple(key for part in kept for key in part.keys)
    names = column_names(keys, taken=fixed)
    values = np.concatenate([part.values for part in kept])
    wide = gpd.GeoDataFrame(dict(zip(names, values, strict=True)), geometry=table.geometry)
    for position, name in enumerate(column for column in table if column != "geometry"):
        wide.insert(position, name, table[name])
    fastest = [one for one in winning_columns(result, texts) if one.name not in wide]
    for one in fastest:
        wide[one.name] = one.values
    with replacing(path) as temporary:
        write_layer(wide, temporary, "zones", path)
        line = border_line(result)
        if line is not None:
            frame = gpd.GeoDataFrame({"name": ["border"]}, geometry=[line], crs=result.zones.crs)
            write_layer(frame, temporary, "border", path)
        outlines = result.looks.boundaries
        if outlines:
            frame = gpd.GeoDataFrame(
                {"name": [one.label for one in outlines]},
                geometry=[one.geometry for one in outlines],
                crs=result.zones.crs,
            )
            write_layer(frame, temporary, "boundaries", path)
        with closing(sqlite3.connect(temporary)) as database:
            titles = {n: layer_title(key, texts) for n, key in zip(names, keys, strict=True)}
            _describe(database, titles | {one.name: one.title for one in fastest})
            method = result.looks.classes
            _add_styles(database, names, kept, areas=shapes.areas, texts=texts, method=method)
            for one in fastest:
                look = categories_qml(
                    one.name,
                    one.modes,
                    areas=shapes.areas,
                    labels=(texts("legend.missing"), *one.labels),
                    colours=one.colours,
                )
                _add_style(database, "zones", one.name, look, default=False, about=one.title)
            if outlines:
                look = line_qml(colour=BOUNDARY_COLOUR, width_mm=0.4)
                _add_style(database, "boundaries", "boundaries", look, default=True, about="")
            if line is not None:
                _add_style(database, "border", "border", line_qml(), default=True, about="")
            _finish(database)
    return path


def write_regions(result: RunResult, path: Path) -> Path | None:
    """Write ``regions.gpkg``, one layer per delineation; None if the run has none.

    Parameters
    ----------
    result : RunResult
    path : Path

    Returns
    -------
    Path or None

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    if not result.regions:
        return None
    with replacing(path) as temporary:
        for name, frame in result.regions.items():
            write_layer(frame, temporary, name, path)
        finish_file(temporary)
    return path


def _main(layers: Layers) -> Layers:
    """Cut to the most asked for layers, in reading order."""
    return layers.take(np.sort(layers.main_first()[:MAX_COLUMNS]))


def write_layer(frame: Any, temporary: Path, layer: str, path: Path) -> None:
    """Add a layer to a GeoPackage that is being written; `path` is for messages."""
    from pyogrio.errors import DataLayerError, DataSourceError

    if bool(shapely.is_empty(frame.geometry.array).all()):
        raise OutputError(f"{path}: layer {layer!r} has no geometry")
    kind = frame.geometry.geom_type
    many = bool(kind.str.startswith("Multi").any())
    try:
        frame.to_file(
            temporary,
            layer=layer,
            driver="GPKG",
            engine="pyogrio",
            promote_to_multi=many,
            append=temporary.exists(),
            geometry_name="geom",
            VERSION="1.2",
        )
    except (DataLayerError, DataSourceError) as error:
        raise OutputError(f"{path}: cannot be written: {error}") from error


def _describe(database: sqlite3.Connection, titles: Mapping[str, str]) -> None:
    """Give columns readable titles (the schema extension of GeoPackage)."""
    database.execute(EXTENSIONS)
    database.execute(DATA_COLUMNS)
    database.execute(
        "INSERT OR IGNORE INTO gpkg_extensions VALUES "
        "('gpkg_data_columns', NULL, 'gpkg_schema', "
        "'http://www.geopackage.org/spec121/#extension_schema', 'read-write')"
    )
    # `name` must be unique in the table; the column's own name is.
    rows = [("zones", name, name, title, title) for name, title in titles.items()]
    database.executemany(
        "INSERT OR REPLACE INTO gpkg_data_columns "
        "(table_name, column_name, name, title, description) VALUES (?, ?, ?, ?, ?)",
        rows,
    )


def _add_styles(
    database: sqlite3.Connection,
    names: list[str],
    kept: list[Layers],
    *,
    areas: bool,
    texts: Texts,
    method: ClassMethod,
) -> None:
    """One style per layer, the main one as default; classes are shared per opportunity."""
    reach, losses = kept[:2]
    keys = tuple(key for part in kept for key in part.keys)
    titles = {name: layer_title(key, texts) for name, key in zip(names, keys, strict=True)}
    classes: dict[tuple[str, str], Classes] = {}
    main = reach.main_first()
    for rank, i in enumerate(main[:MAX_STYLES]):
        key = reach.keys[i]
        shared = (key.opportunity, key.measure)
        if shared not in classes:
            same = [(k.opportunity, k.measure) == shared for k in reach.keys]
            classes[shared] = reach_classes(reach.values[same], method=method)
        labels = class_labels(classes[shared], texts)
        # Titles of columns come with the first style: later ones leave them as they are.
        aliases = titles if rank == 0 else None
        qml = zones_qml(names[i], classes[shared], areas=areas, labels=labels, aliases=aliases)
        about = layer_title(key, texts)
        _add_style(database, "zones", names[i], qml, default=rank == 0, about=about)
    for i in losses.main_first()[:MAX_STYLES]:
        name = names[len(reach) + i]
        labels = class_labels(loss_classes(), texts, share=True)
        qml = zones_qml(name, loss_classes(), areas=areas, labels=labels)
        about = layer_title(losses.keys[i], texts)
        default = len(reach) == 0 and i == losses.main_first()[0]
        _add_style(database, "zones", name, qml, default=bool(default), about=about)
    start = len(reach) + len(losses)
    for further in kept[2:]:
        for i in further.main_first()[:MAX_STYLES]:
            key = further.keys[i]
            same = [
                (k.opportunity, k.measure) == (key.opportunity, key.measure) for k in further.keys
            ]
            values = further.values[same]
            if key.quantity == "delta" or bool(np.nanmin(values, initial=0.0) < 0.0):
                steps = delta_classes(values)
                labels = delta_labels(steps, texts)
            else:
                steps = reach_classes(values)
                labels = class_labels(steps, texts)
            qml = zones_qml(names[start + i], steps, areas=areas, labels=labels)
            about = layer_title(key, texts)
            _add_style(database, "zones", names[start + i], qml, default=False, about=about)
        start += len(further)


def _add_style(
    database: sqlite3.Connection, table: str, name: str, qml: str, *, default: bool, about: str
) -> None:
    known = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'layer_styles'").fetchone()
    if known is None:
        database.execute(LAYER_STYLES)
        database.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, "
            "last_change) VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?)",
            (FIXED_DATE,),
        )
    database.execute(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, "
        "f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description, owner, "
        "ui, update_time) VALUES ('', '', ?, 'geom', ?, ?, '', ?, ?, '', NULL, ?)",
        (table, name, qml, int(default), about, FIXED_DATE),
    )


def finish_file(temporary: Path) -> None:
    """Bring a GeoPackage into the form in which the same content gives the same bytes."""
    with closing(sqlite3.connect(temporary)) as database:
        _finish(database)


def _finish(database: sqlite3.Connection) -> None:
    database.execute("UPDATE gpkg_contents SET last_change = ?", (FIXED_DATE,))
    database.commit()
    database.execute("VACUUM")
    database.commit()
