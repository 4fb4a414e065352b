"""Arguments in the types that a file works with where it does not with arrays: tensors of torch, frames of pandas."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

#: What is said of an array or a number that is no tensor and no frame.
_NOT_THEIRS = re.compile(
    r"'(numpy\.ndarray|float|numpy\.float\d+|int)' object has no attribute|must be Tensor, not|only integers, slices"
)

#: Tells of a frame's columns, whose names nobody knows.
ASKS_FOR_COLUMNS = (KeyError, AttributeError)


def other_types(function: Any, error: Exception) -> Iterator[Callable[[Any], Any]]:
    """What makes the other types of an argument, where an error tells that they are wanted, and the file has them."""
    if not _NOT_THEIRS.search(str(error)):
        return
    if _has(function, "torch"):
        yield _tensor
    if _has(function, "pandas"):
        yield _frame


def wants_columns(function: Any, error: Exception) -> bool:
    """Whether what an array has not is a frame's."""
    if not _has(function, "pandas"):
        return False
    return isinstance(error, IndexError) or hasattr(sys.modules["pandas"].DataFrame, str(getattr(error, "name", None)))


def _has(function: Any, library: str) -> bool:
    """Whether the library is imported, and a name of the function's file, where that is known."""
    names = getattr(inspect.unwrap(function), "__globals__", None)
    if library not in sys.modules or names is None:
        return library in sys.modules
    of_names = (getattr(value, "__name__", None) or getattr(value, "__module__", None) for value in names.values())
    return any(str(name).partition(".")[0] == library for name in of_names)


def _tensor(value: Any) -> Any:
    import torch

    return torch.as_tensor(value, dtype=torch.float64) if isinstance(value, float) else torch.as_tensor(value)


def _frame(value: Any) -> Any:
    import pandas

    if np.ndim(value) == 0:
        return value
    return pandas.DataFrame(value) if np.ndim(value) == 2 else pandas.Series(value)
