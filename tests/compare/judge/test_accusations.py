"""No correct backend is accused: every installed one, on every built-in table, in both formats."""

from __future__ import annotations

import numpy as np
import pytest

from handgrad.backends.catalogue import catalogue, load
from handgrad.compare.judge.hessian import hessian
from handgrad.compare.judge.judge import Judge, Observed
from handgrad.compare.side_by_side.prepare import Options, prepare
from handgrad.data import builtin_sets

BACKENDS = [name for name, entry in catalogue().items() if entry.by_default]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("table", builtin_sets.names())
def test_no_backend_is_accused_on_a_built_in_table(table: str, dtype: str) -> None:
    prepared = prepare(builtin_sets.load(table), Options(epochs=60, dtype=dtype))
    judge = Judge(prepared.table, prepared.plan)
    start = prepared.forecast.start
    judged = 0
    for name in BACKENDS:
        if catalogue()[name].reason() is not None:
            continue
        trainer = load(name)(prepared.X, prepared.y, dtype)
        seen = Observed(trainer.gradient_at(start.weights, start.bias), trainer.train(prepared.plan))
        accuracy = judge.accuracy(seen)
        assert accuracy.passed, f"{name}: {accuracy.reason}"
        judged += 1
    assert judged >= 4


@pytest.mark.parametrize("table", builtin_sets.names())
@pytest.mark.parametrize("standardize", [True, False])
def test_eigenvectors_are_orthonormal_even_where_eigenvalues_are_equal(table: str, standardize: bool) -> None:
    prepared = prepare(builtin_sets.load(table), Options(standardize=standardize))
    vectors = prepared.table.hessian.eigenvectors
    assert np.abs(vectors.T @ vectors - np.eye(len(vectors))).max() < 1e-14
    wide = np.column_stack([prepared.X, np.ones(len(prepared.y))])
    hessian = 2 / len(wide) * wide.T @ wide
    again = vectors @ np.diag(prepared.table.hessian.eigenvalues) @ vectors.T
    assert np.abs(again - hessian).max() < 1e-13 * np.abs(hessian).max()


def test_orthogonal_features_of_one_size_have_a_condition_number_of_one() -> None:
    basis, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(40, 6)))
    centred = basis - basis.mean(axis=0)
    centred, _ = np.linalg.qr(centred)
    found = hessian(centred * np.sqrt(40))
    assert found.condition == pytest.approx(1.0, abs=1e-12)
