"""The built-in sets: their numbers give the published coefficients, and listing them is light."""

from __future__ import annotations

import csv
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from handgrad.data import builtin_sets
from handgrad.data.dataset import DataError

NAMES = builtin_sets.names()


def exact_fit(name: str) -> tuple[dict[str, Fraction], Fraction]:
    """Least squares on the table's decimals by Gauss-Jordan elimination in rational arithmetic, and R²."""
    with (builtin_sets.FOLDER / f"{name}.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    A = [[Fraction(1), *map(Fraction, row[:-1])] for row in rows]
    b = [Fraction(row[-1]) for row in rows]
    size = len(A[0])
    system = [[sum(r[i] * r[j] for r in A) for j in range(size)] for i in range(size)]
    for i, equation in enumerate(system):
        equation.append(sum(r[i] * t for r, t in zip(A, b, strict=True)))
    for i in range(size):
        system[i] = [value / system[i][i] for value in system[i]]
        for j in range(size):
            if j != i:
                system[j] = [a - system[j][i] * c for a, c in zip(system[j], system[i], strict=True)]
    solution = [equation[-1] for equation in system]
    residuals = [sum(x * w for x, w in zip(r, solution, strict=True)) - t for r, t in zip(A, b, strict=True)]
    mean = sum(b) / len(b)
    r2 = 1 - sum(r * r for r in residuals) / sum((t - mean) ** 2 for t in b)
    return dict(zip(["bias", *header[:-1]], solution, strict=True)), r2


def agrees(text: str, exact: Fraction) -> bool:
    """Whether the decimal string is the exact value to within one unit of its last digit."""
    return abs(Fraction(text) - exact) <= Fraction(10) ** Decimal(text).as_tuple().exponent


def test_all_that_are_promised_are_there():
    assert NAMES == [
        "diabetes", "auto-mpg", "norris", "longley", "anscombe1", "anscombe2", "anscombe3", "anscombe4",
    ]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_the_table_is_the_one_described(name):
    described, dataset = builtin_sets.describe(name), builtin_sets.load(name)
    assert dataset.X.shape == (described.rows, len(described.features))
    assert (dataset.feature_names, dataset.target_name) == (described.features, described.target)
    assert described.title
    assert described.source
    assert described.licence
    assert described.licence in dataset.notes[0]
    assert dataset.source == name


@pytest.mark.parametrize("name", NAMES)
def test_the_numbers_give_the_coefficients_told(name):
    described = builtin_sets.describe(name)
    exact, r2 = exact_fit(name)
    assert described.exact.keys() == exact.keys()
    assert all(agrees(text, exact[key]) for key, text in described.exact.items())
    assert agrees(described.exact_r2, r2)
    assert all(agrees(text, exact[key]) for key, text in described.published.items())
    assert agrees(described.published_r2, r2)


def test_anscombes_four_sets_look_alike_in_numbers():
    sets = [builtin_sets.load(f"anscombe{k}") for k in (1, 2, 3, 4)]
    for dataset in sets:
        assert dataset.X.mean() == 9
        assert dataset.X.var(ddof=1) == pytest.approx(11)
        assert dataset.y.mean() == pytest.approx(7.50, abs=0.005)
        assert dataset.y.var(ddof=1) == pytest.approx(4.125, abs=0.003)
        assert np.corrcoef(dataset.X[:, 0], dataset.y)[0, 1] == pytest.approx(0.816, abs=0.001)
    assert len({dataset.y.tobytes() for dataset in sets}) == 4


@pytest.mark.parametrize("spelling", ["Auto-MPG", "auto_mpg", " auto-mpg "])
def test_names_are_forgiving(spelling):
    assert builtin_sets.describe(spelling).name == "auto-mpg"


@pytest.mark.parametrize("name", ["diabtes", "../diabetes", "", "x" * 1000])
def test_an_unknown_name_gets_the_list(name):
    with pytest.raises(DataError, match=r"there are: diabetes, auto-mpg"):
        builtin_sets.load(name)
    with pytest.raises(DataError, match="did you mean 'diabetes'"):
        builtin_sets.describe("diabtes")


def test_listing_loads_nothing_heavy():
    code = (
        "import sys; from handgrad.data import builtin_sets as b; [b.describe(n) for n in b.names()];"
        "print([m for m in ('numpy', 'pandas', 'pyarrow', 'matplotlib', 'numba', 'torch') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
