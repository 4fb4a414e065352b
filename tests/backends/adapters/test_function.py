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


# -- a step that is not made at every rate -----------------------------------------------------------------------------


def guarded(longest):
    def checked(X, y, weights, bias, learning_rate):
        if not 0 < learning_rate <= longest:
            raise ValueError(f"learning rate {learning_rate} is out of range")
        return step(X, y, weights, bias, learning_rate)

    return checked


def capped(X, y, weights, bias, learning_rate):
    return step(X, y, weights, bias, learning_rate if learning_rate < 1e3 else math.nan)


def one_by_one(X, y, weights, bias, learning_rate):
    for row, target in zip(X, y, strict=True):
        r = row @ weights + bias - target
        weights, bias = weights - learning_rate / len(y) * 2 * r * row, bias - learning_rate / len(y) * 2 * r
    return weights, bias


@pytest.mark.parametrize("given", [guarded(100), guarded(0.5), capped], ids=["to 100", "to 0.5", "nan"])
@pytest.mark.parametrize(("dtype", "batch_size"), [("float64", None), ("float32", 7)])
def test_a_step_that_refuses_long_rates_is_right(given, dtype, batch_size):
    held(given, X3, dtype, batch_size)


def test_what_a_step_refuses_at_every_rate_is_told_of_a_usual_one():
    with pytest.raises(ValueError, match=r"learning rate 0\.\d+ is out of range"):
        trainer_of(guarded(0))(X3, Y).gradient_at(*START)


@pytest.mark.parametrize("first", [Y, Y[:1]], ids=["all rows", "one row, where it is one of descent"])
def test_the_derivative_of_a_step_through_single_rows_is_of_the_size_of_one_pass(first):
    trainer, right = trainer_of(one_by_one)(X3, Y), NumPyTrainer(X3, Y).gradient_at(*START)
    trainer.derivative(X3[: len(first)], first, *trainer.to_own(np.array(START.weights), START.bias))
    found = trainer.gradient_at(*START)
    off = np.abs(np.append(found.weights, found.bias) - np.append(right.weights, right.bias)).max()
    assert 1e-3 < off < np.abs(right.weights).max()


# -- what a first answer does not tell ---------------------------------------------------------------------------------

OPTIMUM = np.linalg.lstsq(np.column_stack([X3, np.ones(40)]), Y)[0]


def grad_of_line(X, y, weights, bias):
    return gradient(X, y, weights, bias)[::-1]


@pytest.mark.parametrize("given", [half_with_loss, with_loss, summed, gradient], ids=lambda one: one.__name__)
def test_the_loss_is_not_taken_from_where_every_gradient_vanishes(given):
    asked, fresh = trainer_of(given)(X3, Y), trainer_of(given)(X3, Y).gradient_at(*START)
    at_optimum = asked.gradient_at(OPTIMUM[:3], OPTIMUM[3])
    assert at_optimum.loss == pytest.approx(NumPyTrainer(X3, Y).loss_at(OPTIMUM[:3], OPTIMUM[3]))
    for got, expected in zip(asked.gradient_at(*START), fresh, strict=True):
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("also_step", [False, True])
def test_the_gradient_of_another_loss_is_refused_after_a_first_question_that_did_not_tell(also_step):
    def half_step(X, y, weights, bias, learning_rate):
        return step(X, y, weights, bias, learning_rate / 2)

    trainer = trainer_of(half_step if also_step else half)(X3, Y)
    trainer.gradient_at(OPTIMUM[:3], OPTIMUM[3])
    with pytest.raises(CodeError, match=r"got that of \(1/2n\) Σ r²"):
        trainer.train(Plan(0.1, 2, start=Parameters(*START)))


def test_the_order_of_an_answer_is_not_taken_from_where_it_vanishes():
    """One feature: dW and db have one shape, and both are nearly zero at the optimum."""
    X = X3[:, :1]
    trainer = trainer_of(grad_of_line)(X, Y)
    slope, bias = np.polyfit(X[:, 0], Y, 1)
    trainer.gradient_at([slope], bias)
    got, expected = (one.gradient_at([0.3], 0.7) for one in (trainer, NumPyTrainer(X, Y)))
    assert (got.weights[0], got.bias) == pytest.approx((expected.weights[0], expected.bias))


@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize("kind", ["mse", "half-mse", "sum", "half-sum"])
def test_few_rows_at_first_do_not_settle_which_loss_it_is(rows, kind):
    """Over one row, (1/n) Σ r² is Σ r²; over two, it is ½ Σ r²."""

    def scaled(X, y, weights, bias):
        factor = {"mse": 1, "half-mse": 0.5, "sum": len(y), "half-sum": len(y) / 2}[kind]
        return tuple(factor * part for part in with_loss(X, y, weights, bias))

    trainer, at = trainer_of(scaled)(X3, Y), (np.array(START.weights), START.bias)
    trainer.gradient(X3[:rows], Y[:rows], *trainer.to_own(*at))
    for got, expected in zip(trainer.gradient_at(*at), NumPyTrainer(X3, Y).gradient_at(*at), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-12)


@pytest.mark.parametrize("changed", [0, 1])
def test_a_function_cannot_write_into_the_arrays_of_whoever_asks(changed):
    def writing(X, y, weights, bias):
        (X, y)[changed][:] = 0
        return gradient(X, y, weights, bias)

    X, y = X3.copy(), Y.copy()
    with pytest.raises(ValueError, match="read-only"):
        trainer_of(writing)(X, y).gradient_at(*START)
    np.testing.assert_array_equal(X, X3)
    np.testing.assert_array_equal(y, Y)
    X[0] = 1  # they are still their own to write
