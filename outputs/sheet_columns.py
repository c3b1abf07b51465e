"""What the CSV files beside the tables of a run hold; see `halfcircle.outputs.columns`."""

from __future__ import annotations

from dataclasses import replace

from halfcircle.outputs._columns import (
    BAND,
    GROUP,
    MEASURE,
    MODE,
    OPPORTUNITY,
    SCENARIO,
    ZONE_ID,
    Column,
    Table,
)

__all__ = ["SHEETS"]

SHARE = "share, 0 to 1"


def _text(name: str, description: str, *, key: bool = False) -> Column:
    return Column(name, "text", "", description, key=key, required=key)


def _number(name: str, unit: str, description: str) -> Column:
    return Column(name, "number", unit, description, required=False)


def _share(name: str, description: str) -> Column:
    return _number(name, SHARE, description)


def _count(name: str, description: str) -> Column:
    return _number(name, "unit of the opportunity", description)


def _whole(name: str, unit: str, description: str) -> Column:
    return Column(name, "integer", unit, description, required=False)


def _flag(name: str, description: str) -> Column:
    return Column(name, "boolean", "", description, required=False)


PERCENTILE = Column(
    "percentile",
    "integer",
    "percent of departures",
    "percentile of travel time over the departure window",
    key=True,
    required=False,
)
SYSTEM = _text("region_name", "name of the daily urban system")
FROM = _text("from", "place where people start", key=True)
TO = _text("to", "place where they go", key=True)
CONTAINED = "residents who work inside, of all; the lower of residents and jobs"

