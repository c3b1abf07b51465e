"""The roof: from a study file to finished results.

`run_study` does it all; `study_result` keeps the results in memory; `read_study` checks the file
and `read_inputs` reads what it names.
"""

from halfcircle.study.check import check_study
from halfcircle.study.compare import Comparison, compare_runs
from halfcircle.study.config import Study
from halfcircle.study.edit_file import read_edits
from halfcircle.study.inputs import Inputs, read_inputs
from halfcircle.study.progress import Progress
from halfcircle.study.run import compute_study, run_study, study_result
from halfcircle.study.study_file import read_study

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
