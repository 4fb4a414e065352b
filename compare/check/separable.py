"""Three mistakes at once, where each can be told from the others.

All triples are too many to try. But a factor, such as a sign or a 2 that is missing, only multiplies dW or db; so the
other mistakes, the core, predict an answer up to two factors, and one probe tells these. Where two triples would be
the same function, none of them is named. Lost digits and whole numbers are no part of three.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import NamedTuple

import numpy as np

from handgrad.backends.signatures.kinds import Kind
from handgrad.compare.check.mistakes import Hypothesis, MistakeForm, combined, hypotheses, together
from handgrad.compare.check.observations import Observation, increments
from handgrad.compare.check.operands import DoesNotFit
from handgrad.compare.check.recipes import Block, Recipe, Scale, predict_gradient
from handgrad.compare.check.student.probes import Floats
from handgrad.compare.results.diagnosis import LossName

#: How near two numbers are for a first look; whoever is let through is held against every answer.
NEAR = 1e-6
#: Mistakes that are no part of three.
_ALONE = {"integers", "float32-accumulation", "broadcast-residual", "always-zero", "one-after-the-other"}
_SCALES = {"scale_weights", "scale_bias"}


class _Factors(NamedTuple):
    """Mistakes that only multiply, and by what: dW and db."""

    forms: tuple[MistakeForm, ...]
    weights: Scale
    bias: Scale


@dataclass(frozen=True)
class _Core:
    """Mistakes that do more than multiply, and the recipe that has them alone."""

    forms: tuple[MistakeForm, ...]
    recipe: Recipe


def triples(kind: Kind, loss: LossName, seen: Sequence[Observation]) -> Iterator[Hypothesis]:
    """Every three mistakes that can be made together and fit one of the answers."""
    if kind == "loss":
        forms = [hypothesis.forms[0] for hypothesis in hypotheses(kind, loss)]
        yield from (combined(loss, *three) for three in combinations(forms, 3) if _all_together(three))
        return
    asked = {grown: _first_full(increments(seen) if grown else seen) for grown in (False, True)}
    for core in _cores(kind, loss):
        observation = asked[core.recipe.accumulated]
        if observation is not None:
            every = ((*core.forms, *factors.forms) for factors in _fitting(core, loss, observation))
            yield from (combined(loss, *forms) for forms in every if _all_together(forms))


def _all_together(forms: Sequence[MistakeForm]) -> bool:
    return all(together(a, b) for a, b in combinations(forms, 2))


def _first_full(seen: Sequence[Observation]) -> Observation | None:
    """The first answer to real numbers."""
    generic = (o for o in seen if o.probe.kind == "generic" and o.probe.precision == "float64")
    return next((o for o in generic if len(o.given) == 2), None)


@cache
def _cores(kind: Kind, loss: LossName) -> tuple[_Core, ...]:
    """Up to three mistakes that do more than multiply."""
    forms = [form for form in _usable(kind, loss) if not _multiplies(form)]
    many = (cores for size in range(4) for cores in combinations(forms, size))
    return tuple(_Core(core, combined(loss, *core).recipe) for core in many if _all_together(core))


@cache
def _factors(kind: Kind, loss: LossName, count: int) -> tuple[_Factors, ...]:
    """That many mistakes that multiply, of those that no others of at most as many equal."""
    forms = [form for form in _usable(kind, loss) if _multiplies(form)]
    every = [_multiplied(many) for size in range(count + 1) for many in combinations(forms, size)]
    alike = Counter((one.weights, one.bias) for one in every if _all_together(one.forms))
    return tuple(
        one
        for one in every
        if len(one.forms) == count and _all_together(one.forms) and alike[one.weights, one.bias] == 1
    )


def _usable(kind: Kind, loss: LossName) -> list[MistakeForm]:
    """One form for each way to go wrong that is told from the others in company, too."""
    forms = [hypothesis.forms[0] for hypothesis in hypotheses(kind, loss)]
    return [form for form in forms if form.mistake not in _ALONE and "free" not in form.switches and _is_clear(form)]


def _is_clear(form: MistakeForm) -> bool:
    """Whether it has no factor of 0, and none of rows that only a trainer knows."""
    scales = [value for value in form.switches.values() if isinstance(value, Scale)]
    return all(scale.constant != 0 and scale.total == 0 for scale in scales)


def _multiplies(form: MistakeForm) -> bool:
    return set(form.switches) <= _SCALES


def _multiplied(forms: tuple[MistakeForm, ...]) -> _Factors:
    products = {name: Scale() for name in sorted(_SCALES)}
    for form in forms:
        for name, scale in form.switches.items():
            products[name] = products[name] * scale
    return _Factors(forms, products["scale_weights"], products["scale_bias"])


def _fitting(core: _Core, loss: LossName, seen: Observation) -> Iterator[_Factors]:
    """The factors that make three with the core, and its prediction the answer."""
    try:
        blocks = predict_gradient(core.recipe, seen.probe)
    except DoesNotFit:
        return
    pairs = list(zip(seen.given, blocks, strict=True))
    pairs = pairs[::-1] if core.recipe.swapped else pairs
    fits = [_fit(core.recipe, i, given, block) for i, (given, block) in enumerate(pairs)]
    if any(fit is None for fit in fits):
        return
    kind: Kind = "step" if core.recipe.order != "together" else "gradient"
    for factors in _factors(kind, loss, 3 - len(core.forms)):
        if all(fit is not None and fit(s.at(seen.probe)) for fit, s in zip(fits, factors[1:], strict=True)):
            yield factors


def _fit(recipe: Recipe, i: int, given: Floats, block: Block) -> Callable[[float], bool] | None:
    """What tells whether a factor makes the block what was given; None where no factor does."""
    if block.unknown is not None or recipe.order == ("bias-first", "weights-first")[i]:
        return lambda factor: True  # not known before the rest is
    given, value = np.ravel(given), np.ravel(block.value)
    if recipe.factor == "ones" and i == 0 and given.size == 1:
        value = value[:1]
    if given.size != value.size:
        return None
    if recipe.factor == "permuted":
        given, value = np.sort(abs(given)), np.sort(abs(value))
        return lambda factor: _near(given, abs(factor) * value)
    ratio = float(np.vdot(given, value) / np.vdot(value, value)) if value.any() else 0.0
    return (lambda factor: abs(ratio - factor) <= NEAR * abs(factor)) if _near(given, ratio * value) else None


def _near(given: Floats, value: Floats) -> bool:
    return bool((abs(given - value) <= NEAR * np.max(abs(value))).all())
