"""Tells whether a gradient written by hand is right, and if not, which mistake was made.

A function is asked at probes chosen so that mistakes differ there (`student`). Every known mistake, every two of them
together and every three that can be told apart (`separable`) predict an answer at each probe (`recipes`, `mistakes`).
A mistake is named only if it reproduces *all* answers within the bound of their rounding errors (`matching`); the
fewest mistakes that do so win. What nothing reproduces is "wrong, of no known kind". A function is right if the exact
gradient (`truth`) reproduces all its answers.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from handgrad.backends.signatures.arguments import FEATURES_FIRST, ONE_FEATURE
from handgrad.backends.signatures.kinds import Kind
from handgrad.backends.signatures.parts import Arrangement
from handgrad.backends.signatures.subjects import Found, described, is_trainer
from handgrad.compare.check.conventions import FACTORS, LACKING, LossChoice
from handgrad.compare.check.differences import are_differences
from handgrad.compare.check.evidence import evidence, smallest_detectable
from handgrad.compare.check.matching import explanation, is_right, is_right_at, right_parts
from handgrad.compare.check.observations import Observation, observe, refuses_integers, wholly_float32
from handgrad.compare.check.own_probe import own_probe
from handgrad.compare.check.sandbox.failures import GiveUp
from handgrad.compare.check.student.asking import Ask, Asked, ask_all, call_for, here
from handgrad.compare.check.student.forms import Series, every_series
from handgrad.compare.check.student.probes import IN_THE_HEAD
from handgrad.compare.check.student.process import TIME_LIMIT_SECONDS
from handgrad.compare.check.student.reading import arrangements, read, several
from handgrad.compare.check.student.sending import NotSent, sent
from handgrad.compare.check.student.shapes import shaped
from handgrad.compare.check.styles.finding import is_askable, made_of
from handgrad.compare.results.diagnosis import (
    CHANGES_INPUT,
    OTHER_ANSWERS,
    UNKNOWN,
    Assessment,
    LossName,
    Mistake,
    NoAnswer,
    failed,
)


def check(
    function: Callable[..., Any],
    kind: Kind | None = None,
    loss: LossChoice = None,
    integers: bool = False,
    seed: int = 0,
) -> Assessment:
    """Whether a gradient is right, or what is wrong with it.

    Args:
        function: `gradient(X, y, weights, bias)` returning (dW, db), with X (n, d), y (n,), weights (d,) and a number;
            or `step(X, y, weights, bias, learning_rate)` returning the new parameters; or `loss(X, y, weights,
            bias)`; or a subclass of `Trainer`. For one feature it may also take X (n,) and a number for the weights.
            Or what a file may define in place of these: a class with such a method or with `fit`, a function that
            trains.
        kind: Which of these it is; by default told by its parameters and its name.
        loss: Of which it should be the gradient; see `diagnose`.
        integers: Whether what wraps around on int32 or uint8 is a mistake, and not a note.
        seed: Of the numbers at which it is asked.

    It is called in this process; `check_apart` gives it one of its own.
    """
    return _checked(function, kind, here(function), loss, integers, seed)


def check_apart(
    function: Callable[..., Any],
    kind: Kind | None = None,
    loss: LossChoice = None,
    integers: bool = False,
    seed: int = 0,
    time_limit_seconds: float = TIME_LIMIT_SECONDS,
) -> Assessment:
    """What `check` finds, with the function in a process of its own, as a file has one.

    One that cannot be sent there is called in this process, which the assessment says (`called_here`).

    Raises:
        TypeError: If it cannot be called.
    """
    if not callable(function):
        raise TypeError(f"expected a function or a class, found {type(function).__name__}")
    try:
        with sent(function, time_limit_seconds) as dialogue:
            found = dialogue.witnessed(_checked(function, kind, dialogue.ask, loss, integers, seed))
            return replace(found, uses_handgrad=found.uses_handgrad and not is_trainer(function))
    except NotSent as problem:
        return replace(check(function, kind, loss, integers, seed), called_here=str(problem))
    except GiveUp as problem:
        return failed(described(function, kind=kind).name, problem.failure)


def _checked(
    function: Callable[..., Any], kind: Kind | None, ask: Ask, loss: LossChoice, integers: bool, seed: int
) -> Assessment:
    found = described(function, kind=kind)
    try:
        found = found if kind else of_kind(_in_its_style(function, found), ask)
        return diagnose(found, ask_all(ask, found, seed), loss, integers)
    except GiveUp as problem:
        return failed(found.name, problem.failure)


def _in_its_style(function: Callable[..., Any], found: Found) -> Found:
    """What is known of a class by its methods, and of a function that trains."""
    is_class = inspect.isclass(function) and not is_trainer(function)
    if not is_class and is_askable(found):
        return found
    made = made_of(function)
    if made is None and is_class:
        methods = [name for name, one in vars(function).items() if inspect.isfunction(one)]
        raise GiveUp(NoAnswer("nothing-to-check", given=", ".join(methods)))
    return found if made is None else made[0]


def of_kind(found: Found, ask: Ask) -> Found:
    """What is known of a function; one named after a loss, but which gives a pair, is that loss's gradient."""
    if found.kind == "loss":
        one = next(every_series(found))
        if several(ask(partial(call_for, one, one.calls()[0], found)), "loss"):
            return replace(found, kind="gradient")
    return found


