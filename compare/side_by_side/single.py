"""One training run on one backend, with its gradient checked before and after: what `handgrad train` does."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

import numpy as np

from handgrad.backends.catalogue import load
from handgrad.backends.interface import FloatArray, Trainer, Training
from handgrad.compare.judge.bounds import Tolerance, gradient_tolerances
from handgrad.compare.side_by_side.prepare import Options, Prepared, prepare
from handgrad.data.dataset import Dataset
from handgrad.data.model_file import Model


@dataclass(frozen=True)
class CheckedParameter:
    """One parameter's derivative: `analytic` as the backend gives it, `numerical` by central differences.

    `tolerance` is what rounding explains, of both together; `passed` says whether they differ by no more.
    """

    name: str
    analytic: float
    numerical: float
    tolerance: float

    @property
    def difference(self) -> float:
        """|analytic − numerical|."""
        return abs(self.analytic - self.numerical)

    @property
    def relative(self) -> float:
        """The difference over the larger of the two (CS231n's measure); meaningless where both are nearly 0."""
        return self.difference / max(abs(self.analytic), abs(self.numerical), 1e-300)

    @property
    def passed(self) -> bool:
        """Whether rounding explains the difference; NaN never passes."""
        return self.difference <= self.tolerance


@dataclass(frozen=True)
class GradientCheck:
    """Analytic against numerical gradient at one point; `when` is "before training" or "after training"."""

    when: str
    parameters: tuple[CheckedParameter, ...]

    @property
    def passed(self) -> bool:
        """Whether every derivative passed; comparing nothing is a failure."""
        return bool(self.parameters) and all(parameter.passed for parameter in self.parameters)


@dataclass(frozen=True)
class Trained:
    """What `train_one` made: the model in the user's units, the run behind it, and its checks."""

    backend: str
    model: Model
    training: Training
    prepared: Prepared
    checks: tuple[GradientCheck, ...]


def train_one(dataset: Dataset, backend: str, options: Options, check: bool = False) -> Trained:
    """Trains on one backend, in this process.

    Args:
        dataset: The table, in the user's units.
        backend: Its name.
        options: See `Options`; what concerns timing is not used.
        check: Whether to hold the gradient against central differences at the start and at the end.

    Raises:
        UnknownBackend, BackendUnavailable, DataError, InputError: Each with a message for the user.
    """
    trainer_class = load(backend)
    prepared = prepare(dataset, options)
    trainer = trainer_class(prepared.X, prepared.y, options.dtype)
    training = trainer.train(prepared.plan)
    points = [(training.recorded_weights[0], training.recorded_biases[0], "before training")]
    if training.diverged_at is None:
        points.append((training.weights, training.bias, "after training"))
    checks = tuple(check_gradient(trainer, prepared, *point) for point in points) if check else ()
    return Trained(backend, model_of(dataset, backend, prepared, training), training, prepared, checks)


def check_gradient(trainer: Trainer, prepared: Prepared, weights: FloatArray, bias: float, when: str) -> GradientCheck:
    """Each derivative against the central difference (L(θ + h eⱼ) − L(θ − h eⱼ)) / 2h.

    The loss is quadratic, so the difference has no truncation error whatever h is, and a large h only makes its
    rounding error small: h = max(1, |θⱼ|). Rounding explains a difference up to the bound of the gradient and those
    of both losses over 2h.
    """
    analytic = trainer.gradient_at(weights, bias)
    allowed = tolerance(prepared, weights, bias)
    names = [*prepared.problem.features, "bias"]
    derivatives = [*map(float, analytic.weights), analytic.bias]
    allowances = [*map(float, allowed.weights), allowed.bias]
    point = np.array([*weights, bias], dtype=weights.dtype)
    checked = []
    for j, name in enumerate(names):
        numerical, loss_allowance = central_difference(trainer, prepared, point, j)
        checked.append(CheckedParameter(name, derivatives[j], numerical, allowances[j] + loss_allowance))
    return GradientCheck(when, tuple(checked))


def central_difference(trainer: Trainer, prepared: Prepared, point: FloatArray, j: int) -> tuple[float, float]:
    """The central difference along parameter j, and how much of it rounding of the two losses can be."""
    h = max(1.0, abs(float(point[j])))
    ahead, behind = point.copy(), point.copy()
    ahead[j] += h
    behind[j] -= h
    width = float(ahead[j]) - float(behind[j])  # what was really stepped, after rounding
    rise = trainer.loss_at(ahead[:-1], float(ahead[-1])) - trainer.loss_at(behind[:-1], float(behind[-1]))
    allowed = sum(tolerance(prepared, p[:-1], float(p[-1])).loss for p in (ahead, behind))
    centre = (float(ahead[j]) + float(behind[j])) / 2 - float(point[j])  # rounding may have moved the middle, too
    bend = 2 * float(np.mean(np.square(prepared.X[:, j]))) if j < prepared.X.shape[1] else 2.0
    return rise / width, allowed / width + abs(centre) * bend


def tolerance(prepared: Prepared, weights: FloatArray, bias: float) -> Tolerance:
    """What rounding explains at a point, for errors that grow like √n."""
    return gradient_tolerances(prepared.X, prepared.y, weights, bias, prepared.plan.dtype).likely


def model_of(dataset: Dataset, backend: str, prepared: Prepared, training: Training) -> Model:
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


def history_csv(trained: Trained) -> bytes:
    """One line per recorded epoch: epoch, loss, weights and bias in the user's units; every digit."""
    run, prepared = trained.training, trained.prepared
    weights, biases = prepared.back(run.recorded_weights.tolist(), run.recorded_biases.tolist())
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["epoch", "loss", *(f"weight {name}" for name in prepared.problem.features), "bias"])
    for epoch, row, bias in zip(run.recorded_epochs.tolist(), weights, biases, strict=True):
        writer.writerow([epoch, float(run.losses[min(epoch, len(run.losses) - 1)]), *row, bias])
    return text.getvalue().encode()
