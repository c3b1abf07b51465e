"""The Zeeland study: a fast train to the Randstad, and two-sided moves because of it.

Beside the Lelylijn study and made as it is: the north does not reach Zeeland, and drawing the whole
Randstad into that study would change every number in it.
"""

from __future__ import annotations

import importlib.resources
from pathlib import Path

from halfcircle.demo.lelylijn import write_inputs

__all__ = ["ZEELAND_EDITS", "write_zeeland"]

ZEELAND_EDITS = ("fast.toml", "fewer-stopping.toml")


def write_zeeland(folder: Path) -> Path:
    """Write zones, roads, timetable, commuters, edit files and study file into a folder.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    Path
        The study file.
    """
    write_inputs(folder, "zeeland")
    texts = importlib.resources.files("halfcircle.demo")
    for name in ZEELAND_EDITS:
        (folder / name).write_bytes(texts.joinpath(f"zeeland-{name}").read_bytes())
    study = folder / "study.toml"
    study.write_bytes(texts.joinpath("zeeland.toml").read_bytes())
    return study
