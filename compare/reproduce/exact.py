"""The exact answer to every printed number, and how far rounding may take a correct program from it.

Parameters come from the judge's true trajectory, to 32 digits, losses and derivatives there from rational arithmetic.
Rounding is bounded as the judge bounds it: parameters by their drift e, what is evaluated at them by the bound of the
evaluation, plus what the drift itself makes of it. For a loss, with λ its largest curvature,

    |L(θ + e) − L(θ)| ≤ |∂L/∂W| |e_W| + |∂L/∂b| |e_b| + ½ λ ‖e‖².
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from handgrad.backends.exact import UNITS
from handgrad.backends.interface import FloatArray
from handgrad.compare.judge.bounds import Magnitudes, Tolerance, unit_roundoff
from handgrad.compare.judge.judge import Judge
from handgrad.compare.judge.table import CheckedTable
from handgrad.compare.judge.trajectory import TrueRun
from handgrad.compare.reproduce.digits import root
from handgrad.compare.reproduce.parts import Part, epoch_of
from handgrad.data.published_runs import Printed

#: Of a double.
ROUNDOFF = unit_roundoff("float64")


class ExactRun:
    """The true run of a part, worked out once.

    Args:
        part: Its rows and its plan.
        factor: By how much this project's loss is larger than the source's, whose numbers are given.
    """

    def __init__(self, part: Part, factor: int) -> None:
        self.part, self.factor = part, factor
        self.table = CheckedTable.of(part.X, part.y)
        self.judge = Judge(self.table, part.plan)

    @property
    def true(self) -> TrueRun:
        """The true trajectory, which a published run is always short enough for."""
        assert self.judge.true is not None
        return self.judge.true

    def answer(self, number: Printed) -> tuple[Fraction, float]:
        """The exact value of a printed number, and how far rounding may take a correct program from it."""
        parameters, off = self.place(number)
        if number.quantity in ("weight", "bias"):
            j = ("weight", "bias").index(number.quantity)
            return parameters[j], float(off[j])
        if number.quantity == "prediction":
            return self.prediction(number, parameters, off)
        if number.quantity == "root mean square error":
            return self.root_mean_square(parameters, off)
        if number.quantity == "loss":
            value, allowed = self.loss(parameters, off)
            return value / self.factor, allowed / self.factor
        return self.derivative(number, parameters)

    def place(self, number: Printed) -> tuple[list[Fraction], FloatArray]:
        """Weight and bias where a number is taken, and how far a correct run may be from them, (2,)."""
        if number.at is not None:
            return [Fraction(number.at.weight), Fraction(number.at.bias)], np.zeros(2)
        return self.after(epoch_of(number)), self.judge.drift[self.row(epoch_of(number))]

    def after(self, epoch: int) -> list[Fraction]:
        """Weight and bias after a recorded epoch."""
        k = self.row(epoch)
        pairs = zip(self.true.parameters[k].tolist(), self.true.rest[k].tolist(), strict=True)
        return [Fraction(nearest) + Fraction(rest) for nearest, rest in pairs]

    def row(self, epoch: int) -> int:
        """Where an epoch stands among the recorded ones."""
        return int(np.searchsorted(self.true.epochs, epoch))

    def loss_at(self, parameters: list[Fraction]) -> tuple[Fraction, list[Fraction]]:
        """This project's loss and its two derivatives at weight and bias."""
        units = [round(parameter * UNITS) for parameter in parameters]
        loss, slopes = self.table.exact.moments.gradient(units)
        return loss.fractions()[0], slopes.fractions()

    def evaluation(self, parameters: list[Fraction]) -> Tolerance:
        """How far loss and derivatives may be off that a correct program evaluates there."""
        weight, bias = map(float, parameters)
        return Magnitudes.at(self.part.X, self.part.y, [weight], bias).tolerance("float64", self.judge.growth)

    def loss(self, parameters: list[Fraction], off: FloatArray) -> tuple[Fraction, float]:
        """This project's loss at weight and bias, and how far it may be off where these may be by `off` (2,)."""
        value, slopes = self.loss_at(parameters)
        steepness, bend = np.abs(np.array(slopes, dtype=np.float64)), self.table.hessian.largest / 2
        return value, self.evaluation(parameters).loss + float(steepness @ off + bend * (off @ off))

    def derivative(self, number: Printed, parameters: list[Fraction]) -> tuple[Fraction, float]:
        """One of the source's two derivatives at a point."""
        by_weight = number.quantity == "weight derivative"
        bound, slopes = self.evaluation(parameters), self.loss_at(parameters)[1]
        allowed = float(bound.weights[0]) if by_weight else bound.bias
        return slopes[0 if by_weight else 1] / self.factor, allowed / self.factor

    def root_mean_square(self, parameters: list[Fraction], off: FloatArray) -> tuple[Fraction, float]:
        """√L, and what parameters off by `off` (2,) make of it: ε / √L for L off by ε, which bounds |√(L + ε) − √L|."""
        value, allowed = self.loss(parameters, off)
        exact = root(value)
        return exact, allowed / float(exact) + ROUNDOFF * float(exact)

    def prediction(self, number: Printed, parameters: list[Fraction], off: FloatArray) -> tuple[Fraction, float]:
        """ŷ = x W + b at the number's x, times what the source multiplies it by; W and b may be off by `off` (2,)."""
        assert number.x is not None
        x, times = Fraction(number.x), Fraction(number.times)
        terms = [x * parameters[0], parameters[1]]
        rounded = 3 * ROUNDOFF * math.fsum(abs(float(term)) for term in terms)  # product, sum, and product again
        moved = abs(number.x) * float(off[0]) + float(off[1])
        return times * sum(terms), float(times) * (moved + rounded)
