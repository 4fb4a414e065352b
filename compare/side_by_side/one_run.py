"""One training run on one backend, with its gradient checked before and after: what `handgrad train` does."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, cast

import numpy as np

from handgrad.backends.blocks import Blocks
from handgrad.backends.catalogue import Entry, entry, load
from handgrad.backends.interface import Device, FloatArray, Trainer, Training
from handgrad.compare.judge.gradcheck import gradcheck
from handgrad.compare.results.checks import GradientCheck
from handgrad.compare.side_by_side.answers import number
from handgrad.compare.side_by_side.prepare import Options, Prepared, prepare
from handgrad.compare.timing.progress import PassTeller, Progress, silent
from handgrad.data.dataset import Dataset
from handgrad.data.model_file import Model

When = Literal["before training", "after training"]


class TableNames(Protocol):
    """What a model keeps of a table: one whose rows are a stream has it, too."""

    @property
    def source(self) -> str:
        """Where it came from."""

    @property
    def feature_names(self) -> tuple[str, ...]:
        """d names."""

    @property
    def target_name(self) -> str:
        """The name of y."""


class CheckedDerivative(NamedTuple):
    """One parameter's derivative: `analytic` as the backend gives it, `numerical` by central differences.

    `relative` is the difference over the larger of the two (CS231n's measure), meaningless where both are nearly 0;
    `tolerance` is what rounding explains, of both together, and `passed` says whether they differ by no more.
    """

    name: str
    analytic: float
    numerical: float
    difference: float
    relative: float
    tolerance: float
    passed: bool


@dataclass(frozen=True)
class RunCheck:
    """The gradient at one end of a run, checked.

    Attributes:
        when: Which end.
        names: (d + 1,), of the parameters, the bias's last.
        check: The analytic gradient against the exact one, and against central differences.
    """

    when: When
    names: tuple[str, ...]
    check: GradientCheck

    @property
    def passed(self) -> bool:
        """Whether the gradient lies within its bound, and the differences agree with it."""
        return self.check.passed

    @property
    def parameters(self) -> tuple[CheckedDerivative, ...]:
        """Each derivative by both ways; NaN stands for what is not finite."""
        (method,) = self.check.methods
        columns = (self.names, self.check.analytic, method.gradient, method.tolerances)
        return tuple(
            derivative(name, number(analytic), number(numerical), number(tolerance))
            for name, analytic, numerical, tolerance in zip(*columns, strict=True)
        )


@dataclass(frozen=True)
class TrainedModel:
    """What `train_one` made: the model in the user's units, the run behind it, and its checks.

    Of rows that came block by block, `passes` is how often they came; None for rows in memory. Of rows that other
    processes hold, `where` says which, and `held_bytes` how much each holds. `device` is what the device is
    called on which it ran; None on the processor.
    """

    backend: str
    model: Model
    training: Training
    prepared: Prepared
    checks: tuple[RunCheck, ...]
    passes: int | None = None
    where: str | None = None
    held_bytes: tuple[int, ...] = ()
    device: str | None = None


def train_one(
    dataset: Dataset, backend: str | Entry, options: Options, check: bool = False, progress: Progress = silent
) -> TrainedModel:
    """Trains on one backend, in this process.

    Args:
        dataset: The table, in the user's units.
        backend: Its name, or what is known of one that is given.
        options: See `Options`; what concerns timing is not used.
        check: Whether to hold the gradient against central differences at the start and at the end.
        progress: Told of passes over rows that other processes hold.

    Raises:
        UnknownBackend, BackendUnavailable, DeviceAbsent, DataError, InputError: Each with a message for the user.
    """
    trainer_class, place = load(backend), cast(Device, entry(backend).place(options.device))
    prepared = prepare(dataset, options)
    trainer = trainer_class.on(prepared.X, prepared.y, options.dtype, place)
    if isinstance(trainer.data[0], Blocks):
        watch(trainer, options.epochs, progress)
    training = trainer.train(prepared.plan)
    checks = check_run(trainer, prepared, training) if check else ()
    name = entry(backend).name
    model = model_of(dataset, name, prepared, training)
    device = None if place == "cpu" else trainer.device_name(place)
    return TrainedModel(name, model, training, prepared, checks, None, *where_rows_are(trainer), device)


def watch(trainer: Trainer, epochs: int, progress: Progress) -> None:
    """Has a trainer on a source of rows tell of its passes."""
    trainer.data[0].watch = PassTeller(progress, trainer.name, epochs + 1 if trainer.reads_all_rows else 1)


def where_rows_are(trainer: Trainer) -> tuple[str | None, tuple[int, ...]]:
    """The workers of a cluster that hold a trainer's rows, and how many bytes each; None where they are not on one."""
    source = trainer.data[0]
    return (source.places(), tuple(source.held_bytes())) if isinstance(source, Blocks) else (None, ())


def check_run(trainer: Trainer, prepared: Prepared, training: Training) -> tuple[RunCheck, ...]:
    """The gradient where a run started and, unless it diverged, where it ended."""
    start = training.recorded_weights[0], float(training.recorded_biases[0])
    first = check_gradient(trainer, prepared, *start, "before training")
    if training.diverged_at is not None:
        return (first,)
    return first, check_gradient(trainer, prepared, training.weights, training.bias, "after training")


def check_gradient(trainer: Trainer, prepared: Prepared, weights: FloatArray, bias: float, when: When) -> RunCheck:
    """The gradient at weights (d,) and a bias, held against the exact one and against central differences.

    The loss is quadratic, so a central difference has no truncation error whatever its step is, and a large one only
    makes its rounding error small: max(1, |θⱼ|).
    """
    check = gradcheck(trainer, prepared.table, weights, bias, methods=["quadratic"], sweep=False)
    return RunCheck(when, (*prepared.problem.features, "bias"), check)


def derivative(name: str, analytic: float, numerical: float, tolerance: float) -> CheckedDerivative:
    """One row of a check; NaN never passes."""
    difference = abs(analytic - numerical)
    relative = difference / max(abs(analytic), abs(numerical), 1e-300)
    return CheckedDerivative(name, analytic, numerical, difference, relative, tolerance, difference <= tolerance)


def model_of(dataset: TableNames, backend: str, prepared: Prepared, training: Training) -> Model:
    """The model in the user's units, with how it was trained."""
    plan = prepared.plan
    (weights,), (bias,) = prepared.back([training.weights.tolist()], [training.bias])
    return Model(
        weights=np.array(weights),
        bias=bias,
        feature_names=dataset.feature_names,
        target_name=dataset.target_name,
        standardization=prepared.standardization if prepared.problem.standardized else None,
        details={
            "backend": backend,
            "learning_rate": plan.learning_rate,
            "epochs": len(training.losses) - 1,
            "batch_size": plan.batch_size,
            "seed": plan.seed,
            "order": plan.order,
            "dtype": plan.dtype,
            "loss": float(training.losses[-1]),
            "diverged_at": training.diverged_at,
            "source": dataset.source,
        },
    )


def history_csv(trained: TrainedModel) -> bytes:
    """One line per recorded epoch: epoch, loss, weights and bias in the user's units; every digit."""
    run, prepared = trained.training, trained.prepared
    weights, biases = prepared.back(run.recorded_weights.tolist(), run.recorded_biases.tolist())
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["epoch", "loss", *(f"weight {name}" for name in prepared.problem.features), "bias"])
    for epoch, row, bias in zip(run.recorded_epochs.tolist(), weights, biases, strict=True):
        writer.writerow([epoch, float(run.losses[min(epoch, len(run.losses) - 1)]), *row, bias])
    return text.getvalue().encode()
