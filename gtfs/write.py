"""Write a feed as GTFS, with the same bytes for the same feed."""

from __future__ import annotations

import csv
import io
import zipfile
from os import PathLike
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.csv as pacsv

from halfcircle._files import replacing
from halfcircle.gtfs.feed import Feed
from halfcircle.gtfs.schema import FILES
from halfcircle.gtfs.table import Table

__all__ = ["write_feed"]

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date of a zip file
_ROWS = 1_000_000


def write_feed(feed: Feed, path: str | PathLike[str]) -> Path:
    """Write a feed as a zip file (a path that ends in ``.zip``) or into a folder.

    Rows and columns keep their order; files come in the order of the reference, without dates.
    The file appears only when it is complete.

    Raises
    ------
    OutputError
        The file or folder cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() == ".zip":
        with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
            for name in FILES:
                if name in feed:
                    info = zipfile.ZipInfo(f"{name}.txt", date_time=_EPOCH)
                    info.compress_type = zipfile.ZIP_DEFLATED
                    info.create_system = 3  # else the bytes would depend on the platform
                    info.external_attr = 0o644 << 16
                    with archive.open(info, "w", force_zip64=True) as stream:
                        _write_table(feed[name], stream)
    else:
        for name in FILES:
            if name in feed:
                with replacing(path / f"{name}.txt") as temporary, temporary.open("wb") as stream:
                    _write_table(feed[name], stream)
    return path


def _write_table(table: Table, stream: IO[bytes]) -> None:
    header = io.StringIO()
    csv.writer(header, lineterminator="\n").writerow(table.columns)
    stream.write(header.getvalue().encode("utf-8"))
    options = pacsv.WriteOptions(include_header=False, quoting_style="needed")
    for start in range(0, len(table), _ROWS):
        rows = slice(start, start + _ROWS)
        arrays = [
            pa.array(column.values, pa.string()).take(pa.array(column.codes[rows]))
            for column in table.columns.values()
        ]
        block = io.BytesIO()
        pacsv.write_csv(
            pa.table(arrays, names=[str(i) for i in range(len(arrays))]), block, options
        )
        stream.write(block.getvalue())
