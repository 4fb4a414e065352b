"""Exact sums: held against fractions on numbers of any size, and equal however rows are cut and whoever takes them."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from functools import reduce
from itertools import pairwise
from operator import add

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from handgrad.backends import exact_sums
from handgrad.backends.exact import Moments
from handgrad.backends.exact_sums import ExactSums, compiled_sums, sliced_sums
from handgrad.backends.inputs import InputError
from handgrad.backends.kernels.exact_pass import BLOCK_ROWS
from properties import examples

WAYS = [compiled_sums, sliced_sums]
DOUBLES = st.floats(allow_nan=False, allow_infinity=False, width=64)


def by_definition(X, y):
    """Inner products of the columns of [X 1 y] in fractions."""
    rows = [[*map(Fraction, row), Fraction(1), Fraction(t)] for row, t in zip(X.tolist(), y.tolist(), strict=True)]
    size = X.shape[1] + 2
    return [[sum(row[j] * row[k] for row in rows) for k in range(size)] for j in range(size)]


def of_gram(sums):
    return [[Fraction(number, 2**exact_sums.SHIFT) for number in row] for row in sums.gram()]


def table(kind, n, d, seed=0):
    """[X y] of one kind of number."""
    rng = np.random.default_rng([seed, n, d])
    Z = rng.normal(size=(n, d + 1))
    if kind == "wide":
        Z = np.ldexp(Z, rng.integers(-1074, 1020, Z.shape))
    elif kind == "subnormal":
        Z = rng.integers(-(2**52), 2**52, Z.shape) * 5e-324
    elif kind == "largest":
        Z = np.where(rng.random(Z.shape) < 0.5, -1, 1) * np.nextafter(np.inf, 0)
    elif kind == "cancelling":
        Z = np.vstack([np.ldexp(Z[: n // 2], 900), -np.ldexp(Z[: n // 2], 900), 1e-300 * Z[2 * (n // 2) :], Z[:1]])
    elif kind == "zeros":
        Z = np.where(rng.random(Z.shape) < 0.7, -0.0, Z)
    elif kind == "edge of the window":
        Z = np.ldexp(np.sign(Z) * (2 - 2.0**-52), rng.integers(0, 26, Z.shape))
    elif kind == "beyond the window":
        Z = np.ldexp(np.sign(Z) * (2 - 2.0**-52), rng.integers(0, 27, Z.shape))
    elif kind == "one column wide":
        Z[:, 0] = np.ldexp(Z[:, 0], rng.integers(-600, 600, len(Z)))
    return np.ascontiguousarray(Z[:, :-1]), Z[:, -1].copy()


KINDS = [
    "normal", "wide", "subnormal", "largest", "cancelling", "zeros", "edge of the window", "beyond the window",
    "one column wide",
]  # fmt: skip


@pytest.mark.parametrize("take", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_sums_are_those_of_fractions(take, kind):
    X, y = table(kind, 61, 2)
    assert of_gram(take(X, y)) == by_definition(X, y)


@pytest.mark.parametrize("kind", KINDS)
def test_both_ways_give_equal_sums_over_many_blocks(kind):
    X, y = table(kind, 3 * BLOCK_ROWS + 17, 3)
    assert compiled_sums(X, y) == sliced_sums(X, y)


@given(Z=arrays(np.float64, st.tuples(st.integers(1, 9), st.integers(2, 4)), elements=DOUBLES), data=st.data())
@examples()
def test_any_cut_in_any_order_gives_equal_sums_and_equal_bytes(Z, data):
    X, y = Z[:, :-1], Z[:, -1]
    whole = sliced_sums(X, y)
    assert of_gram(whole) == by_definition(X, y)
    order = data.draw(st.permutations(range(len(y))))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(y)))) | {0, len(y)})
    parts = [order[a:b] for a, b in pairwise(cuts)]
    ways = [data.draw(st.sampled_from(WAYS)) for _ in parts]
    merged = reduce(add, [take(X[rows], y[rows]) for take, rows in zip(ways, parts, strict=True)])
    assert merged == whole
    assert merged.to_bytes() == whole.to_bytes()
    assert ExactSums.from_bytes(whole.to_bytes()) == whole


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
def test_threads_change_nothing(monkeypatch, threads):
    monkeypatch.setattr(exact_sums, "ROWS_A_CALL", 50)
    X, y = table("one column wide", 601, 1)
    assert compiled_sums(X, y, threads) == sliced_sums(X, y)


def test_more_rows_than_64_bits_of_slices_hold_are_summed(monkeypatch):
    """The slices' sums become long integers before they overflow, and not only at the end."""
    monkeypatch.setattr(exact_sums, "ROWS_AT_ONCE", 4)
    X, y = table("largest", 50, 1)
    monkeypatch.setattr(exact_sums, "SUMS_AT_ONCE", 7)
    assert of_gram(sliced_sums(X, y)) == by_definition(X, y)


