"""``[[scenarios]]`` of a study file, with the edits that they name."""

from __future__ import annotations

from pathlib import Path

from halfcircle.study._toml import Table
from halfcircle.study.edit_file import edits_of_file, edits_of_tables
from halfcircle.study.scenario_edits import Edit, ScenarioConfig

__all__ = ["read_scenarios"]

BASELINE = "baseline"


def read_scenarios(top: Table) -> tuple[ScenarioConfig, ...]:
    """Scenarios of a study file; what is wrong goes to the faults of the table."""
    found: list[ScenarioConfig] = []
    for table in top.tables("scenarios"):
        name = table.text("name", required=True) or ""
        if name == BASELINE:
            table.fault("name", "is what the study without edits is called", name)
        if name and name in {known.name for known in found}:
            table.fault("name", "another scenario has this name", name)
        edits, files = _edits(table)
        pairs = _pairs(table)
        found.append(
            ScenarioConfig(
                name,
                edits,
                files,
                description=table.text("description", "") or "",
                attribute=table.flag("attribute", False),
                pairs=pairs,
            )
        )
        table.finish()
    return tuple(found)


def _edits(table: Table) -> tuple[tuple[Edit, ...], tuple[Path, ...]]:
    """Edits written out in the study file, or those of one or more edit files."""
    value = table.raw("edits", required=True)
    if value is None:
        return (), ()
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return edits_of_tables(table.tables("edits")), ()
    names = table.texts("edits")
    files = tuple(table.folder / Path(name).expanduser() for name in names)
    edits: list[Edit] = []
    for path in files:
        for edit in edits_of_file(path, table.faults):
            if edit.name in {known.name for known in edits}:
                table.fault("edits", "two edits have one name", edit.name)
            edits.append(edit)
    return tuple(edits), files


def _pairs(table: Table) -> tuple[tuple[str, str], ...]:
    """Pairs of zones for the table of door-to-door times."""
    value = table.raw("city_pairs")
    if value is None:
        return ()
    if not isinstance(value, list) or not all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(z, str) for z in pair)
        for pair in value
    ):
        table.fault("city_pairs", "must be pairs of zones, [['Groningen', 'Leeuwarden'], ...]")
        return ()
    return tuple((str(one), str(other)) for one, other in value)
