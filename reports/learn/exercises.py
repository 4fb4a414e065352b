"""The exercise at the end of each chapter, graded by `handgrad exercise` or by `handgrad check`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Exercise:
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

EXERCISES: dict[int, Exercise] = {
    1: Exercise("Write the loss itself, for any number of features.", ("loss",)),
    2: Exercise(
        "Write dW and db by hand for one feature, with plain loops. Then take the 2 away, and see what you are told.",
        ("one-feature",),
    ),
    3: Exercise(
        "Write the node of a tape: with the derivatives of its operations, and nothing else, it finds those of any "
        "formula that is made of them.",
        ("tape",),
    ),
    4: Exercise(
        "Write central differences for a function that you do not know. It need not be a quadratic, so this time the "
        "step must be chosen with care.",
        ("numerical-gradient",),
    ),
    5: Exercise(
        "Write a step with momentum β: part of the last step is taken again. It raises the limit of the learning rate "
        "to 2 (1 + β)/λₘₐₓ.",
        ("momentum",),
    ),
    6: Exercise(
        "Standardise features, and carry the parameters that were found on them back to the units they came in.",
        ("standardize", "parameters-back"),
    ),
    7: Exercise(
        "Write a gradient that adds up every sum with math.fsum, which rounds once. Then turn the data into float32 "
        "first, and see whether that is noticed.",
        file="careful_sums.py",
        begins=_GRADIENT,
    ),
    8: Exercise(
        "Write the gradient for many features without any loop, in two products of arrays. Mind the shapes: y is (n,), "
        "not (n, 1).",
        ("many-features",),
    ),
    9: Exercise(
        "Compute XᵀX, Xᵀy and the sums of X and y first; then find the gradient from them alone.",
        file="moments.py",
        begins=_GRADIENT,
    ),
}
