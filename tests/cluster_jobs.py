"""Jobs that are sent to workers of a cluster; workers import them by the name of this module."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from halfcircle.errors import Fault, TravelTimeError


@dataclass
class Squares:
    """Squares of the origins, by whichever worker; slow enough to be interrupted."""

    seconds: float = 0.0
    here_only: bool = False

    def tables(self, block):
        time.sleep(self.seconds)
        return {"squares": pd.DataFrame({"origin": block, "square": block**2, "pid": os.getpid()})}


@dataclass
class Dies(Squares):
    """Takes its worker along, always at the block that holds this origin."""

    origin: int = 3

    def tables(self, block):
        if self.origin in block:
            os._exit(1)
        return super().tables(block)


@dataclass
class Fails(Squares):
    """Raises what nobody foresaw, and notes every trial."""

    folder: Path = Path()
    times: int = 99

    def tables(self, block):
        n_trials = len(list(self.folder.iterdir()))
        (self.folder / f"{n_trials}-{time.monotonic_ns()}").write_text("")
        if n_trials < self.times:
            raise MemoryError("no room for the networks")
        return super().tables(block)


@dataclass
class Faulty(Squares):
    """Finds a fault of the inputs."""

    def tables(self, block):
        raise TravelTimeError(faults=[Fault("times.omx", "holds negative times", ("A",))])


def blocks(n=8):
    """Blocks of three origins."""
    return {f"b{i}": np.arange(3 * i, 3 * i + 3, dtype=np.int64) for i in range(n)}
