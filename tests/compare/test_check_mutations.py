"""Every mistake of the table, in several spellings, is caught and named; right gradients pass; none is confused."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from mutations.catalogue import CORRECT, Mutant, confusion, double, mutants, single, told

from handgrad.compare.mistakes import MISTAKES, UNKNOWN, Hypothesis, hypotheses, pairs
from handgrad.compare.probes import table_probes
from handgrad.compare.recipes import DoesNotFit, predict_gradient, tolerance

pytestmark = pytest.mark.mutation

#: The rows of the table; the 2 counts as two mistakes: missing, and there twice.
TABLE = (
    "sign",
    "two-missing",
    "two-twice",
    "sum-instead-of-mean",
    "whole-n-in-batch",
    "one-block-only",
    "broadcast-residual",
    "updated-too-early",
    "not-reset",
    "bias-penalised",
    "penalty-without-factor",
    "not-the-residual",
    "bias-left-out",
    "x-left-out",
    "absolute-error",
    "transposed",
    "integers",
    "float32-accumulation",
)


@pytest.mark.parametrize("mutant", single(), ids=lambda m: m.id)
def test_a_mistake_is_told_by_its_name_and_a_right_gradient_passes(mutant: Mutant) -> None:
    diagnosis = told(mutant)
    assert (diagnosis.mistakes, diagnosis.correct) == (mutant.mistakes, not mutant.mistakes), str(diagnosis)


@pytest.mark.parametrize("mutant", double(), ids=lambda m: f"{m.id}:{'+'.join(m.mistakes)}")
def test_two_mistakes_at_once_are_told_as_two(mutant: Mutant) -> None:
    diagnosis = told(mutant)
    assert sorted(diagnosis.mistakes) == sorted(mutant.mistakes), str(diagnosis)


@pytest.mark.parametrize("mistake", TABLE)
def test_every_mistake_of_the_table_is_made_in_at_least_three_spellings(mistake: str) -> None:
    assert sum(mutant.mistakes == (mistake,) for mutant in mutants()) >= 3


def test_at_least_twenty_right_gradients_are_tried() -> None:
    assert sum(not mutant.mistakes for mutant in mutants()) >= 20


def test_no_mutation_is_confused_with_another_mistake(record_matrix: dict[str, Counter[str]]) -> None:
    matrix = confusion(single())
    record_matrix.update(matrix)
    assert {made: dict(told) for made, told in matrix.items()} == {
        made: {made: sum(told.values())} for made, told in matrix.items()
    }
    assert set(TABLE) | {CORRECT, UNKNOWN.id} <= set(matrix)


def test_no_two_mutations_of_one_mistake_predict_the_same_numbers_under_different_names() -> None:
    """Where two single mistakes are the same function, the data could not tell them apart, and one name would lie."""
    fixed = [h for h in hypotheses("step") if _predicts_all(h)]
    assert len(fixed) > 40
    for first, second in combinations(fixed, 2):
        if first.mistakes != second.mistakes:
            assert not _same(first, second), f"{first.mistakes} {first.details} = {second.mistakes} {second.details}"


def test_a_pair_of_mutations_that_looks_like_a_single_one_is_rare_and_known() -> None:
    """Two mistakes may cancel, or be a third: the simplest explanation is told."""
    fixed = [h for h in hypotheses("gradient") if _predicts_all(h)]
    alike = {
        (frozenset(pair.mistakes), one.mistakes[0])
        for pair in pairs("gradient")
        if _predicts_all(pair)
        for one in fixed
        if _same(pair, one)
    }
    assert {names for names, _ in alike} <= EQUAL_TO_ONE, alike


EQUAL_TO_ONE: set[frozenset[str]] = set()


def _predicts_all(hypothesis: Hypothesis) -> bool:
    """Whether it has nothing to be fitted, nothing lax, and no memory."""
    recipe = hypothesis.recipe
    free = recipe.penalty_weights or recipe.penalty_bias or recipe.fixed_rows or recipe.accumulated
    lax = recipe.single_weights or recipe.single_bias or recipe.truncated == "input" or recipe.factor == "permuted"
    return not free and not lax


def _same(first: Hypothesis, second: Hypothesis) -> bool:
    for group in table_probes():
        for probe in group:
            try:
                blocks = zip(
                    predict_gradient(first.recipe, probe), predict_gradient(second.recipe, probe), strict=True
                )
            except DoesNotFit:
                continue
            for one, other in blocks:
                if one.value.shape != other.value.shape:
                    return False
                bound = tolerance(one, probe, "float64") + tolerance(other, probe, "float64")
                if np.any(abs(one.value - other.value) > bound):
                    return False
    return True


def test_every_mistake_has_words() -> None:
    for mistake in (*MISTAKES.values(), UNKNOWN):
        assert all((mistake.title, mistake.mathematics, mistake.hint, mistake.question.endswith("?")))
        assert len(f"Wrong: {mistake.title}") <= 80
