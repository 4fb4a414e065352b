"""The course's page: what it says follows the numbers, and it needs nothing but itself."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from handgrad.compare.learn.explanation import explain
from handgrad.compare.results.bench import Cell, Crossover, FastestRange, Measured
from handgrad.compare.results.environment import Environment
from handgrad.compare.results.learn.chapters import CHAPTERS
from handgrad.compare.results.learn.descent import (
    BatchRun,
    Bowl,
    DescentPath,
    FeatureScales,
    LossGrid,
    MiniBatches,
    RateRun,
    Rates,
    Surface,
    TableCondition,
    Variant,
)
from handgrad.compare.results.learn.lessons import (
    ByHand,
    Checking,
    CheckMethod,
    CourseExercise,
    EpochCosts,
    Excerpt,
    Lessons,
    SinglePrecision,
    Slopes,
    Start,
    Subject,
    Summation,
)
from handgrad.compare.results.timing import Estimate, Timing
from handgrad.data.dataset import Dataset
from handgrad.reports.learn import sentences
from handgrad.reports.learn.chapters import (
    by_hand,
    checking,
    drawing,
    mini_batches,
    moments,
    rates,
    scaling,
    summation,
    surface,
    timings,
)
from handgrad.reports.learn.chapters import costs as costs_chapter
from handgrad.reports.learn.exercises import TASKS
from handgrad.reports.learn.html import html
from handgrad.reports.learn.questions import QUESTIONS
from handgrad.reports.look import style
from handgrad.reports.look.pages import TEMPLATES, policy_hash, prose

ROWS = (100, 10_000)
ORDERS = (
    "one after the other",
    "smallest first",
    "in blocks of 128",
    "pairwise (np.sum)",
    "float64, rounded at the end",
)
EXERCISES = tuple(CourseExercise(k, name, CHAPTERS[(k - 20) % len(CHAPTERS)]) for k, name in enumerate(TASKS, 20))
HOSTILE = '<script>alert(1)</script>" onload="x'


def timing(median: float) -> Timing:
    return Timing(median, 0.99 * median, 1.01 * median, (median,))


def cell(rows: int, seconds: dict[str, float]) -> Cell:
    backends = {name: Measured("ok", epoch_seconds=timing(s)) for name, s in seconds.items()}
    return Cell(rows, 1, "float64", 16 * rows, backends, noise_floor=0.01)


def costs(**changes: Any) -> EpochCosts:
    few = {"python": 9e-6, "numpy": 4e-6, "numba": 2e-7, "torch": 5e-5, "moments": 3e-7}
    many = {"python": 9e-4, "numpy": 9e-6, "numba": 2e-6, "torch": 6e-5, "moments": 3e-7}
    found = EpochCosts(
        cells=(cell(ROWS[0], few), cell(ROWS[1], many)),
        begun={"numba": 1e-5, "moments": 1e-4},
        starts={name: Start(0.1, 0.2) for name in few},
        crossovers=(Crossover("python", "torch", 1, "float64", Estimate(612.0, 580.0, 650.0)),),
        fastest_ranges=(FastestRange(1, "float64", "epoch", "numba", (), *ROWS),),
        missing={},
        threads=2,
        cpu="a processor",
    )
    return replace(found, **changes)


def bowl(w: float, b: float) -> float:
    return 0.25 + 8 * (w - 2) ** 2 + (b - 1) ** 2


GRID = LossGrid(
    tuple(k / 5 for k in range(21)),
    tuple(k / 10 for k in range(-10, 31)),
    tuple(tuple(bowl(k / 5, i / 10) for k in range(21)) for i in range(-10, 31)),
)


def way(factor: float, epochs: int = 30) -> DescentPath:
    weights = tuple(2 - 2 * factor**k for k in range(epochs + 1))
    biases = tuple(1 - factor**k for k in range(epochs + 1))
    return DescentPath(weights, biases, tuple(map(bowl, weights, biases)))


def rate_run(name: str, factor: float, **changes: Any) -> RateRun:
    path = way(factor)
    excess = tuple(loss - 0.25 for loss in path.losses)
    return replace(RateRun(name, 0.1, abs(factor), abs(factor), abs(factor), path, excess, None, None, 57), **changes)


def batches(**changes: Any) -> MiniBatches:
    runs = (
        BatchRun(1000, 1, 0.0, 0.0, (33.0, 16.0, 8.0), 8.0),
        BatchRun(32, 32, 5.2, 5.4, (33.0, 0.08, 0.01), 0.01),
        BatchRun(1, 1000, 30.0, 29.0, (33.0, 0.03, 0.05), 0.05),
    )
    found = MiniBatches(0.02, 30, 10, 500, runs, BatchRun(1, 1000, 30.0, 29.0, (33.0, 0.9, 0.01), 0.012), 0.005)
    return replace(found, **changes)


def made() -> Lessons:
    few = Dataset.from_arrays([1.5, -2.0], [4.0, -3.5], ["X"], "y")
    steps = tuple(10.0**k for k in range(-12, 1))
    slopes = Slopes(8.7, -16.3, -1.35, 1.0, 0.0)
    return Lessons(
        subject=Subject(
            "made by hand", "X", "y", 4, 4, 1, None, 8.0, (0.0, 1.0, 2.0, 3.0), (1.0, 3.1, 4.9, 7.0), (2.0, 1.0), 0.25
        ),
        surface=Surface(GRID, {"python": way(0.8), "numpy": way(0.8)}, {}, 0.03, 30, 2e-16),
        by_hand=ByHand(
            1.0, 0.5, explain(few, 2, [1.0], 0.5), ((-3.0, -1.0, 1.0, -5.0), (-2.0, 1.0, -1.0, -4.0)),
            (4, 6.0, 16.0, 14.0, 33.9), slopes, {"python": slopes, "moments": slopes}, (8.7, -2.0, -1.5),
        ),
        checking=Checking(
            -16.3, steps, tuple(1e-15 / h + 8 * h for h in steps), tuple(1e-15 / h for h in steps),
            tuple(8 * h for h in steps), -1.01, 1.0, -0.98, 1e-8, 2e-8,
            (
                CheckMethod("central", 6e-6, -16.3, 2e-10),
                CheckMethod("quadratic", 1.0, -16.3, 3e-15),
                CheckMethod("complex", 1e-20, -16.3, 0.0),
            ),
            2e-15,
        ),
        rates=Rates(16.0, 2.0, 0.125, 0.111, GRID, Bowl((16.0, 0.0, 2.0), (2.0, 1.0), 0.25), (
            rate_run("too small", 0.98), rate_run("best", -0.78), rate_run("just below", -0.96),
            rate_run("just over", -1.04, overflow=8916, diverged_at=8915, epochs_for_six=None),
        )),
        scaling=FeatureScales(
            tuple(
                Variant(name, 10.0**k, 0.1, 7 * 10**k, 7 if k == 1 else None, (0, 1, 2, 3), (1.0, 0.5, 0.2, 0.1))
                for k, name in enumerate(scaling.VARIANTS)
            ),
            (TableCondition("norris", 1, 7e5, 1.0, 5_052_381, 1),),
            (GRID, GRID),
        ),
        mini_batches=batches(),
        summation=Summation(
            (100, 1000), dict.fromkeys(ORDERS, (1e-7, 1e-6)), (6e-6, 6e-5), (4e-6, 1e-5), (0, 3),
            {"python": SinglePrecision(1e-6, 0.04)}, 20_000,
        ),
        costs=costs(),
        excerpts={
            name: (Excerpt("some.py", f"def chapter_{k}(x):\n    return x < {k} & True\n"),)
            for k, name in enumerate(CHAPTERS, 1)
        },
        exercises=EXERCISES,
        environment=Environment("3.11", "a system", "a processor", 2, 2, {"numpy": "2.0"}, "now", "handgrad learn"),
        seed=0,
    )  # fmt: skip


@pytest.fixture(scope="module")
def lessons() -> Lessons:
    return made()


# -- claims follow the data


def test_the_fastest_backend_is_the_one_that_was_measured_as_such() -> None:
    slow_numba = (cell(100, {"numpy": 4e-6, "numba": 9e-6}), cell(10_000, {"numpy": 9e-6, "numba": 8e-6}))
    found = costs(
        cells=slow_numba,
        fastest_ranges=(
            FastestRange(1, "float64", "epoch", "numpy", (), 100, 100),
            FastestRange(1, "float64", "epoch", "numba", ("numpy",), 10_000, 10_000),
        ),
        crossovers=(Crossover("numpy", "numba", 1, "float64", Estimate(7000.0, 6000.0, 8200.0)),),
    )
    told = costs_chapter.fastest_told(found)
    assert "numpy at 100 rows; numba at 10,000 rows (not told apart from it: numpy)" in told
    assert "At 100 rows an epoch takes: numpy 4.00 µs and numba 9.00 µs." in told
    assert "At 10,000 rows an epoch takes: numba 8.00 µs and numpy 9.00 µs." in told
    assert "numba overtakes numpy at about 7,000 (6,000 to 8,200) rows" in told


def test_without_a_crossover_none_is_told() -> None:
    assert "No two of them are told apart one way round" in costs_chapter.fastest_told(costs(crossovers=()))


def test_moments_wins_only_where_it_did() -> None:
    assert "numba, the fastest of those that go through the rows, takes 6.7 times as long" in moments.pass_told(costs())
    slow = costs(cells=(cell(100, {"numba": 2e-7, "moments": 4e-7}),))
    told = moments.pass_told(slow)
    assert "numba is faster all the same: it takes 0.50 of that" in told
    assert "is ahead" not in told


def test_moments_pays_with_digits_only_where_the_others_have_more(lessons: Lessons) -> None:
    assert "with nothing but generality" in moments.accuracy_told(lessons.by_hand)
    worse = Slopes(8.7, -16.3, -1.35, 40.0, 0.0)
    told = moments.accuracy_told(replace(lessons.by_hand, found=lessons.by_hand.found | {"moments": worse}))
    assert "here with a few last digits" in told


def test_the_pass_pays_for_itself_after_as_many_epochs_as_its_cost_over_the_gain() -> None:
    """(100 − 10) µs more at the start, 2 − 0.3 µs less in each epoch: 53 epochs."""
    assert "from 53 epochs on, moments is ahead" in moments.pass_told(costs())


def test_a_backend_that_is_missing_says_how_to_get_it() -> None:
    missing = {"torch": "backend 'torch' needs torch: pip install \"handgrad[torch]\"", "moments": "no compiler"}
    told = costs_chapter.start_told(costs(missing=missing))
    assert "torch did not take part: backend 'torch' needs torch: pip install \"handgrad[torch]\"" in told
    assert moments.pass_told(costs(missing=missing)) == "It did not run here: no compiler."


def test_a_noisy_machine_is_told() -> None:
    quiet, noisy = costs().cells
    assert costs_chapter.noise_told((quiet,)) == ""
    assert "42 % at 10,000 rows" in costs_chapter.noise_told((quiet, replace(noisy, noise_floor=0.42)))


def test_paths_that_part_are_told(lessons: Lessons) -> None:
    same = surface.paragraphs(lessons.surface, lessons.subject)[-1]
    assert "go the same way" in same
    assert "farther apart than 2.0e-16" in same
    parted = surface.paragraphs(replace(lessons.surface, apart=0.01), lessons.subject)[-1]
    assert "Their paths part" in parted
    assert "go the same way" not in parted


def test_a_backend_that_did_not_walk_is_told_with_the_remedy(lessons: Lessons) -> None:
    missing = {"torch": "backend 'torch' needs torch: pip install it"}
    told = " ".join(surface.paragraphs(replace(lessons.surface, missing=missing), lessons.subject))
    assert "torch did not take part: backend 'torch' needs torch: pip install it" in told


def test_slopes_unlike_those_of_theory_are_told(lessons: Lessons) -> None:
    assert "-1.01 (as the -1 of theory)" in checking.arms(lessons.checking)
    assert "-0.40 (unlike the -1 of theory)" in checking.arms(replace(lessons.checking, left=-0.4))
    assert "too few steps" in checking.arms(replace(lessons.checking, right=None))


def test_a_large_step_that_does_not_win_is_not_praised(lessons: Lessons) -> None:
    assert "check with a large step" in checking.large_step(lessons.checking)
    lost = (CheckMethod("central", 6e-6, -16.3, 0.0), CheckMethod("quadratic", 1.0, -16.3, 3e-15))
    assert "did not win" in checking.large_step(replace(lessons.checking, methods=lost))


def test_a_contraction_that_was_not_as_predicted_is_told() -> None:
    told = rates.rate_told(rate_run("best", 0.8, observed=0.7))
    assert "observed: 0.7000, which is not the 0.8000 that was predicted" in told
    assert "predicted" not in rates.rate_told(rate_run("best", 0.8))


def test_a_rate_over_the_limit_that_finds_nothing_to_grow_is_told_as_such(lessons: Lessons) -> None:
    still = rate_run("just over", 0.5)
    assert "so nothing grows" in rates.over_told(still)
    along_another = replace(still, excess=tuple(reversed(still.excess)))
    assert "nothing grows" not in rates.over_told(along_another)
    found = replace(lessons.rates, runs=(*lessons.rates.runs[:-1], still))
    assert "goes up" in rates.rates(lessons.rates).caption
    assert "goes up" not in rates.rates(found).caption
    assert "Just over" not in rates.paragraphs(found)[1]


def test_a_line_through_all_points_ends_the_noise(lessons: Lessons) -> None:
    assert "and the noise ends" in mini_batches.ends(batches(), 0.0)
    assert "do not end" in mini_batches.ends(batches(), 0.25)


def test_the_loop_has_time_while_the_slowest_starts() -> None:
    """0.3 s of the slowest start over 9 µs."""
    assert "the plain loop has time for 33,000 epochs of 100 rows" in costs_chapter.start_told(costs())
    assert "has time" not in costs_chapter.start_told(costs(starts={"python": Start(0.1, 0.2)}))


def test_a_check_without_any_error_can_be_drawn(lessons: Lessons) -> None:
    none = tuple(0.0 for _ in lessons.checking.steps)
    checking.v_curve(replace(lessons.checking, exact=0.0, central=none))


def test_an_overflow_that_did_not_come_is_told() -> None:
    assert "happened at epoch 8,915" in rates.over_told(rate_run("just over", -1.04, overflow=8916, diverged_at=8915))
    assert "but did not" in rates.over_told(rate_run("just over", -1.04, overflow=8916))


def test_a_bound_that_was_broken_is_told(lessons: Lessons) -> None:
    found = lessons.summation
    assert "All kept the second" in summation.kept(found)
    assert "vanished whole" in summation.kept(found)
    assert "Beyond the second: “a”" in summation.kept(replace(found, errors={"a": (1e-7, 5e-5)}))
    assert "Beyond the worst case" in summation.kept(replace(found, errors={"a": (1e-7, 1e-3)}))
    broken = replace(found, backends={"python": SinglePrecision(1e-6, 3.0)})
    assert "beyond the bound of a correct backend" in summation.singles(broken)


def test_a_line_through_all_points_has_no_loss_left() -> None:
    assert "zero, because that line goes through all the points" in surface.floor(0.0)


def test_a_feature_that_was_chosen_among_others_is_told(lessons: Lessons) -> None:
    assert "correlation" not in " ".join(sentences.introduction(lessons))
    told = " ".join(sentences.introduction(replace(lessons, subject=replace(lessons.subject, features_of=10))))
    assert "Of the 10 features of the table, X has the largest correlation with y." in told


def test_a_feature_that_was_rescaled_is_told(lessons: Lessons) -> None:
    subject = replace(lessons.subject, bounds=(1000.0, 1400.0), raw_condition=1e9)
    told = " ".join(sentences.introduction(replace(lessons, subject=subject)))
    assert "from its range 1000 to 1400 to the range 0 to 1" in told


# -- the page


class Page(HTMLParser):
    """Tags with their attributes, ids, and links of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def page(lessons: Lessons) -> str:
    return html(lessons)


