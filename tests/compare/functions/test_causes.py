"""Why a sum has its bits: ways that are known are told by name, and others are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import handgrad as hg
from handgrad.compare.functions.causes import _compensated, _fused, _in_lanes
from handgrad.compare.functions.formats import FORMATS
from handgrad.compare.results.functions.judgement import Cause

RNG = np.random.default_rng(2)
X, Y = RNG.normal(size=700), RNG.normal(size=700)
F64 = FORMATS["float64"]


def in_order(x: Any) -> Any:
    return np.add.accumulate(x)[-1]


def in_eight(x: Any) -> Any:
    return x.dtype.type(_in_lanes(8)(x.astype(float)[:, None], FORMATS[x.dtype.name])[0])


def with_compensation(x: Any) -> Any:
    return x.dtype.type(_compensated(x.astype(float)[:, None], FORMATS[x.dtype.name])[0])


def shuffled(x: Any) -> Any:
    return in_order(np.sort(x)[np.random.default_rng(0).permutation(len(x))])


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (in_order, Cause("in order")),
        (lambda x: in_order(x[::-1]), Cause("reversed")),
        (in_eight, Cause("running sums", running_sums=8)),
        (
            lambda x: x.dtype.type(_compensated(x.astype(float)[:, None], FORMATS[x.dtype.name])[0]),
            Cause("rounded once"),
        ),
        (lambda x: x.dtype.type(np.longdouble(x).sum()), Cause("rounded once")),
        (shuffled, None),
    ],
)
def test_sums_are_told_by_the_order_in_which_they_were_made(function: Any, expected: Any, dtype: str) -> None:
    found = hg.judge(function, X.astype(dtype), "sum").cause
    if expected is None or expected.order == "rounded once":
        assert found == expected
    else:
        assert found == Cause(expected.order, dtype, expected.running_sums)


def test_numpys_sum_is_pairwise() -> None:
    for dtype in ("float64", "float32"):
        assert hg.judge(np.sum, X.astype(dtype)).cause == Cause("pairwise", dtype)
        assert hg.judge(np.mean, X.astype(dtype)).cause == Cause("pairwise", dtype)


def test_sums_in_another_format_are_told() -> None:
    narrow = hg.judge(lambda x: float(in_order(x.astype(np.float32))), X, "sum")
    assert narrow.cause == Cause("in order", "float32")
    assert not narrow.passed
    wide = hg.judge(lambda a, b: np.float32(in_order(a.astype(float) * b)), (X.astype("f"), Y.astype("f")), "dot")
    assert wide.cause == Cause("rounded once")


@pytest.mark.parametrize("lanes", [1, 8])
def test_fused_multiply_add_is_told(lanes: int) -> None:
    found = hg.judge(lambda a, b: _fused(lanes)(a[:, None], b[:, None], F64)[0], (X, Y), "dot").cause
    expected = Cause("in order", "float64", fused=True) if lanes == 1 else Cause("running sums", "float64", lanes, True)
    assert found == expected


def test_a_norm_is_told_by_its_squares() -> None:
    assert hg.judge(lambda x: np.sqrt(in_order(x * x)), X, "2-norm").cause == Cause("in order", "float64")


def test_two_terms_have_no_order() -> None:
    assert hg.judge(np.sum, X[:2]).cause is None


def test_a_result_alone_is_explained_only_if_it_has_many_numbers() -> None:
    from handgrad.compare.functions.judge import judge_result

    assert judge_result(np.add.accumulate(X)[-1], ("sum", X)).cause is None
    rows = RNG.normal(size=(40, 100))
    found = judge_result(np.add.accumulate(rows, axis=1)[:, -1], ("sum", rows), axis=1)
    assert found.cause == Cause("in order", "float64")
