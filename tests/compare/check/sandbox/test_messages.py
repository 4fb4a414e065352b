"""What crosses between the judge and the student's process: what was written is read again, and nothing else is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from handgrad.backends.signatures.subjects import Found
from handgrad.compare.check.sandbox.answers import Answer
from handgrad.compare.check.sandbox.calling import Argument, Invocation
from handgrad.compare.check.sandbox.job import Job
from handgrad.compare.check.sandbox.messages import (
    LONGEST_TEXT,
    Answered,
    Broken,
    CallRequest,
    Described,
    FileLoaded,
    Reply,
    Started,
    line_of,
    read_reply,
    read_request,
)
from handgrad.compare.check.sandbox.values import PackedArray, packed, unpacked
from handgrad.compare.results.diagnosis import Confinement, NoAnswer, ProbeShape, SourceLine

FAILURE = NoAnswer("raises", "KeyError: 'x'", line=SourceLine("mine.py", 3, "x['x']"))
REPLIES: list[Reply] = [
    Started(Confinement(writes=True)),
    FileLoaded(),
    FileLoaded(FAILURE),
    Described("7", (Found("gradient", "gradient", ("X", "y", "w", "b")),), ("gradient", "other")),
    Answered.of(Answer((np.array([0.1, -2.0]), np.array(1e-300)), ("float64", "float32"), ("X",)), "7"),
    Answered.of(Answer(failure=NoAnswer("shape", "(2,)", "()", part="db", place=ProbeShape(7, 3, zero_bias=True))), ""),
    Broken(NoAnswer("own-fault", "KeyError")),
]


@pytest.mark.parametrize("reply", REPLIES, ids=lambda m: type(m).__name__)
def test_a_reply_is_read_as_it_was_written(reply: Reply) -> None:
    assert read_reply(line_of(reply)) == reply


def test_an_answer_comes_back_to_the_bit() -> None:
    sent = Answer((np.array([0.1, np.nextafter(0, 1)]), np.array(-1 / 3)), ("float64", "float64"), ("y",))
    received = Answered.of(sent, "1").answer()
    assert all((a == b).all() and a.shape == b.shape for a, b in zip(sent.blocks, received.blocks, strict=True))
    assert (received.types, received.changed) == (sent.types, sent.changed)


@pytest.mark.parametrize(
    "value",
    [
        np.array([[0.1, -0.0], [5e-324, 1e308]]), np.array([1, 200], dtype=np.uint8), np.array([1.5], dtype=np.float32),
        np.array(3), np.zeros((0, 2)), [[1.0, 2.0], [3.0, 4.0]], [1.0, 2.0], [[1.0], [2.0, 3.0]], [1, 2.0], [],
        [np.arange(3)], [("+", 0, 1)], 0.1, 1.0, 7, True, "float32", None,
    ],
    ids=lambda value: repr(value)[:12],
)  # fmt: skip
def test_an_argument_arrives_as_it_was_with_its_type(value: Any) -> None:
    question = CallRequest.of(Invocation("f", (Argument("a", value),)), "1")
    again = read_request(line_of(question))
    assert isinstance(again, CallRequest)
    first, second = (again.call().arguments[0].value for _ in range(2))
    for arrived in (first, second):
        assert type(arrived) is type(value)
        assert repr(arrived) == repr(value)
        assert getattr(arrived, "dtype", None) == getattr(value, "dtype", None)
    if isinstance(value, np.ndarray | list) and len(np.atleast_1d(np.asarray(value, object))):
        assert first is not second


@pytest.mark.parametrize(
    "line",
    [
        "", "7", "[]", "{", "{}", '{"type": "other"}', '{"type": "described", "nonce": "1", "found": [{"name": "f"}]}',
        '{"type": "answer", "nonce": "1", "blocks": "x"}', '{"type": "answer", "blocks": []}',
        '{"type": "answer", "nonce": "1", "blocks": [{"type": "array", "shape": [], "values": [1e999]}]}',
        '{"type": "answer", "nonce": "1", "blocks": [{"type": "array", "shape": [], "values": [NaN]}]}',
        '{"type": "answer", "nonce": "1", "blocks": [{"type": "array", "shape": [-1], "values": [1.0]}]}',
        '{"type": "loaded", "failure": {"cause": "a-cause-of-its-own"}}', "[" * 100_000,
    ],
    ids=lambda line: line[:40],
)  # fmt: skip
def test_what_has_not_the_form_of_a_reply_is_none(line: str) -> None:
    assert read_reply(line.encode()) is None


@pytest.mark.parametrize("shape", [(3,), (), (2, 2)])
def test_a_shape_that_does_not_fit_its_numbers_is_no_answer(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="reshape"):
        Answered("1", (PackedArray(shape, (1.0, 2.0)),)).answer()


def test_texts_are_cut_and_made_printable() -> None:
    sent = FileLoaded(NoAnswer("raises", "\x1b[31m" + "x" * 1000, line=SourceLine("\n", 1, "\t")))
    reply = read_reply(line_of(sent))
    assert isinstance(reply, FileLoaded)
    assert reply.failure is not None
    assert reply.failure.given == (" [31m" + "x" * 1000)[:LONGEST_TEXT]
    assert reply.failure.line == SourceLine(" ", 1, " ")


def test_a_job_is_read_from_its_own_command_line() -> None:
    job = Job("mine.py", "folder", "trace", 1 << 32)
    assert Job.read(job.arguments()) == job


def test_a_list_of_numbers_is_packed_as_one_array() -> None:
    assert isinstance(packed([[1.0, 2.0]] * 3), PackedArray)
    assert unpacked(packed([[1.0, 2.0]] * 3)) == [[1.0, 2.0]] * 3
