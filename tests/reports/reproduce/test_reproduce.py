"""Published runs as text and as a page: within 80 columns, and every sentence changes with the numbers behind it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from handgrad.compare.results.files import read
from handgrad.compare.results.reproduction import (
    ComparedAnswer,
    ExactEnd,
    ProgramSeconds,
    PublishedNumber,
    PublishedProblem,
    Reproduced,
    Reproduction,
    StoppingSteps,
)
from handgrad.reports.look.names import columns
from handgrad.reports.look.text import plain, terminal
from handgrad.reports.reproduce import words
from handgrad.reports.reproduce.html import html, write
from handgrad.reports.reproduce.text import text
from tests.reports.compare.test_html import Page
from tests.reports.conftest import HOSTILE

SAME = ComparedAnswer(1.2345, 4, "same")
NUMBER = PublishedNumber(
    quantity="weight", printed="1.234", digits=4, settled=4, rounding=1e-15, exact_digits="1.2340001234567890123456789",
    exact=ComparedAnswer(1.2340001234567890, 4, "same"), given={"numpy": SAME, "torch": SAME}, epochs=100,
)  # fmt: skip
LONG = PublishedNumber(
    quantity="bias", printed="0.08893651993741346", digits=16, settled=11, rounding=2.1e-13,
    exact_digits="0.08893651993741361546092908", exact=ComparedAnswer(0.0889365199374136, 14, "rounding"),
    given={"numpy": ComparedAnswer(0.08893651993741349, 15, "rounding"),
           "torch": ComparedAnswer(0.08893651993741346, 16, "same")},
    epochs=100, printed_in="copies",
)  # fmt: skip
WRONG = replace(
    NUMBER, quantity="loss", printed="9.87e+04", digits=3, exact_digits="98713", exact=SAME, epochs=7,
    given={"numpy": SAME, "torch": ComparedAnswer(55.5, 0, "different")},
)  # fmt: skip
END = ExactEnd(1.166362350335582, -3.63029143940436, 4.4833883, 1.19303364418959, -3.89578087831, 4.4769714, 1.17, 7669)


def problem(**fields: Any) -> PublishedProblem:
    described: dict[str, Any] = {
        "id": "a-course", "source": "A. Teacher, a course", "url": "https://example.org/course", "about": "ten cities",
        "licence": "published facts", "rows": 10, "feature": "people", "target": "profit", "loss_there": "1/(2n)",
        "learning_rate": 0.005, "rate_there": 0.01, "epochs": 100, "batch_size": None, "start": (0.0, 0.5),
    }  # fmt: skip
    return PublishedProblem(**{**described, **fields})


def reproduced(*numbers: PublishedNumber, passed: bool = True, **fields: Any) -> Reproduced:
    shown = {"problem": problem(), "end": END, "left_out": {}, "failed": {}} | fields
    return Reproduced(numbers=numbers or (NUMBER,), passed=passed, **shown)


def together(*runs: Reproduced) -> Reproduction:
    return Reproduction(runs, {"numpy": "2.0", "torch": None}, {}, all(run.passed for run in runs))


def said(run: Reproduced) -> str:
    return " ".join(plain(text(together(run))).split())


FULL = reproduced(
    NUMBER, LONG, replace(LONG, rows_lost=1, printed_in="an article"), WRONG,
    replace(NUMBER, quantity="weight derivative", epochs=None, at=(0.2, -0.2)),
    replace(NUMBER, quantity="root mean square error", epochs=None, steps=3),
    passed=False, failed={"jax": "ZeroDivisionError: none"}, left_out={"moments": "takes full batches only"},
    stop=StoppingSteps(1e-6, 1.01e-6, 0.99e-6),
    seconds=ProgramSeconds({"python": 18.65, "numpy": 0.32}, {"python": 9.0, "numpy": 0.3}, "a fast computer"),
    problem=problem(epochs=35_317),
)  # fmt: skip


PREDICTED = replace(
    NUMBER, quantity="prediction", printed="45342.450129", exact_digits="45342.45012944", x=3.5, times=10_000
)


def test_a_terminal_and_a_pipe_of_80_columns_show_every_line_whole() -> None:
    found = together(FULL, reproduced(PREDICTED))
    target = io.StringIO()
    Console(file=target, width=80).print(terminal(text(found)))
    for line in [*plain(text(found)).splitlines(), *target.getvalue().splitlines()]:
        assert columns(line) <= 80, line
    for told in ("0.08893651993741346", "0.0889365199374136155", "no, 0/3"):
        assert told in target.getvalue()


def test_a_number_is_a_row_with_what_is_printed_what_is_exact_and_the_digits_that_hold() -> None:
    lines = plain(text(together(FULL, reproduced(PREDICTED)))).splitlines()
    rows = [" ".join(line.split()) for line in lines]
    assert "weight after 100 epochs 1.234 1.23400 all 4" in rows
    assert "bias in copies 0.08893651993741346 0.0889365199374136155 14–16/16" in rows
    assert "loss after 7 epochs 9.87e+04 9.8713e+04 no, 0/3" in rows
    assert "dL/dW at W=0.2, b=-0.2 1.234 1.23400 all 4" in rows
    assert "10,000 ŷ(3.5) after 100 epochs 45342.450129 45342.45012944 all 4" in rows
    assert "RMSE after update 3 1.234 1.23400 all 4" in rows
    assert "bias without row 1 0.08893651993741346 0.0889365199374136155 14–16/16" in rows


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        (lambda run: replace(run, passed=False), "a-course: reproduced", "a-course: NOT reproduced"),
        (
            lambda run: replace(run, passed=False),
            "1 published run reproduced, 1 printed number: every digit, by the exact answer and by every backend.",
            "FAILED: not reproduced: a-course, 1 of 1 published run.",
        ),
        (
            lambda run: replace(run, numbers=(NUMBER, LONG)),
            "1 of 1 number hold to every printed digit, by the exact answer and by numpy and torch.",
            "1 of 2 numbers hold to every printed digit, by the exact answer and by numpy and torch.",
        ),
        (
            lambda run: replace(run, numbers=(NUMBER, LONG)),
            "every digit, by the exact answer and by every backend.",
            "2 printed numbers: 1 to every digit by the exact answer and by every backend, 1 as far as rounding",
        ),
        (
            lambda run: replace(run, numbers=(replace(NUMBER, given={}),)),
            "hold to every printed digit",
            "No backend answered, so nothing is reproduced.",
        ),
        (
            lambda run: replace(run, problem=problem(rate_there=0.005, loss_there="1/n")),
            "learning rate 0.005 (0.01 there), all rows per update, from weight 0, bias 0.5. Loss there: (1/2n) Σ r²,",
            "learning rate 0.005, all rows per update, from weight 0, bias 0.5. Loss there: (1/n) Σ r², as ours.",
        ),
        (
            lambda run: replace(run, problem=problem(batch_size=1, loss_there="1/2")),
            "all rows per update",
            "1 row per update, in the file's order, from weight 0, bias 0.5. Loss there: ½ r² of one row, half of ours",
        ),
        (
            lambda run: replace(run, problem=problem(feature="x", target="y", rows=1)),
            "ten cities (x = people, y = profit, 10 rows)",
            "ten cities (1 row)",
        ),
        (
            lambda run: replace(run, end=replace(END, digits=6.99)),
            "The run has not arrived at the least-squares solution: 1 digit of weight and bias so far.",
            "The run has arrived at the least-squares solution, to 6 digits.",
        ),
        (
            lambda run: replace(run, end=replace(END, digits=5.999)),
            "1 digit of weight and bias so far",
            "5 digits of weight and bias so far",
        ),
        (
            lambda run: replace(run, end=replace(END, digits=-0.24)),
            "1 digit of weight and bias so far",
            "no digit of weight and bias so far",
        ),
        (
            lambda run: replace(run, end=replace(END, digits=None)),
            "1 digit of weight and bias so far",
            "The run has arrived at the least-squares solution. After 100 epochs",
        ),
        (
            lambda run: replace(run, end=replace(END, weight=2.5, best_bias=-7.0, loss=9.25)),
            "exact run is at weight 1.16636235, bias -3.63029144, loss 4.483388; least squares is weight 1.19303364, "
            "bias -3.89578088, loss 4.476971.",
            "exact run is at weight 2.5, bias -3.63029144, loss 9.25; least squares is weight 1.19303364, bias -7, "
            "loss 4.476971.",
        ),
        (
            lambda run: replace(run, end=replace(END, epochs_for_six=12)),
            "6 digits take 7,669 epochs at this rate.",
            "6 digits take 12 epochs at this rate.",
        ),
        (lambda run: replace(run, end=replace(END, epochs_for_six=None)), "6 digits take", "loss 4.476971. PASSED"),
    ],
)  # fmt: skip
def test_a_sentence_changes_with_the_number_behind_it(
    change: Callable[[Reproduced], Reproduced], before: str, after: str
) -> None:
    first, second = said(reproduced()), said(change(reproduced()))
    assert before in first
    assert before not in second
    assert after in second


def test_numbers_that_rounding_decides_are_told_with_what_each_backend_gives() -> None:
    told = said(reproduced(NUMBER, LONG))
    assert "Printed to more digits than rounding settles: 1 number." in told
    assert (
        "bias in copies: printed 0.08893651993741346, exact 0.0889365199374136155, numpy 0.08893651993741349, "
        "torch 0.08893651993741346. Rounding explains up to 2.1e-13, so 11 of 16 digits are certain." in told
    )
    alike = replace(LONG, given=dict.fromkeys(("numpy", "torch"), LONG.given["numpy"]), rounding=3e-12, settled=9)
    told = said(reproduced(alike))
    assert "numpy and torch 0.08893651993741349. Rounding explains up to 3e-12, so 9 of 16" in told.replace(
        "3.0e", "3e"
    )
    assert "more digits than rounding settles" not in said(reproduced(NUMBER))


def test_one_number_that_is_printed_in_two_ways_is_told_once() -> None:
    told = said(reproduced(LONG, replace(LONG, printed="0.08893651993741344")))
    assert "settles: 2 numbers." in told
    assert "bias in copies: printed 0.08893651993741346 and 0.08893651993741344, exact 0.0889365199374136155," in told
    assert told.count("Rounding explains") == 1
    other = replace(LONG, printed="0.08893651993741344", exact_digits="0.08893651993741362")
    assert said(reproduced(LONG, other)).count("Rounding explains") == 2


def test_lost_rows_are_explained_where_there_are_some() -> None:
    explained = "Without row 1: a program that takes the first of the rows for a header, and trains on the others."
    assert explained in said(reproduced(replace(LONG, rows_lost=1)))
    assert explained not in said(reproduced(LONG))


def test_a_number_that_is_not_reproduced_is_told_with_who_gives_what() -> None:
    told = said(reproduced(NUMBER, WRONG, passed=False))
    assert "NOT reproduced: loss after 7 epochs: printed 9.87e+04, exact 9.8713e+04, numpy 1.2345, torch 55.5." in told
    assert "Rounding explains no more than 1.0e-15." in told
    nothing = replace(WRONG, given={"numpy": ComparedAnswer(None, 0, "different")})
    assert "numpy –." in said(reproduced(nothing, passed=False))


def test_backends_that_failed_or_were_left_out_are_told_with_the_reason() -> None:
    told = said(reproduced(failed={"torch": "OSError: gone"}, left_out={"moments": "takes full batches only"}))
    assert "torch failed: OSError: gone" in told
    assert "Without moments: takes full batches only." in told


def test_a_missing_backend_is_told_once_for_all_runs() -> None:
    found = replace(together(reproduced(), reproduced()), missing={"jax": "needs JAX"})
    assert plain(text(found)).count("Without jax: needs JAX.") == 1
    assert Page(html(found)).words.count("Without jax: needs JAX.") == 1
    assert "Without" not in plain(text(together(reproduced())))


def test_where_a_source_stops_is_told_and_whether_the_exact_run_does() -> None:
    told = said(reproduced(stop=StoppingSteps(1e-6, 1.01e-6, 0.99e-6)))
    assert "more than 1e-6: after 100 epochs, and so does the exact run. Its last step is 1.01e-6 long" in told
    told = said(reproduced(stop=StoppingSteps(2e-6, 1.01e-6, 0.99e-6)))
    assert "more than 2e-6: after 100 epochs, but the exact run does NOT." in told
    assert "stops before" not in said(reproduced())


def test_seconds_are_a_ratio_of_two_programs_and_no_check() -> None:
    there = {"python": 18.65, "numpy": 0.32, "tensorflow": 1.2}
    told = said(reproduced(seconds=ProgramSeconds(there, {"python": 9.0, "numpy": 0.3}, "an old computer")))
    assert "no check: there numpy was 58 times as fast as python (python 18.65 s, numpy 0.32 s and tensorflow" in told
    assert "an old computer" in told
    assert (
        "Here numpy was 30 times as fast as python (python 9 s and numpy 0.3 s of the processor; one run each" in told
    )
    told = said(reproduced(seconds=ProgramSeconds(there, {"numpy": 0.3}, "an old computer")))
    assert "Here python and numpy did not both run, so there is no ratio." in told
    assert "seconds" not in said(reproduced())


def test_all_runs_stand_in_one_table_where_there_are_several() -> None:
    rows = [" ".join(line.split()) for line in plain(text(together(FULL, reproduced()))).splitlines()]
    assert "a-course 6 3 2 1 no" in rows
    assert "a-course 1 1 0 0 yes" in rows
    assert "All runs" not in plain(text(together(FULL)))


def test_the_page_has_every_number_with_all_digits_that_every_backend_gives() -> None:
    page = Page(html(together(FULL, reproduced(problem=problem(id="another")))))
    assert page.open == []
    assert not any("href" in attributes or "src" in attributes for _, attributes in page.elements)
    for told in (
        "Published runs beside ours", "a-course: NOT reproduced", "another: reproduced", "0.08893651993741361546092908",
        "0.08893651993741349", "published facts (https://example.org/course)", "exact, 25 digits", "torch",
        "handgrad reproduce a-course another",
    ):  # fmt: skip
        assert told in page.words, told


def test_nothing_from_a_source_is_markup_or_leaves_its_line() -> None:
    for name in HOSTILE:
        run = reproduced(problem=problem(source=name, about=name, feature=name, target=name))
        found = together(replace(run, failed={name: name}, left_out={name: name}))
        page = Page(html(found))
        assert page.open == []
        assert "script" not in {tag for tag, _ in page.elements}
        for line in plain(text(found)).splitlines():
            assert "\x1b" not in line
            assert columns(line) <= 80


def test_the_folder_holds_the_page_and_the_numbers(tmp_path: Path) -> None:
    found = together(FULL)
    assert [path.name for path in write(found, tmp_path / "run")] == ["result.json", "report.html"]
    assert read(tmp_path / "run", Reproduction) == found


def test_an_exact_answer_is_written_as_the_printed_number_is() -> None:
    for printed, digits, exact, told in [
        ("0", 1, "0", "0.00"),
        ("10", 2, "10.499", "10.50"),
        ("7.93e+04", 3, "79274.8124", "7.9275e+04"),
        ("-34.3", 3, "-34.28571428", "-34.286"),
    ]:
        assert words.exact(replace(NUMBER, printed=printed, digits=digits, exact_digits=exact)) == told
