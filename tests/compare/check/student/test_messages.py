"""What crosses from the student's process: what was written is read again, and nothing else is."""

from __future__ import annotations

import io

import numpy as np
import pytest

from handgrad.compare.check.student.answers import Answer
from handgrad.compare.check.student.job import Job
from handgrad.compare.check.student.messages import (
    LONGEST_TEXT,
    Answered,
    Done,
    Failed,
    Function,
    Message,
    PackedArray,
    read,
    write,
)
from handgrad.compare.results.diagnosis import NoAnswer, ProbeShape, SourceLine

FAILURE = NoAnswer("raises", "KeyError: 'x'", line=SourceLine("mine.py", 3, "x['x']"))
MESSAGES: list[Message] = [
    Function("gradient", "gradient"),
    Answered.of(Answer((np.array([0.1, -2.0]), np.array(1e-300)), ("float64", "float32"), ("X",)), form=1),
    Answered.of(Answer(failure=NoAnswer("shape", "(2,)", "()", part="db", place=ProbeShape(7, 3, zero_bias=True)))),
    Failed(FAILURE),
    Done(),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: type(m).__name__)
def test_a_message_is_read_as_it_was_written(message: Message) -> None:
    out = io.StringIO()
    write(out, message)
    assert read(out.getvalue().encode()) == [message]


def test_an_answer_comes_back_to_the_bit() -> None:
    sent = Answer((np.array([0.1, np.nextafter(0, 1)]), np.array(-1 / 3)), ("float64", "float64"), ("y",))
    received = Answered.of(sent).answer()
    assert all((a == b).all() and a.shape == b.shape for a, b in zip(sent.blocks, received.blocks, strict=True))
    assert (received.types, received.changed) == (sent.types, sent.changed)


@pytest.mark.parametrize(
    "line",
    [
        "", "7", "[]", "{", "{}", '{"type": "other"}', '{"type": "function", "name": "f", "kind": "judge"}',
        '{"type": "answer", "form": 0, "blocks": "x"}', '{"type": "answer", "blocks": []}',
        '{"type": "answer", "form": 0, "blocks": [{"shape": [], "values": [1e999]}]}',
        '{"type": "answer", "form": 0, "blocks": [{"shape": [], "values": [NaN]}]}',
        '{"type": "answer", "form": 0, "blocks": [{"shape": [-1], "values": [1.0]}]}',
        '{"type": "failure", "failure": {"cause": "a-cause-of-its-own"}}', "[" * 100_000,
    ],
    ids=lambda line: line[:40],
)  # fmt: skip
def test_what_has_not_the_form_of_a_message_is_none(line: str) -> None:
    assert read(line.encode() + b"\n" + b'{"type": "done"}') == [None, Done()]


@pytest.mark.parametrize("shape", [(3,), (), (2, 2)])
def test_a_shape_that_does_not_fit_its_numbers_is_no_answer(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="reshape"):
        Answered(0, (PackedArray(shape, (1.0, 2.0)),)).answer()


def test_texts_are_cut_and_made_printable() -> None:
    out = io.StringIO()
    write(out, Failed(NoAnswer("raises", "\x1b[31m" + "x" * 1000, line=SourceLine("\n", 1, "\t"))))
    (message,) = read(out.getvalue().encode())
    assert isinstance(message, Failed)
    assert message.failure.given == (" [31m" + "x" * 1000)[:LONGEST_TEXT]
    assert message.failure.line == SourceLine(" ", 1, " ")


def test_a_job_is_read_from_its_own_command_line() -> None:
    job = Job("mine.py", "answers", "trace", 1 << 32, exercise=7)
    assert Job.read(job.arguments()) == job
