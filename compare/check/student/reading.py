"""What the parts of an answer are: dW and db, in either order, by name, in one vector, or beside the loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from handgrad.backends.signatures.kinds import Kind
from handgrad.backends.signatures.parts import PAIR, Arrangement, arranged
from handgrad.backends.signatures.subjects import Found
from handgrad.compare.check.sandbox.answers import Answer
from handgrad.compare.check.student.forms import Series
from handgrad.compare.check.student.probes import Probe
from handgrad.compare.check.student.shapes import failure_of, shaped
from handgrad.compare.results.diagnosis import NoAnswer


def arrangements(found: Found, one: Series, answers: Sequence[Answer]) -> list[Arrangement]:
    """How the answers may be meant, the likeliest first; told by their names, their sizes, and how θ holds them."""
    first = next((a for a in answers if a.failure is None), None)
    if one.kind == "loss" or one.form == "trainer" or first is None:
        return [PAIR]
    sizes = [block.size for block in first.blocks]
    return arranged(found, one.theta, first.names, sizes, one.calls()[0].features)


def read(answer: Answer, arrangement: Arrangement, one: Series, probe: Probe) -> Answer:
    """The answer as dW (d,) and db (), or the loss (); NaN for a block that was not asked for."""
    if answer.failure is not None:
        place = probe.shape if answer.failure.cause in ("too-large", "not-finite") else answer.failure.place
        return replace(answer, failure=replace(answer.failure, place=place))
    blocks, kind = answer.blocks, one.kind
    wanted = "(weights, bias)" if kind == "step" else "(dW, db)"
    if kind == "loss":
        return replace(answer, blocks=(shaped(blocks[0], ()),)) if len(blocks) == 1 else _no_pair(answer, "one number")
    if arrangement.joined:
        return _split(answer, arrangement, probe)
    if arrangement.bias is None:
        return replace(answer, blocks=(shaped(blocks[arrangement.weights], (probe.features,)), np.array(np.nan)))
    if len(blocks) != 2 and arrangement.alone:
        return _no_pair(answer, wanted)
    if max(arrangement.weights, arrangement.bias) >= len(blocks):
        return _no_pair(answer, wanted)
    pair = blocks[arrangement.weights], blocks[arrangement.bias]
    return replace(answer, blocks=(shaped(pair[0], (probe.features,)), shaped(pair[1], ())))


def _split(answer: Answer, arrangement: Arrangement, probe: Probe) -> Answer:
    whole = answer.blocks[arrangement.weights] if arrangement.weights < len(answer.blocks) else np.empty(0)
    if [block.size for block in answer.blocks] == [1, 1]:  # of one feature, a vector of two is read as a pair
        whole = np.concatenate([block.ravel() for block in answer.blocks])
    if whole.size != probe.features + 1:
        shape = NoAnswer("shape", str(whole.shape), f"({probe.features + 1},)", part="the gradient", place=probe.shape)
        return Answer(failure=shape)
    theta = whole.ravel()
    weights, bias = (theta[1:], theta[0]) if arrangement.joined == "bias-first" else (theta[:-1], theta[-1])
    return replace(answer, blocks=(weights, np.asarray(bias)))


def _no_pair(answer: Answer, wanted: str) -> Answer:
    if len(answer.blocks) == 1:
        return Answer(failure=NoAnswer("no-pair", answer.container, wanted))
    return Answer(failure=NoAnswer("no-pair-of-values", str(len(answer.blocks)), wanted))


def is_answered(found: Found, one: Series, answers: Sequence[Answer], probes: Sequence[Probe] = ()) -> bool:
    """Whether there is an answer of the right shape to every question in floats, or at the probes alone."""
    return any(
        all(
            failure_of(read(answer, arrangement, one, probe), probe, one.kind) is None
            for answer, probe in zip(answers, probes or one.calls(), strict=False)
            if probe.kind != "integer"
        )
        for arrangement in arrangements(found, one, answers)
    )


def several(answer: Answer, kind: Kind) -> bool:
    """Whether what should be one number is more."""
    return kind == "loss" and (len(answer.blocks) > 1 or any(block.size > 1 for block in answer.blocks))
