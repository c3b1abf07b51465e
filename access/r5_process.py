"""Talking to the process that R5 runs in."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import weakref
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.access.r5_install import R5Install
from halfcircle.errors import EngineError
from halfcircle.places import Places

__all__ = ["R5Network", "R5Process"]

SHOWN_LINES = 12
COMMAND = (sys.executable, "-m", "halfcircle.access.r5_child")


@dataclass(frozen=True)
class R5Network:
    """What R5 routes on.

    Parameters
    ----------
    osm : Path
        Streets. r5py keeps files by name: each content needs a name of its own.
    gtfs : tuple of Path
    """

    osm: Path
    gtfs: tuple[Path, ...] = ()


class R5Process:
    """R5 in a process of its own; started by the first question, ended with this object.

    Parameters
    ----------
    install : R5Install
    network : R5Network
    places : Places
        Origins and destinations.
    cache : Path
        Folder for what r5py keeps between runs; it removes files older than 14 days there.
    memory : str
        Most memory of Java, as r5py writes it: ``"80%"``, ``"8G"``.
    timeout_s : float, seconds
        Longest wait for the network, and for each block of origins.
    command : sequence of str
        The process; R5 when left out.
    """

    def __init__(
        self,
        install: R5Install,
        network: R5Network,
        places: Places,
        *,
        cache: Path,
        memory: str = "80%",
        timeout_s: float = 3600.0,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self.install, self.network, self.places = install, network, places
        self.cache, self.memory, self.timeout_s = cache, memory, timeout_s
        self.command = tuple(command)
        self.lock = threading.Lock()
        self.running: _Running | None = None
        self.n_blocks = 0

    def minutes(
        self, origin_idx: npt.NDArray[np.int64], task: dict[str, Any]
    ) -> npt.NDArray[np.float32]:
        """Whole minutes from a block of origins to all places.

        Parameters
        ----------
        origin_idx : array of int64, shape (n_block,)
        task : dict
            What R5 is asked, see `halfcircle.access.r5_times`.

        Returns
        -------
        array of float32, shape (n_block, n_percentiles, n_places), minutes
            Infinite where not reached; R5 cuts fractions of a minute off.

        Raises
        ------
        EngineError
            R5 stopped, or took longer than `timeout_s`.
        """
        with self.lock:
            running = self._open()
            into = running.folder / f"block-{self.n_blocks}.npy"
            self.n_blocks += 1
            running.ask(
                {"do": "times", "origins": origin_idx.tolist(), "task": task, "into": str(into)},
                self.timeout_s,
            )
            found = np.load(into)
            into.unlink()
        expected = (len(origin_idx), len(task["plain"]["percentiles"]), len(self.places))
        if found.shape != expected:
            raise EngineError(f"R5 gave times of shape {found.shape}, expected {expected}")
        return np.asarray(found, dtype=np.float32)

    def close(self) -> None:
        """End the process."""
        if self.running is not None:
            self.running.end()
            self.running = None

    def _open(self) -> _Running:
        if self.running is not None:
            return self.running
        running = _Running(self.command, self._environment)
        self.running = running
        places = running.folder / "places.csv"
        pd.DataFrame({"lon": self.places.lon, "lat": self.places.lat}).to_csv(places, index=False)
        request = {
            "do": "open",
            "osm": str(self.network.osm),
            "gtfs": [str(path) for path in self.network.gtfs],
            "places": str(places),
        }
        running.ask(request, self.timeout_s)
        return running

    def _environment(self, folder: Path) -> dict[str, str]:
        """Environment of the process: its own settings, the Java that was found."""
        config = folder / "config"
        config.mkdir()
        self.cache.mkdir(parents=True, exist_ok=True)
        lines = {
            "r5-classpath": str(self.install.jar),
            "max-memory": self.memory,
            "temporary-directory": str(folder),
        }
        text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in lines.items())
        (config / "r5py.yml").write_text(text, encoding="utf-8")
        return {
            **os.environ,
            "XDG_CONFIG_HOME": str(config),
            "APPDATA": str(config),
            "XDG_CACHE_HOME": str(self.cache),
            "LOCALAPPDATA": str(self.cache),
            "JAVA_HOME": str(self.install.java_home),
        }


class _Running:
    """A process that has been started, with its folder, answers and errors."""

    def __init__(self, command: Sequence[str], environment: Any) -> None:
        self.temporary = TemporaryDirectory(prefix="halfcircle-r5-", ignore_cleanup_errors=True)
        self.folder = Path(self.temporary.name)
        self.errors = self.folder / "errors.txt"
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(  # noqa: S603 - our own child
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment(self.folder),
                text=True,
                encoding="utf-8",
            )
        self.answers: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(
            target=_listen, args=(self.process.stdout, self.answers), daemon=True
        ).start()
        self.end = weakref.finalize(self, _end, self.process, self.temporary)

    def ask(self, request: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        """Send a request and wait for the answer."""
        try:
            stdin = self.process.stdin
            if stdin is None:
                raise OSError
            stdin.write(json.dumps(request) + "\n")
            stdin.flush()
            line = self.answers.get(timeout=timeout_s)
        except OSError:
            line = None
        except queue.Empty:
            text = self._failed(
                f"R5 did not answer within {timeout_s / 60:g} min",
                "allow more with timeout_min under [reach.r5]",
            )
            self.process.kill()
            self.end()
            raise EngineError(text) from None
        if line is None:
            text = self._failed(
                f"R5 stopped (code {self.process.wait(timeout=10)})",
                "if it ran out of memory, give it more with memory_gb under [reach.r5]",
            )
            self.end()
            raise EngineError(text)
        try:
            answer: dict[str, Any] = json.loads(line)
        except ValueError:
            raise EngineError(self._failed(f"R5 gave no answer but {line[:80]!r}")) from None
        if "error" in answer:
            raise EngineError(self._failed(f"R5: {answer['error']}"))
        return answer

    def _failed(self, what: str, remedy: str = "") -> str:
        lines = self.errors.read_text(encoding="utf-8", errors="replace").splitlines()
        told = [line for line in lines if line.strip()][-SHOWN_LINES:]
        text = f"{what} - {remedy}" if remedy else what
        return "\n".join([text, *(["what it said last:"] if told else []), *told])


def _listen(stream: IO[str], answers: queue.SimpleQueue[str | None]) -> None:
    for line in stream:
        answers.put(line)
    answers.put(None)


def _end(process: subprocess.Popen[str], temporary: TemporaryDirectory[str]) -> None:
    stdin, stdout = process.stdin, process.stdout
    try:
        if process.poll() is None and stdin is not None:
            stdin.write('{"do": "close"}\n')
            stdin.flush()
            process.wait(timeout=5)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        pass
    if process.poll() is None:
        process.kill()
        process.wait()
    for stream in (stdin, stdout):
        if stream is not None:
            with suppress(OSError):  # what was written to a process that is gone
                stream.close()
    temporary.cleanup()
