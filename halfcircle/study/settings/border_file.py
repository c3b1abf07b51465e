"""Reading ``[border]``, and what each country counted."""

from __future__ import annotations

from collections.abc import Sequence

from halfcircle._checks import nearest
from halfcircle.access.decay import pbl_curve
from halfcircle.regions.border_rules import PRESETS
from halfcircle.study.settings.config import (
    STREET_MODES,
    BorderConfig,
    CountrySource,
    OpportunityConfig,
    PenaltyConfig,
    ReachConfig,
    RealisedConfig,
    SkillsConfig,
    ZonesConfig,
)
from halfcircle.study.settings.toml_table import Table

__all__ = ["country_sources", "headline_mode", "read_border"]

NUMERATORS = {"gross": "gross", "net": "net of movers"}
CO_LOCATION = "co-location"
# Penalties in the literature were found for car commuters, so the car comes first.
HEADLINE_MODES = ("car", "transit")


def headline_mode(modes: Sequence[str]) -> str:
    """Mode of which the border is told first: the car, else public transport, else the first."""
    return next((mode for mode in HEADLINE_MODES if mode in modes), modes[0] if modes else "")


def country_sources(table: Table) -> dict[str, CountrySource]:
    """``sources_by_country`` of an opportunity: what each country counted."""
    whole = table.table("sources_by_country")
    found = {}
    for country in whole.values:
        one = whole.table(country)
        year = one.integer("year", 0, low=1800, high=2200)
        found[country] = CountrySource(
            concept=one.text("concept", "") or "",
            unit=one.text("unit", "") or "",
            year=year or None,
            source=one.text("source", "") or "",
            estimated=one.flag("estimated", False),
        )
        one.finish()
    return found


def read_border(
    top: Table,
    zones: ZonesConfig,
    reach: ReachConfig | None,
    opportunities: tuple[OpportunityConfig, ...],
) -> BorderConfig | None:
    """Read ``[border]``; None where there is no such table."""
    if not top.has("border"):
        return None
    table = top.table("border")
    if zones.country is None:
        table.fault("", "needs the side of each zone", remedy="add country = … under [zones]")
    if reach is None:
        table.fault("", "needs the table [reach]")
    names = tuple(config.name for config in opportunities)
    chosen = table.texts("opportunities", names)
    for name in chosen:
        _known(table, "opportunities", name, names)
    modes = table.texts("modes", reach.modes if reach else ())
    for mode in modes:
        if reach is not None and mode not in reach.modes:
            table.fault("modes", "is not among the modes of [reach]", mode)
    region = table.text("region")
    if region is not None and zones.path is None:
        table.fault("region", "is a column of the zones file, but zones are a grid", region)
    config = BorderConfig(
        _penalties(table, modes),
        table.text("preset", choices=PRESETS),
        chosen,
        modes,
        sectors=table.flag("sectors", True),
        hard_closed=table.flag("hard_closed", False),
        land=table.path("land"),
        land_country=table.text("land_country", "country") or "country",
        region=region,
        sensitivity=table.flag("sensitivity", False),
        causes=_causes(table, modes),
        wages=table.flag("wages", False),
        realised=_realised(table, modes, names, with_flows=top.has("regions")),
        skills=_skills(table, chosen, opportunities, region),
    )
    if config.hard_closed and not set(modes) & set(STREET_MODES):
        table.fault(
            "hard_closed", "needs a mode on streets", list(modes), f"add one of {STREET_MODES}"
        )
    if config.wages and reach is not None and reach.decay is None:
        table.fault("wages", "needs reach with decay", remedy='add decay = "pbl" under [reach]')
    table.finish()
    return config


def _penalties(table: Table, modes: tuple[str, ...]) -> tuple[PenaltyConfig, ...]:
    penalties = []
    for row in table.tables("penalties"):
        mode, group = row.text("mode"), row.text("group")
        if mode is not None:
            _known(row, "mode", mode, modes)
        penalties.append(
            PenaltyConfig(
                row.text("from", required=True) or "",
                row.text("to", required=True) or "",
                row.number("minutes", 0.0, low=0.0) or 0.0,
                row.number_or("factor", 1.0, low=0.0, high=1.0),
                reason=row.text("reason", "border") or "border",
                source=row.text("source", "") or "",
                mode=mode,
                group=group,
            )
        )
        row.finish()
    return tuple(penalties)


def _causes(table: Table, modes: tuple[str, ...]) -> tuple[str, ...]:
    """``true`` for the mode of the headline, or a list of modes."""
    value = table.raw("causes")
    if value is None or isinstance(value, bool):
        return (headline_mode(modes),) if value and modes else ()
    chosen = table.texts("causes")
    for mode in chosen:
        _known(table, "causes", mode, modes)
    return chosen


def _realised(
    table: Table, modes: tuple[str, ...], names: tuple[str, ...], *, with_flows: bool
) -> RealisedConfig | None:
    if not table.has("realised"):
        return None
    own = table.table("realised")
    counted = {}
    for key in ("workers", "jobs"):
        counted[key] = own.text(key, key) or key
        _known(own, key, counted[key], names)
    mode = own.text("mode", headline_mode(modes)) or ""
    _known(own, "mode", mode, modes)
    numerator = own.text("numerator", "gross", choices=tuple(NUMERATORS)) or "gross"
    path = own.path("path")
    year = own.integer("year", 0, low=1800, high=2200)
    if path is not None and not year:
        own.fault("year", "is required: commuters of which year?", remedy="year = 2021")
    config = RealisedConfig(
        counted["workers"],
        counted["jobs"],
        mode,
        path=path,
        numerator=NUMERATORS[numerator],
        year=year,
        source=own.text("source", "") or "",
        border_zone_km=own.number_or("border_zone_km", 25.0, above=0.0),
        cap_km=own.number_or("cap_km", 100.0, above=0.0),
    )
    if not with_flows and pbl_curve(mode) is None:
        own.fault(
            "mode",
            "has no curve of willingness to commute",
            mode,
            "take car, bike or transit, or give [regions] flows",
        )
    own.finish()
    return config


def _skills(
    table: Table,
    chosen: tuple[str, ...],
    opportunities: tuple[OpportunityConfig, ...],
    region: str | None,
) -> SkillsConfig | None:
    if not table.has("skills"):
        return None
    own = table.table("skills")
    name = own.text("opportunity", "jobs") or "jobs"
    _known(own, "opportunity", name, chosen)
    for config in opportunities:
        if config.name == name and len(config.columns or {}) < 2:
            own.fault(
                "opportunity",
                "has no sectors: a match needs at least two",
                name,
                'give it columns = { industry = "jobs_industry", care = "jobs_care", ... }',
            )
    if region is None:
        own.fault(
            "",
            "needs regions, whose jobs tell what people can do",
            remedy='add region = … under [border]; each zone by itself: region = "zone_id"',
        )
    given = own.text("relatedness")
    path = None if given in (None, CO_LOCATION) else own.path("relatedness")
    skills = SkillsConfig(name, path, given == CO_LOCATION, own.flag("causes", True))
    own.finish()
    return skills


def _known(table: Table, key: str, name: str, names: Sequence[str]) -> None:
    if name not in names:
        what = (
            "[[opportunities]]"
            if key in ("opportunities", "opportunity", "workers", "jobs")
            else "the modes"
        )
        table.fault(key, f"is not among {what}", name, nearest(name, names))
