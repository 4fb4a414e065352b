"""One comparison works out what the judge must know of its table once, however many ask for it."""

from __future__ import annotations

from collections import Counter

import pytest

from handgrad.compare.side_by_side.prepare import Options
from handgrad.compare.side_by_side.side_by_side import side_by_side
from handgrad.data.synthetic import synthetic


@pytest.mark.parametrize("standardize", [True, False])
def test_the_exact_products_the_sizes_and_the_hessian_are_taken_once_in_a_comparison(
    standardize: bool, passes: Counter[tuple[str, bytes]]
) -> None:
    options = Options(backends=["python", "numpy"], epochs=20, standardize=standardize, self_test=True)
    found = side_by_side(synthetic(num_samples=60, seed=0)[0], options)
    assert found.verdict.passed
    assert found.self_test is not None
    assert found.gradchecks
    assert all(result.accuracy is not None and result.accuracy.explanation for result in found.backends.values())
    # the table as it was given, for the closed form, and the one that is trained where that is another
    # and, to tell a run that has not arrived what standardising would do for it, the Hessian of that
    hessians = 1 if standardize else 2
    assert Counter(name for name, _ in passes) == {"exact": 2 if standardize else 1, "sizes": 1, "hessian": hessians}
    assert set(passes.values()) == {1}
