"""The Python front door to the judge of functions: anyone's sum, product or softmax, held against the exact one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from handgrad.compare.functions.judge import judge as judge_function
from handgrad.compare.functions.judge import judge_result
from handgrad.compare.functions.questions import OWN
from handgrad.compare.results.functions.judgement import Judgement


class Judged(Judgement):
    """A `Judgement` that reads as a short text, and shows itself in a notebook."""

    def __repr__(self) -> str:
        from handgrad.reports.judge.text import text

        return text(self)

    def _repr_html_(self) -> str:
        from handgrad.reports.judge.text import notebook

        return notebook(self)


def judge(
    function: Callable[..., Any] | str,
    inputs: Any,
    reference: str | Callable[..., Any] | None = None,
    *,
    axis: int | str | None = OWN,
    accumulate: str | None = None,
) -> Judged:
    """A function's result against the exact answer: error in ULPs, over a derived bound, and why its bits differ.

        hg.judge(np.sum, x)
        hg.judge(my_kernel, (a, b), reference="matrix-matrix", accumulate="float32")

    Known functions: "dot product", "matrix-vector", "matrix-matrix", "sum", "mean", "variance" (÷ n), "sample variance"
    (÷ n − 1), the same as "two-pass variance" and "two-pass sample variance" (held to a bound that algorithms which
    update, such as Welford's, may miss), "2-norm", "1-norm", "max-norm", "softmax", "logsumexp". Formats: float64,
    float32, bfloat16, float16; integers exactly. `handgrad.compare.functions.bounds` derives the bounds and names their
    sources (Higham; Jeannerod and Rump; Blanchard, Higham and Higham). Exact values are rational, or enclosed until
    every double is certain. A Python float counts as a number of the widest input's format.

    Args:
        function: Takes the inputs as they are given, and returns an array or a number; the name of a known function
            judges NumPy's. To see how its sums are made it is asked up to 16 times more, with terms in other orders.
        inputs: A tuple of arrays, or the only array: NumPy's, PyTorch's, JAX's, lists. Products take (k,) and (k,),
            (m, k) and (k,), (m, k) and (k, n); the others x of any shape.
        reference: The name of the known function that it is meant to be; may be left out of functions such as np.dot,
            torch.sum or scipy.special.softmax. Or a function of your own that gives the exact answer as Fraction, int,
            Decimal or mpmath's numbers: no bound is derived then, so the error is told in ULPs and `passed` is None.
        axis: Along which a reduction or softmax works; None for all elements. Left out, the function's own: the last
            for softmax, all elements for reductions.
        accumulate: The format in which terms are made and summed, if it is not the result's: "float32" for a bfloat16
            kernel that accumulates in float32, which makes the bound as much sharper.

    Returns:
        A `Judgement`: `.passed`, `.worst`, `.most_ulps`, `.exact`, `.cause`, …; its repr says all of it.

    Raises:
        InputError: In one line: inputs that are empty, not finite, or of shapes that do not fit; a function that is not
            known, that fails, or whose result has another shape.
    """
    return Judged(**vars(judge_function(function, inputs, reference, axis, accumulate)))


def assert_within_rounding(
    actual: Any, exact_of: Sequence[Any], *, axis: int | str | None = OWN, accumulate: str | None = None
) -> None:
    """Fails unless rounding explains every difference between a result and the exact answer: no `atol`, no `rtol`.

        hg.assert_within_rounding(kernel(a, b), exact_of=("matrix-matrix", a, b))
        hg.assert_within_rounding(y, exact_of=("softmax", x), axis=-1, accumulate="float32")

    Args:
        actual: The result: an array or a number of any kind that `judge` takes; its format sets the bound.
        exact_of: The name of a known function (see `judge`), or the function itself if it is one like np.dot, and then
            the inputs, as the code under test got them.
        axis: As in `judge`.
        accumulate: As in `judge`.

    Raises:
        AssertionError: If an error is beyond its bound; the message is the whole evidence.
        InputError: As in `judge`.
    """
    __tracebackhide__ = True  # pytest shows the line of the test
    found = Judged(**vars(judge_result(actual, exact_of, axis, accumulate)))
    if not found.passed:
        raise AssertionError(repr(found))
