"""The exercise at the end of each chapter; `handgrad check` grades all of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Exercise:
    """What is to be written, into which file, with a beginning; all of it graded by `handgrad check FILE`."""

    task: str
    file: str
    begins: str

    @property
    def command(self) -> str:
        """What grades it."""
        return f"handgrad check {self.file}"


_GRADIENT = "def gradient(X, y, weights, bias):\n    ...\n    return dW, db\n"

EXERCISES: dict[int, Exercise] = {
    1: Exercise(
        "Write the loss itself, for any number of features.",
        "loss.py",
        "def loss(X, y, weights, bias):\n    ...\n    return mean_squared_error\n",
    ),
    2: Exercise(
        "Write the gradient by hand with plain loops: no NumPy. X is a table (n, d), so dW is a list of d numbers.",
        "by_hand.py",
        _GRADIENT,
    ),
    3: Exercise(
        "Write a Node of your own with values, parents and adjoints, and let it find the gradient. No derivative of "
        "the loss may appear in it, only those of +, −, × and the square.",
        "tape.py",
        "class Node:\n    ...\n\ndef gradient(X, y, weights, bias):\n    ...\n    return dW, db\n",
    ),
    4: Exercise(
        "Write no derivative at all: return central differences of the loss, with a step that is good enough to pass. "
        "Then make the step smaller until you are told that your gradient is wrong.",
        "differences.py",
        _GRADIENT,
    ),
    5: Exercise(
        "Write one whole step of descent. Take both derivatives before you change either parameter.",
        "step.py",
        "def step(X, y, weights, bias, learning_rate):\n    ...\n    return new_weights, new_bias\n",
    ),
    6: Exercise(
        "Compute the gradient on standardised features, Z = (X − m) / s, and carry it back to those of X by the "
        "chain rule.",
        "standardised.py",
        _GRADIENT,
    ),
    7: Exercise(
        "Add up every sum of the gradient with math.fsum, which rounds once. Then compute in float32 instead, and see "
        "whether the difference is noticed.",
        "careful_sums.py",
        _GRADIENT,
    ),
    8: Exercise(
        "Write the gradient without any loop, in two products of arrays. Mind the shapes: y is (n,), not (n, 1).",
        "vectorised.py",
        _GRADIENT,
    ),
    9: Exercise(
        "Compute XᵀX, Xᵀy and the sums of X and y first; then use nothing else to find the gradient.",
        "moments.py",
        _GRADIENT,
    ),
}
