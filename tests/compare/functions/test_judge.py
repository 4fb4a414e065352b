"""The judge of functions: what passes, what does not, what is told beside it, and what cannot be judged."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from handgrad.backends.interface import InputError
from handgrad.compare.functions.arrays import Operand
from handgrad.compare.functions.references import REFERENCES

RNG = np.random.default_rng(11)
X = RNG.normal(size=500)
A, B = RNG.normal(size=(20, 30)), RNG.normal(size=(30, 10))


def exactly(terms: Any) -> Fraction:
    return sum(map(Fraction, terms), Fraction(0))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("name", REFERENCES)
def test_numpys_own_functions_pass(name: str, dtype: str) -> None:
    if REFERENCES[name].inputs == 1:
        given: tuple[Any, ...] = (X.astype(dtype),)
    else:
        given = {"dot product": (X, X[::-1]), "matrix-vector": (A, B[:, 0])}.get(name, (A, B))
        given = tuple(one.astype(dtype) for one in given)
    found = hg.judge(name, given)
    assert found.passed
    assert found.format == dtype
    assert found.most_ulps.ulps < 1e4


def test_errors_are_those_of_fractions() -> None:
    found = hg.judge(np.sum, X)
    exact = exactly(X.tolist())
    assert found.exact == (float(exact),)
    error = abs(Fraction(float(np.sum(X))) - exact) / Fraction(math.ulp(float(exact)))
    assert found.most_ulps.ulps == pytest.approx(float(error), rel=1e-12)
    assert found.worst.bound is not None
    assert found.worst.over_bound == pytest.approx(float(error) * math.ulp(float(exact)) / found.worst.bound)


@pytest.mark.parametrize(
    ("function", "reference"),
    [
        (np.dot, "product"), (np.sum, "sum"), (np.mean, "mean"), (np.var, "variance"), (np.linalg.norm, "2-norm"),
        (math.fsum, "sum"), (sum, "sum"),
    ],
)  # fmt: skip
def test_known_functions_need_not_say_what_they_are(function: Any, reference: str) -> None:
    found = hg.judge(function, (X, X) if reference == "product" else X)
    assert (found.reference, found.passed) == (reference, True)


@pytest.mark.parametrize(
    ("wrong", "reference"),
    [
        (lambda x: x.sum() * (1 + 1e-11), "sum"),
        (lambda x: x[:-1].sum(), "sum"),
        (lambda x: x.astype(np.float32).sum(dtype=np.float32).astype(np.float64), "sum"),
        (lambda x: x.sum() / (len(x) - 1), "mean"),
        (lambda x: x.var(ddof=1), "variance"),
        (lambda x: ((x + 1e6) ** 2).mean() - (x + 1e6).mean() ** 2, "two-pass variance"),
        (lambda x: np.abs(x).max() * (1 + 2e-16), "max-norm"),
        (lambda x: np.sqrt(np.sum(x.astype(np.float32) ** 2)).astype(np.float64), "2-norm"),
        (lambda x: np.exp(x) / (np.exp(x).sum() + 1e-9), "softmax"),
        (lambda x: np.log(np.exp(x).sum() + 1e-9), "logsumexp"),
    ],
)
def test_what_rounding_does_not_explain_fails(wrong: Any, reference: str) -> None:
    assert not hg.judge(wrong, X, reference).passed


def test_inputs_are_a_tuple_or_for_products_a_list_of_two() -> None:
    for inputs in ((X, X), [X, X], (X.tolist(), X)):
        assert hg.judge(np.dot, inputs).exact == (float(exactly(Fraction(v) ** 2 for v in X.tolist())),)
    assert hg.judge(np.sum, (X,)).exact == hg.judge(np.sum, X.tolist()).exact


def test_one_wrong_element_is_found_and_placed() -> None:
    result = A @ B
    result[7, 3] *= 1 + 1e-9
    with pytest.raises(
        AssertionError, match=r"wrong, beyond what rounding explains in 1 of 200 numbers(.|\n)*\[7, 3\]"
    ):
        hg.assert_within_rounding(result, exact_of=("matmul", A, B))
    hg.assert_within_rounding(A @ B, exact_of=("matmul", A, B))
    hg.assert_within_rounding(A @ B, exact_of=(np.matmul, A, B))


def test_an_axis_is_followed() -> None:
    for axis in (0, 1, -1):
        assert hg.judge(lambda x, axis=axis: x.sum(axis=axis), A, "sum", axis=axis).passed
        power = np.exp(A)
        hg.assert_within_rounding(power / power.sum(axis=axis, keepdims=True), exact_of=("softmax", A), axis=axis)
    assert not hg.judge(lambda x: x.sum(axis=0), A[:, :20], "sum", axis=1).passed


def test_sums_in_a_wider_format_are_held_to_a_sharper_bound() -> None:
    x = np.abs(X).astype(np.float16)
    plain, wide = (hg.judge(np.mean, x, accumulate=inner) for inner in (None, "float32"))
    assert plain.passed
    assert wide.passed
    assert plain.worst.smallest_fault is not None
    assert wide.worst.smallest_fault is not None
    assert wide.worst.smallest_fault < plain.worst.smallest_fault / 50
    in_order = np.add.accumulate(x)[-1]
    assert hg.judge(lambda x: in_order, x, "sum").passed
    assert not hg.judge(lambda x: in_order, x, "sum", accumulate="float32").passed


def test_the_worst_case_decides_where_errors_do_not_cancel() -> None:
    """A million equal numbers: a float32 sum in order is off by more than errors of mean zero would be."""
    x = np.full(1_000_000, 0.1, dtype=np.float32)
    found = hg.judge(lambda x: np.add.accumulate(x)[-1], x, "sum")
    assert not found.errors_cancel
    assert found.passed
    assert hg.judge(np.sum, X).errors_cancel


def test_an_infinity_that_is_the_nearest_number_is_right() -> None:
    x = np.full(100, 1000.0, dtype=np.float16)
    for function, given in ((np.sum, x), (np.sum, np.full(100, 1e307))):
        found = hg.judge(function, given)
        assert found.passed
        assert found.exact == (math.inf,)
        assert found.remarks == ("overflow is right",)
    assert not hg.judge(lambda x: np.float16(65504), x, "sum").passed


def test_overflow_on_the_way_fails_and_is_told() -> None:
    found = hg.judge(np.sum, [1e308, 1e308, -1e308, -1e308])
    assert (found.passed, found.remarks) == (False, ("overflowed on the way",))
    assert hg.judge(np.linalg.norm, [1e200, 1e200]).passed is False
    assert hg.judge(np.linalg.norm, [1e-200, 1e-200]).passed is False
    nan = hg.judge(lambda x: np.exp(x) / np.exp(x).sum(), [1000.0, 1.0], "softmax")
    assert (nan.passed, nan.remarks, nan.worst.index) == (False, ("not a number",), (0,))


def test_subnormal_numbers_are_held_to_their_own_places() -> None:
    x = [5e-324, 1e-310, 2e-310]
    assert hg.judge(np.sum, x).passed
    flushed = hg.judge(lambda x: 0.0, x, "sum")
    assert (flushed.passed, flushed.remarks) == (False, ("flushed to zero",))
    assert not hg.judge(lambda x: np.sum(x) + 1e-323, x, "sum").passed


def test_integers_are_exact_or_wrong() -> None:
    assert hg.judge(np.sum, np.arange(10)).passed
    assert hg.judge(np.mean, np.arange(10)).passed
    big = np.array([2**62, 2**62 - 1, -(2**61)])
    assert hg.judge(np.sum, big).passed
    assert not hg.judge(lambda x: np.sum(x) + 1, big, "sum").passed
    small = np.array([100, 100], dtype=np.int8)
    wrapped = hg.judge(np.dot, (small, small))
    assert (wrapped.passed, wrapped.remarks, wrapped.exact) == (False, ("wrapped around",), (20000.0,))
    floor = hg.judge(lambda x: np.sum(x) // len(x), np.array([1, 2]), "mean")
    assert (floor.passed, floor.remarks) == (False, ("not an integer",))


def test_inputs_that_the_format_cannot_hold_are_allowed_their_rounding() -> None:
    result = (A.astype(np.float32) @ B.astype(np.float32)).astype(np.float32)
    hg.assert_within_rounding(result, exact_of=("matmul", A, B))
    found = hg.judge(lambda a, b: result, (A, B), "matmul")
    assert found.remarks == ("inputs rounded",)


def test_a_python_float_is_a_number_of_the_inputs_format() -> None:
    assert hg.judge(lambda x: float(np.sum(x)), X.astype(np.float32), "sum").format == "float32"
    assert hg.judge(lambda x: float(np.sum(x)), [1, 2, 3], "sum").format == "float64"


def test_a_reference_of_ones_own_tells_ulps_and_no_more() -> None:
    found = hg.judge(lambda x: x * x, X[:3], lambda x: [Fraction(v) ** 2 for v in x.tolist()])
    assert found.passed is None
    assert found.most_ulps.ulps <= 0.5
    assert found.worst.bound is None
    assert found.remarks == ("no bound",)
    assert "No bound is derived" in repr(found)
    with pytest.raises(InputError, match=r"exact_of: expected the name of a known function, .* got <lambda>"):
        hg.assert_within_rounding(X, exact_of=(lambda x: x, X))


@pytest.mark.parametrize(
    ("function", "inputs", "reference", "message"),
    [
        (lambda x: 1.0, X, None, "reference: expected to be told what <lambda> computes"),
        ("product of all", X, None, "reference: expected one of dot product, .* got 'product of all'"),
        (np.sum, [], None, r"x: expected at least one number, got shape \(0,\)"),
        (np.sum, [1.0, math.nan], None, r"x: expected finite numbers, got nan at \[1\]"),
        (np.sum, [1.0, -math.inf], None, r"x: expected finite numbers, got -inf at \[1\]"),
        (np.sum, ["1"], None, r"x: expected numbers in float64, .*, got \['1'\]"),
        (np.sum, [1j], None, "x: expected numbers in float64, .*, got complex128"),
        (np.sum, [[1.0], [1.0, 2.0]], None, "x: expected an array of numbers, got a list"),
        (np.sum, 3.0, None, "x: expected an array of at least one axis, got one number"),
        (np.sum, (X, X), None, "inputs: expected 1 for a sum, got 2"),
        (np.dot, (X, X[:5]), None, r"inputs: expected as many columns as rows, got \(500,\) and \(5,\)"),
        ("dot", (A, B), None, r"inputs: expected shapes \(k,\) and \(k,\), got \(20, 30\) and \(30, 10\)"),
        (lambda x: x, X, "sum", r"<lambda>: expected a result of shape \(\), the sum over all elements, got \(500,\)"),
        (lambda x: None, X, "sum", "<lambda>'s result: expected numbers"),
        (lambda x: 1 / 0, X, "sum", "<lambda>: expected a result .*, got ZeroDivisionError: division by zero"),
        ("softmax", np.array([2**60]), None, "x: expected integers up to"),
        ("sample variance", [1.0], None, "x: expected at least 2 numbers for a sample variance, got 1"),
        (lambda x: x, X, lambda x: "a", "reference: expected numbers that know their ratio"),
        (np.sum, X, 3, "reference: expected a name or a function, got 3"),
        (3, X, "sum", "function: expected a function, or the name of one, got int"),
    ],
)
def test_what_cannot_be_judged_is_told_in_one_line(function: Any, inputs: Any, reference: Any, message: str) -> None:
    with pytest.raises(InputError, match=message) as told:
        hg.judge(function, inputs, reference)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("axis", [2, "rows"])
def test_an_axis_that_is_none_is_told(axis: Any) -> None:
    with pytest.raises(InputError, match="axis: expected"):
        hg.judge(np.sum, A, axis=axis)
    with pytest.raises(InputError, match="exact_of: expected a function and its inputs"):
        hg.assert_within_rounding(1.0, exact_of=("sum",))


def test_bfloat16_is_judged_by_its_own_places() -> None:
    x = Operand(np.array([1.0, 2.0**-8]), "bfloat16")
    right, above = (Operand(np.array(value), "bfloat16") for value in (1.0, 1 + 2.0**-6))
    hg.assert_within_rounding(right, exact_of=("sum", x))
    with pytest.raises(AssertionError, match=r"1\.5 ULP"):
        hg.assert_within_rounding(above, exact_of=("sum", x))


def test_tensors_are_judged_in_every_format() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    for dtype in (torch.float64, torch.float32, torch.bfloat16, torch.float16):
        a, b = torch.tensor(A).to(dtype), torch.tensor(B).to(dtype)
        found = hg.judge(torch.matmul, (a, b))
        assert (found.passed, found.format) == (True, str(dtype).removeprefix("torch."))
        result = torch.softmax(a, -1)
        hg.assert_within_rounding(result, exact_of=("softmax", a))
        result[2, 3] += 0.5
        with pytest.raises(AssertionError, match=r"\[2, 3\]"):
            hg.assert_within_rounding(result, exact_of=("softmax", a))


def test_a_tensor_without_an_array_is_told() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    with pytest.raises(InputError, match="x: expected an array of numbers, got an object of type Tensor"):
        hg.judge(torch.sum, torch.tensor(X, device="meta"))


def test_arrays_of_jax_are_judged_in_every_format() -> None:
    pytest.importorskip("jax", reason="JAX is not installed")
    import jax.numpy as jnp

    for dtype in (jnp.float32, jnp.bfloat16, jnp.float16):
        found = hg.judge(jnp.matmul, (jnp.asarray(A, dtype=dtype), jnp.asarray(B, dtype=dtype)))
        assert (found.passed, found.format) == (True, jnp.dtype(dtype).name)


def test_compiled_functions_are_judged() -> None:
    import numba

    @numba.njit
    def dot(a: Any, b: Any) -> float:
        total = 0.0
        for i in range(len(a)):
            total += a[i] * b[i]
        return total

    found = hg.judge(dot, (X, X[::-1].copy()), "dot product")
    assert found.passed
    assert found.function == "dot"
    assert not hg.judge(dot, (X, X + 1e-9), lambda a, b: exactly(a.tolist())).passed
