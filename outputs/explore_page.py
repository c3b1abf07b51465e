"""The page of the explorer: the map of a run, with a panel that asks the server about a place."""

from __future__ import annotations

from typing import Any

from halfcircle.outputs.layers import Layers
from halfcircle.outputs.map_layers import NEAR_FIRST
from halfcircle.outputs.maps import SCRIPTS, assemble, map_content
from halfcircle.outputs.measure_layers import without_negative
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.texts import Texts

__all__ = ["explore_page"]

# May ask the server that it came from, and nobody else; no icon is asked for either.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data: blob:; connect-src 'self'"
)
MAX_BANDS = len(NEAR_FIRST)


def explore_page(
    result: RunResult,
    layers: Layers,
    losses: Layers,
    *,
    texts: Texts,
    deltas: Layers | None = None,
    measures: Layers | None = None,
    modes: tuple[str, ...] = (),
    scenarios: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
) -> str:
    """Build the page of the explorer.

    Parameters
    ----------
    result : RunResult
    layers, losses : Layers
        Reach and border loss.
    texts : Texts
    deltas : Layers, optional
        Differences of scenarios from the baseline.
    measures : Layers, optional
        Of `halfcircle.outputs.measure_layers`.
    modes, scenarios : tuple of str
        Whose travel times can be asked for; none if there are no sources to compute them from.
    notes : tuple of str
        What users should know.

    Returns
    -------
    str
        HTML.
    """
    drawn = None if measures is None else without_negative(measures)
    data, meta = map_content(result, layers, losses, texts=texts, deltas=deltas, measures=drawn)
    known = (*layers.keys, *losses.keys, *(() if measures is None else measures.keys))
    bands = result.settings.bands_min[-MAX_BANDS:] or (15.0, 30.0, 45.0, 60.0)
    country = result.zones.places.country
    described: dict[str, Any] = {
        "modes": modes,
        "scenarios": scenarios,
        "notes": notes,
        "bands": bands,
        "colours": NEAR_FIRST[: len(bands)],
        "border": country is not None and len(set(country) - {""}) > 1,
        "texts": texts.group("explore"),
        "mode_names": {key.mode: texts.mode(key.mode) for key in known}
        | {mode: texts.mode(mode) for mode in modes},
        "opportunity_names": {key.opportunity: texts.opportunity(key.opportunity) for key in known},
        "measure_names": {key.measure: texts.measure(key.measure) for key in known},
        "reasons": texts.group("reason"),
    }
    meta["explore"] = described
    page = assemble(
        result,
        data,
        meta,
        texts=texts,
        scripts=(*SCRIPTS[:-1], "explore.js", SCRIPTS[-1]),
        policy=POLICY,
        before='<section id="hc-dossier" tabindex="-1" aria-live="polite"></section>',
    )
    text: str = page.get_root().render()
    return text.replace("<title>", '<link rel="icon" href="data:,"><title>', 1)
