"""Numba's own promises: the same bits for any number of threads, one pass compiled for each layout, a cache on disk."""

from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from handgrad.backends import numba_tiled as fused
from handgrad.backends.interface import DType, Parameters, Plan, Trainer
from handgrad.backends.kernels.compensated_pass import CHUNK_ROWS, guard
from handgrad.backends.kernels.tiles import CACHE_LINE, tiled
from handgrad.backends.numba_compensated import NumbaCompensatedTrainer
from handgrad.backends.numba_tiled import NumbaTiledTrainer
from handgrad.backends.numpy import NumPyTrainer

THREADS = """
import sys
import numpy as np
import numba
from handgrad.backends.interface import Plan
from handgrad.backends.catalogue import load
for backend, d in ((backend, d) for backend in sys.argv[1:] for d in (1, 3)):
    rng = np.random.default_rng(5)
    X = rng.normal(size=(300_007 // d, d))
    y = X.sum(axis=1) + rng.normal(size=len(X))
    found = set()
    for threads in (1, 2, 3):
        numba.set_num_threads(threads)
        run = load(backend)(X, y).train(Plan(learning_rate=0.1, epochs=3))
        found.add((run.weights.tobytes(), run.losses.tobytes()))
    print(f"{backend} {d}: {len(found)}")
"""


def problem(rows: int, features: int, dtype: DType = "float64") -> tuple[np.ndarray, np.ndarray, Parameters]:
    """X off centre, y with noise, and a place that is not the optimum."""
    rng = np.random.default_rng([rows, features])
    X = (rng.normal(size=(rows, features)) + 0.5).astype(dtype)
    y = (X @ rng.normal(size=features) + 1 + 0.1 * rng.normal(size=rows)).astype(dtype)
    return X, y, Parameters(rng.normal(size=features).astype(dtype), 0.25)


def exact_gradient(X: np.ndarray, y: np.ndarray, at: Parameters) -> list[Fraction]:
    """∂L/∂W, then ∂L/∂b, then L, as rational numbers."""
    rows = [[*map(Fraction, row), Fraction(1)] for row in X.tolist()]
    theta = [*map(Fraction, at.weights.tolist()), Fraction(at.bias)]
    r = [
        sum(x * t for x, t in zip(row, theta, strict=True)) - Fraction(v)
        for row, v in zip(rows, y.tolist(), strict=True)
    ]
    sums = [sum(row[j] * e for row, e in zip(rows, r, strict=True)) for j in range(len(theta))]
    return [*(2 * s / len(y) for s in sums), sum(e * e for e in r) / len(y)]


