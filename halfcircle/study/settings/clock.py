"""Clock times as people write them."""

import re

_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d))?")


def clock_s(text: str) -> int | None:
    """Seconds after midnight of ``"07:00"`` or ``"25:30:00"``; None if it is no time."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def clock(seconds: int) -> str:
    """``25:30:00`` for seconds after midnight."""
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"
