"""What crosses between the judge and the student's process: questions one way, replies the other, a line of JSON each.

A question carries a number that nobody can guess, and a reply counts only with that number: what was written before the
question was asked answers nothing. Replies are not trusted: what has not the form of one is none, and their texts are
cut and made printable.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np

from handgrad.backends.signatures.kinds import Kind
from handgrad.backends.signatures.subjects import Found
from handgrad.compare.check.sandbox.answers import Answer
from handgrad.compare.check.sandbox.calling import Argument, Invocation, Way
from handgrad.compare.check.sandbox.values import Packed, PackedArray, packed, unpacked
from handgrad.compare.results.diagnosis import Confinement, NoAnswer

#: Characters of a text that are read.
LONGEST_TEXT = 300

# -- to the student's process ----------------------------------------------------------------------------------------


class Describe(msgspec.Struct, frozen=True, tag="describe"):
    """What is there to check; with `wanted`, that function in place of those that are asked for."""

    nonce: str
    wanted: str = ""


class PackedArgument(msgspec.Struct, frozen=True):
    """See `calling.Argument`."""

    name: str
    value: Packed
    keyword: str = ""


class CallRequest(msgspec.Struct, frozen=True, tag="question"):
    """One call that is to be made; see `calling.Invocation`."""

    nonce: str
    function: str
    arguments: tuple[PackedArgument, ...]
    way: Way = "function"
    construction: tuple[Packed, ...] = ()
    kind: Kind = "gradient"
    fresh: bool = False

    @classmethod
    def of(cls, call: Invocation, nonce: str) -> CallRequest:
        """The call as it is sent."""
        arguments = tuple(PackedArgument(a.name, packed(a.value), a.keyword) for a in call.arguments)
        construction = tuple(map(packed, call.construction))
        return cls(nonce, call.function, arguments, call.way, construction, call.kind, call.fresh)

    def call(self) -> Invocation:
        """The call, with new values each time."""
        return Invocation(
            self.function,
            tuple(Argument(a.name, unpacked(a.value), a.keyword) for a in self.arguments),
            self.way,
            tuple(map(unpacked, self.construction)),
            kind=self.kind,
            fresh=self.fresh,
        )


class ExerciseCall(msgspec.Struct, frozen=True, tag="exercise"):
    """One call of an exercise's question, both by their numbers: what an exercise hands over may be functions."""

    nonce: str
    exercise: int
    number: int


Request = Describe | CallRequest | ExerciseCall

# -- from it ---------------------------------------------------------------------------------------------------------


class Started(msgspec.Struct, frozen=True, tag="started"):
    """The process confined itself; the student's code is loaded now, and its time begins."""

    confinement: Confinement


class FileLoaded(msgspec.Struct, frozen=True, tag="loaded"):
    """The file was run; why it was not, where it raised an error."""

    failure: NoAnswer | None = None


class Described(msgspec.Struct, frozen=True, tag="described"):
    """What there is to check, and the names of all functions that the file defines."""

    nonce: str
    found: tuple[Found, ...]
    defined: tuple[str, ...] = ()


class Answered(msgspec.Struct, frozen=True, tag="answer"):
    """What came back from one call; see `answers.Answer`. `uses_handgrad`: the file has imported more of handgrad."""

    nonce: str
    blocks: tuple[PackedArray, ...] = ()
    types: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    failure: NoAnswer | None = None
    names: tuple[str, ...] = ()
    container: str = ""
    uses_handgrad: bool = False

    @classmethod
    def of(cls, answer: Answer, nonce: str) -> Answered:
        """The answer as it is sent."""
        blocks = tuple(map(PackedArray.of, answer.blocks))
        return cls(nonce, blocks, answer.types, answer.changed, answer.failure, answer.names, answer.container)

    def answer(self) -> Answer:
        """The answer as it was sent, its numbers in float64.

        Raises:
            ValueError: If a shape does not fit its numbers.
        """
        return Answer(
            tuple(np.array(block.values, dtype=np.float64).reshape(block.shape) for block in self.blocks),
            self.types,
            self.changed,
            self.failure,
            self.names,
            self.container,
        )


class Broken(msgspec.Struct, frozen=True, tag="broken"):
    """An error in our own code; there will be no more replies."""

    failure: NoAnswer


Reply = Started | FileLoaded | Described | Answered | Broken

_ENCODER = msgspec.json.Encoder()
_REQUESTS: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_REPLIES: msgspec.json.Decoder[Reply] = msgspec.json.Decoder(Reply)


def line_of(message: Request | Reply) -> bytes:
    """The message as a line."""
    return bytes(_ENCODER.encode(message)) + b"\n"


def read_request(line: bytes) -> Request:
    """The request of a line, which is ours."""
    return _REQUESTS.decode(line)


def read_reply(line: bytes) -> Reply | None:
    """The reply of a line; None for a line that is none."""
    try:
        return _printable(_REPLIES.decode(line))
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return None


def _printable(reply: Reply) -> Reply:
    if isinstance(reply, Described):
        found = tuple(replace(one, name=_text(one.name)) for one in reply.found)
        return Described(reply.nonce, found, tuple(map(_text, reply.defined)))
    if isinstance(reply, Answered):
        words: dict[str, Any] = {name: tuple(map(_text, getattr(reply, name))) for name in ("types", "changed")}
        reply = msgspec.structs.replace(reply, container=_text(reply.container), **words)
    if isinstance(reply, Started) or reply.failure is None:
        return reply
    return msgspec.structs.replace(reply, failure=_printable_failure(reply.failure))


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
