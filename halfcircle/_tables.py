"""Tables and vector files as users have them: read as text, converted with line numbers.

Identifiers stay text (``"0363"`` keeps its zero), numbers are converted only where they are
needed, and every value that is no number is named with its line.
"""

from __future__ import annotations

import csv
import io
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle._checks import Faults, nearest
from halfcircle.errors import InputError

TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".pq")
RASTER_SUFFIXES = (".tif", ".tiff", ".vrt", ".img", ".asc")
LON_NAMES = ("lon", "longitude", "lng", "long")
LAT_NAMES = ("lat", "latitude")
DECIMAL_COMMA = r"[+-]?\d*,\d+"
THOUSANDS = r"[+-]?\d{1,3}(\.\d{3})+"
MISSING_WORDS = ("", "na", "n/a", "nan", "null", "none", "-", ".")


def read_table(path: Path, *, where: str, kind: type[InputError]) -> pd.DataFrame:
    """Any table or vector file as a data frame; vector files come as a GeoDataFrame.

    Raises
    ------
    kind
        The file is missing, empty or cannot be read.
    """
    faults = Faults()
    if not path.is_file():
        what = "is a folder, expected a file" if path.is_dir() else "file not found"
        faults.add(where, what, values=[path], remedy="paths are relative to the study file")
        faults.raise_errors(kind)
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            return _read_parquet(path)
        if path.suffix.lower() in TABLE_SUFFIXES:
            return _read_csv(path)
        import geopandas as gpd

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            frame: pd.DataFrame = gpd.read_file(path, engine="pyogrio")
        if any("More than one layer" in str(warning.message) for warning in caught):
            frame.attrs["one_of_layers"] = True
        if "geometry" not in frame.columns:
            return pd.DataFrame(frame)
        return frame
    except InputError:
        raise
    except Exception as error:  # drivers raise whatever they like; the user gets one message
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        faults.add(where, f"cannot be read ({reason})", values=[path])
        faults.raise_errors(kind)
        raise AssertionError("unreachable") from error


def _read_parquet(path: Path) -> pd.DataFrame:
    import pyarrow.parquet as pq

    if b"geo" in (pq.read_schema(path).metadata or {}):
        import geopandas as gpd

        frame: pd.DataFrame = gpd.read_parquet(path)
        return frame
    return pd.read_parquet(path)


def _read_csv(path: Path) -> pd.DataFrame:
    raw = path.read_bytes()
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = raw.decode("utf-16")
    else:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("cp1252", errors="replace")
    if not text.strip():
        raise ValueError("the file is empty")
    if "\0" in text:
        raise ValueError("this is no text in UTF-8, UTF-16 with a byte order mark, or Windows-1252")
    header = text.lstrip().splitlines()[0]
    delimiter = max(",;\t|", key=header.count)
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    names = [name.strip() for name in rows[0]]
    width = len(names)
    body, lines, wide = [], [], []
    for line, row in enumerate(rows[1:], start=2):
        if any(cell.strip() for cell in row):
            if any(cell.strip() for cell in row[width:]):
                wide.append(line)
            body.append([cell.strip() for cell in row[:width]] + [""] * (width - len(row)))
            lines.append(line)
    if wide:  # mostly decimal commas between commas: half of a number would be lost
        shown = ", ".join(map(str, wide[:5])) + (", ..." if len(wide) > 5 else "")
        raise ValueError(f"more cells than the header has columns, line {shown}")
    frame = pd.DataFrame(body, index=pd.Index(lines, name="line"), dtype=object)
    frame = frame.reindex(columns=range(width))
    frame.columns = pd.Index(_different(names), dtype=object)
    frame.attrs["decimal_comma"] = delimiter == ";"
    frame.attrs["writes_commas"] = delimiter == ";" and _writes_commas(body, width)
    frame.attrs["twice"] = [name for name in dict.fromkeys(names) if name and names.count(name) > 1]
    return frame


