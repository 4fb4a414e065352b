"""X and y on their way to the processes of the backends: a file for as long as they work."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.compare.lifetime import passing_file


@contextlib.contextmanager
def data_file(X: NDArray[Any], y: NDArray[Any]) -> Iterator[str]:
    """The path of a file with X (n, d) and y (n,), as `Bind` has it read; gone afterwards, and with this process."""
    with passing_file() as path:
        with Path(path).open("wb") as file:
            np.savez(file, X=X, y=y)
        yield path
