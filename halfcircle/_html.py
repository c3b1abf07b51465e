"""What notebooks show of an object: a small table, everything in it escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

CELL = "text-align:left;vertical-align:top"


def html_table(title: str, rows: Iterable[tuple[str, object]]) -> str:
    """A caption and two columns; rows whose value is empty or None are left out."""
    shown = [(name, str(value)) for name, value in rows if value is not None and value != ""]
    cells = "".join(
        f'<tr><th scope="row" style="{CELL}">{escape(name)}</th>'
        f'<td style="{CELL}">{escape(value)}</td></tr>'
        for name, value in shown
    )
    return f"<table><caption>{escape(title)}</caption>{cells}</table>"


def few(values: Iterable[object], n: int = 5) -> str:
    """The first `n` of some values, and how many more there are."""
    texts = [str(value) for value in values]
    more = len(texts) - n
    return ", ".join(texts[:n]) + (f", … ({more:,} more)" if more > 0 else "")
