"""The scikit-learn estimator: scikit-learn's own checks, the least-squares solution, and what it says of a run."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest

import handgrad as hg
from handgrad.data import builtin_sets

pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures
from sklearn.utils.estimator_checks import parametrize_with_checks

from handgrad.sklearn import GradientDescentRegressor

DIABETES = builtin_sets.load("diabetes")
X, Y = DIABETES.X, DIABETES.y
TRUE = np.linalg.lstsq(np.column_stack([X, np.ones(len(Y))]), Y, rcond=None)[0]


@parametrize_with_checks(
    [
        GradientDescentRegressor(),
        GradientDescentRegressor(backend="numba", dtype="float32"),
        GradientDescentRegressor(batch_size=16, epochs=300, tol=0.0),
    ]
)
def test_it_passes_the_checks_of_scikit_learn(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize("backend", ["numpy", "numba", "moments", "python"])
def test_it_arrives_at_the_least_squares_solution(backend: str) -> None:
    epochs = 10_000 if backend != "python" else 60
    rows = slice(None) if backend != "python" else slice(0, 40)
    columns = slice(None) if backend != "python" else slice(0, 1)
    model = GradientDescentRegressor(backend, tol=1e-12, epochs=epochs).fit(X[rows, columns], Y[rows])
    peer = LinearRegression(tol=1e-14).fit(X[rows, columns], Y[rows])
    assert model.converged_
    assert model.coef_ == pytest.approx(peer.coef_, rel=1e-9)
    assert model.intercept_ == pytest.approx(peer.intercept_, rel=1e-9)
    assert model.score(X[rows, columns], Y[rows]) == pytest.approx(peer.score(X[rows, columns], Y[rows]), rel=1e-12)
    if backend != "python":
        assert [*model.coef_, model.intercept_] == pytest.approx(TRUE.tolist(), rel=1e-9)


def test_its_history_is_the_run_of_train() -> None:
    model = GradientDescentRegressor(learning_rate=0.1, epochs=200, standardize=False, tol=0.0).fit(X[:, :2] / 100, Y)
    run = hg.train(X[:, :2] / 100, Y, backend="numpy", learning_rate=0.1, epochs=200)
    assert model.n_iter_ == 200
    assert np.array_equal(model.history_.losses, run.losses)
    assert np.array_equal(model.history_.weights, run.recorded_weights)
    assert np.array_equal(model.history_.biases, run.recorded_biases)
    assert (model.history_.weights[-1] == model.coef_).all()
    assert model.history_.biases[-1] == model.intercept_


def test_its_history_is_in_the_users_units() -> None:
    model = GradientDescentRegressor(epochs=40, tol=0.0).fit(X, Y)
    history = model.history_
    losses = [np.mean((X @ w + b - Y) ** 2) for w, b in zip(history.weights, history.biases, strict=True)]
    assert history.losses == pytest.approx(losses, rel=1e-10)


def test_batches_are_those_of_train() -> None:
    model = GradientDescentRegressor(
        learning_rate=0.01, epochs=5, batch_size=32, seed=3, standardize=False, tol=0.0
    ).fit(X[:, :1] / 100, Y)
    run = hg.train(X[:, :1] / 100, Y, backend="numpy", learning_rate=0.01, epochs=5, batch_size=32, seed=3)
    assert np.array_equal(model.coef_, run.weights)
    assert np.array_equal(model.history_.losses, run.losses)


@pytest.mark.parametrize("batch_size", [1, 7])
def test_no_batch_diverges_at_the_rate_that_is_chosen(batch_size: int) -> None:
    wild = np.concatenate([X[:50, :2], 40 * X[:1, :2]])
    model = GradientDescentRegressor(batch_size=batch_size, epochs=50, tol=0.0).fit(wild, np.append(Y[:50], 1.0))
    assert np.isfinite(model.history_.losses).all()
    assert model.history_.losses[-1] < model.history_.losses[0]


def test_it_stops_where_it_has_arrived_and_counts_its_epochs() -> None:
    loose, tight = (GradientDescentRegressor(tol=tol).fit(X, Y) for tol in (1e-3, 1e-8))
    assert loose.converged_
    assert 1 < loose.n_iter_ < tight.n_iter_ < 10_000
    assert len(loose.history_.losses) == loose.n_iter_ + 1
    assert np.array_equal(loose.history_.weights, tight.history_.weights[: loose.n_iter_ + 1])


def test_the_epoch_in_which_it_arrives_is_the_first_that_moves_so_little() -> None:
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    history = GradientDescentRegressor(tol=1e-4, standardize=False).fit(Z, Y).history_
    moves = np.abs(np.diff(np.column_stack([history.weights, history.biases]), axis=0)).max(axis=1)
    assert moves[-1] <= 1e-4 * moves[0] < moves[-2]


def test_the_condition_number_is_that_of_the_problem_as_it_is_descended_on() -> None:
    Z = np.column_stack([(X - X.mean(axis=0)) / X.std(axis=0), np.ones(len(Y))])
    model = GradientDescentRegressor().fit(X, Y)
    assert model.condition_number_ == pytest.approx(np.linalg.cond(Z) ** 2, rel=1e-9)
    values = np.linalg.eigvalsh(2 / len(Y) * Z.T @ Z)
    assert model.learning_rate_ == pytest.approx(2 / (values[0] + values[-1]), rel=1e-9)
    twice = GradientDescentRegressor().fit(np.column_stack([X[:, 0], 2 * X[:, 0]]), Y)
    assert twice.condition_number_ == np.inf


def test_a_constant_feature_has_no_weight() -> None:
    model = GradientDescentRegressor().fit(np.column_stack([X[:, 0], np.full(len(Y), 7.0)]), Y)
    alone = GradientDescentRegressor().fit(X[:, :1], Y)
    assert model.coef_ == pytest.approx([alone.coef_[0], 0.0], rel=1e-12)
    assert model.intercept_ == pytest.approx(alone.intercept_, rel=1e-12)


def test_a_run_that_does_not_arrive_says_why() -> None:
    with pytest.warns(ConvergenceWarning, match=r"did not arrive in 3 epochs, with a condition number of \d"):
        model = GradientDescentRegressor(epochs=3).fit(X, Y)
    assert (model.converged_, model.n_iter_) == (False, 3)
    with pytest.warns(ConvergenceWarning, match=r"diverged in epoch \d+: the learning rate is 9, the limit 0\.\d"):
        model = GradientDescentRegressor(learning_rate=9.0, epochs=2000).fit(X, Y)
    assert not model.converged_
    assert np.isfinite(model.coef_).all()


def test_the_epoch_in_which_it_diverges_is_that_of_train() -> None:
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    run = hg.train(Z, Y, backend="numpy", learning_rate=0.35, epochs=5000)
    assert run.diverged_at is not None
    assert run.diverged_at > 64 + 128 + 256
    with pytest.warns(ConvergenceWarning, match=f"diverged in epoch {run.diverged_at}:"):
        GradientDescentRegressor(learning_rate=0.35, standardize=False).fit(Z, Y)


def test_a_frame_gives_its_names() -> None:
    frame = pd.DataFrame(X, columns=list(DIABETES.feature_names))
    model = GradientDescentRegressor(tol=1e-3).fit(frame, pd.Series(Y))
    assert list(model.feature_names_in_) == list(DIABETES.feature_names)
    assert model.n_features_in_ == X.shape[1]
    assert model.predict(frame) == pytest.approx(X @ model.coef_ + model.intercept_, rel=1e-12)


def test_it_works_in_a_pipeline_and_a_grid_search() -> None:
    pipeline = make_pipeline(PolynomialFeatures(2, include_bias=False), GradientDescentRegressor(tol=1e-6))
    assert pipeline.fit(X[:, :2], Y).score(X[:, :2], Y) > 0.03
    search = GridSearchCV(GradientDescentRegressor(epochs=30, tol=0.0), {"learning_rate": [1e-4, 0.1]}, cv=3).fit(X, Y)
    assert search.best_params_ == {"learning_rate": 0.1}


def test_it_is_cloned_and_pickled() -> None:
    model = GradientDescentRegressor("numba", tol=1e-3).fit(X, Y)
    assert clone(model).get_params() == model.get_params()
    assert np.array_equal(pickle.loads(pickle.dumps(model)).coef_, model.coef_)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"backend": "nonsense"}, "nonsense"),
        ({"learning_rate": -1.0}, "learning rate: expected a positive number, got -1.0"),
        ({"epochs": 1.5}, "epochs: expected a whole number"),
        ({"batch_size": 0}, "batch size: expected a whole number, 1 or more, got 0"),
        ({"dtype": "float16"}, "dtype: expected 'float64' or 'float32', got 'float16'"),
        ({"tol": 2.0}, "tol: expected a number from 0 to 1"),
        ({"tol": "small"}, "tol: expected a number from 0 to 1"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_told(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as told:
        GradientDescentRegressor(**parameters).fit(X, Y)
    assert "\n" not in str(told.value)


def test_without_scikit_learn_handgrad_imports_and_the_estimator_names_the_command() -> None:
    code = """
import sys
sys.modules["sklearn"] = None
import handgrad
for name in handgrad.__all__:
    getattr(handgrad, name)
try:
    import handgrad.sklearn
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == 'handgrad.sklearn needs scikit-learn: pip install "handgrad[sklearn]"\n'
