"""Read and compile a generated national feed: rows per second, peak memory, ratio to other readers.

    python benchmarks/gtfs.py                      # 60,000 stops, 500,000 trips, 20 M stop times
    python benchmarks/gtfs.py --share 0.05         # a twentieth of it
    python benchmarks/gtfs.py --peer-python PATH   # interpreter with gtfs-kit and partridge

The feed has the shape of OVapi's: lines of about 40 stops in a country of 300 x 200 km, service by
calendar_dates only, shape_dist_traveled on every row, bus with some rail. Each measurement runs in
a process of its own.
"""

from __future__ import annotations

import argparse
import datetime as dt
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

N_STOPS, N_TRIPS, CALLS = 60_000, 500_000, 40
N_SERVICES, N_DAYS, FIRST = 250, 28, dt.date(2024, 5, 13)
DATE = dt.date(2024, 5, 14)
TIME_LIMIT_S, MEMORY_LIMIT_GIB = 120, 6


def generate(path: Path, *, share: float, seed: int = 1) -> int:
    """Write the feed; returns the number of stop times."""
    rng = np.random.default_rng(seed)
    n_stops, n_trips = int(N_STOPS * share), int(N_TRIPS * share)
    n_lines = max(n_trips // 100, 2)
    side = int(np.sqrt(n_stops * 1.5)) + 1
    stop = np.arange(n_stops)
    lon = 4.0 + (stop % side) * (4.3 / side) + rng.normal(0, 0.0005, n_stops)
    lat = 51.0 + (stop // side) * (2.7 / side) + rng.normal(0, 0.0005, n_stops)
    # A line walks over the grid of stops; its trips run at even headways, some a bit slower.
    start = rng.integers(0, n_stops, n_lines)
    step = rng.choice([1, -1, side, -side, side + 1], n_lines)
    line_stops = (start[:, None] + step[:, None] * np.arange(CALLS)) % n_stops
    run_s = rng.integers(40, 150, (n_lines, CALLS)).cumsum(axis=1)
    line_of = np.arange(n_trips) % n_lines
    service = (np.arange(n_trips) // n_lines) % N_SERVICES
    leaves = rng.integers(5 * 3600, 24 * 3600, n_trips)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:

        def write(name: str, columns: dict[str, object], *, header: bool = True) -> bytes:
            table = pa.table(columns)
            block = io.BytesIO()
            pacsv.write_csv(
                table, block, pacsv.WriteOptions(include_header=header, quoting_style="needed")
            )
            if name:
                archive.writestr(f"{name}.txt", block.getvalue())
            return block.getvalue()

        write(
            "agency",
            {
                "agency_id": ["OV"],
                "agency_name": ["Generated"],
                "agency_url": ["https://example.org"],
                "agency_timezone": ["Europe/Amsterdam"],
            },
        )
        ids = [f"{2_000_000 + i}" for i in range(n_stops)]
        write(
            "stops",
            {
                "stop_id": ids,
                "stop_code": ids,
                "stop_name": [f"Plaats {i // 7}, Straat {i}" for i in range(n_stops)],
                "stop_lat": np.round(lat, 6),
                "stop_lon": np.round(lon, 6),
                "location_type": np.zeros(n_stops, dtype=int),
                "parent_station": [""] * n_stops,
            },
        )
        write(
            "routes",
            {
                "route_id": [f"{10_000 + i}" for i in range(n_lines)],
                "agency_id": ["OV"] * n_lines,
                "route_short_name": [str(i % 400) for i in range(n_lines)],
                "route_long_name": [f"Lijn {i}" for i in range(n_lines)],
                "route_type": np.where(np.arange(n_lines) % 20 == 0, 2, 3),
            },
        )
        runs = rng.random((N_SERVICES, N_DAYS)) < 0.2
        of, day = np.nonzero(runs)
        dates = [(FIRST + dt.timedelta(days=i)).strftime("%Y%m%d") for i in range(N_DAYS)]
        write(
            "calendar_dates",
            {"service_id": of, "date": [dates[i] for i in day], "exception_type": [1] * len(of)},
        )
        trip_ids = [f"{150_000_000 + i}" for i in range(n_trips)]
        write(
            "trips",
            {
                "route_id": 10_000 + line_of,
                "service_id": service,
                "trip_id": trip_ids,
                "trip_headsign": [f"Plaats {i % 5000}" for i in range(n_trips)],
                "direction_id": line_of % 2,
                "shape_id": 900_000 + line_of,
            },
        )
        clock = np.array(
            [f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in range(30 * 3600)]
        )
        stop_ids = pa.array(ids)
        clocks = pa.array(clock)
        with archive.open("stop_times.txt", "w", force_zip64=True) as stream:
            for low in range(0, n_trips, 20_000):
                trips = np.arange(low, min(low + 20_000, n_trips))
                lines = line_of[trips]
                at = (leaves[trips, None] + run_s[lines]).ravel()
                calls = np.tile(np.arange(1, CALLS + 1), len(trips))
                stream.write(
                    write(
                        "",
                        {
                            "trip_id": pa.array(trip_ids[low : low + len(trips)]).take(
                                pa.array(np.repeat(np.arange(len(trips)), CALLS))
                            ),
                            "stop_sequence": calls,
                            "stop_id": stop_ids.take(pa.array(line_stops[lines].ravel())),
                            "stop_headsign": pa.array([""] * len(calls)),
                            "arrival_time": clocks.take(pa.array(at)),
                            "departure_time": clocks.take(pa.array(at)),
                            "pickup_type": np.where(calls == CALLS, 1, 0),
                            "drop_off_type": np.where(calls == 1, 1, 0),
                            "timepoint": np.ones(len(calls), dtype=int),
                            "shape_dist_traveled": calls * 480,
                        },
                        header=low == 0,
                    )
                )
    return n_trips * CALLS


OWN = """
import json, resource, sys, time, datetime as dt
def cpu(): u = resource.getrusage(resource.RUSAGE_SELF); return u.ru_utime + u.ru_stime
from halfcircle.gtfs import build_timetable, read_feed
start = time.perf_counter()
feed = read_feed(sys.argv[1])
read_s, read_cpu = time.perf_counter() - start, cpu()
read_gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
start = time.perf_counter()
timetable = build_timetable(
    [feed], date=dt.date(2024, 5, 14), window=("07:00", "09:00"), time_zone="Europe/Amsterdam"
)
build_s = time.perf_counter() - start
print(json.dumps(dict(
    read_s=read_s, build_s=build_s, cpu_s=read_cpu, rows=len(feed["stop_times"]), read_gib=read_gib,
    gib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, timetable=repr(timetable),
)))
"""
GTFS_KIT = """
import json, resource, sys, time
import gtfs_kit
start = time.perf_counter()
feed = gtfs_kit.read_feed(sys.argv[1], dist_units="km")
rows = len(feed.stop_times.collect() if hasattr(feed.stop_times, "collect") else feed.stop_times)
print(json.dumps(dict(
    read_s=time.perf_counter() - start, rows=rows, cpu_s=sum(resource.getrusage(0)[:2]),
    gib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
)))
"""
PARTRIDGE = """
import json, resource, sys, time
import partridge
start = time.perf_counter()
feed = partridge.load_feed(sys.argv[1])
feed.stops, feed.trips, feed.calendar_dates, feed.routes
rows = len(feed.stop_times)
print(json.dumps(dict(
    read_s=time.perf_counter() - start, rows=rows, cpu_s=sum(resource.getrusage(0)[:2]),
    gib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
)))
"""


def measured(python: str, code: str, path: Path, *, timeout_s: int) -> dict[str, float | str] | str:
    """What `code` prints in a process of its own, or why it printed nothing."""
    limit = 12 * 2**30  # a reader that wants more than this fails instead of the machine

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    try:
        done = subprocess.run(
            [python, "-c", code, str(path)],
            capture_output=True,
            text=True,
            timeout=timeout_s,
            preexec_fn=bounded,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"stopped after {timeout_s} s"
    if done.returncode:
        error = (done.stderr.strip().splitlines() or ["killed"])[-1]
        return "not installed" if "ModuleNotFoundError" in error else error
    found: dict[str, float | str] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--share", type=float, default=1.0, help="share of the full size")
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--peer-timeout-s", type=int, default=280)
    parser.add_argument("--feed", type=Path, help="where the generated feed is kept")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.feed or Path(folder) / "national.zip"
        if not path.exists():
            start = time.perf_counter()
            n_rows = generate(path, share=options.share)
            print(
                f"generated {n_rows:,} stop times in {time.perf_counter() - start:.1f} s, "
                f"{path.stat().st_size / 2**20:,.0f} MiB zipped"
            )
        own = measured(sys.executable, OWN, path, timeout_s=600)
        if isinstance(own, str):
            sys.exit(f"halfcircle: {own}")
        read_s, build_s, gib = (float(own[label]) for label in ("read_s", "build_s", "gib"))
        own_gib, rate = float(own["read_gib"]), float(own["rows"]) / read_s / 1e3
        print(
            f"halfcircle  read {read_s:6.1f} s ({rate:,.0f} k rows/s; {own['cpu_s']:.1f} s of "
            "processor time), "
            f"compile {build_s:5.1f} s, peak {gib:.2f} GiB (after reading {own_gib:.2f})"
        )
        print(f"            {own['timetable']}")
        if options.share == 1.0:
            ok = read_s + build_s <= TIME_LIMIT_S and gib <= MEMORY_LIMIT_GIB
            print(
                f"            limit {TIME_LIMIT_S} s and {MEMORY_LIMIT_GIB} GiB: "
                + ("kept" if ok else "NOT KEPT")
            )
        for name, code in (("gtfs-kit", GTFS_KIT), ("partridge", PARTRIDGE)):
            peer = measured(options.peer_python, code, path, timeout_s=options.peer_timeout_s)
            if isinstance(peer, str):
                print(f"{name:11} {peer}")
                continue
            peer_s, peer_gib = float(peer["read_s"]), float(peer["gib"])
            print(
                f"{name:11} read {peer_s:6.1f} s ({peer['cpu_s']:.1f} s of processor time), "
                f"peak {peer_gib:.2f} GiB: "
                f"{peer_s / read_s:.1f} times our time, "
                f"{peer_gib / own_gib:.1f} times our memory, unchecked"
            )


if __name__ == "__main__":
    main()
