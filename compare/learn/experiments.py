"""The experiments behind `handgrad learn`: one function for each chapter, all of them live runs of the backends.

Chapters 1 to 6 are about one table of one feature, so that the loss is a surface over (W, b) that can be drawn. Chapter
7 adds up numbers of its own, and the costs of chapters 8 and 9 are measured in processes of their own: `lesson_costs`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.backends.catalogue import catalogue, load
from handgrad.backends.exact import ExactTrainer
from handgrad.backends.interface import FloatArray, Gradient, Plan, Trainer, Training
from handgrad.backends.numpy import NumPyTrainer
from handgrad.backends.python import PythonTrainer
from handgrad.compare.check.exercises.exercises import EXERCISES
from handgrad.compare.judge.bounds import gradient_tolerances, likely_growth, over, ulps, worst_growth
from handgrad.compare.judge.closed_form import solve
from handgrad.compare.judge.curvature import Curvature, curvature
from handgrad.compare.judge.gradcheck import gradcheck
from handgrad.compare.learn.costs import costs
from handgrad.compare.learn.explanation import explain
from handgrad.compare.learn.sources import excerpts
from handgrad.compare.results.checks import Sweep
from handgrad.compare.results.lessons import (
    ByHand,
    Checking,
    Grid,
    Lessons,
    Method,
    Path,
    RateRun,
    Rates,
    Scaling,
    Single,
    Slopes,
    Subject,
    Summation,
    Surface,
    TableCondition,
    Variant,
)
from handgrad.compare.timing import environment
from handgrad.data import builtin_sets
from handgrad.data.dataset import DataError, Dataset
from handgrad.data.standardize import Standardization

Progress = Callable[[str, int, int], None]

#: Through two points there is always a line.
LEAST_ROWS = 3

#: More rows than these teach nothing more, and every chapter waits for them.
MOST_ROWS = 2000

#: A feature whose κ is larger makes a valley in which nothing can be seen; it is brought to the range from 0 to 1.
LARGEST_CONDITION = 100.0

#: Points of the loss's surface along each axis.
GRID_POINTS = 61

#: Rows that are taken apart number by number.
FEW_ROWS = 2

#: Chapter 1 walks at this share of the best rate, at which a path bends instead of going to and fro.
GENTLE = 1 / 3
#: How many epochs it shows at most.
WALK_EPOCHS = 500

#: Epochs of the runs of chapter 5.
SHOWN_EPOCHS = 60

#: Epochs of the runs of chapter 6.
LONG_EPOCHS = 10_000

#: Chapter 5's rates: over the best one, and over the limit.
TOO_SMALL, JUST_BELOW, JUST_OVER = 0.05, 0.98, 1.02

#: Digits for which epochs are promised.
DIGITS = 6

#: Chapter 7's numbers, and the rows on which the backends work in float32.
SUMMED_ROWS = (100, 1000, 10_000, 100_000, 1_000_000)
SINGLE_ROWS = 20_000

#: The exact backend works through no run here: it judges.
JUDGE = "exact"


def lessons(dataset: Dataset, seed: int = 0, progress: Progress = lambda what, done, of: None) -> Lessons:
    """Runs all experiments.

    Args:
        dataset: The table of chapters 1 to 6; of several features, the one that explains the target best is taken.
        seed: Of everything random.
        progress: Called before each chapter.

    Raises:
        DataError, InputError: If the table cannot be used.
    """
    found: dict[str, Any] = {}

    def chapter(name: str, told: str, run: Callable[[], Any]) -> None:
        progress(told, len(found) + 1, 7)
        found[name] = run()

    table = Table.of(dataset)
    chapter("surface", "the loss as a surface, on every backend", lambda: surface(table))
    chapter("by_hand", "the chain rule, by hand and on a tape", lambda: by_hand(table))
    chapter("checking", "checking a gradient", lambda: checking(table, found["by_hand"]))
    chapter("rates", "learning rates", lambda: rates(table))
    chapter("scaling", "scaling", lambda: scaling(table))
    chapter("summation", "the order of summation", lambda: summation(seed))
    chapter(
        "costs",
        "what an epoch costs",
        lambda: costs(seed, progress=lambda size: progress(f"what an epoch costs, {size}", 7, 7)),
    )
    return Lessons(
        subject=table.subject,
        **found,
        excerpts=excerpts(),
        exercises={exercise.name: number for number, exercise in EXERCISES.items()},
        environment=where(),
        seed=seed,
    )


# -- the table -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Table:
    """The feature x (n,) and the target y (n,) of chapters 1 to 6, and what is known about their loss."""

    x: FloatArray
    y: FloatArray
    subject: Subject
    bends: Curvature

    @classmethod
    def of(cls, dataset: Dataset) -> Table:
        """One feature, and at most `MOST_ROWS` rows, evenly taken.

        Raises:
            DataError: If there are fewer than three rows, or nothing to learn, because features or target are constant.
        """
        if dataset.rows < LEAST_ROWS:
            raise DataError(f"{dataset.source}: expected at least {LEAST_ROWS} rows to learn from, got {dataset.rows}")
        if dataset.y.min() == dataset.y.max():
            raise DataError(f"{dataset.source}: expected a target that varies, got {dataset.y[0]:g} in every row")
        rows = np.unique(np.linspace(0, dataset.rows - 1, min(dataset.rows, MOST_ROWS)).round().astype(int))
        column = best_feature(dataset)
        x, y = dataset.X[rows, column], dataset.y[rows]
        raw_condition = curvature(x).condition
        bounds = None
        if raw_condition > LARGEST_CONDITION:
            bounds = (float(x.min()), float(x.max()))
            x = (x - bounds[0]) / (bounds[1] - bounds[0])
        solution = solve(x, y)
        weight, bias = float(solution.weights[0]), solution.bias
        subject = Subject(
            source=dataset.source,
            feature=dataset.feature_names[column],
            target=dataset.target_name,
            rows=len(y),
            rows_of=dataset.rows,
            bounds=bounds,
            raw_condition=raw_condition,
            x=tuple(x.tolist()),
            y=tuple(y.tolist()),
            minimum=(weight, bias),
            lowest=ExactTrainer(x, y).loss_at([weight], bias),
        )
        return cls(x, y, subject, curvature(x))

    @cached_property
    def numpy(self) -> NumPyTrainer:
        """The table in NumPy's hands."""
        return NumPyTrainer(self.x, self.y)

    @property
    def minimum(self) -> FloatArray:
        """(2,): weight and bias."""
        return np.array(self.subject.minimum)

    def point(self) -> tuple[float, float]:
        """Half of the way from zero to the minimum, in round numbers: a place at which no number is 0 by chance."""
        weight, bias = (float(f"{value / 2:.1g}") for value in self.minimum)
        return weight, bias

    def grid(self, paths: Sequence[Path]) -> Grid:
        """The loss around the minimum and all points of the paths."""
        weights = [self.minimum[0], *(w for path in paths for w in path.weights)]
        biases = [self.minimum[1], *(b for path in paths for b in path.biases)]
        return grid(self.numpy, *spread(weights, biases, self.bends))


