"""What is said about a function follows from what was found: every key, form and cause has words."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import msgspec
import pytest

from handgrad.backends.signatures.kinds import Kind
from handgrad.compare.check.exercises.keys.every import KEYS
from handgrad.compare.check.mistakes import hypotheses
from handgrad.compare.results.diagnosis import (
    CHANGES_INPUT,
    FAILURES,
    OTHER_ANSWERS,
    UNKNOWN,
    Assessment,
    Call,
    Cause,
    Discrepancy,
    LossName,
    Mistake,
    NoAnswer,
    ProbeShape,
    SourceLine,
    failed,
)
from handgrad.reports.check.diagnosis import diagnosis
from handgrad.reports.check.exercise_words import EXERCISE_MISTAKES
from handgrad.reports.check.failures import SENTENCES, failure_words, place_words
from handgrad.reports.check.words import FACTORS, FORMS, MISTAKES, Wording

LOSSES: tuple[LossName, ...] = get_args(LossName)
KINDS: tuple[Kind, ...] = ("gradient", "step", "loss")
PROBE = ProbeShape(7, 3)
FAILURE = NoAnswer("shape", "(2,)", "(3,)", part="dW", place=PROBE, line=SourceLine("mine.py", 4, "return r"))
FULL = Assessment(
    ("gradient",),
    (Mistake("one-block-only", block="dW", factor="sign"), Mistake(CHANGES_INPUT, arguments=("X",))),
    evidence=(Discrepancy("dW", (1,), PROBE, 2.0, 1.0), Discrepancy("db", (), 3, 2.0, 0.0)),
    calls=26,
    smallest_detectable=1e-13,
    refused_types=("uint8",),
    wrong_call=Call(2, {"X": "[1., 2.]"}),
)


@pytest.mark.parametrize("wording", [*MISTAKES.values(), *EXERCISE_MISTAKES.values()], ids=lambda w: w.title[:30])
def test_every_wording_is_whole_and_its_title_fits_a_line(wording: Wording) -> None:
    assert all((wording.title, wording.mathematics, wording.hint, wording.question.endswith("?")))
    assert len(f"Wrong: {wording.title}") <= 80


@pytest.mark.parametrize("kind", KINDS)
def test_every_mistake_that_is_recognised_has_words(kind: Kind) -> None:
    for hypothesis in (h for loss in LOSSES for h in hypotheses(kind, loss)):
        (mistake,) = hypothesis.made()
        assert mistake.key in MISTAKES
        assert not mistake.form or (mistake.key, mistake.form) in FORMS
        assert not mistake.factor or mistake.factor in FACTORS


def test_no_words_are_there_that_nothing_uses() -> None:
    made = [m for kind in KINDS for loss in LOSSES for hypothesis in hypotheses(kind, loss) for m in hypothesis.made()]
    slips = {slip.mistake for key in KEYS.values() for slip in key.slips}
    assert set(FORMS) == {(mistake.key, mistake.form) for mistake in made if mistake.form}
    assert set(FACTORS) == {mistake.factor for mistake in made if mistake.factor}
    assert set(MISTAKES) - {UNKNOWN, CHANGES_INPUT, OTHER_ANSWERS, "numerical-noise"} == {
        mistake.key for mistake in made
    }
    assert set(EXERCISE_MISTAKES) <= slips <= set(EXERCISE_MISTAKES) | set(MISTAKES)


def test_every_cause_has_a_key_and_a_sentence() -> None:
    assert set(get_args(Cause)) == set(FAILURES) == set(SENTENCES)


def test_a_failure_is_told_with_what_came_where_and_what_was_expected() -> None:
    told = diagnosis(failed("gradient", FAILURE)).explanation
    assert told == (
        "Wrong: gradient returns dW of shape (2,) for 7 rows × 3 features, where one number per feature, shape (3,), "
        "is expected.\nmine.py, line 4: return r"
    )
    assert "where one number is expected" in failure_words(replace(FAILURE, expected="()"))
    assert "in call 2, where shape (3,) is expected" in failure_words(replace(FAILURE, place=2))


def test_what_a_student_named_is_no_pattern() -> None:
    assert failure_words(NoAnswer("raises", given="KeyError: '{part}'")) == "raises KeyError: '{part}'"


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (PROBE, "7 rows × 3 features"),
        (ProbeShape(16, 1, "uint8", zero_bias=True), "16 rows × 1 feature, uint8, b = 0"),
        (3, "call 3"),
    ],
)
def test_a_place_is_told_by_what_tells_it_from_others(place: ProbeShape | int, told: str) -> None:
    assert place_words(place) == told


def test_the_block_and_its_factor_are_told() -> None:
    told = diagnosis(FULL).explanation
    assert (
        "1. right for one block only: dW and db do not carry the same factor (dW is of the wrong sign, db is not)"
        in told
    )
    assert "2. the arrays that it is given are changed (it changes X)" in told
    zero = replace(FULL, mistakes=(Mistake("one-block-only", block="db"),))
    assert diagnosis(zero).explanation.endswith("(db is 0)")


def test_notes_follow_what_was_noticed() -> None:
    right = replace(FULL, mistakes=(), evidence=(), wrong_call=None)
    assert diagnosis(right).notes == ("It raises an error when X is of type uint8.",)
    assert len(diagnosis(replace(right, float32=True, one_feature=True, printed_lines=2)).notes) == 4
    assert diagnosis(replace(FULL, printed_lines=2)).notes == (
        "Call 2 had X = [1., 2.].",
        "It printed 2 lines, which were not looked at.",
    )


def test_several_right_functions_are_told_together() -> None:
    right = Assessment(("gradient", "step"), calls=26, smallest_detectable=5e-13)
    assert diagnosis(right).explanation.startswith("Correct: gradient and step are right.\nAsked 26 times")


def test_a_syntax_error_is_told_even_where_only_a_hint_is_asked_for() -> None:
    told = diagnosis(
        failed("mine.py", NoAnswer("syntax", "invalid syntax", line=SourceLine("mine.py", 1, "def (")))
    ).as_hint()
    assert told.explanation == "Wrong: mine.py is not Python: invalid syntax.\nmine.py, line 1: def ("


@pytest.mark.parametrize(
    "assessment", [FULL, failed("gradient", FAILURE), Assessment(("loss",))], ids=["wrong", "none", "right"]
)
def test_a_finding_turns_into_json_and_back_without_loss(assessment: Assessment) -> None:
    assert msgspec.json.decode(msgspec.json.encode(assessment), type=Assessment) == assessment
