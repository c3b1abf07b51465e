"""What further tables about the border hold; see `halfcircle.outputs.columns`."""

from __future__ import annotations

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
    count,
)

__all__ = ["BORDER_TABLES", "SKILLS"]

SHARE = "share, 0 to 1"
LAYER = (SCENARIO, MODE, OPPORTUNITY, GROUP, BAND, MEASURE)
AREA = Column("area", "text", "", "kind of area: all, country or region", key=True)
REGION = Column("region", "text", "", "country code, name of the region, or 'all'", key=True)
FROM = Column("from_country", "text", "", "where people live", key=True)
TO = Column("to_country", "text", "", "where they go to", key=True)


def _share(name: str, description: str) -> Column:
    return Column(name, "number", SHARE, description, required=False)


CONNECTIONS = "median of different arrivals by vehicle; empty where there is no timetable"
FASTEST = "median of the best-timed departure; empty where there is no timetable"


def _served(name: str, unit: str, description: str) -> Column:
    return Column(name, "number", unit, description, required=False, optional=True)


def _number(name: str, unit: str, description: str) -> Column:
    return Column(name, "number", unit, description, required=False)


def _text(name: str, description: str) -> Column:
    return Column(name, "text", "", description, required=False)


SKILLS = (
    Column(
        "reach_skills",
        "number",
        "unit of the opportunity",
        "reach_effective where jobs abroad count as far as their sector matches what people do",
        required=False,
        optional=True,
    ),
    Column(
        "loss_skills",
        "number",
        SHARE,
        "1 - reach_skills / reach_open: what penalties and skills take together",
        required=False,
        optional=True,
    ),
)

MIRROR_LINE = (
    Column(
        "reach_mirror_line",
        "number",
        "unit of the opportunity",
        "reach if abroad were home reflected in the line of the border; empty without one",
        required=False,
        optional=True,
    ),
    Column(
        "loss_mirror_line",
        "number",
        SHARE,
        "1 - domestic / so mirrored reach",
        required=False,
        optional=True,
    ),
    Column(
        "abroad_line",
        "text",
        "",
        "whether abroad is richer or poorer than home so mirrored, or alike",
        required=False,
        optional=True,
    ),
)

