"""What the moments of a table tell of it, where its rows are nowhere whole: the Hessian, the minimum, means and scales.

With moments G′ = Σ z′z′ᵀ of rows z′ = F⁻¹ (1, x − c), and R′ᵀR′ = G′, the table [1, x − c] has the factor R = R′ Fᵀ, as
by QR. Columns that hang together are set apart by F before they are multiplied (`handgrad.backends.moments`), so that
G′ is well conditioned and R right to some ε; where they hang together too closely for that, R is right to about √ε.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from handgrad.backends.interface import DType, FloatArray
from handgrad.backends.moments import AnchoredMoments
from handgrad.compare.judge.closed_form import ClosedForm
from handgrad.compare.judge.hessian import Hessian, dependence_limit, hessian_of


@dataclass(frozen=True, eq=False)
class SurveyedTable:
    """A table by its moments in float64.

    Attributes:
        moments: Of all rows.
        sound: Whether they are near the optimum, and their columns far enough apart; else digits are missing.
        rows: n.
        dtype: The format in which backends compute.
    """

    moments: AnchoredMoments
    sound: bool
    rows: int
    dtype: DType

    @property
    def features(self) -> int:
        """d."""
        return len(self.moments.centre)

    @cached_property
    def factor(self) -> FloatArray:
        """F (d + 1, d + 1)."""
        given = self.moments.factor
        return given if given.size else np.eye(self.features + 1)

    @cached_property
    def root(self) -> FloatArray:
        """R (d + 1, d + 1) with RᵀR = Σ z zᵀ, z = (1, x − c)."""
        sizes = np.sqrt(np.diag(self.moments.gram))
        sizes = np.where(sizes > 0, sizes, 1.0)
        values, vectors = np.linalg.eigh(self.moments.gram / np.outer(sizes, sizes))
        found: FloatArray = (np.sqrt(np.maximum(values, 0.0)) * vectors).T * sizes @ self.factor.T
        return found

    @cached_property
    def shift(self) -> FloatArray:
        """The means of x − c, (d,)."""
        means: FloatArray = (self.factor @ self.moments.gram[:, 0])[1:] / self.rows
        return means

    @cached_property
    def centred(self) -> FloatArray:
        """R (d + 1, d) of x − m."""
        apart: FloatArray = self.root[:, 1:] - np.outer(self.root[:, 0], self.shift)
        return apart

    @cached_property
    def centre(self) -> tuple[FloatArray, FloatArray]:
        """Means (d,) and scales (d,) of the columns; 1 for a constant one."""
        scales = np.linalg.norm(self.centred, axis=0) / np.sqrt(self.rows)
        return self.moments.centre + self.shift, np.where(self.constant, 1.0, scales)

    @property
    def constant(self) -> FloatArray:
        """Which columns (d,) have one value in all rows: that of the sample, from which they were centred."""
        found: FloatArray = (np.diag(self.moments.gram)[1:] == 0) & (self.moments.factor.size == 0)
        return found

    @cached_property
    def hessian(self) -> Hessian:
        """The Hessian of the loss, in its eigenbasis."""
        means, scales = self.centre
        R = np.column_stack([self.root[:, 0], self.centred / scales])
        sizes = np.linalg.svd(R, compute_uv=False)
        noise = dependence_limit(R) if self.sound else max(dependence_limit(R), 1e-7 * float(sizes[0]))
        return hessian_of(R, means, scales, self.rows, int(np.count_nonzero(sizes > noise)))

    @cached_property
    def target(self) -> tuple[float, float]:
        """Mean and standard deviation of y: those of the predictions at the optimum, and of what they leave."""
        solution = self.solution
        means = self.centre[0]
        explained = float(np.sum((self.centred @ solution.weights) ** 2)) / self.rows
        return float(means @ solution.weights + solution.bias), float(np.sqrt(explained + solution.loss))

    @property
    def longest_row(self) -> float:
        """Σ (1 + ‖xᵢ‖²), which no row exceeds."""
        means, scales = self.centre
        return float(self.rows * (1 + (means**2 + scales**2).sum()))

    @cached_property
    def solution(self) -> ClosedForm:
        """The minimum of the loss: one step of Newton's from the anchor, which lies near it."""
        moments = self.moments
        step = np.linalg.lstsq(moments.gram, moments.sums, rcond=None)[0]
        at = moments.anchor - np.linalg.solve(self.factor.T, step)
        lowest = max(0.0, float(moments.squares - step @ moments.sums)) / self.rows
        return ClosedForm(at[1:], float(at[0] - moments.centre @ at[1:]), "moments", lowest)


def constant_columns(table: SurveyedTable, names: Sequence[str]) -> list[tuple[str, float]]:
    """The columns with one value in all rows, and that; `names` (d,) are of the features."""
    values = zip(names, table.constant.tolist(), table.moments.centre.tolist(), strict=True)
    return [(name, value) for name, constant, value in values if constant]
