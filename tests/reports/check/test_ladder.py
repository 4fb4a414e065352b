"""The ladder of hints: a question, the place, the formula, the remedy; of each mistake, alone and with two others."""

from __future__ import annotations

from itertools import combinations
from typing import get_args

import pytest

from handgrad.compare.check.mistakes import hypotheses
from handgrad.compare.results.diagnosis import Assessment, LossName, Mistake
from handgrad.reports.check.diagnosis import Diagnosis, diagnosis
from handgrad.reports.check.words import MISTAKES

MADE = {
    (kind, mistake): hypothesis.made()[0]
    for kind in ("gradient", "step", "loss")
    for hypothesis in hypotheses(kind)
    for mistake in hypothesis.mistakes
}


def told_of(*mistakes: Mistake, kind: str = "gradient", loss: LossName = "mse") -> Diagnosis:
    parts = {"loss": False} if kind == "loss" else {"dW": False, "db": True}
    return diagnosis(Assessment(("mine",), mistakes=mistakes, parts=parts, loss=loss))


@pytest.mark.parametrize("loss", get_args(LossName))
def test_each_rung_says_more_and_only_the_last_the_remedy(loss: LossName) -> None:
    for (kind, key), mistake in MADE.items():
        told = told_of(mistake, kind=kind, loss=loss)
        first, second, third, fourth = (str(told.as_hint(rung)) for rung in (1, 2, 3, 4))
        assert "?" in first, key
        assert "Look at" in second
        assert "Look at" not in first
        assert "It breaks:" in third
        assert "It breaks:" not in second
        assert fourth.replace("\n", " ") != third.replace("\n", " ")
        assert told.hint.split()[0] in fourth
        for rung in (first, second, third):
            assert key not in rung
            assert told.explanation.splitlines()[0].removeprefix("Wrong: ") not in " ".join(rung.split())


def test_of_three_mistakes_every_question_and_every_remedy_is_there() -> None:
    keys = ("sign", "bias-left-out", "swapped-answer", "penalty-without-factor", "x-left-out", "absolute-error")
    for three in combinations(keys, 3):
        told = told_of(*map(Mistake, three))
        assert told.as_hint(1).hint == "\n".join(MISTAKES[key].question for key in three)
        assert told.as_hint(3).mathematics.count("\n") == 2
        assert all(MISTAKES[key].hint in told.as_hint(4).hint for key in three)


def test_of_a_loss_nothing_is_said_that_is_about_its_gradient() -> None:
    for (kind, key), mistake in MADE.items():
        if kind == "loss":
            told = told_of(mistake, kind=kind)
            for words in (told.explanation, told.mathematics, told.hint, told.question):
                assert "dW" not in words, key
                assert "gradient" not in words, key
                assert "derivative" not in words, key


def test_a_sign_that_one_block_has_wrong_is_not_laid_to_the_residual_of_both() -> None:
    told = told_of(Mistake("sign", block="dW", factor="sign"), Mistake("two-missing", block="db", factor="two-missing"))
    assert "Look where a minus comes into dW" in told.hint
    assert "Take ŷ − y" not in told.hint
