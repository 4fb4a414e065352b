"""What stands at the top of the page comes from the result: every mark, answer and number is seen to change."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from handgrad.compare.results.arrival import ArrivalState
from handgrad.compare.results.comparison import BackendResult, Comparison
from handgrad.compare.results.timing import Disturbance, Estimate
from handgrad.compare.results.verdict import Arrived, Overtaking
from handgrad.reports.compare.html import html
from handgrad.reports.compare.tables import speed
from tests.reports.compare.test_answers import CHOICE, COSTS, answered
from tests.reports.conftest import compared, timing

Pieces = dict[str, str]
Change = Callable[[Comparison], Comparison]


WORD = re.compile(r"\w+(?:[.,]\d+)*")
#: Words that go with a number, and backends' names.
UNITS = ("ns", "µs", "ms", "s", "MiB", "GiB", "feature", "features")
FACTS = ("python", "numpy", *UNITS)


def is_fact(word: str) -> bool:
    return word in FACTS or bool(re.search(r"\d", word))


def wording(told: str) -> str:
    """A sentence without its facts."""
    return WORD.sub(lambda word: "…" if is_fact(word.group()) else word.group(), told)


def plain(markup: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", markup).split())


def top(comparison: Comparison) -> Pieces:
    """All that a reader sees before the first picture, piece by piece, as the page has it."""
    page = html(comparison, [])
    head, table = page[page.index("<header>") : page.index("</header>")], page[page.index("<main>") :]
    table = table[: table.index("</section>")]
    found = {"name": plain(re.findall(r"<h1>(.*?)</h1>", head)[0])}
    found["shape"] = plain(re.findall(r'<p class="shape">(.*?)</p>', head)[0])
    for mark, answer in re.findall(r'<div class="answer (\w+)">(.*?)</div>', head, re.DOTALL):
        question = plain(re.findall(r"</span>(.*?)<strong>", answer)[0])
        found[f"{question} mark"] = mark
        found[f"{question} sign"] = re.findall(r'class="sign"[^>]*>(.*?)<', answer)[0]
        found[f"{question} word"] = plain(re.findall(r"<strong>(.*?)</strong>", answer)[0])
        lines = re.findall(r"<p>(.*?)</p>|<li>(.*?)</li>", answer, re.DOTALL)
        found |= {f"{question} line {k}": plain("".join(line)) for k, line in enumerate(lines)}
    troubles = re.findall(r'<ul class="troubles">(.*?)</ul>', head, re.DOTALL)
    found |= {f"trouble {k}": plain(trouble) for k, trouble in enumerate(troubles)}
    for name, row in re.findall(r'<tr data-backend="(\w+)">(.*?)</tr>', table, re.DOTALL):
        for column, cell in enumerate(re.findall(r"<td[^>]*>.*?</td>", row, re.DOTALL)):
            found[f"{name} column {column}"] = plain(cell)
            found |= {f"{name} {part}": place for part, place in re.findall(r'<(rect x|circle cx)="([^"]*)"', cell)}
    notes = re.findall(r'<p class="note">(.*?)</p>', table, re.DOTALL)
    return found | {f"note {k}": plain(note) for k, note in enumerate(notes)}


def of_problem(**changed: object) -> Change:
    return lambda base: replace(base, problem=replace(base.problem, **changed))  # type: ignore[arg-type]


def of_choice(**changed: object) -> Change:
    return lambda base: replace(base, verdict=replace(base.verdict, choice=replace(CHOICE, **changed)))  # type: ignore[arg-type]


def of_backend(name: str, change: Callable[[BackendResult], BackendResult]) -> Change:
    return lambda base: replace(base, backends={**base.backends, name: change(base.backends[name])})


def wrong(base: Comparison) -> Comparison:
    result = base.backends["python"]
    assert result.accuracy is not None
    backends = {**base.backends, "python": replace(result, accuracy=replace(result.accuracy, passed=False))}
    return replace(base, backends=backends, verdict=replace(base.verdict, passed=False, reasons=("outside",)))


def judged(name: str, ratio: float) -> Change:
    def change(result: BackendResult) -> BackendResult:
        assert result.accuracy is not None
        start = replace(result.accuracy.start_gradient, bound_ratio=ratio)
        return replace(result, accuracy=replace(result.accuracy, start_gradient=start))

    return of_backend(name, change)


def arrived(**changed: object) -> Change:
    def change(base: Comparison) -> Comparison:
        backends = {n: replace(r, arrival=replace(r.arrival, **changed)) for n, r in base.backends.items()}  # type: ignore[type-var, arg-type]
        state: ArrivalState = changed.get("state", "yes")  # type: ignore[assignment]
        return replace(
            base,
            backends=backends,
            verdict=replace(base.verdict, arrived=Arrived(state, "", dict.fromkeys(backends, state))),
        )

    return change


def timed(name: str, **changed: object) -> Change:
    return of_backend(name, lambda result: replace(result, speed=replace(result.speed, **changed)))  # type: ignore[type-var]


def disturbed(base: Comparison) -> Comparison:
    busy = replace(timing(1e-5), disturbance=Disturbance(True, 0.5, 0.4, others=1.2))
    return timed("numpy", epoch_seconds=busy)(base)


def failed(result: BackendResult) -> BackendResult:
    return replace(result, status="failed", reason="no memory", accuracy=None, speed=None, source=None)


BOTH = tuple(
    change
    for name, cost in zip(("python", "numpy"), COSTS, strict=True)
    for change in (
        timed(name, epoch_seconds=timing(7e-2, 0.3)),
        timed(name, import_seconds=9.0, own_memory_bytes=3 << 30),
        judged(name, 0.77),
        of_backend(name, failed),
        of_backend(name, lambda result: replace(result, gradient="exact")),
        of_backend(name, lambda result: replace(result, source=replace(result.source, lines=99))),  # type: ignore[type-var]
        of_choice(costs=tuple(replace(c, run=Estimate(7.0, 6.0, 8.0)) if c is cost else c for c in COSTS)),
        of_choice(costs=tuple(replace(c, epoch=Estimate(7.0, 6.0, 8.0)) if c is cost else c for c in COSTS)),
    )
)
CHANGES: tuple[Change, ...] = (
    *BOTH,
    of_problem(name="another"),
    of_problem(rows=41),
    of_problem(epochs=60),
    of_problem(notes=("something else",)),
    lambda base: compared(("python", "numpy"), features=3),
    lambda base: replace(base, backends={**base.backends, "numba": base.backends["numpy"]}),
    wrong,
    disturbed,
    arrived(state="not yet"),
    arrived(digits=3.2),
    arrived(epochs=49),
    of_choice(run="numpy"),
    of_choice(run=None, run_tied=("python", "numpy")),
    of_choice(run=None),
    of_choice(epoch="python"),
    lambda base: timed("python", relative=None)(of_choice(epoch="python")(base)),
    of_choice(epochs=101),
    of_choice(overtakings=(Overtaking("python", "numpy", 440, 320, 630),)),
)


@pytest.fixture(scope="module")
def before() -> Pieces:
    return top(answered())


@pytest.fixture(scope="module")
def after() -> list[Pieces]:
    return [top(change(answered())) for change in CHANGES]


def test_the_top_is_all_read(before: Pieces) -> None:
    """Three answers, two rows of eight cells with a bar, and notes."""
    assert [before[f"{q} word"] for q in ("Do the backends agree?", "Did the training arrive?", "Which one?")] == [
        "Yes", "Yes", "python for this run",
    ]  # fmt: skip
    assert {f"{name} column {k}" for name in ("python", "numpy") for k in range(8)} <= before.keys()
    assert {"python rect x", "numpy circle cx", "note 0", "Which one? line 2"} <= before.keys()


def test_every_piece_changes_with_the_result(before: Pieces, after: list[Pieces]) -> None:
    same = [piece for piece, told in before.items() if all(other.get(piece) == told for other in after)]
    assert same == []


def test_every_number_and_every_name_gives_way_to_another(before: Pieces, after: list[Pieces]) -> None:
    """A word with a digit, or a backend's name, is another after a change that leaves its sentence as it is."""
    fixed = []
    for piece, told in before.items():
        alike = [other[piece] for other in after if piece in other and wording(other[piece]) == wording(told)]
        every = [list(filter(is_fact, WORD.findall(one))) for one in alike]
        facts = [(k, word) for k, word in enumerate(filter(is_fact, WORD.findall(told))) if word not in UNITS]
        fixed += [(piece, fact) for k, fact in facts if all(other[k] == fact for other in every)]
    assert [(piece, word) for piece, word in fixed if word != "95"] == []  # the level of every interval


def test_a_change_moves_no_mark_but_its_own(before: Pieces) -> None:
    """What is wrong with one backend leaves the other's row, the arrival and the choice as they were."""
    found = top(wrong(answered()))
    moved = {piece for piece in before if found.get(piece) != before[piece]}
    assert "Do the backends agree? mark" in moved
    assert "python column 0" in moved
    assert all(piece.startswith(("Do the backends agree?", "python column 0")) for piece in moved), moved


def test_what_workers_of_a_cluster_hold_is_told_below_the_speeds() -> None:
    base = compared(("python", "numpy"))
    held = timed("numpy", elsewhere_memory_bytes=(12 << 20, 24 << 20))(base)
    assert "(numpy: 2 × 24 MiB at most)" in speed(held).note
    assert "workers" not in speed(base).note
