"""The map of ten thousand zones: small enough to be sent, with every zone on it."""

from __future__ import annotations

import base64
import importlib.util
import json
import re
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from halfcircle.outputs import Texts, build_layers, build_loss_layers, write_map

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "ten_thousand_zones.py"


@pytest.fixture(scope="module")
def generated():
    """The script that makes the region, as a module."""
    spec = importlib.util.spec_from_file_location("ten_thousand_zones", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_ten_thousand_zones_stay_under_five_megabytes(generated, tmp_path):
    result = generated.generated_run(10_000)
    layers, losses = build_layers(result), build_loss_layers(result)
    path = write_map(result, layers, losses, tmp_path / "reach.html", texts=Texts())
    assert path.stat().st_size < 5_000_000
    text = path.read_text(encoding="utf-8")
    packed = re.search(r'id="hc-data">([^<]*)<', text)
    assert packed is not None
    data = json.loads(zlib.decompress(base64.b64decode(packed[1])))
    assert len(data["zones"]) == 10_000
    assert all(zone and len(zone[0][0]) >= 6 for zone in data["zones"])
    # Roses are kept of some zones, spread over the map, and say of how many.
    n_roses = len(data["glyphs"]["zones"])
    assert 300 < n_roses < 10_000
    assert data["glyphs"]["all"] == 10_000
    assert all(len(layer["values"]) == n_roses for layer in data["glyphs"]["layers"])
    # Nothing of what the run has was left out to keep it small.
    assert len(data["values"]) == len(layers) + len(losses) == 60


def test_fastest_modes_of_ten_thousand_zones_fit_too(generated, tmp_path):
    result = generated.generated_run(10_000)
    rng = np.random.default_rng(4)
    modes = ("walk", "bike", "car+transit")
    rows = []
    for band in (15.0, 30.0, 45.0, 60.0):
        shares = rng.dirichlet(np.ones(len(modes)), len(result.zones))
        rows += [
            pd.DataFrame(
                {
                    "zone_id": result.zones.zone_id, "scenario": "baseline", "set": "best",
                    "opportunity": result.opportunities[0].name, "group": "all",
                    "band_min": band, "percentile": 50, "mode": mode, "value": shares[:, k],
                    "most": (shares.argmax(axis=1) == k).astype(int),
                }
            )
            for k, mode in enumerate(modes)
        ]  # fmt: skip
    result = replace(result, winning_mode=pd.concat(rows, ignore_index=True))
    layers, losses = build_layers(result), build_loss_layers(result)
    path = write_map(result, layers, losses, tmp_path / "reach.html", texts=Texts())
    assert path.stat().st_size < 5_000_000
    assert path.read_text(encoding="utf-8").count('"quantity":"fastest"') == 4
