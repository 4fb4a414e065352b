"""Asks a student's function at every probe, each time with arguments of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.backends.signatures.arguments import data_in, in_form, parameters_in
from handgrad.backends.signatures.names import role_of
from handgrad.backends.signatures.subjects import Found
from handgrad.compare.check.sandbox.answers import Answer
from handgrad.compare.check.sandbox.calling import Argument, Invocation, Way, answer_alone
from handgrad.compare.check.sandbox.failures import GiveUp
from handgrad.compare.check.student.forms import Series, every_series
from handgrad.compare.check.student.probes import IN_THE_HEAD, Probe
from handgrad.compare.check.student.reading import is_answered
from handgrad.compare.check.student.training import ask_trained
from handgrad.compare.results.diagnosis import NoAnswer

#: Failures after which nothing more is asked.
HOPELESS = ("ends-program", "reads-input", "recursion", "memory", "own-fault")

#: What has one call made, in this process or in another, and gives the answer. It makes the call as often as it must.
Ask = Callable[[Callable[[], Invocation]], Answer]


@dataclass(frozen=True)
class Asked:
    """The answers in one form of the arguments, one for each call as far as it was asked.

    Attributes:
        series: The form.
        answers: In the order of its calls.
        in_the_head: What was answered at the probe that can be computed in the head; None where that was not asked.
        call: How the function was called there, as Python is written.
    """

    series: Series
    answers: tuple[Answer, ...]
    in_the_head: Answer | None = None
    call: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether every call was made."""
        return len(self.answers) == len(self.series.calls())

    @property
    def has_gaps(self) -> bool:
        """Whether a call with floats failed."""
        calls = zip(self.answers, self.series.calls(), strict=False)
        return any(answer.failure is not None and probe.kind != "integer" for answer, probe in calls)


def here(function: Any) -> Ask:
    """What calls a function in this process."""
    return lambda make: answer_alone(make, function)


def ask_all(ask: Ask, found: Found, seed: int = 0) -> list[Asked]:
    """The answers in every form that was tried.

    Those in other forms than the first are asked for only after that one failed somewhere, or where θ may hold the bias
    first or last; each until its first failure or wrong shape.

    Raises:
        GiveUp: When it failed in a way in which it will again.
    """
    if found.trains:
        return [Asked(*one) for one in ask_trained(ask, found, seed)]
    every: list[Asked] = []
    for number, one in enumerate(every_series(found, seed)):
        answers = tuple(_answers(ask, one, found, stops=bool(number) and one.form != "trainer"))
        every.append(_with_own_probe(ask, found, Asked(one, answers)))
        if not one.theta and one.form != "trainer" and number == 0 and is_answered(found, one, answers):
            break
    return every


def _with_own_probe(ask: Ask, found: Found, asked: Asked) -> Asked:
    """With the answer at the probe that can be computed in the head, where all others were answered."""
    if not asked.is_whole:
        return asked
    make = partial(call_for, asked.series, IN_THE_HEAD, found, fresh=True)
    return replace(asked, in_the_head=ask(make), call=written(make(), found))


def written(call: Invocation, found: Found) -> str:
    """The call as Python is written, with the names that the function's own arguments have."""
    names = iter(found.required)
    arguments = [
        f"{argument.keyword.lstrip('.') or next(names, argument.name)}={_written(argument.value)}"
        for argument in call.arguments
        if argument.name not in ("precision", "rows")
    ]
    return f"{found.name}({', '.join(arguments)})"


def _written(value: Any) -> str:
    """Numbers as short as they can be written; one array is written as a list."""
    value = np.asarray(value) if isinstance(value, np.matrix) else value
    if isinstance(value, np.ndarray | list | tuple):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name!r}: {_written(one)}' for name, one in value.items())}}}"
    return f"{value:g}"


def _answers(ask: Ask, one: Series, found: Found, stops: bool) -> Iterator[Answer]:
    """An answer for each call; with `stops`, until the first that is none, or has a wrong shape."""
    for number, probe in enumerate(one.calls()):
        answer = ask(partial(call_for, one, probe, found, fresh=number == 0))
        _give_up_on(answer.failure)
        yield answer
        if stops and probe.kind != "integer" and _is_none(found, one, probe, answer):
            return


def _is_none(found: Found, one: Series, probe: Probe, answer: Answer) -> bool:
    """Whether it failed, or has a wrong shape, which is told where d is that of the first probe."""
    if answer.failure is not None or probe.features != one.calls()[0].features:
        return answer.failure is not None
    return not is_answered(found, one, [answer], [probe])


def _give_up_on(failure: NoAnswer | None) -> None:
    if failure is not None and failure.cause in HOPELESS:
        raise GiveUp(failure)


def call_for(one: Series, probe: Probe, found: Found, fresh: bool = False) -> Invocation:
    """The call at a probe, with arguments of its own; a `fresh` one finds nothing left of those before."""
    if one.form == "trainer":
        return _trainer_call(one, probe, found)
    every = _values(one, probe)
    keywords = one.keywords or ("",) * len(one.roles)
    listed = one.form in ("rows", "numbers")
    arguments = tuple(
        Argument(role, np.asarray(every[role]).tolist() if listed else every[role], keyword)
        for role, keyword in zip(one.roles, keywords, strict=True)
    )
    construction = tuple(every.get(role_of(name) or "", probe.features) for name in found.construction)
    return Invocation(found.name, arguments, construction=construction, kind=found.kind, fresh=fresh)


def _trainer_call(one: Series, probe: Probe, found: Found) -> Invocation:
    """Of a trainer's gradient over all its rows, or over a batch; or of its parameters after one epoch."""
    gradient: Way = "trainer-gradient" if probe.total is None else "trainer-batch"
    values = {
        "X": _all_rows(probe.X.copy(), probe),
        "y": _all_rows(probe.y.copy(), probe),
        "weights": probe.weights.copy(),
        "bias": probe.bias,
        "rate": probe.learning_rate,
        "precision": probe.precision,
        "rows": probe.rows,
    }
    arguments = tuple(Argument(name, value) for name, value in values.items())
    return Invocation(found.name, arguments, "trainer-step" if one.kind == "step" else gradient)


def _values(one: Series, probe: Probe) -> dict[str, Any]:
    """All that may be an argument, by its role."""
    X, y, weights, bias = probe.X.copy(), probe.y.copy(), probe.weights.copy(), probe.bias
    predictions = in_form(one.form, X @ weights + bias)
    values: dict[str, Any] = {"prediction": predictions, "rate": probe.learning_rate, "rounds": 1}
    if one.theta == "none":
        y = y - np.asarray(bias).astype(y.dtype)
    return values | data_in(one.form, one.theta, X, y) | parameters_in(one.form, one.theta, weights, bias)


def _all_rows(array: NDArray[Any], probe: Probe) -> NDArray[Any]:
    """The batch's rows first, then others, up to the whole data."""
    if probe.total is None:
        return array
    return np.concatenate([array, array[: probe.total - probe.rows] + 1])
