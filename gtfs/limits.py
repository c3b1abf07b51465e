"""How much a feed may hold before it is refused: no input is trusted."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """Bounds that are checked while a feed is read.

    Parameters
    ----------
    members : int
        Files in the archive or folder.
    total_bytes : int
        Sum of the unpacked sizes of all files that are read.
    ratio : float
        Unpacked over packed size of a file; looked at from `ratio_from_bytes` on, since small
        tables pack very well.
    ratio_from_bytes : int
    rows : int
        Rows of one file.
    columns : int
        Columns of one file.
    """

    members: int = 2_000
    total_bytes: int = 16 * 2**30
    ratio: float = 300.0
    ratio_from_bytes: int = 32 * 2**20
    rows: int = 200_000_000
    columns: int = 200
