"""Whether bytes are what was asked for: a web page saved as a zip file helps nobody."""

from __future__ import annotations

import zipfile
from pathlib import Path

__all__ = ["HEAD_BYTES", "looks_like_web_page", "wrong_kind"]

HEAD_BYTES = 2048
MAGIC: dict[str, tuple[bytes, ...]] = {
    "zip": (b"PK\x03\x04", b"PK\x05\x06"),
    "gpkg": (b"SQLite format 3\x00",),
    "tiff": (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"),
}
NAMES = {
    "zip": "a zip file",
    "pbf": "an OpenStreetMap extract",
    "osm": "OpenStreetMap XML",
    "json": "JSON",
    "tiff": "a GeoTIFF",
    "gpkg": "a GeoPackage",
    "csv": "a table",
    "text": "text",
    "any": "a data file",
}


def looks_like_web_page(head: bytes) -> bool:
    """Whether a file begins as HTML does."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:64].lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head", b"<!-- "))


def wrong_kind(path: Path, kind: str) -> str:
    """What is wrong with a file of that kind; empty where nothing is."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    expected = NAMES.get(kind, kind)
    if looks_like_web_page(head):
        return f"sent a web page instead of {expected}"
    if not head:
        return f"sent nothing instead of {expected}"
    if kind in MAGIC and not head.startswith(MAGIC[kind]):
        return f"sent something that is not {expected}"
    if kind == "zip" and not zipfile.is_zipfile(path):
        return "sent a zip file that is cut off or damaged"
    if kind == "pbf" and b"OSMHeader" not in head[:64]:
        return f"sent something that is not {expected}"
    if kind == "json" and head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"{", b"["):
        return f"sent something that is not {expected}"
    if kind == "osm" and b"<osm" not in head:
        return f"sent something that is not {expected}"
    if kind in ("csv", "text") and b"\x00" in head:
        return f"sent something that is not {expected}"
    return ""
