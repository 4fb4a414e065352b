"""Asks a student's function at every probe, each time with arguments of its own."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.backends.interface import Parameters, Plan, Trainer
from handgrad.compare.check.student.answers import Answer, answer_of, failure_of
from handgrad.compare.check.student.failures import GiveUp, failure_from
from handgrad.compare.check.student.forms import Kind, Series, series
from handgrad.compare.check.student.probes import Probe
from handgrad.compare.results.diagnosis import NoAnswer

#: Failures after which nothing more is asked.
HOPELESS = ("ends-program", "reads-input", "recursion", "memory")


def ask_all(fresh: Callable[[], Callable[..., Any]], kind: Kind) -> Iterator[tuple[int, Answer]]:
    """The answers, each with the number of its form; those in the other forms only after the first one failed.

    `fresh` gives the function for each form anew, so that what it remembers of one form is not taken into the next.

    Raises:
        GiveUp: When it failed in a way in which it will again.
    """
    for number, one in enumerate(series(kind)):
        function = fresh()
        answers = []
        for probe in one.calls():
            answers.append(ask(function, one, probe))
            _give_up_on(answers[-1].failure)
            yield number, answers[-1]
        if number == 0 and kind != "trainer" and not _failed(one, answers):
            return


def _give_up_on(failure: NoAnswer | None) -> None:
    if failure is not None and failure.cause in HOPELESS:
        raise GiveUp(failure)


def collect(kind: Kind, answers: Iterable[tuple[int, Answer]]) -> list[tuple[Series, list[Answer]]]:
    """The answers of each form that was tried."""
    asked: dict[int, list[Answer]] = {}
    for number, answer in answers:
        asked.setdefault(number, []).append(answer)
    forms = series(kind)
    return [(forms[number], given) for number, given in asked.items()]


def _failed(one: Series, answers: Sequence[Answer]) -> bool:
    """Whether some float probe got no answer of the right shape."""
    return any(
        failure_of(answer, probe, one.kind) is not None
        for probe, answer in zip(one.calls(), answers, strict=True)
        if probe.kind != "integer"
    )


def ask(function: Callable[..., Any], one: Series, probe: Probe) -> Answer:
    """One call, with arguments of its own."""
    arguments = _arguments(one, probe)
    before = _arguments(one, probe)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            returned = _call(function, one, arguments)
    except (Exception, SystemExit) as error:  # whatever a student's code raises is its answer
        return Answer(failure=failure_from(error, error.__traceback__, asked_by=__file__))
    answer = answer_of(returned, probe, one.kind)
    return replace(answer, changed=_changed(before, arguments))


def _call(function: Callable[..., Any], one: Series, arguments: dict[str, Any]) -> Any:
    if one.form != "trainer":
        return function(*arguments.values())
    probe = arguments.pop("probe")
    return _trained(function, one.kind, probe, **arguments)


def _trained(trainer_class: Callable[..., Trainer], kind: Kind, probe: Probe, X: Any, y: Any) -> Any:
    """A trainer's gradient over all its rows, or over a batch; or its parameters after one epoch."""
    trainer = trainer_class(X, y, probe.precision)
    if kind == "step":
        start = Parameters(probe.weights.copy(), probe.bias)
        plan = Plan(probe.learning_rate, epochs=1, start=start, dtype=probe.precision)
        training = trainer.train(plan)
        return training.weights, training.bias
    if probe.total is None:
        return trainer.gradient_at(probe.weights.copy(), probe.bias)[1:]
    batch = trainer.take(*trainer.data, np.arange(probe.rows))
    own = trainer.to_own(probe.weights.copy(), probe.bias)
    return trainer.to_numpy(*trainer.gradient(*batch, *own)[1:])


def _arguments(one: Series, probe: Probe) -> dict[str, Any]:
    """By name and in order; new arrays or lists each time."""
    X, y, weights = probe.X.copy(), probe.y.copy(), probe.weights.copy()
    if one.form == "trainer":
        return {"X": _all_rows(X, probe), "y": _all_rows(y, probe), "probe": probe}
    if one.form in ("flat", "numbers"):
        X, weights = X[:, 0].copy(), weights[0].item()
    arguments = {"X": X, "y": y, "weights": weights, "bias": probe.bias}
    if one.form in ("rows", "numbers"):
        arguments = {name: np.asarray(value).tolist() for name, value in arguments.items()}
    return arguments | ({"learning_rate": probe.learning_rate} if one.kind == "step" else {})


def _all_rows(array: NDArray[Any], probe: Probe) -> NDArray[Any]:
    """The batch's rows first, then others, up to the whole data."""
    if probe.total is None:
        return array
    return np.concatenate([array, array[: probe.total - probe.rows] + 1])


def _changed(before: dict[str, Any], after: dict[str, Any]) -> tuple[str, ...]:
    return tuple(name for name in after if not _same(before[name], after[name]))


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, np.ndarray):
        return before.shape == after.shape and bool((before == after).all())
    return bool(before == after)