def output(code: str, *arguments: str, **environment: str) -> str:
    """What a fresh Python prints."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=True).stdout


def test_any_number_of_threads_gives_the_same_bits() -> None:
    backends = ("numba", "numba-tiled", "numba-compensated", "moments")
    told = output(THREADS, *backends, NUMBA_NUM_THREADS="3").splitlines()
    assert told == [f"{backend} {d}: 1" for backend in backends for d in (1, 3)]


def test_a_threaded_loop_from_the_cache_finds_the_threads_started(tmp_path: Path) -> None:
    made = "from handgrad.backends.numba_tiled import *; X = np.ones((60_000, 1)); "
    gradient = made + "NumbaTiledTrainer(X, X[:, 0]).gradient_at([0.0], 0.0)"
    descent = made + "print(NumbaTiledTrainer(X, X[:, 0]).train(Plan(0.1, 2)).losses[0])"
    told = [output(code, NUMBA_CACHE_DIR=str(tmp_path)) for code in (gradient, descent, descent)]
    assert told == ["", "1.0\n", "1.0\n"]


@pytest.mark.parametrize("backend", [NumbaTiledTrainer, NumbaCompensatedTrainer, NumPyTrainer])
def test_more_rows_than_were_bound_find_room(backend: type[Trainer]) -> None:
    X, y, at = problem(50, 6)
    trainer = backend(X, y)
    often = np.tile(np.arange(50), 200)
    got = trainer.gradient(*trainer.take(*trainer.data, often), *trainer.to_own(*at))
    assert float(got.loss) == pytest.approx(trainer.gradient_at(*at).loss, rel=1e-13)


def test_batches_whose_loss_is_beyond_the_range_step_on_as_in_the_shared_loop() -> None:
    X, y, _ = problem(101, 3)
    plan = Plan(learning_rate=2.0, epochs=40, batch_size=7)
    ours, theirs = (t(X, y).train(plan) for t in (NumbaTiledTrainer, NumPyTrainer))
    assert ours.diverged_at == theirs.diverged_at
    np.testing.assert_allclose(ours.weights, theirs.weights, rtol=1e-9)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("features", [1, 3, 7, 130])
def test_threads_and_no_threads_give_the_same_bits(
    features: int, dtype: DType, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y, at = problem(9001, features, dtype)
    plan = Plan(learning_rate=1e-3, epochs=3, start=at, dtype=dtype)
    monkeypatch.setattr(fused, "THREADED_FROM_BYTES", 0)
    threaded = NumbaTiledTrainer(X, y, dtype)
    monkeypatch.setattr(fused, "THREADED_FROM_BYTES", 10**12)
    serial = NumbaTiledTrainer(X, y, dtype)
    assert (threaded.threaded, serial.threaded) == (True, False)
    assert threaded.train(plan).recorded_weights.tobytes() == serial.train(plan).recorded_weights.tobytes()


@pytest.mark.parametrize("features", [1, 2, 3, 4, 5, 6, 129])
@pytest.mark.parametrize("rows", [1, 3, 15, 16, 17, 511, 512, 513, 4097])
def test_every_end_of_a_loop_is_summed_once(rows: int, features: int) -> None:
    X, y, at = problem(rows, features)
    got = NumbaTiledTrainer(X, y).gradient_at(*at)
    plain = NumPyTrainer(X, y).gradient_at(*at)
    scale = np.abs(X * (X @ at.weights + at.bias - y)[:, np.newaxis]).mean(axis=0)
    assert (np.abs(got.weights - plain.weights) <= 1e-13 * scale).all()
    assert got.bias == pytest.approx(plain.bias, rel=1e-12)
    assert got.loss == pytest.approx(plain.loss, rel=1e-12)


@pytest.mark.parametrize("features", [1, 3, 7])
def test_a_batch_has_the_layout_of_the_whole_and_its_rows_in_order(features: int) -> None:
    X, y, at = problem(103, features)
    trainer = NumbaTiledTrainer(X, y)
    rows = np.array([5, 99, 5, 0, *range(20, 40)])
    X_batch, y_batch = trainer.take(*trainer.data, rows)
    assert type(X_batch) is type(trainer.data[0])
    np.testing.assert_array_equal(y_batch, y[rows])
    np.testing.assert_allclose(trainer.predict(X_batch, *at), X[rows] @ at.weights + at.bias, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("rows", [1, 31, 32, 33, 100])
def test_tiles_give_every_row_back_and_nothing_else(rows: int, dtype: DType) -> None:
    X = np.asfortranarray(problem(rows, 7, dtype)[0])
    tiles = tiled(X)
    np.testing.assert_array_equal(tiles.untiled(), X)
    assert np.count_nonzero(tiles.tiles) == np.count_nonzero(X)


@pytest.mark.parametrize("backend", [NumbaTiledTrainer, NumbaCompensatedTrainer])
def test_what_lies_behind_the_last_row_counts_as_nothing(backend: type[Trainer]) -> None:
    X, y, at = problem(37, 7)
    trainer = backend(X, y)
    clean = trainer.gradient_at(*at)
    X_own = trainer.data[0]
    (X_own if backend is NumbaTiledTrainer else X_own.own).tiles[-1, :, 37 % 16 :] = (
        1e17  # so large that even what its products miss would show
    )
    np.testing.assert_array_equal(trainer.gradient_at(*at).weights, clean.weights)


@pytest.mark.parametrize("features", [1, 4])
def test_a_loss_that_is_not_finite_ends_the_compiled_loop_before_the_update(features: int) -> None:
    X, y, _ = problem(50, features)
    trainer = NumbaTiledTrainer(X, y)
    plan = Plan(learning_rate=1e100, epochs=10)
    moved, losses = trainer.run(trainer.start(plan), plan, 0, 10)
    shared_moved, shared_losses = Trainer.run(trainer, trainer.start(plan), plan, 0, 10)
    np.testing.assert_allclose(losses, shared_losses, rtol=1e-15)
    assert not np.isfinite(losses[-1])
    np.testing.assert_allclose(moved.weights, shared_moved.weights, rtol=1e-15)


def test_buffers_start_at_a_cache_line() -> None:
    X, y, _ = problem(1001, 5)
    trainer = NumbaTiledTrainer(X, y, "float32")
    X_own, y_own = trainer.data
    for array in (X_own.tiles, y_own, trainer.sums, trainer.lanes):
        assert array.ctypes.data % CACHE_LINE == 0


def test_float32_sums_are_not_widened() -> None:
    X, y = np.full(4096, 1.0, dtype=np.float32), np.zeros(4096, dtype=np.float32)
    trainer = NumbaTiledTrainer(X, y, "float32")
    one_ulp_up = np.nextafter(np.float32(1), np.float32(2))
    # (1 + ε)² needs 47 bits: a sum in float64 would keep them, and its mean would round to another float32 loss.
    loss = trainer.gradient_at([one_ulp_up], 0.0).loss
    assert loss == float(np.float32(loss))


REFUSE = """
from numba.core import caching
def refuse(self): raise OSError("read-only")
for locator in caching.CacheImpl._locator_classes:
    if locator.__name__.endswith({which!r}):
        locator.ensure_cache_path = refuse
