"""Saying what is going on: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO, TypeVar

__all__ = ["Progress"]

T = TypeVar("T")
SECONDS_BETWEEN_LINES = 10.0


class Progress:
    """Reports stages and loops of a run.

    Parameters
    ----------
    stream : text stream, optional
        Where to write; standard error when left out.
    quiet : bool
        Say nothing; stages are still timed.

    Attributes
    ----------
    timings_s : dict of str to float, seconds
        Duration of each finished stage.
    """

    def __init__(self, stream: TextIO | None = None, *, quiet: bool = False) -> None:
        self.stream = stream if stream is not None else sys.stderr
        self.quiet = quiet
        self.timings_s: dict[str, float] = {}

    def line(self, text: str) -> None:
        """Write one line."""
        if not self.quiet:
            print(text, file=self.stream, flush=True)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage and tell when it is done."""
        start_s = time.perf_counter()
        yield
        seconds = time.perf_counter() - start_s
        self.timings_s[name] = self.timings_s.get(name, 0.0) + seconds
        self.line(f"{name}: {seconds:.1f} s")

    def loop(self, items: Iterable[T], *, total: int, label: str) -> Iterator[T]:
        """Go through `items`, showing how far it is."""
        if self.quiet:
            yield from items
            return
        if self.stream.isatty():
            from tqdm import tqdm

            yield from tqdm(items, total=total, desc=label, file=self.stream, leave=False)
            return
        told_s = time.perf_counter()
        for done, item in enumerate(items):
            yield item
            now_s = time.perf_counter()
            if now_s - told_s >= SECONDS_BETWEEN_LINES:
                told_s = now_s
                self.line(f"{label}: {done + 1} of {total}")
