"""Where every input of a study comes from, with its hash: for the report and the manifest."""

from __future__ import annotations

import hashlib
from pathlib import Path

from halfcircle._files import sha256_of
from halfcircle.outputs import Source
from halfcircle.sources import Lock
from halfcircle.study.settings.config import Study

__all__ = ["study_sources"]


def study_sources(study: Study, lock: Lock | None = None) -> tuple[Source, ...]:
    """Every file that a study names, in the order of the study file.

    Parameters
    ----------
    study : Study
    lock : Lock, optional
        Of the downloads: tells licence, vintage and how a file was derived.
    """
    found: list[Source] = []

    def add(
        role: str,
        path: Path,
        *,
        name: str = "",
        year: int | None = None,
        licence: str = "",
        text: str = "",
    ) -> None:
        digest, size = _digest(path)
        try:
            shown = path.relative_to(study.path.parent).as_posix()
        except ValueError:
            shown = path.name
        locked = None if lock is None else lock.file_at(shown)
        if locked is not None:
            text = "; ".join(part for part in (text, locked.method, *locked.notes) if part)
        found.append(
            Source(
                role=role,
                name=name or path.name,
                path=shown,
                sha256=digest,
                n_bytes=size,
                year=year,
                vintage="" if locked is None else locked.vintage,
                licence=licence or ("" if locked is None else locked.licence),
                text=text,
            )
        )

    add("zones", study.zones.path or study.zones.within or Path())
    for config in study.opportunities:
        add(config.name, config.path, name=config.source, year=config.year, licence=config.licence)
    if study.streets is not None:
        for path in study.streets.osm:
            add("streets", path, name=study.streets.source, licence=study.streets.licence)
        areas = [row for row in study.streets.speed_factors if row.area is not None]
        for path, source in {row.area: row.source for row in areas if row.area}.items():
            add("speed factors", path, name=source)
        if study.streets.place is not None:
            found.append(
                Source(
                    role="streets",
                    name=f"{study.streets.source}: {study.streets.place}",
                    licence=study.streets.licence,
                )
            )
    if study.transit is not None:
        for feed in study.transit.feeds:
            add(f"timetable {feed.id}", feed.path, name=feed.source, licence=feed.licence)
        if study.transit.stations is not None:
            add("stations", study.transit.stations)
    for role, places in (("parking", study.park_and_ride), ("bicycles", study.shared_bikes)):
        if places is not None and places.path is not None:
            add(role, places.path, name=places.source, licence=places.licence)
    for times in study.times:
        add(f"times {times.mode}", times.path, name=times.source)
    if study.regions is not None:
        add("flows", study.regions.flows, name=study.regions.source, year=study.regions.year)
        if study.regions.population_grid is not None:
            add("population grid", study.regions.population_grid)
        if study.regions.crosswalk is not None:
            add("crosswalk", study.regions.crosswalk)
    for boundary in study.outputs.boundaries:
        add("boundary", boundary.path, name=boundary.label)
    border = study.border
    if border is not None and border.land is not None:
        add("land", border.land)
    realised = None if border is None else border.realised
    if realised is not None and realised.path is not None:
        add("commuters", realised.path, name=realised.source, year=realised.year)
    if border is not None and border.skills is not None and border.skills.relatedness is not None:
        add("relatedness", border.skills.relatedness)
    for path in dict.fromkeys(file for s in study.scenarios for file in s.files):
        add("scenario", path)
    return tuple(found)


def _digest(path: Path) -> tuple[str, int | None]:
    """Hash and size of a file; of a folder (an unpacked feed) those of all files in it."""
    if path.is_file():
        return sha256_of(path), path.stat().st_size
    if not path.is_dir():
        return "", None
    whole, size = hashlib.sha256(), 0
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        whole.update(f"{file.relative_to(path).as_posix()} {sha256_of(file)}\n".encode())
        size += file.stat().st_size
    return whole.hexdigest(), size
