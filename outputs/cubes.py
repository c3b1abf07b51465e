"""Results as labelled arrays (xarray): one axis per thing that tells layers apart."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from halfcircle._checks import nearest
from halfcircle._version import __version__
from halfcircle.errors import MissingExtraError, OutputError
from halfcircle.outputs.layers import FIRST_MEASURE, Layers, build_layers, build_loss_layers
from halfcircle.outputs.result import RunResult

__all__ = ["result_dataset"]

AXES = ("scenario", "mode", "opportunity", "group", "percentile", "band_min")
# Axes without a value where they do not apply are left out; these are there even with one entry.
OPTIONAL = ("percentile", "band_min")
BORDER = {
    "reach_domestic": "opportunities reached in the zone's own country",
    "reach_open": "opportunities reached if the border did not count",
    "reach_effective": "opportunities reached with the border penalties",
    "loss": "1 - reach_domestic / reach_open",
}
ABOUT = {
    "band_min": {"long_name": "longest travel time that counts, door to door", "units": "minutes"},
    "percentile": {"long_name": "percentile of travel time over departures", "units": "percent"},
    "lon": {"long_name": "longitude, WGS 84", "units": "degrees_east"},
    "lat": {"long_name": "latitude, WGS 84", "units": "degrees_north"},
}


@dataclass(frozen=True)
class _Axes:
    """Labels of every axis, in order, and the axes that values of a quantity have."""

    labels: dict[str, list[Any]]

    def array(
        self, layers: Layers, *, without: tuple[str, ...] = ()
    ) -> tuple[tuple[str, ...], npt.NDArray[np.float64]]:
        """Names of the axes, and the values; NaN for combinations that were not computed."""
        names = tuple(name for name in self.labels if name not in without)
        place = {name: {x: i for i, x in enumerate(self.labels[name])} for name in names}
        shape = [len(self.labels[name]) for name in names]
        values = np.full((*shape, layers.values.shape[1]), np.nan)
        for key, row in zip(layers.keys, layers.values, strict=True):
            values[tuple(place[name][getattr(key, name)] for name in names)] = row
        return (*names, "zone"), values


def result_dataset(result: RunResult, *, measure: str = FIRST_MEASURE) -> Any:
    """Reach, and what the border takes of it, as an xarray Dataset.

    Parameters
    ----------
    result : RunResult
    measure : str
        How opportunities are counted; measures have units of their own, so one at a time.

    Returns
    -------
    xarray.Dataset
        ``reach`` (scenario, mode, opportunity, group[, percentile][, band_min], zone), float64, in
        the unit of the opportunity; with a border also ``reach_domestic``, ``reach_open``,
        ``reach_effective`` and ``loss`` (a share from 0 to 1), which have no percentile. NaN where
        there is no value. Axes that do not apply to the measure are left out. Along ``zone`` stand
        name, country, lon and lat (degrees); along ``opportunity`` its unit and year. Units and
        meanings are in the attributes.

    Raises
    ------
    OutputError
        The run has no such measure.
    MissingExtraError
        xarray is not installed.
    """
    xarray = _xarray()
    layers = _of_measure(build_layers(result), measure)
    if not len(layers):
        known = list(dict.fromkeys(result.reach["measure"].astype(str)))
        raise OutputError(f"measure {measure!r}: the run has none - {nearest(measure, known)}")
    losses = _of_measure(build_loss_layers(result), measure)
    axes = _axes(result, layers, losses)
    names, values = axes.array(layers)
    about = {"long_name": "opportunities reached", "measure": measure, "units": _unit(result, axes)}
    variables = {"reach": (names, values, about)}
    if len(losses):
        for column, meaning in BORDER.items():
            part = _of_measure(build_loss_layers(result, column=column), measure)
            names, values = axes.array(part, without=("percentile",))
            unit = "1" if column == "loss" else _unit(result, axes)
            variables[column] = (names, values, about | {"long_name": meaning, "units": unit})
    given = result.settings
    facts = {
        "title": result.name,
        "study_hash": result.study_hash,
        "halfcircle": __version__,
        "crs": result.zones.crs.to_string(),
        "service_date": given.date,
        "departure_window": "-".join(given.window) if given.window else "",
        "time_zone": given.time_zone,
    }
    return xarray.Dataset(
        variables,
        coords=_coordinates(result, axes),
        attrs={name: value for name, value in facts.items() if value},
    )


def _of_measure(layers: Layers, measure: str) -> Layers:
    return layers.take([i for i, key in enumerate(layers.keys) if key.measure == measure])


def _axes(result: RunResult, layers: Layers, losses: Layers) -> _Axes:
    """Labels as in the layers, those of reach first; numbers in ascending order."""
    labels: dict[str, list[Any]] = {}
    for name in AXES:
        found = list(dict.fromkeys(getattr(key, name) for key in (*layers.keys, *losses.keys)))
        if name in OPTIONAL:
            # Losses have no percentile: only what reach knows counts.
            found = list(dict.fromkeys(getattr(key, name) for key in layers.keys))
            if set(found) == {None}:
                continue
            found.sort(key=lambda value: (value is None, value or 0))
        labels[name] = found
    order = list(result.settings.modes)
    labels["mode"].sort(key=lambda mode: order.index(mode) if mode in order else len(order))
    return _Axes(labels)


def _coordinates(result: RunResult, axes: _Axes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, labels in axes.labels.items():
        values: Any = np.array(labels, dtype=object).astype(str)
        if name in OPTIONAL:
            values = np.array([np.nan if label is None else label for label in labels])
        found[name] = (name, values, ABOUT.get(name, {}))
    zones = result.zones
    found["zone"] = ("zone", zones.zone_id.astype(str))
    found["name"] = ("zone", zones.label.astype(str))
    if zones.places.country is not None:
        found["country"] = ("zone", zones.places.country.astype(str))
    for name in ("lon", "lat"):
        found[name] = ("zone", np.asarray(getattr(zones.places, name)), ABOUT[name])
    about = {one.name: one for one in result.opportunities}
    labels = axes.labels["opportunity"]
    units = [about[name].unit or name for name in labels]
    years = [np.nan if about[name].year is None else about[name].year for name in labels]
    found["unit"] = ("opportunity", np.array(units))
    found["year"] = ("opportunity", np.array(years, dtype=np.float64))
    return found


def _unit(result: RunResult, axes: _Axes) -> str:
    """The unit of all opportunities, or where to find it."""
    about = {one.name: one.unit or one.name for one in result.opportunities}
    units = {about[name] for name in axes.labels["opportunity"]}
    return units.pop() if len(units) == 1 else "see coordinate unit"


def _xarray() -> ModuleType:
    try:
        import xarray
    except ImportError:
        raise MissingExtraError("xarray", extra="xarray", purpose="to_xarray()") from None
    return xarray
