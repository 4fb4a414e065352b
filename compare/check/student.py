"""Asks a student's function at every probe, and turns what it gives back into plain arrays, or into a failure.

Nothing is judged here. It runs in the caller's process for `check`, in one of its own for `check_file`.
"""

from __future__ import annotations

import inspect
import linecache
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.backends.interface import Parameters, Plan, Trainer
from handgrad.compare.check.mistakes import Kind
from handgrad.compare.check.probes import Probe, single_feature_probes, table_probes

Arrays = tuple[NDArray[Any], ...]

#: Numbers in one block of an answer; more are a wrong shape, and are not looked at.
LARGEST_ANSWER = 10_000

#: Failures after which nothing more is asked.
HOPELESS = ("exits", "asks-for-input", "recursion", "out-of-memory")


@dataclass(frozen=True)
class Failure:
    """Why there is no answer.

    Attributes:
        id: "raises", "recursion", "out-of-memory", "exits", "asks-for-input", "returns-nothing", "wrong-shape",
            "not-numbers", "not-finite"; of a file also "syntax-error", "hangs", "killed", "missing-function".
        message: What the function does, to be read after its name.
        line: The line of the student's own file, from 1; None where there is none.
        text: That line's text.
        file: The name of that file.
    """

    id: str
    message: str
    line: int | None = None
    text: str = ""
    file: str = ""


class NoUseAsking(Exception):
    """The function failed in a way in which it will fail again, and each time it takes long."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass(frozen=True, eq=False)
class Answer:
    """What came back from one call.

    Attributes:
        blocks: dW (d,) and db (), or the loss (): in float64, in the given shape where that is another.
        types: The names of the types in which the blocks came.
        changed: Which of the arguments were changed by the call.
        failure: In place of blocks.
    """

    blocks: Arrays = ()
    types: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    failure: Failure | None = None


@dataclass(frozen=True)
class Series:
    """One form in which arguments are passed, and the probes for it.

    Attributes:
        form: "arrays" X (n, d); "flat" X (n,) and a number; "rows" lists of lists; "numbers" a list and a number;
            "trainer" data bound to a trainer.
        kind: What the answers are: "gradient", "step" or "loss".
        groups: The probes; those of one group share d.
    """

    form: str
    kind: Kind
    groups: tuple[tuple[Probe, ...], ...]

    def calls(self) -> list[Probe]:
        """The probe of every call, in order."""
        return [probe for probe in chain(*self.groups) for _ in range(probe.calls)]

    def first_group(self) -> int:
        """How many of the calls stand in the first group, where d stays the same."""
        return sum(probe.calls for probe in self.groups[0])


def series(kind: Kind) -> list[Series]:
    """The forms to try, the first of which is the one that is asked for; the others if that one fails."""
    if kind == "trainer":
        return [Series("trainer", "gradient", _bound_probes()), Series("trainer", "step", _whole_probes())]
    forms = {
        "arrays": table_probes,
        "flat": single_feature_probes,
        "rows": table_probes,
        "numbers": single_feature_probes,
    }
    return [Series(form, kind, probes()) for form, probes in forms.items()]


def kind_of(function: Callable[..., Any]) -> Kind:
    """What a function computes: told by its class, by its fifth parameter, by its name."""
    if inspect.isclass(function) and issubclass(function, Trainer):
        return "trainer"
    if _required_parameters(function) == 5:
        return "step"
    name = getattr(function, "__name__", "")
    if re.search(r"loss|mse|cost|squared_error", name, re.IGNORECASE) and not _returns_several(function):
        return "loss"
    return "gradient"


def _returns_several(function: Callable[..., Any]) -> bool:
    """Whether a function whose name speaks of a loss gives more than one number: then it is a loss's gradient."""
    form = Series("arrays", "loss", table_probes())
    answer = ask(function, form, form.groups[0][0])
    if answer.failure is not None:
        return answer.failure.id == "wrong-shape"
    return answer.blocks[0].size > 1


def _required_parameters(function: Callable[..., Any]) -> int:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a compiled function without a signature
        return 4
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in positional and p.default is p.empty for p in parameters)


def ask_all(fresh: Callable[[], Callable[..., Any]], kind: Kind) -> Iterator[tuple[int, Answer]]:
    """The answers, each with the number of its form; those in the other forms only after the first one failed.

    `fresh` gives the function for each form anew, so that what it remembers of one form is not taken into the next.

    Raises:
        NoUseAsking: When it failed in a way in which it will again.
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


def _give_up_on(failure: Failure | None) -> None:
    if failure is not None and failure.id in HOPELESS:
        raise NoUseAsking(failure)


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


def failure_of(answer: Answer, probe: Probe, kind: Kind) -> Failure | None:
    """The answer's failure; a wrong shape is one, too."""
    if answer.failure is not None:
        return answer.failure
    expected = _expected_shapes(probe, kind)
    for (name, shape), block in zip(expected.items(), answer.blocks, strict=True):
        if block.shape != shape:
            wanted = "one number" if shape == () else f"one number per feature, shape {shape},"
            message = f"returns {name} of shape {block.shape} for {probe.name}, where {wanted} is expected"
            return Failure("wrong-shape", message)
    return None


def _expected_shapes(probe: Probe, kind: Kind) -> dict[str, tuple[int, ...]]:
    if kind == "loss":
        return {"loss": ()}
    names = ("new weights", "new bias") if kind == "step" else ("dW", "db")
    return dict(zip(names, ((probe.features,), ()), strict=True))


def ask(function: Callable[..., Any], one: Series, probe: Probe) -> Answer:
    """One call, with arguments of its own."""
    arguments = _arguments(one, probe)
    before = _arguments(one, probe)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            returned = _call(function, one, arguments)
    except (Exception, SystemExit) as error:  # whatever a student's code raises is its answer
        return Answer(failure=failure_from(error, error.__traceback__))
    answer = _answer(returned, probe, one.kind)
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


