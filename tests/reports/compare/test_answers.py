"""The three answers stand together, each with its own mark, and change with the facts alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handgrad.compare.results.arrival import Arrival, ArrivalState, Divergence
from handgrad.compare.results.comparison import Comparison, Dependence
from handgrad.compare.results.timing import Estimate
from handgrad.compare.results.verdict import Agreement, Arrived, Choice, Overtaking, RunCost
from handgrad.reports.compare.answers import ARRIVE, answers
from handgrad.reports.compare.destination import destination
from handgrad.reports.compare.html import html
from handgrad.reports.compare.notebook import notebook
from handgrad.reports.compare.text import text
from handgrad.reports.look.answers import MarkedAnswer
from handgrad.reports.look.text import plain
from tests.reports.conftest import compared

ARRIVAL = Arrival(
    state="yes",
    epochs=50,
    digits=12.3,
    loss_ratio=1.0,
    epochs_for={"6": 20, "9": 30, "12": 40},
    contraction=None,
    predicted_contraction=0.5,
    learning_rate=0.1,
    limit=0.9,
    full_batch=True,
    nearest_to_start=False,
    dtype="float64",
    loss=1.0,
    lowest_loss=1.0,
)
COSTS = (
    RunCost("python", Estimate(5e-4, 3e-4, 8e-4), Estimate(3.6e-4, 3.5e-4, 3.7e-4), Estimate(0.037, 0.0353, 0.0378)),
    RunCost("numpy", Estimate(0.12, 0.08, 0.18), Estimate(8e-6, 7e-6, 9e-6), Estimate(0.121, 0.081, 0.181)),
)
CHOICE = Choice(
    run="python",
    epoch="numpy",
    reason="",
    epochs=100,
    costs=COSTS,
    overtakings=(Overtaking("numpy", "python", 340, 220, 530),),
)


def answered(states: dict[str, ArrivalState] | None = None, choice: Choice | None = CHOICE) -> Comparison:
    base = compared(("python", "numpy"))
    at = states or {"python": "yes", "numpy": "yes"}
    backends = {name: replace(base.backends[name], arrival=replace(ARRIVAL, state=at[name])) for name in at}
    worst = max(at.values(), key=["yes", "not yet", "diverged"].index)
    verdict = replace(base.verdict, agree=Agreement(True, "all"), arrived=Arrived(worst, "", at), choice=choice)
    return replace(base, backends=backends, verdict=verdict)


def told(comparison: Comparison) -> list[MarkedAnswer]:
    return answers(comparison)


def test_each_answer_has_its_own_mark() -> None:
    assert [(a.mark, a.word) for a in told(answered())] == [
        ("good", "Yes"),
        ("good", "Yes"),
        ("good", "python for this run"),
    ]
    both: dict[str, ArrivalState] = {"python": "not yet", "numpy": "not yet"}
    assert [a.mark for a in told(answered(both))] == ["good", "open", "good"]


def test_backends_that_agree_may_have_diverged() -> None:
    both: dict[str, ArrivalState] = {"python": "diverged", "numpy": "diverged"}
    base = answered(both, replace(CHOICE, run=None, overtakings=()))
    why = Divergence(316, 3.0, 0.909, 0.5, 315, "float64", True)
    diverged = replace(base, backends={n: replace(r, divergence=why) for n, r in base.backends.items()})
    agree, arrive, which = told(diverged)
    assert (agree.mark, arrive.mark) == ("good", "bad")
    assert arrive.word == "No, it diverged"
    assert arrive.lines[0].startswith("Diverged at epoch 316: the learning rate 3 is above the stability limit")
    assert "0.5 converges" in arrive.lines[0]
    assert which.word == "numpy per steady epoch"
    growing = replace(why, epoch=None)
    grown = replace(base, backends={n: replace(r, divergence=growing) for n, r in base.backends.items()})
    assert told(grown)[1].lines[0].startswith("The loss grows to ")


def test_backends_whose_state_differs_are_named() -> None:
    arrive = told(answered({"python": "yes", "numpy": "not yet"}))[1]
    assert arrive.word == "Not yet"
    assert [line.partition(":")[0] for line in arrive.lines] == ["numpy", "python"]


def test_the_choice_is_for_this_run_then_per_epoch_then_where_the_order_changes() -> None:
    which = told(answered())[2]
    assert list(which.lines) == [
        "its 100 epochs take 37 ms, start included; next numpy, 120 ms.",
        "Per steady epoch: numpy, 8 µs.",
        "From about 340 epochs on (between 220 and 530), numpy is ahead of python, start included.",
    ]


def test_one_epoch_takes_its_time() -> None:
    assert told(answered(choice=replace(CHOICE, epochs=1)))[2].lines[0].startswith("its 1 epoch takes ")


def test_noise_forbids_a_choice() -> None:
    noisy = replace(CHOICE, run=None, epoch=None, run_tied=("python", "numpy"), epoch_tied=("numpy", "python"))
    which = told(answered(choice=replace(noisy, overtakings=())))[2]
    assert (which.mark, which.word) == ("open", "Too noisy to tell")
    assert "python (37 ms) and numpy (120 ms) are not told apart" in which.lines[0]
    assert which.lines[1] == "Per steady epoch, numpy (8 µs) and python (360 µs) are not told apart."


def test_every_report_has_the_three_answers() -> None:
    comparison = answered()
    page, fragment, lines = html(comparison), notebook(comparison), " ".join(plain(text(comparison)).split())
    for answer in told(comparison):
        assert f"{answer.question} {answer.word}: {answer.lines[0]}" in lines
        assert f"{answer.question} <strong>{answer.word}</strong>" in page
        assert f"{answer.question} {answer.word}" in fragment
    assert page.index(ARRIVE) < page.index("The problem")
    assert "PASSED" not in lines


@pytest.mark.parametrize(
    ("sentence", "word"), [("converged: 12 digits", "Yes"), ("not converged: 2 digits", "Not yet"), (None, None)]
)
def test_a_run_of_an_earlier_version_answers_what_it_holds(sentence: str | None, word: str | None) -> None:
    base = compared(("python", "numpy"))
    earlier = replace(base, backends={n: replace(r, convergence=sentence) for n, r in base.backends.items()})
    found = {answer.question: answer.word for answer in told(earlier)}
    assert found.get(ARRIVE) == word
    assert found["Which one?"] == "Per steady epoch"


def test_descent_on_dependent_columns_may_go_to_another_solution_which_is_said() -> None:
    base = compared(("numpy",))
    target = base.problem.destination
    assert target is not None

    def said(nearest: tuple[float, ...] | None, near: tuple[Dependence, ...] = ()) -> str:
        found = replace(target, weights=(5.0,), bias=8.0, nearest=nearest, nearly_dependent=near)
        return " ".join(destination(replace(base, problem=replace(base.problem, destination=found))))

    assert "for example 2.50000 for X, where least squares on the columns as given has 5.00000; both" in said(
        (2.5, 8.0)
    )
    assert "both are right" not in said((2.5, 8.0), (Dependence("X", ()),))
    assert "another of these" not in said((5.0, 8.0))
    assert "another of these" not in said(None)


def test_one_backend_agrees_with_nobody_and_is_right() -> None:
    [agree, *_] = told(compared(("numpy",)))
    assert (agree.mark, agree.word) == ("good", "One was judged, and it is right")
    assert "numpy is right" in agree.lines[0]
    assert "by numpy" not in agree.lines[0]
    assert told(compared())[0].word == "Yes"


def test_it_is_said_on_which_backend_where_there_are_several() -> None:
    arrived = next(answer for answer in told(answered()) if answer.question == ARRIVE)
    assert arrived.lines[0].startswith("On numpy, ")
    alone = next(answer for answer in told(answered({"numpy": "yes"}, choice=None)) if answer.question == ARRIVE)
    assert "numpy" not in alone.lines[0]


def test_who_gave_no_answer_does_not_disagree() -> None:
    both = compared(("python", "numpy"))
    failed = replace(both.backends["python"], status="failed", accuracy=None, reason="it crashed")
    silent = replace(
        both, backends={**both.backends, "python": failed}, verdict=replace(both.verdict, passed=False, reasons=("x",))
    )
    blunt = replace(both, verdict=replace(both.verdict, passed=False, reasons=("x",)))
    assert [(told(found)[0].mark, told(found)[0].word) for found in (silent, blunt)] == [
        ("bad", "Not all answered"),
        ("bad", "Nobody knows"),
    ]
