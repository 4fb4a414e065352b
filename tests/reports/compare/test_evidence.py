"""What the page has below the table: samples, whole runs with their crossings, two sources, and nobody's folders."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from handgrad.backends.catalogue import catalogue
from handgrad.compare.results.comparison import Comparison
from handgrad.compare.results.files import to_json
from handgrad.compare.results.verdict import Overtaking
from handgrad.compare.side_by_side.choice import overtakings
from handgrad.compare.side_by_side.source import source_of
from handgrad.reports.compare.answers import overtaking
from handgrad.reports.compare.figures.drawings import drawings
from handgrad.reports.compare.figures.samples import samples
from handgrad.reports.compare.figures.totals import FARTHEST, total, totals
from handgrad.reports.compare.html import html
from handgrad.reports.compare.notebook import notebook
from handgrad.reports.compare.sources import side_by_side
from handgrad.reports.compare.text import text
from handgrad.reports.exports.catalogue import MODULES, export
from handgrad.reports.look.pages import TEMPLATES
from handgrad.reports.look.rendering import pictures
from handgrad.reports.look.text import plain
from tests.reports.compare.test_answers import CHOICE, COSTS, answered
from tests.reports.conftest import ALL, compared, timing


def axes_of(drawing):
    return drawing.figure.axes[0]


def test_a_strip_has_every_sample_in_the_order_in_which_it_was_measured() -> None:
    base = compared(("numpy",))
    seconds = (3e-5, 1e-5, 2e-5, 2e-5, 4e-5)
    one = replace(timing(2e-5), samples=seconds, processes=(2, 3))
    drawing = samples(replace(base, backends={"numpy": replace(base.backends["numpy"], speed=speed_of(base, one))}))
    assert drawing is not None
    dots = axes_of(drawing).lines[-1]
    heights = list(dots.get_ydata()[::3])
    assert list(np.argsort(np.argsort(heights))) == list(np.argsort(np.argsort([-s for s in seconds])))
    places = list(dots.get_xdata()[::3])
    assert places == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    assert "a grey upright a fresh process" in drawing.caption
    assert "5 samples" in drawing.alt
    line = axes_of(drawing).lines[0]
    assert list(line.get_ydata()) == [0, 0]  # the median, where the third sample stands
    assert heights[2] == heights[3] == 0


def speed_of(base: Comparison, one):
    speed = base.backends["numpy"].speed
    assert speed is not None
    return replace(speed, epoch_seconds=one)


def test_the_crossings_are_those_that_the_third_answer_tells() -> None:
    """Each mark stands where both curves meet, at the number of epochs in the sentence."""
    found = overtakings(COSTS, 100)
    choice = replace(CHOICE, overtakings=found)
    drawing = totals(answered(choice=choice))
    assert drawing is not None
    marked = [line for line in axes_of(drawing).lines if line.get_marker() == "o" and len(line.get_xdata()) == 1]
    assert [line.get_xdata()[0] for line in marked] == [one.epochs for one in found]
    for one, line in zip(found, marked, strict=True):
        ahead, behind = (next(cost for cost in COSTS if cost.backend == name) for name in (one.backend, one.over))
        assert line.get_ydata()[0] == total(ahead, one.epochs)
        assert total(ahead, one.epochs) < total(behind, one.epochs)
        assert total(ahead, one.epochs - 1) >= total(behind, one.epochs - 1)
    labels = [note.get_text() for note in axes_of(drawing).texts]
    assert [f"From about {label} epochs on" for label in labels] == [
        overtaking(one).partition(" (")[0] for one in found
    ]
    assert all(
        f"overtakes {one.over} at {label} epochs" in drawing.alt for one, label in zip(found, labels, strict=True)
    )


def test_a_crossing_beyond_all_runs_is_not_drawn() -> None:
    far = Overtaking("numpy", "python", int(2 * FARTHEST), 1, int(9 * FARTHEST))
    drawing = totals(answered(choice=replace(CHOICE, overtakings=(far,))))
    assert drawing is not None
    assert "A dot" not in drawing.caption
    assert "A crossing without a dot lies" in drawing.caption
    assert len(axes_of(drawing).texts) == 0
    assert totals(compared()) is None


@pytest.mark.parametrize(
    ("names", "pair", "title"),
    [
        (ALL, ["numpy", "torch"], "By hand against autodiff"),
        (("python", "tape", "numba"), ["python", "tape"], "By hand against autodiff"),
        (("python", "numba"), ["python", "numba"], "The source, side by side"),
        (("numpy",), ["numpy"], "The source"),
    ],
)
def test_two_sources_stand_side_by_side_and_the_others_below(names, pair, title) -> None:
    found = side_by_side(compared(names))
    assert found is not None
    assert ([source.name for source in found.pair], found.title) == (pair, title)
    assert [source.name for source in found.others] == [name for name in names if name not in pair]
    page = html(compared(names), [])
    assert re.findall(r'<article class="source" data-name="(\w+)"', page) == [
        *pair,
        *(n for n in names if n not in pair),
    ]


def test_no_report_tells_the_folders_of_another_machine() -> None:
    """The whole path stands in result.json alone."""
    base = compared(("numpy", "torch"))
    path = "/home/somebody/private records/table.csv"
    command = f"handgrad compare --data '{path}' --out=/home/somebody/run --epochs 50"
    found = replace(
        base,
        problem=replace(base.problem, source=path, name="table.csv"),
        environment=replace(base.environment, command=command),
    )
    shown = [html(found, []), notebook(found), plain(text(found)), *(export(found, name) for name in MODULES)]
    for report in shown:
        assert "somebody" not in report
        assert "private" not in report
    assert "handgrad compare --data table.csv --out=run --epochs 50" in shown[0]
    assert path.encode() in to_json(found)


def test_the_page_of_the_default_backends_is_small() -> None:
    """With their sources and all figures: 400 KiB and no more; the script has fewer than 150 lines."""
    names = [name for name, entry in catalogue().items() if entry.by_default]
    base = answered()
    run = compared(tuple(names), epochs=100)
    backends = {name: replace(result, source=source_of(catalogue()[name])) for name, result in run.backends.items()}
    found = replace(run, backends=backends, verdict=base.verdict)
    assert len(names) >= 7
    assert len(html(found).encode()) < 400 * 1024
    assert len((TEMPLATES / "report.js").read_text().splitlines()) < 150


def test_text_in_a_figure_is_11_pixels_high_on_a_phone_of_360() -> None:
    """Its size times the page's width over the view box's; the margins of the page are 0.8 rem on each side."""
    css = (TEMPLATES / "report.css").read_text()
    [margin] = re.findall(r"@media \(max-width: 30rem\) \{\s*body \{ padding: [\d.]+rem ([\d.]+)rem", css)
    wide = 360 - 2 * 16 * float(margin)
    comparison = answered()
    drawn = pictures(drawings(comparison))
    assert len(drawn) > 6
    for picture in drawn:
        [width] = re.findall(r'viewBox="0 0 ([\d.]+) ', picture.svg)
        sizes = [float(size) for size in re.findall(r"font-size: ?([\d.]+)px", picture.svg)]
        assert min(sizes) * wide / float(width) >= 11, picture.name


def test_a_curve_alone_and_a_run_that_diverged_have_no_crossings_to_speak_of() -> None:
    of_numpy = tuple(cost for cost in CHOICE.costs if cost.backend == "numpy")
    alone = totals(answered(choice=replace(CHOICE, run="numpy", epoch="numpy", costs=of_numpy, overtakings=())))
    diverged = totals(answered(choice=replace(CHOICE, run=None, run_tied=(), overtakings=())))
    assert alone is not None
    assert diverged is not None
    assert "crossing" not in alone.caption.lower()
    assert diverged.caption.endswith("Crossings are not marked, since the run diverged.")
