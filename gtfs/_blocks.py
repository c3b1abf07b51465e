"""Bytes of a file -> blocks of whole lines in UTF-8, whatever the encoding and the line ends."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from halfcircle._checks import Faults
from halfcircle.gtfs._archive import ByteSource

BLOCK_BYTES = 32 * 2**20
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def text_blocks(source: ByteSource, where: str, faults: Faults) -> Iterator[bytes]:
    """Blocks of whole lines, decoded to UTF-8, line ends as ``\\n``.

    The next block is unpacked while the caller works on the last one.
    """
    with ThreadPoolExecutor(1) as ahead:
        yield from _cut_blocks(source, ahead, where, faults)


def _cut_blocks(
    source: ByteSource, ahead: ThreadPoolExecutor, where: str, faults: Faults
) -> Iterator[bytes]:
    data = source.read(BLOCK_BYTES)
    following = ahead.submit(source.read, BLOCK_BYTES)
    decoder: codecs.IncrementalDecoder | None = None
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), "")
    if encoding:
        bom = next(bom for bom, name in _BOMS if name == encoding)
        data = data[len(bom) :]
    elif data[:200:2].count(0) > 40 or data[1:200:2].count(0) > 40:
        encoding = "utf-16-be" if data[:1] == b"\0" else "utf-16-le"
    if encoding and encoding != "utf-8":
        decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        faults.add(where, f"is written in {encoding.upper()}, not UTF-8", severity="notice")
    rest = b""
    while data:
        if decoder is not None:
            data = decoder.decode(data).encode("utf-8", errors="replace")
        data = rest + data
        held = b""
        if data.endswith(b"\r"):  # its line feed may come with the next block
            data, held = data[:-1], b"\r"
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        cut = _cut(data)
        if cut:
            yield data[:cut]
        rest = data[cut:] + held
        data = following.result()
        if data:
            following = ahead.submit(source.read, BLOCK_BYTES)
    if rest:
        yield rest.replace(b"\r", b"\n")


def _cut(data: bytes) -> int:
    """Length of the longest start of `data` that ends with a line, not inside quotes."""
    end = data.rfind(b"\n") + 1
    if b'"' not in data:
        return end
    probe = end
    for _ in range(200):
        if probe <= 0:
            break
        if data.count(b'"', 0, probe) % 2 == 0:
            return probe
        # Skip back over the quoted text in which the line break lies.
        probe = data.rfind(b"\n", 0, max(data.rfind(b'"', 0, probe), 0)) + 1
    # No even count: a quote was never closed. The line-by-line reader sorts that out.
    return end if len(data) >= BLOCK_BYTES else 0
