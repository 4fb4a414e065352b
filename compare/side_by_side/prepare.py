"""Makes one problem of a data set and the options: standardised, with its learning rate and the way to its goal."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np

from handgrad.backends.catalogue import Entry
from handgrad.backends.inputs import check_whole
from handgrad.backends.interface import (
    MOST_EPOCHS,
    RECORDED_AT_MOST,
    Device,
    DType,
    FloatArray,
    InputError,
    Order,
    Parameters,
    Plan,
    check_parameters,
)
from handgrad.compare.data_file import data_file
from handgrad.compare.judge.causes import EXPLAINED_ROWS
from handgrad.compare.judge.closed_form import solve
from handgrad.compare.judge.table import CheckedTable
from handgrad.compare.results.comparison import Problem
from handgrad.compare.side_by_side.describe import describe
from handgrad.compare.side_by_side.forecast import Forecast
from handgrad.compare.timing.environment import available_cores
from handgrad.compare.timing.journal import fingerprint
from handgrad.compare.timing.laps import LapPlans
from handgrad.compare.timing.messages import Number
from handgrad.data.dataset import DataError, Dataset
from handgrad.data.memory import refuse_beyond
from handgrad.data.standardize import Standardization

#: Of the whole time of a comparison, what a run may take where nobody says.
USUAL_SHARE = 0.25

#: Of the memory that X and y take, what a comparison takes beside them, at least: itself, and the processes of the
#: backends, which keep the data as long as all are timed (seen, in turn: 5.1 to 7.6, 7.1, and from 1.7 on).
OWN_COPIES, LIST_COPIES, BACKEND_COPIES = 4.0, 6.0, 1.5

#: Numbers kept of each trajectory.
TRAJECTORY_NUMBERS = 20_000


@dataclass(frozen=True)
class Options:
    """How to compare.

    Attributes:
        backends: Their names, or what is known of those that are given; None takes those that are compared by default.
        learning_rate: None takes the best fixed rate, 2/(λ_max + λ_min) of the Hessian.
        is_example: Whether the rate is the example's own, of which nobody has been asked.
        epochs: How often each goes through all rows.
        batch_size: Rows per update; None takes all at once.
        start: Weights and bias to start from, in the units of the problem as it is trained; None is zero.
        seed: Of the batches.
        order: In which order batches take the rows; see `Plan`.
        dtype: The format in which all compute.
        standardize: Whether features are centred and scaled to a standard deviation of 1 first.
        threads: How many each may use; None takes all cores of this machine.
        timeout_seconds: How long a backend may take for one answer.
        budget_seconds: Clock time for steady epochs, per backend.
        slowest_share: Of the whole time, what a backend's run may take; one that would take more is left out. None:
            `USUAL_SHARE` for the backends that nobody named, all for those that were.
        resume: Whether to go on from the folder's finished measurements.
        self_test: Whether the judge is put to the test with known faults.
        precision_table: Whether float32 is set beside float64.
        device: Where the backends that know it compute; the others stay on the processor.
    """

    backends: Sequence[str | Entry] | None = None
    learning_rate: float | None = None
    epochs: int = 100
    batch_size: int | None = None
    start: Parameters | None = None
    seed: int = 0
    order: Order = "shuffled"
    dtype: DType = "float64"
    standardize: bool = True
    threads: int | None = None
    timeout_seconds: float = 600.0
    budget_seconds: float = 0.1
    slowest_share: float | None = None
    resume: bool = False
    self_test: bool = False
    precision_table: bool = False
    is_example: bool = False
    device: Device = "cpu"

    def __post_init__(self) -> None:
        """Checks what is no matter of the plan, and turns NumPy's numbers into Python's, which a worker can be sent."""
        for name, least in (("epochs", 0), ("seed", 0), ("batch_size", 1), ("threads", 1)):
            given = getattr(self, name)
            if given is not None or name in ("epochs", "seed"):
                check_whole(name.replace("_", " "), given, least, MOST_EPOCHS if name == "epochs" else None)
                object.__setattr__(self, name, int(given))
        check_seconds("timeout", self.timeout_seconds)
        check_seconds("budget", self.budget_seconds)

    def allowed_share(self) -> float:
        """The share of the whole time that a run may take; 1: none is left out."""
        if self.slowest_share is not None:
            return self.slowest_share
        return USUAL_SHARE if self.backends is None else 1.0

    def thread_count(self) -> int:
        """Threads per backend."""
        return self.threads or available_cores()


def check_seconds(what: str, given: float) -> None:
    """Refuses what is no length of time; 0 is one.

    Raises:
        InputError: With `what` as its name.
    """
    seconds: Any = given
    if not isinstance(seconds, Real) or not 0 <= float(seconds) < math.inf:
        raise InputError(f"{what}: expected a number of seconds, 0 or more, got {given!r}")


@dataclass(frozen=True)
class Prepared:
    """The problem as all backends get it: the table is in the plan's dtype, standardised where asked for."""

    forecast: Forecast
    problem: Problem

    @property
    def table(self) -> CheckedTable:
        """X and y with what the judge works out of them; those of a stream are nowhere whole."""
        assert isinstance(self.forecast.table, CheckedTable)
        return self.forecast.table

    @property
    def plan(self) -> Plan:
        """The run."""
        return self.forecast.plan

    @property
    def standardization(self) -> Standardization:
        """Between the units of the table and the user's."""
        return self.forecast.standardization

    @property
    def X(self) -> FloatArray:
        """(n, d), as the backends hold it."""
        return self.table.X

    @property
    def y(self) -> FloatArray:
        """(n,), as the backends hold it."""
        return self.table.y

    @property
    def data_bytes(self) -> int:
        """Of X and y, as the backends hold them."""
        return (self.X.size + self.y.size) * np.dtype(self.plan.dtype).itemsize

    @property
    def explained(self) -> bool:
        """Whether it is found out how a backend's gradients come about."""
        return len(self.y) <= EXPLAINED_ROWS

    def lap_plans(self) -> LapPlans:
        """Where timed laps start, and how far they step."""
        return LapPlans.of(self.plan, self.X, self.y, self.table.hessian.largest)

    @cached_property
    def standardised(self) -> Forecast | None:
        """What the same run would be on standardised features, full batch at their best rate, from zero.

        None where they cannot be: a column is constant.
        """
        X = self.X.astype(np.float64)
        try:
            scaling = Standardization.fit(X, self.problem.features)
            table = CheckedTable.of(scaling.apply(X), self.y, self.plan.dtype)
        except (DataError, InputError):
            return None
        plan = replace(self.plan, batch_size=None, learning_rate=table.hessian.best_rate, start=None)
        return Forecast(table, plan, scaling, self.forecast.solution)

    def fingerprint(self) -> str:
        """Identifies data and plan, so that a resumed run never mixes two problems."""
        return fingerprint(self.X.tobytes(), self.y.tobytes(), self.plan)

    def data_file(self) -> contextlib.AbstractContextManager[str]:
        """A file with X and y for the backends' processes; gone afterwards."""
        return data_file(self.X, self.y)

    def back(
        self, weights: Sequence[Sequence[Number]], biases: Sequence[Number]
    ) -> tuple[tuple[tuple[float, ...], ...], tuple[float, ...]]:
        """Trained parameters in the user's units: `weights` (k, d) and `biases` (k,)."""
        own_weights, own_biases = self.standardization.weights_back(
            np.array(weights, dtype=np.float64), np.array(biases, dtype=np.float64)
        )
        return tuple(map(tuple, own_weights.tolist())), tuple(own_biases.tolist())


