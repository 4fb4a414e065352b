"""What a sweep looks like as text, figures and page: from results that are made by formula."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from made_up_worker import World

from handgrad.compare.bench.sweep import bench
from handgrad.compare.results.bench import Bench, Crossover, FastestRange, Settings
from handgrad.compare.results.files import from_json, to_json
from handgrad.compare.results.timing import Estimate
from handgrad.compare.strain.strain import Strain
from handgrad.reports.bench import words as bench_words
from handgrad.reports.bench.figures import drawings
from handgrad.reports.bench.html import html
from handgrad.reports.bench.tables import tables
from handgrad.reports.bench.text import text as report_text
from handgrad.reports.bench.winners import Winner, grids
from handgrad.reports.look.text import plain, terminal

SETTINGS = Settings(
    (100, 1000, 10_000), (1, 3), ("float64",), ("python", "numpy", "moments", "tape"), 100, 2, 0.01, 0.05, 0
)


def made() -> Bench:
    world = World(dies={"moments": 1000})
    world.costs["python"] = (0.0, 1e-4)
    world.costs["moments"] = (1e-9, 1e-13)
    return bench(SETTINGS, threads=1, start=world.start)


@pytest.fixture(scope="module")
def found() -> Bench:
    return made()


def cells_of(found: Bench, name: str) -> list[tuple[str, ...]]:
    return list(next(table for table in tables(found) if table.name == name).rows)


def test_each_size_is_headed_by_what_the_machine_needs_to_read_it(found: Bench):
    rows = cells_of(found, "epochs-1-float64")
    heads = [row for row in rows if not row[0].startswith("  ")]
    assert [row[0] for row in heads] == ["100 rows", "1,000 rows", "10,000 rows"]
    assert all(row[5] == "100 %" and row[-1].startswith("to read") for row in heads)
    assert [row[0].strip() for row in rows[1:4]] == ["python", "numpy", "moments"]


def test_what_was_not_timed_is_in_the_table_and_its_reason_below(found: Bench):
    (skipped,) = (row for row in cells_of(found, "epochs-1-float64")[9:] if row[0].strip() == "python")
    assert skipped[-1] == "skipped"
    text = plain(report_text(found))
    assert "python skipped: an epoch would take about 1 s" in text
    assert "SIGKILL" in text
    assert "[1,000 × 1 float64" in text.replace("\n    ", " ")


def test_all_lines_fit_into_eighty_columns(found: Bench):
    longest = max(plain(report_text(found)).splitlines(), key=len)
    assert len(longest) <= 80, longest


def test_a_terminal_shows_the_same_lines(found: Bench):
    from rich.console import Console

    target = io.StringIO()
    Console(width=80, file=target).print(terminal(report_text(found)))
    printed = target.getvalue()
    assert max(len(line) for line in printed.splitlines()) <= 80
    for table in tables(found):
        assert table.title in printed


def test_a_backend_that_does_not_read_the_data_is_left_out_of_the_figures_of_reading(found: Bench):
    drawn = {drawing.name: drawing for drawing in drawings(found)}
    assert "moments" in drawn["growth-1-float64"].alt
    for name in ("reading-1-float64", "roofline-float64"):
        assert "moments" not in drawn[name].alt
        assert "Without moments" in drawn[name].caption


def test_the_page_has_every_table_and_figure_and_escapes_names(found: Bench):
    cells = tuple(
        replace(cell, backends={**cell.backends, "<b>x": cell.backends["numpy"]}, fastest=("<b>x",))
        for cell in found.cells
    )
    hostile = replace(found, cells=cells, settings=replace(found.settings, backends=(*SETTINGS.backends, "<b>x")))
    page = html(hostile)
    assert "<b>x" not in page
    for table in tables(found):
        assert f'id="caption-{table.name}"' in page
    for drawing in drawings(found):
        assert f'id="figure-{drawing.name}"' in page


def test_a_sweep_without_machine_and_ratios_is_shown_all_the_same(found: Bench):
    bare = [
        replace(
            cell,
            limit_seconds=None,
            again=None,
            backends={
                n: replace(m, limit_fraction=None, relative=None, told_apart=None) for n, m in cell.backends.items()
            },
        )
        for cell in found.cells
    ]
    poor = replace(found, machine=None, cells=tuple(bare), start_ups={}, scaling=(), crossovers=(), reigns=())
    assert "to read" in plain(report_text(poor))
    assert "<svg" in html(poor)
    assert {drawing.name.partition("-")[0] for drawing in drawings(poor)} == {"growth"}


@pytest.mark.parametrize(
    ("reigns", "said"),
    [
        ([("numpy", 100, 10_000)], "numpy at every size"),
        ([("numpy", 100, 100)], "numpy at 100 rows"),
        ([("python", 100, 1000), ("numpy", 10_000, 10_000)], "python up to 1,000 rows; numpy from 10,000 rows on"),
        (
            [("python", 100, 100), ("tape", 1000, 1000), ("numpy", 10_000, 10_000)],
            "python up to 100 rows; tape at 1,000 rows; numpy from 10,000 rows on",
        ),
    ],
)
def test_the_answer_is_a_plain_sentence(found: Bench, reigns: list[tuple[str, int, int]], said: str):
    made = tuple(FastestRange(1, "float64", "epoch", name, (), first, last) for name, first, last in reigns)
    crossing = Crossover("python", "numpy", 1, "float64", Estimate(5012.0, 3049.0, 7000.0))
    bare = replace(found, reigns=made, crossovers=())
    (answer,) = bench_words.answers(bare, "epoch")
    assert answer.startswith(f"1 feature, float64: {said} (noise: two copies of numpy differed by up to 0.")
    with_crossing = bench_words.answers(replace(bare, crossovers=(crossing,)), "epoch")[0]
    assert ("(ahead from about 5,000; 3,000 to 7,000)" in with_crossing) is (said.startswith("python up to 1,000"))


def test_those_that_are_not_told_apart_are_named_together_and_none_is_called_the_fastest(found: Bench):
    reigns = (
        FastestRange(1, "float64", "epoch", "python", ("numpy",), 100, 1000),
        FastestRange(1, "float64", "epoch", "numpy", (), 10_000, 10_000),
    )
    (answer,) = bench_words.answers(replace(found, reigns=reigns), "epoch")
    assert "python and numpy, not told apart, up to 1,000 rows; numpy from 10,000 rows on (" in answer
    cells = tuple(replace(cell, fastest=("numpy", "python")) for cell in found.cells)
    last = {row[0].strip(): row[-1] for row in cells_of(replace(found, cells=cells), "epochs-1-float64")[:4]}
    assert (last["python"], last["numpy"]) == ("tied", "tied")


def test_the_noise_stands_beside_the_answer_and_not_only_below(found: Bench):
    struck = tuple(replace(cell, stolen=0.07, again=Estimate(0.8, 0.7, 0.9)) for cell in found.cells)
    for answer in bench_words.answers(replace(found, cells=struck), "epoch"):
        assert "two copies of numpy differed by up to 25 %" in answer
        assert "the host took up to 7.0 % of the processors' time" in answer


def test_a_disturbed_backend_is_told_beside_its_figure_and_its_answer_and_nobody_wins_over_it():
    world = World(strains={"python": Strain(cpu=1.5, team=2, waited=0.5, others=1.8)})
    world.costs["python"] = (1e-4, 1e-7)
    found = bench(replace(SETTINGS, rows=(100,), features=(1,), backends=("python", "numpy")), 1, start=world.start)
    (cell,) = found.cells
    assert set(cell.fastest) == {"numpy", "python"}  # undisturbed, python might have been the faster one
    timed = cell.backends["python"].epoch_seconds
    assert timed is not None
    assert timed.low < timed.median / 100
    assert from_json(to_json(found), Bench) == found
    text = " ".join(plain(report_text(found)).split())
    assert "numpy and python, not told apart, at 100 rows" in text
    assert "disturbed, so that times are upper bounds: python" in text
    assert "for 50 % of the time" in text
    assert "other processes kept 1.8 processors busy" in text
    assert "Disturbed while timed" in html(found)


def test_a_cell_of_the_grid_names_its_winner_and_is_hatched_where_several_are_not_told_apart(found: Bench) -> None:
    first, *others = found.cells
    tied = replace(found, cells=(replace(first, fastest=("python", "numpy")), *others))
    run, epoch = grids(tied)
    assert (run.name, epoch.name) == ("winners-run", "winners-epoch")
    assert epoch.columns == ("1 feature", "3 features")
    for place, (_, winners) in enumerate(epoch.rows):
        for winner, width in zip(winners, (1, 3), strict=True):
            cell = next(c for c in tied.cells if (c.rows, c.features) == (SETTINGS.rows[place], width))
            assert winner is not None
            assert winner.names == " or ".join(cell.fastest)
            assert winner.mark == (f"--{cell.fastest[0]}" if len(cell.fastest) == 1 else "")
    assert html(tied).count('class="tied"') == html(found).count('class="tied"') + 1


def test_a_run_is_won_by_whom_the_ranges_name_in_the_time_of_that_cell(found: Bench) -> None:
    """A backend without a time of its own there wins nothing; a tie has the shortest time of those that tie."""
    ranges = (FastestRange(1, "float64", "run", "tape", ("numpy",), 100, 1000),)
    cells = [replace(cell, backends=dict(cell.backends)) for cell in found.cells if cell.features == 1]
    cells.sort(key=lambda cell: cell.rows)
    for cell, (tape, numpy) in zip(cells, ((2.0, 1.0), (3.0, None), (4.0, 5.0)), strict=True):
        cell.backends["tape"] = replace(cell.backends["tape"], total_cached_seconds=tape)
        cell.backends["numpy"] = replace(cell.backends["numpy"], total_cached_seconds=numpy)
    (run, _) = grids(replace(found, cells=tuple(cells), reigns=ranges))
    tied, alone, beyond = (winners[0] for _, winners in run.rows)
    assert tied == Winner("tape or numpy", "1.0 s", "")
    assert alone == Winner("tape", "3.0 s", "--tape")
    assert beyond is None
