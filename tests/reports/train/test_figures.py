"""The pictures of one model: written whole, told apart by what is drawn, and bounded in what they draw."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from handgrad.reports.train import figures
from handgrad.reports.train.figures import learned_against_true, learned_weights_against_true, loss_curve, predictions


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that were written."""
    seen: list[Figure] = []
    png = figures.png
    monkeypatch.setattr(figures, "png", lambda figure: (seen.append(figure), png(figure))[1])
    return seen


MAKERS: dict[str, Callable[[Path], Path]] = {
    "loss": lambda path: loss_curve([4.0, 2.0, 1.0], "numpy", path),
    "predictions": lambda path: predictions([1.0, 2.0], [1.5, 1.5], "$y$", 0.5, path),
    "line": lambda path: learned_against_true([0.0, 1.0], [1.0, 3.0], (1.9, -0.5), (2.0, 1.0), ("X", "y"), path),
    "weights": lambda path: learned_weights_against_true(["a", "b"], [1.0, 2.0], [1.5, 2.5], path),
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_picture_is_a_file_that_opens_and_is_not_blank(name: str, tmp_path: Path) -> None:
    path = MAKERS[name](tmp_path / "deep" / f"{name}.png")
    pixels = imread(io.BytesIO(path.read_bytes()))
    assert 0.005 < np.mean(pixels[..., :3].min(axis=2) < 0.9) < 0.6
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(("losses", "scale"), [([4.0, 2.0, 1.0], "log"), ([0.0, 0.0], "linear")])
def test_a_loss_is_on_a_logarithmic_axis_where_it_can_be(losses, scale, drawn, tmp_path: Path) -> None:
    loss_curve(losses, "numpy", tmp_path / "loss.png")
    assert drawn[0].axes[0].get_yscale() == scale


def test_a_formula_has_the_sign_of_its_bias(drawn, tmp_path: Path) -> None:
    MAKERS["line"](tmp_path / "line.png")
    [legend] = drawn[0].legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "true: 2.00000 X + 1.00000",
        "learned: 1.90000 X - 0.500000",
    ]


def test_many_points_and_many_weights_are_drawn_in_part(drawn, tmp_path: Path) -> None:
    values = [float(value) for value in range(10_000)]
    predictions(values, values, "y", 1.0, tmp_path / "predictions.png")
    learned_weights_against_true([f"X{j}" for j in range(100)], values[:100], values[:100], tmp_path / "weights.png")
    [scatter] = drawn[0].axes[0].collections
    assert len(scatter.get_offsets()) == figures.MOST_POINTS
    assert [len(points.get_offsets()) for points in drawn[1].axes[0].collections] == [figures.MOST_ROWS] * 2
