"""Words for layers and classes, shared by maps, reports and QGIS."""

from __future__ import annotations

from halfcircle.outputs.classes import Classes
from halfcircle.outputs.layers import FIRST_MEASURE, FIRST_SCENARIO, LayerKey
from halfcircle.outputs.measure_words import measure_words
from halfcircle.outputs.texts import Texts, capital

__all__ = ["class_labels", "delta_labels", "layer_title", "percentile_label"]


def class_labels(classes: Classes, texts: Texts, *, share: bool = False) -> tuple[str, ...]:
    """Legend texts: "no value", "none", then one per class.

    Parameters
    ----------
    classes : Classes
    texts : Texts
    share : bool
        Whether values are shares, to be written as percentages.

    Returns
    -------
    tuple of str
    """
    labels = [texts("legend.missing"), texts("legend.zero_share" if share else "legend.zero")]
    lower = 0.0
    for upper in classes.breaks:
        labels.append(_span(lower, upper, classes, texts, share=share))
        lower = upper
    return tuple(labels)


def _span(
    lower: float, upper: float, classes: Classes, texts: Texts, *, share: bool = False
) -> str:
    """What one class holds: ``up to 500``, ``500 – 2,000``; of whole numbers ``3``, ``4 – 6``."""
    write = texts.share if share else texts.count
    first = lower + 1 if classes.whole else lower
    if classes.method == "each" or (classes.whole and first == upper):
        return write(upper)
    if lower == 0 and not classes.whole:
        return texts("legend.up_to", lower=write(lower), upper=write(upper))
    return texts("legend.between", lower=write(first), upper=write(upper))


def delta_labels(classes: Classes, texts: Texts) -> tuple[str, ...]:
    """Legend texts of differences: "no value", "unchanged", then one per class.

    Parameters
    ----------
    classes : Classes
        Of `halfcircle.outputs.classes.delta_classes`.
    texts : Texts

    Returns
    -------
    tuple of str
        Such as ``500 – 2,000 fewer``, in the order of the classes.
    """
    sizes = classes.breaks[len(classes.breaks) // 2 :]
    more, fewer = [], []
    for lower, upper in zip((0.0, *sizes), sizes, strict=False):
        amounts = _span(lower, upper, classes, texts)
        more.append(texts("legend.more", amount=amounts))
        fewer.append(texts("legend.fewer", amount=amounts))
    return (texts("legend.missing"), texts("legend.unchanged"), *reversed(fewer), *more)


def layer_title(key: LayerKey, texts: Texts) -> str:
    """What a layer shows, in one line.

    Parameters
    ----------
    key : LayerKey
    texts : Texts

    Returns
    -------
    str
        Such as ``Jobs, public transport, 45 min (median)``.
    """
    name = texts.opportunity(key.opportunity)
    parts = [capital(name)]
    measure = "" if key.measure == FIRST_MEASURE else texts.measure(key.measure)
    if key.quantity == "loss":
        parts[0] = texts("legend.loss_of", opportunity=name)
    elif key.quantity == "delta":
        parts[0] = texts("legend.delta_of", opportunity=name)
    elif key.quantity == "measure":
        parts[0] = f"{measure_words(texts).layer(key.measure)}: {name}"
        measure = ""
    if key.group != "all":
        parts.append(key.group)
    parts.append(" / ".join(texts.mode(one) for one in key.mode.split(" / ")))
    if key.band_min is not None:
        parts.append(texts("legend.minutes", n=texts.minutes(key.band_min)))
    if measure:
        parts.append(measure)
    if key.scenario != FIRST_SCENARIO:
        parts.append(key.scenario)
    title = ", ".join(parts)
    # Without a timetable every departure takes the same time: there is nothing to be median of.
    if key.percentile is not None and (key.percentile != 50 or "transit" in key.mode):
        title += f" ({percentile_label(key.percentile, texts)})"
    return title


def percentile_label(percentile: int, texts: Texts) -> str:
    """``median`` for 50, else ``25th percentile``."""
    if percentile == 50:
        return texts("legend.median")
    return texts("legend.percentile", n=str(percentile))
