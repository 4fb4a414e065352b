"""A gradient is right for the loss that is meant: declared, or said where none is; its mistakes keep their names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import typer
from checked import check
from mutations.conventions import in_convention, wrong_in
from typer.testing import CliRunner

from handgrad.backends.signatures.kinds import Kind
from handgrad.cli import OneLineErrors
from handgrad.commands.check import check as command
from handgrad.compare.check.mistakes import hypotheses
from handgrad.compare.check.operands import DoesNotFit
from handgrad.compare.check.recipes import predict_gradient
from handgrad.compare.check.student.probes import table_probes
from handgrad.compare.results.diagnosis import OTHER_ANSWERS, UNKNOWN, LossName
from handgrad.reports.check.losses import FORMULAS

LOSSES: tuple[LossName, ...] = get_args(LossName)
#: 2c for the loss c Σ r².
FRONT: dict[LossName, Callable[[int], float]] = {
    "mse": lambda n: 2 / n,
    "half-mse": lambda n: 1 / n,
    "sum": lambda n: 2,
    "half-sum": lambda n: 1,
}
OTHERS = [loss for loss in LOSSES if loss != "mse"]


def gradient_of(loss: LossName, factor: float = 1.0) -> Callable[..., Any]:
    def gradient(X: Any, y: Any, weights: Any, bias: Any) -> Any:
        r = X @ weights + bias - y
        front = factor * FRONT[loss](len(y))
        return front * X.T @ r, front * r.sum()

    return gradient


@pytest.mark.parametrize("loss", LOSSES)
def test_the_gradient_of_a_declared_loss_is_right_and_the_three_others_are_wrong(loss: LossName) -> None:
    for other in LOSSES:
        told = check(gradient_of(loss), loss=other)
        assert told.correct == (other == loss), str(told)
        assert told.loss == other
        assert told.right_for is None


def test_a_mean_where_the_sum_was_declared_is_named() -> None:
    assert check(gradient_of("mse"), loss="sum").mistake == "mean-instead-of-sum"


@pytest.mark.parametrize(("declared", "factor"), [("mse", 2.0), ("half-mse", 1.0)])
def test_a_loss_of_twice_the_declared_one_is_named(declared: LossName, factor: float) -> None:
    def loss(X: Any, y: Any, weights: Any, bias: Any) -> Any:
        return factor * np.mean((X @ weights + bias - y) ** 2)

    assert check(loss, loss=declared).mistake == "doubled-loss"


@pytest.mark.parametrize("loss", OTHERS)
def test_undeclared_the_loss_for_which_it_is_right_is_said_and_it_is_not_called_correct(loss: LossName) -> None:
    told = check(gradient_of(loss))
    assert (told.correct, told.right_for) == (False, loss)
    title = told.explanation.splitlines()[0]
    assert f"correct for {FORMULAS[loss]}; for (1/n) Σ r² " in title
    assert "--loss any" in str(told)
    assert "correct for" not in str(told.as_hint())


def test_half_the_mean_undeclared_lacks_the_two() -> None:
    told = check(gradient_of("half-mse"))
    assert "correct for (1/2n) Σ r²; for (1/n) Σ r² the 2 is missing" in told.explanation
    assert told.mistakes == ("two-missing",)


@pytest.mark.parametrize("loss", LOSSES)
def test_any_takes_each_and_says_which(loss: LossName) -> None:
    told = check(gradient_of(loss), loss="any")
    assert told.correct
    assert told.loss == loss
    assert FORMULAS[loss] in told.explanation or loss == "mse"
    assert not check(gradient_of(loss, factor=3.0), loss="any").correct


def test_a_half_too_many_and_one_too_few_are_told_in_the_words_of_that_loss() -> None:
    assert "a ½ too many" in check(gradient_of("half-mse", 0.5), loss="half-mse").explanation
    told = check(gradient_of("half-mse", 2.0), loss="half-mse")
    assert told.mistakes == ("two-twice",)
    assert "the ½ of the loss is missing" in told.explanation
    assert "Held against the loss (1/2n) Σ r²." in told.explanation
    assert "(2/n)" not in told.mathematics


def test_what_changes_its_input_is_wrong_under_any_loss() -> None:
    def gradient(X: Any, y: Any, weights: Any, bias: Any) -> Any:
        X, original = X.copy(), X
        original[0] = 0
        return gradient_of("half-mse")(X, y, weights, bias)

    told = check(gradient)
    assert (told.correct, told.right_for) == (False, None)
    assert check(gradient, loss="half-mse").mistakes == ("changes-its-input",)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_is_held_against_the_one_that_is_declared(loss: LossName) -> None:
    def cost(X: Any, y: Any, weights: Any, bias: Any) -> Any:
        return FRONT[loss](len(y)) / 2 * ((X @ weights + bias - y) ** 2).sum()

    assert check(cost, loss=loss).correct
    told = check(cost)
    assert told.correct == (loss == "mse")
    assert told.right_for == (None if loss == "mse" else loss)


# -- mistakes, under each convention ----------------------------------------------------------------------------------


@pytest.mark.mutation
@pytest.mark.parametrize("loss", OTHERS)
def test_a_hundred_wrong_ones_are_told_by_their_names_under_each_convention(loss: LossName) -> None:
    cases = wrong_in(loss, spellings=3)
    assert len(cases) >= 100
    for mutant, names in cases:
        told = check(in_convention(mutant, loss), loss=loss)
        assert sorted(told.mistakes) == sorted(names), f"{mutant.id}: {told}"


@pytest.mark.mutation
def test_undeclared_nothing_else_is_named_but_what_another_loss_is() -> None:
    """A right gradient of another loss that comes out is no mistake; where others are left, that loss is told, too."""
    for mutant, names in wrong_in("half-mse", spellings=1):
        told = check(in_convention(mutant, "half-mse"))
        allowed = (set(names), set(mutant.mistakes) | {"two-missing"}, {UNKNOWN}, {OTHER_ANSWERS})
        assert told.correct or told.right_for or set(told.mistakes) in allowed, f"{mutant.id}: {told}"


def test_undeclared_the_loss_with_fewer_mistakes_is_told() -> None:
    told = check(gradient_of("half-mse", -1.0))
    assert set(told.mistakes) == {"sign", "two-missing"}
    assert "For the loss (1/2n) Σ r², if that is meant (--loss half-mse), it is sign alone." in told.explanation
    assert "sign" not in str(told.as_hint())
    assert "if that is meant" not in str(check(gradient_of("half-mse", -1.0), loss="mse"))


@pytest.mark.mutation
@pytest.mark.parametrize("kind", ["gradient", "step"])
@pytest.mark.parametrize("loss", OTHERS)
def test_every_mistake_predicts_numbers_of_its_loss(kind: Kind, loss: LossName) -> None:
    for hypothesis in hypotheses(kind, loss):
        try:
            blocks = predict_gradient(hypothesis.recipe, table_probes()[0][0])
        except DoesNotFit:
            continue
        assert all(np.isfinite(block.value).all() for block in blocks)


# -- the command ------------------------------------------------------------------------------------------------------

app = typer.Typer(cls=OneLineErrors)
app.command("check")(command)
app.command("other")(lambda: None)

HALF = """
def gradient(X, y, weights, bias):
    r = X @ weights + bias - y
    return X.T @ r / len(y), r.mean()
"""


@pytest.mark.parametrize(
    ("options", "code"), [([], 1), (["--loss", "any"], 0), (["--loss", "half-mse"], 0), (["--loss", "mse"], 1)]
)
def test_the_exit_code_follows_the_loss(tmp_path: Path, options: list[str], code: int) -> None:
    path = tmp_path / "mine.py"
    path.write_text(HALF, encoding="utf-8")
    assert CliRunner().invoke(app, ["check", str(path), *options]).exit_code == code
