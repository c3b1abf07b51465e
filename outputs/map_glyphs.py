"""Half circles on the map: reach by compass direction of some zones, those that matter first."""

from __future__ import annotations

import json
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.outputs._codes import row_codes
from halfcircle.outputs.map_data import zone_sizes
from halfcircle.outputs.map_layers import DIMS
from halfcircle.outputs.result import RunResult

__all__ = ["glyph_data", "glyph_order"]

N_SECTORS = 17
COLUMNS = ("scenario", "mode", "opportunity", "group", "measure", "band_min")
PREFERRED_BAND_MIN = 45.0


def glyph_data(result: RunResult, *, max_bytes: int) -> dict[str, Any]:
    """Roses of the zones that a map shows, most important zones and layers first.

    Parameters
    ----------
    result : RunResult
    max_bytes : int
        Packed size that all of it may take.

    Returns
    -------
    dict
        ``zones``: positions, in the order in which they find a place on the map; ``layers``:
        dimensions of each set, its ``scale``, and ``values``: per zone None or 34 whole numbers,
        reach without the border by sector (16 is the zone itself), then in the own country. Empty
        if the run has no sectors.
    """
    table = result.sectors
    if table is None or not len(table):
        return {}
    order = glyph_order(result)
    code = row_codes(table, list(COLUMNS))
    zone_idx = pd.Index(result.zones.zone_id).get_indexer(pd.Index(table["zone_id"]))
    sector = table["sector"].to_numpy(np.int64)
    pair = table[["reach_open", "reach_domestic"]].to_numpy(np.float64)
    _, first_row = np.unique(code, return_index=True)
    firsts = table.iloc[first_row]
    layers: list[dict[str, Any]] = []
    zones = order
    used = 0
    for k in _main_first(firsts, result):
        rows = code == k
        values = np.full((len(result.zones), 2, N_SECTORS), np.nan)
        values[zone_idx[rows], 0, sector[rows]] = pair[rows, 0]
        values[zone_idx[rows], 1, sector[rows]] = pair[rows, 1]
        if not layers:
            # As many zones as half of the room holds; further layers show the same ones.
            zones = zones[: _room_for(values[order], max_bytes // 2)]
        entry = _dims(firsts.iloc[k]) | _stored(values[zones])
        size = _packed(entry["values"])
        if layers and used + size > max_bytes:
            break
        used += size
        layers.append(entry)
    return {"zones": zones.tolist(), "layers": layers, "all": len(result.zones)}


def _main_first(firsts: pd.DataFrame, result: RunResult) -> list[int]:
    opportunities = [one.name for one in result.opportunities]

    def order(k: int) -> tuple[object, ...]:
        row = firsts.iloc[k]
        band = row["band_min"]
        name = str(row["opportunity"])
        return (
            str(row["scenario"]) != "baseline",
            str(row["measure"]) != "cumulative",
            str(row["group"]) != "all",
            opportunities.index(name) if name in opportunities else len(opportunities),
            999.0 if pd.isna(band) else abs(float(band) - PREFERRED_BAND_MIN),
            k,
        )

    return sorted(range(len(firsts)), key=order)


def _dims(row: pd.Series) -> dict[str, Any]:
    band = row["band_min"]
    minutes = None if pd.isna(band) else float(band)
    known = {name: str(row[name]) for name in COLUMNS if name in DIMS}
    plain = int(minutes) if minutes is not None and minutes.is_integer() else minutes
    return {"dims": known | {"band": plain}}


def _stored(values: npt.NDArray[np.float64]) -> dict[str, Any]:
    """Whole numbers; where everything is small, hundredths."""
    known = values[np.isfinite(values)]
    scale = 1 if not len(known) or known.max() >= 100 or np.all(known == np.round(known)) else 100
    rows: list[list[int] | None] = []
    for zone in values:
        # A sector without a row is one where nothing is: only a zone without rows is not known.
        if np.isnan(zone).all():
            rows.append(None)
        else:
            rows.append(np.round(np.nan_to_num(zone).ravel() * scale).astype(int).tolist())
    return {"scale": scale, "values": rows}


def _packed(rows: list[list[int] | None]) -> int:
    return len(zlib.compress(json.dumps(rows, separators=(",", ":")).encode(), 6)) * 4 // 3


def _room_for(values: npt.NDArray[np.float64], max_bytes: int) -> int:
    size = _packed(_stored(values)["values"])
    return len(values) if size <= max_bytes else max(int(len(values) * max_bytes / size), 1)


def glyph_order(result: RunResult) -> npt.NDArray[np.int64]:
    """Zones in the order in which they find a place on the map.

    The largest zone of each cell of a coarse grid comes first, then of ever finer ones: whatever
    the zoom, those that are drawn first lie spread over the map.

    Returns
    -------
    array of int64, shape (n_zones,)
    """
    xy = result.zones.places.xy_m(result.zones.crs)
    sizes = zone_sizes(result)
    low = xy.min(axis=0)
    extent_m = max(float((xy.max(axis=0) - low).max()), 1.0)
    largest_first = np.argsort(-np.nan_to_num(sizes), kind="stable")
    rank = np.full(len(xy), 99, dtype=np.int64)
    for level in range(1, 9):
        cell = np.floor((xy - low) / extent_m * 2.0**level).astype(np.int64)
        code = cell[:, 0] * 10_000 + cell[:, 1]
        _, first = np.unique(code[largest_first], return_index=True)
        found = largest_first[first]
        rank[found] = np.minimum(rank[found], level)
    position = np.empty(len(xy), dtype=np.int64)
    position[largest_first] = np.arange(len(xy))
    return np.lexsort((position, rank)).astype(np.int64)
