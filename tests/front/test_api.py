"""The Python front door."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import handgrad as hg

X = np.array([1.0, 2.0, 4.0, 7.0])
Y = np.array([3.0, 5.0, 9.0, 15.5])


def test_every_public_name_is_there() -> None:
    for name in hg.__all__:
        assert getattr(hg, name).__doc__
    assert set(hg.__all__) <= set(dir(hg))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        hg.nonsense  # noqa: B018


@pytest.mark.parametrize("backend", ["python", "numpy", "numba", "tape"])
def test_gradient_is_that_of_the_formula(backend: str) -> None:
    loss, weights, bias = hg.gradient(X, Y, 1.5, 0.25, backend=backend)
    residual = X * 1.5 + 0.25 - Y
    assert loss == pytest.approx(np.mean(residual**2), rel=1e-15)
    assert weights == pytest.approx([2 * np.mean(residual * X)], rel=1e-15)
    assert bias == pytest.approx(2 * np.mean(residual), rel=1e-15)


def test_gradient_in_float32_is_float32() -> None:
    found = hg.gradient(X, Y, [1.5], 0.25, dtype="float32")
    assert found.weights.dtype == np.float32


def test_train_descends_from_where_it_is_told() -> None:
    run = hg.train(X, Y, backend="numpy", learning_rate=0.02, epochs=3, weights=[1.0], bias=0.5)
    assert run.losses.shape == (4,)
    assert run.losses[0] == hg.gradient(X, Y, [1.0], 0.5).loss
    first = hg.gradient(X, Y, [1.0], 0.5)
    assert run.recorded_weights[1] == pytest.approx(1.0 - 0.02 * first.weights)
    assert np.all(np.diff(run.losses) < 0)


@pytest.mark.parametrize("backend", ["numba", "numpy"])
def test_train_keeps_the_parameters_of_the_epochs_that_are_asked_for(backend: str) -> None:
    every = hg.train(X, Y, backend, 0.02, epochs=5)
    assert every.recorded_epochs.tolist() == [0, 1, 2, 3, 4, 5]
    some = hg.train(X, Y, backend, 0.02, epochs=5, record=[2, 3, 9])
    assert some.recorded_epochs.tolist() == [0, 2, 3, 5]
    np.testing.assert_array_equal(some.recorded_weights, every.recorded_weights[[0, 2, 3, 5]])
    np.testing.assert_array_equal(some.recorded_biases, every.recorded_biases[[0, 2, 3, 5]])
    np.testing.assert_array_equal(some.losses, every.losses)
    with pytest.raises(hg.InputError, match=r"epoch to record: .*got 1\.5"):
        hg.train(X, Y, backend, record=[1.5])  # type: ignore[list-item]


def test_batches_may_take_the_rows_in_their_own_order() -> None:
    weight, bias = 0.0, 0.0
    for x, target in zip(X, Y, strict=True):
        residual = weight * x + bias - target
        weight, bias = weight - 0.002 * residual * x, bias - 0.002 * residual
    run = hg.train(X, Y, backend="python", learning_rate=0.001, epochs=1, batch_size=1, order="file")
    assert [*run.weights, run.bias] == pytest.approx([weight, bias], rel=1e-12)
    found = hg.side_by_side(X, Y, ["python"], 0.001, 1, 1, standardize=False, budget_seconds=0.01, order="file")
    assert found.problem.order == "file"
    assert found.backends["python"].weights == tuple(run.weights)
    assert found.verdict.passed


def test_frames_and_series_are_accepted_and_named() -> None:
    frame = pd.DataFrame({"size": X, "age": X[::-1] ** 2})
    target = pd.Series(Y, name="price")
    run = hg.train(frame, target, backend="numpy", learning_rate=1e-4, epochs=2)
    assert run.weights.shape == (2,)
    found = hg.side_by_side(frame, target, backends=["python", "numpy"], epochs=2, budget_seconds=0.01)
    assert found.problem.features == ("size", "age")
    assert found.problem.target == "price"


def test_rows_that_are_labelled_differently_are_refused_everywhere_alike() -> None:
    frame, target = pd.DataFrame({"x": X}), pd.Series(Y, index=[3, 2, 1, 0])
    calls: list[Callable[[], object]] = [
        lambda: hg.gradient(frame, target, [1.0], 0.0),
        lambda: hg.train(frame, target, backend="numpy"),
        lambda: hg.side_by_side(frame, target, backends="numpy"),
    ]
    for call in calls:
        with pytest.raises(hg.DataError, match="same row labels in the same order, got different indexes"):
            call()
    assert hg.gradient(frame, target.to_numpy(), [1.0], 0.0) == hg.gradient(X, Y, [1.0], 0.0)


def test_side_by_side_judges_shows_and_saves_itself(tmp_path: Path) -> None:
    found = hg.side_by_side(X, Y, backends=["python", "numpy"], epochs=5, budget_seconds=0.01)
    assert found.verdict.passed
    frame = found.frame()
    assert list(frame.index) == ["python", "numpy"]
    assert frame.loc["numpy", "relative"] == 1.0
    assert frame.loc["python", "gradient_bound_ratio"] <= 1
    assert "numpy" in repr(found)
    assert [found._repr_html_().count(part) for part in ("<table", "<img")] == [1, 2]
    written = {path.name for path in found.save(tmp_path / "run")}
    assert {"result.json", "report.html", "loss.png"} <= written


def test_backends_are_known_in_any_case_under_the_catalogues_names() -> None:
    assert hg.gradient(X, Y, 1.5, 0.25, backend="NumPy") == hg.gradient(X, Y, 1.5, 0.25)
    found = hg.side_by_side(X, Y, backends=["Python", "numpy"], epochs=2, budget_seconds=0.01)
    assert list(found.backends) == ["python", "numpy"]


def test_one_backend_can_be_given_by_its_name() -> None:
    found = hg.side_by_side(X, Y, backends="python", epochs=2, budget_seconds=0.01)
    assert list(found.backends) == ["python"]


def test_side_by_side_takes_a_dataset_or_x_and_y() -> None:
    dataset = hg.Dataset.from_arrays(X, Y, target_name="z")
    found = hg.side_by_side(dataset, backends=["numpy"], epochs=1, budget_seconds=0.01)
    assert found.problem.target == "z"
    with pytest.raises(TypeError, match="expected y"):
        hg.side_by_side(X)


def test_a_start_given_by_weights_or_bias_alone_is_used() -> None:
    by_bias = hg.side_by_side(X, Y, backends=["numpy"], epochs=1, bias=2.0, budget_seconds=0.01, standardize=False)
    assert by_bias.backends["numpy"].losses[0] == hg.gradient(X, Y, [0.0], 2.0).loss
    by_weight = hg.side_by_side(
        X, Y, backends=["numpy"], epochs=1, weights=[1.5], budget_seconds=0.01, standardize=False
    )
    assert by_weight.backends["numpy"].losses[0] == hg.gradient(X, Y, [1.5], 0.0).loss


@pytest.mark.parametrize(
    ("function", "alone"), [(hg.train, "the path of a table"), (hg.side_by_side, "a Dataset or the path of a table")]
)
def test_x_alone_is_refused_with_what_may_stand_alone(function: Callable[..., object], alone: str) -> None:
    with pytest.raises(TypeError, match=f"^{function.__name__}: expected y, too, unless X is {alone}$"):
        function(np.arange(6.0))


def test_errors_say_what_was_expected() -> None:
    with pytest.raises(hg.InputError, match="as many rows"):
        hg.gradient(X, Y[:-1], [1.0], 0.0)
    with pytest.raises(hg.InputError, match="finite"):
        hg.train(X, [*Y[:-1], math.nan], backend="numpy")
    with pytest.raises(hg.InputError, match="expected 'float64' or 'float32', got 'float16'"):
        hg.gradient(X, Y, [1.0], 0.0, dtype="float16")
    with pytest.raises(ValueError, match="no backend is called 'nmupy'"):
        hg.train(X, Y, backend="nmupy")


def test_check_names_a_mistake_and_passes_what_is_right() -> None:
    def wrong(X: np.ndarray, y: np.ndarray, weights: np.ndarray, bias: float) -> tuple[np.ndarray, float]:
        residual = X @ weights + bias - y
        return X.T @ residual / len(y), residual.mean()

    def right(X: np.ndarray, y: np.ndarray, weights: np.ndarray, bias: float) -> tuple[np.ndarray, float]:
        loss_d_weights, d_bias = wrong(X, y, weights, bias)
        return 2 * loss_d_weights, 2 * d_bias

    assert not hg.check(wrong).correct
    assert hg.check(wrong).mistake == "two-missing"
    assert hg.check(right).correct
    assert hg.check(right).mistake is None


def test_load_table_reads_a_file(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b,c\n1,2,3\n2,3,5\n4,4,9\n5,1,2\n")
    dataset = hg.load_table(path, target="a", features=["c"])
    assert dataset.feature_names == ("c",)
    assert dataset.y.tolist() == [1, 2, 4, 5]