def best_feature(dataset: Dataset) -> int:
    """The column with the largest correlation with the target.

    Raises:
        DataError: If every feature is constant.
    """
    varied = [j for j in range(dataset.features) if np.ptp(dataset.X[:, j]) > 0]
    if not varied:
        raise DataError(f"{dataset.source}: expected a feature that varies, got constant columns only")
    centred = dataset.y - dataset.y.mean()
    columns = {j: dataset.X[:, j] - dataset.X[:, j].mean() for j in varied}
    return max(varied, key=lambda j: abs(float(columns[j] @ centred)) / float(np.linalg.norm(columns[j])))


def spread(weights: Sequence[float], biases: Sequence[float], bends: Curvature) -> tuple[FloatArray, FloatArray]:
    """Axes that hold all points with a margin; along neither is the loss's curvature left out of sight.

    Where the points hardly move along one parameter, its axis gets the width at which the loss rises as it does along
    the other: the widths are at least in the proportion of √H of the other parameter.
    """
    low, high = np.array([min(weights), min(biases)]), np.array([max(weights), max(biases)])
    vectors, values = bends.eigenvectors, bends.eigenvalues
    curved = np.sqrt(np.diag(vectors * values @ vectors.T))
    rise = float((curved * (high - low)).max())
    half = np.maximum((high - low) / 2, 0.1 * rise / curved) * 1.4
    middle = (low + high) / 2
    first, second = (np.linspace(middle[k] - half[k], middle[k] + half[k], GRID_POINTS) for k in (0, 1))
    return first, second


