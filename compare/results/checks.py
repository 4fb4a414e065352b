"""What checking found, of gradients and of the judge itself: frozen types that turn into JSON. Nothing here computes.

Gradients have the units of the loss over those of the parameter, in the problem as it was trained. Tuples of them are
(d + 1,), the weights' first and the bias's last. None stands for what is not finite, as JSON has no number for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from handgrad.compare.results.shapes import at_least_one, length, same_length

Numbers = tuple[float | None, ...]
Where = Literal["start", "optimum"]
Preparation = Literal["as given", "centred", "standardised"]


@dataclass(frozen=True)
class MethodResult:
    """One method's gradient at one point.

    Attributes:
        method: Its name.
        steps: The h that was used for each parameter; empty when the method is not available.
        gradient: What it gave.
        errors: Its distance from the exact gradient.
        against_analytic: |analytic − numerical| / max(|analytic|, |numerical|), the usual measure (Stanford's CS231n);
            None where both are 0.
        bound_ratio: The largest |analytic − numerical| over what noise, truncation and the analytic one's own rounding
            explain; 1 and below: they agree. None when the method is not available, or its gradient not finite.
        unavailable: Why it could not be used; empty when it was.
        tolerances: (d + 1,), what explains a difference from the analytic gradient, in its units.
    """

    method: str
    steps: tuple[float, ...] = ()
    gradient: Numbers = ()
    errors: Numbers = ()
    against_analytic: Numbers = ()
    bound_ratio: float | None = None
    unavailable: str = ""
    tolerances: Numbers = ()

    def __post_init__(self) -> None:
        if not self.unavailable:
            at_least_one("steps", self.steps)
            same_length(steps=self.steps, gradient=self.gradient, errors=self.errors, relative=self.against_analytic)
            same_length(steps=self.steps, tolerances=self.tolerances or self.steps)


@dataclass(frozen=True)
class Sweep:
    """Error over step for one parameter, to be drawn as a V.

    Attributes:
        parameter: Its number; the last of d + 1 is the bias.
        steps: h, ascending; those too small to move the parameter are left out.
        forward: Distance of the forward difference from the exact derivative.
        central: Likewise.
        truncation: h Hⱼⱼ/2, the line on which the forward difference's right arm lies.
        best_forward: The step with the smallest forward error.
        best_central: Likewise.
        predicted_forward: Where noise and truncation balance, 2 √(noise / Hⱼⱼ), noise: ε L; None when Hⱼⱼ is 0.
    """

    parameter: int
    steps: tuple[float, ...]
    forward: Numbers
    central: Numbers
    truncation: tuple[float, ...]
    best_forward: float
    best_central: float
    predicted_forward: float | None

    def __post_init__(self) -> None:
        at_least_one("steps", self.steps)
        same_length(steps=self.steps, forward=self.forward, central=self.central, truncation=self.truncation)


@dataclass(frozen=True)
class Taylor:
    """The remainder over the step along one direction, and the order in which it falls: 2 if the gradient is right."""

    steps: tuple[float, ...]
    remainders: Numbers
    order: float | None

    def __post_init__(self) -> None:
        same_length(steps=self.steps, remainders=self.remainders)


@dataclass(frozen=True)
class GradientCheck:
    """Everything about one backend's gradient at one point.

    Attributes:
        backend: Its name.
        dtype: The format in which it computes.
        point: Where.
        exact: The doubles nearest to the exact derivatives.
        analytic: The backend's own gradient.
        relative: |analytic − exact| / |exact|; None where the exact one is 0 and the analytic one is not.
        bound_ratio: The largest error of the analytic loss and gradient over its rounding-error bound.
        methods: What the checking methods found.
        sweeps: One for each parameter that was swept.
        taylor: The remainder's fall.
        passed: Whether the analytic gradient lies within its bound, and every method agrees with it.
        ulps: |analytic − exact| in units of the last place of the exact derivative, in the dtype.
    """

    backend: str
    dtype: str
    point: tuple[float, ...]
    exact: Numbers
    analytic: Numbers
    relative: Numbers
    bound_ratio: float | None
    methods: tuple[MethodResult, ...]
    sweeps: tuple[Sweep, ...]
    taylor: Taylor
    passed: bool
    ulps: Numbers = ()

    def __post_init__(self) -> None:
        at_least_one("parameters", self.point)
        same_length(point=self.point, exact=self.exact, analytic=self.analytic, relative=self.relative)
        length("derivatives", len(self.point), self.ulps or self.point, *(m.errors for m in self.methods if m.errors))
        if any(not 0 <= sweep.parameter < len(self.point) for sweep in self.sweeps):
            raise ValueError("sweeps: expected numbers of parameters")


@dataclass(frozen=True)
class PointChecks:
    """The backends' gradients at one point: where the run starts, or the optimum, the least-squares solution."""

    where: Where
    checks: dict[str, GradientCheck]

    def __post_init__(self) -> None:
        at_least_one("backends", self.checks)
        if len({tuple(one.method for one in check.methods) for check in self.checks.values()}) > 1:
            raise ValueError("expected the same methods for each backend")


@dataclass(frozen=True)
class FaultFinding:
    """What the judge made of one kind of fault.

    Attributes:
        fault: The kind's name.
        description: What the fault does.
        caught: Whether it was, at its largest size.
        smallest: The smallest size that was caught, all larger ones having been, too; None for a fault without size.
        reason: The judge's words about that one; empty if it was not caught.
        harmless: Whether it changed next to nothing on this problem, so that missing it is no failure: one row left out
            of many equal ones, float32 sums of small whole numbers.
    """

    fault: str
    description: str
    caught: bool
    smallest: float | None
    reason: str
    harmless: bool = False


@dataclass(frozen=True)
class SelfTest:
    """What the judge can see on one problem.

    Attributes:
        backend: The backend that the faults were put into.
        rows: n.
        features: d.
        dtype: The format in which it computes.
        findings: One for each kind of fault; the first is the factor in the gradient.
        accused: What the judge said against the backend without a fault; empty when it passed, as it must.
        passed: Whether it caught every kind that did harm, and float64 gradients off by a factor of 1 + 10⁻¹⁰, and
            accused nobody else.
    """

    backend: str
    rows: int
    features: int
    dtype: str
    findings: tuple[FaultFinding, ...]
    accused: str
    passed: bool

    def __post_init__(self) -> None:
        at_least_one("faults", self.findings)

    @property
    def missed(self) -> tuple[str, ...]:
        """The faults that did harm and were let pass."""
        return tuple(finding.fault for finding in self.findings if not (finding.caught or finding.harmless))

    @property
    def smallest_factor(self) -> float | None:
        """The smallest ε of a factor 1 + ε in the gradient that is caught: what "agree" is worth."""
        return self.findings[0].smallest


@dataclass(frozen=True)
class PrecisionRow:
    """What one dtype keeps of one preparation; digits are decimal, of the worst number, from 0 on.

    Attributes:
        dtype: The format in which everything after the preparation is computed.
        preparation: What was done to the columns before.
        condition: κ of [X 1] so prepared; None when columns are dependent.
        data_digits: Of the prepared columns, once rounded to the dtype.
        gradient_digits: Of the gradient at zero.
        normal_digits: Of the parameters by normal equations; None when they could not be solved.
        qr_digits: Of the parameters by QR.
        descent_digits: Of the parameters after the epochs, at the best rate.
    """

    dtype: str
    preparation: Preparation
    condition: float | None
    data_digits: float
    gradient_digits: float
    normal_digits: float | None
    qr_digits: float
    descent_digits: float


@dataclass(frozen=True)
class Precision:
    """The table of correct digits.

    Attributes:
        epochs: Those of descent.
        rows: One for each dtype and preparation; its gradient is NumPy's.
        gradients: For each backend that was asked, the digits of its gradient, in the order of the rows.
    """

    epochs: int
    rows: tuple[PrecisionRow, ...]
    gradients: dict[str, tuple[float, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        there = {(row.dtype, row.preparation) for row in self.rows}
        if there != {(dtype, name) for dtype in ("float64", "float32") for name in get_args(Preparation)}:
            raise ValueError("rows: expected each preparation in float64 and float32")
        length("digits of gradients", len(self.rows), *self.gradients.values())