def check_memory(dataset: Dataset, backends: Collection[str], dtype: DType) -> None:
    """Refuses what is foretold not to fit into the memory, before anything is made of the table.

    Raises:
        DataError: With figures, and what to do.
    """
    part = np.dtype(dtype).itemsize / 8
    copies = OWN_COPIES + part * (1 + sum(LIST_COPIES if one == "python" else BACKEND_COPIES for one in backends))
    table = f"{dataset.rows:,} rows of {dataset.features:,} feature{'s' if dataset.features > 1 else ''}"
    what = f"{dataset.source}: comparing {len(backends)} backend{'s' if len(backends) > 1 else ''} on {table}"
    remedy = "name fewer backends, above all not python, or take fewer rows"
    refuse_beyond(copies * (dataset.X.nbytes + dataset.y.nbytes), what, remedy)


def prepare(dataset: Dataset, options: Options) -> Prepared:
    """Standardises, chooses the learning rate, and finds the least-squares solution.

    Raises:
        DataError: If a column is constant and standardising was asked for.
        InputError: If the numbers cannot be computed with in the dtype.
    """
    standardization = standardize(dataset, options)
    table = CheckedTable.of(standardization.apply(dataset.X), dataset.y, options.dtype)
    given = table if options.dtype == "float64" and not options.standardize else CheckedTable.of(dataset.X, dataset.y)
    solution = solve(given, dataset.feature_names)
    check_condition(table)
    plan = plan_for(table, options)
    check_range(table, plan)
    forecast = Forecast(table, plan, standardization, np.append(solution.weights, solution.bias))
    return Prepared(forecast, describe(dataset, options, forecast, solution))


