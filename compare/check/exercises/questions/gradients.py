"""Questions on gradients: one row's chain, dW for one feature, and the gradient from sums that do not change."""

from __future__ import annotations

from handgrad.compare.check.exercises.questions.question import Arguments, ExerciseQuestion, tables


def _rows() -> list[Arguments]:
    numbers = ((2.0, 3.0, 1.5, 0.5), (-1.25, 2.0, 0.75, -1.0), (0.5, -4.0, -2.0, 3.0), (3.0, 1.0, 0.25, 0.125))
    return [{"x": x, "y": y, "weight": weight, "bias": bias} for x, y, weight, bias in numbers]


ONE_CHAIN = ExerciseQuestion("one_chain", ("r", "∂L/∂r", "∂L/∂w", "∂L/∂b"), _rows)


def _one_feature() -> list[Arguments]:
    return [
        {"x": X[:, 0].tolist(), "y": y.tolist(), "weight": float(weights[0]), "bias": bias}
        for X, y, weights, bias in tables((3, 1), (7, 1), (11, 1), (1, 1))
    ]


ONE_WEIGHT = ExerciseQuestion("weight_gradient", ("dW",), _one_feature)


def _sums() -> list[Arguments]:
    return [
        {
            "n": len(y),
            "sum_x": float(X.sum()),
            "sum_y": float(y.sum()),
            "sum_xx": float((X * X).sum()),
            "sum_xy": float(X[:, 0] @ y),
            "weight": float(weights[0]),
            "bias": bias,
        }
        for X, y, weights, bias in tables((3, 1), (7, 1), (11, 1), (13, 1))
    ]


FROM_SUMS = ExerciseQuestion("gradient_from_sums", ("dW", "db"), _sums)
