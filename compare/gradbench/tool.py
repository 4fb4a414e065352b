"""A backend as a tool of GradBench: answers its messages until they end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
import numpy as np

from handgrad.backends.catalogue import canonical, entry, load
from handgrad.backends.interface import Trainer
from handgrad.compare.gradbench.functions import FUNCTIONS
from handgrad.compare.gradbench.messages import EvalMessage, ToolReply


class GradBenchError(ValueError):
    """What makes no tool, or no message; says so in one line."""


def trainer_of(backend: str) -> type[Trainer]:
    """The trainer that answers.

    Raises:
        GradBenchError: If runs after its first do not go through the rows again, so that repeating them says nothing.
        UnknownBackend, BackendUnavailable: The message says what there is, or how to install it.
    """
    described = entry(backend)
    if not described.reads_all_rows:
        raise GradBenchError(
            f"{described.name}: GradBench repeats an evaluation, and only the first would go through the rows; "
            "take another backend"
        )
    return load(backend)


def answers(backend: str, lines: Iterable[bytes]) -> Iterator[bytes]:
    """A line of JSON for each message.

    Raises:
        GradBenchError: On a line that is no message, and on a backend that makes no tool.
        UnknownBackend, BackendUnavailable: The message says what there is, or how to install it.
    """
    trainer, name = trainer_of(backend), canonical(backend)
    for line in lines:
        try:
            message = msgspec.json.decode(line, type=EvalMessage)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise GradBenchError(f"expected a message of GradBench, a JSON object a line: {error}") from None
        yield msgspec.json.encode(reply(message, trainer, name)) + b"\n"


def reply(message: EvalMessage, trainer: type[Trainer], name: str) -> ToolReply:
    """The answer to a message; to a kind that needs none, such as an analysis, its id alone."""
    if message.kind == "start":
        return ToolReply(message.id, tool=f"handgrad-{name}")
    if message.kind == "define":
        return defined(message)
    if message.kind == "evaluate":
        return evaluated(message, trainer)
    return ToolReply(message.id)


def defined(message: EvalMessage) -> ToolReply:
    """Whether the tool has the module."""
    if message.module in FUNCTIONS:
        return ToolReply(message.id, success=True)
    return ToolReply(message.id, success=False, error=_unknown("module", message.module, FUNCTIONS))


def evaluated(message: EvalMessage, trainer: type[Trainer]) -> ToolReply:
    """The output of a function with its timings, or why there is none: whatever fails, the tool goes on."""
    functions = FUNCTIONS.get(message.module)
    if functions is None:
        return defined(message)
    if message.function not in functions:
        return ToolReply(message.id, success=False, error=_unknown("function", message.function, functions))
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is told as an error
            output, timings = functions[message.function](trainer, bytes(message.input))
    except Exception as error:
        return ToolReply(message.id, success=False, error=f"{type(error).__name__}: {error}")
    if not np.isfinite(output).all():
        said = "the numbers left the range of float64, and JSON has none for what is beyond"
        return ToolReply(message.id, success=False, error=f"{message.module}.{message.function}: {said}")
    return ToolReply(message.id, success=True, output=output, timings=timings)


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    return f"no {what} is called {name!r}; there are: {', '.join(known)}"
