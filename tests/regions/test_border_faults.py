"""Wrong or missing input: all said at once, missing never 0."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from border_world import FixedTimes, places
from pyproj import CRS

from halfcircle.access.decay import ExponentialDecay
from halfcircle.errors import OpportunityError, StudyError, TravelTimeError, ZoneError
from halfcircle.places import Opportunities, Places, Zones
from halfcircle.regions.border import BorderMeasures, border_loss, plan_border
from halfcircle.regions.border_checks import check_land
from halfcircle.regions.border_rules import (
    BorderRules,
    CrossingRule,
    border_preset,
    sensitivity_rules,
)
from halfcircle.regions.border_summary import (
    OpportunitySource,
    comparability,
    foreign_sensitivity,
    summarise_loss,
    weighted_quantiles,
)
from halfcircle.regions.half_circle import half_circle, sector_of
from halfcircle.regions.half_circle_land import land_of_zones, land_shares

BAND = BorderMeasures(bands_s=(600.0,))
BOTH = BorderMeasures(bands_s=(600.0,), decays=(ExponentialDecay(300.0),))


def world(countries, times_s=None, *, values=None, percentiles=(50,)):
    spots = places(countries)
    n = len(spots)
    times = np.full((n, n), 300.0) if times_s is None else np.asarray(times_s, dtype=float)
    source = FixedTimes(spots, spots, times, percentiles=percentiles)
    count = np.ones((1, n)) if values is None else np.atleast_2d(values)
    return source, (Opportunities("jobs", count),)


# Countries --------------------------------------------------------------------------------------


def test_zone_in_two_countries():
    with pytest.raises(ZoneError, match=r"more than one country: 'z1 \(NL/DE\)' - cut the zone"):
        border_loss(*world(["NL", "NL/DE", "DE"]), measures=BAND)


def test_zone_without_a_country_is_an_error_unless_left_out():
    source, jobs = world(["NL", "", "DE"])
    with pytest.raises(ZoneError, match="places without a country: 'z1'"):
        border_loss(source, jobs, measures=BAND)
    loss = border_loss(source, jobs, measures=BAND, unassigned="leave out")
    assert loss.domestic[:, 0, 0].tolist()[::2] == [1.0, 1.0]
    assert loss.open_reach[:, 0, 0].tolist()[::2] == [2.0, 2.0]
    assert np.isnan(loss.open_reach[1]).all()
    assert np.isnan(loss.effective[1]).all()
    assert "left out: 'z1'" in "\n".join(str(notice) for notice in loss.notices)


def test_no_countries_at_all():
    spots = Places(["a", "b"], [6.0, 6.1], [51.0, 51.0])
    source = FixedTimes(spots, spots, np.ones((2, 2)))
    with pytest.raises(ZoneError, match="have no country") as caught:
        border_loss(source, (Opportunities("jobs", np.ones((1, 2))),), measures=BAND)
    assert len(caught.value.faults) == 2


def test_one_place_in_two_countries_by_role():
    spots = places(["NL", "DE"])
    other = Places(spots.place_id, spots.lon, spots.lat, ["BE", "DE"])
    source = FixedTimes(other, spots, np.ones((2, 2)))
    with pytest.raises(ZoneError, match=r"'z0 \(BE and NL\)'"):
        border_loss(source, (Opportunities("jobs", np.ones((1, 2))),), measures=BAND)


def test_one_country_only_is_said():
    loss = border_loss(*world(["NL", "NL"]), measures=BAND)
    assert (loss.loss == 0.0).all()
    assert "all destinations are in one country" in str(loss.notices[0])


# Opportunities ----------------------------------------------------------------------------------


def test_country_without_opportunities_is_unknown_not_zero():
    times = [[60.0, 300.0, 6000.0], [300.0, 60.0, 6000.0], [6000.0, 6000.0, 60.0]]
    values = [5.0, np.nan, 7.0]
    loss = border_loss(*world(["NL", "DE", "NL"], times, values=values), measures=BAND)
    # z0 reaches Germany, of which nothing is known; z2 does not and is sure of its reach.
    assert np.isnan(loss.open_reach[:2]).all()
    assert loss.domestic[0].item() == 5.0
    assert np.isnan(loss.domestic[1]).all()
    assert loss.open_reach[2].item() == 7.0
    assert loss.loss[2].item() == 0.0
    table = loss.table()
    assert table["loss"].isna().tolist() == [True, True, False]
    assert "no zone of country 'DE' has data: reach into it is unknown, not 0" in str(
        loss.notices[0]
    )


def test_closed_border_makes_a_country_without_data_harmless():
    source, jobs = world(["NL", "DE"], values=[5.0, np.nan])
    closed = border_loss(source, jobs, measures=BOTH, rules=border_preset("closed"))
    assert closed.effective[0, 0, 0].item() == 5.0
    assert np.isnan(closed.open_reach[0]).all()
    nothing = BorderRules((CrossingRule("NL", "DE", factor=0.0),))
    assert border_loss(source, jobs, measures=BAND, rules=nothing).effective[0, 0].item() == 5.0


def test_country_without_data_far_away_does_not_blank_a_decay():
    times = [[60.0, 300.0 * 5], [300.0 * 5, 60.0]]
    near = border_loss(*world(["NL", "DE"], times, values=[5.0, np.nan]), measures=BOTH)
    assert np.isnan(near.open_reach[0, 1, 0])
    times = [[60.0, 300.0 * 7], [300.0 * 7, 60.0]]
    far = border_loss(*world(["NL", "DE"], times, values=[5.0, np.nan]), measures=BOTH)
    assert np.isfinite(far.open_reach[0, 1, 0])


def test_some_zones_without_data_are_left_out_and_counted():
    loss = border_loss(*world(["NL", "NL", "DE"], values=[5.0, np.nan, 7.0]), measures=BAND)
    assert loss.open_reach[:, 0, 0].tolist() == [12.0, 12.0, 12.0]
    assert "zones of country 'NL' without data are left out of sums: 'z1'" in str(loss.notices[0])


def test_nothing_in_reach_is_undefined_not_zero():
    loss = border_loss(*world(["NL", "DE"], [[np.inf, np.inf], [60.0, 60.0]]), measures=BOTH)
    assert np.isnan(loss.loss[0]).all()
    assert (loss.domestic[0] == 0.0).all()
    assert loss.loss[1, 0, 0] == 0.5


@pytest.mark.parametrize(
    ("opportunities", "message"),
    [
        ((), "there are none"),
        ((Opportunities("jobs", np.ones((1, 3))),), "given for 3 zones, travel times lead to 2"),
        ((Opportunities("jobs", np.ones((1, 2))),) * 2, "given twice"),
    ],
)
def test_opportunities_that_do_not_fit(opportunities, message):
    source, _ = world(["NL", "DE"])
    with pytest.raises(OpportunityError, match=message):
        border_loss(source, opportunities, measures=BAND)


# Rules ------------------------------------------------------------------------------------------


def test_all_faults_of_rules_come_together():
    with pytest.raises(StudyError) as caught:
        BorderRules(
            (
                CrossingRule("NL", "DE", penalty_s=-60.0),
                CrossingRule("NL", "BE", factor=1.5),
                CrossingRule("NL", "NL"),
                CrossingRule("", "BE"),
                CrossingRule("NL", "FR", penalty_s=60.0, group="low"),
                CrossingRule("BE", "DE", penalty_s=np.nan),
                CrossingRule("DE", "BE", penalty_s=60.0),
                CrossingRule("DE", "BE", penalty_s=90.0),
            )
        )
    text = str(caught.value)
    assert len(caught.value.faults) == 7
    for part in (
        "NL -> DE (border): minutes must be 0 or more: '-1.0'",
        "factor must be between 0 and 1: '1.5'",
        "leads from a country to itself",
        "a country is missing",
        "minutes cannot differ by group",
        "stated twice, differently",
    ):
        assert part in text


def test_rules_for_unknown_countries_and_groups():
    rules = BorderRules((CrossingRule("NL", "GE", 60.0), CrossingRule("NL", "DE", group="lo")))
    with pytest.raises(StudyError) as caught:
        border_loss(*world(["NL", "DE"]), measures=BAND, rules=rules)
    assert "no zone is in country 'GE'" in str(caught.value)
    assert "there is no group 'lo'" in str(caught.value)


def test_presets():
    pieters = border_preset("pieters-2012")
    penalty_s, factor = pieters.arrays(["BE", "DE", "NL"], "car", ["all"])
    assert penalty_s[2].tolist() == [2100.0, 2760.0, 0.0]
    assert penalty_s[:, 2].tolist() == [2100.0, 2760.0, 0.0]
    assert (factor == 1.0).all()
    assert "Pieters" in pieters.rules[0].source
    assert pieters.within(["DE", "NL"]).reasons == ("border",)
    assert len(pieters.within(["DE", "NL"]).rules) == 2
    assert pieters.unstated(["BE", "DE", "NL"], "car") == ["BE -> DE", "DE -> BE"]
    with pytest.raises(StudyError, match="did you mean 'closed'"):
        border_preset("close")
    loss = border_loss(*world(["NL", "DE", "BE"]), measures=BAND, rules=pieters)
    assert any("without a rule count as open" in str(notice) for notice in loss.notices)
    assert len(sensitivity_rules()) == 15
    assert sensitivity_rules()[5].name == "15min_x0.3"


def test_the_most_specific_rule_counts_and_reasons_combine():
    rules = BorderRules(
        (
            CrossingRule("*", "*", penalty_s=600.0, factor=0.9),
            CrossingRule("NL", "*", penalty_s=1200.0),
            CrossingRule("NL", "DE", penalty_s=60.0, mode="bike"),
            CrossingRule("*", "*", factor=0.5, reason="language"),
            CrossingRule("*", "DE", factor=0.4, reason="language", group="low"),
        )
    )
    countries, groups = ["BE", "DE", "NL"], ["low", "high"]
    penalty_s, factor = rules.arrays(countries, "car", groups)
    assert penalty_s.tolist() == [[0, 600, 600], [600, 0, 600], [1200, 1200, 0]]
    assert factor[0, 2].tolist() == [0.5, 0.4, 1.0]
    assert factor[1, 2].tolist() == [0.5, 0.5, 1.0]
    np.testing.assert_allclose(factor[0, 0], [1.0, 0.9 * 0.4, 0.9 * 0.5])
    bike_s, _ = rules.arrays(countries, "bike", groups)
    assert bike_s[2].tolist() == [1200, 60, 0]
    only = rules.only(["language"])
    assert (only.arrays(countries, "car", groups)[0] == 0.0).all()
    with pytest.raises(StudyError, match="no rule has reason 'langage' - did you mean 'language'"):
        rules.only(["langage"])


# Times, measures and the rest -------------------------------------------------------------------


@pytest.mark.parametrize("bad", [-1.0, np.nan])
def test_times_that_are_none(bad):
    source, jobs = world(["NL", "DE"], [[60.0, bad], [60.0, 60.0]])
    with pytest.raises(TravelTimeError, match="1 are negative or not a number"):
        border_loss(source, jobs, measures=BAND)


def test_times_of_another_shape():
    source, jobs = world(["NL", "DE"])
    plan = plan_border(source.origins, source.destinations, jobs, mode="car", measures=BAND)
    with pytest.raises(TravelTimeError, match=r"shape \(2, 3\), expected \(2, 2\)"):
        plan.block(np.arange(2), np.ones((2, 3), dtype=np.float32))


def test_percentiles():
    source, jobs = world(["NL", "DE"], percentiles=(25, 50))
    matrix = np.stack([np.full((2, 2), 300.0), np.full((2, 2), 900.0)], axis=1)
    source = FixedTimes(source.origins, source.destinations, matrix, percentiles=(25, 50))
    assert border_loss(source, jobs, measures=BAND).open_reach[0].item() == 0.0
    quick = border_loss(source, jobs, measures=BAND, percentile=25)
    assert quick.open_reach[0].item() == 2.0
    assert quick.percentile == 25
    with pytest.raises(TravelTimeError, match=r"percentiles \(25, 50\), not 75"):
        border_loss(source, jobs, measures=BAND, percentile=75)


def test_hard_closed_source_must_have_the_same_places():
    source, jobs = world(["NL", "DE"])
    other, _ = world(["NL", "DE", "DE"])
    with pytest.raises(TravelTimeError, match="has other places"):
        border_loss(source, jobs, measures=BAND, hard_closed=other)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BorderMeasures(), "neither bands nor a decay"),
        (lambda: BorderMeasures(bands_s=(0.0,)), "must be positive"),
        (lambda: BorderMeasures(bands_s=(900.0, 600.0)), "must ascend"),
        (lambda: BorderMeasures(decays=(ExponentialDecay(60.0),) * 2), "given twice"),
    ],
)
def test_measures_that_are_none(make, message):
    with pytest.raises(StudyError, match=message):
        make()


def test_match_weights_must_be_shares():
    with pytest.raises(StudyError, match="between 0 and 1 and have shape"):
        border_loss(*world(["NL", "DE"]), measures=BAND, match=[[0.5], [1.5]])


def test_what_was_not_asked_for_is_not_there():
    loss = border_loss(*world(["NL", "DE"]), measures=BAND)
    with pytest.raises(StudyError, match="ask with sectors=True"):
        loss.sectors()
    with pytest.raises(StudyError, match="ask with sectors=True"):
        half_circle(loss)
    with pytest.raises(StudyError, match="has no 'schools'"):
        loss.column("schools")
    with pytest.raises(StudyError, match="not 700"):
        loss.measure(band_s=700.0)
    with pytest.raises(StudyError, match="there are 1 rule sets"):
        loss.recoverable()
    assert loss.loss_hard_closed is None


def test_tables_have_the_columns_of_the_contract():
    loss = border_loss(*world(["NL", "DE"]), measures=BOTH, sectors=True)
    table = loss.table(scenario="base")
    assert list(table.columns) == [
        "zone_id", "scenario", "mode", "opportunity", "group", "band_min", "measure",
        "reach_domestic", "reach_open", "reach_effective", "loss",
    ]  # fmt: skip
    assert table["measure"].tolist() == ["cumulative", "decay"] * 2
    assert table["band_min"].isna().tolist() == [False, True] * 2
    assert set(table["scenario"]) == {"base"}
    sectors = loss.sectors()
    assert list(sectors.columns) == [
        "zone_id", "scenario", "mode", "opportunity", "group", "band_min", "measure", "sector",
        "reach_domestic", "reach_open",
    ]  # fmt: skip
    assert len(sectors) == 2 * 2 * 17
    keys = ["zone_id", "measure"]
    summed = sectors.groupby(keys)[["reach_domestic", "reach_open"]].sum()
    whole = table.set_index(keys)[["reach_domestic", "reach_open"]]
    np.testing.assert_allclose(summed.sort_index(), whole.sort_index())
    assert set(half_circle(loss).table()["abroad"]) <= {"richer", "poorer", "alike"}


def test_two_decays_go_by_their_names():
    measures = BorderMeasures(decays=(ExponentialDecay(60.0), ExponentialDecay(120.0)))
    loss = border_loss(*world(["NL", "DE"]), measures=measures)
    assert loss.table()["measure"].tolist()[:2] == ["exponential_1min", "exponential_2min"]
    assert loss.measure(decay="exponential_2min") == 1


def test_sector_edges():
    edges = [0.0, 11.24, 11.26, 348.74, 348.76, 360.0, 90.0, 180.0, 270.0, np.nan]
    assert sector_of(edges).tolist() == [0, 0, 1, 15, 0, 0, 4, 8, 12, 16]


# Land -------------------------------------------------------------------------------------------

CRS_M = CRS.from_epsg(32632)


def zones_at(boxes, countries):
    geometry = np.array([shapely.box(*b) for b in boxes], dtype=object)
    points = gpd.GeoSeries(shapely.centroid(geometry), crs=CRS_M).to_crs(4326)
    spots = Places(
        [f"z{i}" for i in range(len(boxes))], points.x.to_numpy(), points.y.to_numpy(), countries
    )
    return Zones(spots, CRS_M, geometry)


def test_land_shows_zones_on_the_wrong_side_and_disputed_land():
    km = 1000.0
    west = shapely.box(400 * km, 5600 * km, 500 * km, 5700 * km)
    east = shapely.box(490 * km, 5600 * km, 600 * km, 5700 * km)
    south = shapely.box(400 * km, 5500 * km, 600 * km, 5600 * km)
    boxes = [
        (420 * km, 5640 * km, 430 * km, 5650 * km),
        (550 * km, 5640 * km, 560 * km, 5650 * km),
        (420 * km, 5595 * km, 430 * km, 5606 * km),
        (492 * km, 5640 * km, 498 * km, 5650 * km),
    ]
    zones = zones_at(boxes, ["W"] * 4)
    faults = check_land(zones, {"W": west, "E": east, "S": south}, CRS_M)
    text = "\n".join(str(fault) for fault in faults)
    assert "lie in another country than they say: 'z1 (W, lies in E)'" in text
    assert "the border runs through: 'z2 (45% abroad)', 'z3 (100% abroad)'" in text
    # Both countries claim the land of z3: it may be where it says.
    assert "z3 (W, lies in" not in text
    assert "E and W overlap by 1,000 km2: disputed land" in text
    assert "countries with land but without zones" in text
    assert [fault.severity for fault in faults].count("error") == 1
    assert check_land(zones_at(boxes[:1], ["W"]), {"W": west}, CRS_M) == ()


def test_land_must_cover_the_own_country():
    with pytest.raises(ZoneError, match="no land area is given for countries of places: 'W'"):
        land_shares(places("W"), {"E": shapely.box(0, 0, 1, 1)}, CRS.from_epsg(4326))
    with pytest.raises(StudyError, match="radius_m must be a positive number"):
        land_shares(places("W"), {}, CRS_M, radius_m=0.0)


def test_land_of_zones_is_their_union():
    boxes = [(0, 0, 10, 10), (10, 0, 20, 10), (20, 0, 30, 10)]
    land = land_of_zones(zones_at([tuple(500_000 + 1000 * x for x in b) for b in boxes], "AAB"))
    assert {code: shape.area for code, shape in land.items()} == {"A": 2e8, "B": 1e8}
    with pytest.raises(ZoneError, match="must have areas and countries"):
        land_of_zones(Zones(places("AB"), CRS_M))


# Summary and comparability ----------------------------------------------------------------------


def test_summary_by_hand():
    times = [[60.0, 300.0, np.inf], [300.0, 60.0, np.inf], [np.inf, np.inf, np.inf]]
    source, jobs = world(["NL", "DE", "NL"], times, values=[30.0, 10.0, 5.0])
    loss = border_loss(source, jobs, measures=BAND)
    # z0 loses 10 of 40, z1 30 of 40, z2 reaches nothing.
    table = summarise_loss(loss, ["r", "r", "r"], [100.0, 300.0, 50.0]).iloc[0]
    assert table["loss"] == pytest.approx(1.0 - (100 * 30 + 300 * 10) / (400 * 40))
    assert table["loss_mean"] == pytest.approx((100 * 0.25 + 300 * 0.75) / 400)
    assert table["share_above_25"] == pytest.approx(0.75)
    assert table["share_above_50"] == pytest.approx(0.75)
    assert (table["n_zones"], table["n_undefined"]) == (3, 1)
    assert (table["population"], table["population_undefined"]) == (400.0, 50.0)
    assert table["loss_p20"] == pytest.approx(0.25)
    assert table["loss_p30"] == pytest.approx(0.75)
    assert table["reach_open"] == pytest.approx(40.0)


def test_summary_faults():
    loss = border_loss(*world(["NL", "DE"]), measures=BAND)
    with pytest.raises(StudyError, match="for 2 origins"):
        summarise_loss(loss, ["r"], [1.0])
    with pytest.raises(StudyError, match="negative or infinite"):
        summarise_loss(loss, ["r", "r"], [1.0, -1.0])
    with pytest.raises(StudyError, match="no origin is in a region"):
        summarise_loss(loss, ["", ""], [1.0, 1.0])
    with pytest.raises(StudyError, match="must be -1 or more"):
        foreign_sensitivity(loss, changes=(-2.0,))
    assert np.isnan(weighted_quantiles(np.array([np.nan]), np.array([1.0]), [0.5])).all()


def test_comparability_says_what_differs():
    sources = [
        OpportunitySource("NL", "jobs", "jobs of employees", "jobs", 2014, "CBS"),
        OpportunitySource("DE", "jobs", "people x rate", "persons", 2021, "rate", estimated=True),
    ]
    table, notices = comparability(sources, ["NL", "DE", "BE"])
    text = "\n".join(str(notice) for notice in notices)
    assert table["same_unit"].tolist() == [False, False]
    assert table["years_apart"].tolist() == [7, 7]
    for part in ("units differ", "up to 7 apart", "estimated, not observed", "countries: 'BE'"):
        assert part in text
    with pytest.raises(OpportunityError, match="stated twice"):
        comparability(sources[:1] * 2, ["NL"])
    with pytest.raises(OpportunityError, match="concept, source must be stated"):
        OpportunitySource("NL", "jobs", "", "jobs", 2014, " ")
