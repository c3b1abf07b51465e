"""The roof: from a study file to finished results.

`run_study` does it all; `study_result` keeps the results in memory; `read_study` checks the file
and `read_inputs` reads what it names.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from halfcircle.study.check import check_study
    from halfcircle.study.compare import Comparison, compare_runs
    from halfcircle.study.inputs.read import Inputs, read_inputs
    from halfcircle.study.progress import Progress
    from halfcircle.study.run import compute_study, run_study, study_result
    from halfcircle.study.settings.config import Study
    from halfcircle.study.settings.edit_file import read_edits
    from halfcircle.study.settings.study_file import read_study

__all__ = [
    "Comparison",
    "Inputs",
    "Progress",
    "Study",
    "check_study",
    "compare_runs",
    "compute_study",
    "read_edits",
    "read_inputs",
    "read_study",
    "run_study",
    "study_result",
]

# Where each name is from. They are imported when first asked for, so that the command line, which
# lies in this room too, tells help and wrong usage without waiting for what computes.
_MODULE_OF = {
    "Comparison": "compare",
    "Inputs": "inputs.read",
    "Progress": "progress",
    "Study": "settings.config",
    "check_study": "check",
    "compare_runs": "compare",
    "compute_study": "run",
    "read_edits": "settings.edit_file",
    "read_inputs": "inputs.read",
    "read_study": "settings.study_file",
    "run_study": "run",
    "study_result": "run",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    thing = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = thing
    return thing


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