def grid(trainer: Trainer, weights: FloatArray, biases: FloatArray) -> Grid:
    """The loss at every pair, from the backend itself."""
    losses = [tuple(trainer.loss_at([w], b) for w in weights.tolist()) for b in biases.tolist()]
    return Grid(tuple(weights.tolist()), tuple(biases.tolist()), tuple(losses))


def path_of(training: Training) -> Path:
    """The recorded parameters of a run of one feature, and its losses."""
    return Path(
        tuple(training.recorded_weights[:, 0].tolist()),
        tuple(training.recorded_biases.tolist()),
        tuple(training.losses.tolist()),
    )


def ready() -> tuple[dict[str, type[Trainer]], dict[str, str]]:
    """The backends that are compared by default and can run here; why the others cannot."""
    wanted = {name: described for name, described in catalogue().items() if described.by_default}
    missing = {name: reason for name, described in wanted.items() if (reason := described.reason()) is not None}
    return {name: load(name) for name in wanted if name not in missing}, missing


# -- 1: the surface --------------------------------------------------------------------------------------------------


def surface(table: Table) -> Surface:
    """Every backend's path from zero, until three digits are there."""
    rate = GENTLE * table.bends.best_rate
    plan = Plan(rate, epochs=min(WALK_EPOCHS, table.bends.epochs_for(3, rate) or WALK_EPOCHS))
    backends, missing = ready()
    paths = {name: path_of(made(table.x, table.y).train(plan)) for name, made in backends.items()}
    return Surface(
        grid=table.grid(list(paths.values())),
        paths=paths,
        missing=missing,
        rate=plan.learning_rate,
        epochs=plan.epochs,
        apart=apart(list(paths.values()), table.minimum),
    )


def apart(paths: Sequence[Path], minimum: FloatArray) -> float:
    """The largest difference of a parameter at the same epoch, over the way from zero to the minimum."""
    points = np.array([[path.weights, path.biases] for path in paths])
    return float(np.ptp(points, axis=0).max() / np.abs(minimum).max())


# -- 2 and 3: the chain rule by hand, and on a tape ------------------------------------------------------------------


def by_hand(table: Table) -> ByHand:
    """The first rows number by number, and all backends' gradients of all rows."""
    weight, bias = table.point()
    few = Dataset.from_arrays(
        table.x[:FEW_ROWS], table.y[:FEW_ROWS], [table.subject.feature], table.subject.target, source="the first rows"
    )
    plain = PythonTrainer(table.x, table.y)
    residuals = np.array(plain.residuals(*plain.data, [weight], bias))
    exact = ExactTrainer(table.x, table.y).gradient_at([weight], bias)
    backends, _ = ready()
    return ByHand(
        weight=weight,
        bias=bias,
        few=explain(few, FEW_ROWS, [weight], bias),
        pulls=(tuple((2 * residuals * table.x).tolist()), tuple((2 * residuals).tolist())),
        found={name: slopes(made(table.x, table.y), weight, bias, exact) for name, made in backends.items()},
        exact=(exact.loss, float(exact.weights[0]), exact.bias),
    )


def slopes(trainer: Trainer, weight: float, bias: float, exact: Gradient) -> Slopes:
    """One backend's loss and gradient, and their distance from the exact ones."""
    found = trainer.gradient_at([weight], bias)
    errors = ulps([found.weights[0], found.bias], [exact.weights[0], exact.bias], "float64")
    return Slopes(found.loss, float(found.weights[0]), found.bias, *map(float, errors))