def test_the_page_needs_no_network_and_runs_its_own_script_alone(page: str) -> None:
    parsed = Page(page)
    (script,) = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    assert script == (TEMPLATES / "learn.js").read_text(encoding="utf-8")
    assert len(re.findall("<script", page)) == 1
    policy = next(m["content"] for m in parsed.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith(f"default-src 'none'; style-src 'unsafe-inline'; script-src '{policy_hash(script)}';")
    assert parsed.all("link") == parsed.all("img") == parsed.all("iframe") == []
    links = [value for _, attributes in parsed.tags for key, value in attributes.items() if key in ("href", "src")]
    assert links
    assert all((link or "").startswith("#") for link in links)
    assert re.findall(r"https?://|url\((?!#)", page.replace(script, "")) == []
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)|fetch|import|XMLHttp|eval", script) == []
    assert not any(key.startswith("on") for _, attributes in parsed.tags for key in attributes)


def test_every_link_leads_somewhere_and_every_id_is_unique(page: str) -> None:
    parsed = Page(page)
    ids = [attributes["id"] for _, attributes in parsed.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {(a["href"] or "")[1:] for a in parsed.all("a")}
    assert targets <= set(ids)
    assert len(targets) >= 9


def test_every_chapter_has_formula_code_picture_and_exercise(page: str) -> None:
    chapters = re.split(r'<section class="chapter"', page)[1:]
    assert len(chapters) == len(CHAPTERS)
    for number, chapter in enumerate(chapters, 1):
        assert "<math" in chapter
        assert f">chapter_{number}<" in chapter
        assert "<svg" in chapter
        own = [one.number for one in EXERCISES if one.chapter == CHAPTERS[number - 1]]
        assert own
        assert re.findall(r"handgrad exercise check (\d+)", chapter) == [str(one) for one in own]


def test_pictures_are_told_in_words_with_numbers(page: str) -> None:
    pictures = [s for s in Page(page).all("svg") if "aria-label" in s]
    assert len(pictures) == 13 + 2
    for picture in pictures:
        assert picture["role"] == "img"
        if picture.get("id") in ("plane", "losses"):
            continue  # which the script draws, and tells
        assert re.search(r"\d", picture["aria-label"] or "")


def test_code_is_coloured_and_escaped(page: str) -> None:
    assert '<span class="k">def</span>' in page
    assert "&lt;" in page
    assert "&amp;" in page


def test_names_from_a_file_are_escaped(lessons: Lessons) -> None:
    subject = replace(lessons.subject, source=HOSTILE, feature=HOSTILE, target=HOSTILE)
    page = html(replace(lessons, subject=subject))
    assert page.count("<script") == 1
    assert not any(key.startswith("on") for _, attributes in Page(page).tags for key in attributes)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_each_chapters_question_has_one_right_answer_and_words_for_each(
    lessons: Lessons, page: str, chapter: str
) -> None:
    question = QUESTIONS[chapter](lessons)
    assert [choice.right for choice in question.choices].count(True) == 1
    texts = [choice.text for choice in question.choices]
    assert len(set(texts)) == len(texts) == 4
    assert len({choice.said for choice in question.choices}) == 4
    letter, right = question.answer
    assert question.choices["abcd".index(letter)] is right
    assert right.right


def test_the_questions_work_without_script_and_the_answers_stand_at_the_end_on_paper(page: str) -> None:
    parsed = Page(page)
    picked = parsed.all("details")
    assert len(picked) == 4 * len(CHAPTERS)
    assert sum("data-right" in one for one in picked) == len(CHAPTERS)
    assert len({one["name"] for one in picked}) == len(CHAPTERS)
    answers = page[page.index('<section class="answers"') :].partition("</section>")[0]
    assert answers.count("<li>") == len(CHAPTERS)
    assert "details > p, .pick, .tally { display: none; }" in page


def test_the_right_answers_are_not_all_at_one_place(lessons: Lessons) -> None:
    letters = [QUESTIONS[chapter](lessons).answer[0] for chapter in CHAPTERS]
    assert all(letters.count(letter) <= 4 for letter in letters)


def test_the_slider_starts_from_the_surface_that_was_found(lessons: Lessons, page: str) -> None:
    (box,) = [a for a in Page(page).all("section") if a.get("id") == "slider"]
    assert "hidden" in box  # until the script can serve it
    told = json.loads(box["data-bowl"] or "")
    assert (told["curvature"], told["minimum"]) == ([16.0, 0.0, 2.0], [2.0, 1.0])
    assert (told["largest"], told["smallest"], told["limit"]) == (16.0, 2.0, 0.125)
    ranges = [one for one in Page(page).all("input") if one["type"] == "range"]
    labels = {one["for"] for one in Page(page).all("label")}
    assert {one["id"] for one in ranges} == labels


def test_no_header_of_a_table_is_empty(page: str) -> None:
    assert re.findall(r"<th[^>]*>\s*</th>", page) == []


def test_code_in_a_sentence_is_marked_and_all_else_escaped() -> None:
    assert prose("`a<b` & c") == "<code>a&lt;b</code> &amp; c"


def test_a_smaller_rate_is_praised_only_where_it_came_lower() -> None:
    assert "large steps first" in mini_batches.ends(batches(), 0.25)
    told = mini_batches.ends(batches(slower=BatchRun(1, 1000, 30.0, 29.0, (33.0, 0.9, 0.9), 0.9)), 0.25)
    assert "has not brought it lower" in told
    assert "large steps first" not in told


def test_a_table_of_few_rows_has_fewer_sizes_of_batches() -> None:
    two = batches(runs=(batches().runs[0], batches().runs[2]))
    assert len(mini_batches.batch_table(two).rows) == 2
    assert [line.get_label() for line in mini_batches.descents(two).figure.axes[0].lines] == [
        "1,000 rows", "1 row", "1 row, η/4",
    ]  # fmt: skip


def test_rows_that_cancel_are_told(lessons: Lessons) -> None:
    assert by_hand.pulled(replace(lessons.by_hand, exact=(8.7, 0.0, -1.5))) == "The rows pull W both ways, and cancel."


# -- figures


def test_no_colour_of_a_picture_is_fixed(page: str) -> None:
    pictures = re.findall(r"<svg viewBox.*?</svg>", page, flags=re.DOTALL)
    assert pictures
    for picture in pictures:
        assert set(re.findall(r"#[0-9a-f]{6}\b", picture)) == set()


def test_each_contour_is_a_quarter_of_the_next_ones_height() -> None:
    _, [axes] = style.chart(3.0)
    drawing.contours(axes, GRID, 0.25, 33.25)
    levels = axes.collections[-1].levels - 0.25
    assert len(levels) >= 5
    assert all(math.isclose(high / low, 4) for low, high in pairwise(levels))


def test_ticks_of_seconds_have_units() -> None:
    assert [timings.unit_tick(k) for k in (-9, -8, -6, -5, -3, -1, 0, 2)] == [
        "1 ns", "10 ns", "1 µs", "10 µs", "1 ms", "100 ms", "1 s", "100 s",
    ]  # fmt: skip


def test_a_run_that_has_arrived_is_drawn_down_to_rounding_and_no_further(lessons: Lessons) -> None:
    arrived = replace(lessons.scaling.variants[0], excess=(1.0, 0.0, 1e-33, 0.0))
    drawn = scaling.scales(replace(lessons.scaling, variants=(arrived, *lessons.scaling.variants[1:])))
    line = drawn.figure.axes[0].lines[0]
    assert list(line.get_xdata()) == [1, 2]
    assert list(line.get_ydata()) == [1.0, scaling.NO_EXCESS]


def test_the_page_tells_where_its_runs_were_made(page: str) -> None:
    told = page[page.index("Where it ran") :]
    for value in ("a processor, 2 cores", "a system", "3.11", "numpy 2.0", "now"):
        assert f"<dd>{value}</dd>" in told


def test_the_step_that_is_predicted_is_that_of_the_noise_that_is_stated(lessons: Lessons) -> None:
    """h H/2 + ε L/h, as the text has them, is not less at any other step."""
    found = lessons.checking
    step = checking.balance(found)
    half = found.truncation[0] / found.steps[0]

    def total(h: float) -> float:
        return half * h + found.roundoff / h

    assert all(total(step) <= total(step * factor) for factor in (0.5, 0.9, 1.1, 2.0))
    assert "which is not where it was seen" in checking.far(replace(found, best=1e3 * step))
    assert checking.far(replace(found, best=2 * step)) == ""


@pytest.mark.parametrize(
    "said",
    ["An eigenvector is a direction", "The Hessian is the table", "once through all rows", "53 bits", "random walk"],
)
def test_words_are_explained_where_they_come_first(page: str, said: str) -> None:
    assert said in page


@pytest.mark.parametrize(
    "said", ["does not grow with the number of parameters", "no digits are lost", "for nothing else that is curved"]
)
def test_what_was_false_is_not_said(page: str, said: str) -> None:
    assert said not in page
