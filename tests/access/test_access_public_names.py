"""The public list of the room: what it names is there, and every measure is documented."""

import re
from pathlib import Path

import pytest

import halfcircle.access as room

PAGE = Path(__file__).resolve().parents[2] / "docs" / "measures.md"
MEASURES = sorted(
    name
    for name in room.__all__
    if getattr(room, name).__module__.rpartition(".")[2]
    in {
        *("availability", "borrowed", "chains", "closures", "competition", "competition_levels"),
        *("equity", "fairness", "interval", "mode_gaps", "nearest", "norms", "performance"),
        *("reverse_reach", "scoreboard", "validation", "zonal_decay"),
    }
)


def test_the_list_is_in_order_and_holds_what_it_names() -> None:
    assert len(room.__all__) == len(set(room.__all__))
    assert all(hasattr(room, name) for name in room.__all__)
    assert len(MEASURES) >= 30


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_is_documented(name: str) -> None:
    assert re.search(rf"\b{name}\b", PAGE.read_text(encoding="utf-8"))
    assert (getattr(room, name).__doc__ or "").strip()
