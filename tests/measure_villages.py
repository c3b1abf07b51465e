"""Three villages with times that are brought along: measures by hand."""

from pathlib import Path

# Three villages on a road: a - b 10 min, b - c 20 min; a - c 30 min; 5 min at home. By bike twice
# as long.
MINUTES = {"a": (5, 10, 30), "b": (10, 5, 20), "c": (30, 20, 5)}
ZONES = """\
zone_id,name,lon,lat,people,pupils,jobs,low,high,workers_low,workers_high,schools,income,part
a,Aaldorp,5.00,52.0,100,40,50,40,10,60,20,1,10,west
b,Beek,5.10,52.0,200,60,150,100,50,80,40,0,20,west
c,Coevorde,5.40,52.0,100,20,0,0,0,40,20,1,40,east
"""
STUDY = """
[study]
name = "Three villages"
[zones]
path = "zones.csv"
population = "people"
[[opportunities]]
name = "jobs"
path = "zones.csv"
id = "zone_id"
column = "jobs"
columns = { low = "low", high = "high" }
unit = "jobs"
[[opportunities]]
name = "workers"
path = "zones.csv"
id = "zone_id"
columns = { low = "workers_low", high = "workers_high" }
[[opportunities]]
name = "schools"
path = "zones.csv"
id = "zone_id"
column = "schools"
[[opportunities]]
name = "pupils"
path = "zones.csv"
id = "zone_id"
column = "pupils"
[[times]]
path = "car.csv"
mode = "by_car"
unit = "minutes"
[[times]]
path = "bike.csv"
mode = "by_bike"
unit = "minutes"
[reach]
modes = ["by_car", "by_bike"]
bands_min = [15, 30]
"""


def write_study(folder: Path, measures: str, *, further: str = "", study: str = STUDY) -> Path:
    (folder / "zones.csv").write_text(ZONES, encoding="utf-8")
    for name, factor in (("car", 1), ("bike", 2)):
        rows = [
            f"{i},{j},{factor * t}"
            for i, row in MINUTES.items()
            for j, t in zip("abc", row, strict=True)
        ]
        text = "origin,destination,minutes\n" + "\n".join(rows) + "\n"
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    path = folder / "study.toml"
    path.write_text(study + measures + further, encoding="utf-8")
    return path
