"""The manifest: with what, from what, and what was left out, so that a run can be repeated."""

from __future__ import annotations

import dataclasses
import platform
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from halfcircle import __version__
from halfcircle._files import sha256_of
from halfcircle.outputs.layers import FIRST_SCENARIO
from halfcircle.outputs.package import write_json
from halfcircle.outputs.result import RunResult

__all__ = ["write_manifest", "write_timings"]

LIBRARIES = (
    "folium",
    "geopandas",
    "numba",
    "numpy",
    "osmium",
    "pandas",
    "pyarrow",
    "pyogrio",
    "pyproj",
    "rasterio",
    "scipy",
    "shapely",
)


def write_manifest(result: RunResult, path: Path, *, outputs: Iterable[Path] = ()) -> Path:
    """Write ``manifest.json``.

    The same study, inputs and libraries give the same bytes: how long things took is in
    ``timings.json``.

    Parameters
    ----------
    result : RunResult
    path : Path
    outputs : iterable of Path
        Files that the run wrote, at or below the folder of `path`; listed with size and SHA-256.

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    folder = path.parent
    notices = result.all_notices
    manifest: dict[str, Any] = {
        "study": {"name": result.name, "hash": result.study_hash},
        "halfcircle": __version__,
        "python": platform.python_version(),
        "libraries": {name: _version(name) for name in LIBRARIES},
        "settings": {
            field.name: _plain(getattr(result.settings, field.name))
            for field in dataclasses.fields(result.settings)
        },
        "zones": {
            "count": len(result.zones),
            "crs": result.zones.crs.to_string(),
            "countries": _sides(result),
        },
        "opportunities": [
            {
                "name": opportunity.name,
                "groups": list(opportunity.groups),
                "unit": opportunity.unit,
                "year": opportunity.year,
                "source": opportunity.source,
                "zones_without_data": int((opportunity.values != opportunity.values).any(0).sum()),
            }
            for opportunity in result.opportunities
        ],
        "inputs": [
            {key: value for key, value in dataclasses.asdict(source).items() if value not in ("",)}
            for source in result.sources
        ],
        "notices": [
            {
                "severity": notice.severity,
                "where": notice.where,
                "what": notice.what,
                "count": notice.count,
                "values": list(notice.values),
                "remedy": notice.remedy,
            }
            for notice in notices
        ],
        "rows": {name: len(table) for name, table in result.tables.items()},
        "unreached": _unreached(result),
        "outputs": [
            {
                "path": output.relative_to(folder).as_posix(),
                "bytes": output.stat().st_size,
                "sha256": sha256_of(output),
            }
            for output in outputs
        ],
    }
    return write_json(path, manifest)


def write_timings(result: RunResult, path: Path) -> Path:
    """Write how long each stage took, in seconds.

    Parameters
    ----------
    result : RunResult
    path : Path

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    seconds = {stage: round(float(value), 3) for stage, value in result.timings_s.items()}
    return write_json(path, {"seconds": seconds})


def _version(library: str) -> str | None:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return value


def _sides(result: RunResult) -> dict[str, int]:
    country = result.zones.places.country
    if country is None:
        return {}
    return {side: int((country == side).sum()) for side in sorted(set(country))}


def _unreached(result: RunResult) -> dict[str, dict[str, int]]:
    """Zones without a connection in the baseline, by mode and reason."""
    counts: dict[str, dict[str, int]] = {}
    if result.unreached is not None:
        table = result.unreached[result.unreached["scenario"] == FIRST_SCENARIO]
        pairs = zip(table["mode"], table["reason"], strict=True)
        for (mode, reason), n in sorted(Counter(pairs).items()):
            counts.setdefault(str(mode), {})[str(reason)] = n
    return counts