import handgrad.backends.numba_tiled as b
"""


def test_a_read_only_package_folder_compiles_into_the_users_cache(tmp_path: Path) -> None:
    code = REFUSE.format(which="InTreeCacheLocator") + "print(b.descend._cache.cache_path)"
    path = output(code, HOME=str(tmp_path), XDG_CACHE_HOME=str(tmp_path), NUMBA_CACHE_DIR="")
    assert Path(path.strip()).is_relative_to(tmp_path)


def test_without_any_folder_to_write_to_it_compiles_for_this_process_alone() -> None:
    code = REFUSE.format(which="CacheLocator") + "print(b.NumbaTiledTrainer([1.0], [2.0]).loss_at([0.0], 0.0))"
    assert output(code, NUMBA_CACHE_DIR="").strip() == "4.0"


def terms(X: np.ndarray, y: np.ndarray, at: Parameters) -> list[float]:
    """What the gradient and the loss are means of, in magnitude, before anything cancels."""
    wide = X.astype(np.float64)
    size = np.abs(wide) @ np.abs(at.weights.astype(np.float64)) + abs(at.bias) + np.abs(y)
    return [*(np.abs(wide) * size[:, np.newaxis]).mean(axis=0), size.mean(), (size * size).mean()]


def assert_within_one_ulp(X: np.ndarray, y: np.ndarray, at: Parameters, dtype: DType) -> None:
    """Of the exact values, which only matters less where nearly all of the terms cancel."""
    got = NumbaCompensatedTrainer(X, y, dtype).gradient_at(*at)
    # What guards leave, at most, of float64 terms; float32 is summed in float64, whose own rounding is all there is.
    rest = 2.0**-98 if dtype == "float64" else len(y) * 2.0**-53
    given = [*got.weights.tolist(), got.bias, got.loss]
    for value, exact, term in zip(given, exact_gradient(X, y, at), terms(X, y, at), strict=True):
        ulp = float(np.spacing(np.dtype(dtype).type(abs(float(exact)))))
        assert abs(Fraction(value) - exact) <= ulp + rest * term


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("rows", "features"), [(1, 1), (1009, 1), (257, 4), (64, 40), (4099, 2)])
@pytest.mark.parametrize("where", ["away", "optimum"])
def test_the_compensated_gradient_lies_within_one_ulp_of_the_exact_one(
    rows: int, features: int, dtype: DType, where: str
) -> None:
    X, y, at = problem(rows, features, dtype)
    if where == "optimum":
        fit = np.linalg.lstsq(np.column_stack([X, np.ones(rows)]).astype(np.float64), y, rcond=None)[0]
        at = Parameters(fit[:-1].astype(dtype), float(np.dtype(dtype).type(fit[-1])))
    assert_within_one_ulp(X, y, at, dtype)


@pytest.mark.parametrize("scale", [1e-150, 1e-6, 1e6, 1e150])
@pytest.mark.parametrize("kind", ["one row far out", "columns of unlike sizes", "far from zero"])
def test_guards_are_as_large_as_the_data_of_their_block(kind: str, scale: float) -> None:
    X, _, at = problem(1500, 3)
    if kind == "one row far out":
        X[700] *= 1e6
    elif kind == "columns of unlike sizes":
        X *= [1e-8, 1.0, 1e8]
    else:
        X += 1e4
    X *= scale
    at = Parameters(at.weights / scale, at.bias)
    y = X @ at.weights + at.bias + 1e-3 * np.random.default_rng(1).normal(size=len(X))
    assert_within_one_ulp(X, y, at, "float64")


@pytest.mark.parametrize("scale", [1e147, 1e150, 1e152, 1e153])
def test_beyond_the_range_of_guards_sums_are_as_good_as_plain_ones(scale: float) -> None:
    X, y, at = problem(300, 2)
    X, y = X * scale, y * scale
    assert guard.py_func(1e308) == 0
    got, plain = (t(X, y).gradient_at(*at) for t in (NumbaCompensatedTrainer, NumbaTiledTrainer))
    given, expected = (np.array([*g.weights, g.bias, g.loss]) for g in (got, plain))
    np.testing.assert_array_equal(np.isfinite(given), np.isfinite(expected))
    np.testing.assert_allclose(given[np.isfinite(given)], expected[np.isfinite(given)], rtol=1e-13)
    assert np.isfinite(got.loss) == (scale < 1e153)


@pytest.mark.parametrize("bound", [1e-320, 1e-300, 0.3, 0.9900990099009901, 1.0, 1.5, 4.0, 1013.8613861386139, 1e292])
def test_a_guard_stays_in_one_binade_whatever_is_added(bound: float) -> None:
    found = guard.py_func(bound)
    assert found > 0
    assert np.frexp(found - bound)[1] == np.frexp(found)[1] == np.frexp(found + bound)[1]
    assert found <= 8 * bound or bound < 1e-307


def test_the_compensated_sums_of_several_chunks_hold_against_cancellation() -> None:
    n = 2 * CHUNK_ROWS + 3
    X = np.ones(n)
    y = np.zeros(n)
    y[0], y[CHUNK_ROWS], y[-1] = 1e17, -1e17, 0.5
    assert NumbaCompensatedTrainer(X, y).gradient_at([0.0], 0.0).bias == -2 * 0.5 / n
