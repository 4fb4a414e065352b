"""One call of the student's code, and what came back from it."""

from __future__ import annotations

import inspect
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import numpy as np

from handgrad.backends.signatures.kinds import Kind
from handgrad.backends.signatures.subjects import is_called_on_its_class, parameters_of
from handgrad.compare.check.sandbox.answers import Answer, NotAnAnswer, answer_of, parts_of
from handgrad.compare.check.sandbox.failures import failure_from
from handgrad.compare.check.sandbox.libraries import ASKS_FOR_COLUMNS, other_types, wants_columns
from handgrad.compare.check.styles.finding import owner_alone
from handgrad.compare.check.styles.kept import gradients_in, parameters_in
from handgrad.compare.check.styles.trained import CannotBeTold
from handgrad.compare.results.diagnosis import NoAnswer

#: How something is called: a function, or a method of a new object; a trainer's gradient over all its rows or over a
#: batch, or its parameters after one epoch; an exercise's function.
Way = Literal["function", "trainer-gradient", "trainer-batch", "trainer-step", "exercise"]

_HERE = Path(__file__).parent


@dataclass(frozen=True, eq=False)
class Argument:
    """One argument.

    Attributes:
        name: What it is, as `changed` of an answer tells it.
        value: New in each call.
        keyword: Under which it is passed; empty for one that is passed by its position, ".name" for an attribute.
    """

    name: str
    value: Any
    keyword: str = ""


@dataclass(frozen=True, eq=False)
class Invocation:
    """What is to be called, and with what.

    Attributes:
        function: In the student's file; "Class.method" for a method of a new object.
        arguments: In order.
        way: How.
        construction: Of a method's class: the arguments of the object.
        parts: Of an exercise's answer, by name.
        ask: What calls an exercise's function, with the arguments by name.
        kind: Of a method: what is looked for in its object where it returns nothing.
        fresh: Whether what the file keeps between calls is as it was when it was loaded.
    """

    function: str
    arguments: tuple[Argument, ...]
    way: Way = "function"
    construction: tuple[Any, ...] = ()
    parts: tuple[str, ...] = ()
    ask: Callable[..., Any] | None = None
    kind: Kind = "gradient"
    fresh: bool = False

    def by_name(self) -> dict[str, Any]:
        """The values of the arguments."""
        return {argument.name: argument.value for argument in self.arguments}

    def to_keep(self) -> dict[str, Any]:
        """What the caller wants back as it was; a trainer's parameters are its own to change."""
        kept = ("X", "y") if self.way.startswith("trainer") else self.by_name()
        return {name: value for name, value in self.by_name().items() if name in kept}


def answer_to(make: Callable[[], Invocation], owner: Any, file: str | None = None) -> Answer:
    """What the student's code answers to a call.

    Args:
        make: The call, with values of its own each time: what is changed in one shows beside the other.
        owner: The function, or the class of the method, or the trainer.
        file: The student's file, if it is one.
    """
    call, untouched = make(), make()
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            returned = _called(owner, call)
            answer = parts_of(returned, call.parts) if call.parts else answer_of(returned)
    except NotAnAnswer as problem:
        return Answer(failure=problem.failure)
    except CannotBeTold as problem:
        return Answer(failure=NoAnswer(problem.cause, given=str(problem)))
    except (Exception, SystemExit) as error:  # whatever a student's code raises is its answer
        if call.way == "function" and isinstance(error, TypeError) and not _fits(owner, call):
            return Answer(failure=NoAnswer("other-arguments", given=", ".join(inspect.signature(owner).parameters)))
        return Answer(failure=failure_of_call(error, file))
    return replace(answer, changed=_changed(untouched.to_keep(), call.to_keep()))


def answer_alone(make: Callable[[], Invocation], function: Any) -> Answer:
    """What a function or a class answers that stands in no file."""
    return answer_to(make, owner_alone(function, make().function))


def failure_of_call(error: BaseException, file: str | None = None) -> NoAnswer:
    """The student's failure, or ours: only what was raised in this room and nowhere else is."""
    within = _after_the_call(error.__traceback__)
    if within and all(Path(frame).parent == _HERE for frame in within):
        last = traceback.extract_tb(error.__traceback__)[-1]
        return NoAnswer(
            "own-fault", f"{type(error).__name__}: {error} ({Path(last.filename).name}, line {last.lineno})"
        )
    return failure_from(error, error.__traceback__, file, asked_by=__file__)


