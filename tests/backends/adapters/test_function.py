"""A gradient or a step of somebody else as a trainer: however it takes its arguments, and whatever loss it is of."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

from handgrad.backends.adapters.running import CodeError
from handgrad.backends.given import trainer_of
from handgrad.backends.interface import Gradient, Parameters, Plan, Trainer
from handgrad.backends.numpy import NumPyTrainer

RANDOM = np.random.default_rng(5)
X3 = RANDOM.normal(0.4, 1.2, (40, 3))
Y = X3 @ [1.5, -2.0, 0.25] + 3 + 0.1 * RANDOM.normal(size=40)
START = Parameters([0.3, -0.2, 0.9], 0.7)


def gradient(X, y, weights, bias):
    r = X @ weights + bias - y
    return 2 / len(y) * (r @ X), 2 * r.mean()


def with_loss(X, y, weights, bias):
    r = X @ weights + bias - y
    return (r @ r) / len(y), 2 / len(y) * (r @ X), 2 * r.mean()


def nested(X, y, weights, bias):
    r = X @ weights + bias - y
    return (r @ r) / len(y), (2 / len(y) * (r @ X), 2 * r.mean())


def ours(X, y, weights, bias):
    r = X @ weights + bias - y
    return Gradient((r @ r) / len(y), 2 / len(y) * (r @ X), 2 * r.mean())


def dictionary(X, y, weights, bias):
    r = X @ weights + bias - y
    return {"db": 2 * r.mean(), "dW": 2 / len(y) * (r @ X)}


def keywords_only(*, features, target, weights, intercept):
    return gradient(features, target, weights, intercept)


@dataclass
class Derivatives:
    db: float
    dw: np.ndarray
    method: str = "by hand"


def data_class(X, y, weights, bias):
    dw, db = gradient(X, y, weights, bias)
    return Derivatives(db, dw)


def other_order(w, b, x, y):
    return gradient(x, y, w, b)


def theta_gradient(theta, X, y):
    r = X @ theta - y
    return 2 / len(y) * (X.T @ r)


def lists(X, y, weights, bias):
    n, d = len(y), len(weights)
    if not isinstance(X, list):
        raise TypeError("lists only")
    rs = [sum(x * w for x, w in zip(row, weights, strict=True)) + bias - t for row, t in zip(X, y, strict=True)]
    return [2 / n * sum(r * row[j] for r, row in zip(rs, X, strict=True)) for j in range(d)], 2 / n * sum(rs)


def half(X, y, weights, bias):
    return tuple(part / 2 for part in gradient(X, y, weights, bias))


def half_with_loss(X, y, weights, bias):
    return tuple(part / 2 for part in with_loss(X, y, weights, bias))


def summed(X, y, weights, bias):
    return tuple(part * len(y) for part in gradient(X, y, weights, bias))


summed.loss = "sum"


def step(X, y, weights, bias, learning_rate):
    d_weights, d_bias = gradient(X, y, weights, bias)
    weights -= learning_rate * d_weights  # its own copy
    return weights, bias - learning_rate * d_bias


def slope(x, y, w, b):
    if x.ndim != 1:
        raise ValueError("one feature only")
    r = w * x + b - y
    return 2 * (r * x).mean(), 2 * r.mean()


def points_step(b_current, m_current, points, learningRate):
    r = m_current * points[:, 0] + b_current - points[:, 1]
    return b_current - learningRate * 2 * r.mean(), m_current - learningRate * 2 * (r * points[:, 0]).mean()


class Mine(NumPyTrainer):
    name = "mine"


RIGHT = [
    gradient,
    with_loss,
    nested,
    ours,
    dictionary,
    keywords_only,
    data_class,
    other_order,
    theta_gradient,
    lists,
    half_with_loss,
    summed,
    step,
]


def held(given, X, dtype="float64", batch_size=None) -> Trainer:
    """Holds its gradient and its run against NumPy's."""
    mine, numpy = (of(X, Y, dtype) for of in (trainer_of(given), NumPyTrainer))
    near = {"float64": 1e-12, "float32": 1e-4}[dtype]
    at = np.array(START.weights[: X.shape[1]]), START.bias
    for got, expected in zip(mine.gradient_at(*at), numpy.gradient_at(*at), strict=True):
        np.testing.assert_allclose(got, expected, rtol=near, atol=near)
    plan = Plan(0.1, 6, batch_size, dtype=dtype)
    got, expected = mine.train(plan), numpy.train(plan)
    np.testing.assert_allclose(got.recorded_weights, expected.recorded_weights, rtol=near, atol=near)
    np.testing.assert_allclose(got.losses, expected.losses, rtol=near)
    assert got.weights.dtype == dtype
    return mine