def diagnose(found: Found, asked: Sequence[Asked], loss: LossChoice = None, integers: bool = False) -> Assessment:
    """What is found in the answers of a function, asked in one or more forms.

    What `loss` declares decides. Where nothing is declared, it is judged by the mean squared error, and said if it is
    the right gradient of another loss; under "any", that is right.

    Every form of a trainer counts. Of a function's, the first decides if it explains itself, else the best of those
    that have an answer everywhere: a function for one feature fails on the others.
    """
    if found.kind == "trainer":
        every = [_in_convention(one, found.name, loss, integers) for one in asked]
        return next((assessment for assessment in every if not assessment.correct), every[0])
    if found.from_predictions:
        loss = "mse"
    if found.trains:
        return _trained(found, asked, loss, integers)
    first = _best_reading(found, asked[0], loss, integers)
    if first.correct or not (first.unanswered or asked[0].series.theta or asked[0].has_gaps):
        return first
    if (right := _right_form(found, asked[1:], loss, integers)) is not None:
        return min((first, right), key=_doubt)
    others = [_best_reading(found, one, loss, integers) for one in asked[1:] if one.is_whole and not one.has_gaps]
    every = [other for other in others if not other.unanswered]
    return min(every if every and asked[0].has_gaps else (first, *every), key=_doubt)


def _right_form(found: Found, asked: Sequence[Asked], loss: LossChoice, integers: bool) -> Assessment | None:
    """What is found in the first form in which all is right: to explain what is wrong in others takes long."""
    for one in asked:
        for arrangement in arrangements(found, one.series, one.answers) if one.is_whole else ():
            read_so = _read(one, arrangement)
            if any(_is_right_for(read_so, by, integers) for by in (FACTORS if loss in (None, "any") else (loss,))):
                return _best_reading(found, one, loss, integers, arrangement)
    return None


def _is_right_for(asked: Asked, loss: Any, integers: bool) -> bool:
    seen = observe(asked.series, asked.answers, loss)
    return is_right(asked.series, [replace(o, excused=o.probe.wraps and not integers) for o in seen], loss)


def _trained(found: Found, asked: Sequence[Asked], loss: LossChoice, integers: bool) -> Assessment:
    """What is found in the steps of a training run; what no mistake explains may have another reason than a mistake."""
    best = min((_best_reading(found, one, loss, integers) for one in asked), key=_doubt)
    if best.right_for is None and best.keys[:1] in ((UNKNOWN,), (OTHER_ANSWERS,)):
        return failed(found.name, NoAnswer("not-one-step"))
    return replace(best, trains=True)


def _doubt(assessment: Assessment) -> int:
    """How little an assessment says: least where all is right, most where there is no answer."""
    if assessment.correct:
        return 0
    if assessment.right_for is not None:
        return 1
    return 4 if assessment.unanswered else 3 if assessment.keys[0] in (UNKNOWN, OTHER_ANSWERS) else 2


def _best_reading(
    found: Found, asked: Asked, loss: LossChoice, integers: bool, only: Arrangement | None = None
) -> Assessment:
    """What is found in the answers in one form, their parts taken for what makes most sense."""
    series, answers, readings = asked.series, asked.answers, []
    for arrangement in arrangements(found, series, answers) if only is None else (only,):
        told = _loss_among(asked, arrangement) if loss is None and series.kind == "gradient" else None
        assessment = _in_convention(_read(asked, arrangement), found.name, told or loss, integers)
        if told is not None:
            assessment = replace(assessment, loss_origin="beside")
        named = series.roles if series.known != "order" or series.theta else ()
        readings.append(replace(assessment, arguments=named, theta=series.theta))
    best = min(readings, key=_doubt)
    if len(readings) > 1 and best.keys[:1] == (UNKNOWN,) and len(answers[0].blocks) > 2:
        wanted = "(weights, bias)" if series.kind == "step" else "(dW, db)"
        return failed(found.name, NoAnswer("no-pair-of-values", str(len(answers[0].blocks)), wanted))
    return best


def _read(asked: Asked, arrangement: Arrangement) -> Asked:
    """The answers as dW and db, or as the loss."""
    series, small = asked.series, asked.in_the_head
    answers = tuple(read(a, arrangement, series, p) for a, p in zip(asked.answers, series.calls(), strict=True))
    own = None if small is None or small.failure is not None else read(small, arrangement, series, IN_THE_HEAD)
    return replace(asked, answers=answers, in_the_head=own)


