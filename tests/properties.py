"""What the properties of all rooms share: how many examples they take, and tables to try them on.

The suite takes a few examples, the same in every run. `HANDGRAD_EXAMPLES=500` takes as many of each, new ones in every
run; `tests/fuzz.py` does that for as long as it is told.
"""

from __future__ import annotations

import os
from typing import NamedTuple

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from handgrad.backends.interface import DType

#: None in the suite.
ASKED = os.environ.get("HANDGRAD_EXAMPLES")


def examples(most: int = 25) -> settings:
    """So many examples in the suite; where they are asked for, as many as that, in proportion."""
    return settings(
        max_examples=max(1, int(ASKED) * most // 25) if ASKED else most,
        derandomize=ASKED is None,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


class Made(NamedTuple):
    """Rows to fit, and a place to look at: X (n, d), y (n,), weights (d,), bias; all held by the dtype."""

    X: NDArray[np.float64]
    y: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: float
    dtype: DType

    def scaled(self, of_columns: NDArray[np.float64] | float = 1.0, of_target: float = 1.0) -> Made:
        """The same problem in other units: of each column, and of the target."""
        return Made(
            self.X * of_columns, self.y * of_target, self.weights * of_target / of_columns, self.bias * of_target,
            self.dtype,
        )  # fmt: skip

    def shifted(self, by: float) -> Made:
        """Target and bias moved by as much, so that the residuals stay."""
        return self._replace(y=self.y + by, bias=self.bias + by)

    def taking(self, rows: NDArray[np.intp]) -> Made:
        """These rows, in that order."""
        return self._replace(X=self.X[rows], y=self.y[rows])


def numbers(powers: int, dtype: DType = "float64") -> st.SearchStrategy[float]:
    """Zero, and numbers of up to so many powers of ten, of both signs."""
    largest = float(np.dtype(dtype).type(10.0**powers))
    least = float(np.dtype(dtype).type(10.0**-powers))
    width = 64 if dtype == "float64" else 32
    positive = st.floats(least, largest, width=width)
    return st.one_of(st.just(0.0), positive, positive.map(lambda value: -value))


@st.composite
def problems(draw: st.DrawFn, powers: int = 6, rows: int = 40, features: int = 4) -> Made:
    """Any numbers of a range, some rows twice."""
    dtype: DType = draw(st.sampled_from(("float64", "float32")))
    n, d = draw(st.integers(1, rows)), draw(st.integers(1, features))
    value = numbers(powers if dtype == "float64" else min(powers, 6), dtype)
    drawn = draw(st.lists(st.tuples(*[value] * (d + 1)), min_size=n, max_size=n))
    table = np.array(drawn, dtype=np.float64)
    weights = np.array(draw(st.tuples(*[value] * d)))
    return Made(table[:, :-1], table[:, -1], weights, draw(value), dtype)


@st.composite
def whole_problems(draw: st.DrawFn) -> Made:
    """Small whole numbers, of whose products and sums every format holds each: nothing is rounded but the mean."""
    dtype: DType = draw(st.sampled_from(("float64", "float32")))
    n, d = draw(st.integers(1, 30)), draw(st.integers(1, 4))
    drawn = draw(st.lists(st.tuples(*[st.integers(-9, 9)] * (d + 1)), min_size=n, max_size=n))
    table = np.array(drawn, dtype=np.float64)
    weights = np.array(draw(st.tuples(*[st.integers(-9, 9)] * d)), dtype=np.float64)
    return Made(table[:, :-1], table[:, -1], weights, float(draw(st.integers(-9, 9))), dtype)
