"""What the interactive map can show: layers of reach, loss and change, and circles of places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from halfcircle.outputs.classes import (
    REACH_RAMP,
    Classes,
    ClassMethod,
    delta_classes,
    loss_classes,
    reach_classes,
)
from halfcircle.outputs.layers import FIRST_MEASURE, FIRST_SCENARIO, LayerKey, Layers
from halfcircle.outputs.legend import layer_title, percentile_label
from halfcircle.outputs.measure_words import measure_words
from halfcircle.outputs.place_reach import PlaceReach
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.texts import Texts, capital

__all__ = [
    "DIMS",
    "MapLayer",
    "circle_layers",
    "class_table",
    "dim_values",
    "plain_minutes",
    "table_layers",
]

Floats = npt.NDArray[np.float64]

# What tells layers apart, in the order in which people choose.
DIMS = (
    "quantity", "place", "opportunity", "mode", "band", "percentile", "group", "measure",
    "scenario",
)  # fmt: skip
NEAR_FIRST = tuple(reversed(REACH_RAMP[:6]))
# Of a zone that takes no time to reach itself: in the first class, not in the one beyond.
LEAST_MIN = 0.01


@dataclass(frozen=True, eq=False)
class MapLayer:
    """One layer of the interactive map.

    Parameters
    ----------
    dims : dict
        One value per name of `DIMS`, None where a part does not apply.
    values : array of float64, shape (n_zones,)
        NaN where there is no value, or none that counts.
    title : str
    heading : str
        What the tables of a popup have in common: everything but mode and band.
    unit : str
        Above the legend.
    kind : {"count", "share", "delta", "minutes", "mode"}
        How a value is written, and what 0 means; of modes it is a position in `categories`, from 1.
    class_name : str
        Layers of one name share their classes.
    facts : tuple
        Rows of a small table under the legend, the first with its heads.
    mark : int, optional
        Position of the zone that the layer is about.
    categories : tuple of (str, str)
        Label and colour of each mode.
    shares : array of float64, shape (n_categories, n_zones), optional
        Told in popups; NaN where there is no value.
    """

    dims: dict[str, Any]
    values: Floats
    title: str
    heading: str
    unit: str
    kind: Literal["count", "share", "delta", "minutes", "mode"]
    class_name: str
    facts: tuple[tuple[str, ...], ...] = field(default=())
    mark: int | None = None
    categories: tuple[tuple[str, str], ...] = ()
    shares: Floats | None = None


def table_layers(
    parts: Sequence[Layers],
    texts: Texts,
    *,
    units: Mapping[tuple[str, str], str] | None = None,
) -> list[MapLayer]:
    """Layers cut from tables: reach, losses, differences, and measures with units of their own."""
    keys = [key for part in parts for key in part.keys]
    values = dim_values([_dims(key) for key in keys])
    found = []
    for part in parts:
        for key, row in zip(part.keys, part.values, strict=True):
            kind: Literal["count", "share", "delta"] = "count"
            if key.quantity in ("loss", "delta"):
                kind = "share" if key.quantity == "loss" else "delta"
            unit = texts.opportunity(key.opportunity)
            own = (units or {}).get((key.opportunity, key.measure))
            if own is not None:
                unit = measure_words(texts).unit(own)
            found.append(
                MapLayer(
                    _dims(key),
                    row,
                    layer_title(key, texts),
                    _heading(key, values, texts),
                    texts("legend.unit_share") if kind == "share" else unit,
                    kind,
                    _class_name(key),
                )
            )
    return found


def _dims(key: LayerKey) -> dict[str, Any]:
    return {
        "quantity": key.quantity,
        "place": None,
        "opportunity": key.opportunity,
        "mode": key.mode,
        "band": plain_minutes(key.band_min),
        "percentile": key.percentile,
        "group": key.group,
        "measure": key.measure,
        "scenario": key.scenario,
    }


def plain_minutes(band: float | None) -> float | int | None:
    """Minutes as they stand in addresses: 45, not 45.0."""
    return int(band) if band is not None and band.is_integer() else band


def dim_values(entries: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    """Different values of every dimension, bands and percentiles rising."""
    values = {dim: list(dict.fromkeys(entry[dim] for entry in entries)) for dim in DIMS}
    for dim in ("band", "percentile"):
        values[dim].sort(key=lambda value: (value is None, value or 0))
    return values


def _heading(key: LayerKey, values: dict[str, list[Any]], texts: Texts) -> str:
    name = texts.opportunity(key.opportunity)
    text = capital(name)
    if key.quantity in ("loss", "delta"):
        text = texts(f"legend.{key.quantity}_of", opportunity=name)
    parts = [text]
    if key.group != "all":
        parts.append(key.group)
    if key.quantity == "measure":
        parts[0] = f"{measure_words(texts).layer(key.measure)}: {name}"
    elif len(values["measure"]) > 1:
        parts.append(texts.measure(key.measure))
    if len(values["scenario"]) > 1:
        parts.append(key.scenario)
    if key.percentile is not None and len([v for v in values["percentile"] if v is not None]) > 1:
        parts.append(percentile_label(key.percentile, texts))
    return ", ".join(parts)


def _class_name(key: LayerKey) -> str:
    if key.quantity == "loss":
        return "loss"
    kind = "delta/" if key.quantity == "delta" else ""
    return f"{kind}{key.opportunity}/{key.measure}"


def circle_layers(result: RunResult, texts: Texts) -> list[MapLayer]:
    """Travel times from the places of ``[isochrones]``: full circle, and half circle.

    In a full circle every zone counts; in a half circle those of other countries have no value.
    Zones beyond the last band have the value 0. Without countries there is one circle only.
    """
    found: list[MapLayer] = []
    for one in result.isochrones:
        home = one.home(result.zones)
        minutes = np.maximum(one.times_s / 60.0, LEAST_MIN)
        full = np.where(minutes <= one.bands_min[-1], minutes, 0.0)
        facts = _circle_facts(one, result, texts)
        circles = [("time", full)]
        if home is not None:
            # As on paper: what lies across the border is hatched as far as it would be in reach.
            circles = [("full", full), ("half", np.where(home | (full == 0.0), full, np.nan))]
        for circle, values in circles:
            title = texts(f"map.circle_{circle}_title", name=one.name)
            found.append(
                MapLayer(
                    {
                        "quantity": f"circle_{circle}",
                        "place": one.name,
                        "opportunity": None,
                        "mode": one.mode,
                        "band": None,
                        "percentile": one.percentile,
                        "group": "all",
                        "measure": FIRST_MEASURE,
                        "scenario": FIRST_SCENARIO,
                    },
                    values,
                    f"{title}, {texts.mode(one.mode)}",
                    title,
                    texts("legend.unit_minutes"),
                    "minutes",
                    "minutes/" + "/".join(f"{band:g}" for band in one.bands_min),
                    facts,
                    one.zone_idx,
                )
            )
    # First all full circles, then all half ones: the switch between them comes first.
    return sorted(found, key=lambda layer: layer.dims["quantity"] == "circle_half")


def _circle_facts(one: PlaceReach, result: RunResult, texts: Texts) -> tuple[tuple[str, ...], ...]:
    """What is counted within each band, without the border and with it."""
    counted = one.counted(result.opportunities)
    if counted is None:
        return ()
    opened = one.within(result.zones, result.opportunities)
    name = capital(texts.opportunity(counted.name))
    bands = [texts("legend.minutes", n=texts.minutes(band)) for band in one.bands_min]
    if one.home(result.zones) is None:
        rows = [(band, texts.count(n)) for band, n in zip(bands, opened, strict=True)]
        return ((name, texts("map.circle_count")), *rows)
    kept = one.within(result.zones, result.opportunities, domestic=True)
    head = (name, *(texts(f"map.circle_{word}") for word in ("open", "home", "lost")))
    rows_of = [
        (
            band,
            texts.count(whole),
            texts.count(home),
            texts.share(1.0 - home / whole) if whole > 0 else texts("report.missing_mark"),
        )
        for band, whole, home in zip(bands, opened, kept, strict=True)
    ]
    return (head, *rows_of)


def class_table(
    layers: Sequence[MapLayer], method: ClassMethod
) -> tuple[dict[str, Any], list[dict[str, Any] | None]]:
    """Classes that layers share, by name, and those of each layer by itself.

    Shares, differences and minutes keep one scale, so they have none by themselves: zero, equal
    steps on both sides and the bands are the point.
    """
    names = list(dict.fromkeys(layer.class_name for layer in layers))
    shared = {}
    for name in names:
        same = [layer for layer in layers if layer.class_name == name]
        values = np.concatenate([layer.values for layer in same])
        shared[name] = _entry(_classes(same[0], values, method)) | _labels(same[0])
    own = [
        _entry(_classes(layer, layer.values, method), "_one") if layer.kind == "count" else None
        for layer in layers
    ]
    return shared, own


def _labels(layer: MapLayer) -> dict[str, Any]:
    return {"labels": [label for label, _ in layer.categories]} if layer.categories else {}


def _classes(layer: MapLayer, values: Floats, method: ClassMethod) -> Classes:
    if layer.kind == "share":
        return loss_classes()
    if layer.kind == "delta":
        return delta_classes(values)
    if layer.kind == "mode":
        numbers = tuple(float(i) for i in range(1, len(layer.categories) + 1))
        return Classes(numbers, tuple(colour for _, colour in layer.categories), "category")
    if layer.kind == "minutes":
        bands = tuple(float(band) for band in layer.class_name.split("/")[1:])
        return Classes(bands, NEAR_FIRST[: len(bands)], "fixed")
    return reach_classes(values, method=method)


def _entry(classes: Classes, suffix: str = "") -> dict[str, Any]:
    return {
        "breaks": classes.breaks,
        "colours": classes.colours,
        "method": classes.method + suffix,
        "whole": classes.whole,
    }
