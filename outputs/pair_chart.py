"""How long a journey between two places takes, over all departures of the window."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from halfcircle.errors import OutputError
from halfcircle.outputs.charts import Series, line_chart
from halfcircle.outputs.texts import Texts
from halfcircle.outputs.views import Picture

__all__ = ["pair_chart"]

# Letters of a name above the line; the title of the drawing has all of them.
LONGEST_NAME = 20


def pair_chart(
    percentiles: Sequence[int],
    times_s: npt.NDArray[np.float32],
    *,
    mode: str,
    origin: str,
    destination: str,
    language: str = "en",
) -> Picture:
    """Share of departures that take at most so long; its median is the travel time of the tables.

    Parameters
    ----------
    percentiles : sequence of int
        Rising, from 0 to 100; the more, the finer the line.
    times_s : array of float32, shape (n_percentiles,), seconds
        Travel time at each; infinite where the destination is not reached, so that the line ends
        at the share of departures that reach it.
    mode, origin, destination : str
        For the title; places by name.
    language : {"en", "nl", "de"}

    Returns
    -------
    Picture

    Raises
    ------
    OutputError
        No departure reaches the destination, or the language is not known.
    """
    texts = Texts(language)
    share = np.asarray(percentiles, dtype=np.float64) / 100.0
    minutes = np.asarray(times_s, dtype=np.float64) / 60.0
    known = np.isfinite(minutes)
    title = texts("pair.title", origin=origin, destination=destination, mode=texts.mode_by(mode))
    if not known.any():
        raise OutputError(f"{title}: no departure of the window gets there")
    told = [
        texts("pair.fastest", n=texts.number(float(minutes[known].min()))),
        texts("pair.slowest", n=texts.number(float(minutes[known].max()))),
    ]
    if known[share <= 0.5].all():
        median = float(np.interp(0.5, share[known], minutes[known]))
        told.insert(1, texts("pair.median", n=texts.number(median)))
    if not known.all():
        told.append(texts("pair.unreached", share=texts.share(1.0 - float(share[known].max()))))
    ends = " – ".join(_short(name) for name in (origin, destination))
    svg = line_chart(
        [Series(ends, minutes[known], share[known], 0)],
        identifier="pair",
        title=title,
        about=" ".join(told),
        x_title=texts("pair.axis"),
        x_label=texts.minutes,
        y_label=texts.share,
        names_above=True,
        marks=True,
    )
    return Picture(svg, f"{title}. {' '.join(told)}")


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
