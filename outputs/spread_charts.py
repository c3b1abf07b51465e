"""Charts of how evenly reach is spread, and of how distant opportunities count for less."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from halfcircle.access.decay import decay_by_name
from halfcircle.access.equity import gini, lorenz_curve
from halfcircle.errors import StudyError
from halfcircle.outputs.charts import Series, line_chart
from halfcircle.outputs.layers import LayerKey
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.statistics import Weights
from halfcircle.outputs.texts import Texts, capital

__all__ = ["decay_chart", "dial_chart", "lorenz_chart"]

QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)
# Curves of thousands of zones, drawn with this many points.
N_POINTS = 200
EQUAL_STYLE = 4
LONGEST_MIN = 120


def lorenz_chart(
    shown: Sequence[tuple[LayerKey, npt.NDArray[np.float64]]],
    weights: Weights,
    texts: Texts,
    *,
    title: str,
) -> Markup | None:
    """Lorenz curve of reach, a line per means of travel with its Gini coefficient.

    Parameters
    ----------
    shown : sequence of (LayerKey, array of float64, shape (n_zones,))
        Layers that differ by mode only.
    weights : Weights
    texts : Texts
    title : str

    Returns
    -------
    Markup or None
        An ``svg`` element; None if nothing is reached by any means.
    """
    series, told = [], []
    for style, (key, values) in enumerate(shown):
        people, held = lorenz_curve(values, weights.values)
        if np.isnan(held).any():
            continue
        coefficient = texts.number(gini(values, weights.values), 2)
        half = float(np.interp(0.5, people, held))
        at = people
        if len(people) > N_POINTS:
            at = np.linspace(0.0, 1.0, N_POINTS)
        mode = texts.mode(key.mode)
        name = texts("report.lorenz_line", mode=mode, gini=coefficient)
        series.append(Series(name, at, np.interp(at, people, held), style))
        told.append(
            texts(
                "report.lorenz_detail",
                mode=capital(mode),
                gini=coefficient,
                half=texts.share(half),
            )
        )
    if not series:
        return None
    ends = np.array([0.0, 1.0])
    series.append(Series(texts("report.lorenz_equal"), ends, ends, EQUAL_STYLE))
    return line_chart(
        series,
        identifier="lorenz",
        title=title,
        about=" ".join(told),
        x_title=texts("report.lorenz_axis"),
        x_label=texts.share,
        y_label=texts.share,
        x_ticks=QUARTERS,
        names_above=True,
    )


def decay_chart(result: RunResult, texts: Texts) -> Markup | None:
    """How much an opportunity counts by travel time, a line per curve that the run used.

    Parameters
    ----------
    result : RunResult

    Returns
    -------
    Markup or None
        An ``svg`` element; None where the run counts within travel times only.
    """
    name = result.settings.further.get("decay")
    if not name:
        return None
    minutes = np.arange(0.0, LONGEST_MIN + 1.0)
    used: dict[str, list[str]] = {}
    curves: dict[str, npt.NDArray[np.float64]] = {}
    for mode in result.settings.modes:
        try:
            decay = decay_by_name(name, mode)
        except StudyError:
            # No curve for this mode, or one with parameters that the run does not tell.
            continue
        used.setdefault(decay.name, []).append(texts.mode(mode))
        curves[decay.name] = decay(60.0 * minutes)
    if not curves:
        return None
    lines = [
        Series(", ".join(used[label]), minutes, weight, style)
        for style, (label, weight) in enumerate(curves.items())
    ]
    told = [
        texts(
            "report.decay_detail",
            mode=capital(one.name),
            half=texts.share(float(one.y[30])),
            hour=texts.share(float(one.y[60])),
        )
        for one in lines
    ]
    return line_chart(
        lines,
        identifier="decay",
        title=texts("report.decay_title"),
        about=" ".join(told),
        x_title=texts("setting.minutes", n="").strip(),
        x_label=texts.minutes,
        y_label=texts.share,
        x_ticks=[0, 30, 60, 90, 120],
        names_above=True,
    )


def dial_chart(result: RunResult, texts: Texts) -> Markup | None:
    """Number of labour market areas by the self-containment that is asked for.

    Parameters
    ----------
    result : RunResult
    texts : Texts

    Returns
    -------
    Markup or None
        An ``svg`` element; None where the run has no ``regions_dial`` of two settings or more.
    """
    table = result.further.get("regions_dial")
    if table is None or table["target_containment"].nunique() < 2:
        return None
    table = table.sort_values(["target_containment", "min_containment"])
    # Of several sizes the first: the line is about containment.
    same = (table["min_size"] == table["min_size"].iloc[0]) & (
        table["target_size"] == table["target_size"].iloc[0]
    )
    x = table.loc[same, "target_containment"].to_numpy(np.float64)
    y = table.loc[same, "n_regions"].to_numpy(np.float64)
    told = [
        texts("region.dial_detail", n=texts.number(float(n)), share=texts.share(float(at)))
        for at, n in zip(x, y, strict=True)
    ]
    return line_chart(
        [Series(texts("region.dial_line"), x, y, 0)],
        identifier="dial",
        title=texts("region.dial_title"),
        about=" ".join(told),
        x_title=texts("region.dial_axis"),
        x_label=texts.share,
        y_label=texts.count,
        x_ticks=QUARTERS,
        marks=True,
    )