BORDER_TABLES = (
    Table(
        "border_summary",
        "border loss of countries and regions, and how it is spread over their people",
        (
            AREA,
            REGION,
            *LAYER,
            Column("n_zones", "integer", "zones", "zones of the area"),
            Column("n_undefined", "integer", "zones", "of these, without a defined loss"),
            _number("population", "people", "people in zones with a defined loss"),
            _number("population_undefined", "people", "people in the others"),
            count("reach_domestic", "in the own country, mean over people"),
            count("reach_open", "if the border did not count, mean over people"),
            count("reach_effective", "with the border penalties, mean over people"),
            _share("loss", "ratio of sums: 1 - sum of domestic over sum of open reach"),
            _share("loss_mean", "mean of the zones' own losses over people"),
            _share("loss_effective", "ratio of sums: what the penalties take of the open reach"),
            _share("share_above_25", "people who lose more than 25 %"),
            _share("share_above_50", "people who lose more than 50 %"),
            *(
                _share(f"loss_p{d}", f"a share of {d} % of people lose at most this")
                for d in range(10, 100, 10)
            ),
            _share("loss_foreign_fewer", "loss with 10 % fewer opportunities abroad"),
            _share("loss_foreign_more", "loss with 10 % more opportunities abroad"),
            *SKILLS,
        ),
    ),
    Table(
        "border_sensitivity",
        "effective reach and what is won back, under other penalties for every crossing",
        (
            AREA,
            REGION,
            *LAYER,
            Column("variant", "text", "", "name of the set of penalties", key=True),
            _number("penalty_min", "minutes", "added to every crossing"),
            _share("factor", "weight of opportunities abroad"),
            count("reach_effective", "with these penalties, mean over people"),
            _share("loss_effective", "ratio of sums: what these penalties take"),
            _number(
                "recoverable",
                "share, at most 1",
                "share of the loss under the study's penalties that these win back; negative "
                "where they take more; empty where the study's take nothing",
            ),
        ),
    ),
    Table(
        "half_circle",
        "direction: how full the circle around each zone is",
        (
            ZONE_ID,
            *LAYER,
            _share("completeness", "domestic over open reach"),
            _share("half_gone", "sectors in use that keep less than half of their reach"),
            _share("asymmetry_domestic", "0 = evenly around, 1 = all in one direction"),
            _share("asymmetry_open", "the same without the border"),
            count("reach_mirror", "reach if abroad were like home"),
            _share("loss_mirror", "1 - domestic / mirrored reach"),
            _text("abroad", "whether abroad is richer or poorer than home mirrored, or alike"),
            *MIRROR_LINE,
        ),
    ),
    Table(
        "border_land",
        "land around each zone: what is border and what is sea",
        (
            ZONE_ID,
            _number("radius_m", "metres", "radius of the disk"),
            _share("own_of_land", "own land over all land"),
            _share("land_of_disk", "all land over the disk"),
            _share("own_of_disk", "own land over the disk"),
            Column("sectors_border", "integer", "of 16", "sectors that a border cuts off"),
            Column("sectors_sea", "integer", "of 16", "sectors that water cuts off"),
        ),
    ),
    Table(
        "border_causes",
        "why reach is lost: parts that add up to ideal minus effective reach",
        (
            ZONE_ID,
            *LAYER,
            Column("cause", "text", "", "transport, or a reason of the penalties", key=True),
            count("reach_ideal", "with crossings as good as domestic pairs and no penalties"),
            count("lost", "lost to this cause, mean over all orders of causes (Shapley value)"),
            count("lost_ordered", "lost to it when causes are switched on in the order listed"),
            _number("share", "share", "lost over ideal reach; negative where crossings are better"),
        ),
    ),
    Table(
        "border_pairs",
        "crossings beside domestic pairs of places as far apart and as large",
        (
            SCENARIO,
            MODE,
            FROM,
            TO,
            Column("distance_from_km", "number", "kilometres", "straight line", key=True),
            Column("distance_to_km", "number", "kilometres", "straight line"),
            Column("size_class", "integer", "", "0 = smallest; -1 = all sizes", key=True),
            Column("n_domestic", "integer", "pairs", "domestic pairs"),
            Column("n_crossing", "integer", "pairs", "pairs across the border"),
            _number("minutes_domestic", "minutes", "median; empty where most are not reached"),
            _number("minutes_crossing", "minutes", "median; empty where most are not reached"),
            _number("ratio", "ratio", "pace across over pace at home"),
            _share("reached_domestic", "domestic pairs that are reached"),
            _share("reached_crossing", "pairs across that are reached"),
            _served("connections_per_hour_domestic", "per hour", CONNECTIONS),
            _served("connections_per_hour_crossing", "per hour", CONNECTIONS),
            _served("fastest_min_domestic", "minutes", FASTEST),
            _served("fastest_min_crossing", "minutes", FASTEST),
        ),
    ),
    Table(
        "border_potential",
        "commuters across if only travel counted, and those there are; empty = no data",
        (
            SCENARIO,
            MODE,
            FROM,
            Column("from_region", "text", "", "empty for the whole country", key=True),
            TO,
            Column("to_region", "text", "", "empty for the whole country", key=True),
            Column(
                "numerator",
                "text",
                "",
                "gross, or net of movers who kept their job",
                key=True,
                required=False,
            ),
            Column("n_zones", "integer", "zones", "of origin, near the border"),
            _number("workers", "people", "who live there"),
            _number("jobs_closed", "jobs", "by willingness, at home, mean over workers"),
            _number("jobs_open", "jobs", "by willingness, on both sides, mean over workers"),
            _number("potential_choice", "people", "each picks a job, whoever else wants it"),
            _number("potential_balanced", "people", "each job is taken once"),
            _number("border_zone_km", "kilometres", "origins are within this of the border"),
            _number("cap_km", "kilometres", "no commuting beyond"),
            _number("realised", "people", "who commute across"),
            _number("year", "year", "of the count"),
            _text("source", "of the count"),
            _number("rate_choice", "share", "realised over potential, by choice"),
            _number("rate_balanced", "share", "realised over potential, balanced"),
            _share("reference_rate", "what PBL/CBS found"),
            _text("reference", "where that is from"),
            _text("willingness", "what willingness to commute was taken from"),
        ),
    ),
    Table(
        "border_wages",
        "what an open border might mean for wages: indicative, gross",
        (
            AREA,
            REGION,
            SCENARIO,
            MODE,
            OPPORTUNITY,
            GROUP,
            _text("label", "how to read the figures"),
            Column("n_zones", "integer", "zones", "zones of the area"),
            Column("n_undefined", "integer", "zones", "of these, without reach before or after"),
            _number("effect_mean", "log points", "0.01 is about one per cent"),
            _number("effect_p5", "log points", "5th percentile over draws"),
            _number("effect_p50", "log points", "median over draws"),
            _number("effect_p95", "log points", "95th percentile over draws"),
        ),
    ),
    Table(
        "border_sources",
        "what each country counted",
        (
            OPPORTUNITY,
            Column("country", "text", "", "who counted", key=True),
            _text("concept", "what is counted"),
            _text("unit", "of the count"),
            _number("year", "year", "of the count"),
            _text("source", "of the count"),
            _text("estimated", "yes for a stand-in, no for an observation"),
            _text("same_unit", "whether all countries count in the same unit"),
            _number("years_apart", "years", "between the countries"),
        ),
    ),
)
