"""The exact answer of a table that is a stream: exact sums and sizes of its blocks, merged without rounding.

One pass takes what is exact (`ExactSums`), and the sizes by which bounds are made. From then on every point is judged
without a look at the rows, but for whether the √n bound is to be trusted there: a plain sum, row after row, is one more
pass at each end of the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handgrad.backends.blocks import Summing
from handgrad.backends.exact import ExactTrainer, Moments
from handgrad.backends.exact_sums import ExactSums, compiled_sums, is_large, sliced_sums
from handgrad.backends.interface import FloatArray, Gradient, Parameters
from handgrad.compare.blocks.stream_blocks import RowForm, StreamBlocks
from handgrad.compare.judge.bounds import Growth, Magnitudes, Sizes, Tolerance, Tolerances, likely_growth, worst_growth
from handgrad.compare.judge.closed_form import ClosedForm, exact_closed_form
from handgrad.compare.judge.hessian import EXACT_FEATURES, Hessian, exact_centre, exact_hessian
from handgrad.compare.judge.table import CheckedTable, ExactPoint
from handgrad.compare.scale.surveyed import SurveyedTable


class JudgedSums(NamedTuple):
    """Of some rows: the exact sums, and |Z|ᵀ|Z| (d + 2, d + 2) and max |Z| (d + 2,) of Z = [X 1 y].

    `given` are the exact sums of the same rows as they stand in the file; the same ones where nothing was changed.
    """

    exact: ExactSums
    sizes: Sizes
    largest: FloatArray
    given: ExactSums


@dataclass(frozen=True)
class ExactSumming(Summing):
    """The pass of the judge over rows as they stand in the file, which is right for any order of merging.

    Attributes:
        compiled: By which of two equal ways.
        form: Turns columns and target into what backends get.
    """

    compiled: bool
    form: RowForm

    def bind(self, columns: Sequence[FloatArray], y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """X (m, d) and y (m,)."""
        return np.column_stack(columns), y

    def block_sums(self, bound: tuple[FloatArray, FloatArray], point: Any) -> JudgedSums:
        """Those of a block, on one thread; there is no point."""
        given = self.exact(*bound)
        *columns, y = self.form.of([*bound[0].T, bound[1]])
        X, exact = (bound[0], given) if self.form.is_identity else (np.column_stack(columns), None)
        largest = [*np.abs(X).max(axis=0).tolist(), 1.0, float(np.abs(y).max())]
        return JudgedSums(exact or self.exact(X, y), Sizes.of(X, y), np.array(largest), given)

    def exact(self, X: FloatArray, y: FloatArray) -> ExactSums:
        """The exact sums of X (m, d) and y (m,), on one thread."""
        return compiled_sums(X, y, threads=1) if self.compiled else sliced_sums(X, y)

    def merge(self, left: JudgedSums, right: JudgedSums) -> JudgedSums:
        """Those of both."""
        sizes = Sizes(left.sizes.products + right.sizes.products, left.sizes.rows + right.sizes.rows)
        largest = np.maximum(left.largest, right.largest)
        if left.exact is left.given and right.exact is right.given:
            both = left.exact + right.exact
            return JudgedSums(both, sizes, largest, both)
        return JudgedSums(left.exact + right.exact, sizes, largest, left.given + right.given)

    def is_finite(self, sums: JudgedSums) -> bool:
        """Exact sums are of finite numbers alone."""
        return True


@dataclass(frozen=True, eq=False)
class StreamedTable(CheckedTable):
    """A table whose rows are nowhere whole, with all that the judge asks of one; X and y are empty.

    Attributes:
        blocks: Its rows, as backends get them.
        sums: Of all of them.
        surveyed: What their moments tell.
    """

    blocks: StreamBlocks = field(kw_only=True)
    sums: JudgedSums = field(kw_only=True)
    surveyed: SurveyedTable = field(kw_only=True)

    @classmethod
    def over(cls, blocks: StreamBlocks, surveyed: SurveyedTable) -> StreamedTable:
        """The table of these rows, judged in one pass."""
        compiled = is_large(blocks.rows, blocks.features)
        as_given = blocks.like(standardization=None, dtype="float64")
        sums = as_given.total(ExactSumming(compiled, blocks.form), None)
        nothing = np.empty((0, blocks.features), blocks.dtype)
        return cls(nothing, nothing[:, 0], blocks.dtype, blocks=blocks, sums=sums, surveyed=surveyed)

    @property
    def rows(self) -> int:
        """n."""
        return self.sums.exact.rows

    @property
    def target(self) -> tuple[float, float]:
        """Mean and standard deviation of y."""
        return self.surveyed.target

    @property
    def longest_row(self) -> float:
        """A number that no 1 + ‖xᵢ‖² exceeds."""
        return self.surveyed.longest_row

    @cached_property
    def _exact(self) -> ExactTrainer:
        trainer = ExactTrainer(np.zeros((1, self.features)), np.zeros(1))
        trainer.rows = self.rows
        trainer.__dict__["moments"] = Moments.from_sums(self.sums.exact)
        return trainer

    @property
    def sizes(self) -> Sizes:
        """|Z|ᵀ|Z| (d + 2, d + 2), Z = [X 1 y]."""
        return self.sums.sizes

    @property
    def solution(self) -> ClosedForm | None:
        """The minimum in the units of the file, right to the last digit; None where there are too many features."""
        if self.features > EXACT_FEATURES:
            return None
        return exact_closed_form(Moments.from_sums(self.sums.given), self.blocks.stream.feature_names)

    @cached_property
    def hessian(self) -> Hessian:
        """The Hessian of the loss, in its eigenbasis."""
        few = self.features <= EXACT_FEATURES
        return exact_hessian(self.exact.moments) if few else self.surveyed.hessian

    @cached_property
    def centre(self) -> tuple[FloatArray, FloatArray]:
        """Means (d,) of the columns and their scales (d,)."""
        return exact_centre(self.exact.moments) if self.features <= EXACT_FEATURES else self.surveyed.centre

    def _at(self, held: Parameters) -> ExactPoint:
        exact = self.exact.exactly_at(*held)
        theta, loss = np.array([[*held.weights, held.bias]], dtype=np.float64), np.array([float(exact.loss)])
        worst, likely = (self.tolerance(theta, loss, growth) for growth in (worst_growth, likely_growth))
        return ExactPoint.of(exact, Tolerances(worst, likely), self.dtype)

    def tolerance(self, theta: FloatArray, loss: FloatArray, growth: Growth) -> Tolerance:
        """How far loss and gradient may lie from the exact ones at parameters (1, d + 1), by the sizes of all rows."""
        slopes = self.sizes.slopes(theta, loss, self.dtype, growth)[0]
        return Tolerance(float(self.sizes.losses(theta, loss, self.dtype, growth)[0]), slopes[:-1], float(slopes[-1]))

    def plain_sum_is_likely(self, weights: ArrayLike, bias: float) -> bool:
        """Whether a sum from the first row to the last keeps the √n bound at weights (d,) and a bias: one pass."""
        theta = np.array([*np.asarray(weights), bias], dtype=self.dtype)
        errors = self.at(theta[:-1], float(theta[-1])).errors(plain_sum(self.blocks, theta))
        return bool(errors.over_likely.max() <= 1)

    def flushed_bound(self, weights: ArrayLike, bias: float, growth: Growth) -> Tolerance:
        """How far loss and gradient may lie at weights (d,) and bias where tiny numbers count as zero: one pass."""
        at = Parameters(np.asarray(weights, dtype=np.float64), bias)
        found: Magnitudes = self.blocks.total(MagnitudeSums(), at)
        return found.tolerance(self.dtype, growth, flushed=True)

    def taking(self, rows: NDArray[np.int64]) -> CheckedTable:
        """No rows are taken out of a stream."""
        raise NotImplementedError("rows of a stream are not taken one by one")


class RowsByRows(Summing):
    """A pass over rows as they are."""

    def bind(self, columns: Sequence[FloatArray], y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """X (m, d) and y (m,)."""
        return np.ascontiguousarray(np.column_stack(columns)), np.ascontiguousarray(y)

    def is_finite(self, sums: Any) -> bool:
        """Rows were looked at in the pass for exact sums."""
        return True


class MagnitudeSums(RowsByRows):
    """The sums of which bounds at a point are made."""

    def block_sums(self, bound: tuple[FloatArray, FloatArray], point: Parameters) -> Magnitudes:
        """Those of some rows."""
        return Magnitudes.at(*bound, *point)


class InPlainOrder(RowsByRows):
    """Rows for who adds them one after the other."""

    def block_sums(self, bound: tuple[FloatArray, FloatArray], point: Any) -> tuple[FloatArray, FloatArray]:
        """The rows themselves."""
        return bound


def plain_sum(blocks: StreamBlocks, theta: FloatArray) -> Gradient:
    """Loss and gradient at theta (d + 1,), bias last, by sums from the first row to the last, in the dtype."""
    from handgrad.backends.kernels.size_pass import add_plainly

    number = np.dtype(blocks.dtype).type
    sums = np.zeros(len(theta) + 1, dtype=blocks.dtype)
    for X, y in blocks.each(InPlainOrder(), None):
        add_plainly(X, y, theta, sums)
    slopes = number(2) / number(blocks.rows) * sums[:-1]
    return Gradient(float(sums[-1] / number(blocks.rows)), slopes[:-1], float(slopes[-1]))