def _loss_among(asked: Asked, arrangement: Arrangement) -> LossName | None:
    """The loss that comes along with dW and db, or with θ's gradient, where it is one of them at every probe."""
    counts = {len(a.blocks) for a in asked.answers if a.failure is None}
    others = set(range(max(counts, default=0))) - {arrangement.weights, arrangement.bias}
    if len(others) != 1 or len(counts) != 1:
        return None
    (index,) = others
    series = replace(asked.series, kind="loss")
    answers = [a if a.failure else replace(a, blocks=(shaped(a.blocks[index], ()),)) for a in asked.answers]
    for loss in FACTORS:
        seen = [replace(o, excused=o.probe.kind == "integer") for o in observe(series, answers, loss)]
        if is_right(series, seen, loss):
            return loss
    return None


def _in_convention(asked: Asked, subject: str, loss: LossChoice, integers: bool) -> Assessment:
    if loss is not None and loss != "any":
        return replace(_assessment(asked, subject, loss, integers), loss_origin="declared")
    assumed = _assessment(asked, subject, "mse", integers)
    right = None if assumed.correct else _right_for_another(asked, subject, integers)
    if right is None:
        return assumed if loss == "any" else replace(assumed, fewer_for=_fewer_mistakes(assumed))
    return right if loss == "any" else replace(assumed, right_for=right.loss)


def _fewer_mistakes(assumed: Assessment) -> LossName | None:
    """Another loss, for which one of these mistakes is none, and something is left."""
    everywhere = {mistake.key for mistake in assumed.mistakes if not mistake.block}
    kept = (loss for loss, lacking in LACKING.items() if lacking <= everywhere and len(lacking) < len(assumed.mistakes))
    return next(kept, None)


def _right_for_another(asked: Asked, subject: str, integers: bool) -> Assessment | None:
    """What is found for the loss of which these are the right answers, if there is one."""
    for loss in FACTORS:
        if _is_right_for(asked, loss, integers):
            found = _assessment(asked, subject, loss, integers)
            return found if found.correct else None
    return None


def _assessment(asked: Asked, subject: str, loss: LossName, integers: bool) -> Assessment:
    series, answers = asked.series, asked.answers
    seen = observe(series, answers, loss)
    changed = tuple(dict.fromkeys(name for answer in answers for name in answer.changed))
    known = Assessment(
        (subject,),
        calls=len(seen),
        smallest_detectable=smallest_detectable(series, seen, loss),
        float32=wholly_float32(series, answers, loss),
        one_feature=series.form in ONE_FEATURE,
        features_first=series.form in FEATURES_FIRST,
        refused_types=tuple(sorted({str(o.probe.X.dtype) for o in seen if refuses_integers(o)})),
        loss=loss,
    )
    if not integers:
        excused = [replace(o, excused=o.probe.wraps) for o in seen]
        wrapped = {str(o.probe.X.dtype) for o in seen if o.probe.wraps and not is_right_at(o, series.kind, loss)}
        known, seen = replace(known, wrapped_types=tuple(sorted(wrapped - set(known.refused_types)))), excused
    known = replace(known, parts=right_parts(series, seen, loss))
    if is_right(series, seen, loss):
        return replace(known, mistakes=_change(changed))
    return _wrong(known, asked, seen, changed)


def _wrong(known: Assessment, asked: Asked, seen: Sequence[Observation], changed: tuple[str, ...]) -> Assessment:
    series = asked.series
    found = explanation(series, seen, known.loss)
    mistakes = (_without_a_recipe(series, seen),) if found is None else (*found.made(), *_change(changed))
    way = own_probe(asked, None if found is None else found.recipe, known.loss)
    wrong = replace(known, mistakes=mistakes, evidence=evidence(series, seen, known.loss), own_probe=way)
    if found is not None or not any(o.failure and o.probe.kind != "integer" for o in seen):
        return wrong
    first = next(o for o in seen if not o.excused and not is_right_at(o, series.kind, known.loss))
    if first.failure:
        return failed(known.subjects[0], first.failure, known.smallest_detectable)
    return replace(wrong, unanswered=True)


def _without_a_recipe(series: Series, seen: Sequence[Observation]) -> Mistake:
    """What no recipe explains: other answers to the same question, the noise of differences, or nothing known."""
    if series.kind == "gradient" and are_differences(seen):
        return Mistake("numerical-noise")
    differ = any(
        before.probe is after.probe and not all(map(np.array_equal, before.given, after.given))
        for before, after in pairwise(seen)
        if before.given and after.given
    )
    return Mistake(OTHER_ANSWERS if differ else UNKNOWN)


def _change(changed: tuple[str, ...]) -> tuple[Mistake, ...]:
    """The mistake of changing arguments, where that is so."""
    return (Mistake(CHANGES_INPUT, arguments=changed),) if changed else ()
