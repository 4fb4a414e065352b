"""How far a published run has come, and where its source stops: facts of the exact run, whatever was printed."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np

from handgrad.compare.judge.closed_form import exact_solution
from handgrad.compare.judge.trajectory import true_run
from handgrad.compare.reproduce.exact import ExactRun
from handgrad.compare.results.reproduction import ExactEnd, StoppingSteps

#: Decimal digits for which the epochs are counted.
DIGITS = 6


def exact_end(run: ExactRun) -> ExactEnd:
    """The exact run's end beside the least-squares solution, which rational arithmetic gives."""
    plan = run.part.plan
    there = run.after(plan.epochs)
    best = exact_solution(run.table.exact.moments)
    return ExactEnd(
        weight=float(there[0]),
        bias=float(there[1]),
        loss=float(run.loss_at(there)[0] / run.factor),
        best_weight=float(best[0]),
        best_bias=float(best[1]),
        best_loss=float(run.loss_at(best)[0] / run.factor),
        digits=digits_reached(there, best),
        epochs_for_six=epochs_for_six(run, best),
    )


def digits_reached(end: list[Fraction], best: list[Fraction]) -> float | None:
    """−log₁₀ of the largest relative error of a parameter; None where there is none at all."""
    errors = [abs(e - b) / abs(b) if b else abs(e) for e, b in zip(end, best, strict=True)]
    return -math.log10(max(errors)) if any(errors) else None


def epochs_for_six(run: ExactRun, best: list[Fraction]) -> int | None:
    """The full-batch epochs after which six digits of every parameter are there; None with batches, or never."""
    plan = run.part.plan
    if plan.batch_size is not None or plan.start is None:
        return None
    start = [float(plan.start.weights[0]), float(plan.start.bias)]
    return run.table.hessian.epochs_until(start, [float(b) for b in best], DIGITS, plan.learning_rate)


def stopping_steps(run: ExactRun, below: float) -> StoppingSteps:
    """The exact run's last step and the next one, as long as the parameter that they move most."""
    end = run.part.plan.epochs
    plan = replace(run.part.plan, epochs=end + 1, record=(end - 1, end, end + 1))
    steps = np.abs(np.diff(true_run(run.table, plan).parameters[-3:], axis=0)).max(axis=1)
    return StoppingSteps(below, *steps.tolist())
