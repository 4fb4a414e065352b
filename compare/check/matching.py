"""Which hypothesis reproduces all answers of a function, within the bound of their rounding errors.

A hypothesis may leave something open, such as λ of a penalty or the order of the features: the first answers fill it
in, and all others must agree with that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from handgrad.backends.signatures.kinds import Kind
from handgrad.compare.check.mistakes import Hypothesis, hypotheses, pairs
from handgrad.compare.check.observations import Observation, counts, increments
from handgrad.compare.check.operands import DoesNotFit
from handgrad.compare.check.recipes import Block, Recipe, predict_gradient, predict_loss, tolerance
from handgrad.compare.check.separable import triples
from handgrad.compare.check.student.forms import Series
from handgrad.compare.check.student.probes import LARGE, Floats, Probe
from handgrad.compare.check.truth import Blocks, exact_loss, truth
from handgrad.compare.results.diagnosis import LossName

#: Answers that a mistake must reproduce; that a function raises an error elsewhere is no evidence by itself.
FEWEST_ANSWERS = 2
#: Of a number of rows that is the same everywhere: 2/4 is a sum without two halves of it.
FEWEST_ROWS = 5


@dataclass
class _Unknowns:
    """What a hypothesis leaves open, filled in by the first answers: λ per block, the order of features per d."""

    value: dict[int, float] = field(default_factory=dict)
    spread: dict[int, float] = field(default_factory=dict)
    order: dict[int, Any] = field(default_factory=dict)


def is_right(series: Series, seen: Sequence[Observation], loss: LossName) -> bool:
    """Whether the truth reproduces every answer; refusing integers with an error is no wrong answer."""
    return all(is_right_at(o, series.kind, loss) for o in seen if counts(o))


def is_right_at(seen: Observation, kind: Kind, loss: LossName) -> bool:
    """Whether the truth reproduces one answer."""
    return _agrees(seen, truth(kind, loss)(seen.probe), Recipe(), _Unknowns())


def right_parts(series: Series, seen: Sequence[Observation], loss: LossName) -> dict[str, bool]:
    """Whether dW and db, or the loss, are right at every probe, each for itself; a probe without an answer is wrong."""
    names = ("loss",) if series.kind == "loss" else ("dW", "db")
    asked = [o for o in seen if counts(o)]
    return {name: all(_is_part_right(o, i, truth(series.kind, loss)) for o in asked) for i, name in enumerate(names)}


def _is_part_right(seen: Observation, i: int, right: Callable[[Probe], Blocks]) -> bool:
    return i < len(seen.given) and _block_agrees(seen, i, right(seen.probe)[i], Recipe(), _Unknowns())


def _prediction(kind: Kind) -> Callable[[Recipe, Probe], Blocks]:
    return predict_loss if kind == "loss" else predict_gradient


def explanation(series: Series, seen: Sequence[Observation], loss: LossName) -> Hypothesis | None:
    """The first hypothesis that reproduces every answer, with as few mistakes as will do, and at most three."""
    if sum(bool(o.given) for o in seen) < FEWEST_ANSWERS:
        return None
    few = chain(hypotheses(series.kind, loss), pairs(series.kind, loss))
    every = chain(few, triples(series.kind, loss, seen))
    return next((candidate for candidate in every if explains(candidate, series, seen)), None)


def explains(candidate: Hypothesis, series: Series, seen: Sequence[Observation]) -> bool:
    """Whether a hypothesis reproduces every answer within its rounding bound."""
    recipe, unknowns = candidate.recipe, _Unknowns()
    if recipe.residual in ("target", "minus-target"):
        # Xᵀ y keeps the type of integers: what it does to them is no second mistake
        seen = [o for o in seen if o.probe.kind != "integer"]
    if recipe.order.startswith("each"):
        # what whole parameters do to each of these steps is no second mistake
        seen = [o for o in seen if o.probe.kind != "integer"]
    if recipe.truncated == "input":
        return _explains_floats_only(recipe, series, seen, unknowns)
    if recipe.accumulated:
        seen = [o for o in seen if o.probe.features == seen[0].probe.features and o.probe.rows < LARGE[0]]
        if any(o.failure for o in seen if o.probe.kind != "integer"):
            return False
        if not all(_reproduces(recipe, series.kind, o, _Unknowns()) for o in increments(seen[:2])):
            return False  # most often so
        seen = increments(seen)
    return (
        all(_reproduces(recipe, series.kind, o, unknowns) for o in seen if counts(o))
        and sum(bool(o.given) for o in seen) >= FEWEST_ANSWERS
        and _unknowns_make_sense(recipe, unknowns)
        and _float32_shows(recipe, series.kind, seen)
    )


def _explains_floats_only(recipe: Recipe, series: Series, seen: Sequence[Observation], unknowns: _Unknowns) -> bool:
    """Right on the same numbers as floats, wrong as integers."""
    asked = [o for o in seen if counts(o)]
    floats = (o for o in asked if o.probe.kind != "integer")
    integers = (o for o in asked if o.probe.kind == "integer")
    return all(_reproduces(recipe, series.kind, o, unknowns) for o in floats) and not all(
        _reproduces(recipe, series.kind, o, unknowns) for o in integers
    )


def _reproduces(recipe: Recipe, kind: Kind, seen: Observation, unknowns: _Unknowns) -> bool:
    without = seen.failure is not None and seen.failure.key in ("not-finite", "raises")
    if without and "sign" in recipe.residual and exact_loss(seen.probe) == 0:
        return True  # r / |r| of a perfect fit
    try:
        blocks = _prediction(kind)(recipe, seen.probe)
    except DoesNotFit:
        return seen.failure is not None and seen.failure.key == "raises"
    return _agrees(seen, blocks, recipe, unknowns)


def _agrees(seen: Observation, blocks: Blocks, recipe: Recipe, unknowns: _Unknowns) -> bool:
    if len(seen.given) != len(blocks):
        return False
    return all(_block_agrees(seen, i, block, recipe, unknowns) for i, block in enumerate(blocks))


def _block_agrees(seen: Observation, i: int, block: Block, recipe: Recipe, unknowns: _Unknowns) -> bool:
    given = seen.given[i]
    if recipe.factor == "ones" and i == 0 and given.shape == () and block.value.ndim:
        block = _first_component(block)
    value = block.value
    if given.size == value.size == 1:  # of one feature, (1,) and () say the same
        given = given.reshape(value.shape)
    if value.ndim == 1 and given.shape == (len(value), 1):
        given = given.ravel()
    if given.shape != value.shape:
        return False
    bound = tolerance(block, seen.probe, _precision(seen, i, recipe)) + seen.rounded[i]
    if recipe.factor == "permuted" and value.ndim == 1:
        order = unknowns.order.setdefault(seen.probe.features, _order(given, value))
        value, bound = value[order], bound[order]
    if block.unknown is not None:
        if recipe.free == "difference" and 0 not in unknowns.value:
            bound = bound * 1e6  # h is not known yet: the smaller it is, the more is lost
        value, bound = _filled_in(given, value, bound, block.unknown, i, unknowns)
        if recipe.free == "difference":
            bound = bound * (1 + 8 / abs(unknowns.value[0] or 1.0))
    return bool((abs(given - value) <= bound).all())


def _first_component(block: Block) -> Block:
    """The block as a function returns it that has one number for all features."""
    return Block(block.value[0], block.size[0], None if block.unknown is None else block.unknown[0])


def _precision(seen: Observation, i: int, recipe: Recipe) -> str:
    """float32 where the recipe says so; small integers are exact there, so nothing is lost on them."""
    single = (recipe.single_weights, recipe.single_bias)[1 - i if recipe.swapped else i]
    return "float32" if single and seen.probe.kind != "small" else seen.precisions[i]


def _order(given: Floats, value: Floats) -> Any:
    """The permutation that gives `value` the ranks, by size, of `given`."""
    order = np.empty(len(given), dtype=np.int64)
    order[np.argsort(abs(given))] = np.argsort(abs(value))
    return order


def _filled_in(
    given: Floats, value: Floats, bound: Floats, unknown: Floats, i: int, unknowns: _Unknowns
) -> tuple[Floats, Floats]:
    """Prediction and bound with λ, which the first answer that depends on it gives."""
    if i not in unknowns.value and np.any(unknown):
        length = float(np.vdot(unknown, unknown))
        unknowns.value[i] = float(np.vdot(unknown, given - value)) / length
        unknowns.spread[i] = float(np.max(bound)) / math.sqrt(length)
    part = unknowns.value.get(i, 0.0) * unknown
    return value + part, bound + unknowns.spread.get(i, 0.0) * abs(unknown) + 1e-15 * abs(part)


def _unknowns_make_sense(recipe: Recipe, unknowns: _Unknowns) -> bool:
    """A penalty is told from none; a fixed number of rows is a whole number, the same for both blocks."""
    if recipe.free:
        return _is_one_constant(recipe, unknowns)
    if recipe.fixed_rows:
        rows = [1 / value for value in unknowns.value.values() if value > 0]
        return (
            len(rows) == 2 and round(rows[0]) >= FEWEST_ROWS and all(abs(n - round(rows[0])) < 1e-6 * n for n in rows)
        )
    return all(abs(value) > 100 * unknowns.spread[i] for i, value in unknowns.value.items())


def _is_one_constant(recipe: Recipe, unknowns: _Unknowns) -> bool:
    """Both blocks show the same number; a rate and an h are small, and a factor is not one that has a name."""
    if len(unknowns.value) != 2:
        return False
    first, second = unknowns.value[0], unknowns.value[1]
    if recipe.free == "factor" and any(abs(abs(first) - c) < 1e-9 for c in (0.25, 0.5, 1.0, 2.0, 4.0)):
        return False
    doubt = 2 * (unknowns.spread[0] + unknowns.spread[1]) + 1e-9 * abs(first)
    return abs(first - second) <= doubt < abs(first) / 10 and (recipe.free == "factor" or 0 < first <= 1)


def _float32_shows(recipe: Recipe, kind: Kind, seen: Sequence[Observation]) -> bool:
    """float32 loses digits at every probe with digits to lose; what is off at some of them only is something else.

    So is what was rounded to decimal places.
    """
    for i, single in enumerate((recipe.single_weights, recipe.single_bias)):
        for o in seen:
            if single and o.probe.kind == "generic" and o.probe.precision == "float64":
                if _is_decimal(_as_answered(o, i, kind)):
                    return False
                block = _prediction(kind)(recipe, o.probe)[i]
                if (abs(o.given[i] - block.value) <= tolerance(block, o.probe, "float64") + o.rounded[i]).all():
                    return False
    return True


def _as_answered(seen: Observation, i: int, kind: Kind) -> Floats:
    """A block as it was returned: of a step the new parameters, but for the last bits."""
    if kind != "step" or seen.given[i].shape not in ((), seen.probe.weights.shape):
        return seen.given[i]
    old = seen.probe.weights if seen.given[i].ndim else np.asarray(seen.probe.bias)
    return np.asarray(old - seen.probe.learning_rate * seen.given[i])


def _is_decimal(numbers: Floats) -> bool:
    """Whether all of them end after the same few decimal places, as what is computed in binary does not."""
    doubt = 1e-15 * (1 + abs(numbers))
    return any((abs(numbers - numbers.round(places)) <= doubt).all() for places in range(9))
