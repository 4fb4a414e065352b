"""What is said to a program of any language, and what it answers: a line of JSON each; see `docs/protocol.md`.

A number in an answer is a JSON number, or a text with C's hexadecimal form (`"0x1.8p+1"`); what is not finite is null.
"""

from __future__ import annotations

from typing import Literal

import msgspec

#: Of this description.
VERSION = 1

#: A number of a program's answer.
Number = float | str | None


class SayHello(msgspec.Struct, frozen=True, tag_field="do", tag="hello"):
    """The first request: which version is spoken."""

    protocol: int = VERSION


class BindFile(msgspec.Struct, frozen=True, tag_field="do", tag="bind"):
    """Read X (rows, features), by rows, and then y (rows,) from a file of raw little-endian numbers of the dtype."""

    file: str
    rows: int
    features: int
    dtype: str


class AskGradient(msgspec.Struct, frozen=True, tag_field="do", tag="gradient", omit_defaults=True):
    """The gradient at weights (d,) and a bias, over all rows, or over those that are named."""

    weights: list[float]
    bias: float
    rows: list[int] | None = None


class RunEpochs(msgspec.Struct, frozen=True, tag_field="do", tag="run"):
    """So many full-batch epochs from weights (d,) and a bias on: W ← W − η dW, b ← b − η db."""

    weights: list[float]
    bias: float
    learning_rate: float
    epochs: int


class Hello(msgspec.Struct, frozen=True):
    """The version that a program speaks, and what it can: "gradient", "run", and "rows", which is mini-batches."""

    protocol: int
    dtypes: tuple[Literal["float64", "float32"], ...] = ("float64",)
    can: tuple[Literal["gradient", "run", "rows"], ...] = ("gradient",)


class BoundFile(msgspec.Struct, frozen=True):
    """The file is read."""

    bound: Literal[True]


class GradientGiven(msgspec.Struct, frozen=True):
    """dW (d,) and db of (1/n) Σ r²; the loss where the program gives it."""

    weights: list[Number]
    bias: Number
    loss: Number = None


class EpochsRun(msgspec.Struct, frozen=True):
    """The parameters after the epochs, and the seconds that they took by a monotonic clock of the program's."""

    weights: list[Number]
    bias: Number
    seconds: float


class ErrorTold(msgspec.Struct, frozen=True):
    """Why there is no answer."""

    error: str


def as_float(number: Number) -> float:
    """A number of an answer.

    Raises:
        ValueError: If a text is no hexadecimal number.
    """
    if number is None:
        return float("nan")
    return float.fromhex(number) if isinstance(number, str) else float(number)
