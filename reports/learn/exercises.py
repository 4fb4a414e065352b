"""The exercise at the end of each chapter, graded by `handgrad exercise` or by `handgrad check`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Assignment:
    """What is to be written.

    Attributes:
        task: In words.
        names: Of the exercises of `handgrad exercise` that this is; empty where `handgrad check` grades it.
        file: Where it goes, for `handgrad check`.
        begins: How that file begins.
    """

    task: str
    names: tuple[str, ...] = ()
    file: str = ""
    begins: str = ""

    def commands(self, numbers: Mapping[str, int]) -> list[str]:
        """What to type, given the numbers of the exercises by name."""
        if not self.names:
            return [f"handgrad check {self.file}"]
        return [f"handgrad exercise {what} {numbers[name]}" for name in self.names for what in ("start", "check")]


_GRADIENT = "def gradient(X, y, weights, bias):\n    ...\n    return dW, db\n"

EXERCISES: dict[int, Assignment] = {
    1: Assignment("Write the loss itself, for any number of features.", ("loss",)),
    2: Assignment(
        "Write dW and db by hand for one feature, with plain loops. Then take the 2 away, and see what you are told.",
        ("one-feature",),
    ),
    3: Assignment(
        "Write the node of a tape: with the derivatives of its operations, and nothing else, it finds those of any "
        "formula that is made of them.",
        ("tape",),
    ),
    4: Assignment(
        "Write central differences for a function that you do not know. It need not be a quadratic, so this time the "
        "step must be chosen with care.",
        ("numerical-gradient",),
    ),
    5: Assignment(
        "Write a step with momentum β: part of the last step is taken again. It raises the limit of the learning rate "
        "to 2 (1 + β)/λₘₐₓ.",
        ("momentum",),
    ),
    6: Assignment(
        "Standardise features, and carry the parameters that were found on them back to the units they came in.",
        ("standardize", "parameters-back"),
    ),
    7: Assignment(
        "Write a gradient that adds up every sum with math.fsum, which rounds once. Then turn the data into float32 "
        "first, and see whether that is noticed.",
        file="careful_sums.py",
        begins=_GRADIENT,
    ),
    8: Assignment(
        "Write the gradient for many features without any loop, in two products of arrays. Mind the shapes: y is (n,), "
        "not (n, 1).",
        ("many-features",),
    ),
    9: Assignment(
        "Compute XᵀX, Xᵀy and the sums of X and y first; then find the gradient from them alone.",
        file="moments.py",
        begins=_GRADIENT,
    ),
}