SHEETS: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "indicators",
            "standard indicators of the whole area, of countries and of regions",
            (
                _text("area_type", "all, country, or how regions were drawn", key=True),
                _text("area_id", "identifier of the area", key=True),
                _text("area_name", "name of the area"),
                _text("indicator", "which indicator", key=True),
                # Sums of opportunities have neither mode nor band.
                *(replace(c, required=False) for c in (SCENARIO, MODE, OPPORTUNITY, GROUP)),
                BAND,
                PERCENTILE,
                replace(MEASURE, required=False),
                _number("value", "see column unit", "the indicator"),
                _text("unit", "unit of the value"),
                _whole("year", "year", "vintage of the opportunities"),
                _text("source", "source of the opportunities"),
                _text("definition", "what the indicator means"),
            ),
        ),
        Table(
            "claims",
            "published figures held against the run",
            (
                _text("claim_id", "identifier of the claim", key=True),
                _text("claim", "what was published"),
                _text("kind", "number, order, norm or context"),
                _text("source", "document that says so"),
                _whole("vintage", "year", "year that the figure is about"),
                _number("published", "see column unit", "the figure as published"),
                _share("tolerance", "largest relative difference at which the claim holds"),
                _text("unit", "unit of published and found"),
                _number("found", "see column unit", "the same figure in this run"),
                _text("verdict", "holds, differs or not testable"),
                _text("why", "what the test rests on, or lacks"),
            ),
        ),
        Table(
            "joined",
            "stations, trips and trains of several feeds that are one in the timetable",
            (
                _text("kind", "station, trip or train"),
                _text("first", "feed and identifier of the one that is kept"),
                _text("second", "feed and identifier of the one that is joined to it"),
                _text("reason", "why they are the same"),
            ),
        ),
        Table(
            "park_and_ride",
            "parking places for park and ride: their capacity limits nobody",
            (
                SCENARIO,
                _text("place_id", "identifier of the place", key=True),
                _text("name", "name of the place"),
                _number("lon", "degrees", "longitude, WGS 84"),
                _number("lat", "degrees", "latitude, WGS 84"),
                _number("capacity", "cars", "parking spaces; empty where not known"),
                _number("parking_min", "minutes", "to park and get out"),
                _whole("stops", "stops", "stops within the longest walk from the place"),
                _number("people_in_reach", "persons", "who can drive there within the limit"),
                _number(
                    "people_fastest",
                    "persons",
                    "for whom the fastest way to some stop leads by this place",
                ),
            ),
        ),
        Table(
            "regions_stability",
            "how sure each zone belongs to its daily urban system",
            (
                ZONE_ID,
                _text("region_id", "identifier of the daily urban system"),
                SYSTEM,
                _share("probability", "draws of the flows in which it is with the system's centre"),
            ),
        ),
        Table(
            "regions_dial",
            "number of labour market areas against the self-containment that is asked for",
            (
                _share("min_containment", "least self-containment, enough for large areas"),
                _share("target_containment", "self-containment asked of areas of the least size"),
                _number("min_size", "working residents", "least size of an area"),
                _number(
                    "target_size",
                    "working residents",
                    "size from which the least self-containment will do",
                ),
                _whole("n_regions", "regions", "areas that come out"),
                _share("internal_share", "commuters who stay in their area"),
                _share("median_self_containment", f"median over areas of: {CONTAINED}"),
                _share("largest_share", "working residents in the largest area"),
                _share("reserve_share", "zones that were set aside on the way"),
                _whole("not_assigned", "zones", "zones in no area"),
            ),
        ),
        Table(
            "regions_compared",
            "daily urban systems beside other zonings",
            (
                _text("zoning", "how regions were drawn"),
                _whole("n_regions", "regions", "number of regions"),
                _share("internal_share", "commuters who stay in their region"),
                _share("median_self_containment", f"median over regions of: {CONTAINED}"),
                _share("least_self_containment", "lowest self-containment of a region"),
                _whole("not_assigned", "zones", "zones in no region"),
                _text("compared_with", "column of the zones with the other zoning"),
                _number("ari", "index, 1 = the same", "adjusted Rand index of the two zonings"),
                _number("nmi", "index, 1 = the same", "normalised mutual information of the two"),
                _number("vi", "nats, 0 = the same", "variation of information of the two"),
                _number("jaccard", "index, 1 = the same", "pairs of zones together in both"),
            ),
        ),
        Table(
            "regions_misassigned",
            "zones whose other zoning puts them apart from most of their daily urban system",
            (
                ZONE_ID,
                _text("zone_name", "name of the zone"),
                _text("region", "daily urban system of the zone"),
                _text("belongs_with", "other region that holds most of that system"),
                _text("is_in", "other region that holds the zone"),
                _text("compared_with", "column of the zones with the other zoning"),
            ),
        ),
        Table(
            "regions_across",
            "daily urban systems with the border closed, as it is, and open",
            (
                ZONE_ID,
                _text("country", "side of the border"),
                _share("crosses", "draws in which its open-border system crosses the border"),
                _text("closed", "its system with the border closed"),
                _text("as_is", "its system with the border as it is"),
                _text("open", "its system with the border open"),
            ),
        ),
        Table(
            "regions_across_pairs",
            "pairs of zones across the border that may share a system if it is open",
            (
                ZONE_ID,
                _text("other_zone_id", "identifier of the other zone", key=True),
                _text("country", "side of the first"),
                _text("other_country", "side of the other"),
                _share("co_membership", "draws in which both are in one system"),
            ),
        ),
        Table(
            "winners_and_losers",
            "who gains and who loses by each scenario",
            (
                SCENARIO,
                _text("part", "all, a country, or a kind of region", key=True),
                MODE,
                OPPORTUNITY,
                BAND,
                _number("people", "people", "people in zones whose change is known"),
                _count("mean_baseline", "mean over people in the baseline"),
                _count("mean_variant", "mean over people in the scenario"),
                _count("mean_delta", "mean change over people"),
                _share("share_winning", "people who reach more"),
                _share("share_winning_a_tenth", "people who reach more than a tenth more"),
                _share("share_losing", "people who reach less"),
                _share("share_losing_a_tenth", "people who reach more than a tenth less"),
                _count("mean_gain_of_winners", "mean gain of those who gain"),
                _count("mean_loss_of_losers", "mean loss of those who lose; negative"),
                _count("largest_gain", "gain of the zone that gains most"),
                _text("largest_gain_zone", "name of that zone"),
                _count("largest_loss", "loss of the zone that loses most; negative"),
                _text("largest_loss_zone", "name of that zone"),
                _whole("draws", "draws", "draws of headway services"),
                _count("mean_delta_sd", "standard deviation of the mean change over draws"),
                _count("mean_delta_low", "lower end of its 95 % interval"),
                _count("mean_delta_high", "upper end of its 95 % interval"),
            ),
        ),
        Table(
            "one_system",
            "whether two places are in one daily urban system, how sure, and how far from it",
            (
                ZONE_ID,
                _text("other_zone_id", "identifier of the other zone", key=True),
                SCENARIO,
                _flag("together", "whether they are in the systems as drawn"),
                _share("probability", "draws of flows and steepness in which they are together"),
                _whole("draws", "draws", "how many"),
                _number(
                    "validity",
                    "1 = threshold",
                    "of the system of the zone; below 1 it cannot stand alone",
                ),
                _number("other_validity", "1 = threshold", "of the system of the other zone"),
                _share(
                    "together_from",
                    "lowest self-containment asked for, on the dial, at which "
                    "they are together; empty where at none",
                ),
            ),
        ),
        Table(
            "systems_dial",
            "number of daily urban systems against the self-containment that is asked for",
            (
                SCENARIO,
                _share("min_containment", "self-containment that a large system must have"),
                _share("target_containment", "self-containment that the smallest must have"),
                _whole("systems", "systems", "number of systems"),
            ),
        ),
        Table(
            "connections",
            "places that lose or gain their connection by a scenario",
            (
                ZONE_ID,
                _text("name", "name of the zone"),
                MODE,
                _text("change", "lost or gained"),
                _text("reason", "why there is no result with or without the scenario"),
            ),
        ),
        Table(
            "relocation",
            "who moves because of a scenario, by assumption; totals stay",
            (
                ZONE_ID,
                _text("name", "name of the zone"),
                _text("moves", "what moves", key=True),
                _text("towards", "what it wants to reach"),
                Column(
                    "elasticity",
                    "number",
                    "percent per percent",
                    "of the number, by the reach of a zone",
                    key=True,
                ),
                _count("before", "number before"),
                _count("after", "number after"),
                _count("change", "after - before"),
                _count("access_before", "opportunities reached in the baseline"),
                _count("access_after", "opportunities reached in the scenario"),
            ),
        ),
        Table(
            "timetable_lines",
            "lines of the timetable that a scenario changes",
            (
                _text("route_id", "identifier of the route", key=True),
                _text("line", "name of the line"),
                _text("change", "new, gone or changed"),
                _number("per_hour_baseline", "trips per hour", "trips in the baseline"),
                _number("per_hour_variant", "trips per hour", "trips in the scenario"),
                _number("km_baseline", "kilometres", "trip kilometres of the window, baseline"),
                _number("km_variant", "kilometres", "trip kilometres of the window, scenario"),
            ),
        ),
        Table(
            "timetable_hops",
            "hops between stops that a scenario changes",
            (
                _text("route_id", "identifier of the route", key=True),
                _text("from_stop", "identifier of the stop of departure", key=True),
                _text("to_stop", "identifier of the next stop", key=True),
                _text("from_name", "name of the stop of departure"),
                _text("to_name", "name of the next stop"),
                _number("trips_baseline", "trips", "trips in the window in the baseline"),
                _number("trips_variant", "trips", "trips in the window in the scenario"),
                _number("minutes_baseline", "minutes", "mean running time in the baseline"),
                _number("minutes_variant", "minutes", "mean running time in the scenario"),
            ),
        ),
        Table(
            "gain_per_km",
            "what a further kilometre of train or bus brings",
            (
                MODE,
                OPPORTUNITY,
                BAND,
                _count("mean_delta", "mean change over people"),
                _number(
                    "further_trip_km_per_hour", "kilometres per hour", "further trip kilometres"
                ),
                _number(
                    "gain_per_km", "unit of the opportunity per kilometre", "the one by the other"
                ),
            ),
        ),
        Table(
            "catchments",
            "people and opportunities in walking distance of stations of lines that change",
            (
                _text("station", "name of the station", key=True),
                _number("minutes", "minutes", "longest walk"),
                _whole("zones", "zones", "zones within it"),
                _number("people", "people", "people within it"),
            ),
        ),
        Table(
            "city_pairs",
            "times from door to door between places, baseline and scenario",
            (
                FROM,
                TO,
                MODE,
                _number("minutes_baseline", "minutes", "median travel time in the baseline"),
                _number("minutes_variant", "minutes", "median travel time in the scenario"),
                _number("difference", "minutes", "scenario - baseline"),
                _flag("within_an_hour_baseline", "whether it is at most an hour in the baseline"),
                _flag("within_an_hour_variant", "whether it is at most an hour in the scenario"),
            ),
        ),
        Table(
            "attribution",
            "which edit of a scenario brings how much of the change",
            (
                SCENARIO,
                MODE,
                OPPORTUNITY,
                BAND,
                _text("edit", "name of the edit, or of edits together", key=True),
                _text("kind", "alone, interaction or shapley", key=True),
                _count("value", "change of mean reach over people"),
                _count("standard_error", "of an estimate; empty where exact"),
            ),
        ),
        Table(
            "data_dictionary",
            "this table: what each column of each table means",
            (
                _text("table", "file", key=True),
                _text("column", "name of the column", key=True),
                _text("type", "text, number, integer or boolean"),
                _text("unit", "unit of the values"),
                _text("key", "yes where the column is part of what identifies a row"),
                _text("may_be_empty", "yes where a value may be missing"),
                _text("description", "what the column means"),
                _text("table_description", "what the table holds"),
            ),
        ),
    )
}
