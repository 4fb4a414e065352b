"""The ideas of the course in as few lines of plain Python as they need; one feature, lists of floats.

The chapters show these functions; the backends do the same for any number of features, in float32, too, and fast.
Where rows are taken apart one by one, the course itself uses them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

#: The loss at a weight and a bias.
LossAt = Callable[[float, float], float]


def predict(x: Sequence[float], weight: float, bias: float) -> list[float]:
    """ŷ = W x + b for each row; x (n,)."""
    return [weight * value + bias for value in x]


def residuals(x: Sequence[float], y: Sequence[float], weight: float, bias: float) -> list[float]:
    """r = ŷ − y for each row; x (n,), y (n,)."""
    return [predicted - target for predicted, target in zip(predict(x, weight, bias), y, strict=True)]


def loss(x: Sequence[float], y: Sequence[float], weight: float, bias: float) -> float:
    """The mean of r²; x (n,), y (n,)."""
    return sum(r * r for r in residuals(x, y, weight, bias)) / len(y)


def pulls(x: Sequence[float], y: Sequence[float], weight: float, bias: float) -> tuple[list[float], list[float]]:
    """What each row says to W and to b: 2 r x and 2 r. Their means are dW and db; x (n,), y (n,)."""
    found = residuals(x, y, weight, bias)
    return [2 * r * value for r, value in zip(found, x, strict=True)], [2 * r for r in found]


def step(weight: float, bias: float, d_weight: float, d_bias: float, learning_rate: float) -> tuple[float, float]:
    """One step against the gradient."""
    return weight - learning_rate * d_weight, bias - learning_rate * d_bias


def forward(loss_at: LossAt, weight: float, bias: float, h: float) -> float:
    """dW by a step to one side."""
    return (loss_at(weight + h, bias) - loss_at(weight, bias)) / h


def central(loss_at: LossAt, weight: float, bias: float, h: float) -> float:
    """dW by a step to both sides."""
    return (loss_at(weight + h, bias) - loss_at(weight - h, bias)) / (2 * h)


def sums(x: Sequence[float], y: Sequence[float]) -> tuple[int, float, float, float, float]:
    """The five numbers in which x (n,) and y (n,) enter the gradient: n, Σ x, Σ y, Σ x² and Σ x y."""
    squares = sum(value * value for value in x)
    products = sum(value * target for value, target in zip(x, y, strict=True))
    return len(y), sum(x), sum(y), squares, products


def gradient_from(found: tuple[int, float, float, float, float], weight: float, bias: float) -> tuple[float, float]:
    """dW and db from those five sums."""
    n, sum_x, sum_y, sum_xx, sum_xy = found
    return 2 / n * (weight * sum_xx + bias * sum_x - sum_xy), 2 / n * (weight * sum_x + n * bias - sum_y)
