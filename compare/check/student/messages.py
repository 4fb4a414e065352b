"""What comes back from the student's process: messages, a line of JSON each.

It is not trusted: the student's code may write into the same file. Only what has the form of a message
counts, and its texts are cut and made printable.
"""

from __future__ import annotations

from dataclasses import replace
from typing import IO, Annotated

import msgspec
import numpy as np

from handgrad.compare.check.student.answers import Answer
from handgrad.compare.check.student.forms import Kind
from handgrad.compare.check.student.process import Ended
from handgrad.compare.check.student.subjects import Found
from handgrad.compare.results.diagnosis import NoAnswer

#: Characters of a text that are read.
LONGEST_TEXT = 300


class PackedArray(msgspec.Struct, frozen=True):
    """An array of float64, its `values` in C order."""

    shape: tuple[Annotated[int, msgspec.Meta(ge=0)], ...]
    values: tuple[float, ...]


class Function(msgspec.Struct, frozen=True, tag="function"):
    """The answers that follow are those of this function of the file."""

    name: str
    kind: Kind
    found: Found | None = None

    def described(self) -> Found:
        """What the worker knows of the function, by which it was asked."""
        return self.found or Found(self.name, self.kind, ("X", "y", "weights", "bias"))


class Answered(msgspec.Struct, frozen=True, tag="answer"):
    """What came back from one call, its arguments passed in the form of that number; see `answers.Answer`."""

    form: int
    blocks: tuple[PackedArray, ...] = ()
    types: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    failure: NoAnswer | None = None
    names: tuple[str, ...] = ()
    container: str = ""

    @classmethod
    def of(cls, answer: Answer, form: int = 0) -> Answered:
        """The answer as it is sent."""
        blocks = tuple(PackedArray(block.shape, tuple(block.ravel().tolist())) for block in answer.blocks)
        return cls(form, blocks, answer.types, answer.changed, answer.failure, answer.names, answer.container)

    def answer(self) -> Answer:
        """The answer as it was sent.

        Raises:
            ValueError: If a shape does not fit its numbers.
        """
        blocks = tuple(np.array(block.values, dtype=np.float64).reshape(block.shape) for block in self.blocks)
        return Answer(
            blocks,
            tuple(map(_text, self.types)),
            tuple(map(_text, self.changed)),
            self.failure,
            self.names,
            _text(self.container),
        )


class Failed(msgspec.Struct, frozen=True, tag="failure"):
    """There will be no more answers, for this reason."""

    failure: NoAnswer


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The worker came to its end."""


Message = Function | Answered | Failed | Done

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Message)


def write(out: IO[str], message: Message) -> None:
    """One line, at once, so that it is there if what follows never ends."""
    out.write(_ENCODER.encode(message).decode() + "\n")
    out.flush()


def read(text: bytes) -> list[Message | None]:
    """The messages; None for a line that is none: the last may be half written, and others may be forged."""
    return [_message(line) for line in text.splitlines()]


def outcome(ended: Ended) -> tuple[list[Message | None], NoAnswer | None]:
    """The messages that a process left, and why it did not come to its end."""
    messages = read(ended.content)
    return messages, None if any(isinstance(message, Done) for message in messages) else ended.by


def _message(line: bytes) -> Message | None:
    try:
        return _printable(_DECODER.decode(line))
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return None


def _printable(message: Message) -> Message:
    if isinstance(message, Function):
        return Function(_text(message.name), message.kind, message.found)
    if isinstance(message, Answered | Failed) and message.failure is not None:
        return msgspec.structs.replace(message, failure=_printable_failure(message.failure))
    return message


def _printable_failure(failure: NoAnswer) -> NoAnswer:
    line = failure.line
    return replace(
        failure,
        given=_text(failure.given),
        expected=_text(failure.expected),
        part=_text(failure.part),
        data_type=_text(failure.data_type),
        line=line and replace(line, file=_text(line.file), text=_text(line.text)),
    )


def _text(value: str) -> str:
    return "".join(c if c.isprintable() else " " for c in value[:LONGEST_TEXT])
