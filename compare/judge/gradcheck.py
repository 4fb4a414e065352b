"""Checking a gradient by differences of the loss: every method side by side, against the exact gradient.

With D(h) = [L(θ + h e) − L(θ − h e)] / 2h, for one parameter at a time:

    forward      [L(θ + h e) − L(θ)] / h          truncation h Hⱼⱼ/2, since the loss is quadratic; h ≈ √ε
    central      D(h)                              no truncation on MSE; h ≈ ε^⅓, as for any other loss
    richardson   [4 D(h/2) − D(h)] / 3             adds only noise on MSE; h ≈ ε^⅕
    quadratic    D(h) with h = 1                   exact for MSE, and a large step divides the noise by most
    complex      Im L(θ + i h e) / h               no difference, no cancellation; h = 1e-20

Steps are in multiples of max(1, |θⱼ|). Sources: Nocedal and Wright, *Numerical Optimization*, section 8.1;
Squire and Trapp (1998), "Using complex variables to estimate derivatives of real functions". The noise of a
loss is bounded as in `bounds`, so each method has a bound of its own. That is what decides: a relative error
means nothing at the optimum, where the gradient is 0.

The Taylor remainder |L(θ + h v) − L(θ) − h g·v| must fall as h²; it catches factors and signs, not errors of
0.1 %.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from handgrad.backends.interface import (
    DType,
    FloatArray,
    InputError,
    Parameters,
    Trainer,
    check_data,
    check_parameters,
)
from handgrad.compare.judge.bounds import likely_growth, over, worst_growth
from handgrad.compare.judge.table import CheckedTable
from handgrad.compare.results.checks import GradientCheck, MethodResult, Numbers, Sweep, Taylor

Method = Literal["forward", "central", "richardson", "quadratic"]
METHODS: tuple[Method, ...] = ("forward", "central", "richardson", "quadratic")

#: The exponent p of the default step εᵖ.
STEP_EXPONENTS: dict[Method, float] = {"forward": 1 / 2, "central": 1 / 3, "richardson": 1 / 5, "quadratic": 0.0}

#: How much the noise bounds of the losses at θ ± h grow in the quotient, times 1/h.
NOISE_FACTORS: dict[Method, float] = {"forward": 2.0, "central": 1.0, "richardson": 3.0, "quadratic": 1.0}

COMPLEX_STEP = 1e-20

#: Steps of the sweep per decade.
PER_DECADE = 2


def numerical_gradient(
    trainer: Trainer, weights: ArrayLike, bias: float, method: Method = "central", h: float | None = None
) -> Parameters:
    """The gradient (d,) and derivative by the bias, from differences of the trainer's own loss.

    Args:
        trainer: Any backend with its data.
        weights: (d,), the point.
        bias: The point.
        method: See the module's table; the complex step is `complex_gradient`.
        h: The step, in multiples of max(1, |θⱼ|); the method's own if None.

    Raises:
        InputError: On an unknown method, or a step too small to move a parameter.
    """
    if method not in METHODS:
        raise InputError(f"method: expected one of {', '.join(METHODS)}, got {method!r}")
    found = _Differences(trainer, weights, bias).gradient(method, h)[0]
    return Parameters(found[:-1], float(found[-1]))


def complex_gradient(
    X: ArrayLike, y: ArrayLike, weights: ArrayLike, bias: float, dtype: DType = "float64"
) -> Parameters:
    """The gradient (d,) and derivative by the bias, by a complex step through (1/n) Σ (xᵢᵀw + b − yᵢ)².

    X is (n, d) or (n,), y (n,), weights (d,). The formula is written without conjugates, which would hide the step.
    """
    table, target = check_data(X, y, dtype)
    number = np.result_type(dtype, np.complex64)
    theta = np.array([*check_parameters(weights, bias, table.shape[1], dtype).weights, bias], dtype=number)
    found = []
    for j in range(len(theta)):
        moved = theta.copy()
        moved[j] += 1j * COMPLEX_STEP
        residual = table @ moved[:-1] + moved[-1] - target
        found.append(float((residual * residual).sum().imag / len(target) / COMPLEX_STEP))  # not abs, not vdot
    return Parameters(np.array(found[:-1]), found[-1])


def gradcheck(
    trainer: Trainer,
    table: CheckedTable,
    weights: ArrayLike,
    bias: float,
    *,
    methods: Sequence[Method | Literal["complex"]] = (*METHODS, "complex"),
    sweep: bool | Sequence[int] = True,
    seed: int = 0,
) -> GradientCheck:
    """A backend's gradient against the exact one and against every method of checking, at one point.

    Args:
        trainer: The backend, bound to X and y.
        table: X and y, in the trainer's dtype.
        weights: (d,), the point.
        bias: The point.
        methods: Which; each costs two losses for every parameter.
        sweep: Whether to go through the steps for each parameter (about 140 losses each), or the numbers of those
            for which to do so; the last of d + 1 is the bias.
        seed: Of the direction of the Taylor remainder.

    Raises:
        InputError: If the table has another dtype than the trainer, or the point is none of its own.
    """
    if table.dtype != trainer.dtype:
        raise InputError(f"gradcheck: expected a table in the trainer's {trainer.dtype}, got one in {table.dtype}")
    return _Check(trainer, table, weights, bias).result(methods, sweep, seed)


class _Differences:
    """The losses of one trainer around one point."""

    def __init__(self, trainer: Trainer, weights: ArrayLike, bias: float) -> None:
        self.trainer = trainer
        point = check_parameters(weights, bias, trainer.features, trainer.dtype)
        self.number = np.dtype(trainer.dtype).type
        self.theta = np.array([*point.weights, point.bias], dtype=trainer.dtype)

    def loss(self, theta: FloatArray) -> float:
        return self.trainer.loss_at(theta[:-1], float(theta[-1]))

    def moved(self, parameter: int, by: float) -> tuple[FloatArray, float]:
        """The point (d + 1,) with one parameter moved, and how far it moved: θ + h is rounded to the dtype."""
        theta = self.theta.copy()
        theta[parameter] += self.number(by)
        return theta, float(theta[parameter]) - float(self.theta[parameter])

    def forward(self, parameter: int, h: float) -> float:
        there, step = self.moved(parameter, h)
        return (self.loss(there) - self.loss(self.theta)) / self.checked(parameter, step, h)

    def central(self, parameter: int, h: float) -> float:
        (there, up), (back, down) = self.moved(parameter, h), self.moved(parameter, -h)
        return (self.loss(there) - self.loss(back)) / self.checked(parameter, up - down, h)

    def richardson(self, parameter: int, h: float) -> float:
        return (4 * self.central(parameter, h / 2) - self.central(parameter, h)) / 3

    def checked(self, parameter: int, step: float, h: float) -> float:
        if step == 0:
            raise InputError(
                f"step: expected one that moves parameter {parameter + 1}, {float(self.theta[parameter])!r}, "
                f"in {self.trainer.dtype}; got {h!r}, which is rounded away; take a larger one"
            )
        return step

    def steps(self, method: Method, h: float | None) -> list[float]:
        """H for each parameter."""
        eps = float(np.finfo(self.trainer.dtype).eps)
        relative = eps ** STEP_EXPONENTS[method] if h is None else h
        return [relative * max(1.0, abs(float(value))) for value in self.theta]

    def gradient(self, method: Method, h: float | None) -> tuple[FloatArray, list[float]]:
        """(d + 1,), and the steps."""
        difference: Callable[[int, float], float] = {
            "forward": self.forward,
            "central": self.central,
            "richardson": self.richardson,
            "quadratic": self.central,
        }[method]
        steps = self.steps(method, h)
        return np.array([difference(j, step) for j, step in enumerate(steps)]), steps


class _Check:
    """One backend at one point, with the exact answer beside it."""

    def __init__(self, trainer: Trainer, table: CheckedTable, weights: ArrayLike, bias: float) -> None:
        self.trainer, self.table = trainer, table
        self.differences = _Differences(trainer, weights, bias)
        self.theta = self.differences.theta.astype(np.float64)
        self.point = Parameters(self.differences.theta[:-1], float(self.theta[-1]))
        self.exact = table.at(*self.point)
        self.slopes = self.exact.nearest[1:]
        given = trainer.gradient_at(*self.point)
        self.analytic = np.array([*given.weights, given.bias], dtype=np.float64)
        trusted = table.plain_sum_is_likely(*self.point)
        self.growth = likely_growth if trusted else worst_growth
        bound = self.exact.bound(trusted)
        self.tolerance = np.array([*bound.weights, bound.bias])
        errors = self.exact.errors(given)
        self.relative = errors.relative[1:]
        self.ulps = errors.ulps[1:]
        self.ratio = float((errors.over_likely if trusted else errors.over_worst).max())

    @cached_property
    def second_derivatives(self) -> FloatArray:
        """(d + 1,): Hⱼⱼ = (2/n) Σ xᵢⱼ², the bias's last."""
        squares = [float(self.table.exact.moments.inner(j, j)) for j in range(len(self.theta))]
        return 2 / self.table.rows * np.array(squares)

    def result(
        self, names: Sequence[Method | Literal["complex"]], sweep: bool | Sequence[int], seed: int
    ) -> GradientCheck:
        methods = tuple(self.complex_method() if name == "complex" else self.method(name) for name in names)
        agree = all(m.bound_ratio is not None and m.bound_ratio <= 1 for m in methods if not m.unavailable)
        return GradientCheck(
            backend=self.trainer.name,
            dtype=self.trainer.dtype,
            point=tuple(self.theta.tolist()),
            exact=_finite(self.slopes),
            analytic=_finite(self.analytic),
            relative=_finite(self.relative),
            bound_ratio=self.ratio if math.isfinite(self.ratio) else None,
            methods=methods,
            sweeps=tuple(self.sweep(j) for j in self.swept(sweep)),
            taylor=self.taylor(seed),
            passed=self.ratio <= 1 and agree,
            ulps=_finite(self.ulps),
        )

    def method(self, name: Method) -> MethodResult:
        found, steps = self.differences.gradient(name, None)
        h = np.array(steps)
        noise = NOISE_FACTORS[name] * np.array([self.noise(j, step) for j, step in enumerate(steps)]) / h
        truncation = h * self.second_derivatives / 2 if name == "forward" else 0.0
        return self.method_result(name, found, steps, noise + truncation)

    def complex_method(self) -> MethodResult:
        """Through our own formula: no backend's loss takes complex numbers."""
        if self.trainer.kind == "exact":
            return MethodResult("complex", unavailable="the exact backend has no complex numbers")
        found = complex_gradient(self.table.X, self.table.y, *self.point, self.trainer.dtype)
        # The imaginary part is computed like a gradient, in complex multiplications of two roundings each.
        gradient = np.array([*found.weights, found.bias])
        return self.method_result("complex", gradient, [COMPLEX_STEP] * len(self.theta), 2 * self.tolerance)

    def method_result(
        self, name: str, found: FloatArray, steps: Sequence[float], tolerance: FloatArray
    ) -> MethodResult:
        allowed = tolerance + self.tolerance
        ratio = float(over(self.analytic - found, allowed).max())
        return MethodResult(
            method=name,
            steps=tuple(steps),
            gradient=_finite(found),
            errors=_finite(np.abs(found - self.slopes)),
            against_analytic=tuple(map(_relative, self.analytic.tolist(), found.tolist())),
            bound_ratio=ratio if math.isfinite(ratio) else None,
            tolerances=_finite(allowed),
        )

    def noise(self, parameter: int, h: float) -> float:
        """How far a loss within h of the point, along one parameter, may be off."""
        (there, up), (back, down) = self.differences.moved(parameter, h), self.differences.moved(parameter, -h)
        slope, second = self.slopes[parameter], self.second_derivatives[parameter]
        # the exact losses there: along one parameter the loss is a parabola
        losses = np.array([self.exact.nearest[0] + step * (slope + second / 2 * step) for step in (up, down)])
        ends = np.array([there, back], dtype=np.float64)
        found = self.table.sizes.losses(ends, np.maximum(losses, 0.0), self.trainer.dtype, self.growth)
        return float(found.max())

    def swept(self, sweep: bool | Sequence[int]) -> Sequence[int]:
        if isinstance(sweep, bool):
            return range(len(self.theta)) if sweep else ()
        return sweep

    def sweep(self, parameter: int) -> Sweep:
        eps = float(np.finfo(self.trainer.dtype).eps)
        decades = math.ceil(-math.log10(eps))
        size = max(1.0, abs(float(self.theta[parameter])))
        steps = [size * 10.0 ** (k / PER_DECADE) for k in range(-decades * PER_DECADE, PER_DECADE + 1)]
        steps = [
            h for h in steps if self.differences.moved(parameter, h)[1] and self.differences.moved(parameter, -h)[1]
        ]
        true = float(self.slopes[parameter])
        forward = [abs(self.differences.forward(parameter, h) - true) for h in steps]
        central = [abs(self.differences.central(parameter, h) - true) for h in steps]
        second = float(self.second_derivatives[parameter])
        noise = eps * float(self.exact.nearest[0])
        return Sweep(
            parameter=parameter,
            steps=tuple(steps),
            forward=_finite(forward),
            central=_finite(central),
            truncation=tuple(h * second / 2 for h in steps),
            best_forward=steps[int(np.argmin(forward))],
            best_central=steps[int(np.argmin(central))],
            predicted_forward=2 * math.sqrt(noise / second) if second > 0 else None,
        )

    def taylor(self, seed: int) -> Taylor:
        """Along one random direction, for steps in which the remainder stands out of the noise."""
        direction = np.random.default_rng(seed).normal(size=len(self.theta))
        start = self.differences.loss(self.differences.theta)
        steps = [2.0**-k for k in range(12)]
        remainders = []
        for h in steps:
            there = (self.theta + h * direction).astype(self.trainer.dtype)
            moved = there.astype(np.float64) - self.theta
            remainders.append(abs(self.differences.loss(there) - start - float(self.analytic @ moved)))
        floor = 100 * float(np.finfo(self.trainer.dtype).eps) * max(abs(start), max(remainders))
        used = [(h, r) for h, r in zip(steps, remainders, strict=True) if r > floor]
        if len(used) < 2:
            return Taylor(tuple(steps), _finite(remainders), None)
        slope = np.polyfit(np.log([h for h, _ in used]), np.log([r for _, r in used]), 1)[0]
        return Taylor(tuple(steps), _finite(remainders), float(slope))


def _relative(analytic: float, numerical: float) -> float | None:
    largest = max(abs(analytic), abs(numerical))
    return abs(analytic - numerical) / largest if largest else None


def _finite(values: ArrayLike) -> Numbers:
    return tuple(value if math.isfinite(value) else None for value in np.asarray(values, dtype=np.float64).tolist())
