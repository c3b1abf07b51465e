"""The process that R5 runs in: started by `halfcircle.access.r5_process`, never by hand.

r5py reads the command line, starts a Java that cannot be started twice, and takes its settings
from a file: so it has a process of its own. Requests come as lines of JSON on standard input and
are answered by one line each on what was standard output; what r5py and Java print goes to
standard error.

Requests::

    {"do": "open", "osm": "x.osm.pbf", "gtfs": ["a.zip"], "places": "places.csv"}
    {"do": "times", "origins": [0, 1], "into": "b.npy", "task": {...}}
    {"do": "close"}

Answers are ``{"ok": true, ...}`` or ``{"error": "what went wrong"}``. ``times`` writes whole
minutes as float32 (n_origins, n_percentiles, n_places), infinite where not reached.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import traceback
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt

__all__ = ["R5Work", "serve"]


class R5Work:
    """R5 through r5py, for one network."""

    def __init__(self) -> None:
        self.network: Any = None
        self.places: Any = None

    def open(self, request: dict[str, Any]) -> dict[str, Any]:
        """Load places, and streets and timetables into R5; versions."""
        import geopandas as gpd
        import pandas as pd
        import r5py

        table = pd.read_csv(request["places"])
        self.places = gpd.GeoDataFrame(
            {"id": [str(i) for i in range(len(table))]},
            geometry=gpd.points_from_xy(table["lon"], table["lat"]),
            crs="EPSG:4326",
        )
        self.network = r5py.TransportNetwork(request["osm"], request["gtfs"], allow_errors=True)
        return {"r5py": r5py.__version__}

    def times(self, request: dict[str, Any]) -> dict[str, Any]:
        """Whole minutes from a block of origins to all places, into a file."""
        import r5py

        task = request["task"]
        seconds = {k: dt.timedelta(seconds=v) for k, v in task["seconds"].items()}
        matrix = r5py.TravelTimeMatrix(
            self.network,
            origins=self.places.iloc[request["origins"]],
            destinations=self.places,
            departure=dt.datetime.fromisoformat(task["departure"]),
            **seconds,
            **task["plain"],
        )
        minutes = block_of(matrix, request["origins"], task["plain"]["percentiles"],
                           len(self.places))  # fmt: skip
        with open(request["into"] + ".tmp", "wb") as stream:  # noqa: PTH123 - text as it came
            np.save(stream, minutes)
        os.replace(request["into"] + ".tmp", request["into"])  # noqa: PTH105
        return {}


def block_of(
    matrix: Any, origins: list[int], percentiles: list[int], n_places: int
) -> npt.NDArray[np.float32]:
    """Rows of r5py as an array (n_origins, n_percentiles, n_places), infinite for none."""
    out = np.full((len(origins), len(percentiles), n_places), np.inf, dtype=np.float32)
    row_of = {str(origin): row for row, origin in enumerate(origins)}
    row = matrix["from_id"].map(row_of).to_numpy(dtype=np.int64)
    column = matrix["to_id"].astype(np.int64).to_numpy()
    for p, percentile in enumerate(percentiles):
        name = "travel_time" if list(percentiles) == [50] else f"travel_time_p{percentile}"
        values = matrix[name].to_numpy(dtype=np.float64)
        known = np.isfinite(values)
        out[row[known], p, column[known]] = values[known]
    return out


def serve(work: R5Work, requests: TextIO, answers: TextIO) -> None:
    """Answer requests until there are no more."""
    for line in requests:
        request = json.loads(line)
        if request["do"] == "close":
            return
        try:
            answer = {"ok": True, **getattr(work, request["do"])(request)}
        except Exception as error:  # r5py and Java raise what they like
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def main() -> None:
    """Keep standard output for answers, and serve."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.argv = sys.argv[:1]
    serve(R5Work(), sys.stdin, answers)


if __name__ == "__main__":
    main()
