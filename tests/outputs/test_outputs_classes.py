"""Classes and colours: every value has one class, every step of a ramp is darker."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halfcircle.outputs.classes import (
    CATEGORY_COLOURS,
    LOSS_RAMP,
    MISSING_COLOUR,
    REACH_RAMP,
    ZERO_COLOUR,
    class_breaks,
    loss_classes,
    reach_classes,
)
from halfcircle.outputs.legend import class_labels
from halfcircle.outputs.texts import Texts

counts = st.floats(0, 1e7, allow_subnormal=False).map(lambda v: v if v > 1e-6 else 0.0)


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def as_seen(colour: str, kind: str | None) -> np.ndarray:
    """Colour as dichromats see it (Viénot, Brettel & Mollon 1999, doi:10.1002/(SICI)1520-6378)."""
    rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]) ** 2.2
    to_lms = np.array(
        [[17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714], [0.0299566, 0.184309, 1.46709]]
    )
    seen = {
        None: np.eye(3),
        "protan": np.array([[0, 2.02344, -2.52581], [0, 1, 0], [0, 0, 1]]),
        "deutan": np.array([[1, 0, 0], [0.494207, 0, 1.24827], [0, 0, 1]]),
    }[kind]
    back = np.linalg.inv(to_lms) @ seen @ to_lms @ rgb
    return np.clip(back, 0, 1) ** (1 / 2.2)


@pytest.mark.parametrize("ramp", [REACH_RAMP, LOSS_RAMP])
def test_ramps_darken_step_by_step(ramp):
    # Also what a grey printer and a colour-blind reader need.
    light = [luminance(colour) for colour in ramp]
    steps = [(a + 0.05) / (b + 0.05) for a, b in pairwise(light)]
    assert min(steps) > 1.18


@pytest.mark.parametrize("ramp", [REACH_RAMP, LOSS_RAMP])
@pytest.mark.parametrize("kind", ["protan", "deutan"])
def test_ramps_are_told_apart_by_colour_blind_people(ramp, kind):
    seen = [as_seen(colour, kind) for colour in ramp]
    gaps = [np.linalg.norm(a - b) for a, b in pairwise(seen)]
    assert min(gaps) > 0.12


def test_categories_are_told_apart_by_everybody():
    for kind in (None, "protan", "deutan"):
        seen = [as_seen(colour, kind) for colour in CATEGORY_COLOURS]
        assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 0.15
    # Neither blue nor black of a category is what is missing, or none.
    assert {MISSING_COLOUR, ZERO_COLOUR}.isdisjoint(CATEGORY_COLOURS)


@settings(deadline=None, max_examples=60)
@given(st.lists(counts, min_size=1, max_size=200), st.integers(1, 7))
def test_every_value_has_its_class(values, n_classes):
    array = np.array(values)
    classes = reach_classes(array, n_classes=n_classes)
    assert list(classes.breaks) == sorted(set(classes.breaks))
    assert len(classes.breaks) == len(classes.colours) <= n_classes
    for value, idx in zip(array, classes.class_idx(array), strict=True):
        if value == 0:
            assert idx == -1
            continue
        assert value <= classes.breaks[idx]
        assert idx == 0 or value > classes.breaks[idx - 1]


def test_bounds_are_round():
    breaks = class_breaks(np.arange(1.0, 12_346.0), 5)
    assert breaks == (2_500.0, 5_000.0, 7_500.0, 9_900.0, 13_000.0)
    assert class_breaks(np.array([0.0, np.nan]), 5) == ()
    assert class_breaks(np.array([7.0, 7.0, 7.0]), 5) == (7.0,)
    assert class_breaks(np.array([0.3]), 5) == (0.3,)


def test_missing_and_zero_are_no_class():
    classes = loss_classes()
    found = classes.class_idx(np.array([np.nan, 0.0, 0.05, 0.051, 1.0]))
    assert found.tolist() == [-2, -1, 0, 1, 5]
    assert classes.colour(-2) != classes.colour(-1)


def test_legend_texts():
    labels = class_labels(loss_classes(), Texts("nl"), share=True)
    assert labels[:4] == (
        "geen waarde",
        "geen verlies",
        "tot en met 5\u202f%",
        "5\u202f% – 10\u202f%",
    )
