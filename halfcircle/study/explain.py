"""The journey behind a travel time: to defend a number, leg by leg."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from halfcircle._checks import Faults, nearest
from halfcircle.access.linked_ways import Told
from halfcircle.access.transit import Journey, Leg, explain_journey
from halfcircle.access.transit_times import HeadwayDraws, TransitTimes
from halfcircle.access.without_ride import LeastDirect
from halfcircle.errors import StudyError
from halfcircle.gtfs import Timetable
from halfcircle.outputs import pair_chart
from halfcircle.places import Zones
from halfcircle.study.inputs.read import read_inputs
from halfcircle.study.modes.build import build_modes
from halfcircle.study.progress import Progress
from halfcircle.study.settings.clock import clock_s
from halfcircle.study.settings.mode_names import TRANSIT_MODES, access_way
from halfcircle.study.settings.study_file import read_study

__all__ = ["explain_study", "journey_geojson"]

# Fine enough for a line.
CHART_PERCENTILES = tuple(range(0, 101, 5))

WAYS = {
    "walk": "on foot",
    "bike": "by bicycle",
    "ebike": "by e-bike",
    "car": "by car, parked at {hub}",
    "car_passenger": "by car, dropped there",
    "shared_bike": "by bicycle, rented at {hub}",
}


def explain_study(
    path: Path,
    origin: str,
    destination: str,
    at: str,
    *,
    mode: str | None = None,
    as_json: bool = False,
    chart: Path | None = None,
    progress: Progress | None = None,
) -> str:
    """Tell the journey from one zone to another that leaves at a moment.

    Parameters
    ----------
    path : Path
        Study file.
    origin, destination : str
        Zone identifiers.
    at : str
        Departure, ``"07:35"``, on the clock of the study's window and inside it.
    mode : str, optional
        By public transport, ``"transit"``, ``"car+transit"``, ...; the first that the study has
        when left out.
    as_json : bool
        GeoJSON of the legs in place of text.
    chart : Path, optional
        SVG file to write: how long the journey takes over all departures of the window.
    progress : Progress, optional

    Returns
    -------
    str

    Raises
    ------
    StudyError
        A zone, the mode or the moment is not in the study, or there is no such journey.
    OutputError
        The chart cannot be written.
    """
    progress = progress or Progress(quiet=True)
    study = read_study(path)
    faults = Faults()
    modes_here = [m for m in (study.reach.modes if study.reach else ()) if m in TRANSIT_MODES]
    if not modes_here:
        raise StudyError(f"{path.name}: the study has no mode by public transport to explain")
    if study.reach is not None and study.reach.engine != "halfcircle":
        study = replace(study, reach=replace(study.reach, engine="halfcircle"))
        progress.line("journeys are explained by the own engine, whatever engine the study names")
    chosen = mode or modes_here[0]
    if chosen not in modes_here:
        faults.add("--mode", "is not in the study", values=[chosen],
                   remedy=nearest(chosen, modes_here))  # fmt: skip
    start_s, end_s = study.transit.window_s if study.transit is not None else (0, 0)
    moment_s = clock_s(at)
    if moment_s is None or not start_s <= moment_s < end_s:
        faults.add("--at", "is no moment of the departure window", values=[at],
                   remedy="write for instance 07:35")  # fmt: skip
    inputs = read_inputs(study, progress)
    idx = {zone: i for i, zone in enumerate(inputs.zones.zone_id)}
    for option, zone in (("--from", origin), ("--to", destination)):
        if zone not in idx:
            faults.add(option, "there is no such zone", values=[zone], remedy=nearest(zone, idx))
    faults.raise_errors(StudyError)
    if chart is not None and study.reach is not None:
        study = replace(study, reach=replace(study.reach, percentiles=CHART_PERCENTILES))
    modes = build_modes(study, inputs, workers=1, progress=progress)
    source = modes.sources[chosen]
    if isinstance(source, HeadwayDraws):
        source = source.draws[0]
    if not isinstance(source, TransitTimes) or modes.timetable is None or moment_s is None:
        raise StudyError(f"{path.name}: {chosen!r} is not computed over a timetable")
    # The axis of the timetable starts at noon minus 12 h, not at midnight of a clock change.
    departure_s = source.search.query.start_s + (moment_s - start_s)
    journey = explain_journey(source.search, idx[origin], idx[destination], departure_s)
    if journey is None:
        raise StudyError(
            f"no journey from {origin!r} to {destination!r} at {at} within "
            f"{source.search.query.limit_s // 60} minutes"
        )
    if chart is not None:
        pair_chart(
            source.percentiles,
            source.times_s(np.array([idx[origin]]))[0, :, idx[destination]],
            mode=chosen,
            origin=str(inputs.zones.label[idx[origin]]),
            destination=str(inputs.zones.label[idx[destination]]),
            language=study.language,
        ).save(chart)
    if as_json:
        document = journey_geojson(journey, modes.timetable, inputs.zones, source)
        return json.dumps(document, ensure_ascii=False, indent=1)
    lines = [
        f"{inputs.zones.label[idx[origin]]} to {inputs.zones.label[idx[destination]]}, {chosen}",
        journey.text(modes.timetable, told=partial(_how, source, journey)).rstrip(),
        "",
    ]
    lines += [f"{part}: {s / 60:.1f} min" for part, s in journey.components_s().items()]
    lines.append(f"door to door: {journey.travel_time_s / 60:.1f} min")
    return "\n".join(lines)


def _told(source: TransitTimes | None, journey: Journey, leg: Leg) -> Told | None:
    """How the first or last leg is travelled; None of others."""
    if source is None:
        return None
    if leg.kind == "direct":
        return Told(_direct_way(source, journey))
    if leg.kind == "access" and leg.to_stop_idx is not None and source.access is not None:
        return source.access.told(journey.origin_idx, leg.to_stop_idx)
    if leg.kind == "egress" and leg.from_stop_idx is not None and source.egress is not None:
        return source.egress.told(journey.destination_idx, leg.from_stop_idx)
    return None


def _direct_way(source: TransitTimes, journey: Journey) -> str:
    """On foot, or by one's own bicycle where that is faster."""
    direct = source.search.direct_s
    if not isinstance(direct, LeastDirect):
        return "walk"
    at = np.array([journey.origin_idx])
    on_foot_s, own_s = (
        float(d(at)[0, journey.destination_idx]) for d in (direct.one, direct.other)
    )
    return "walk" if on_foot_s <= own_s else access_way(source.mode)


