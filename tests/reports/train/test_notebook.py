"""A training run in a notebook: what happened, the parameters, and a picture that carries all of itself."""

from __future__ import annotations

import base64
import re

import numpy as np

import handgrad as hg
from handgrad.reports.train.notebook import notebook


def test_a_run_shows_its_end_its_parameters_and_its_curve() -> None:
    X = np.linspace(0, 3, 40)
    found = hg.train(X, 2 * X + 1, backend="numpy", learning_rate=0.05)
    shown = found._repr_html_()
    assert f"100 epochs: loss {found.losses[0]:.6g} → " in shown
    assert f"<td>{found.bias:.6g}" in shown
    picture = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', shown)
    assert picture is not None
    assert b"<svg" in base64.b64decode(picture[1])
    assert len(shown) < 50_000


def test_a_run_that_diverged_says_so() -> None:
    X = np.linspace(0, 3, 40)
    shown = hg.train(X, 2 * X + 1, backend="numpy", learning_rate=5.0, epochs=1000)._repr_html_()
    assert re.search(r"Diverged at epoch \d+: loss [\d.]+ → [\d.]+e30\d, the last that was finite", shown)
    assert "never finite" in notebook([], [0.0], 0.0, 1)


def test_many_weights_are_cut() -> None:
    shown = notebook([4.0, 1.0], [0.5] * 1000, 7.0, None)
    assert shown.count("<td>0.5") == 8
    assert "<td>7" in shown
