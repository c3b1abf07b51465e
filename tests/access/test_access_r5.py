"""R5 beside the own engine: what is missing is named, the protocol, the source."""

from __future__ import annotations

import ast
import importlib.util
import io
import json
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from grid_city import GridCity, Line

from halfcircle.access import r5_child, r5_install
from halfcircle.access.r5_install import JAR_VARIABLE, R5Install, find_r5
from halfcircle.access.r5_process import COMMAND, R5Network, R5Process
from halfcircle.access.r5_times import MODES, R5Times, r5_task
from halfcircle.errors import EngineError
from halfcircle.places import Places

FAKE = Path(__file__).resolve().parents[1] / "fake_r5_child.py"
HAS_R5PY = importlib.util.find_spec("r5py") is not None
needs_r5py = pytest.mark.skipif(
    not HAS_R5PY, reason="r5py is not installed: pip install 'halfcircle[r5]'"
)


def task(mode: str = "walk", **changed):
    values = {
        "departure": "2026-05-12T07:00:00",
        "window_s": 1200.0,
        "percentiles": (50,),
        "limit_s": 3600.0,
        "access_s": {"walk": 600.0, "bike": 900.0},
        "speeds_kmh": {"walk": 4.5, "bike": 14.0},
    }
    return r5_task(mode, **{**values, **changed})


def places(n: int = 5) -> Places:
    """Along the equator, some 1,112 m apart."""
    return Places([f"p{i}" for i in range(n)], np.arange(n) * 0.01, np.zeros(n))


def fake_jar(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(r5_install.CLASS_INSIDE, b"")
    return path


def fake_java(folder: Path, version: str = "21.0.4") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "release").write_text(f'JAVA_VERSION="{version}"\n')
    return folder


# What is there, and what is missing --------------------------------------------------------------


