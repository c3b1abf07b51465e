"""All outputs of a run, in one call."""

from __future__ import annotations

from pathlib import Path

from halfcircle.access.travel_time_file import write_travel_times
from halfcircle.errors import OutputError
from halfcircle.outputs.border_tables import write_border_summary
from halfcircle.outputs.claims import write_claims
from halfcircle.outputs.deltas import build_delta_layers
from halfcircle.outputs.geopackage import write_geopackage, write_regions
from halfcircle.outputs.indicators import write_indicators
from halfcircle.outputs.isochrone_table import isochrone_frame
from halfcircle.outputs.isochrones import write_isochrones
from halfcircle.outputs.layers import build_layers, build_loss_layers
from halfcircle.outputs.manifest import write_manifest, write_timings
from halfcircle.outputs.maps import write_map
from halfcircle.outputs.measure_layers import (
    build_measure_layers,
    joined_layers,
    without_negative,
)
from halfcircle.outputs.package import (
    SHEET_TABLES,
    matrix_files,
    run_tables,
    write_data_dictionary,
    write_data_package,
)
from halfcircle.outputs.rasters import write_rasters
from halfcircle.outputs.report import write_report
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.sheets import CsvStyle, write_frame
from halfcircle.outputs.tables import ordered, write_tables, write_wide_csv
from halfcircle.outputs.texts import Texts

__all__ = ["write_outputs"]


def write_outputs(
    result: RunResult,
    folder: Path,
    *,
    language: str = "en",
    csv: CsvStyle = "point",
    claims: bool = False,
) -> list[Path]:
    """Write everything that a run leaves behind.

    Parameters
    ----------
    result : RunResult
    folder : Path
        Made where it does not exist; files of an earlier run are replaced, each in one step.
    language : {"en", "nl", "de"}
        Of report, map, data dictionary, and titles in the GeoPackage and the rasters.
    csv : {"point", "comma"}
        Comma and decimal point, or semicolon and decimal comma, in CSV files.
    claims : bool
        Whether the report holds published figures against the run; ``claims.csv`` does wherever
        the run can test any.

    Returns
    -------
    list of Path
        The files, ``manifest.json`` and ``timings.json`` last.

    Raises
    ------
    OutputError
        The language is not known, or a file cannot be written.
    """
    texts = Texts(language)
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written: {error.strerror}") from error
    layers, losses = build_layers(result), build_loss_layers(result)
    deltas = build_delta_layers(result)
    measures = build_measure_layers(result)
    written = write_tables(result, folder)
    for name in SHEET_TABLES:
        if name in result.tables:
            written.append(write_frame(folder / f"{name}.csv", ordered(result, name), style=csv))
    wide = joined_layers(layers, measures)
    written.append(write_wide_csv(result, wide, folder / "zones.csv", style=csv))
    written.append(write_indicators(result, layers, losses, folder / "indicators.csv", style=csv))
    checked = write_claims(result, folder / "claims.csv", language=language, style=csv)
    written += [] if checked is None else [checked]
    summary = write_border_summary(result, folder / "border_summary.csv", style=csv)
    written += [] if summary is None else [summary]
    for name, table in result.further.items():
        written.append(write_frame(folder / f"{name}.csv", table, style=csv))
    tables = run_tables(result, wide, claims=checked is not None)
    written.append(
        write_data_dictionary(tables, folder / "data_dictionary.csv", language=language, style=csv)
    )
    written.append(write_data_package(result, tables, folder / "datapackage.json", style=csv))
    written.append(
        write_geopackage(
            result,
            layers,
            losses,
            folder / "study.gpkg",
            texts=texts,
            deltas=deltas,
            measures=measures,
        )
    )
    regions = write_regions(result, folder / "regions.gpkg")
    written += [] if regions is None else [regions]
    if result.isochrones:
        areas = isochrone_frame(result.isochrones, result.zones, result.opportunities)
        for name in ("isochrones.gpkg", "isochrones.geojson"):
            written.append(write_isochrones(areas, folder / name))
    for path, source in matrix_files(result).items():
        written.append(write_travel_times(source, folder / path))
    written += write_rasters(result, layers, folder / "rasters", texts=texts)
    map_link = ""
    if len(layers) or len(losses):
        map_link = "maps/reach.html"
        written.append(
            write_map(
                result,
                layers,
                losses,
                folder / map_link,
                texts=texts,
                deltas=deltas,
                measures=without_negative(measures),
            )
        )
    written.append(
        write_report(
            result,
            layers,
            losses,
            folder / "report.html",
            texts=texts,
            map_link=map_link,
            claims=claims,
        )
    )
    manifest = write_manifest(result, folder / "manifest.json", outputs=written)
    return [*written, manifest, write_timings(result, folder / "timings.json")]
