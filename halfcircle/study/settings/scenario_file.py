"""``[[scenarios]]`` of a study file, with the edits that they name."""

from __future__ import annotations

from pathlib import Path

from halfcircle.study.settings.edit_file import edits_of_file, edits_of_tables
from halfcircle.study.settings.edits import RELOCATED, Edit, RelocationConfig, ScenarioConfig
from halfcircle.study.settings.toml_table import Table

__all__ = ["read_scenarios"]

BASELINE = "baseline"
MOST_ELASTIC = 5.0


def read_scenarios(top: Table) -> tuple[ScenarioConfig, ...]:
    """Scenarios of a study file; what is wrong goes to the faults of the table."""
    found: list[ScenarioConfig] = []
    for table in top.tables("scenarios"):
        name = table.text("name", required=True) or ""
        if name == BASELINE:
            table.fault("name", "is what the study without edits is called", name)
        if name.endswith(RELOCATED):
            table.fault("name", f"ends with {RELOCATED!r}, as those with relocation do", name)
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
                relocation=_relocation(table),
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


def _relocation(table: Table) -> tuple[RelocationConfig, ...]:
    """Who moves because of the scenario."""
    found: list[RelocationConfig] = []
    for row in table.tables("relocation"):
        value = row.raw("elasticity", required=True)
        values = value if isinstance(value, list) else [value]
        fine = bool(values) and all(
            isinstance(v, int | float) and not isinstance(v, bool) and 0 < abs(v) <= MOST_ELASTIC
            for v in values
        )
        if value is not None and not fine:
            what = f"must be numbers other than 0, of {MOST_ELASTIC:g} at most"
            row.fault("elasticity", what, value, "elasticity = [0.1, 0.3]")
        moves, towards = (row.text(key, required=True) or "" for key in ("moves", "towards"))
        if moves and moves == towards:
            row.fault("towards", "is what moves itself", towards)
        if moves in {known.moves for known in found}:
            row.fault("moves", "moves already in this scenario", moves)
        found.append(
            RelocationConfig(
                moves,
                towards,
                row.text("mode", "transit") or "transit",
                tuple(map(float, values)) if fine else (),
                row.number("band_min", above=0.0),
                row.flag("across_borders", False),
                row.text("source", "") or "",
                row.where(""),
            )
        )
        row.finish()
    return tuple(found)


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
