"""Every mistake of the table, in several spellings, is caught and named; right gradients pass; none is confused."""

from __future__ import annotations

import contextlib
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from checked import check
from mutations.catalogue import CORRECT, Mutant, confusion, double, mutants, single, told
from numpy.typing import NDArray

from handgrad.backends.signatures.kinds import Kind
from handgrad.compare.check.mistakes import Hypothesis, hypotheses, pairs
from handgrad.compare.check.operands import DoesNotFit
from handgrad.compare.check.recipes import Recipe, predict_gradient, predict_loss, tolerance
from handgrad.compare.check.student.probes import table_probes
from handgrad.compare.results.diagnosis import UNKNOWN
from handgrad.reports.check.words import MISTAKES

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
    "other-answers",
    "one-row-fewer",
    "constant-factor",
    "mean-twice",
    "swapped-answer",
    "by-prediction",
    "one-number-for-all",
    "new-parameters",
    "numerical-difference",
    "one-after-the-other",
)


@pytest.mark.parametrize("mutant", single(), ids=lambda m: m.id)
def test_a_mistake_is_told_by_its_name_and_a_right_gradient_passes(mutant: Mutant) -> None:
    diagnosis = told(mutant)
    assert (diagnosis.mistakes, diagnosis.correct) == (mutant.mistakes, not mutant.mistakes), str(diagnosis)


@pytest.mark.parametrize("mutant", double(), ids=lambda m: f"{m.id}:{'+'.join(m.mistakes)}")
def test_two_mistakes_at_once_are_told_as_two(mutant: Mutant) -> None:
    diagnosis = told(mutant)
    assert sorted(diagnosis.mistakes) == sorted(mutant.mistakes), str(diagnosis)


def test_mistakes_keep_their_names_at_other_numbers() -> None:
    """One spelling of each, at numbers that are drawn anew."""
    spelled = {mutant.mistakes: mutant for mutant in single()}
    for seed, mutant in enumerate(spelled.values(), 1):
        told = check(mutant.fresh(), seed=seed)
        assert told.mistakes == mutant.mistakes, f"seed {seed}: {told}"


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
    assert set(TABLE) | {CORRECT, UNKNOWN} <= set(matrix)


def test_no_two_mutations_of_one_mistake_predict_the_same_numbers_under_different_names() -> None:
    """Where two single mistakes are the same function, the data could not tell them apart, and one name would lie."""
    fixed = [h for h in hypotheses("step") if _predicts_all(h)]
    assert len(fixed) > 40
    for first, second in combinations(fixed, 2):
        if first.mistakes != second.mistakes:
            assert not _same(first, second), f"{first.mistakes} {first.forms} = {second.mistakes} {second.forms}"


def test_only_mutations_that_undo_each_other_take_a_name_that_neither_has() -> None:
    fixed = [Hypothesis(Recipe()), *(h for h in hypotheses("gradient") if _predicts_all(h))]
    foreign = {
        (tuple(sorted(pair.mistakes)), one.mistakes)
        for pair, one in _alike_at_the_first_probe([p for p in pairs("gradient") if _predicts_all(p)], fixed)
        if not set(one.mistakes) & set(pair.mistakes) and _same(pair, one)
    }
    assert foreign == {
        (("two-missing", "two-twice"), ()),
        (("mean-twice", "sum-instead-of-mean"), ()),
        (("absolute-error", "integers"), ("always-zero",)),  # whole parts of sign(r) / 2
        (("integers", "one-block-only"), ("always-zero",)),  # no dW for one reason, no db for another
    }


def _alike_at_the_first_probe(many: list[Hypothesis], few: list[Hypothesis]) -> list[tuple[Hypothesis, Hypothesis]]:
    """The combinations for which it pays to look at all probes."""
    first, second = _at_the_first_probe(many), _at_the_first_probe(few)
    close = np.isclose(first[:, np.newaxis], second, rtol=1e-9, atol=1e-9, equal_nan=True).all(axis=2)
    return [(many[i], few[j]) for i, j in np.argwhere(close)]


def _at_the_first_probe(hypotheses: list[Hypothesis]) -> NDArray[np.float64]:
    """What each predicts there for dW and db, (k, 4); NaN where it is of another shape, or an error."""
    values = np.full((len(hypotheses), 4), np.nan)
    for row, hypothesis in zip(values, hypotheses, strict=True):
        with contextlib.suppress(DoesNotFit):
            weights, bias = predict_gradient(hypothesis.recipe, table_probes()[0][0])
            if weights.value.shape == (3,):
                row[:] = [*weights.value, bias.value]
    return values


def _predicts_all(hypothesis: Hypothesis) -> bool:
    """Whether it has nothing to be fitted, nothing lax, and no memory."""
    recipe = hypothesis.recipe
    free = recipe.free or recipe.penalty_weights or recipe.penalty_bias or recipe.fixed_rows or recipe.accumulated
    free = free or recipe.scale_weights.total  # known of a trainer's data alone
    lax = recipe.single_weights or recipe.single_bias or recipe.truncated == "input" or recipe.factor == "permuted"
    return not free and not lax


def _same(first: Hypothesis, second: Hypothesis) -> bool:
    for group in table_probes():
        for probe in group:
            try:
                blocks = zip(predict_gradient(first.recipe, probe), predict_gradient(second.recipe, probe), strict=True)
            except DoesNotFit:
                continue
            for one, other in blocks:
                if one.value.shape != other.value.shape:
                    return False
                bound = tolerance(one, probe, "float64") + tolerance(other, probe, "float64")
                if np.any(abs(one.value - other.value) > bound):
                    return False
    return True


@pytest.mark.parametrize("kind", ["gradient", "step", "loss"])
def test_every_mutation_and_every_pair_predicts_numbers_or_an_error(kind: Kind) -> None:
    predict = predict_loss if kind == "loss" else predict_gradient
    for hypothesis in (*hypotheses(kind), *pairs(kind)):
        for probe in (table_probes()[0][0], table_probes()[1][0], table_probes()[2][0]):
            with contextlib.suppress(DoesNotFit):
                for block in predict(hypothesis.recipe, probe):
                    assert np.isfinite(block.value).all(), hypothesis.forms
                    assert block.size.shape == block.value.shape, hypothesis.forms
                    assert np.all(block.size * (1 + 1e-12) >= abs(block.value)), hypothesis.forms


@pytest.mark.parametrize("mutant", mutants(), ids=lambda m: m.id)
def test_what_is_told_of_a_mutation_reads_well_at_80_columns(mutant: Mutant) -> None:
    lines = str(told(mutant)).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith(
        (
            "Correct: ",
            "Correct for the loss ",  # that an object has beside its derivatives
            "Wrong: ",
            "Undecided: ",
            "Wrong, 2 mistakes at once: ",
            f"{mutant.name}: {MISTAKES[UNKNOWN].title}",
        )
    )
