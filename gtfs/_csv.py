"""Bytes of a file -> Table, in blocks of whole lines, whatever the encoding and however ragged.

Blocks that are regular go through pyarrow; a block with rows of the wrong length, an open quote
or anything else that pyarrow refuses is read line by line instead.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from halfcircle._checks import Faults
from halfcircle.errors import SHOWN_VALUES, Fault, FeedError
from halfcircle.gtfs._archive import ByteSource
from halfcircle.gtfs._blocks import text_blocks
from halfcircle.gtfs.limits import Limits
from halfcircle.gtfs.schema import FILES
from halfcircle.gtfs.table import Column, Lines, Table


@dataclass
class Oddities:
    """Lines of one file on which something unusual was met: count and first few."""

    counts: dict[str, int] = field(default_factory=dict)
    lines: dict[str, list[int]] = field(default_factory=dict)

    def note(self, what: str, line: int) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1
        shown = self.lines.setdefault(what, [])
        if len(shown) < SHOWN_VALUES:
            shown.append(line)

    def report(self, where: str, faults: Faults) -> None:
        for what, (severity, remedy) in _ODD.items():
            if what in self.counts:
                faults.add(
                    where,
                    what,
                    values=[f"line {line}" for line in self.lines[what]],
                    count=self.counts[what],
                    remedy=remedy,
                    severity="warning" if severity else "notice",
                )


SHORT = "rows with fewer cells than the header; the missing ones are read as blank"
LONG = "rows with more cells than the header; the additional ones are ignored"
OPEN_QUOTE = "a quote is opened and not closed; quotes of the line are ignored"
NOT_UTF8 = "lines that are not UTF-8 are read as Latin-1"
NUL = "NUL bytes are removed"
_ODD: dict[str, tuple[bool, str]] = {
    SHORT: (False, ""),
    LONG: (True, "check the number of commas"),
    OPEN_QUOTE: (True, "check the quotes"),
    NOT_UTF8: (True, "save the file as UTF-8"),
    NUL: (True, ""),
}


def read_table(name: str, source: ByteSource, *, limits: Limits, faults: Faults) -> Table | None:
    """Read one file; None, with a fault, when it holds no header."""
    where = f"{name}.txt"
    odd = Oddities()
    blocks = text_blocks(source, where, faults)
    first = next(blocks, b"")
    header, first, line = _take_header(first)
    if not header:
        faults.add(where, "is empty", remedy="expected a line with column names")
        return None
    names, kept = _column_names(header, name, limits, faults)
    # All cells of a row are parsed, also of columns without a name, so that rows fit the header.
    parts: dict[str, list[pa.DictionaryArray]] = {label: [] for label in names}
    first_row: list[int] = []
    first_line: list[int] = []
    exact: list[npt.NDArray[np.int64] | None] = []
    n_rows = 0
    block: bytes | None = first
    while block is not None:
        block = _utf8(block, line, odd)
        n_lines = block.count(b"\n") + (0 if block.endswith(b"\n") or not block else 1)
        first_row.append(n_rows)
        first_line.append(line)
        columns, row_lines = _parse(block, len(header), line, n_lines, odd)
        n_block = len(row_lines) if row_lines is not None else n_lines
        exact.append(row_lines)
        n_rows += n_block
        if n_rows > limits.rows:
            raise _refused(
                where,
                f"more than {limits.rows:,} rows",
                "in Python, pass larger Limits(rows=...) if the feed is trusted",
            )
        for label, position in zip(names, kept, strict=True):
            parts[label].append(columns[position])
        line += n_lines
        block = next(blocks, None)
    odd.report(where, faults)
    joined: dict[str, Column] = {}
    for label in names:
        joined[label], n_trimmed = _column(parts.pop(label))  # frees each once it is joined
        field = FILES[name].field(label)
        if n_trimmed and field is not None and field.kind == "id":
            faults.add(
                where,
                f"blanks around {label} are removed",
                count=n_trimmed,
                severity="notice",
            )
    table = Table(
        name,
        joined,
        n_rows,
        lines=Lines(tuple(first_row), tuple(first_line), tuple(exact)),
    )
    return _without_blank_rows(table)


def _refused(where: str, what: str, remedy: str) -> FeedError:
    return FeedError(faults=[Fault(where, what, remedy=remedy)])


def _take_header(block: bytes) -> tuple[list[str], bytes, int]:
    """Cells of the first line that is not blank, what follows it, and the line after it."""
    line = 1
    while block:
        text, _, block = block.partition(b"\n")
        line += 1
        if text.strip():
            cells = next(csv.reader([_decode_line(text.replace(b"\0", b""))]), [])
            return [cell.strip().lstrip("\ufeff").strip() for cell in cells], block, line
    return [], b"", line


def _column_names(
    header: list[str], table: str, limits: Limits, faults: Faults
) -> tuple[list[str], list[int]]:
    """Names that are kept and their positions in a row."""
    where = f"{table}.txt:1"
    if len(header) > limits.columns:
        raise _refused(where, f"more than {limits.columns} columns", "this is no GTFS table")
    known = {column.name for column in FILES[table].fields}
    names: list[str] = []
    kept: list[int] = []
    twice: list[str] = []
    odd: list[str] = []
    for position, cell in enumerate(header):
        label = cell
        if label not in known and label.lower().replace(" ", "_") in known:
            odd.append(cell)
            label = label.lower().replace(" ", "_")
        if not label:
            continue
        if label in names:
            twice.append(label)
            continue
        names.append(label)
        kept.append(position)
    if twice:
        faults.warn(where, "a column occurs twice; the first is used", values=twice)
    if odd:
        faults.add(where, "column names in unusual spelling", values=odd, severity="notice")
    return names, kept


def _decode_line(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _utf8(block: bytes, line: int, odd: Oddities) -> bytes:
    """The block as valid UTF-8 without NUL bytes, noting the lines that were not."""
    bad_nul = b"\0" in block
    try:
        block.decode("utf-8")
        if not bad_nul:
            return block
    except UnicodeDecodeError:
        pass
    fixed: list[bytes] = []
    for number, text in enumerate(block.split(b"\n"), start=line):
        clean = text
        if b"\0" in clean:
            odd.note(NUL, number)
            clean = clean.replace(b"\0", b"")
        try:
            clean.decode("utf-8")
        except UnicodeDecodeError:
            odd.note(NOT_UTF8, number)
            clean = clean.decode("latin-1").encode("utf-8")
        fixed.append(clean)
    return b"\n".join(fixed)


def _parse(
    block: bytes, width: int, line: int, n_lines: int, odd: Oddities
) -> tuple[list[pa.DictionaryArray], npt.NDArray[np.int64] | None]:
    """Cells of a block by position; the lines of its rows unless they are consecutive."""
    empty = pa.array([], pa.string()).dictionary_encode()
    if not block.strip():
        return [empty] * width, np.empty(0, dtype=np.int64)
    labels = [str(i) for i in range(width)]
    irregular = False

    def refuse(_row: object) -> str:
        nonlocal irregular
        irregular = True
        return "skip"

    try:
        table = pacsv.read_csv(
            pa.BufferReader(block),
            read_options=pacsv.ReadOptions(column_names=labels, block_size=8 * 2**20),
            parse_options=pacsv.ParseOptions(
                newlines_in_values=b'"' in block, invalid_row_handler=refuse
            ),
            convert_options=pacsv.ConvertOptions(
                column_types={label: pa.dictionary(pa.int32(), pa.string()) for label in labels},
                strings_can_be_null=False,
                null_values=[],
            ),
        )
    except pa.ArrowException:
        irregular = True
    if not irregular:
        columns = [_one(table.column(label)) for label in labels]
        if table.num_rows == n_lines:
            return columns, None
        lines = _row_lines(block, line, table.num_rows)
        if lines is not None:
            return columns, lines
    return _parse_lines(block, width, line, odd)


def _one(chunked: pa.ChunkedArray) -> pa.DictionaryArray:
    merged = chunked.unify_dictionaries().combine_chunks()
    return merged.chunk(0) if isinstance(merged, pa.ChunkedArray) else merged


def _row_lines(block: bytes, line: int, n_rows: int) -> npt.NDArray[np.int64] | None:
    """Line on which each row begins, or None when the row count disagrees."""
    found: list[int] = []
    reader = csv.reader(io.StringIO(block.decode("utf-8"), newline=""))
    before = 0
    try:
        for row in reader:
            if row:
                found.append(line + before)
            before = reader.line_num
    except csv.Error:
        return None
    return np.array(found, dtype=np.int64) if len(found) == n_rows else None


def _parse_lines(
    block: bytes, width: int, line: int, odd: Oddities
) -> tuple[list[pa.DictionaryArray], npt.NDArray[np.int64]]:
    """Read a ragged block row by row: pad short rows, cut long ones."""
    cells: list[list[str]] = [[] for _ in range(width)]
    lines: list[int] = []
    for number, row in _rows(block.decode("utf-8"), line, odd):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) < width:
            odd.note(SHORT, number)
            row = row + [""] * (width - len(row))
        elif len(row) > width:
            odd.note(LONG, number)
        lines.append(number)
        for column, cell in zip(cells, row, strict=False):
            column.append(cell)
    return (
        [pa.array(column, pa.string()).dictionary_encode() for column in cells],
        np.array(lines, dtype=np.int64),
    )


def _rows(text: str, line: int, odd: Oddities) -> Iterator[tuple[int, list[str]]]:
    if text.count('"') % 2 == 0:
        reader = csv.reader(io.StringIO(text, newline=""))
        found: list[tuple[int, list[str]]] = []
        before = 0
        try:
            for row in reader:
                found.append((line + before, row))
                before = reader.line_num
        except csv.Error:
            found = []
        if found:
            yield from found
            return
    for number, single in enumerate(text.split("\n"), start=line):
        clean = single
        if clean.count('"') % 2:
            odd.note(OPEN_QUOTE, number)
            clean = clean.replace('"', "")
        try:
            yield number, next(csv.reader([clean]), [])
        except csv.Error:  # a cell longer than the reader allows
            odd.note(OPEN_QUOTE, number)


def _column(parts: list[pa.DictionaryArray]) -> tuple[Column, int]:
    """Join the blocks of a column without blanks around values, and count rows that had some."""
    merged = _one(pa.chunked_array(parts))
    codes = merged.indices.to_numpy(zero_copy_only=False)
    values = merged.dictionary
    trimmed = pc.utf8_trim_whitespace(values)
    n_trimmed = 0
    if not trimmed.equals(values):
        changed = pc.not_equal(trimmed, values).to_numpy(zero_copy_only=False)
        n_trimmed = int(changed[codes].sum())
        encoded = trimmed.dictionary_encode()
        codes = encoded.indices.to_numpy(zero_copy_only=False)[codes] if len(codes) else codes
        values = encoded.dictionary
    column = Column(codes.astype(np.int32, copy=False), values.to_numpy(zero_copy_only=False))
    return column, n_trimmed


def _without_blank_rows(table: Table) -> Table:
    """Leave out rows of which every cell is blank."""
    if not table.n_rows:
        return table
    blank = np.ones(table.n_rows, dtype=bool)
    for column in table.columns.values():
        is_blank = np.array([value == "" for value in column.values], dtype=bool)
        if not is_blank.any():
            return table
        blank &= is_blank[column.codes]
    return table.take(~blank) if blank.any() else table
