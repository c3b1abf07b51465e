"""``[outputs]`` and ``[isochrones]`` of a study file: how maps look, and around which places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from halfcircle._checks import nearest
from halfcircle.outputs.classes import CLASS_METHODS, ClassMethod
from halfcircle.outputs.sheets import CSV_STYLES, CsvStyle
from halfcircle.study.settings.toml_table import Table

__all__ = [
    "BoundaryConfig",
    "IsochronesConfig",
    "OutputsConfig",
    "read_isochrones",
    "read_outputs",
]

STREET_MODES = ("walk", "bike", "car")
MAX_BANDS = 6


@dataclass(frozen=True)
class BoundaryConfig:
    """One of ``[outputs] boundaries``: outlines that are drawn over the maps."""

    path: Path
    label: str
    name_column: str | None = None
    file_crs: str | None = None


@dataclass(frozen=True)
class OutputsConfig:
    """``[outputs]``: where results go, how tables are written and maps look."""

    folder: Path = Path("out")
    csv: CsvStyle = "point"
    classes: ClassMethod = "quantile"
    boundaries: tuple[BoundaryConfig, ...] = ()
    claims: bool = False
    travel_times: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()


@dataclass(frozen=True)
class IsochronesConfig:
    """``[isochrones]``: what is within reach of some places, as areas."""

    places: tuple[str | tuple[float, float], ...]
    modes: tuple[str, ...]
    bands_min: tuple[float, ...]
    kind: Literal["zones", "street"] = "zones"
    cell_m: float | None = None
    opportunity: str | None = None


def read_outputs(top: Table, modes: Sequence[str]) -> OutputsConfig:
    """Read ``[outputs]`` of a study with these modes; faults are noted in `top`."""
    table = top.table("outputs")
    folder = table.path("folder") or top.folder / "out"
    csv = table.text("csv", "point", choices=CSV_STYLES) or "point"
    claims = table.flag("claims", False)
    chosen = table.text("classes", "quantile", choices=CLASS_METHODS)
    boundaries = []
    for entry in table.tables("boundaries"):
        path = entry.path("path", required=True) or Path()
        boundaries.append(
            BoundaryConfig(
                path=path,
                label=entry.text("label") or path.stem,
                name_column=entry.text("name_column"),
                file_crs=entry.text("file_crs"),
            )
        )
        entry.finish()
    labels = [one.label for one in boundaries]
    for label in sorted({label for label in labels if labels.count(label) > 1}):
        table.fault("boundaries", "two share a label", label, "give each its own label")
    travel_times = table.texts("travel_times")
    for mode in travel_times:
        if mode not in modes:
            table.fault("travel_times", "is no mode of [reach]", mode, nearest(mode, modes))
    areas = table.texts("areas")
    table.finish()
    method = next(one for one in CLASS_METHODS if one == (chosen or "quantile"))
    style: CsvStyle = "comma" if csv == "comma" else "point"
    return OutputsConfig(folder, style, method, tuple(boundaries), claims, travel_times, areas)


def read_isochrones(
    top: Table,
    *,
    modes: tuple[str, ...],
    bands_min: tuple[float, ...],
    longest_min: float,
    opportunities: tuple[str, ...],
) -> IsochronesConfig | None:
    """Read ``[isochrones]``; faults are noted in `top`.

    Parameters
    ----------
    top : Table
    modes, bands_min
        Of ``[reach]``; empty where there is none.
    longest_min : float, minutes
        Travel times beyond are not looked for.
    opportunities : tuple of str
        Names.
    """
    if not top.has("isochrones"):
        return None
    table = top.table("isochrones")
    places = _places(table)
    kind = table.text("kind", "zones", choices=("zones", "street"))
    known = modes if kind != "street" else tuple(mode for mode in modes if mode in STREET_MODES)
    if not modes:
        table.fault("modes", "isochrones need travel times", remedy="add the table [reach]")
    elif not known:
        table.fault("kind", "streets are for walk, bike and car, and [reach] has none", kind)
    chosen = table.texts("modes", known)
    for mode in chosen:
        if mode not in modes:
            table.fault("modes", "is not among the modes of [reach]", mode, nearest(mode, modes))
        elif mode not in known:
            table.fault("modes", "has no streets of its own", mode, 'leave out kind = "street"')
    bands = table.numbers("bands_min", bands_min[-MAX_BANDS:], above=0.0)
    if len(bands) > MAX_BANDS:
        table.fault("bands_min", f"at most {MAX_BANDS} can be told apart on a map", list(bands))
    if bands and modes and bands[-1] > longest_min:
        table.fault("bands_min", f"times are known up to {longest_min:g} minutes", bands[-1],
                    "add a longer band to [reach], or limit_min")  # fmt: skip
    opportunity = table.text("opportunity", choices=opportunities or None)
    cell_m = table.number("cell_m", low=10.0, high=10_000.0)
    if cell_m is not None and kind != "street":
        table.fault("cell_m", 'is for kind = "street"', cell_m)
    table.finish()
    return IsochronesConfig(
        places, chosen, bands, "street" if kind == "street" else "zones", cell_m, opportunity
    )


def _places(table: Table) -> tuple[str | tuple[float, float], ...]:
    """Names or identifiers of zones, or pairs of longitude and latitude."""
    remedy = 'places = ["Aachen", [6.08, 50.77]]: names or ids of zones, or longitude, latitude'
    value = table.raw("places", required=True)
    if value is None:
        return ()
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list) or not value:
        table.fault("places", "must be a list of places", value, remedy)
        return ()
    found: list[str | tuple[float, float]] = []
    for item in value:
        if isinstance(item, str) and item.strip():
            found.append(item)
            continue
        numbers = isinstance(item, list) and len(item) == 2
        if numbers and all(isinstance(v, int | float) and not isinstance(v, bool) for v in item):
            lon, lat = float(item[0]), float(item[1])
            if abs(lon) <= 180.0 and abs(lat) <= 90.0:
                found.append((lon, lat))
                continue
        table.fault("places", "is neither a name nor longitude and latitude", item, remedy)
    twice = sorted({str(one) for one in found if found.count(one) > 1})
    if twice:
        table.fault("places", "a place is named twice", ", ".join(twice))
    return tuple(found)