def _after_the_call(trace: TracebackType | None) -> list[str]:
    return [frame.filename for frame in traceback.extract_tb(trace) if frame.filename != __file__]


def _called(owner: Any, call: Invocation) -> Any:
    if call.way == "exercise":
        assert call.ask is not None
        return call.ask(owner, call.by_name())
    if call.way != "function":
        return _trained(owner, call.way, **call.by_name())
    positional = [a.value for a in call.arguments if not a.keyword]
    named = {a.keyword: a.value for a in call.arguments if a.keyword}
    held = {name[1:]: named.pop(name) for name in list(named) if name.startswith(".")}
    if not inspect.isclass(owner):
        return _in_its_types(owner, positional, named)
    if is_called_on_its_class(inspect.getattr_static(owner, call.function.partition(".")[2], None)):
        return getattr(owner, call.function.partition(".")[2])(*positional, **named)
    method = _method(owner, call, held)
    returned = method(*positional, **named)
    if returned is not None and returned is not method.__self__:
        return returned
    return (parameters_in if call.kind == "step" else gradients_in)(method.__self__) or None


def _in_its_types(function: Any, positional: list[Any], named: dict[str, Any]) -> Any:
    """What a function answers; where it misses a word of tensors or of frames, it is given these."""
    try:
        return function(*positional, **named)
    except (AttributeError, TypeError, IndexError) as error:
        for convert in other_types(function, error):
            try:
                return function(*map(convert, positional), **{name: convert(value) for name, value in named.items()})
            except ASKS_FOR_COLUMNS:
                continue
        if wants_columns(function, error):
            raise CannotBeTold("columns", "named-columns") from error
        raise


def _fits(owner: Any, call: Invocation) -> bool:
    """Whether what was called takes so many arguments; where it has no signature, it is taken to."""
    if inspect.isclass(owner):
        return True
    positional = [a for a in call.arguments if not a.keyword]
    named = {a.keyword: a for a in call.arguments if a.keyword}
    try:
        inspect.signature(owner).bind(*positional, **named)
    except TypeError:
        return False
    except ValueError:
        pass  # it has no signature, as some that are written in C
    return True


def _method(owner: Any, call: Invocation, held: dict[str, Any]) -> Any:
    """The method of a new object that holds what is no argument."""
    names = parameters_of(owner).keyword_only
    positional = len(call.construction) - len(names) if call.construction else 0
    made = owner(*call.construction[:positional], **dict(zip(names, call.construction[positional:], strict=False)))
    for name, value in held.items():
        setattr(made, name, value)
    return getattr(made, call.function.partition(".")[2])


def _trained(
    trainer_class: Any,
    way: Way,
    X: Any,
    y: Any,
    weights: Any,
    bias: float,
    rate: float,
    precision: Literal["float64", "float32"],
    rows: int,
) -> Any:
    """A trainer's gradient over all its rows, or over a batch of the first; or its parameters after one epoch."""
    from handgrad.backends.interface import Parameters, Plan

    trainer = trainer_class(X, y, precision)
    if way == "trainer-step":
        training = trainer.train(Plan(rate, epochs=1, start=Parameters(weights, bias), dtype=precision))
        return training.weights, training.bias
    if way == "trainer-gradient":
        return trainer.gradient_at(weights, bias)[1:]
    batch = trainer.take(*trainer.data, np.arange(rows))
    return trainer.to_numpy(*trainer.gradient(*batch, *trainer.to_own(weights, bias))[1:])


def _changed(before: dict[str, Any], after: dict[str, Any]) -> tuple[str, ...]:
    return tuple(name for name in after if not _same(before[name], after[name]))


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, np.ndarray):
        return before.shape == after.shape and bool((before == after).all())
    if isinstance(before, list | tuple):
        return len(before) == len(after) and all(map(_same, before, after))
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(_same(before[name], after[name]) for name in before)
    return bool(before == after)
