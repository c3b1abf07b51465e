"""Where tests find real data, which is never part of the project."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"


def data_path(relative: str) -> Path:
    """Path of a file of the shared real data; skips the test where it is absent."""
    path = SHARED / relative
    if not path.exists():
        pytest.skip(f"real data not here: ../shared/data/{relative}")
    return path
