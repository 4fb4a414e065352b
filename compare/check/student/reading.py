"""What the parts of an answer are: dW and db, in either order, by name, in one vector, or beside the loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from handgrad.compare.check.sandbox.answers import Answer
from handgrad.compare.check.sandbox.kinds import Kind
from handgrad.compare.check.sandbox.names import gives_weights_alone, kind_by_name, part_of
from handgrad.compare.check.sandbox.subjects import CANONICAL, Found
from handgrad.compare.check.student.forms import Series, Theta
from handgrad.compare.check.student.probes import Probe
from handgrad.compare.check.student.shapes import failure_of, shaped
from handgrad.compare.results.diagnosis import NoAnswer


@dataclass(frozen=True)
class Arrangement:
    """Which part of an answer is dW and which db; with `joined`, one part holds both as θ does.

    A part that is not given is taken for right: there is nothing to judge. Nothing else may come with the two where
    they stand `alone`.
    """

    weights: int = 0
    bias: int | None = 1
    joined: Theta = ""
    alone: bool = False


_PAIR = Arrangement(alone=True)


def arrangements(found: Found, one: Series, answers: Sequence[Answer]) -> list[Arrangement]:
    """How the answers may be meant, the likeliest first; told by their names, their sizes, and how θ holds them."""
    first = next((a for a in answers if a.failure is None), None)
    if one.kind == "loss" or one.form == "trainer" or first is None:
        return [_PAIR]
    features, sizes = one.calls()[0].features, [block.size for block in first.blocks]
    names = first.names or (found.returns if len(found.returns) == len(sizes) else ("",) * len(sizes))
    if one.theta:
        return _of_theta(one, sizes, features, [part_of(name) for name in names])
    if len(sizes) == 1:
        return [Arrangement(0, None)] if gives_weights_alone(found.name) else _of_one_vector(sizes[0], features)
    return _of_parts([part_of(name) for name in names], sizes, features, found)


def _of_one_vector(size: int, features: int) -> list[Arrangement]:
    both = size == features + 1 and features > 1
    return [Arrangement(0, 0, "bias-last"), Arrangement(0, 0, "bias-first")] if both else [_PAIR]


def _of_theta(one: Series, sizes: list[int], features: int, parts: list[str]) -> list[Arrangement]:
    order: Theta = "bias-first" if one.theta == "ones" else one.theta
    if one.theta == "none":
        return [Arrangement(index, None) for index, part in enumerate(parts) if part != "loss"] or [_PAIR]
    if features + 1 in sizes:
        return [Arrangement(sizes.index(features + 1), None, order)]
    return [Arrangement(1, 0) if order == "bias-first" else _PAIR] if len(sizes) == 2 else [_PAIR]


def _of_parts(parts: list[str], sizes: list[int], features: int, found: Found) -> list[Arrangement]:
    if "weights" in parts and "bias" in parts:
        return [Arrangement(parts.index("weights"), parts.index("bias"))]
    own_order = found.name not in CANONICAL and kind_by_name(found.name.rpartition(".")[2]) in ("gradient", "step")
    if len(sizes) == 2 and features > 1:
        return [Arrangement(1, 0)] if own_order and sizes == [1, features] else [_PAIR]
    every = [Arrangement(w, b) for w in range(len(sizes)) for b in range(len(sizes)) if w != b]
    if len(sizes) == 2:
        return every if own_order else [_PAIR]
    if len(sizes) != 3:
        return [_PAIR]
    fitting = [a for a in every if sizes[a.weights] == features and sizes[a.bias or 0] == 1]
    return [a for a in fitting if "loss" not in (parts[a.weights], parts[a.bias or 0])] or [_PAIR]


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


def is_answered(found: Found, one: Series, answers: Sequence[Answer]) -> bool:
    """Whether there is an answer of the right shape to every question in floats."""
    return any(
        all(
            failure_of(read(answer, arrangement, one, probe), probe, one.kind) is None
            for answer, probe in zip(answers, one.calls(), strict=False)
            if probe.kind != "integer"
        )
        for arrangement in arrangements(found, one, answers)
    )


def several(answer: Answer, kind: Kind) -> bool:
    """Whether what should be one number is more."""
    return kind == "loss" and (len(answer.blocks) > 1 or any(block.size > 1 for block in answer.blocks))
