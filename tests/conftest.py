"""What holds for all tests: nothing is cached outside the folder of the test run."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("cache")
    before = os.environ.get("HALFCIRCLE_CACHE")
    os.environ["HALFCIRCLE_CACHE"] = str(folder)
    yield folder
    if before is None:
        del os.environ["HALFCIRCLE_CACHE"]
    else:
        os.environ["HALFCIRCLE_CACHE"] = before