@cache
def _bound_probes() -> tuple[tuple[Probe, ...], ...]:
    """Every other probe is a batch of data twice as long; a trainer has made floats of integers."""
    groups = _whole_probes()
    return tuple(
        tuple(replace(probe, total=2 * probe.rows) if i % 2 else probe for i, probe in enumerate(group))
        for group in groups
    )


@cache
def _whole_probes() -> tuple[tuple[Probe, ...], ...]:
    return tuple(
        tuple(replace(probe, calls=1) for probe in group if probe.kind != "integer") for group in table_probes()
    )


def failure_from(error: BaseException, trace: TracebackType | None, file: str | None = None) -> Failure:
    """The failure that an exception is, with the last line of the student's own file on the way to it."""
    message = f"raises {type(error).__name__}: {error}".strip(": ")
    if isinstance(error, SystemExit):
        return _located("exits", f"ends the program (exit code {error.code})", trace, file)
    if isinstance(error, EOFError):
        return _located("asks-for-input", "waits for input, and there is nobody to type", trace, file)
    if isinstance(error, RecursionError):
        return _located("recursion", "calls itself without end", trace, file)
    if isinstance(error, MemoryError):
        return _located("out-of-memory", "needs more memory than it may have", trace, file)
    return _located("raises", message, trace, file)


def _located(id: str, message: str, trace: TracebackType | None, file: str | None) -> Failure:
    frames = [(frame.f_code.co_filename, line) for frame, line in _walk(trace) if frame.f_code.co_filename != __file__]
    if file is None and frames:
        file = frames[0][0]
    own = [line for name, line in frames if name == file]
    if not own or file is None:
        return Failure(id, message)
    return Failure(id, message, own[-1], linecache.getline(file, own[-1]).strip(), re.split(r"[\\/]", file)[-1])


def _walk(trace: TracebackType | None) -> Iterator[tuple[Any, int]]:
    while trace is not None:
        yield trace.tb_frame, trace.tb_lineno
        trace = trace.tb_next


def _answer(returned: Any, probe: Probe, kind: Kind) -> Answer:
    if returned is None:
        return Answer(failure=Failure("returns-nothing", "returns None: is there a `return` on every path?"))
    try:
        parts = (returned,) if kind == "loss" else _two_parts(returned, kind)
        arrays = [as_numbers(part) for part in parts]
    except NotAnAnswer as problem:
        return Answer(failure=problem.failure)
    shapes = ((),) if kind == "loss" else ((probe.features,), ())
    if any(array.size > LARGEST_ANSWER for array in arrays):
        shapes_given = " and ".join(str(array.shape) for array in arrays)
        return Answer(failure=Failure("wrong-shape", f"returns arrays of shape {shapes_given} for {probe.name}"))
    blocks = tuple(_shaped(array, shape) for array, shape in zip(arrays, shapes, strict=True))
    types = tuple(str(array.dtype) for array in arrays)
    if not all(np.isfinite(block).all() for block in blocks):
        return Answer(failure=Failure("not-finite", f"returns NaN or infinity for {probe.name}"))
    return Answer(tuple(block.astype(np.float64) for block in blocks), types)


class NotAnAnswer(Exception):
    """What was returned is no answer; `failure` says why."""

    def __init__(self, id: str, message: str) -> None:
        self.failure = Failure(id, message)


def _two_parts(returned: Any, kind: Kind) -> tuple[Any, Any]:
    """The pair that a function returned; also what has `weights` and `bias`, as this package's own results have."""
    wanted = "(weights, bias)" if kind == "step" else "(dW, db)"
    if hasattr(returned, "weights") and hasattr(returned, "bias"):
        return returned.weights, returned.bias
    try:
        parts = tuple(returned)
    except TypeError:
        raise NotAnAnswer(
            "wrong-shape", f"returns one {type(returned).__name__}, where the pair {wanted} is expected"
        ) from None
    if len(parts) != 2:
        raise NotAnAnswer("wrong-shape", f"returns {len(parts)} values, where the pair {wanted} is expected")
    return parts


def as_numbers(part: Any) -> NDArray[Any]:
    """An array of what was returned: numbers, lists, arrays, or tensors of a library that need not be named here."""
    if part is None:
        raise NotAnAnswer("returns-nothing", "returns None as a part of its answer")
    if isinstance(part, (list, tuple)):
        return _stacked([as_numbers(piece) for piece in part])
    if hasattr(part, "detach"):  # PyTorch: a tensor on the graph, perhaps on another device
        part = part.detach().cpu()
    array = np.asarray(part)
    if array.dtype == object:  # Fraction, Decimal
        array = _floats(array)
    if array.dtype.kind not in "fiu":
        raise NotAnAnswer(
            "not-numbers", f"returns {type(part).__name__} of type {array.dtype}, where real numbers are expected"
        )
    return array


def _stacked(pieces: list[NDArray[Any]]) -> NDArray[Any]:
    try:
        return np.array(pieces)
    except ValueError:
        raise NotAnAnswer(
            "wrong-shape", "returns a list of arrays of unlike shapes, where numbers are expected"
        ) from None


def _floats(array: NDArray[Any]) -> NDArray[Any]:
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise NotAnAnswer("not-numbers", f"returns no real numbers: {error}") from None


def _shaped(array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Columns (d, 1), rows (1, d) and arrays of one number count as (d,) and as a number."""
    size = int(np.prod(shape, dtype=int))
    return array.reshape(shape) if array.size == size and max(array.shape, default=1) == size else array
