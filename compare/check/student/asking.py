"""Asks a student's function at every probe, each time with arguments of its own."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.backends.interface import Parameters, Plan, Trainer
from handgrad.compare.check.student.answers import Answer, answer_of
from handgrad.compare.check.student.failures import GiveUp, failure_from
from handgrad.compare.check.student.forms import Kind, Series
from handgrad.compare.check.student.names import role_of
from handgrad.compare.check.student.probes import Probe
from handgrad.compare.check.student.reading import is_answered
from handgrad.compare.check.student.signatures import signatures
from handgrad.compare.check.student.subjects import Found
from handgrad.compare.results.diagnosis import NoAnswer

#: Failures after which nothing more is asked.
HOPELESS = ("ends-program", "reads-input", "recursion", "memory")


def ask_all(function: Any, found: Found) -> Iterator[tuple[int, Answer]]:
    """The answers, each with the number of its signature.

    Those in other signatures than the first are asked for only after that one failed somewhere, or where θ may hold
    the bias first or last; each until its first failure.

    Raises:
        GiveUp: When it failed in a way in which it will again.
    """
    for number, one in enumerate(signatures(found)):
        answers = []
        for probe in one.calls():
            answers.append(ask(function, one, probe, found))
            _give_up_on(answers[-1].failure)
            yield number, answers[-1]
            if number and one.form != "trainer" and answers[-1].failure is not None and probe.kind != "integer":
                break
        if not one.theta and one.form != "trainer" and number == 0 and is_answered(found, one, answers):
            return


def _give_up_on(failure: NoAnswer | None) -> None:
    if failure is not None and failure.cause in HOPELESS:
        raise GiveUp(failure)


def collect(found: Found, answers: Iterable[tuple[int, Answer]]) -> list[tuple[Series, list[Answer]]]:
    """The answers in each signature that was tried."""
    asked: dict[int, list[Answer]] = {}
    for number, answer in answers:
        asked.setdefault(number, []).append(answer)
    forms = list(signatures(found))
    return [(forms[number], given) for number, given in asked.items()]


def ask(function: Any, one: Series, probe: Probe, found: Found) -> Answer:
    """One call, with arguments of its own."""
    arguments, before = _arguments(one, probe), _arguments(one, probe)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            returned = _call(function, one, probe, arguments, found)
    except (Exception, SystemExit) as error:  # whatever a student's code raises is its answer
        return Answer(failure=failure_from(error, error.__traceback__, asked_by=__file__))
    return replace(answer_of(returned), changed=_changed(before, arguments))


def _call(function: Any, one: Series, probe: Probe, arguments: dict[str, Any], found: Found) -> Any:
    if one.form == "trainer":
        return _trained(function, one.kind, probe, **arguments)
    values = [arguments[role] for role in one.roles]
    keywords = one.keywords or ("",) * len(values)
    positional = [value for value, keyword in zip(values, keywords, strict=True) if not keyword]
    named = {keyword: value for value, keyword in zip(values, keywords, strict=True) if keyword}
    if "." not in found.name:
        return function(*positional, **named)
    held = {name[1:]: named.pop(name) for name in list(named) if name.startswith(".")}
    return _method(function, found, one, probe, held)(*positional, **named)


def _method(owner: Any, found: Found, one: Series, probe: Probe, held: dict[str, Any]) -> Any:
    """The method of a new object that holds what is no argument."""
    every = _values(one, probe)
    made = owner(*(every.get(role_of(name) or "", probe.features) for name in found.construction))
    for name, value in held.items():
        setattr(made, name, value)
    return getattr(made, found.name.partition(".")[2])


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
    """By role, in order; new arrays or lists each time."""
    if one.form == "trainer":
        return {"X": _all_rows(probe.X.copy(), probe), "y": _all_rows(probe.y.copy(), probe)}
    every = _values(one, probe)
    arguments: dict[str, Any] = {role: every[role] for role in one.roles}
    if one.form in ("rows", "numbers"):
        return {name: np.asarray(value).tolist() for name, value in arguments.items()}
    return arguments


def _values(one: Series, probe: Probe) -> dict[str, Any]:
    """All that may be an argument, by its role."""
    X, y, weights, bias = probe.X.copy(), probe.y.copy(), probe.weights.copy(), probe.bias
    values: dict[str, Any] = {"prediction": X @ weights + bias, "rate": probe.learning_rate, "rounds": 1}
    theta = np.append(weights, bias) if one.theta == "bias-last" else np.append(bias, weights)
    if one.theta == "ones":
        X = np.column_stack([np.ones(len(y), dtype=X.dtype), X])
    if one.theta == "none":
        y, theta = y - np.asarray(bias).astype(y.dtype), weights
    if one.form in ("flat", "numbers"):
        X, weights = X[:, 0].copy(), weights[0].item()
        theta = theta[0].item() if one.theta == "none" else theta
        values["points"] = np.column_stack([X, y])
    if one.form == "columns":
        y, weights, theta = y[:, np.newaxis], weights[:, np.newaxis], theta[:, np.newaxis]
    return values | {"X": X, "y": y, "weights": weights, "bias": bias, "theta": theta}


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
