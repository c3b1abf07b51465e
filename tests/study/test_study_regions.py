"""Daily urban systems in a run: from flows alone, how sure, other choices, across a border."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from halfcircle.errors import HalfcircleError, StudyError
from halfcircle.study import Progress, check_study, run_study


def test_flows_alone(tmp_path: Path) -> None:
    (tmp_path / "z.csv").write_text("zone_id,lon,lat\na,6.0,51.0\nb,6.1,51.0\nc,6.6,51.0\n")
    (tmp_path / "f.csv").write_text(
        "origin,destination,workers\na,a,800\na,b,90\nb,a,200\nb,b,100\nc,c,900\nc,a,10\n"
    )
    (tmp_path / "study.toml").write_text(
        '[study]\nname = "flows"\n[zones]\npath = "z.csv"\n[regions]\nflows = "f.csv"\n'
        "parameters = { min_size = 500, target_size = 1000 }\n"
    )
    run_study(tmp_path / "study.toml")
    member = pd.read_parquet(tmp_path / "out" / "membership.parquet").set_index("zone_id")
    assert member.loc["a", "region_id"] == member.loc["b", "region_id"]
    assert member.loc["c", "region_id"] != member.loc["a", "region_id"]


def test_how_sure_systems_are_other_choices_and_the_border(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    n = 24
    lon = 6.0 + 0.05 * np.arange(n)
    country = ["NL"] * 12 + ["DE"] * 12
    pd.DataFrame(
        {
            "zone_id": [f"z{i:02d}" for i in range(n)],
            "lon": lon,
            "lat": 51.0,
            "country": country,
            "jobs": 1000,
            "province": [f"p{i // 6}" for i in range(n)],
        }
    ).to_csv(tmp_path / "z.csv", index=False)
    pairs = [
        (f"z{i:02d}", f"z{j:02d}", int(rng.poisson(4000 * np.exp(-abs(i - j)))))
        for i in range(n)
        for j in range(n)
        if country[i] == country[j]
    ]
    flows = pd.DataFrame(pairs, columns=["origin", "destination", "workers"])
    flows[flows["workers"] > 0].to_csv(tmp_path / "f.csv", index=False)
    (tmp_path / "study.toml").write_text(
        """
