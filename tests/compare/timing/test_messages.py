"""What crosses to a worker and back: the same at the other end, and told when it is something else."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest

from handgrad.backends.interface import Parameters, Plan
from handgrad.compare.timing import messages as m
from handgrad.compare.timing.worker import asks_to_load

PLAN = Plan(0.1, 5, batch_size=2, start=Parameters(np.array([1.5, -2.0], np.float32), np.float64(0.25)), order="file")
MESSAGE = m.PlanMessage.of(PLAN)
GRADIENT = m.GradientMessage(1.0, [2.0, 3.0], 4.0)
TRAINING = m.TrainingMessage([1.0, 2.0], 3.0, [4.0, 5.0], [0, 1], [[0.0, 0.0], [1.0, 2.0]], [0.0, 3.0], None)

#: Every request with an answer to it.
PAIRS: list[tuple[Any, Any]] = [
    (m.Load(), m.Loaded(0.5)),
    (m.FindDevice("cuda"), m.DeviceSeen("a device", None)),
    (m.Bind("data.npz", "float32", "cuda"), m.Bound(0.25, 0.125)),
    (m.FirstCall(MESSAGE), m.FirstCalled(1.0, GRADIENT)),
    (m.Train(MESSAGE), m.TrainingDone(TRAINING)),
    (m.TakeGradients([[1.0, 2.0, 3.0]]), m.GradientsTaken([[4.0, 5.0, 6.0]])),
    (m.TimeEpochs(MESSAGE, 7), m.EpochsTimed(0.125, [1.0, 2.0], 3.0)),
    (m.AskMemory(), m.MemoryUsed(2000, None)),
    (m.ReadBytes(1024, 3), m.BytesRead(0.5)),
    (m.ScanColumns("data", 3), m.BytesRead(0.5)),
    (m.FindLimits(4096), m.LimitsFound([m.LevelMessage(1024, 1e10)], {"float64": 1e9})),
]


def test_every_request_is_tried_here() -> None:
    assert {type(request) for request, _ in PAIRS} == set(m.AnyRequest.__args__)


@pytest.mark.parametrize(("request_", "answer"), PAIRS, ids=[request.name for request, _ in PAIRS])
def test_requests_and_answers_are_the_same_at_the_other_end(request_: Any, answer: Any) -> None:
    assert request_.line().count(b"\n") == 1
    assert m.read_request(request_.line()) == request_
    reply = m.read_reply(m.answer_line(answer))
    assert reply.error is None
    assert request_.answer_of(reply.answer) == answer


@pytest.mark.parametrize(("request_", "answer"), PAIRS, ids=[request.name for request, _ in PAIRS])
def test_the_answer_to_another_request_is_none(request_: Any, answer: Any) -> None:
    others = [other for _, other in PAIRS if type(other) not in (type(answer), m.BytesRead, m.EpochsTimed)]
    for other in others:
        with pytest.raises(msgspec.ValidationError):
            request_.answer_of(m.read_reply(m.answer_line(other)).answer)


def test_a_plan_is_the_same_at_the_other_end() -> None:
    (sent,) = (request.plan for request in [m.read_request(m.Train(MESSAGE).line())] if isinstance(request, m.Train))
    plan = sent.plan()
    assert plan.start is not None
    assert (list(plan.start.weights), plan.start.bias) == ([1.5, -2.0], 0.25)
    for name in ("learning_rate", "epochs", "batch_size", "seed", "order", "dtype", "record"):
        assert getattr(plan, name) == getattr(PLAN, name)


def test_a_plan_without_start_or_batches_is_so_at_the_other_end() -> None:
    plan = Plan(0.5, 3, record=(0, 3), seed=4, dtype="float32")
    sent = msgspec.json.decode(msgspec.json.encode(m.PlanMessage.of(plan)), type=m.PlanMessage).plan()
    assert (sent.start, sent.batch_size, list(sent.record or ()), sent.seed, sent.dtype) == (
        None,
        None,
        [0, 3],
        4,
        "float32",
    )


def test_every_field_of_a_plan_is_sent() -> None:
    assert set(m.PlanMessage.__struct_fields__) == set(Plan.__dataclass_fields__)


def test_what_is_not_finite_is_null_and_comes_back_as_none() -> None:
    line = m.answer_line(m.EpochsTimed(0.5, [math.inf, -math.inf, math.nan, 1.0], math.nan))
    assert line.count(b"null") == 6  # with that of the error, and of a strain that was not looked for
    assert m.TimeEpochs(MESSAGE, 1).answer_of(m.read_reply(line).answer).weights == [None, None, None, 1.0]


def test_every_digit_comes_back() -> None:
    numbers = [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, -0.0]
    line = m.answer_line(m.GradientsTaken([numbers]))
    (back,) = m.TakeGradients([]).answer_of(m.read_reply(line).answer).gradients
    assert [math.copysign(1, x) if x == 0 else x for x in back] == [*numbers[:-1], -1.0]


def test_a_failure_is_told_with_its_type_and_message() -> None:
    reply = m.read_reply(m.failure_line(KeyError("x\ny")))
    assert reply.error == m.WorkerFailure("KeyError", "'x\\ny'")


@pytest.mark.parametrize("line", [b"", b"hello", b"[]", b'{"do": "dance"}', b'{"do": "bind"}', b"\xff"])
def test_what_is_no_request_is_refused(line: bytes) -> None:
    with pytest.raises((msgspec.MsgspecError, UnicodeDecodeError)):
        m.read_request(line)
    assert not asks_to_load(line)


def test_the_request_to_load_is_known_without_msgspec() -> None:
    assert [request.name for request, _ in PAIRS if asks_to_load(request.line())] == ["load"]
