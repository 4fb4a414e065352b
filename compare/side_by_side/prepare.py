"""Makes one problem of a table and the options: standardised, with its learning rate and its destination."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

import numpy as np

from handgrad.backends.interface import (
    RECORDED_AT_MOST,
    DType,
    FloatArray,
    Order,
    Parameters,
    Plan,
)
from handgrad.compare.judge.closed_form import ClosedForm, solve
from handgrad.compare.judge.hessian import Hessian
from handgrad.compare.judge.table import CheckedTable
from handgrad.compare.results import comparison as results
from handgrad.compare.timing.environment import available_cores
from handgrad.compare.timing.journal import fingerprint
from handgrad.data.dataset import Dataset
from handgrad.data.metrics import mse
from handgrad.data.standardize import Standardization

#: Rows shown in the figures, and numbers kept of each trajectory.
SAMPLE_ROWS = 300
TRAJECTORY_NUMBERS = 20_000

#: What the closed form's methods are called.
METHODS = {"exact": "rational arithmetic, rounded once", "qr": "QR on centred and scaled columns, refined once"}

#: Digits for which the report says how many epochs they need.
DIGITS = (3, 6, 9)


@dataclass(frozen=True)
class Options:
    """How to compare.

    Attributes:
        backends: Their names; None takes those that are compared by default.
        learning_rate: None takes the best fixed rate, 2/(λ_max + λ_min) of the Hessian.
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
        resume: Whether to go on from the folder's finished measurements.
        self_test: Whether the judge is put to the test with known faults.
        precision_table: Whether float32 is set beside float64.
    """

    backends: Sequence[str] | None = None
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
    resume: bool = False
    self_test: bool = False
    precision_table: bool = False

    def thread_count(self) -> int:
        """Threads per backend."""
        return self.threads or available_cores()


@dataclass(frozen=True)
class Prepared:
    """The problem as all backends get it: the table is in the plan's dtype, standardised where asked for."""

    table: CheckedTable
    plan: Plan
    standardization: Standardization
    problem: results.Problem

    @property
    def X(self) -> FloatArray:
        """(n, d), as the backends hold it."""
        return self.table.X

    @property
    def y(self) -> FloatArray:
        """(n,), as the backends hold it."""
        return self.table.y

    def fingerprint(self) -> str:
        """Identifies data and plan, so that a resumed run never mixes two problems."""
        return fingerprint(self.X.tobytes(), self.y.tobytes(), self.plan)

    @contextlib.contextmanager
    def data_file(self) -> Iterator[Path]:
        """A file with X and y for the backends' processes; gone afterwards."""
        with tempfile.TemporaryDirectory(prefix="handgrad-") as folder:
            path = Path(folder, "data.npz")
            np.savez(path, X=self.X, y=self.y)
            yield path

    def back(
        self, weights: Sequence[Sequence[float]], biases: Sequence[float]
    ) -> tuple[tuple[tuple[float, ...], ...], tuple[float, ...]]:
        """Trained parameters in the user's units: `weights` (k, d) and `biases` (k,)."""
        own_weights, own_biases = self.standardization.weights_back(np.array(weights), np.array(biases))
        return tuple(map(tuple, own_weights.tolist())), tuple(own_biases.tolist())

    def start(self) -> Parameters:
        """Where the run starts, as float64."""
        if self.plan.start is None:
            return Parameters(np.zeros(self.X.shape[1]), 0.0)
        return Parameters(np.asarray(self.plan.start.weights, dtype=np.float64), float(self.plan.start.bias))

    def goal(self) -> Parameters:
        """The least-squares solution that the run is heading to, in the units of the problem as it is trained.

        Where columns are dependent there are many; as no step moves along the directions in which the loss does not
        change, the run is heading to the one nearest to its start.
        """
        destination = self.problem.destination
        assert destination is not None
        solution = np.append(*self.standardization.weights_forward(destination.weights, destination.bias))
        flat = self.table.hessian.eigenvectors[:, self.table.hessian.rank :]
        solution += flat @ (flat.T @ (np.append(*self.start()) - solution))
        return Parameters(solution[:-1], float(solution[-1]))

    def own_goal(self) -> tuple[float, ...]:
        """The same (d + 1,) in the user's units, weights and bias."""
        destination = self.problem.destination
        assert destination is not None
        if not self.table.hessian.deficient:
            return (*destination.weights, destination.bias)
        weights, bias = self.standardization.weights_back(*self.goal())
        return (*weights.tolist(), float(bias))

    def own_units(self) -> FloatArray:
        """(d + 1, d + 1): parameters θ of the problem as it is trained are θ @ this in the user's units."""
        one_each = np.eye(self.X.shape[1] + 1)
        return np.column_stack(self.standardization.weights_back(one_each[:, :-1], one_each[:, -1]))

    def epochs_needed(self, digits: float) -> int | None:
        """The full-batch epochs after which every parameter in the user's units has so many digits; None: never.

        That is more than the slowest error's shrinking by 10^−digits takes: of parameters that nearly cancel, each is
        off by many times its own size on the way.
        """
        return self.table.hessian.epochs_until(
            np.append(*self.start()),
            np.append(*self.goal()),
            digits,
            self.plan.learning_rate,
            back=self.own_units(),
        )

    def rounding(self) -> float:
        """About the error ‖θ − θ*‖ below which rounding stops the descent."""
        goal = self.goal()
        size = float(np.linalg.norm([*goal.weights, goal.bias]))
        return float(np.finfo(self.plan.dtype).eps) * max(size, float(np.linalg.norm(self.start().weights)))

    def full_batch(self) -> bool:
        """Whether an update sees all rows."""
        return self.plan.batch_size is None or self.plan.batch_size >= len(self.y)

    def divergence(self, predicted: int | None) -> str:
        """Why a run did not stay finite, and a rate that does; `predicted` is the epoch of overflow, if any."""
        rate, limit = self.plan.learning_rate, self.table.hessian.limit
        if rate < limit:
            return (
                f"numbers left the range of {self.plan.dtype} although the learning rate {rate:.4g} is below the "
                f"full-batch limit {limit:.4g}; scale the data, or use a smaller rate"
            )
        works = min(self.table.hessian.best_rate, 0.9 * limit)  # for a huge κ, the best rate is the limit in 4 digits
        expected = "" if predicted is None else f"; overflow was predicted at epoch {predicted:,}"
        remedy = "" if self.problem.standardized else "; standardised features allow a larger one"
        return (
            f"the learning rate {rate:.4g} is above the stability limit 2/λ_max = {limit:.4g}{expected}; "
            f"{works:.4g} converges{remedy}"
        )


