"""Flow tables can have tens of millions of rows: read with the fast reader, as text."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pandas as pd

from halfcircle import _tables
from halfcircle._checks import Faults
from halfcircle.errors import FlowError

MAX_UNPACKED = 8 * 1024**3  # bytes of a gzipped table


def read(path: Path, *, where: str) -> pd.DataFrame:
    """Table with all CSV columns as text and an index of line numbers.

    Raises
    ------
    FlowError
        The file is missing, empty, or cannot be read as a table.
    """
    name = path.name.lower()
    if not (path.is_file() and name.endswith((".csv", ".tsv", ".txt", ".gz"))):
        return _tables.read_table(path, where=where, kind=FlowError)
    faults = Faults()
    try:
        return _read_csv(path)
    except Exception as error:  # readers raise whatever they like; the user gets one message
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        faults.add(where, f"cannot be read ({reason})", values=[path.name])
        faults.raise_errors(FlowError)
        raise AssertionError("unreachable") from error


def _read_csv(path: Path) -> pd.DataFrame:
    if path.suffix.lower() == ".gz":
        with gzip.open(path) as stream:
            raw = stream.read(MAX_UNPACKED + 1)
        if len(raw) > MAX_UNPACKED:
            raise ValueError(f"unpacks to more than {MAX_UNPACKED // 1024**3} GiB")
    else:
        raw = path.read_bytes()
    if not raw.strip():
        raise ValueError("the file is empty")
    encoding = "utf-8-sig"
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    else:
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError:
            encoding = "cp1252"
    header = raw[:65536].decode(encoding, errors="replace").lstrip().splitlines()[0]
    delimiter = max(",;\t|", key=header.count)
    frame = pd.read_csv(
        io.BytesIO(raw),
        sep=delimiter,
        dtype=str,
        keep_default_na=False,
        encoding=encoding,
        encoding_errors="replace",
        skip_blank_lines=False,
        index_col=False,
    )
    frame.columns = [str(column).strip() for column in frame.columns]
    frame.index = pd.RangeIndex(2, len(frame) + 2, name="line")
    blank = (frame == "").all(axis=1) | frame.isna().all(axis=1)
    frame = frame[~blank].fillna("")
    frame.attrs["decimal_comma"] = delimiter == ";"
    return frame