def _how(source: TransitTimes, journey: Journey, leg: Leg) -> str:
    told = _told(source, journey, leg)
    return "" if told is None else ", " + WAYS[told.way].format(hub=told.hub)


def journey_geojson(
    journey: Journey, timetable: Timetable, zones: Zones, source: TransitTimes | None = None
) -> dict[str, Any]:
    """Legs as straight lines between stops, with times and lines: a FeatureCollection.

    Parameters
    ----------
    journey : Journey
    timetable : Timetable
        The one that was searched.
    zones : Zones
        Origins and destinations.
    source : TransitTimes, optional
        That was searched: tells how the first and the last leg are travelled.

    Returns
    -------
    dict
        GeoJSON (RFC 7946), WGS 84; properties kind, line, trip_id, from, to, start_s, end_s, and
        of the first and last leg by (walk, bike, car, ...) and via (where a car is left or a
        bicycle is rented).
    """
    stops, places = timetable.stops, zones.places

    def end(stop: int | None, zone: int) -> tuple[list[float], str]:
        if stop is None:
            return [float(places.lon[zone]), float(places.lat[zone])], str(zones.label[zone])
        return [float(stops.lon[stop]), float(stops.lat[stop])], str(stops.name[stop])

    features = []
    for leg in journey.legs:
        start, from_name = end(leg.from_stop_idx, journey.origin_idx)
        stop, to_name = end(leg.to_stop_idx, journey.destination_idx)
        properties: dict[str, Any] = {
            "kind": leg.kind,
            "from": from_name,
            "to": to_name,
            "start_s": leg.start_s,
            "end_s": leg.end_s,
        }
        if leg.trip_idx is not None:
            route = int(timetable.trip_route_idx[leg.trip_idx])
            properties["line"] = str(timetable.route_name[route])
            properties["trip_id"] = str(timetable.trip_id[leg.trip_idx])
        line = [start, stop]
        told = _told(source, journey, leg)
        if told is not None:
            properties["by"] = told.way
            if told.lon is not None and told.lat is not None:
                properties["via"] = told.hub
                line = [start, [told.lon, told.lat], stop]
        geometry = {"type": "LineString", "coordinates": line}
        features.append({"type": "Feature", "geometry": geometry, "properties": properties})
    return {"type": "FeatureCollection", "features": features}
