"""The whole matrix of travel times as a file, written block by block."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from halfcircle._files import replacing
from halfcircle.access.travel_times import TravelTimeSource, origin_blocks

__all__ = ["write_travel_times"]

ROWS_AT_A_TIME = 4_000_000


def write_travel_times(source: TravelTimeSource, path: Path) -> Path:
    """Write all reached pairs as Parquet, without ever holding the whole matrix.

    Columns origin, destination (identifiers), percentile and seconds; origins in their order, for
    each the percentiles, destinations in their order. Pairs that are not reached are left out. A
    file of one percentile can be brought along by another study (``[times]``).

    Parameters
    ----------
    source : TravelTimeSource
    path : Path

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        The file cannot be written; what was there before is left as it was.
    """
    text = pa.dictionary(pa.int32(), pa.string())
    about = {
        "origin": "identifier of the place where trips start",
        "destination": "identifier of the place where trips end",
        "percentile": "percentile of travel time over the departure window",
        "seconds": f"travel time by {source.mode}, seconds",
    }
    types = (text, text, pa.int16(), pa.float32())
    schema = pa.schema(
        [
            pa.field(name, kind, nullable=False, metadata={"description": told})
            for (name, told), kind in zip(about.items(), types, strict=True)
        ],
        metadata={"mode": source.mode},
    )
    from_id, to_id = (
        pa.array(places.place_id.tolist(), pa.string())
        for places in (source.origins, source.destinations)
    )
    percentiles = np.asarray(source.percentiles, dtype=np.int16)
    n_block = max(1, ROWS_AT_A_TIME // max(1, len(to_id) * len(percentiles)))
    with replacing(Path(path)) as temporary, pq.ParquetWriter(temporary, schema) as file:
        for block in origin_blocks(len(from_id), n_block):
            times_s = source.times_s(block)
            i, p, j = (index.astype(np.int32) for index in np.nonzero(np.isfinite(times_s)))
            columns = [
                pa.DictionaryArray.from_arrays(np.int32(block[0]) + i, from_id),
                pa.DictionaryArray.from_arrays(j, to_id),
                percentiles[p],
                times_s[i, p, j],
            ]
            file.write_table(pa.table(columns, schema=schema))
    return Path(path)
