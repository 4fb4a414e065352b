"""Figures: drawn from any comparison, each backend in its colour, and the same file from the same results."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from handgrad.reports.compare.figures.descent import without_zigzag
from handgrad.reports.compare.figures.drawings import drawings
from handgrad.reports.compare.figures.fit import fit
from handgrad.reports.look import style
from handgrad.reports.look.colours import OWN
from handgrad.reports.look.rendering import settle, svg
from handgrad.reports.look.style import log_ticks
from tests.reports.conftest import ALL, CASES, bare, compared, troubled


def test_figures_stand_in_the_order_of_the_report():
    assert [d.name for d in drawings(compared())] == ["samples", "rounding", "errors", "fit", "loss", "trajectory"]


def test_what_is_not_there_is_not_drawn():
    assert [drawing.name for drawing in drawings(bare())] == ["loss"]
    assert [drawing.name for drawing in drawings(CASES["nothing ran"]())] == ["fit"]


def test_a_backend_has_one_colour_and_one_attribute_in_all_figures():
    """Where its curve lies on all others' it is theirs: one line in the colour of ink, which names them all."""
    sources = {drawing.name: svg(drawing) for drawing in drawings(compared())}
    for name in ("rounding", "samples"):
        seen = set(re.findall(r"var\((--[a-z-]+)\)", sources[name]))
        assert {f"--{backend}" for backend in ALL} <= seen, name
        assert set(re.findall(r'data-backend="([^"]*)"', sources[name])) == set(ALL), name
    for name in ("fit", "loss"):
        assert f"all {len(ALL)}" in sources[name]
        assert set(re.findall(r'data-backend="([^"]*)"', sources[name])) == {"\n".join(ALL)}, name


def test_curves_that_lie_on_each_other_are_one():
    line, apart = ([0.0, 1.0], [0.0, 1.0]), ([0.0, 1.0], [0.0, 1.001])
    together = style.coincident({"python": line, "numpy": apart, "numba": ([0.0, 1.0], [0.0, 1.00001])})
    assert together == {"python": ["python", "numba"], "numpy": ["numpy"]}
    assert style.coincident({"python": line, "numpy": line}, {"python": line, "numpy": apart}) == {
        "python": ["python"],
        "numpy": ["numpy"],
    }
    figure, [axes] = style.chart(3)
    with style.applied():
        together = style.strands(axes, {"python": line, "numpy": line}, OWN)
        style.legend(figure, ["python", "numpy", "numba"], OWN, together)
    assert len(axes.lines) == 1
    assert [text.get_text() for text in figure.legends[0].texts] == ["2 on one line"]


def test_it_is_the_axis_that_tells_curves_apart():
    """Far from 0, curves that cross the whole panel differ by little of their size; near 0, on a log axis, by much."""
    up, down = ([0.0, 1.0], [1000.0, 1000.09]), ([0.0, 1.0], [1000.09, 1000.0])
    assert len(style.coincident({"python": up, "numpy": down})) == 2
    small, smaller = ([0.0, 1.0], [1.0, 1e-9]), ([0.0, 1.0], [1.0, 1e-10])
    assert len(style.coincident({"python": small, "numpy": smaller})) == 1
    assert len(style.coincident({"python": small, "numpy": smaller}, is_logarithmic=True)) == 2


def test_a_diverging_loss_is_drawn_over_its_whole_range():
    loss = next(drawing for drawing in drawings(troubled()) if drawing.name == "loss")
    low, high = loss.figure.axes[0].get_ylim()
    assert high > 4.0 * 9.0**11
    assert low < 0.1


def test_a_parameter_that_overshoots_each_epoch_becomes_two_curves():
    epochs = list(range(20))
    x, y = without_zigzag({"numpy": (epochs, [5 + (-0.9) ** epoch for epoch in epochs])})["numpy"]
    gap = next(place for place, value in enumerate(x) if math.isnan(value))
    assert x[:gap] == epochs[::2]
    assert x[gap + 1 :] == epochs[1::2]
    assert min(y[:gap]) > 5 > max(y[gap + 1 :])


def test_a_smooth_parameter_stays_one_curve():
    epochs = list(range(20))
    values = [5 + 0.9**epoch for epoch in epochs]
    assert without_zigzag({"numpy": (epochs, values)}) == {"numpy": (epochs, values)}


def test_curves_that_differ_in_rounding_alone_are_split_alike():
    """Once it has arrived, only rounding turns: in one backend nearly each epoch, in the other less often."""
    epochs = list(range(20))
    turning = [0.0, *(1.0 + (2.0**-52 if epoch % 2 else 0.0) for epoch in epochs[1:])]
    still = [0.0, *[1.0] * 19]
    found = without_zigzag({"numpy": (epochs, turning), "torch": (epochs, still)})
    assert list(map(repr, found["numpy"][0])) == list(map(repr, found["torch"][0]))
    assert list(style.coincident(found)) == ["numpy"]


def test_a_long_run_is_thinned_and_keeps_its_ends():
    epochs = list(range(100_000))
    x, y = without_zigzag({"numpy": (epochs, [float(epoch) for epoch in epochs])})["numpy"]
    assert len(x) == 400
    assert (x[0], x[-1], y[-1]) == (0, 99_999, 99_999.0)


@pytest.mark.parametrize("low", [-300.0, -15.2, -3.0, -0.31, 0.0, 2.7, 14.0])
@pytest.mark.parametrize("span", [0.3, 0.7, 1.3, 2.0, 5.5, 40.0])
def test_a_logarithmic_axis_has_two_to_seven_ticks_inside(low, span):
    ticks, labels = log_ticks(low, low + span)
    assert 2 <= len(ticks) <= 8
    assert len(set(labels)) == len(labels)
    assert all(10**low * 0.999 <= tick <= 10 ** (low + span) * 1.001 for tick in ticks)


@pytest.mark.parametrize("count", range(1, 10))
def test_a_legend_stays_inside_its_figure(count):
    names = list(OWN)[:count]
    figure, _ = style.chart(3)
    with style.applied():
        style.legend(figure, names, OWN)
        settle(figure)
        figure.draw_without_rendering()
    [legend] = figure.legends
    assert legend.get_window_extent().x1 <= figure.bbox.x1 + 1


def test_predicted_against_true_draws_the_trained_model_and_says_what_the_best_would_give():
    base = compared(features=3)
    sample = base.problem.sample
    trained = replace(sample, trained=tuple(0.5 * y for y in sample.y), trained_by="numpy", r2=0.52, best_r2=0.9955)
    drawn = fit(replace(base, problem=replace(base.problem, sample=trained)))
    assert drawn.caption == (
        "The prediction is that of the trained model (numpy): R² 0.52; the best, least squares, gives 0.9955. On the "
        "line it is right."
    )
    (points,) = drawn.figure.axes[0].collections
    assert points.get_offsets()[:, 1].tolist() == list(trained.trained)
    assert "least-squares solution's" in fit(base).caption