[study]
name = "two sides"
[zones]
path = "z.csv"
country = "country"
[[opportunities]]
name = "jobs"
path = "z.csv"
column = "jobs"
[reach]
modes = ["crow_fly"]
limit_min = 240
[regions]
flows = "f.csv"
mode = "crow_fly"
parameters = { min_size = 5000, target_size = 20000 }
draws = 20
dial = true
compare = ["province"]
across_border = true
"""
    )
    run_study(tmp_path / "study.toml")
    out = tmp_path / "out"
    member = pd.read_parquet(out / "membership.parquet")
    sure = pd.read_csv(out / "regions_stability.csv")
    assert sure["zone_id"].tolist() == sorted(member["zone_id"])
    assert sure["probability"].between(0, 1).all()
    assert sure["probability"].mean() > 0.5
    dial = pd.read_csv(out / "regions_dial.csv")
    assert len(dial) > 2
    compared = pd.read_csv(out / "regions_compared.csv")
    assert set(compared["zoning"]) == {"labour-market-areas", "province"}
    assert compared.set_index("zoning").loc["province", "n_regions"] == 4
    across = pd.read_csv(out / "regions_across.csv").set_index("zone_id")
    # Beside the border more draws have a system of two countries than at the far ends.
    assert across.loc["z11", "crosses"] > across.loc["z00", "crosses"]
    together = pd.read_csv(out / "regions_across_pairs.csv")
    assert (together["country"] != together["other_country"]).all()
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert "regions_stability.csv" in json.dumps(manifest)


def test_across_the_border_needs_countries_and_times(tmp_path: Path) -> None:
    (tmp_path / "z.csv").write_text("zone_id,lon,lat\na,6.0,51.0\nb,6.1,51.0\n")
    (tmp_path / "f.csv").write_text("origin,destination,workers\na,a,800\na,b,90\nb,b,100\n")
    (tmp_path / "study.toml").write_text(
        '[study]\nname = "x"\n[zones]\npath = "z.csv"\n'
        '[regions]\nflows = "f.csv"\nacross_border = true\n'
    )
    with pytest.raises(StudyError) as caught:
        run_study(tmp_path / "study.toml")
    assert "needs the side of each zone" in str(caught.value)
    assert "needs travel times" in str(caught.value)


def test_functional_urban_areas_from_a_population_grid(tmp_path: Path) -> None:
    import geopandas as gpd
    import rasterio
    import shapely
    from rasterio.transform import from_origin

    x0, y0 = 4_020_000, 3_090_000
    shapes = [shapely.box(x0 + 6000 * i, y0, x0 + 6000 * (i + 1), y0 + 6000) for i in range(4)]
    zones = {"zone_id": list("abcd"), "jobs": [500, 100, 100, 100]}
    gpd.GeoDataFrame(zones, geometry=shapes, crs="EPSG:3035").to_file(tmp_path / "z.gpkg")
    people = np.full((6, 24), 20.0)
    people[:, 0:5] = 2000.0  # 60,000 people in a: an urban centre
    people[:, 12:18] = 1000.0  # 36,000 in c: not dense enough
    with rasterio.open(
        tmp_path / "pop.tif", "w", driver="GTiff", height=6, width=24, count=1, dtype="float64",
        crs="EPSG:3035", transform=from_origin(x0, y0 + 6000, 1000, 1000), nodata=-1.0,
    ) as raster:  # fmt: skip
        raster.write(people, 1)
    (tmp_path / "f.csv").write_text(
        "origin,destination,workers\na,a,20000\nb,a,400\nb,b,600\nc,c,90000\nc,a,10000\nd,d,500\n"
    )
    text = (
        '[study]\nname = "x"\n[zones]\npath = "z.gpkg"\n[regions]\nflows = "f.csv"\n'
        'method = "functional-urban-areas"\npopulation_grid = "pop.tif"\ndraws = 10\n'
        '[[opportunities]]\nname = "jobs"\npath = "z.gpkg"\ncolumn = "jobs"\n'
        '[reach]\nmodes = ["crow_fly"]\n[[scenarios]]\nname = "moved"\n'
        'edits = [ { type = "move_opportunities", opportunity = "jobs", amount = 50, '
        'from = ["a"], to = ["b"] } ]\n'
    )
    (tmp_path / "study.toml").write_text(text)
    run_study(tmp_path / "study.toml")
    membership = pd.read_parquet(tmp_path / "out" / "membership.parquet")
    # 40 % of b and 10 % of c work in a; the threshold is 15 %. Scenarios know the centre as well:
    # without it c would be a city by its size.
    for scenario in ("baseline", "moved"):
        member = membership[membership["scenario"] == scenario].set_index("zone_id")
        assert member.loc["a", "region_id"] == member.loc["b", "region_id"]
        assert member.loc[["c", "d"], "region_id"].isna().all()
    # The draws know the urban centre too: every one of them draws the same area.
    sure = pd.read_csv(tmp_path / "out" / "regions_stability.csv").set_index("zone_id")
    assert sure.loc[["a", "b"], "probability"].tolist() == [1.0, 1.0]
    (tmp_path / "study.toml").write_text(text.replace("pop.tif", "none.tif"))
    with pytest.raises(HalfcircleError, match="population_grid: file not found"):
        run_study(tmp_path / "study.toml")


def test_flows_of_one_year_on_the_boundaries_of_another(tmp_path: Path) -> None:
    from halfcircle.study import read_inputs, read_study

    (tmp_path / "z.csv").write_text("zone_id,lon,lat\nc,6.6,51.0\nn,6.0,51.0\nempty,6.9,51.0\n")
    (tmp_path / "f.csv").write_text(
        "origin,destination,workers\na,a,800\na,b,90\nb,a,200\nb,b,100\nc,c,900\nc,a,10\n"
    )
    (tmp_path / "x.csv").write_text("old_id,new_id\na,n\nb,n\n")
    text = (
        '[study]\nname = "x"\n[zones]\npath = "z.csv"\n[regions]\nflows = "f.csv"\n'
        'crosswalk = "x.csv"\nparameters = { min_size = 500, target_size = 1000 }\n'
    )
    (tmp_path / "study.toml").write_text(text)
    study = read_study(tmp_path / "study.toml")
    given = read_inputs(study, Progress(quiet=True)).regions
    assert given is not None
    flows = given.flows
    assert flows.zone_id.tolist() == ["c", "n", "empty"]
    # a and b merged into n: 800 + 90 + 200 + 100 inside, 10 from c.
    assert flows.matrix().toarray().tolist() == [[900, 10, 0], [0, 1190, 0], [0, 0, 0]]
    assert any("zones without flows: 'empty'" in str(notice) for notice in flows.notices)
    (tmp_path / "x.csv").write_text("old_id,new_id,share\na,n,1\nb,elsewhere,1\n")
    with pytest.raises(HalfcircleError, match=r"not in the study: 'elsewhere'"):
        run_study(tmp_path / "study.toml")
    (tmp_path / "study.toml").write_text(text.replace("crosswalk", 'outside = "abroad"\ncrosswalk'))
    run_study(tmp_path / "study.toml")
    assert (tmp_path / "out" / "membership.parquet").exists()


def test_all_that_is_wrong_with_regions_is_told_before_any_routing(tmp_path: Path) -> None:
    (tmp_path / "z.csv").write_text("zone_id,lon,lat,jobs\na,6.0,51.0,1\nb,6.1,51.0,1\n")
    (tmp_path / "f.csv").write_text("origin,destination,workers\na,a,800\na,b,90\nb,b,-1\n")
    (tmp_path / "study.toml").write_text(
        '[study]\nname = "x"\n[zones]\npath = "z.csv"\n[reach]\nmodes = ["crow_fly"]\n'
        '[[opportunities]]\nname = "jobs"\npath = "z.csv"\ncolumn = "jobs"\n'
        '[regions]\nflows = "f.csv"\ncompare = ["province"]\n'
    )
    stages: list[str] = []

    class Told(Progress):
        def stage(self, label):
            stages.append(label)
            return super().stage(label)

    with pytest.raises(StudyError) as caught:
        run_study(tmp_path / "study.toml", progress=Told(quiet=True))
    for told in ("-1 (line 4)", "'province'"):
        assert told in str(caught.value)
    assert not any("reach" in stage for stage in stages)
    text, can_run = check_study(tmp_path / "study.toml")
    assert not can_run
    for told in ("-1 (line 4)", "'province'"):
        assert told in text
