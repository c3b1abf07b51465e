"""The Porto Alegre study over the real sample: written for tests and benchmarks alike."""

from pathlib import Path

TEMPLATE = """
[study]
name = "Porto Alegre"

[zones]
path = "{data}/poa_hexgrid.csv"
id = "id"

{opportunities}

[streets]
osm = ["{data}/poa_osm.pbf"]
country = "BR"

[transit]
feeds = [
    {{ id = "eptc", path = "{data}/poa_eptc.zip" }},
    {{ id = "trensurb", path = "{data}/poa_trensurb.zip" }},
]
date = 2019-05-13
window = ["14:00", "16:00"]
time_zone = "America/Sao_Paulo"

[reach]
modes = ["walk", "bike", "car", "transit"]
bands_min = [15, 30, 45, 60, 90]
percentiles = [25, 50, 75]
"""

OPPORTUNITY = """
[[opportunities]]
name = "{name}"
path = "{data}/poa_hexgrid.csv"
column = "{name}"
"""


def write_study(folder: Path, data: Path) -> Path:
    """Write the study file into `folder`; `data` holds the sample."""
    opportunities = "".join(
        OPPORTUNITY.format(name=name, data=data.as_posix())
        for name in ("jobs", "schools", "healthcare", "population")
    )
    path = folder / "porto-alegre.toml"
    path.write_text(
        TEMPLATE.format(data=data.as_posix(), opportunities=opportunities), encoding="utf-8"
    )
    return path
