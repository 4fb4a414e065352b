"""The script of the page in a browser: the slider moves what it should, to where the result says; the table sorts."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from browser import BROWSER, left_by

from handgrad.compare.results.comparison import BackendResult
from handgrad.compare.side_by_side.prepare import Options
from handgrad.compare.side_by_side.side_by_side import side_by_side
from handgrad.data.synthetic import synthetic
from handgrad.reports.compare.html import html
from handgrad.reports.look.pages import policy_hash

#: Plays the user and leaves what it saw as JSON.
USER = """
<pre id="seen"></pre><script>
const seen = {}, all = (s) => [...document.querySelectorAll(s)];
const slider = document.getElementById("walk-stop");
const state = () => ({
  told: document.getElementById("walk-told").textContent,
  line: ["x1", "y1", "x2", "y2"].map((k) => Number(document.querySelector(".moving .line").getAttribute(k))),
  residual: Number(document.querySelector(".moving .residual").getAttribute("y2")),
  spoken: slider.getAttribute("aria-valuetext"),
});
seen.hidden = document.getElementById("walk-knob").hidden;
seen.first = state();
slider.value = 5; slider.dispatchEvent(new Event("input"));
seen.fifth = state();
const order = () => all(".overview tbody tr").map((row) => row.dataset.backend);
const heads = all(".overview thead button"), lines = heads[7];
lines.click(); seen.up = order();
lines.click(); seen.down = order();
heads[1].click(); seen.agreeing = order();
heads[4].click(); heads[4].click(); seen.slowest = order();
seen.drawn = all('svg [data-backend="numpy"]').length;
seen.shared = all("#figure-fit [data-backend]").map((line) => line.dataset.backend);
const box = (name) => document.querySelector(`tr[data-backend="${name}"] input`);
seen.boxes = ["numpy", "gone"].map((name) => [box(name).checked, box(name).disabled]);
box("numpy").click();
seen.off = all('svg .off[data-backend="numpy"]').length; seen.others = all(".off").length;
box("python").click(); box("tape").click(); seen.none = all("#figure-fit .off").length;
box("numpy").click(); box("python").click(); box("tape").click(); seen.on = all(".off").length;
const shown = () => all(".side").slice(0, 2).map((side) => side.querySelector(".source").dataset.name);
const selects = all(".side select");
const choose = (k, name) => { selects[k].value = name; selects[k].dispatchEvent(new Event("change")); };
const chosen = () => selects.map((select) => select.value);
seen.pairs = [[shown(), chosen()]];
choose(0, "python"); seen.pairs.push([shown(), chosen()]);
choose(0, "tape"); seen.pairs.push([shown(), chosen()]);
seen.sources = all("article.source").length;
const root = document.documentElement;
seen.widths = [innerWidth, root.scrollWidth - root.clientWidth];
const go = (stop) => { slider.value = stop; slider.dispatchEvent(new Event("input")); };
const print = (stop) => { go(stop); dispatchEvent(new Event("beforeprint")); return state(); };
seen.printed = print(0); seen.chosen = print(5);
document.getElementById("seen").textContent = JSON.stringify(seen);
</script>
"""


@pytest.fixture(scope="module")
def comparison():
    options = Options(backends=["python", "numpy", "tape"], epochs=40, learning_rate=0.15, budget_seconds=0.01)
    found = side_by_side(synthetic(200)[0], options)
    absent = BackendResult(status="failed", gradient="manual", summary="is not there", reason="it failed")
    return replace(found, backends={"gone": absent} | found.backends)


@pytest.fixture(scope="module")
def page(comparison) -> str:
    return html(comparison)


@pytest.fixture(scope="module")
def seen(page: str, tmp_path_factory: pytest.TempPathFactory) -> dict:
    if BROWSER is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    user = USER.split("<script>")[1].split("</script>")[0]
    admitted = page.replace("script-src '", f"script-src '{policy_hash(user)}' '")  # beside the page's own, by its hash
    played = admitted.replace("</body>", f"{USER}</body>")
    return json.loads(left_by(played, tmp_path_factory.mktemp("page")))


def stops(page: str) -> list[dict]:
    found = re.search(r'id="walk-stops">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])["stops"]


def test_the_sentence_has_the_numbers_of_the_result(comparison, page: str) -> None:
    path, walk = comparison.backends["numpy"].trajectory, comparison.problem.walk
    for epoch, stop in list(enumerate(stops(page)))[:10]:
        found = re.search(r"Epoch (\d+) of 40: W = (\S+), b = (\S+)\. dW = (\S+), db = (\S+);", stop["told"])
        assert found is not None, stop["told"]
        assert int(found[1]) == epoch
        assert float(found[2]) == pytest.approx(path.weights[epoch][0], rel=1e-5)
        assert float(found[3]) == pytest.approx(path.biases[epoch], rel=1e-5)
        assert [float(found[4]), float(found[5])] == pytest.approx(walk.gradients[epoch], rel=1e-2)


def test_the_slider_moves_the_line_and_the_sentence(seen: dict, page: str) -> None:
    assert not seen["hidden"]
    for name, stop in (("first", stops(page)[0]), ("fifth", stops(page)[5])):
        assert seen[name]["told"] == stop["told"]
        assert seen[name]["line"] == pytest.approx(stop["model"])
    assert seen["fifth"]["spoken"] == "Epoch 5 of 40"
    assert seen["first"]["residual"] != seen["fifth"]["residual"]


def test_paper_has_the_end_unless_an_epoch_was_chosen(seen: dict, page: str) -> None:
    assert seen["printed"]["told"] == stops(page)[-1]["told"]
    assert seen["chosen"]["told"] == seen["fifth"]["told"]


def test_the_table_sorts(seen: dict, comparison) -> None:
    """Upwards, downwards; what is not known comes last either way."""
    ran = comparison.ran()
    by_lines = sorted(ran, key=lambda name: ran[name].source.lines)
    assert seen["up"] == [*by_lines, "gone"]
    assert seen["down"] == [*sorted(by_lines, key=lambda name: -ran[name].source.lines), "gone"]
    assert seen["agreeing"][-1] == "gone"
    assert seen["slowest"] == [*sorted(ran, key=lambda name: -ran[name].speed.epoch_seconds.median), "gone"]


def test_a_row_switches_its_curves_and_no_others(seen: dict) -> None:
    """A line that all share stays until all are off."""
    assert seen["boxes"] == [[True, False], [False, True]]  # who did not run has no curve
    assert seen["drawn"] > 3
    assert seen["off"] == seen["others"] == seen["drawn"]
    assert seen["shared"] == ["python\nnumpy\ntape"]
    assert seen["none"] == 1
    assert seen["on"] == 0


def test_two_sources_are_chosen(seen: dict) -> None:
    """One that is chosen comes up; both change places where it stood on the other side. None is lost or doubled."""
    names = [["numpy", "tape"], ["python", "tape"], ["tape", "python"]]
    assert seen["pairs"] == [[pair, pair] for pair in names]
    assert seen["sources"] == 3


def test_nothing_is_wider_than_a_phone(seen: dict) -> None:
    assert seen["widths"] == [360, 0]
