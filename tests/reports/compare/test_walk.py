"""The three pictures of the walk: on which runs they are there, and where in them things stand."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from handgrad.backends.interface import DType
from handgrad.compare.results.comparison import Comparison
from handgrad.compare.side_by_side.prepare import Options
from handgrad.compare.side_by_side.side_by_side import side_by_side
from handgrad.data.dataset import Dataset
from handgrad.data.synthetic import synthetic
from handgrad.reports.compare.walk.html import page_walk
from handgrad.reports.compare.walk.pictures import FARTHEST, _segment, scenes
from handgrad.reports.compare.walk.stills import stills
from handgrad.reports.look import style


def walked(features: int = 1, rows: int = 40, **options: object) -> Comparison:
    random = np.random.default_rng(features)
    X = random.normal(1.0, 2.0, (rows, features))
    y = X.sum(axis=1) + random.normal(size=rows)
    given = {"backends": ("python",), "epochs": 12, "learning_rate": 0.05, "budget_seconds": 0.0, **options}
    return side_by_side(Dataset.from_arrays(X, y), Options(**given))  # type: ignore[arg-type]


@pytest.mark.parametrize("features", [1, 3])
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_run_has_its_three_pictures(features: int, standardize: bool, dtype: DType) -> None:
    assert list(scenes(walked(features, standardize=standardize, dtype=dtype))) == ["model", "surface", "descent"]


def test_mini_batches_take_no_next_step_of_a_full_batch() -> None:
    found = page_walk(walked(batch_size=8))
    assert found is not None
    assert "the step of a full batch from there" in found.figures[1].caption
    assert "mini-batches" in found.note
    full = page_walk(walked())
    assert full is not None
    assert "the next step" in full.figures[1].caption


def test_a_run_that_diverges_keeps_the_slope_of_its_line() -> None:
    comparison = walked(epochs=400, learning_rate=0.25, standardize=False)
    found, walk = scenes(comparison), comparison.problem.walk
    assert walk is not None
    path = comparison.backends["python"].trajectory
    assert path is not None
    crossings = []
    for stop in range(3, len(walk.epochs)):
        x0, y0, x1, y1 = found["model"].places[stop]
        place = path.epochs.index(walk.epochs[stop])
        crossings.append((x0 + (100.0 - y0) * (x1 - x0) / (y1 - y0), path.biases[place] / path.weights[place][0]))
    drawn, ratios = map(np.array, zip(*crossings, strict=True))
    settled = np.isclose(ratios, ratios[-1], rtol=1e-3)
    assert settled.sum() > 5
    assert np.ptp(drawn[settled]) < 1.0


def test_a_line_far_outside_is_moved_in_along_itself() -> None:
    _, [axes] = style.chart(3)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    middle = np.array(_segment(axes, np.array([[0.5, 0.5], [0.5, 0.5]])))[:2]
    steep = np.array(_segment(axes, np.array([[0.5 - 1e6, 0.5 - 1e6], [0.5 + 1e6, 0.5 + 1e6]])))
    assert np.abs(steep).max() <= FARTHEST
    (x0, y0), (x1, y1) = steep.reshape(2, 2)
    assert y0 + (y1 - y0) * (middle[0] - x0) / (x1 - x0) == pytest.approx(middle[1], abs=0.2)
    assert np.abs(_segment(axes, np.array([[0.0, 1e9], [1.0, 1e9]]))).max() <= FARTHEST


def test_dependent_columns_have_no_bowl_where_there_is_none() -> None:
    column = np.arange(6.0)
    table = Dataset.from_arrays(np.column_stack([column, 2 * column]), column**2)
    options = Options(backends=("python",), epochs=5, learning_rate=0.01, budget_seconds=0.0, standardize=False)
    found = page_walk(side_by_side(table, options))
    assert found is not None
    assert "the smallest that is not 0" in found.figures[1].caption
    one = side_by_side(Dataset.from_arrays(np.array([[1.0, 2.0]]), np.array([3.0])), options)
    assert one.problem.walk is None


def test_the_line_that_was_learned_stands_beside_the_one_that_the_data_were_made_of() -> None:
    given = {"backends": ("python",), "epochs": 200, "learning_rate": 0.15, "budget_seconds": 0.0}
    noisy = page_walk(side_by_side(synthetic(50)[0], Options(**given)))  # type: ignore[arg-type]
    assert noisy is not None
    assert re.fullmatch(
        r"Learned: y = (\S+) X \+ (\S+); least squares: y = \1 X \+ \2; the data were made of y = 2 X.*noise\.",
        noisy.learned,
    )
    exact = page_walk(side_by_side(synthetic(50, noise=0.0)[0], Options(**given)))  # type: ignore[arg-type]
    assert exact is not None
    assert exact.learned.endswith("the data were made of y = 2 X + 1.")
    dashed = [found.figures[0].caption.partition(" Dashed: ")[2] for found in (noisy, exact)]
    assert dashed == ["the line that the data were made of, before the noise.", "the line that the data were made of."]
    unknown, several = page_walk(walked()), page_walk(walked(3))
    assert unknown is not None
    assert "made of" not in unknown.learned
    assert several is not None
    assert several.learned == ""


def test_a_run_that_diverges_is_followed_as_far_as_is_seen_and_said_to_have_learned_nothing() -> None:
    """The contours lie where the way leads, not only about its start."""
    comparison = walked(epochs=60, learning_rate=3.0)
    found, walk = page_walk(comparison), comparison.problem.walk
    assert found is not None
    assert walk is not None
    assert f"The way is followed to epoch {walk.epochs[-1]}; beyond" in found.note
    assert found.learned.startswith("After the last epoch: ")
    axes = scenes(comparison)["surface"].drawing.figure.axes[0]
    outermost = max(abs(float(x)) for x in axes.lines[0].get_xdata())
    assert outermost > max(abs(point[0]) for point in walk.points)
    still = page_walk(walked())
    assert still is not None
    assert "followed" not in still.note
    assert still.learned.startswith("Learned: ")


@pytest.mark.parametrize("features", [1, 3])
def test_a_file_of_its_own_shows_what_moves_where_the_page_has_it_at_the_end(features: int) -> None:
    comparison = walked(features)
    made = scenes(comparison)
    for drawing, scene in zip(stills(comparison), made.values(), strict=True):
        figure = drawing.figure
        *_, moved = figure.axes[0].lines
        inches = moved.get_transform().transform(moved.get_xydata()) / figure.dpi
        expected = np.reshape(scene.places[-1], (-1, 2))[: len(inches)]
        assert inches[:, 0] * 72 == pytest.approx(expected[:, 0], abs=1e-6)
        assert (figure.get_figheight() - inches[:, 1]) * 72 == pytest.approx(expected[:, 1], abs=1e-6)
        assert drawing.alt.endswith(f"It stands at epoch {comparison.problem.epochs}.")
    nowhere = replace(comparison, problem=replace(comparison.problem, walk=None))
    assert stills(nowhere) == []
