"""Embedded studies: whole regions that are generated, not downloaded.

Examples
--------
>>> from pathlib import Path
>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     study = write_demo(Path(folder))
...     names = sorted(path.name for path in study.parent.iterdir())
>>> names[:3]
['commuters.csv', 'hale-esche.gtfs.zip', 'halelijn.gtfs.zip']
>>> names[3:]
['region.osm.pbf', 'study.toml', 'zones.gpkg']
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from halfcircle._checks import nearest
from halfcircle.errors import OutputError, StudyError

__all__ = ["DEMOS", "Demo", "write_demo"]


class Demo(NamedTuple):
    """An embedded study: what it is called, and what writes its files into a folder."""

    title: str
    writer: Callable[[Path], Path]


def _twin_towns(folder: Path) -> Path:
    from halfcircle.demo.twin_towns import write_twin_towns

    return write_twin_towns(folder)


def _lelylijn(folder: Path) -> Path:
    from halfcircle.demo.lelylijn import write_lelylijn

    return write_lelylijn(folder)


def _zeeland(folder: Path) -> Path:
    from halfcircle.demo.zeeland import write_zeeland

    return write_zeeland(folder)


# Writers are imported when they write: the command line asks for names and titles only.
DEMOS: Final = MappingProxyType(
    {
        "twin-towns": Demo("two invented towns on either side of a border", _twin_towns),
        "lelylijn": Demo("the north of the Netherlands with a new railway", _lelylijn),
        "zeeland": Demo("a fast train to the Randstad, and who moves", _zeeland),
    }
)


def write_demo(folder: Path, name: str = "twin-towns") -> Path:
    """Write all input files of an embedded study.

    Parameters
    ----------
    folder : Path
        Made if it is not there; files of the same names are replaced.
    name : str
        Key of `DEMOS`.

    Returns
    -------
    Path
        The study file.

    Raises
    ------
    StudyError
        There is no such demo.
    OutputError
        The folder cannot be written.
    """
    if name not in DEMOS:
        raise StudyError(f"there is no demo {name!r} - {nearest(name, DEMOS)}")
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return DEMOS[name].writer(folder)
    except OSError as error:
        raise OutputError(f"{folder}: the demo cannot be written there ({error})") from error
