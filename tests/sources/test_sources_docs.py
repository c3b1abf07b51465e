"""docs/sources.md names every source, every parameter, and what was not tried."""

from __future__ import annotations

import re
from pathlib import Path

from halfcircle.sources import ADAPTERS

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "sources.md").read_text("utf-8")


def test_every_source_is_in_the_table() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|.*\|.*\|.*\| (.*?) \| (.*?) \|$", TEXT, re.MULTILINE)
    assert {name for name, _, _ in rows} == set(ADAPTERS)
    for name, tests, live in rows:
        for test in re.findall(r"`(\w+)`", tests):
            assert (ROOT / "tests" / "sources" / f"test_sources_{test}.py").is_file(), name
        made = name in ("spread", "crosswalk")
        assert live.startswith("needs no service" if made else "not tried against"), name


def test_every_parameter_is_named() -> None:
    section = TEXT.partition("### Parameters")[2].partition("## Jobs where")[0]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("| `")]
    for name, adapter in ADAPTERS.items():
        parameters = next(row[2] for row in rows if f"`{name}`" in row[1])
        for parameter in adapter.parameters:
            assert f"`{parameter}`" in parameters, (name, parameter)