def test_everything_that_is_missing_is_named_at_once(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(r5_install.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(EngineError, match="the engine R5 is not complete") as caught:
        find_r5(None, cache=tmp_path, environ={})
    r5py, java, jar = (str(fault) for fault in caught.value.faults)
    assert r5py.endswith("the package r5py is not installed - pip install 'halfcircle[r5]'")
    assert "R5 needs Java 21 or later; there is none - pip install 'halfcircle[r5]'" in java
    assert str(tmp_path / "r5" / "r5-all.jar") in jar
    assert JAR_VARIABLE in jar
    assert "jar under [reach.r5]" in jar


def test_an_old_java_is_named(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(r5_install.importlib.util, "find_spec", lambda _: None)
    home = fake_java(tmp_path / "jdk", "17.0.15")
    with pytest.raises(EngineError, match=r"only an older one: Java 17 in .*jdk - "):
        find_r5(None, cache=tmp_path, environ={"JAVA_HOME": str(home)})
    old = fake_java(tmp_path / "jre", "1.8.0_402")
    with pytest.raises(EngineError, match="Java 8 in"):
        find_r5(None, cache=tmp_path, environ={"JAVA_HOME": str(old)})


@needs_r5py
def test_the_jar_that_r5py_asks_for_is_named_with_address_hash_and_place(tmp_path: Path) -> None:
    home = fake_java(tmp_path / "jdk")
    with pytest.raises(EngineError) as caught:
        find_r5(None, cache=tmp_path, environ={"JAVA_HOME": str(home)})
    (fault,) = caught.value.faults
    text = str(fault)
    name = fault.values[0].rsplit("/", 1)[-1]
    assert name.startswith("r5-v")
    assert name.endswith(".jar")
    assert "download https://" in text
    assert "SHA-256" in text
    assert "60 MB" in text
    assert "r5py.util" not in sys.modules, "importing r5py would have downloaded the jar"


@needs_r5py
def test_a_jar_is_found_by_key_by_variable_and_in_the_cache(tmp_path: Path, monkeypatch) -> None:
    environ = {"JAVA_HOME": str(fake_java(tmp_path / "jdk"))}
    named = fake_jar(tmp_path / "mine.jar")
    found = find_r5(named, cache=tmp_path, environ=environ)
    assert found.jar == named.resolve()
    assert found.label.startswith("r5 (mine.jar, sha256 ")
    other = fake_jar(tmp_path / "other.jar")
    assert find_r5(None, cache=tmp_path, environ={**environ, JAR_VARIABLE: str(other)}).jar == (
        other.resolve()
    )
    wanted = r5_install._wanted_jar()
    assert wanted is not None
    fake_jar(tmp_path / "r5" / wanted.name)
    with pytest.raises(EngineError, match="is not the file that r5py asks for: its SHA-256 is"):
        find_r5(None, cache=tmp_path, environ=environ)


@needs_r5py
@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"PK\x03\x04 half of a jar"])
def test_a_file_that_is_no_jar_is_told(tmp_path: Path, content: bytes) -> None:
    wrong = tmp_path / "r5.jar"
    wrong.write_bytes(content)
    environ = {"JAVA_HOME": str(fake_java(tmp_path / "jdk"))}
    with pytest.raises(EngineError, match="is not the R5 program, or not all of it"):
        find_r5(wrong, cache=tmp_path, environ=environ)


# The protocol ------------------------------------------------------------------------------------


@pytest.fixture
def process(tmp_path: Path):
    """A process that speaks the protocol and is not R5."""
    made = []

    def start(how: str = "honest", timeout_s: float = 30.0) -> R5Process:
        osm = tmp_path / "x.osm.pbf"
        osm.write_bytes(b"")
        made.append(
            R5Process(
                R5Install(tmp_path / "r5.jar", "0" * 64, tmp_path / "jdk", "0"),
                R5Network(osm),
                places(),
                cache=tmp_path / "cache",
                memory="2G",
                timeout_s=timeout_s,
                command=(sys.executable, str(FAKE), how),
            )
        )
        return made[-1]

    yield start
    for one in made:
        one.close()


def test_minutes_come_back_for_any_block(process) -> None:
    r5 = process()
    found = r5.minutes(np.array([4, 0]), task())
    # 1,112 m at 4.5 km/h are 14 min 49 s.
    assert found.tolist() == [[[59.0, 44.0, 29.0, 14.0, 0.0]], [[0.0, 14.0, 29.0, 44.0, 59.0]]]
    again = r5.minutes(np.array([1]), task("car", limit_s=120.0))
    assert again.tolist() == [[[1.0, 0.0, 1.0, np.inf, np.inf]]]


def test_the_process_has_its_own_settings_and_leaves_nothing(process, tmp_path: Path) -> None:
    r5 = process()
    r5.minutes(np.array([0]), task())
    folder, child = r5.running.folder, r5.running.process
    told = (folder / "errors.txt").read_text()
    assert f'r5-classpath: "{tmp_path / "r5.jar"}"' in told
    assert 'max-memory: "2G"' in told
    assert f'temporary-directory: "{folder}"' in told
    r5.close()
    assert child.poll() == 0
    assert not folder.exists()


def test_it_ends_with_the_object(process) -> None:
    r5 = process()
    r5.minutes(np.array([0]), task())
    child = r5.running.process
    r5.running = None
    assert child.poll() is not None


@pytest.mark.parametrize(
    ("how", "timeout_s", "told"),
    [
        ("dies", 30.0, r"R5 stopped \(code 3\) - if it ran out of memory.*memory_gb(.|\n)*heap"),
        ("hangs", 1.5, r"did not answer within 0\.025 min - allow more with timeout_min"),
        ("refuses", 30.0, "R5: RuntimeError: no such street\nwhat it said last:\n"),
        ("babbles", 30.0, r"gave no answer but 'Hello\\n'"),
    ],
)
def test_what_goes_wrong_is_told_with_its_last_words(process, how, timeout_s, told) -> None:
    with pytest.raises(EngineError, match=told) as caught:
        process(how, timeout_s).minutes(np.array([0]), task())
    assert "asked to times" in str(caught.value)


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    lost = R5Process(
        R5Install(tmp_path / "r5.jar", "0" * 64, tmp_path, "0"),
        R5Network(tmp_path / "x.osm.pbf"),
        places(),
        cache=tmp_path,
        command=(sys.executable, str(tmp_path / "nothing.py"), "x"),
    )
    with pytest.raises(EngineError, match=r"R5 stopped \(code 2\)"):
        lost.minutes(np.array([0]), task())


# The child ---------------------------------------------------------------------------------------


class FakeR5py:
    """What the child asks of r5py, in the form in which r5py gives it."""

    __version__ = "9.9"

    def __init__(self) -> None:
        self.asked: dict[str, object] = {}

    def TransportNetwork(self, osm, gtfs, allow_errors):
        return SimpleNamespace(osm=osm, gtfs=gtfs, allow_errors=allow_errors)

    def TravelTimeMatrix(self, network, origins, destinations, **asked):
        self.asked = asked
        rows = [(o, d) for o in origins["id"] for d in destinations["id"]]
        table = pd.DataFrame(rows, columns=["from_id", "to_id"])
        minutes = [float(10 * int(o) + int(d)) for o, d in rows]
        names = asked["percentiles"]
        for p in names:
            table["travel_time" if names == [50] else f"travel_time_p{p}"] = minutes
        table.iloc[-1, 2:] = np.nan
        return table.sample(frac=1.0, random_state=0)


@pytest.mark.parametrize("percentiles", [(50,), (25, 75)])
def test_the_child_reads_tables_of_r5py_by_name(tmp_path: Path, monkeypatch, percentiles) -> None:
    r5py = FakeR5py()
    monkeypatch.setitem(sys.modules, "r5py", r5py)
    csv, into = tmp_path / "places.csv", tmp_path / "b.npy"
    csv.write_text("lon,lat\n5,52\n6,52\n7,52\n")
    requests = [
        {"do": "open", "osm": "x.osm.pbf", "gtfs": ["a.zip"], "places": str(csv)},
        {"do": "times", "origins": [2, 0], "into": str(into),
         "task": task("transit", percentiles=percentiles)},
        {"do": "close"},
        {"do": "never"},
    ]  # fmt: skip
    answers = io.StringIO()
    lines = io.StringIO("".join(json.dumps(r) + "\n" for r in requests))
    r5_child.serve(r5_child.R5Work(), lines, answers)
    assert [json.loads(line) for line in answers.getvalue().splitlines()] == [
        {"ok": True, "r5py": "9.9"},
        {"ok": True},
    ]
    expected = np.array([[20, 21, 22], [0, 1, np.inf]], dtype=np.float32)
    np.testing.assert_array_equal(np.load(into), np.stack([expected] * len(percentiles), axis=1))
    assert str(r5py.asked["departure"]) == "2026-05-12 07:00:00"
    assert r5py.asked["max_time_walking"].total_seconds() == 600.0


def test_the_child_answers_faults_and_goes_on() -> None:
    class Work:
        def times(self, request):
            raise ValueError("no streets")

        def open(self, request):
            return {"r5py": "1"}

    answers = io.StringIO()
    r5_child.serve(Work(), io.StringIO('{"do": "times"}\n{"do": "open"}\n'), answers)
    first, second = answers.getvalue().splitlines()
    assert json.loads(first) == {"error": "ValueError: no streets"}
    assert json.loads(second) == {"ok": True, "r5py": "1"}


@needs_r5py
@pytest.mark.parametrize("mode", MODES)
def test_r5py_knows_everything_that_it_is_asked(mode: str) -> None:
    # Read, not imported: the import would start Java and download R5.
    folder = Path(importlib.util.find_spec("r5py").origin).parent
    tree = ast.parse((folder / "r5" / "regional_task.py").read_text(encoding="utf-8"))
    (init,) = [
        node
        for part in ast.walk(tree)
        if isinstance(part, ast.ClassDef) and part.name == "RegionalTask"
        for node in part.body
        if isinstance(node, ast.FunctionDef) and node.name == "__init__"
    ]
    known = {argument.arg for argument in init.args.args}
    asked = task(mode)
    assert {*asked["seconds"], *asked["plain"], "departure"} <= known
    modes = ast.parse((folder / "r5" / "transport_mode.py").read_text(encoding="utf-8"))
    names = {node.value for node in ast.walk(modes) if isinstance(node, ast.Constant)}
    for key in ("transport_modes", "access_modes", "egress_modes"):
        assert set(asked["plain"][key]) <= names


@needs_r5py
def test_the_real_child_says_what_is_wrong_with_the_jar(tmp_path: Path) -> None:
    """As far as one gets without R5: the real process, r5py's own import, a jar without R5."""
    jar = fake_jar(tmp_path / "r5.jar")
    try:
        install = find_r5(jar, cache=tmp_path)
    except EngineError as error:
        pytest.skip(f"no Java for r5py: {error}")
    real = R5Process(install, R5Network(tmp_path / "x.osm.pbf"), places(), cache=tmp_path / "c",
                     timeout_s=120.0)  # fmt: skip
    try:
        with pytest.raises(EngineError, match=r"R5: .*(No module named|com.conveyal)"):
            real.minutes(np.array([0]), task())
    finally:
        real.close()


def test_the_own_child_is_what_runs() -> None:
    assert COMMAND[1:] == ("-m", "halfcircle.access.r5_child")


def test_r5_itself_on_a_town_known_by_hand(tmp_path: Path) -> None:
    """Walks in the desert: R5's minutes are those of the formula, cut off."""
    try:
        install = find_r5(None, cache=r5_cache())
    except EngineError as error:
        pytest.skip(f"R5 is not on this machine: {error}")
    city = GridCity(lines=(Line("1", ((0, 1), (5, 1)), hop_s=300),))
    city.write_osm(tmp_path / "city.osm.pbf")
    city.write_gtfs(tmp_path / "grid.zip")
    corners = [(0, 1), (2, 1), (5, 1)]
    r5 = R5Process(
        install,
        R5Network(tmp_path / "city.osm.pbf", (tmp_path / "grid.zip",)),
        city.places(corners),
        cache=tmp_path / "cache",
    )
    found = r5.minutes(np.array([0]), task())
    r5.close()
    expected = [city.walk_s(corners[0], corner) / 60 for corner in corners]
    np.testing.assert_allclose(found[0, 0], expected, atol=1.0)


def r5_cache() -> Path:
    """The user's own cache, not that of the test run: there a jar would be."""
    return Path.home() / ".cache" / "halfcircle"


# The source --------------------------------------------------------------------------------------


class Minutes:
    """In place of a process: fixed minutes by R5's name of the mode."""

    def __init__(self, **by_mode) -> None:
        self.by_mode = {name: np.array(m, dtype=np.float32) for name, m in by_mode.items()}

    def minutes(self, origin_idx, asked):
        n = len(asked["plain"]["percentiles"])
        found = self.by_mode[asked["plain"]["transport_modes"][0]][origin_idx]
        return np.stack([found] * n, axis=1)


def source(minutes: Minutes, mode: str, limit_s: float, direct=None, percentiles=(50,)) -> R5Times:
    return R5Times(
        minutes, places(3), mode, task(mode, percentiles=percentiles), percentiles, limit_s,
        np.array([100.0, 200.0, 7000.0]), direct,
    )  # fmt: skip


def test_a_minute_counts_where_r5_counts_it() -> None:
    """R5: below 15 min is minute 14 or less; inclusive bands of seconds agree for every minute."""
    walk = source(Minutes(WALK=[[0, 14, 15]] * 3), "walk", 3600.0)
    times_s = walk.times_s(np.array([0]))
    assert times_s.tolist() == [[[100.0, 899.0, 959.0]]]
    assert (times_s[0, 0] <= 900.0).tolist() == [True, True, False]


def test_the_limit_and_the_own_zone() -> None:
    walk = source(Minutes(WALK=[[0, 59, 60], [59, 0, 60], [60, 60, 0]]), "walk", 3600.0)
    found = walk.times_s(np.array([1, 2]))
    assert found[0].tolist() == [[3599.0, 200.0, np.inf]]
    assert found[1].tolist() == [[np.inf, np.inf, np.inf]]


def test_walking_all_the_way_counts_by_transit_too() -> None:
    minutes = Minutes(WALK=[[0, 20, 50]] * 3, TRANSIT=[[0, 30, 40]] * 3)
    walk = source(minutes, "walk", 7200.0)
    both = source(minutes, "transit", 7200.0, walk, percentiles=(25, 50))
    assert both.times_s(np.array([0])).tolist() == [[[100.0, 1259.0, 2459.0]] * 2]
    assert both.here_only
    assert both.origins is both.destinations


def test_what_r5_is_asked_by_mode() -> None:
    walk, car, ride = task("walk"), task("car"), task("bike+transit", vehicles=["RAIL"])
    assert walk["seconds"]["max_time_walking"] == 3600.0
    assert ride["seconds"]["max_time_walking"] == 600.0
    assert ride["seconds"]["max_time_cycling"] == 900.0
    assert ride["plain"]["transport_modes"] == ["RAIL"]
    assert (ride["plain"]["access_modes"], ride["plain"]["egress_modes"]) == (["BICYCLE"], ["WALK"])
    assert car["plain"]["transport_modes"] == ["CAR"]
    assert task("transit")["plain"]["transport_modes"] == ["TRANSIT"]