# -- 4: checking -----------------------------------------------------------------------------------------------------


def checking(table: Table, point: ByHand) -> Checking:
    """NumPy's dW at the point, checked with every step and every method."""
    checked = gradcheck(table.numpy, table.x, table.y, [point.weight], point.bias)
    sweep = checked.sweeps[0]
    balance = sweep.predicted_forward
    assert balance is not None, "a feature that varies bends the loss"
    steps, forward, central, truncation = zip(*finite_rows(sweep), strict=True)
    return Checking(
        exact=point.exact[1],
        steps=steps,
        forward=forward,
        central=central,
        truncation=truncation,
        left=arm(steps, forward, lambda h: h < balance / 10),
        right=arm(steps, forward, lambda h: h > balance * 10),
        central_left=arm(steps, central, lambda h: True),
        best=sweep.best_forward,
        predicted=balance,
        methods=tuple(
            Method(found.method, found.steps[0], result, error)
            for found in checked.methods
            if (result := found.gradient[0]) is not None and (error := found.errors[0]) is not None
        ),
        roundoff=float(np.finfo(np.float64).eps) * point.exact[0],
    )


def finite_rows(sweep: Sweep) -> list[tuple[float, float, float, float]]:
    """Step, both errors and truncation, without the steps at which the loss left float64's range."""
    rows = zip(sweep.steps, sweep.forward, sweep.central, sweep.truncation, strict=True)
    return [
        (h, forward, central, line) for h, forward, central, line in rows if forward is not None and central is not None
    ]


def arm(steps: Sequence[float], errors: Sequence[float], belongs: Callable[[float], bool]) -> float | None:
    """The p of error ~ stepᵖ over the steps that belong, by least squares on the logarithms; exact hits left out."""
    used = [(h, error) for h, error in zip(steps, errors, strict=True) if error > 0 and belongs(h)]
    if len(used) < 3:
        return None
    logs = np.log(np.array(used))
    return float(np.polyfit(logs[:, 0], logs[:, 1], 1)[0])


# -- 5: the learning rate --------------------------------------------------------------------------------------------


def rates(table: Table) -> Rates:
    """From zero at four rates: too small, best, just below the limit and just over it."""
    bends = table.bends
    chosen = {
        "too small": TOO_SMALL * bends.best_rate,
        "best": bends.best_rate,
        "just below": JUST_BELOW * bends.limit,
        "just over": JUST_OVER * bends.limit,
    }
    runs = tuple(rate_run(table, name, rate) for name, rate in chosen.items())
    converging = [run.path for run in runs if run.overflow is None]
    return Rates(bends.largest, bends.smallest, bends.limit, bends.best_rate, table.grid(converging), runs)


def rate_run(table: Table, name: str, rate: float) -> RateRun:
    """One run, and what the eigenvalues say about it."""
    bends = table.bends
    error = -table.minimum
    overflow = bends.overflow_epoch(rate, float(bends.components(error)[0]), "float64")
    training = table.numpy.train(Plan(rate, epochs=SHOWN_EPOCHS))
    path = path_of(training)
    return RateRun(
        name=name,
        rate=rate,
        contraction=bends.contraction(rate),
        observed=observed_contraction(path, table.minimum),
        path=path,
        excess=excess(table, path),
        diverged_at=None if overflow is None else diverged_at(table, rate, overflow),
        overflow=overflow,
        epochs_for_six=bends.epochs_for(DIGITS, rate),
    )


def observed_contraction(path: Path, minimum: FloatArray) -> float | None:
    """The mean factor per epoch of ‖θ − θ*‖ over the second half of those epochs that are not down to rounding."""
    sizes = np.hypot(np.array(path.weights) - minimum[0], np.array(path.biases) - minimum[1])
    alive = np.flatnonzero(sizes > 1e-10 * sizes[0])
    last = int(alive[-1])
    first = last // 2
    return float((sizes[last] / sizes[first]) ** (1 / (last - first))) if last > first else None


