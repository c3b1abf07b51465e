"""Isochrones in the report: full circle and half circle of each place, side by side."""

from __future__ import annotations

from typing import Any

from halfcircle.outputs.choropleth import Sheet
from halfcircle.outputs.isochrone_pair import circle_pair
from halfcircle.outputs.place_reach import PlaceReach
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.texts import Texts, capital

__all__ = ["circle_figures"]

MAX_PLACES = 4
FIRST_MODES = ("car", "transit")


def circle_figures(result: RunResult, sheet: Sheet, texts: Texts) -> list[dict[str, Any]]:
    """Maps of what is within reach of each place without the border, and with it.

    Parameters
    ----------
    result : RunResult
    sheet : Sheet
    texts : Texts

    Returns
    -------
    list of dict
        Per place, at most four: title, the two drawings, legend, and a table of what is counted.
        By car where there is one, else by public transport, else by the first mode.
    """
    places = dict.fromkeys(one.name for one in result.isochrones)
    figures = []
    for n, name in enumerate(places):
        one = _preferred([part for part in result.isochrones if part.name == name])
        if one.home(result.zones) is None or n >= MAX_PLACES:
            continue
        pair = circle_pair(
            result,
            one.zone_idx,
            one.times_s,
            one.bands_min,
            texts=texts,
            opportunity=one.opportunity,
            identifier=f"circle{n}",
            sheet=sheet,
        )
        counted = one.counted(result.opportunities)
        missing = texts("report.missing_mark")
        figures.append(
            {
                "title": texts("circle.title", name=name, mode=texts.mode_by(one.mode)),
                "drawings": (
                    {"title": texts("circle.open", name=name), "picture": pair.open},
                    {"title": texts("circle.domestic", name=name), "picture": pair.domestic},
                ),
                "legend": pair.legend,
                "caption": "" if counted is None else capital(texts.opportunity(counted.name)),
                "rows": [
                    {
                        "name": texts("legend.minutes", n=texts.minutes(band)),
                        "cells": [
                            texts.count(whole),
                            texts.count(home),
                            texts.share(loss) if loss == loss else missing,
                        ],
                    }
                    for band, whole, home, loss in zip(
                        pair.bands_min, pair.reach_open, pair.reach_domestic, pair.loss, strict=True
                    )
                ],
            }
        )
    return figures


def _preferred(parts: list[PlaceReach]) -> PlaceReach:
    for mode in FIRST_MODES:
        for one in parts:
            if one.mode == mode:
                return one
    return parts[0]
