"""Going through all that an object is made of: sources hold searches, which hold timetables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import partial


def parts_of(root: object) -> Iterator[object]:
    """`root` and every object below it, each once; arrays and tables are not looked into.

    Dataclasses, objects of this package, tuples, lists, mappings, bound methods and partial
    functions are followed.
    """
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += _below(one)


def _below(one: object) -> list[object]:
    if isinstance(one, str | bytes | int | float | type) or one is None:
        return []
    if isinstance(one, tuple | list):
        return list(one)
    if isinstance(one, Mapping):
        return list(one.values())
    if isinstance(one, partial):
        return [one.func, *one.args, *one.keywords.values()]
    if is_dataclass(one):
        return [getattr(one, field.name, None) for field in fields(one)]
    owner = getattr(one, "__self__", None)  # of a bound method
    if owner is not None:
        return [owner]
    if type(one).__module__.startswith("halfcircle."):
        return list(vars(one).values()) if hasattr(one, "__dict__") else []
    return []
