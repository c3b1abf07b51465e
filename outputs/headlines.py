"""Three numbers in plain words, with what they rest on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from halfcircle.outputs.layers import LayerKey, Layers, main_key
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.statistics import Weights, spread
from halfcircle.outputs.texts import Texts
from halfcircle.outputs.uncertainty import TENTH, stretched

__all__ = ["Headline", "headlines", "people_word", "person_word"]


@dataclass(frozen=True)
class Headline:
    """One number, the sentence that it begins, what it rests on, and how sure it is."""

    number: str
    sentence: str
    note: str
    sure: str = ""


def person_word(weights: Weights, texts: Texts) -> str:
    """One of those whom averages are over: ``resident``, ``zone``."""
    return _word("person", weights, texts)


def people_word(weights: Weights, texts: Texts) -> str:
    """Those whom averages are over: ``residents``, ``zones``."""
    return _word("people", weights, texts)


def _word(section: str, weights: Weights, texts: Texts) -> str:
    name = "zone" if weights.name is None else weights.name.lower()
    known = texts.group(section)
    return known.get(name, known["other"])


def headlines(
    result: RunResult, layers: Layers, weights: Weights, texts: Texts
) -> tuple[Headline, ...]:
    """Three numbers of a run; fewer if it has no reach.

    Parameters
    ----------
    result : RunResult
    layers : Layers
    weights : Weights
    texts : Texts

    Returns
    -------
    tuple of Headline
        Mean reach; how it compares with the car (or with all there is); the worst-placed tenth.
    """
    key = main_key(layers)
    values = None if key is None else layers.get(key)
    figures = None if values is None else spread(values, weights)
    if key is None or values is None or figures is None:
        return ()
    # Sentences for a limit of travel time; a run with decay alone has none.
    if key.band_min is None:
        return ()
    words = {
        "opportunity": texts.opportunity(key.opportunity),
        "band": texts.minutes(key.band_min),
        "mode": texts.mode_by(key.mode),
        "person": person_word(weights, texts),
        "people": people_word(weights, texts),
    }
    found = [
        Headline(
            texts.count(figures.mean),
            texts("headline.reach", **words),
            _range(layers, key, weights, texts)
            or texts("headline.reach_median", median=texts.count(figures.median), **words),
            _tenth(layers, key, weights, texts, "mean"),
        ),
        _comparison(result, layers, key, weights, texts, words),
    ]
    if figures.low > 0:
        note = texts("headline.tenth_note", high=texts.count(figures.high), **words)
        sure = _tenth(layers, key, weights, texts, "low")
        sentence = texts("headline.tenth", **words)
        found.append(Headline(texts.count(figures.low), sentence, note, sure))
    else:
        none = float(np.average((values == 0)[~np.isnan(values)], weights=_known(values, weights)))
        note = texts("headline.tenth_note", high=texts.count(figures.high), **words)
        found.append(Headline(texts.share(none), texts("headline.tenth_zero", **words), note))
    return tuple(headline for headline in found if headline is not None)


def _known(values: np.ndarray, weights: Weights) -> np.ndarray:
    chosen: np.ndarray = weights.values[~np.isnan(values)]
    return chosen if chosen.sum() > 0 else np.ones(len(chosen))


def _range(layers: Layers, key: LayerKey, weights: Weights, texts: Texts) -> str:
    """How much the moment of departure matters, if the run has several percentiles."""
    means = {}
    for other in layers.keys:
        if other.percentile is None or replace(other, percentile=key.percentile) != key:
            continue
        values = layers.get(other)
        figures = None if values is None else spread(values, weights)
        if figures is not None:
            means[other.percentile] = figures.mean
    if len(means) < 2:
        return ""
    low, high = min(means), max(means)
    return texts(
        "headline.reach_range",
        low=texts.count(means[high]),
        high=texts.count(means[low]),
        p_low=str(low),
        p_high=str(high),
    )


def _tenth(layers: Layers, key: LayerKey, weights: Weights, texts: Texts, figure: str) -> str:
    """The same figure if every journey took a tenth longer, and a tenth shorter."""
    told = {}
    for name, factor in (("longer", 1 + TENTH), ("shorter", 1 - TENTH)):
        values = stretched(layers, key, factor)
        figures = None if values is None else spread(values, weights)
        if figures is not None:
            told[name] = texts.count(_rounded(getattr(figures, figure)))
    if not told:
        return ""
    which = "times" if len(told) == 2 else next(iter(told))
    return texts(f"headline.sure_{which}", **told)


def _rounded(value: float) -> float:
    """Three digits: more would look exact where a straight line was drawn."""
    return float(f"{value:.3g}")


def _comparison(
    result: RunResult,
    layers: Layers,
    key: LayerKey,
    weights: Weights,
    texts: Texts,
    words: dict[str, str],
) -> Headline | None:
    """Against the car in the same time; without a car, against all there is."""
    values = layers.get(key)
    cars = [
        other
        for other in layers.keys
        if other.mode == "car" and replace(other, mode=key.mode, percentile=key.percentile) == key
    ]
    fast = layers.get(cars[0]) if cars and key.mode != "car" else None
    if values is None:
        return None
    if fast is not None:
        # The same zones on both sides of the comparison.
        both = ~(np.isnan(values) | np.isnan(fast))
        ours = spread(np.where(both, values, np.nan), weights)
        theirs = spread(np.where(both, fast, np.nan), weights)
        if ours is not None and theirs is not None and theirs.mean > 0:
            note = texts(
                "headline.gap_note",
                slow=texts.count(ours.mean),
                fast=texts.count(theirs.mean),
                **words,
            )
            share = texts.share(ours.mean / theirs.mean)
            slower = stretched(layers, cars[0], 1 + TENTH)
            jam = None if slower is None else spread(np.where(both, slower, np.nan), weights)
            sure = ""
            if jam is not None and jam.mean > 0:
                sure = texts("headline.sure_car", share=texts.share(ours.mean / jam.mean))
            return Headline(share, texts("headline.gap", **words), note, sure)
    total = _total(result, key)
    figures = spread(values, weights)
    if not total or figures is None:
        return None
    note = texts("headline.part_note", total=texts.count(total), **words)
    told = [stretched(layers, key, factor) for factor in (1 + TENTH, 1 - TENTH)]
    ends = [None if one is None else spread(one, weights) for one in told]
    sure = ""
    if ends[0] is not None and ends[1] is not None:
        longer, shorter = (texts.share(one.mean / total) for one in ends if one is not None)
        sure = texts("headline.sure_times", longer=longer, shorter=shorter)
    share = texts.share(figures.mean / total)
    return Headline(share, texts("headline.part", **words), note, sure)


def _total(result: RunResult, key: LayerKey) -> float:
    for opportunity in result.opportunities:
        if opportunity.name == key.opportunity:
            if key.group in opportunity.groups:
                return float(np.nansum(opportunity.values[opportunity.groups.index(key.group)]))
            return float(np.nansum(opportunity.total))
    return 0.0