def excess(table: Table, path: Path) -> tuple[float, ...]:
    """The loss above the minimum at each point of a path, without cancellation: ½ eᵀHe of the error e."""
    errors = np.column_stack([path.weights, path.biases]) - table.minimum
    parts = errors @ table.bends.eigenvectors
    above: list[float] = (0.5 * (parts**2 @ table.bends.eigenvalues)).tolist()
    return tuple(above)


def diverged_at(table: Table, rate: float, overflow: int) -> int | None:
    """The epoch at which the run really left float64's range, looked for a little beyond the prediction."""
    epochs = overflow + overflow // 10 + 10
    return table.numpy.train(Plan(rate, epochs=epochs, record=())).diverged_at


# -- 6: scaling ------------------------------------------------------------------------------------------------------


def scaling(table: Table) -> Scaling:
    """The same feature in another unit, from another zero, and standardised."""
    column = table.x[:, np.newaxis].astype(np.float64)
    standard = Standardization.fit(column).apply(column)[:, 0]
    deviation = float(table.x.std())
    variants = {
        "standardised": standard,
        "as it is": table.x,
        "a tenth of the unit": 10 * table.x,
        "another zero": table.x + 10 * deviation,
    }
    made = tuple(variant(name, x, table.y) for name, x in variants.items())
    shifted = valley(variants["another zero"], table.y)
    return Scaling(made, tuple(map(condition_of, builtin_sets.names())), (valley(standard, table.y), shifted))


def variant(name: str, x: FloatArray, y: FloatArray) -> Variant:
    """A long run at the best rate for this feature."""
    bends, solution = curvature(x), solve(x, y)
    goal = np.array([*solution.weights, solution.bias])
    training = NumPyTrainer(x, y).train(Plan(bends.best_rate, LONG_EPOCHS, record=range(LONG_EPOCHS)))
    errors = np.column_stack([training.recorded_weights, training.recorded_biases]) - goal
    left = 0.5 * ((errors @ bends.eigenvectors) ** 2 @ bends.eigenvalues)
    sizes = np.linalg.norm(errors, axis=1)
    reached = np.flatnonzero(sizes <= 10.0**-DIGITS * sizes[0])
    kept = spaced(len(sizes) - 1)
    return Variant(
        name=name,
        condition=bends.condition,
        rate=bends.best_rate,
        promised=epochs_at_best(bends),
        seen=int(reached[0]) if len(reached) else None,
        epochs=tuple(kept),
        excess=tuple((left[kept] / left[0]).tolist()),
    )


def spaced(last: int) -> list[int]:
    """All epochs up to 200, then evenly on a logarithmic axis, up to the last."""
    later = np.geomspace(200, last, 150).round().astype(int).tolist() if last > 200 else [last]
    return [*range(min(200, last)), *later]


def valley(x: FloatArray, y: FloatArray) -> Grid:
    """The loss around its minimum, in parameters divided by the curvature along each: as wide as high."""
    bends, solution = curvature(x), solve(x, y)
    weight, bias = float(solution.weights[0]), solution.bias
    curved = np.sqrt(np.diag(bends.eigenvectors * bends.eigenvalues @ bends.eigenvectors.T))
    reach = 1.5 * np.sqrt(ExactTrainer(x, y).loss_at([0.0], 0.0)) / curved
    return grid(
        NumPyTrainer(x, y),
        np.linspace(weight - reach[0], weight + reach[0], GRID_POINTS),
        np.linspace(bias - reach[1], bias + reach[1], GRID_POINTS),
    )


def condition_of(name: str) -> TableCondition:
    """κ of a built-in table."""
    dataset = builtin_sets.load(name)
    raw = curvature(dataset.X)
    standard = curvature(Standardization.fit(dataset.X).apply(dataset.X))
    return TableCondition(
        name, dataset.features, raw.condition, standard.condition, *map(epochs_at_best, (raw, standard))
    )


