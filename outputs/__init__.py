"""Everything a run leaves behind: tables, packages, rasters, maps, a report, a manifest."""

from halfcircle.outputs.columns import TABLES
from halfcircle.outputs.result import RunResult, Settings, Source

__all__ = ["TABLES", "RunResult", "Settings", "Source"]