def _different(names: list[str]) -> list[str]:
    """Names of columns, of which those that come again get a number."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return result


def _writes_commas(body: list[list[str]], width: int) -> bool:
    """Whether a column of numbers has decimal commas: then a point is no decimal point."""
    comma = re.compile(DECIMAL_COMMA)
    number = re.compile(r"[+-]?[\d.,]+")
    for column in range(width):
        cells = [row[column] for row in body if row[column]]
        if any(map(comma.fullmatch, cells)) and all(map(number.fullmatch, cells)):
            return True
    return False


def note_layers(frame: pd.DataFrame, *, where: str, path: Path, faults: Faults) -> None:
    """Note that a file has further layers, of which nothing was read."""
    if frame.attrs.get("one_of_layers"):
        faults.warn(where, f"{path.name} holds several layers; the first one was read")


def position_label(frame: pd.DataFrame, row: int) -> str:
    """Where a row is: its line in a CSV file, its number elsewhere."""
    return f"line {frame.index[row]}" if frame.index.name == "line" else f"row {row + 1}"


def require_columns(
    frame: pd.DataFrame, wanted: dict[str, str], *, where: str, path: Path, faults: Faults
) -> bool:
    """Note a fault for each wanted column (key of the study file -> name) that is not there."""
    known = [str(name) for name in frame.columns if name != "geometry"]
    complete = True
    for key, name in wanted.items():
        if name not in frame.columns:
            complete = False
            faults.add(
                f"{where} {key}",
                f"{path.name} has no column",
                values=[name],
                remedy=nearest(name, known),
            )
        elif name in frame.attrs.get("twice", ()):
            complete = False
            faults.add(f"{where} {key}", f"{path.name} has several columns called", values=[name])
    return complete


def numbers(
    frame: pd.DataFrame, column: str, *, where: str, faults: Faults
) -> npt.NDArray[np.float64]:
    """Return a column as float64, NaN where empty; a value that is no number is a fault."""
    series = frame[column]
    if pd.api.types.is_numeric_dtype(series.dtype) or pd.api.types.is_bool_dtype(series.dtype):
        return series.to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
    text = series.astype("object").where(series.notna(), "").astype(str).str.strip()
    if column in frame.attrs.get("twice", ()):
        faults.add(where, "several columns are called", values=[column])
    if frame.attrs.get("decimal_comma"):
        _check_points(frame, text, column, where, faults)
        plain = text.str.fullmatch(DECIMAL_COMMA)
        text = text.where(~plain, text.str.replace(",", "."))
    values = pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64, copy=True)
    missing = text.str.lower().isin(MISSING_WORDS).to_numpy()
    wrong = np.isnan(values) & ~missing
    if wrong.any():
        rows = np.flatnonzero(wrong)
        faults.add(
            where,
            f"column {column!r} holds values that are no numbers",
            values=[f"{text.iloc[i]} ({position_label(frame, i)})" for i in rows[:5]],
            count=len(rows),
            remedy="write 1234.5, without thousands separators; leave unknown values empty",
        )
    values[missing] = np.nan
    return values


def _check_points(
    frame: pd.DataFrame, text: pd.Series[str], column: str, where: str, faults: Faults
) -> None:
    """Note points that may part thousands: ``1.234`` in a file of a Dutch or German spreadsheet."""
    grouped = text.str.fullmatch(THOUSANDS)
    if not grouped.any():
        return
    rows = np.flatnonzero(grouped)
    values = [f"{text.iloc[i]} ({position_label(frame, i)})" for i in rows[:5]]
    if frame.attrs.get("writes_commas"):
        faults.add(
            where,
            f"column {column!r} has points where the file writes decimals with a comma",
            values=values,
            count=len(rows),
            remedy="write numbers without thousands separators",
        )
    elif (
        column.lower() not in (*LON_NAMES, *LAT_NAMES)
        and (grouped | ~text.str.contains(".", regex=False)).all()
    ):
        faults.warn(
            where,
            f"points in column {column!r} are read as decimal points, not as thousands",
            values=values,
            count=len(rows),
        )


def texts(frame: pd.DataFrame, column: str) -> list[str]:
    """Return a column as text; the empty string where there is no value."""
    series = frame[column]
    if pd.api.types.is_float_dtype(series.dtype) and (series.dropna() % 1 == 0).all():
        # Identifiers that a spreadsheet turned into 363.0.
        series = series.astype("Int64")
    found = _texts(series)
    if any(value.endswith(".0") for value in found) and all(
        re.fullmatch(r"\d+\.0|", value) for value in found
    ):
        return [value.removesuffix(".0") for value in found]
    return found


def _texts(series: pd.Series[Any]) -> list[str]:
    return ["" if value is None or value is pd.NA or value != value else str(value).strip()
            for value in series.tolist()]  # fmt: skip


def lonlat_columns(frame: pd.DataFrame) -> tuple[str, str] | None:
    """Names of the columns that hold longitude and latitude, if there are any."""
    by_name = {str(name).lower(): str(name) for name in frame.columns}
    lon = next((by_name[name] for name in LON_NAMES if name in by_name), None)
    lat = next((by_name[name] for name in LAT_NAMES if name in by_name), None)
    return (lon, lat) if lon is not None and lat is not None else None


def is_geo(frame: pd.DataFrame) -> bool:
    """Whether the frame carries geometry."""
    return type(frame).__name__ == "GeoDataFrame"


def as_geo(frame: pd.DataFrame) -> Any:
    """Narrow a frame to GeoDataFrame for type checkers without a hard import."""
    return frame
