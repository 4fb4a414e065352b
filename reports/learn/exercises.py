"""What the exercises at the end of each chapter ask for, in words; `handgrad exercise` grades them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from handgrad.compare.results.learn.lessons import CourseExercise

#: By name of the exercise.
TASKS: dict[str, str] = {
    "loss": "Write the loss itself, for any number of features.",
    "descent": "Write the loop that walks downhill, for a loss of which you know nothing but its gradient.",
    "one-chain": "Walk the chain of this chapter for one row, link by link: the residual, and then the way back.",
    "one-weight": "Now for all rows of one feature: dW alone, with a plain loop.",
    "one-feature": "Write dW and db, with a plain loop. Then take the 2 away, and see what you are told.",
    "plus-tape": "Write a tape that can only add: each local derivative is 1, so the walk back is all there is to it.",
    "tape": (
        "Let it multiply, too: with the derivatives of two operations, and nothing else, it finds those of any formula "
        "that is made of them."
    ),
    "numerical-gradient": (
        "Write central differences for a function that you do not know. It need not be a quadratic, so this time the "
        "step matters; it is given."
    ),
    "find-the-bug": "Find out which parts of somebody's gradient are wrong, from numbers alone.",
    "rate-search": "Search a list of learning rates for the best one. Some of them are beyond the limit.",
    "momentum": "Write a step with momentum β.",
    "standardize": "Standardise features.",
    "parameters-back": "Carry parameters that were found on standardised features back to the units they came in.",
    "mini-batches": "Write an epoch over mini-batches. Each batch starts where the one before has ended.",
    "careful-sum": "Write Kahan's sum, which carries along what each addition loses.",
    "many-features": (
        "Write the gradient for many features without any loop, in two products of arrays. Mind the shapes: y is (n,), "
        "not (n, 1)."
    ),
    "moments": "Find dW and db from five sums alone, without looking at a row.",
}


@dataclass(frozen=True)
class Assignment:
    """What is to be written, and what to type for it."""

    number: int
    task: str

    @property
    def commands(self) -> tuple[str, str]:
        """Its template into this folder, and its grading."""
        return f"handgrad exercise start {self.number}", f"handgrad exercise check {self.number}"


def assignments(exercises: Iterable[CourseExercise], chapter: str) -> list[Assignment]:
    """Those of a chapter, in their order."""
    return [Assignment(one.number, TASKS[one.name]) for one in exercises if one.chapter == chapter]
