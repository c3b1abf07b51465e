"""Faults become one readable message; the error tree is what its docstring draws."""

import re

import pytest

import halfcircle.errors as errors
from halfcircle._checks import Faults, duplicated, frozen_array, id_array, nearest
from halfcircle.errors import Fault, FeedError, HalfcircleError, InputError, StudyError


def test_fault_text_names_place_rule_values_and_remedy() -> None:
    fault = Fault("stop_times.txt:812", "stop_id is not in stops.txt", ("X9",), "add it", count=4)
    assert str(fault) == "stop_times.txt:812: stop_id is not in stops.txt: 'X9' (3 more) - add it"


def test_fault_text_shows_at_most_five_values() -> None:
    fault = Fault("zones", "twice", tuple("abcdefg"), count=7)
    assert str(fault) == "zones: twice: 'a', 'b', 'c', 'd', 'e' (2 more)"


def test_fault_without_values_tells_how_often() -> None:
    assert str(Fault("feed", "blank lines", count=1200)) == "feed: blank lines (1,200 times)"


def test_all_errors_are_raised_together_and_warnings_are_not() -> None:
    faults = Faults()
    faults.add("a", "first")
    faults.warn("b", "only a warning")
    faults.add("c", "second")
    with pytest.raises(StudyError, match="a: first\nc: second") as caught:
        faults.raise_errors(StudyError)
    assert len(caught.value.faults) == 2
    assert [fault.where for fault in faults.warnings] == ["b"]


def test_no_error_no_raise() -> None:
    faults = Faults()
    faults.warn("b", "only a warning")
    faults.raise_errors(StudyError)
    assert faults.errors == ()


def test_many_values_are_counted_and_few_are_kept() -> None:
    faults = Faults()
    faults.add("a", "wrong", values=range(1000))
    assert faults.items[0].count == 1000
    assert faults.items[0].values == ("0", "1", "2", "3", "4")


def test_tree_is_what_the_docstring_draws() -> None:
    drawn = set(re.findall(r"(\w+Error)", errors.__doc__ or ""))
    defined = {name for name in errors.__all__ if name.endswith("Error")}
    assert drawn == defined
    assert issubclass(FeedError, InputError)
    assert issubclass(InputError, HalfcircleError)


def test_nearest_suggests_or_lists() -> None:
    assert nearest("windw", ["window", "date"]) == "did you mean 'window'?"
    assert nearest("zzz", ["window", "date"]) == "known: date, window"


def test_frozen_array_is_read_only_and_leaves_the_callers_array_alone() -> None:
    import numpy as np

    mine = np.array([1.0, 2.0])
    frozen = frozen_array(mine, np.float64)
    with pytest.raises(ValueError, match="read-only"):
        frozen[0] = 3.0
    mine[0] = 7.0
    assert frozen[0] == 1.0
    assert frozen_array(frozen, np.float64) is frozen


def test_ids_are_text() -> None:
    ids = id_array([363, "0363", 1.5])
    assert list(ids) == ["363", "0363", "1.5"]
    assert duplicated(id_array(["a", "b", "a", "a", "b"])) == ["a", "b"]