def prepare(dataset: Dataset, options: Options) -> Prepared:
    """Standardises, chooses the learning rate, and finds the least-squares solution.

    Raises:
        DataError: If a column is constant and standardising was asked for.
        InputError: If the numbers cannot be computed with in the dtype.
    """
    standardization = standardize(dataset, options)
    table = CheckedTable.of(standardization.apply(dataset.X), dataset.y, options.dtype)
    plan = Plan(
        learning_rate=table.hessian.best_rate if options.learning_rate is None else options.learning_rate,
        epochs=options.epochs,
        batch_size=options.batch_size,
        start=options.start,
        seed=options.seed,
        order=options.order,
        dtype=options.dtype,
        record=recorded(options.epochs, dataset.features),
    )
    given = table if options.dtype == "float64" and not options.standardize else CheckedTable.of(dataset.X, dataset.y)
    problem = describe(dataset, given, options, plan, standardization)
    prepared = Prepared(table, plan, standardization, problem)
    described = describe_curvature(
        table.hessian, plan, {str(digits): prepared.epochs_needed(digits) for digits in DIGITS}
    )
    return replace(prepared, problem=replace(problem, curvature=described))


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


def describe(
    dataset: Dataset, given: CheckedTable, options: Options, plan: Plan, standardization: Standardization
) -> results.Problem:
    """The problem as the report tells it, but for its curvature; `given` is the data set in the user's units."""
    solution = solve(given, dataset.feature_names)
    predicted = dataset.X @ solution.weights + solution.bias
    return results.Problem(
        name=PurePath(dataset.source).name or dataset.source,
        rows=dataset.rows,
        features=dataset.feature_names,
        target=dataset.target_name,
        source=dataset.source,
        loss="mse",
        learning_rate=plan.learning_rate,
        learning_rate_choice="auto" if options.learning_rate is None else "given",
        epochs=plan.epochs,
        batch_size=plan.batch_size,
        dtype=plan.dtype,
        seed=plan.seed,
        order=plan.order,
        standardized=options.standardize,
        means=tuple(map(float, standardization.means)),
        scales=tuple(map(float, standardization.scales)),
        curvature=None,
        sample=sample(dataset, predicted),
        destination=destination(solution, mse(dataset.y, predicted)),
        notes=(*dataset.notes, *([solution.warning] if solution.warning else [])),
    )


def describe_curvature(found: Hessian, plan: Plan, epochs_for: dict[str, int | None]) -> results.Curvature:
    """The curvature as the report tells it, at the rate of the plan."""
    return results.Curvature(
        largest=found.largest,
        smallest=found.smallest,
        condition=found.condition,
        limit=found.limit,
        best_rate=found.best_rate,
        contraction=found.contraction(plan.learning_rate),
        epochs_for=epochs_for,
    )


def destination(solution: ClosedForm, loss: float) -> results.Destination:
    """The least-squares solution as the report tells it."""
    return results.Destination(
        weights=tuple(map(float, solution.weights)),
        bias=solution.bias,
        loss=loss,
        method=METHODS[solution.method],
        notes=(solution.warning,) if solution.warning else (),
    )


def sample(dataset: Dataset, predicted: FloatArray) -> results.Sample:
    """Evenly spread rows for the figures."""
    rows = np.unique(np.linspace(0, dataset.rows - 1, min(dataset.rows, SAMPLE_ROWS)).round().astype(int))
    return results.Sample(
        x=tuple(map(float, dataset.X[rows, 0])) if dataset.features == 1 else None,
        y=tuple(map(float, dataset.y[rows])),
        y_true=None if dataset.y_true is None else tuple(map(float, dataset.y_true[rows])),
        predicted=tuple(map(float, predicted[rows])),
    )
