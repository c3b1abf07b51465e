"""Stands in for the process of R5: speaks its protocol, and knows straight lines only.

Arguments: ``honest``; or what goes wrong: ``dies``, ``hangs``, ``refuses``, ``babbles``.
"""

# ruff: noqa: T201 - it talks by printing
import json
import math
import os
import sys
import time
from pathlib import Path

import numpy as np


def main() -> None:
    how = sys.argv[1]
    lon = lat = ()
    for line in sys.stdin:
        request = json.loads(line)
        print(f"asked to {request['do']}", file=sys.stderr, flush=True)
        if request["do"] == "close":
            return
        if request["do"] == "open":
            config = Path(os.environ["XDG_CONFIG_HOME"], "r5py.yml").read_text(encoding="utf-8")
            print(f"settings: {config}", file=sys.stderr, flush=True)
            for path in [request["osm"], *request["gtfs"]]:
                assert Path(path).is_file(), path
            rows = np.genfromtxt(request["places"], delimiter=",", names=True, ndmin=1)
            lon, lat = rows["lon"], rows["lat"]
            print(json.dumps({"ok": True, "r5py": "0"}), flush=True)
            continue
        if how == "dies":
            print("java.lang.OutOfMemoryError: Java heap space", file=sys.stderr, flush=True)
            sys.exit(3)
        if how == "hangs":
            time.sleep(60)
        if how == "refuses":
            print(json.dumps({"error": "RuntimeError: no such street"}), flush=True)
            continue
        if how == "babbles":
            print("Hello", flush=True)
            continue
        plain, origins = request["task"]["plain"], request["origins"]
        kmh = {"WALK": plain["speed_walking"], "BICYCLE": plain["speed_cycling"]}
        speed = kmh.get(plain["transport_modes"][0], 40.0)
        metres = [
            6_371_000.0
            * math.pi / 180.0
            * np.hypot((lon - lon[i]) * math.cos(math.radians(lat[i])), lat - lat[i])
            for i in origins
        ]  # fmt: skip
        minutes = np.floor(np.array(metres) / (speed / 3.6) / 60.0)
        minutes[minutes * 60.0 >= request["task"]["seconds"]["max_time"]] = np.inf
        stacked = np.stack([minutes] * len(plain["percentiles"]), axis=1).astype(np.float32)
        np.save(request["into"], stacked)
        print(json.dumps({"ok": True}), flush=True)


if __name__ == "__main__":
    main()
