"""Texts, styles and scripts that are shipped with the package."""

from __future__ import annotations

from importlib import resources


def asset(folder: str, name: str) -> str:
    """Text of a file that is shipped with the package, also from a zipped wheel."""
    return (resources.files(__package__) / folder / name).read_text(encoding="utf-8")