@pytest.mark.parametrize("spread", [0, 25, 26, 600])
def test_sums_of_the_largest_numbers_of_one_sign_do_not_overflow(spread):
    """All bits of all mantissas are ones, over more blocks than a call takes, wherever in a limb the products begin."""
    n, number = 2 * exact_sums.ROWS_A_CALL + 1, 2 - 2.0**-52
    small = np.arange(n) % BLOCK_ROWS == 7  # one a block, so that the others are at the upper end of the window
    for power in range(16):
        x = np.ldexp(number, np.where(small, 0, spread) + power)
        sums = compiled_sums(x[:, np.newaxis], 2 * x, threads=1)
        square, few = 2 * Fraction(number) ** 2 * 4**power, int(small.sum())
        assert sums.inner(0, 2) == few * square + (n - few) * square * 4**spread


def test_float32_is_taken_at_its_own_values_and_any_memory_order_is():
    X, y = table("normal", 700, 3)
    X32, y32 = X.astype(np.float32), y.astype(np.float32)
    expected = sliced_sums(X32.astype(np.float64), y32.astype(np.float64))
    for given_X in (X32, np.asfortranarray(X32), np.repeat(X32, 2, axis=0)[::2]):
        assert compiled_sums(given_X, y32) == sliced_sums(given_X, y32) == expected


@pytest.mark.parametrize("take", [*WAYS, ExactSums.of])
@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [(0, 0), (599, 1), (599, 2)])
def test_what_is_not_finite_is_refused(take, wrong, place):
    Z = np.ones((600, 3))
    Z[place] = wrong
    with pytest.raises(InputError, match="expected finite"):
        take(Z[:, :2], Z[:, 2])


def test_shapes_that_do_not_fit_are_refused():
    for X, y in (((2, 2), (3,)), ((2, 2, 2), (2,)), ((2, 0), (2,)), ((2, 1), (2, 1, 1))):
        with pytest.raises(InputError, match=r"expected|X and y"):
            ExactSums.of(np.ones(X), np.ones(y))
    with pytest.raises(InputError, match="expected 2 features"):
        _ = ExactSums.nothing(2) + ExactSums.nothing(3)
    with pytest.raises(InputError, match="at least one"):
        ExactSums.of_blocks([])


def test_a_stream_gives_the_sums_of_the_whole_and_an_empty_block_nothing():
    X, y = table("normal", 40, 2)
    blocks = [(X[:7], y[:7]), (X[:0], y[:0]), (X[7:39], y[7:39]), (X[39:].tolist(), y[39:].tolist())]
    assert ExactSums.of_blocks(iter(blocks)) == ExactSums.of(X, y) == ExactSums.nothing(2) + ExactSums.of(X, y)
    assert ExactSums.of(X[:, 0], y) == ExactSums.of(X[:, :1], y)


def test_damaged_bytes_are_refused():
    good = ExactSums.of(*table("normal", 5, 1)).to_bytes()
    assert len(good) < 150
    for bad in (b"", good[:-1], good + b"\0", b"X" + good[1:], good[:20], good[:17] + b"\xff\xff\0\0" + good[21:]):
        with pytest.raises(InputError, match="exact sums"):
            ExactSums.from_bytes(bad)


def test_moments_are_the_sums_in_the_largest_unit_that_they_share():
    X, y = np.array([[2.0], [4.0], [6.0]]), np.array([8.0, 2.0, 0.5])
    moments = Moments.of(X, y)
    assert (moments.gram, moments.shift) == ([[224, 48, 108], [48, 12, 42], [108, 42, 273]], 2)


@pytest.mark.parametrize("disabled", [True, False])
def test_large_blocks_are_compiled_unless_numba_is_told_not_to(monkeypatch, disabled):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1" if disabled else "0")
    monkeypatch.setattr(exact_sums, "COMPILED_FROM", 4 * 4)
    calls = []
    monkeypatch.setattr(exact_sums, "compiled_sums", lambda X, y, threads: calls.append(len(y)) or sliced_sums(X, y))
    X, y = table("normal", 30, 1)
    assert ExactSums.of(X, y) == sliced_sums(X, y)
    assert calls == ([] if disabled else [30])
    blocks = [(X[first : first + 2], y[first : first + 2]) for first in range(0, 30, 2)]
    assert ExactSums.of_blocks(blocks) == sliced_sums(X, y)
    assert calls[1:] == ([] if disabled else [2] * 14)  # the first two rows alone are too few


def test_few_rows_need_no_numba():
    code = "import sys, handgrad.backends.exact as e; e.ExactTrainer([1, 2], [1, 3]).gradient_at([0], 0)"
    subprocess.run([sys.executable, "-c", f"{code}; assert 'numba' not in sys.modules"], check=True)
