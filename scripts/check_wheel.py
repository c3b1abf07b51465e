"""Check that a wheel holds every module and data file of the tree, and nothing else."""

import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOMS = {"access": "access", "gtfs": "gtfs", "regions": "regions", "outputs": "outputs"}
DATA_SUFFIXES = {".py", ".typed", ".js", ".css", ".html", ".j2", ".toml", ".txt", ".json", ".qml",
                 ".csv", ".svg", ".md"}  # fmt: skip


def expected() -> set[str]:
    """Names that the wheel must hold, as paths inside it."""
    names = set()
    for folder in ("halfcircle", *ROOMS):
        for path in (ROOT / folder).rglob("*"):
            relative = path.relative_to(ROOT)
            if "__pycache__" in relative.parts or not path.is_file():
                continue
            if folder == "halfcircle" and relative.parts[1] in ROOMS:
                continue  # the links of the tree
            if path.suffix not in DATA_SUFFIXES:
                continue
            prefix = () if folder == "halfcircle" else ("halfcircle",)
            names.add("/".join((*prefix, *relative.parts)))
    return names


def main() -> int:
    """Compare; print what differs."""
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    missing, extra = expected() - held, held - expected()
    for name in sorted(missing):
        print(f"missing from the wheel: {name}")
    for name in sorted(extra):
        print(f"not expected in the wheel: {name}")
    print(f"wheel: {len(held)} files, {len(missing)} missing, {len(extra)} not expected")
    return 1 if missing or extra else 0


if __name__ == "__main__":
    sys.exit(main())
