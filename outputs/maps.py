"""Interactive map of a run: one page that works without any network."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from halfcircle._files import write_text
from halfcircle.outputs._assets import asset
from halfcircle.outputs.layers import Layers, main_key
from halfcircle.outputs.legend import percentile_label
from halfcircle.outputs.looks import BOUNDARY_COLOUR, BOUNDARY_DASHES
from halfcircle.outputs.map_data import (
    filled_share,
    fitting,
    fitting_layers,
    pack,
    point_spacing_m,
    reasons_by_zone,
    shape_data,
    stored_values,
)
from halfcircle.outputs.map_glyphs import glyph_data
from halfcircle.outputs.map_layers import (
    DIMS,
    MapLayer,
    circle_layers,
    class_table,
    dim_values,
    table_layers,
)
from halfcircle.outputs.measure_layers import measure_units
from halfcircle.outputs.measure_words import measure_words
from halfcircle.outputs.mode_layers import mode_layers
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.shapes import zone_shapes
from halfcircle.outputs.texts import CLOSED, SEPARATORS, Texts

__all__ = ["assemble", "build_map", "map_content", "write_map"]

VALUE_BYTES = 2_900_000
MODE_BYTES = 300_000
CIRCLE_BYTES = 400_000
GLYPH_BYTES = 400_000
SCRIPTS = ("leaflet.js", "map_base.js", "map.js")
# Says to the browser itself that nothing may be fetched.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:"
)


def write_map(
    result: RunResult,
    layers: Layers,
    losses: Layers,
    path: Path,
    *,
    texts: Texts,
    deltas: Layers | None = None,
    measures: Layers | None = None,
) -> Path:
    """Write the interactive map.

    Parameters
    ----------
    result : RunResult
    layers, losses : Layers
        Reach and border loss.
    path : Path
    texts : Texts
    deltas : Layers, optional
        Differences of scenarios from the baseline.
    measures : Layers, optional
        Measures beside reach, none of them negative.

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    drawn = build_map(result, layers, losses, texts=texts, deltas=deltas, measures=measures)
    page = drawn.get_root().render()
    # Folium ends lines with blanks here and there.
    return write_text(path, re.sub(r"[ \t]+\n", "\n", page) + "\n")


def build_map(
    result: RunResult,
    layers: Layers,
    losses: Layers,
    *,
    texts: Texts,
    deltas: Layers | None = None,
    measures: Layers | None = None,
) -> Any:
    """Build the interactive map of a run.

    Parameters
    ----------
    result : RunResult
    layers, losses : Layers
        Reach and border loss; if they are too large for a page, main ones are kept.
    texts : Texts
    deltas : Layers, optional
        Differences of scenarios from the baseline.
    measures : Layers, optional
        Measures beside reach, none of them negative.

    Returns
    -------
    folium.Map
        Needs no network, also in a notebook.
    """
    data, meta = map_content(result, layers, losses, texts=texts, deltas=deltas, measures=measures)
    return assemble(result, data, meta, texts=texts)


def assemble(
    result: RunResult,
    data: dict[str, Any],
    meta: dict[str, Any],
    *,
    texts: Texts,
    scripts: tuple[str, ...] = SCRIPTS,
    policy: str = POLICY,
    before: str = "",
) -> Any:
    """Put a page together from its content.

    Parameters
    ----------
    result : RunResult
    data, meta : dict
        Of `map_content`.
    texts : Texts
    scripts : tuple of str
        Assets, in the order in which they run.
    policy : str
        What the page may fetch.
    before : str
        HTML in front of the panel.

    Returns
    -------
    folium.Map
    """
    # folium takes longer to import than all else here; a run needs it at its end only
    from halfcircle.outputs._offline_map import OfflineMap, Panel

    lon, lat = result.zones.places.lon, result.zones.places.lat
    drawn = OfflineMap((float(np.mean(lat)), float(np.mean(lon))))
    _fill_header(drawn.get_root(), result.name, texts, scripts=scripts, policy=policy)
    drawn.add_child(Panel(before + _page(result, meta, pack(data), texts)))
    return drawn


