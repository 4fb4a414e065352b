"""Tells whether a gradient written by hand is right, and if not, which mistake was made.

A function is asked at probes chosen so that mistakes differ there (`probes`). Every known mistake, and every two of
them together, predicts an answer at each probe (`recipes`, `mistakes`). A mistake is named only if it reproduces *all*
answers within the bound of their rounding errors; the fewest mistakes that do so win. What nothing reproduces is
"wrong, of no known kind". A function is right if the exact gradient reproduces all its answers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np

from handgrad.compare.check.diagnosis import Diagnosis, Evidence, failed, right, wrong
from handgrad.compare.check.mistakes import Hypothesis, Kind, hypotheses, pairs
from handgrad.compare.check.probes import UNIT_ROUNDOFF, Floats, Probe, rounding
from handgrad.compare.check.recipes import (
    Block,
    DoesNotFit,
    Recipe,
    predict_gradient,
    predict_loss,
    right_gradient,
    right_loss,
    tolerance,
)
from handgrad.compare.check.student import Answer, Failure, NoUseAsking, Series, ask_all, collect, failure_of, kind_of

__all__ = ["Diagnosis", "check", "diagnose"]

Blocks = tuple[Block, ...]

#: Components of dW that stand in the evidence for one probe: those that are off most.
SHOWN_COMPONENTS = 3

#: The note on a right function that cannot take X (n, d).
ONE_FEATURE = "It takes one feature only, X as (n,) and the weight as a number."

#: Answers that a mistake must reproduce; that a function raises an error elsewhere is no evidence by itself.
FEWEST_ANSWERS = 2


def check(function: Callable[..., Any], kind: Kind | None = None) -> Diagnosis:
    """Whether a gradient is right, or what is wrong with it.

    Args:
        function: `gradient(X, y, weights, bias)` returning (dW, db), with X (n, d), y (n,), weights (d,) and a number;
            or `step(X, y, weights, bias, learning_rate)` returning the new parameters; or `loss(X, y, weights,
            bias)`; or a subclass of `Trainer`. For one feature it may also take X (n,) and a number for the weights.
        kind: Which of these it is; by default told by its parameters and its name.

    It is called in this process; `check_file` gives a file a process of its own.
    """
    kind = kind or kind_of(function)
    name = getattr(function, "__name__", type(function).__name__)
    try:
        return diagnose(collect(kind, ask_all(lambda: function, kind)), name)
    except NoUseAsking as problem:
        return failed(name, problem.failure)


def diagnose(asked: Sequence[tuple[Series, Sequence[Answer]]], subject: str) -> Diagnosis:
    """The verdict on what a function answered, in one or more forms of its arguments.

    Every series of a trainer counts. Of a function's, the first decides if it explains itself, else the first that
    has an answer everywhere: a function for one feature fails on the others.
    """
    verdicts = [_verdict(series, answers, subject) for series, answers in asked]
    first = verdicts[0]
    if asked[0][0].form == "trainer":
        return next((verdict for verdict in verdicts if not verdict.correct), first)
    if not first.failed:
        return first
    return next((verdict for verdict in verdicts[1:] if not verdict.failed), first)


@dataclass(frozen=True, eq=False)
class Observation:
    """What came back from one call, as a gradient or a loss, however it was given.

    Attributes:
        probe: Where.
        given: dW and db, or the loss; empty where there was no answer.
        rounded: What turning parameters into a gradient may have added, per block.
        precisions: In which format each block may have been computed.
        failure: Why there is no answer of the right shape.
    """

    probe: Probe
    given: tuple[Floats, ...]
    rounded: tuple[Any, ...]
    precisions: tuple[str, ...]
    failure: Failure | None


@dataclass
class _Unknowns:
    """What a hypothesis leaves open, filled in by the first answers: λ per block, the order of features per d."""

    value: dict[int, float] = field(default_factory=dict)
    spread: dict[int, float] = field(default_factory=dict)
    order: dict[int, Any] = field(default_factory=dict)


def _verdict(series: Series, answers: Sequence[Answer], subject: str) -> Diagnosis:
    single = _wholly_float32(series, answers)
    seen = [_observe(p, a, series.kind, single) for p, a in zip(series.calls(), answers, strict=True)]
    changed = tuple(dict.fromkeys(name for answer in answers for name in answer.changed))
    smallest = smallest_detectable(series, seen)
    notes = _notes(series, seen, single)
    if _is_right(series, seen):
        return right(subject, len(seen), smallest, notes, changed)
    found = _explanation(series, seen)
    numbers = wrong(subject, series.kind, found, _evidence(series, seen), smallest, changed)
    if found is not None or not any(o.failure and o.probe.kind != "integer" for o in seen):
        return numbers
    first = next(o for o in seen if not _agrees(o, _truth(series.kind)(o.probe), Recipe(), _Unknowns()))
    return failed(subject, first.failure, smallest) if first.failure else replace(numbers, failed=True)


# -- what was seen ---------------------------------------------------------------------------------------------------


def _observe(probe: Probe, answer: Answer, kind: Kind, single: bool) -> Observation:
    failure = failure_of(answer, probe, kind)
    precision = "float32" if single or probe.precision == "float32" else "float64"
    precisions = (precision,) * len(answer.blocks)
    if kind != "step" or failure is not None:
        return Observation(probe, answer.blocks if kind != "step" else (), (0.0,) * 2, precisions, failure)
    before = (probe.weights.astype(np.float64), np.array(float(probe.bias)))
    steps = zip(before, answer.blocks, strict=True)
    given = tuple((old - new) / probe.learning_rate for old, new in steps)
    unit = 2 * UNIT_ROUNDOFF[precision] / probe.learning_rate
    rounded = tuple(unit * (abs(old) + abs(new)) for old, new in zip(before, answer.blocks, strict=True))
    return Observation(probe, given, rounded, precisions, None)


def _wholly_float32(series: Series, answers: Sequence[Answer]) -> bool:
    """Whether this is an implementation in float32, and says so, rather than one that loses digits on the way.

    For float64 data it returns float32 (or a plain number that is one), and its residuals are float32's, too: where y
    is a million times as large as they are, the answer is further off than float32 sums of exact residuals could be.
    """
    calls = [(p, a) for p, a in zip(series.calls(), answers, strict=True) if a.failure is None]
    doubles = [(p, a) for p, a in calls if p.precision == "float64" and p.kind != "integer"]
    if not doubles or not all(_is_float32(answer) for _, answer in doubles):
        return False
    if series.kind != "gradient":
        return True
    return all(_residuals_are_float32(p, a) for p, a in doubles if p.kind == "fitted")


def _is_float32(answer: Answer) -> bool:
    return "float32" in answer.types and all((np.float32(b) == b).all() for b in answer.blocks)


def _residuals_are_float32(probe: Probe, answer: Answer) -> bool:
    residual = abs(probe.X @ probe.weights + probe.bias - probe.y)
    sums = 2 / probe.rows * (abs(probe.X).T @ residual), 2 / probe.rows * residual.sum()
    return any(
        block.shape == truth.shape and bool((abs(block - truth) > rounding(probe, "float32") * size).any())
        for block, truth, size in zip(answer.blocks, probe.gradient, sums, strict=True)
    )


# -- what explains it ------------------------------------------------------------------------------------------------


def _is_right(series: Series, seen: Sequence[Observation]) -> bool:
    """Whether the truth reproduces every answer; refusing integers with an error is no wrong answer."""
    truth = _truth(series.kind)
    asked = [o for o in seen if not _refuses_integers(o)]
    return all(_agrees(o, truth(o.probe), Recipe(), _Unknowns()) for o in asked)


def _refuses_integers(seen: Observation) -> bool:
    return seen.probe.kind == "integer" and seen.failure is not None and seen.failure.id == "raises"


def _truth(kind: Kind) -> Callable[[Probe], Blocks]:
    return right_loss if kind == "loss" else right_gradient


def _prediction(kind: Kind) -> Callable[[Recipe, Probe], Blocks]:
    return predict_loss if kind == "loss" else predict_gradient


def _explanation(series: Series, seen: Sequence[Observation]) -> Hypothesis | None:
    """The first hypothesis that reproduces every answer, with one mistake if one will do."""
    for candidates in (hypotheses(series.kind), pairs(series.kind)):
        for candidate in candidates:
            if explains(candidate, series, seen):
                return candidate
    return None


def explains(candidate: Hypothesis, series: Series, seen: Sequence[Observation]) -> bool:
    """Whether a hypothesis reproduces every answer within its rounding bound."""
    recipe, unknowns = candidate.recipe, _Unknowns()
    if recipe.residual in (
        "target",
        "minus-target",
    ):  # Xᵀ y keeps the type of integers: what it does to them is no second mistake
        seen = [o for o in seen if o.probe.kind != "integer"]
    if recipe.truncated == "input":
        return _explains_floats_only(recipe, series, seen, unknowns)
    if recipe.accumulated:
        seen = seen[: series.first_group()]
        if any(o.failure for o in seen if o.probe.kind != "integer"):
            return False
        seen = _increments(seen)
    return (
        sum(bool(o.given) for o in seen) >= FEWEST_ANSWERS
        and all(_reproduces(recipe, series.kind, o, unknowns) for o in seen if not _refuses_integers(o))
        and _unknowns_make_sense(recipe, unknowns)
        and _float32_shows(recipe, series.kind, seen)
    )


def _explains_floats_only(recipe: Recipe, series: Series, seen: Sequence[Observation], unknowns: _Unknowns) -> bool:
    """Right on the same numbers as floats, wrong as integers."""
    asked = [o for o in seen if not _refuses_integers(o)]
    floats = (o for o in asked if o.probe.kind != "integer")
    integers = (o for o in asked if o.probe.kind == "integer")
    return all(_reproduces(recipe, series.kind, o, unknowns) for o in floats) and not all(
        _reproduces(recipe, series.kind, o, unknowns) for o in integers
    )


def _reproduces(recipe: Recipe, kind: Kind, seen: Observation, unknowns: _Unknowns) -> bool:
    if seen.failure is not None and recipe.residual in ("sign", "twice-sign") and seen.probe.loss == 0:
        return seen.failure.id in ("not-finite", "raises")  # r / |r| of a perfect fit
    try:
        blocks = _prediction(kind)(recipe, seen.probe)
    except DoesNotFit:
        return seen.failure is not None and seen.failure.id == "raises"
    return _agrees(seen, blocks, recipe, unknowns)


def _agrees(seen: Observation, blocks: Blocks, recipe: Recipe, unknowns: _Unknowns) -> bool:
    if len(seen.given) != len(blocks):
        return False
    return all(_block_agrees(seen, i, block, recipe, unknowns) for i, block in enumerate(blocks))


def _block_agrees(seen: Observation, i: int, block: Block, recipe: Recipe, unknowns: _Unknowns) -> bool:
    given = seen.given[i]
    if recipe.factor == "ones" and i == 0 and given.shape == ():
        block = _first_component(block)
    value = block.value
    if given.size == value.size == 1:  # of one feature, (1,) and () say the same
        given = given.reshape(value.shape)
    if given.shape != value.shape:
        return False
    bound = tolerance(block, seen.probe, _precision(seen, i, recipe)) + seen.rounded[i]
    if recipe.factor == "permuted" and value.ndim == 1:
        order = unknowns.order.setdefault(seen.probe.features, _order(given, value))
        value, bound = value[order], bound[order]
    if block.unknown is not None:
        value, bound = _filled_in(given, value, bound, block.unknown, i, unknowns)
    return bool((abs(given - value) <= bound).all())


def _first_component(block: Block) -> Block:
    """The block as a function returns it that has one number for all features."""
    return Block(block.value[0], block.size[0], None if block.unknown is None else block.unknown[0])


def _precision(seen: Observation, i: int, recipe: Recipe) -> str:
    """float32 where the recipe says so; small integers are exact there, so nothing is lost on them."""
    single = (recipe.single_weights, recipe.single_bias)[i]
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
    if recipe.fixed_rows:
        rows = [1 / value for value in unknowns.value.values() if value > 0]
        return len(rows) == 2 and round(rows[0]) >= 3 and all(abs(n - round(rows[0])) < 1e-6 * n for n in rows)
    return all(abs(value) > 100 * unknowns.spread[i] for i, value in unknowns.value.items())


def _float32_shows(recipe: Recipe, kind: Kind, seen: Sequence[Observation]) -> bool:
    """float32 loses digits at every probe with digits to lose; what is off at some of them only is something else."""
    for i, single in enumerate((recipe.single_weights, recipe.single_bias)):
        for o in seen:
            if single and o.probe.kind == "generic" and o.probe.precision == "float64":
                block = _prediction(kind)(recipe, o.probe)[i]
                if (abs(o.given[i] - block.value) <= tolerance(block, o.probe, "float64") + o.rounded[i]).all():
                    return False
    return True


def _increments(seen: Sequence[Observation]) -> list[Observation]:
    """What each call added to the answer of the one before."""
    return [_increment(before, after) for before, after in pairwise(seen) if before.given and after.given]


def _increment(before: Observation, after: Observation) -> Observation:
    unit = UNIT_ROUNDOFF[after.precisions[0]]
    blocks = list(zip(before.given, after.given, strict=True))
    same = all(old.shape == new.shape for old, new in blocks)
    given = tuple(new - old for old, new in blocks) if same else ()
    rounded = tuple(
        r + 4 * unit * (abs(old) + abs(new)) if same else 0.0
        for r, (old, new) in zip(after.rounded, blocks, strict=False)
    )
    return Observation(after.probe, given, rounded, after.precisions, after.failure)


# -- what is said about it -------------------------------------------------------------------------------------------


def smallest_detectable(series: Series, seen: Sequence[Observation]) -> float:
    """The relative error of one component that is surely seen: at every probe, wrong and right lie 2 bounds apart.

    Of each component at the probes of the first group, the smallest; of these, that of the worst component.
    """
    ratios = []
    for o in seen[: series.first_group()]:
        if o.probe.kind == "generic" and o.probe.precision == "float64":
            precisions = o.precisions or ("float64",) * 2
            bounds = [
                np.atleast_1d(2 * tolerance(block, o.probe, precision) / abs(block.value))
                for block, precision in zip(_truth(series.kind)(o.probe), precisions, strict=False)
            ]
            ratios.append(np.concatenate(bounds))
    return float(np.min(ratios, axis=0).max())


def _notes(series: Series, seen: Sequence[Observation], single: bool) -> tuple[str, ...]:
    notes = []
    if single:
        notes.append("It computes in float32, and is right within float32's rounding errors.")
    if series.form in ("flat", "numbers"):
        notes.append(ONE_FEATURE)
    refused = sorted({str(o.probe.X.dtype) for o in seen if _refuses_integers(o)})
    if refused:
        notes.append(f"It raises an error when X is of type {', '.join(refused)}.")
    return tuple(notes)


def _evidence(series: Series, seen: Sequence[Observation]) -> tuple[Evidence, ...]:
    """All components at the first probe where the answer is wrong, and at one with another number of rows."""
    truth = _truth(series.kind)
    off = [o for o in seen if not _agrees(o, truth(o.probe), Recipe(), _Unknowns())]
    shown = [o for o in off if o.failure is None and o.given]
    if not shown:
        return ()
    worst = max(shown[1:], key=lambda o: _excess(o, truth(o.probe)), default=shown[0])
    other = next((o for o in shown if o.probe.rows != shown[0].probe.rows), worst)
    return tuple(row for o in dict.fromkeys((shown[0], other)) for row in _rows(o, truth(o.probe), series.kind))


def _excess(seen: Observation, truth: Blocks) -> float:
    return max(float(np.max(abs(g - b.value) / b.size)) for g, b in zip(seen.given, truth, strict=True))


def _rows(seen: Observation, truth: Blocks, kind: Kind) -> list[Evidence]:
    names = ("loss",) if kind == "loss" else ("dW", "db")
    rows = []
    for name, given, block in zip(names, seen.given, truth, strict=True):
        off = abs(given - block.value) / block.size
        for j in sorted(np.argsort(-off.ravel())[:SHOWN_COMPONENTS].tolist()):
            part = f"{name}[{j}]" if given.shape else name
            rows.append(Evidence(f"{part}, {seen.probe.name}", float(given.flat[j]), float(block.value.flat[j])))
    return rows