@pytest.mark.parametrize("given", RIGHT, ids=lambda one: one.__name__)
@pytest.mark.parametrize(("dtype", "batch_size"), [("float64", None), ("float32", 7)])
def test_a_function_is_a_trainer_in_whatever_form_it_takes_and_gives_numbers(given, dtype, batch_size):
    held(given, X3, dtype, batch_size)


@pytest.mark.parametrize("given", [slope, points_step, gradient, with_loss], ids=lambda one: one.__name__)
def test_one_feature_may_be_plain_numbers_and_points(given):
    held(given, X3[:, :1])


def test_a_class_is_itself_under_the_name_of_its_row():
    trainer = held(Mine, X3)
    assert isinstance(trainer, Mine)


def test_the_gradient_of_another_loss_is_refused_with_what_to_say():
    with pytest.raises(CodeError, match=r'got that of \(1/2n\) Σ r².*half\.loss = "half-mse", and it is converted'):
        trainer_of(half)(X3, Y).gradient_at(*START)


def test_a_loss_that_nobody_knows_is_refused():
    def named(X, y, weights, bias):
        return gradient(X, y, weights, bias)

    named.loss = "mean"
    with pytest.raises(CodeError, match="expected a loss of mse, half-mse, sum, half-sum, got 'mean'"):
        trainer_of(named)


def test_a_wrong_gradient_is_left_to_the_judge_as_it_is():
    def wrong(X, y, weights, bias):
        d_weights, d_bias = gradient(X, y, weights, bias)
        return d_weights, 1.01 * d_bias

    found = trainer_of(wrong)(X3, Y).gradient_at(*START)
    assert found.bias == pytest.approx(1.01 * NumPyTrainer(X3, Y).gradient_at(*START).bias)


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        (None, r"expected \(dW, db\) or \(loss, dW, db\), with dW of shape \(d,\), got None"),
        ((np.ones(5), 1.0), r"got tuple of \(5,\) and \(\)"),
        (np.ones(7), r"got ndarray of \(7,\)"),
        (("a", "b"), "got tuple of"),
    ],
)
def test_what_is_no_gradient_is_told_with_what_came(returned, told):
    with pytest.raises(CodeError, match=told):
        trainer_of(lambda X, y, weights, bias: returned)(X3, Y).gradient_at(*START)


def test_what_a_function_raises_is_what_is_told():
    def broken(X, y, weights, bias):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        trainer_of(broken)(X3, Y).gradient_at(*START)


def test_what_is_neither_a_function_nor_a_trainer_is_refused():
    for given, told in [(int, "the class int"), (Trainer, "without .*bind"), (7, "got int")]:
        with pytest.raises(CodeError, match=told):
            trainer_of(given)  # type: ignore[arg-type]


def test_a_clock_sees_no_loss_that_nobody_asked_for():
    losses = []

    class Counted(type(trainer_of(gradient)(X3, Y))):  # type: ignore[misc]
        def own_loss(self, *at):
            losses.append(at)
            return super().own_loss(*at)

    trainer = Counted(X3, Y)
    plan = Plan(0.1, 4)
    end = trainer.lap(trainer.start(plan), plan, 4)
    assert losses == []
    np.testing.assert_array_equal(end.weights, trainer.train(plan).weights)


def test_looking_at_the_first_answer_is_not_on_its_clock_and_the_function_is_called_once_for_it():
    called = []

    def counted(X, y, weights, bias):
        called.append(1)
        return gradient(X, y, weights, bias)

    trainer = trainer_of(counted)(X3, Y)
    trainer.gradient(*trainer.data, *trainer.to_own(np.zeros(3), 0.0))
    assert len(called) == 1
    assert trainer.aside_seconds > 0


def test_a_step_that_diverges_says_so():
    run = trainer_of(step)(X3, Y).train(Plan(1e6, 200))
    assert run.diverged_at is not None
    assert all(map(math.isfinite, run.losses))
