"""The house as DESIGN draws it: imports run one way, names are public on purpose."""

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest

import halfcircle

ROOT = Path(__file__).resolve().parents[1]
FOLDER_OF = {
    "halfcircle.access": ROOT / "access",
    "halfcircle.gtfs": ROOT / "gtfs",
    "halfcircle.regions": ROOT / "regions",
    "halfcircle.outputs": ROOT / "outputs",
}
# Each room may import from itself and from these.
MAY_IMPORT = {
    "ground": set(),
    "gtfs": {"ground"},
    "access.streets": {"ground"},
    "access": {"ground", "gtfs", "access.streets"},
    "regions": {"ground", "gtfs", "access.streets", "access"},
    "outputs": {"ground", "gtfs", "access.streets", "access", "regions"},
    "demo": {"ground"},
    "sources": {"ground"},
    "study": {
        *("ground", "gtfs", "access.streets", "access", "regions", "outputs", "demo", "sources"),
    },
}
# Rooms of the roof, each above those that it may import from.
STUDY_ROOMS = {
    "progress": set(),
    "settings": set(),
    "blocks": {"progress"},
    "inputs": {"progress", "settings"},
    "modes": {"inputs", "progress", "settings"},
    "reach": {"blocks", "inputs", "modes", "progress", "settings"},
    "border": {"blocks", "inputs", "modes", "progress", "reach", "settings"},
    "regions": {"inputs", "modes", "settings"},
    "scenarios": {"blocks", "inputs", "modes", "progress", "reach", "settings"},
    "measures": {"blocks", "inputs", "modes", "progress", "reach", "scenarios", "settings"},
}


def room_of(module: str) -> str:
    """Room that a module of the package belongs to."""
    if module == "halfcircle.__main__":
        return "study"  # the command line by another name
    rooms = ("access.streets", "access", "gtfs", "regions", "outputs", "study", "demo", "sources")
    for room in rooms:
        if module == f"halfcircle.{room}" or module.startswith(f"halfcircle.{room}."):
            return room
    return "ground"


def source_files() -> list[tuple[str, Path]]:
    """All modules of the package with their files."""
    found = []
    for folder in (ROOT / "halfcircle", *FOLDER_OF.values()):
        for path in sorted(folder.rglob("*.py")):
            relative = path.relative_to(ROOT)
            if relative.parts[0] == "halfcircle":
                if len(relative.parts) > 1 and relative.parts[1] in {
                    "access",
                    "gtfs",
                    "regions",
                    "outputs",
                }:
                    continue
                parts = relative.with_suffix("").parts
            else:
                parts = ("halfcircle", *relative.with_suffix("").parts)
            found.append((".".join(p for p in parts if p != "__init__"), path))
    return found


def imports_of(path: Path) -> list[str]:
    """Modules that a file imports, wherever in the file."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            names.append(module)
            names += [f"{module}.{alias.name}" for alias in node.names]
    return names


@pytest.mark.parametrize(("module", "path"), source_files(), ids=lambda v: str(v).split("/")[-1])
def test_imports_run_one_way(module: str, path: Path) -> None:
    room = room_of(module)
    if module == "halfcircle":
        return  # the front door only shows what is on the ground floor; see the next test
    for name in imports_of(path):
        top = name.split(".")[0]
        assert top not in {"access", "gtfs", "regions", "outputs"}, f"bare import of {name}"
        if top == "halfcircle":
            other = room_of(name)
            assert other == room or other in MAY_IMPORT[room], f"{room} imports {name}"


@pytest.mark.parametrize(
    ("module", "path"),
    [(m, p) for m, p in source_files() if m.split(".")[:2] == ["halfcircle", "study"]],
    ids=lambda v: str(v).split("/")[-1],
)
def test_imports_run_one_way_under_the_roof(module: str, path: Path) -> None:
    room = [*module.split("."), ""][2]
    if room not in STUDY_ROOMS:
        return  # commands and the run itself: they may see everything
    for name in imports_of(path):
        if name.startswith("halfcircle.study"):
            other = [*name.split("."), ""][2]
            assert other == room or other in STUDY_ROOMS[room], f"study.{room} imports {name}"


def test_every_module_imports_and_all_names_exist() -> None:
    n_modules = 0
    for info in pkgutil.walk_packages(halfcircle.__path__, "halfcircle."):
        module = importlib.import_module(info.name)
        n_modules += 1
        for name in getattr(module, "__all__", ()):
            assert hasattr(module, name), f"{info.name} lists {name!r} and does not have it"
    assert n_modules > 20


@pytest.mark.parametrize(("module", "path"), source_files(), ids=lambda v: str(v).split("/")[-1])
def test_kernels_call_no_compiled_code_of_other_files(module: str, path: Path) -> None:
    # A cached caller keeps the old callee when the callee's file changes.
    text = path.read_text(encoding="utf-8")
    if "@njit" not in text and "numba.njit" not in text:
        return
    for name in imports_of(path):
        if name.startswith("halfcircle."):
            last = name.split(".")[-2] if name.count(".") > 1 else name
            assert not last.startswith("_") or last == "_checks", f"{module} imports {name}"


def test_no_file_is_longer_than_the_house_allows() -> None:
    long = {str(p.relative_to(ROOT)): n for _, p in source_files()
            if (n := len(p.read_text(encoding="utf-8").splitlines())) > 450}  # fmt: skip
    assert long == {}
