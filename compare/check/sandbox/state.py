"""What a file keeps between calls, put back to what it was when it was loaded.

A function is tried with its arguments in several orders and forms, and what one trial left behind must not be taken for
what the next one does. Put back are global names, attributes of functions and classes, defaults, and what closures
hold: numbers, texts, arrays, random generators, and collections and the file's own objects of these, if not large.
"""

from __future__ import annotations

import contextlib
import copy
import inspect
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from types import CellType, FunctionType, ModuleType
from typing import Any

import numpy as np

#: Data of more than this is no state.
MOST_BYTES, MOST_ITEMS = 1 << 20, 2_000

_PLAIN = (int, float, complex, str, bytes, type(None), np.generic)
_RANDOM = (np.random.Generator, np.random.RandomState)

#: Puts a value back in its place.
Place = Callable[[Any], Any]


class State:
    """What a module keeps."""

    def __init__(self, module: ModuleType) -> None:
        """As it is now."""
        self._module = module.__name__
        kept = [(place, value) for place, value in self._places(module) if self._is_data(value)]
        self._places_kept = [place for place, _ in kept]
        self._values = copy.deepcopy([value for _, value in kept])

    def restore(self) -> None:
        """Puts all of it back; what refers to one thing in two places does so again."""
        for put, value in zip(self._places_kept, copy.deepcopy(self._values), strict=True):
            put(value)

    def _places(self, module: ModuleType) -> Iterator[tuple[Place, Any]]:
        own = [v for v in vars(module).values() if getattr(v, "__module__", None) == self._module]
        functions = [value for value in own if isinstance(value, FunctionType)]
        spaces = {id(space): space for space in (vars(module), *(f.__globals__ for f in functions))}
        for space in spaces.values():
            yield from _of_mapping(space)
        for function in functions:
            yield from _of_function(function)
        for owner in filter(inspect.isclass, own):
            yield from ((partial(setattr, owner, n), v) for n, v in list(vars(owner).items()) if not n.startswith("__"))

    def _is_data(self, value: Any, depth: int = 4) -> bool:
        if isinstance(value, np.ndarray):
            return value.dtype != object and value.nbytes <= MOST_BYTES
        if isinstance(value, _PLAIN + _RANDOM):
            return True
        inner = self._inside(value)
        if inner is None or depth == 0 or len(inner) > MOST_ITEMS:
            return False
        return all(self._is_data(one, depth - 1) for one in inner)

    def _inside(self, value: Any) -> list[Any] | None:
        if type(value) in (list, tuple, set, deque):
            return list(value)
        if isinstance(value, dict):
            return [*value.keys(), *value.values()]
        is_own = type(value).__module__ == self._module and not isinstance(value, type)
        return list(vars(value).values()) if is_own and hasattr(value, "__dict__") else None


def _of_mapping(space: dict[str, Any]) -> Iterator[tuple[Place, Any]]:
    return ((partial(space.__setitem__, name), value) for name, value in list(space.items()) if name[:2] != "__")


def _of_function(function: FunctionType) -> Iterator[tuple[Place, Any]]:
    yield partial(setattr, function, "__defaults__"), function.__defaults__
    yield partial(setattr, function, "__kwdefaults__"), function.__kwdefaults__
    yield from _of_mapping(vars(function))
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):  # it holds nothing yet
            yield partial(_fill, cell), cell.cell_contents


def _fill(cell: CellType, value: Any) -> None:
    cell.cell_contents = value
