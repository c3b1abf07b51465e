"""Travel times that users bring along: tables of pairs, and OMX skims of national models."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from halfcircle import _tables
from halfcircle._checks import Faults, frozen_array, id_array, nearest
from halfcircle.access.travel_times import ShownSource
from halfcircle.errors import Fault, MissingExtraError, TravelTimeError
from halfcircle.places import Places

__all__ = ["BroughtTimes", "OmxTimes", "read_times"]

UNIT_S = {"seconds": 1.0, "minutes": 60.0}


@dataclass(frozen=True, eq=False, repr=False)
class BroughtTimes(ShownSource):
    """Travel times of pairs, kept sparse; a `TravelTimeSource`.

    Parameters
    ----------
    mode : str
    places : Places
        Origins and destinations.
    ptr : array of int64, shape (n + 1,)
    to_idx : array of int32, shape (n_pairs,)
    seconds : array of float32, shape (n_pairs,), seconds
    notices : tuple of Fault
    """

    mode: str
    places: Places
    ptr: npt.NDArray[np.int64]
    to_idx: npt.NDArray[np.int32]
    seconds: npt.NDArray[np.float32]
    notices: tuple[Fault, ...] = ()
    percentiles: tuple[int, ...] = (50,)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ptr", frozen_array(self.ptr, np.int64))
        object.__setattr__(self, "to_idx", frozen_array(self.to_idx, np.int32))
        object.__setattr__(self, "seconds", frozen_array(self.seconds, np.float32))

    @property
    def origins(self) -> Places:
        """Where trips start."""
        return self.places

    @property
    def destinations(self) -> Places:
        """Where trips end."""
        return self.places

    def times_s(self, origin_idx: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Travel times of a block: (n_block, 1, n_destinations), seconds, inf where unknown."""
        out = np.full((len(origin_idx), 1, len(self.places)), np.inf, dtype=np.float32)
        for row, i in enumerate(origin_idx):
            pairs = slice(self.ptr[i], self.ptr[i + 1])
            out[row, 0, self.to_idx[pairs]] = self.seconds[pairs]
        return out