def check_condition(table: CheckedTable) -> None:
    """Refuses features so small beside the ones of the bias that float64 does not hold by how much.

    Raises:
        InputError: With what to do.
    """
    if not math.isfinite(table.hessian.condition):
        raise InputError(
            f"X: expected features that descent can move, got ones of at most {np.abs(table.X).max():.3g}, whose "
            "condition number is beyond float64's range; standardise them, or give them in a smaller unit"
        )


def check_range(table: CheckedTable, plan: Plan) -> None:
    """Refuses a start whose squared residuals add up to more than the dtype holds: there is no loss to descend from.

    Backends add before they divide by n, so that Σ r² leaves the range before the loss does.

    Raises:
        InputError: With the sum, and what to do.
    """
    weights, bias = plan.start if plan.start is not None else ([0.0] * table.features, 0.0)
    total = table.exact.exactly_at(weights, bias).loss * table.rows
    if total >= Fraction(float(np.finfo(plan.dtype).max)):
        written = Decimal(total.numerator) / Decimal(total.denominator)
        raise InputError(
            f"{plan.dtype}: the squared residuals at the start add up to {written:.3g}, and {plan.dtype} ends at "
            f"{np.finfo(plan.dtype).max:.3g}; give y in a larger unit{', start nearer to 0' if plan.start else ''}"
            f"{', or compute in float64' if plan.dtype == 'float32' else ''}"
        )


def plan_for(table: CheckedTable, options: Options) -> Plan:
    """The run that the options ask for; at the best fixed rate where they name none.

    Raises:
        InputError: If an option is out of range, or the start does not fit the table.
    """
    return Plan(
        learning_rate=table.hessian.best_rate if options.learning_rate is None else options.learning_rate,
        epochs=options.epochs,
        batch_size=options.batch_size,
        start=None if options.start is None else plain(options.start, table.features, options.dtype),
        seed=options.seed,
        dtype=options.dtype,
        record=recorded(options.epochs, table.features),
        order=options.order,
    )


def plain(start: Parameters, features: int, dtype: DType) -> Parameters:
    """A start as it can be sent to a worker: a list of floats (d,) and a float.

    Raises:
        InputError: If it has another number of weights, or what is not a finite number.
    """
    weights, bias = check_parameters(start.weights, start.bias, features, dtype)
    return Parameters(list(map(float, weights)), bias)


def standardize(dataset: Dataset, options: Options) -> Standardization:
    """The standardisation of the features, or the one that changes nothing."""
    if options.standardize:
        return Standardization.fit(dataset.X, dataset.feature_names)
    return Standardization.identity(dataset.features)


def recorded(epochs: int, features: int) -> tuple[int, ...]:
    """The epochs whose parameters are kept: all, or as many evenly spread ones as keep the result readable."""
    at_most = max(10, min(RECORDED_AT_MOST, TRAJECTORY_NUMBERS // (features + 1)))
    count = min(epochs, at_most)
    return tuple(sorted({round(epoch) for epoch in np.linspace(0, epochs, count + 1)}))