def map_content(
    result: RunResult,
    layers: Layers,
    losses: Layers,
    *,
    texts: Texts,
    deltas: Layers | None = None,
    measures: Layers | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the page of `build_map` holds: the numbers, and the words for them.

    Returns
    -------
    dict
        Shapes, names and values; packed in the page.
    dict
        Layers with their titles and classes, labels, texts.
    """
    others = [losses, *(part for part in (deltas, measures) if part is not None)]
    n_all = len(layers) + sum(map(len, others))
    parts = [layers, *others]
    if sum(map(len, parts)) > fitting([row for part in parts for row in part.values], VALUE_BYTES):
        # Reach first: the rest shares a quarter, by their numbers of layers.
        shares = [VALUE_BYTES * len(part) // (4 * n_all) for part in others]
        parts = [layers.take(fitting_layers(layers, VALUE_BYTES - sum(shares)))] + [
            part.take(fitting_layers(part, share)) if len(part) else part
            for part, share in zip(others, shares, strict=True)
        ]
    kept = parts[0]
    shown = table_layers(parts, texts, units=measure_units(result))
    fastest = mode_layers(result, texts)
    if fastest:
        n_all += len(fastest)
        shown += fastest[: _n_fitting(shown, fastest)]
    circles = circle_layers(result, texts)
    if circles:
        n_all += len(circles)
        shown += circles[: fitting([layer.values for layer in circles], CIRCLE_BYTES)]
    stored = [stored_values(layer.values) for layer in shown]
    reasons = reasons_by_zone(result)
    data = shape_data(result) | {
        "ids": list(result.zones.zone_id),
        "names": list(result.zones.label),
        "countries": _countries(result),
        "values": [values for values, _ in stored],
        "shares": [_thousandths(layer) for layer in shown],
        "reasons": reasons,
        "glyphs": glyph_data(result, max_bytes=GLYPH_BYTES),
    }
    meta = _meta(result, shown, [scale for _, scale in stored], texts)
    first = main_key(kept)
    meta["first"] = 0 if first is None else kept.keys.index(first)
    meta["texts"]["reasons"] = {
        name: texts.reason(name)
        for modes in reasons.values()
        for zones in modes.values()
        for name in zones.values()
    }
    if len(shown) < n_all:
        few, everything = texts.number(len(shown)), texts.number(n_all)
        meta["note"] = texts("map.trimmed", shown=few, all=everything)
    return data, meta


def _n_fitting(shown: list[MapLayer], fastest: list[MapLayer]) -> int:
    """How many layers of modes fit: into their own room, or into what the others leave."""
    rows = [_with_shares(one) for one in fastest]
    n = fitting(rows, MODE_BYTES)
    if n < len(rows):
        whole = fitting([*(one.values for one in shown), *rows], VALUE_BYTES + MODE_BYTES)
        n = max(n, whole - len(shown))
    return n


def _with_shares(layer: MapLayer) -> npt.NDArray[np.float64]:
    shares = np.zeros(0) if layer.shares is None else np.round(1000.0 * layer.shares.ravel())
    return np.concatenate([layer.values, shares])


def _thousandths(layer: MapLayer) -> list[list[int | None]] | None:
    if layer.shares is None:
        return None
    return [stored_values(np.round(1000.0 * one))[0] for one in layer.shares]


def _fill_header(
    figure: Any, title: str, texts: Texts, *, scripts: tuple[str, ...], policy: str
) -> None:
    from halfcircle.outputs._offline_map import fixed

    leaflet_css = re.sub(r"url\(images/[^)]*\)", "none", asset("assets", "leaflet.css"))
    # Replaces a meta element of folium, so that policy and encoding come before any script.
    head = (
        '<meta http-equiv="content-type" content="text/html; charset=UTF-8" />'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}" />'
        f"<title>{_escaped(title)}</title>"
    )
    figure.header.add_child(fixed(head), name="meta_http")
    styles = f"<style>{leaflet_css}</style><style>{asset('assets', 'map.css')}</style>"
    code = "".join(f"<script>{asset('assets', name)}</script>" for name in scripts)
    figure.header.add_child(fixed(code), name="leaflet_js")
    figure.html.add_child(fixed(styles), name="style")
    figure.html.add_child(
        fixed(f'<script>document.documentElement.lang="{texts.language}"</script>'), name="lang"
    )


def _escaped(text: str) -> str:
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(sign, entity)
    return text


def _page(result: RunResult, meta: dict[str, Any], packed: str, texts: Texts) -> str:
    words = {key: _escaped(text) for key, text in texts.group("map").items()}
    # "<" as an escape: no text can end the script element.
    described = json.dumps(meta, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    sources = "; ".join(
        _credit(source.name, source.licence, source.text) for source in result.sources
    )
    return (
        f'<aside id="hc-panel" aria-label="{words["panel"]}">'
        f'<h1>{_escaped(result.name)}</h1><p id="hc-layer"></p>'
        f'<div class="hc-tools"><label class="hc-caption" for="hc-search">{words["search"]}</label>'
        '<input id="hc-search" type="search" autocomplete="off"><ul id="hc-found"></ul></div>'
        '<div id="hc-controls"></div><output id="hc-hover"></output>'
        f'<div id="hc-legend" role="group" aria-label="{words["classes"]}"></div>'
        '<div id="hc-switches" class="hc-tools"></div>'
        f'<div class="hc-tools"><p><label class="hc-check"><input type="checkbox" '
        f'id="hc-own-classes"> {words["classes"]} {words["classes_own"]}</label></p>'
        f'<p><button type="button" id="hc-print">{words["print"]}</button></p></div>'
        f'<p id="hc-note" class="hc-small">{_escaped(meta.get("note", ""))}</p>'
        f'<p id="hc-sources" class="hc-small">{words["sources"]}: {_escaped(sources)}</p></aside>'
        f'<script type="application/json" id="hc-meta">{described}</script>'
        f'<script type="text/plain" id="hc-data">{packed}</script>'
    )


def _credit(name: str, licence: str, text: str) -> str:
    return " ".join(part for part in (text or name, f"({licence})" if licence else "") if part)


def _countries(result: RunResult) -> list[str]:
    country = result.zones.places.country
    return [""] * len(result.zones) if country is None else list(country)


def _meta(
    result: RunResult, shown: list[MapLayer], scales: list[int], texts: Texts
) -> dict[str, Any]:
    values = dim_values([layer.dims for layer in shown])
    shared, own = class_table(shown, result.looks.classes)
    shapes = zone_shapes(result.zones)
    west, south, east, north = _bounds_degrees(result)
    named = texts.group("map")
    words = named | texts.group("legend") | {"directions": texts("border.directions")}
    zoom = np.log2(360.0 / max(east - west, north - south, 1e-3)) + 2
    return {
        "name": result.name,
        "separators": SEPARATORS[texts.language],
        "areas": shapes.areas,
        "spacing_m": 0.0 if shapes.areas else point_spacing_m(result),
        "bounds": [[south, west], [north, east]],
        "filled": filled_share(result),
        "close_zoom": float(np.clip(zoom, 4, 14)),
        "values": values,
        "labels": {
            dim: {_js(value): _label(dim, value, values, texts) for value in values[dim]}
            for dim in DIMS
        },
        "texts": words | {"dims": {dim: named[dim] for dim in DIMS}},
        "outline_colour": BOUNDARY_COLOUR,
        "outline_dashes": BOUNDARY_DASHES,
        "classes": shared,
        "layers": [
            layer.dims
            | {
                "scale": scale,
                "title": layer.title,
                "heading": layer.heading,
                "unit": layer.unit,
                "kind": layer.kind,
                "classes": layer.class_name,
                "own": alone,
                "facts": layer.facts,
                "mark": layer.mark,
            }
            for layer, scale, alone in zip(shown, scales, own, strict=True)
        ],
    }


def _bounds_degrees(result: RunResult) -> tuple[float, float, float, float]:
    """West, south, east, north of the shapes, with a little room where zones are points."""
    import shapely
    from pyproj import Transformer

    west, south, east, north = zone_shapes(result.zones).bounds
    room_m = 0.02 * max(east - west, north - south, 100.0)
    box = shapely.box(west - room_m, south - room_m, east + room_m, north + room_m)
    to_degrees = Transformer.from_crs(result.zones.crs, 4326, always_xy=True)
    x, y = shapely.get_coordinates(shapely.segmentize(box, (east - west) / 20 + room_m)).T
    lon, lat = to_degrees.transform(x, y)
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())


def _js(value: Any) -> str:
    return "null" if value is None else str(value)


def _label(dim: str, value: Any, values: dict[str, list[Any]], texts: Texts) -> str:
    if dim == "quantity":
        return texts(f"map.quantity_{value}")
    if dim == "band":
        return (
            texts("map.no_limit")
            if value is None
            else f"{texts.minutes(value)} {texts('map.minutes')}"
        )
    if dim == "percentile":
        return _percentile(value, values, texts)
    if dim == "place" or value is None:
        return "" if value is None else str(value)
    if dim == "group":
        return texts("map.group_all") if value == "all" else str(value)
    if dim == "measure":
        own = f"measure.{str(value).removesuffix(CLOSED)}" in texts.entries
        return texts.measure(value) if own else measure_words(texts).layer(value)
    named = {"mode": texts.mode, "opportunity": texts.opportunity}
    return named[dim](value) if dim in named else str(value)


def _percentile(value: int | None, values: dict[str, list[Any]], texts: Texts) -> str:
    if value is None:
        return texts("map.mean_departure")
    # a low percentile of reach over departures is a badly timed one, of travel time a well-timed
    if value == 50 or len(values["percentile"]) < 2 or "departures" in values["measure"]:
        return percentile_label(value, texts)
    return texts("map.lucky" if value < 50 else "map.unlucky", n=str(value))
