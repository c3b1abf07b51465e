"""Small tables of the studies Lelylijn and Zeeland: facts with their sources, and assumptions.

Facts restated: head counts, jobs and commuters (CBS, CC BY 4.0), populations of German districts
(BBSR INKAR 2022) and towns (Wikidata, CC0), positions and running times of Dutch stations (OVapi
GTFS, CC0). Everything else is an assumption, and is named as such: see ``docs/lelylijn.md``
and ``docs/zeeland.md``.
"""

from __future__ import annotations

import csv
import importlib.resources
from dataclasses import dataclass

__all__ = [
    "GERMAN_JOBS_PER_INHABITANT",
    "LELYLIJN",
    "Hop",
    "SchematicLine",
    "Target",
    "Town",
    "commuting",
    "read_table",
    "road_rows",
    "schematic_lines",
    "stop_positions",
    "targets",
    "towns",
]

LELYLIJN = "lelylijn"
# Jobs per inhabitant of the Dutch side were 0.42 in 2014; counts for the German towns were not
# found, so that theirs are this share of the people. An assumption.
GERMAN_JOBS_PER_INHABITANT = 0.42


@dataclass(frozen=True)
class Town:
    """A municipality, or a German town that stands for a part of its district.

    Parameters
    ----------
    zone_id, name, country, region : str
        The country as ISO code; region is the province or district.
    stop : str
        Its main station or bus stop; the whole municipality lives around it.
    lon, lat : float, degrees
        Of the stop.
    population, jobs : int
    """

    zone_id: str
    name: str
    country: str
    region: str
    stop: str
    lon: float
    lat: float
    population: int
    jobs: int


@dataclass(frozen=True)
class Hop:
    """A stop of a line and the way to it from the stop before.

    Parameters
    ----------
    stop : str
    run_min, dwell_min : int
        Running time from the stop before, and time standing here; 0 at the first stop.
    measured_min : float, optional
        Shortest sum of the mean running times of the real links between the two stations, over
        intercity and stopping trains; None for buses, abroad, and at the first stop.
    """

    stop: str
    run_min: int
    dwell_min: int
    measured_min: float | None


@dataclass(frozen=True)
class SchematicLine:
    """A line with its departures at the same minutes of every hour.

    Parameters
    ----------
    line_id, name, mode : str
        Mode is ``rail``, ``metro``, ``tram`` or ``bus``.
    minutes : tuple of int
        After the hour, from the first stop.
    hops : tuple of Hop
    """

    line_id: str
    name: str
    mode: str
    minutes: tuple[int, ...]
    hops: tuple[Hop, ...]

    def offsets_min(self, *, back: bool = False) -> list[tuple[int, int]]:
        """Arrival and departure at every stop, minutes after the first departure."""
        hops = self.hops
        runs = [hop.run_min for hop in hops[1:]]
        dwells = [hop.dwell_min for hop in hops]
        if back:
            runs, dwells = runs[::-1], dwells[::-1]
        found = [(0, 0)]
        for run, dwell in zip(runs, dwells[1:], strict=True):
            arrival = found[-1][1] + run
            found.append((arrival, arrival + dwell))
        return found

    @property
    def total_min(self) -> int:
        """From the first departure to the last arrival."""
        return self.offsets_min()[-1][0]

    def starts_min(self, *, back: bool = False) -> tuple[int, ...]:
        """Minutes of departure; back mirrors there around the full hour."""
        if not back:
            return self.minutes
        return tuple(sorted(-(m + self.total_min) % 60 for m in self.minutes))


@dataclass(frozen=True)
class Target:
    """A published travel time between two stations.

    Parameters
    ----------
    scenario : str
        ``baseline`` or a scenario of the study.
    from_stop, to_stop : str
    published_min : float
    tolerance_min : float, optional
        How far the study may be from it; None for other published answers to the same question,
        which are shown beside it and are not what the study was built to.
    source : str
    """

    scenario: str
    from_stop: str
    to_stop: str
    published_min: float
    tolerance_min: float | None
    source: str


def read_table(name: str, study: str = LELYLIJN) -> list[dict[str, str]]:
    """Rows of a table of the package, by its name without the study's and ``.csv``."""
    file = importlib.resources.files("halfcircle.demo").joinpath("data", f"{study}_{name}.csv")
    return list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))


def towns(study: str = LELYLIJN) -> list[Town]:
    """All zones: municipalities, then German towns, each in the order of the identifiers.

    The whole population of a German district is shared out over its towns of the table, in
    proportion to their own, so that districts count as fully as municipalities do.
    """
    found = [
        Town(
            row["zone_id"], row["name"], row["country"], row["region"], row["stop"],
            float(row["lon"]), float(row["lat"]), int(row["population"]), int(row["jobs"]),
        )
        for row in read_table("municipalities", study)
    ]  # fmt: skip
    german = read_table("german_places") if study == LELYLIJN else []
    for row in german:
        code = row["district_code"]
        mates = [r for r in german if r["district_code"] == code]
        at = mates.index(row)
        # Cumulative rounding: the shares add up to the district exactly.
        sizes = [int(r["place_population"]) for r in mates]
        total = int(row["district_population"])
        upto = [round(total * sum(sizes[:k]) / sum(sizes)) for k in (at, at + 1)]
        people = upto[1] - upto[0]
        jobs = round(people * GERMAN_JOBS_PER_INHABITANT / 100) * 100
        found.append(
            Town(
                row["zone_id"], row["name"], "DE", row["district"], row["stop"],
                float(row["lon"]), float(row["lat"]), people, jobs,
            )
        )  # fmt: skip
    return found


def stop_positions(study: str = LELYLIJN) -> dict[str, tuple[float, float]]:
    """Longitude and latitude of every stop, degrees."""
    return {
        row["stop"]: (float(row["lon"]), float(row["lat"])) for row in read_table("stops", study)
    }


def schematic_lines(study: str = LELYLIJN) -> list[SchematicLine]:
    """Lines of the baseline, in the order of the table."""
    hops: dict[str, list[Hop]] = {}
    for row in read_table("hops", study):
        measured = row["measured_min"]
        hops.setdefault(row["line_id"], []).append(
            Hop(
                row["stop"],
                int(row["run_min"] or 0),
                int(row["dwell_min"] or 0),
                float(measured) if measured else None,
            )
        )
    return [
        SchematicLine(
            row["line_id"],
            row["name"],
            row["mode"],
            tuple(int(minute) for minute in row["minutes"].split()),
            tuple(hops[row["line_id"]]),
        )
        for row in read_table("lines", study)
    ]


def road_rows(study: str = LELYLIJN) -> list[tuple[str, str, str, int]]:
    """From, to (stops), class, and speed along the straight line in km/h."""
    return [(r["from"], r["to"], r["road"], int(r["kmh"])) for r in read_table("roads", study)]


def commuting(study: str = LELYLIJN) -> list[tuple[str, str, int]]:
    """Origin, destination and workers, 2014; pairs below 50 jobs are not in the source."""
    return [
        (r["origin"], r["destination"], int(r["workers"])) for r in read_table("commuting", study)
    ]


def targets() -> list[Target]:
    """Published travel times that the study is checked against."""
    return [
        Target(
            row["scenario"], row["from_stop"], row["to_stop"], float(row["published_min"]),
            float(row["tolerance_min"]) if row["tolerance_min"] else None, row["source"],
        )
        for row in read_table("targets")
    ]  # fmt: skip