def epochs_at_best(bends: Curvature) -> int:
    """The epochs for six digits at the best rate, where −ln ρ = ln (κ + 1)/(κ − 1) = 2 artanh(1/κ).

    In this form no digit is lost where ρ is so near to 1 that it rounds to it.
    """
    if bends.condition == 1:
        return 1
    return max(1, math.ceil(DIGITS * math.log(10) / (2 * math.atanh(1 / bends.condition))))


# -- 7: float32 and the order of summation ---------------------------------------------------------------------------


def summation(seed: int) -> Summation:
    """Squares of residuals in float32, added up in different orders, against their exact sum."""
    squares = (np.random.default_rng(seed).normal(size=max(SUMMED_ROWS)).astype(np.float32)) ** 2
    sums = [sums_of(squares[:n]) for n in SUMMED_ROWS]
    backends, _ = ready()
    x, y = single_table(seed)
    totals = np.cumsum(squares)
    swallowed = np.cumsum((np.diff(totals) == 0) & (squares[1:] > 0))
    return Summation(
        rows=SUMMED_ROWS,
        errors={order: tuple(found[order] for found in sums) for order in sums[0]},
        worst=tuple(worst_growth(n, "float32") for n in SUMMED_ROWS),
        likely=tuple(likely_growth(n, "float32") for n in SUMMED_ROWS),
        swallowed=tuple(int(swallowed[n - 2]) for n in SUMMED_ROWS),
        backends={name: single(made, x, y) for name, made in backends.items()},
        backend_rows=SINGLE_ROWS,
    )


def sums_of(numbers: NDArray[np.float32]) -> dict[str, float]:
    """The relative error of each order of summation; the exact sum is `math.fsum`'s, of the same numbers."""
    exact = math.fsum(numbers.tolist())
    ordered = {
        "one after the other": np.cumsum(numbers)[-1],
        "smallest first": np.cumsum(np.sort(numbers))[-1],
        "in blocks of 128": np.cumsum(in_blocks(numbers, 128))[-1],
        "pairwise (np.sum)": numbers.sum(),
        "float64, rounded at the end": np.float32(numbers.sum(dtype=np.float64)),
    }
    return {name: abs(float(found) - exact) / exact for name, found in ordered.items()}


def in_blocks(numbers: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """The sums of blocks, each added up one after the other."""
    padded = np.zeros(-(-len(numbers) // size) * size, dtype=np.float32)
    padded[: len(numbers)] = numbers
    sums: NDArray[np.float32] = np.cumsum(padded.reshape(-1, size), axis=1)[:, -1]
    return sums


def single_table(seed: int) -> tuple[FloatArray, FloatArray]:
    """X (n,) and y (n,) for the backends' float32, off centre so that sums do not cancel."""
    random = np.random.default_rng([seed, 7])
    x = random.uniform(0, 1, SINGLE_ROWS)
    return x, 2 * x + 1 + 0.1 * random.normal(size=SINGLE_ROWS)


def single(made: type[Trainer], x: FloatArray, y: FloatArray) -> Single:
    """Loss and gradient at zero in float32, against the exact ones of the same float32 numbers."""
    exact = ExactTrainer(x.astype(np.float32), y.astype(np.float32)).gradient_at([0.0], 0.0)
    found = made(x, y, "float32").gradient_at([0.0], 0.0)
    held = x.astype(np.float32)[:, np.newaxis]
    bound = gradient_tolerances(held, y.astype(np.float32), [0.0], 0.0, "float32").likely
    ratio = over([found.weights[0] - exact.weights[0], found.bias - exact.bias], [bound.weights[0], bound.bias]).max()
    return Single(abs(found.loss - exact.loss) / exact.loss, float(ratio))


def where() -> tuple[tuple[str, str], ...]:
    """The machine and the packages, for the page's last lines."""
    captured = environment.capture(environment.available_cores())
    packages = ", ".join(f"{name} {version}" for name, version in captured.packages.items())
    return (
        ("Processor", f"{captured.cpu}, {captured.cores} cores"),
        ("System", captured.platform),
        ("Python", captured.python),
        ("Packages", packages),
        ("Time", captured.time),
    )
