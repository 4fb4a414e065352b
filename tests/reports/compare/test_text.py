"""What a terminal and a pipe show: complete, narrow, and free of what a name may carry."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from handgrad.compare.results.comparison import EpochErrors
from handgrad.compare.results.verdict import Objection, Verdict
from handgrad.reports.compare.html import html
from handgrad.reports.compare.tables import accuracy, against, speed, tables
from handgrad.reports.compare.text import text as report_text
from handgrad.reports.compare.words import agreement, fastest, rate, reasons, troubles
from handgrad.reports.look.names import columns
from handgrad.reports.look.text import plain, terminal
from tests.reports.conftest import ALL, CASES, compared, hostile, nothing_ran, troubled, wrong


def printed(comparison, width=80, colours=None) -> str:
    target = io.StringIO()
    Console(file=target, width=width, color_system=colours, force_terminal=bool(colours)).print(
        terminal(report_text(comparison))
    )
    return target.getvalue()


def test_no_line_is_wider_than_80_columns(comparison):
    for line in [*plain(report_text(comparison)).splitlines(), *printed(comparison, width=300).splitlines()]:
        assert columns(line) <= 80, line


def test_a_terminal_of_80_columns_shows_each_line_whole(comparison):
    assert printed(comparison, width=80) == printed(comparison, width=300)


def test_plain_text_has_no_control_characters_and_no_boxes(comparison):
    text = plain(report_text(comparison))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\u2500-\u259f]", text)


def test_a_terminal_gets_no_escape_sequence_from_a_name():
    assert "\x1b" not in printed(hostile())
    assert "[bold]rich[/bold]" in printed(hostile())


def test_every_backend_has_a_row_and_every_trouble_its_remedy():
    text = plain(report_text(troubled()))
    for name in ("numpy", "python", "numba", "torch", "tape", "jax"):
        assert re.search(rf"^{name} ", text, re.MULTILINE)
    for told in ("pip install", "ZeroDivisionError", "raise --budget", "above the limit 0.909", "diverged at 12"):
        assert told in text


def test_a_row_is_found_by_its_backend_and_splits_on_two_spaces():
    row = next(
        line for line in plain(report_text(compared())).splitlines() if line.startswith("numba") and "µs" in line
    )
    cells = re.split(r"\s{2,}", row)
    assert cells == ["numba", "430 ms", "390 ms", "1.23 µs", "1.21–1.26 µs", "0.19", "18 MiB"]


def test_the_text_says_in_which_order_batches_took_the_rows():
    result = compared()
    in_batches = replace(result, problem=replace(result.problem, batch_size=7, seed=5))
    in_order = replace(in_batches, problem=replace(in_batches.problem, order="file"))
    told = [" ".join(plain(report_text(one)).split()) for one in (result, in_batches, in_order)]
    assert "full batch" in told[0]
    assert "batches of 7 rows, seed 5" in told[1]
    assert "batches of 7 rows, in the file's order" in told[2]


@pytest.mark.parametrize(("case", "word"), [("one feature", "Yes"), ("wrong", "No"), ("nothing ran", "Nobody knows")])
def test_the_answer_is_a_word_to_search_for(case, word):
    text = plain(report_text(CASES[case]()))
    assert re.search(rf"^Do the backends agree\? {word}: ", text, re.MULTILINE)
    assert "PASSED" not in text


def test_a_wrong_backend_is_named_with_its_reason():
    assert agreement(wrong()) == "torch is wrong: outside the rounding-error bound (1 of 5 backends)."
    assert reasons(wrong()) == ["torch: outside its bound"]


def test_a_backend_that_was_judged_and_could_not_be_timed_did_answer():
    """Seen: "f-cheattimed gave no answer, though the 2 backends judged are within the bound": it was one of the two."""
    base = compared(("numpy", "python"))
    failed = replace(base.backends["python"], status="failed", reason="could not be timed: its time is another's")
    found = replace(
        base,
        backends=dict(base.backends) | {"python": failed},
        verdict=Verdict(False, ("python: failed",), (Objection("failed", "python"),)),
    )
    assert agreement(found) == "python failed, though the 2 backends judged are within the rounding-error bound."
    silent = replace(found, backends=found.backends | {"python": replace(failed, accuracy=None)})
    assert agreement(silent) == (
        "python gave no answer, though the one backend judged is within the rounding-error bound."
    )


def test_an_objection_that_the_troubles_tell_is_not_told_twice():
    base = troubled()
    why = {"numba": "failed", "tape": "diverged", "numpy": "accuracy"}
    objections = tuple(Objection(kind, name) for name, kind in why.items())
    verdict = Verdict(False, tuple(f"{name}: said of it" for name in why), objections)
    assert reasons(replace(base, verdict=verdict)) == ["numpy: said of it"]
    silent = {**base.backends, "tape": replace(base.backends["tape"], reason=None)}
    assert reasons(replace(base, verdict=verdict, backends=silent)) == ["tape: said of it", "numpy: said of it"]


def test_the_answer_names_the_fastest_with_its_figures():
    answer = fastest(compared())
    assert answer is not None
    for part in ("numba", "1.23 µs", "5.2×", "numpy", "820 ms"):
        assert part in answer


def test_backends_whose_intervals_overlap_are_not_told_apart():
    base = compared(("numpy", "numba"))
    same = replace(base.backends["numba"], speed=base.backends["numpy"].speed)
    answer = fastest(replace(base, backends={**base.backends, "numba": same}))
    assert answer is not None
    assert "numpy and numba" in answer
    assert "not told apart" in answer


def test_nothing_is_called_fastest_when_nothing_was_timed():
    assert fastest(nothing_ran()) is None
    assert speed(nothing_ran()).rows == ()


def test_two_references_are_set_against_each_other_once():
    comparison = compared()
    found = dict(comparison.backends)
    for name, reference in (("numpy", "torch"), ("torch", "numpy")):
        pair = replace(comparison.backends["python"].accuracy.pairs[0], reference=reference)
        found[name] = replace(found[name], accuracy=replace(found[name].accuracy, pairs=(pair,)))
    rows = [row[:2] for row in against(replace(comparison, backends=found)).rows]
    assert ("numpy", "torch") in rows
    assert ("torch", "numpy") not in rows
    assert len(rows) == len({frozenset(row) for row in rows}) > 1


def test_a_backend_is_not_said_never_to_part_from_one_that_did_not_run():
    comparison = compared(("python", "numpy"))
    numpy = comparison.backends["numpy"]
    pair = replace(comparison.backends["python"].accuracy.pairs[0], first_epoch_apart=None)
    python = comparison.backends["python"]
    python = replace(python, accuracy=replace(python.accuracy, pairs=(pair,)))
    for other, cell in ((numpy, "never"), (replace(numpy, status="skipped", losses=(), accuracy=None), "–")):
        made = against(replace(comparison, backends={"python": python, "numpy": other}))
        assert [row[4] for row in made.rows if row[0] == "python"] == [cell]


def test_a_derivative_that_is_nearly_0_does_not_alarm_and_a_wrong_one_does():
    comparison = compared()
    result = comparison.backends["numpy"]
    for bound_ratio, cell in ((0.2, "near 0"), (7.0, "1.1e15")):
        start = replace(result.accuracy.start_gradient, max_ulp=1.1e15, bound_ratio=bound_ratio)
        numpy = replace(result, accuracy=replace(result.accuracy, start_gradient=start))
        made = accuracy(replace(comparison, backends=dict(comparison.backends) | {"numpy": numpy}))
        assert dict(zip(made.subjects, (row[1] for row in made.rows), strict=True))["numpy"] == cell
        assert ("Near 0: the exact value nearly is" in made.note) == (cell == "near 0")
    assert "Near 0" not in accuracy(comparison).note


def test_no_error_and_two_backends_have_words_of_their_own():
    comparison = compared()
    exact = {name: comparison.backends[name] for name in ("python", "numpy")}
    for name, result in exact.items():
        start = replace(result.accuracy.start_gradient, bound_ratio=0.0)
        exact[name] = replace(result, accuracy=replace(result.accuracy, start_gradient=start))
        result = exact[name]
        later = EpochErrors((0, 1), (0.0, 2.0), (0.0, 2e-16), (0.0, 0.25 if name == "numpy" else 0.0))
        exact[name] = replace(result, accuracy=replace(result.accuracy, epochs=later))
    where = (
        "the gradient at the start and the parameters at every recorded epoch are within their rounding-error bounds"
    )
    said = agreement(replace(comparison, backends=exact))
    assert said == f"Both backends agree: {where} (the largest error is 0.25 of its bound, by numpy)."
    for name, result in exact.items():
        none = EpochErrors((0, 1), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0))
        exact[name] = replace(result, accuracy=replace(result.accuracy, epochs=none))
    said = agreement(replace(comparison, backends=exact))
    assert said == f"Both backends agree: {where} (there is no error at all)."


def test_a_run_that_left_the_range_shows_no_loss_of_another_epoch_beside_its_parameters():
    """Seen: parameters of epoch 4, whose loss is no number, beside the loss of epoch 3."""
    comparison = compared()
    result = comparison.backends["numpy"]
    left = replace(result, status="diverged", diverged_at=4, losses=result.losses[:4])
    made = tables(replace(comparison, backends=dict(comparison.backends) | {"numpy": left}))
    row = dict(zip(made[0].subjects, made[0].rows, strict=True))["numpy"]
    assert [cell.strip() for cell in row[1:3]] == ["diverged at 4", "∞"]
    assert "both are those of the epoch named" in made[0].note
    assert "after the last epoch with a finite loss" in next(t.note for t in made if t.name == "accuracy")
    assert "diverged" not in tables(comparison)[0].note


def test_rate_and_standardisation_are_said():
    text = plain(report_text(compared()))
    assert "learning rate 0.1 (chosen: the best fixed one; stable below 0.909)" in text
    assert "standardised" in text


def test_every_row_has_a_cell_for_every_column(comparison):
    for table in tables(comparison):
        assert {len(row) for row in table.rows} == {len(table.columns)}


def test_a_wide_table_lists_some_features_and_says_how_many_are_left_out():
    text = plain(report_text(CASES["many features"]()))
    assert "4,984 more are in result.json" in " ".join(text.split())
    assert len(text.splitlines()) < 80


def test_the_longest_backend_name_and_the_limit_fit_into_80_columns():
    base = compared((*ALL, "numba-compensated"))
    limited = {n: replace(r, speed=replace(r.speed, ceiling_fraction=0.874)) for n, r in base.backends.items()}
    lines = plain(report_text(replace(base, backends=limited))).splitlines()
    assert max(map(columns, lines)) <= 80
    assert any(line.startswith("numba-compensated ") and line.endswith(" 87") for line in lines)


def test_all_default_backends_are_in_the_order_given():
    lines = plain(report_text(compared())).splitlines()
    start = lines.index("Outcome") + 2
    assert tuple(line.split()[0] for line in lines[start : start + 5]) == ALL


def test_a_backend_that_could_not_be_timed_keeps_its_row_and_its_reason():
    base = compared(("numpy", "python", "tape"))
    lost = {
        name: replace(base.backends[name], speed=None, reason="could not be timed: its process ended")
        for name in ("python", "tape")
    }
    found = replace(base, backends={**base.backends, **lost})
    assert [row[0] for row in speed(found).rows] == ["numpy", "python", "tape"]
    assert set(speed(found).rows[1][1:]) == {"–"}
    assert troubles(found) == [("python and tape", "could not be timed", "its process ended")]
    assert "python and tape: could not be timed: its process ended" in plain(report_text(found))


def test_what_several_backends_share_is_told_once():
    base = compared(("numpy", "jax", "torch"))
    gone = {name: replace(base.backends[name], status="failed", reason="no memory") for name in ("jax", "torch")}
    assert troubles(replace(base, backends={**base.backends, **gone})) == [("jax and torch", "failed", "no memory")]


def test_mini_batches_are_promised_nothing_of_full_ones():
    problem = compared().problem
    assert rate(problem) == "0.1 (chosen: the best fixed one; stable below 0.909)"
    few = replace(problem, batch_size=7)
    assert rate(few) == "0.1 (chosen: the best fixed one of full batches; those are stable below 0.909)"
    assert rate(replace(few, batch_size=40)) == rate(problem)
    page = html(replace(compared(), problem=few))
    assert "Epochs needed of full batches" in page


def test_a_best_rate_that_is_the_limit_in_float64_is_said_to_be():
    problem = compared().problem
    at = replace(problem, learning_rate=1e-18, curvature=replace(problem.curvature, limit=1e-18))
    assert rate(at) == "1e-18 (chosen: the best fixed one; float64 cannot tell it from the limit of stability)"
