"""A wrong answer at two rows of one feature, beside the right one, step by step.

Only the answer was seen. The steps on the way are those of the mistake that explains all answers, where it explains
this one, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from handgrad.backends.signatures.kinds import Kind
from handgrad.compare.check.operands import RESIDUALS, WEIGHTED, DoesNotFit, Operands
from handgrad.compare.check.recipes import Recipe, predict_gradient, predict_loss, predicted
from handgrad.compare.check.student.asking import Asked
from handgrad.compare.check.student.probes import IN_THE_HEAD
from handgrad.compare.check.student.shapes import failure_of
from handgrad.compare.check.truth import truth
from handgrad.compare.results.diagnosis import LossName, OwnProbe, ProbeStep, StepName

#: The step that the answer is.
_ANSWERS: dict[Kind, StepName] = {"gradient": "gradient", "step": "parameters", "loss": "loss"}
_NAMES: tuple[StepName, ...] = ("prediction", "residual", "sums")


def own_probe(asked: Asked, recipe: Recipe | None, loss: LossName) -> OwnProbe | None:
    """The way to a wrong answer.

    Args:
        asked: The answers, their parts taken for what they are.
        recipe: Of the mistakes that explain them; None where nothing does.
        loss: By whose gradient they are judged.

    Returns:
        None where there is no answer at that probe, or it is right.
    """
    answer, kind = asked.in_the_head, asked.series.kind
    if answer is None or failure_of(answer, IN_THE_HEAD, kind) is not None:
        return None
    right, given = _answered(truth(kind, loss)(IN_THE_HEAD), kind), _numbers(answer.blocks)
    if len(given) != len(right) or np.allclose(given, right, rtol=1e-6, atol=1e-12) or np.isnan(given).any():
        return None
    last = ProbeStep(_ANSWERS[kind], right, given)
    way = _way(recipe, given, kind) if recipe is not None else None
    expected = list(_steps(Recipe(), kind))
    shown: Sequence[tuple[float, ...] | None] = way or (None,) * len(expected)
    steps = [ProbeStep(*one) for one in zip(_NAMES, expected, shown, strict=False)]
    first = next((step.step for step in steps if step.given != step.expected), last.step)
    return OwnProbe(asked.call, (*steps, last), first if way is not None else None)


def _way(recipe: Recipe, given: tuple[float, ...], kind: Kind) -> list[tuple[float, ...]] | None:
    """The steps of the mistakes, if they end at what was given."""
    try:
        blocks = (predict_loss if kind == "loss" else predict_gradient)(recipe, IN_THE_HEAD)
        open_to_fit = any(block.unknown is not None for block in blocks)
        if not open_to_fit and not np.allclose(_answered(blocks, kind), given, rtol=1e-6, atol=1e-12):
            return None
        return list(_steps(recipe, kind))
    except (DoesNotFit, ValueError):
        return None


def _steps(recipe: Recipe, kind: Kind) -> Iterator[tuple[float, ...]]:
    at = Operands.of(IN_THE_HEAD).cut(recipe.truncated)
    prediction = predicted(recipe, at)
    yield _numbers((prediction,))
    residual = RESIDUALS[recipe.residual](prediction, at.minus * at.y, at)
    yield _numbers((residual,))
    if kind != "loss":
        yield _numbers((WEIGHTED[recipe.factor](at.X, residual), residual.sum()))


def _answered(blocks: Any, kind: Kind) -> tuple[float, ...]:
    """What a function answers: of a step, the parameters after it."""
    values = _numbers(block.value for block in blocks)
    if kind != "step":
        return values
    before = _numbers((IN_THE_HEAD.weights, IN_THE_HEAD.bias))
    return tuple(old - IN_THE_HEAD.learning_rate * new for old, new in zip(before, values, strict=True))


def _numbers(arrays: Any) -> tuple[float, ...]:
    return tuple(float(number) for array in arrays for number in np.ravel(array))
