"""The slider's script gives the numbers that Python gives. It is run in Chromium or by Node, where one is installed."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import BROWSER, left_by

from handgrad.backends.numpy import NumPyTrainer
from handgrad.compare.learn.one_feature import OneFeature
from handgrad.compare.learn.rates import rates
from handgrad.compare.results.learn.descent import Rates
from handgrad.data.synthetic import synthetic
from handgrad.reports.learn.slider import slider
from handgrad.reports.look.pages import TEMPLATES

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(
    NODE is None and BROWSER is None, reason="no Chromium and no Node here: apt-get install chromium"
)

MOMENTUM = 0.6


@pytest.fixture(scope="module")
def table() -> OneFeature:
    return OneFeature.of(synthetic(num_samples=120, seed=5)[0])


@pytest.fixture(scope="module")
def found(table: OneFeature) -> Rates:
    return rates(table)


@pytest.fixture(scope="module")
def told(found: Rates, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the script answers: a run at each of the chapter's rates, one with momentum, factors and verdicts."""
    asked = f"""
const bowl = {slider(found).bowl}, rates = {json.dumps([run.rate for run in found.runs])};
say(JSON.stringify({{
  runs: rates.map((rate) => descend(bowl, rate, 0, 60)),
  heavy: descend(bowl, rates[1], {MOMENTUM}, 60),
  factors: rates.map((rate) => Math.max(factor(rate, 0, bowl.largest), factor(rate, 0, bowl.smallest))),
  verdicts: [99, 100, 101].map((percent) => verdict(bowl, percent, 0)),
  heavyVerdicts: [159, 160, 161].map((percent) => verdict(bowl, percent, {MOMENTUM})),
  heavyFactors: [0.99, 1.01].map((share) => factor(share * bowl.limit * {1 + MOMENTUM}, {MOMENTUM}, bowl.largest)),
  written: [0.12298, 34.2175, 3.7e7, 0, Infinity].map(brief),
}}));
"""
    script = (TEMPLATES / "learn.js").read_text(encoding="utf-8")
    answer: dict[str, Any] = json.loads(_said(script, asked, tmp_path_factory.mktemp("slider")))
    return answer


def _said(script: str, asked: str, folder: Path) -> str:
    """What the script says to `asked`, in a page without a slider."""
    if BROWSER is not None:
        say = 'const say = (text) => { document.getElementById("seen").textContent = text; };'
        return left_by(f'<pre id="seen"></pre><script>{script}</script><script>{say}{asked}</script>', folder)
    assert NODE is not None
    asked = f"{script}\nconst say = console.log;{asked}"
    return subprocess.run([NODE, "-"], input=asked, capture_output=True, text=True, check=True).stdout


def test_the_script_walks_as_numpy_does_below_and_above_the_limit(found: Rates, told: dict[str, Any]) -> None:
    for run, walked in zip(found.runs, told["runs"], strict=True):
        assert walked["excess"] == pytest.approx(list(run.excess), rel=1e-6, abs=1e-24 * run.excess[0]), run.name
        weights, biases = zip(*walked["path"], strict=True)
        assert weights == pytest.approx(run.path.weights, rel=1e-9, abs=1e-12)
        assert biases == pytest.approx(run.path.biases, rel=1e-9, abs=1e-12)


def test_the_script_takes_steps_with_momentum_as_they_are_defined(
    table: OneFeature, found: Rates, told: dict[str, Any]
) -> None:
    trainer, rate = NumPyTrainer(table.x, table.y), found.runs[1].rate
    theta, velocity = np.zeros(2), np.zeros(2)
    for point in told["heavy"]["path"]:
        assert point == pytest.approx(theta.tolist(), rel=1e-9, abs=1e-11)
        slopes = trainer.gradient_at(theta[:1], float(theta[1]))
        velocity = MOMENTUM * velocity + np.array([slopes.weights[0], slopes.bias])
        theta = theta - rate * velocity


def test_what_an_epoch_leaves_is_what_the_eigenvalues_say(found: Rates, told: dict[str, Any]) -> None:
    assert told["factors"] == pytest.approx([run.contraction for run in found.runs], rel=1e-12)
    below, above = told["heavyFactors"]
    assert below < 1 < above


def test_the_verdict_turns_at_the_limit_also_with_momentum(told: dict[str, Any]) -> None:
    for below, at, above in (told["verdicts"], told["heavyVerdicts"]):
        assert "It converges" in below
        assert "to and fro" in at
        assert "It diverges" in above


def test_numbers_are_written_as_on_the_page(told: dict[str, Any]) -> None:
    assert told["written"] == ["0.123", "34.22", "3.7e7", "0", "∞"]
