"""The tutorial notebook: every cell runs, in order, in one namespace, as Jupyter runs it."""

from __future__ import annotations

import ast
import json
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).resolve().parents[1] / "docs" / "tutorial.ipynb"
NOTEBOOK = json.loads(PAGE.read_text(encoding="utf-8"))
CODE = [cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]


def run_cell(source: str, names: dict[str, Any], label: str) -> Any:
    """Run a cell; the value of its last expression is what Jupyter would show."""
    tree = ast.parse(source, label)
    last = tree.body[-1] if isinstance(tree.body[-1], ast.Expr) else None
    if last is not None:
        tree.body.pop()
    exec(compile(tree, label, "exec"), names)
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), label, "eval"), names)


def shown(value: Any) -> str:
    """What a notebook would display: the richest form that the object has."""
    for name in ("_repr_svg_", "_repr_html_"):
        page = getattr(value, name, lambda: None)()
        if page:
            return str(page)
    return repr(value)


def test_it_is_a_notebook_without_outputs() -> None:
    assert (NOTEBOOK["nbformat"], NOTEBOOK["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in NOTEBOOK["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", one) for one in ids)
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in CODE)


def test_every_cell_runs_and_shows_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("xarray")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    names: dict[str, Any] = {"__name__": "__main__"}
    pages = []
    for i, cell in enumerate(CODE):
        value = run_cell("".join(cell["source"]), names, f"tutorial.ipynb, code cell {i + 1}")
        assert value is not None, f"code cell {i + 1} shows nothing"
        pages.append(shown(value))
    assert "Zones: 353" in pages[1]
    assert sum(page.startswith("<svg") for page in pages) == 3
    assert "49.7% of the jobs within 30 minutes by car lie abroad" in "".join(pages)
    assert {"NL", "DE"} <= set(names["loss"].merge(names["frame"], on="zone_id")["country"])


def test_links_lead_somewhere() -> None:
    text = "".join("".join(cell["source"]) for cell in NOTEBOOK["cells"])
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        assert (PAGE.parent / target).exists(), target