@dataclass(frozen=True, eq=False, repr=False)
class OmxTimes(ShownSource):
    """Travel times of an OMX matrix, read row by row when asked for; a `TravelTimeSource`.

    Parameters
    ----------
    mode : str
    places : Places
    path : Path
    matrix : str
        Name under ``/data``.
    row_of : array of int64, shape (n,)
        Row and column of each place; -1 where the matrix does not know it.
    unit_s : float, seconds
        Length of one unit of the matrix.
    """

    mode: str
    places: Places
    path: Path
    matrix: str
    row_of: npt.NDArray[np.int64]
    unit_s: float
    notices: tuple[Fault, ...] = ()
    percentiles: tuple[int, ...] = field(default=(50,))

    @property
    def origins(self) -> Places:
        """Where trips start."""
        return self.places

    @property
    def destinations(self) -> Places:
        """Where trips end."""
        return self.places

    def times_s(self, origin_idx: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Travel times of a block: (n_block, 1, n_destinations), seconds, inf where unknown.

        Raises
        ------
        TravelTimeError
            The matrix holds negative times.
        """
        known = self.row_of >= 0
        out = np.full((len(origin_idx), 1, len(self.places)), np.inf, dtype=np.float32)
        with _h5py().File(self.path, "r") as file:
            data = file["data"][self.matrix]
            for row, i in enumerate(origin_idx):
                if self.row_of[i] < 0:
                    continue
                line = np.asarray(data[int(self.row_of[i])], dtype=np.float32) * self.unit_s
                values = line[self.row_of[known]]
                if (values < 0).any():
                    raise TravelTimeError(
                        f"{self.path.name}: matrix {self.matrix!r} holds negative times, "
                        f"origin {self.places.place_id[i]!r}"
                    )
                unknown = ~np.isfinite(values) | (values == 0)
                out[row, 0, known] = np.where(unknown, np.float32(np.inf), values)
                if not np.isfinite(out[row, 0, i]):
                    # Skims leave out trips inside a zone: half the way to the nearest neighbour.
                    out[row, 0, i] = out[row, 0].min() / 2.0
        return out


def read_times(
    path: Path,
    places: Places,
    *,
    mode: str,
    unit: Literal["seconds", "minutes"] = "seconds",
    matrix: str | None = None,
) -> BroughtTimes | OmxTimes:
    """Travel times from OMX, Parquet or CSV.

    Tables have the columns ``origin``, ``destination`` and ``seconds`` (or ``minutes``). A pair
    that is absent is not reached. Trips inside a zone that are absent or 0 take half the time to
    the nearest other zone, as is usual for skims.

    Parameters
    ----------
    path : Path
    places : Places
        The zones of the study.
    mode : str
        Name of these times in `modes`.
    unit : {"seconds", "minutes"}
        Of the matrix, or name of the column.
    matrix : str, optional
        Name of the matrix in an OMX file; may be left out where there is only one.

    Raises
    ------
    TravelTimeError
        All that is wrong with the file, at once.
    MissingExtraError
        OMX needs h5py.
    """
    if path.suffix.lower() == ".omx":
        return _read_omx(path, places, mode, UNIT_S[unit], matrix)
    return _read_pairs(path, places, mode, unit)


def _read_pairs(path: Path, places: Places, mode: str, unit: str) -> BroughtTimes:
    where = f"[times] {mode}"
    frame = _tables.read_table(path, where=where, kind=TravelTimeError)
    faults = Faults()
    wanted = {"origin": "origin", "destination": "destination", "unit": unit}
    _tables.require_columns(frame, wanted, where=where, path=path, faults=faults)
    faults.raise_errors(TravelTimeError)
    seconds = _tables.numbers(frame, unit, where=where, faults=faults) * UNIT_S[unit]
    idx_of = {zone: idx for idx, zone in enumerate(places.place_id)}
    origin = _tables.texts(frame, "origin")
    destination = _tables.texts(frame, "destination")
    i = np.array([idx_of.get(zone, -1) for zone in origin], dtype=np.int64)
    j = np.array([idx_of.get(zone, -1) for zone in destination], dtype=np.int64)
    wrong = seconds < 0
    if wrong.any():
        faults.add(
            where,
            "negative times",
            values=[_tables.position_label(frame, k) for k in np.flatnonzero(wrong)[:5]],
            count=int(wrong.sum()),
        )
    outside = (i < 0) | (j < 0)
    if outside.any():
        names = [o if a < 0 else d for o, d, a, b in zip(origin, destination, i, j, strict=True)
                 if a < 0 or b < 0]  # fmt: skip
        faults.warn(
            where,
            "pairs with zones that are not in the study; left out",
            values=dict.fromkeys(names),
            count=int(outside.sum()),
        )
    keep = ~outside & np.isfinite(seconds)
    i, j, seconds = i[keep], j[keep], seconds[keep]
    order = np.lexsort((j, i))
    i, j, seconds = i[order], j[order], seconds[order]
    twice = (i[1:] == i[:-1]) & (j[1:] == j[:-1])
    if twice.any():
        faults.add(
            where,
            "pairs that occur more than once",
            values=[
                f"{places.place_id[i[k]]} - {places.place_id[j[k]]}"
                for k in np.flatnonzero(twice)[:5]
            ],
            count=int(twice.sum()),
        )
    if len(i) == 0:
        faults.add(where, "no pair of zones of the study has a time",
                   remedy="compare the zone identifiers")  # fmt: skip
    faults.raise_errors(TravelTimeError)
    i, j, seconds = _with_diagonal(i, j, seconds)
    ptr = np.zeros(len(places) + 1, dtype=np.int64)
    np.cumsum(np.bincount(i, minlength=len(places)), out=ptr[1:])
    return BroughtTimes(
        mode, places, ptr, j.astype(np.int32), seconds.astype(np.float32), faults.warnings
    )


def _with_diagonal(
    i: npt.NDArray[np.int64], j: npt.NDArray[np.int64], seconds: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Give each origin a time inside its own zone: half the time to the nearest other one."""
    own = i == j
    good = own & (seconds > 0)
    other = ~own
    nearest_s = np.full(int(i.max()) + 1, np.inf)
    np.minimum.at(nearest_s, i[other], seconds[other])
    nearest_s[i[good]] = np.inf
    missing = np.flatnonzero(np.isfinite(nearest_s))
    keep = other | good
    i = np.concatenate([i[keep], missing])
    j = np.concatenate([j[keep], missing])
    seconds = np.concatenate([seconds[keep], nearest_s[missing] / 2.0])
    order = np.lexsort((j, i))
    return i[order], j[order], seconds[order]


def _h5py() -> ModuleType:
    try:
        import h5py
    except ImportError:
        raise MissingExtraError("h5py", extra="omx", purpose="reading OMX matrices") from None
    module: ModuleType = h5py
    return module


def _read_omx(path: Path, places: Places, mode: str, unit_s: float, matrix: str | None) -> OmxTimes:
    where = f"[times] {mode}"
    h5py = _h5py()
    faults = Faults()
    if not path.is_file():
        faults.add(where, "file not found", values=[path])
        faults.raise_errors(TravelTimeError)
    try:
        with h5py.File(path, "r") as file:
            data = file.get("data")
            names = sorted(data) if isinstance(data, h5py.Group) else []
            names = [name for name in names if isinstance(data[name], h5py.Dataset)]
            if not names:
                faults.add(where, f"{path.name} holds no matrices in /data, as OMX has them")
                faults.raise_errors(TravelTimeError)
            chosen = matrix if matrix is not None else (names[0] if len(names) == 1 else "")
            if chosen not in names:
                faults.add(
                    f"{where} matrix",
                    f"{path.name} has several matrices" if matrix is None else "is not in the file",
                    values=[] if matrix is None else [matrix],
                    remedy=nearest(chosen, names),
                )
                faults.raise_errors(TravelTimeError)
            shape = data[chosen].shape
            if data[chosen].dtype.kind not in "fiu":
                faults.add(f"{where} matrix", "does not hold numbers", values=[chosen])
                faults.raise_errors(TravelTimeError)
            if len(shape) != 2 or shape[0] != shape[1]:
                faults.add(where, "the matrix is not square", values=[shape])
                faults.raise_errors(TravelTimeError)
            lookup = _lookup(file, shape)
    except OSError as error:
        faults.add(where, f"cannot be read as OMX ({error})", values=[path])
        faults.raise_errors(TravelTimeError)
    row_of_id = {zone: row for row, zone in enumerate(lookup)}
    row_of = np.array([row_of_id.get(zone, -1) for zone in places.place_id], dtype=np.int64)
    if (row_of < 0).all():
        faults.add(
            where,
            "no zone of the study is in the lookup of the matrix",
            values=lookup[:5],
            remedy="compare the zone identifiers",
        )
        faults.raise_errors(TravelTimeError)
    if (row_of < 0).any():
        faults.warn(
            where, "zones that the matrix does not know", values=places.place_id[row_of < 0]
        )
    return OmxTimes(
        mode, places, path, chosen, frozen_array(row_of, np.int64), unit_s, faults.warnings
    )


def _lookup(file: Any, shape: tuple[int, ...]) -> npt.NDArray[np.object_]:
    """Zone identifiers of the rows: the first lookup of that length, else 1, 2, 3, ..."""
    tables = file.get("lookup")
    for name in sorted(tables) if hasattr(tables, "keys") else []:
        values = np.asarray(tables[name][()]) if hasattr(tables[name], "shape") else np.empty(0)
        if values.shape == (shape[0],):
            return id_array(v.decode() if isinstance(v, bytes) else v for v in values.tolist())
    return id_array(range(1, shape[0] + 1))
