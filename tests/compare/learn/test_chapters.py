"""The experiments of the course: what each shows must be what the mathematics says."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any, ClassVar

import numpy as np
import pytest
from made_up_worker import after

from handgrad.backends.exact import ExactTrainer
from handgrad.backends.interface import Parameters, Plan
from handgrad.backends.numpy import NumPyTrainer
from handgrad.compare.check.exercises.catalogue import EXERCISES as GRADED
from handgrad.compare.learn import one_feature, plain
from handgrad.compare.learn.by_hand import by_hand
from handgrad.compare.learn.checking import arm, checking
from handgrad.compare.learn.costs import costs
from handgrad.compare.learn.mini_batches import mini_batches
from handgrad.compare.learn.one_feature import OneFeature
from handgrad.compare.learn.rates import rates
from handgrad.compare.learn.scaling import LONG_EPOCHS, condition_of, scaling
from handgrad.compare.learn.sources import SHOWN, excerpt, excerpts
from handgrad.compare.learn.summation import in_blocks, summation, sums_of
from handgrad.compare.learn.surface import apart, surface
from handgrad.compare.results.learn.chapters import CHAPTERS
from handgrad.compare.results.learn.descent import DescentPath
from handgrad.compare.timing import messages as m
from handgrad.compare.timing.process import WorkerError
from handgrad.data.dataset import DataError, Dataset
from handgrad.data.synthetic import synthetic
from handgrad.reports.learn.exercises import TASKS


@pytest.fixture(scope="module")
def table() -> OneFeature:
    return OneFeature.of(synthetic(num_samples=150, seed=3)[0])


# -- the table


def test_of_several_features_the_one_that_explains_most_is_taken() -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(50, 3))
    found = OneFeature.of(Dataset.from_arrays(X, -4 * X[:, 1] + 0.1 * X[:, 2]))
    assert found.subject.feature == "X2"
    assert found.subject.features_of == 3


def test_a_feature_that_makes_a_valley_is_brought_to_the_range_0_to_1() -> None:
    x = np.linspace(1000, 1400, 30)
    found = OneFeature.of(Dataset.from_arrays(x, 3 * x + np.sin(x)))
    assert found.subject.bounds == (1000, 1400)
    assert (min(found.subject.x), max(found.subject.x)) == (0, 1)
    assert found.checked.hessian.condition < one_feature.LARGEST_CONDITION < found.subject.raw_condition


def test_no_more_rows_are_used_than_a_lesson_needs() -> None:
    dataset, _ = synthetic(num_samples=5000)
    found = OneFeature.of(dataset)
    assert (found.subject.rows, found.subject.rows_of) == (one_feature.MOST_ROWS, 5000)
    assert len(found.subject.x) == len(found.subject.y) == one_feature.MOST_ROWS


@pytest.mark.parametrize(
    ("X", "y", "told"),
    [
        ([1.0, 2.0], [1.0, 2.0], "at least 3 rows"),
        ([5.0, 5.0, 5.0, 5.0], [1.0, 2.0, 3.0, 4.0], "a feature that varies"),
        ([1.0, 2.0, 3.0, 4.0], [7.0, 7.0, 7.0, 7.0], "a target that varies, got 7 in every row"),
    ],
)
def test_what_teaches_nothing_is_refused(X: list[float], y: list[float], told: str) -> None:
    with pytest.raises(DataError, match=told):
        OneFeature.of(Dataset.from_arrays(X, y))


# -- 1 to 3


def test_the_contours_are_those_of_the_loss_and_lowest_at_the_minimum(table: OneFeature) -> None:
    found = surface(table).grid
    for i, j in ((0, 0), (17, 40), (60, 3)):
        w, b = found.weights[j], found.biases[i]
        expected = np.mean((w * table.x + b - table.y) ** 2)
        assert found.losses[i][j] == pytest.approx(expected, rel=1e-12)
    i, j = np.unravel_index(np.argmin(found.losses), np.shape(found.losses))
    cell = np.array([found.weights[1] - found.weights[0], found.biases[1] - found.biases[0]])
    assert np.all(np.abs([found.weights[j], found.biases[i]] - table.minimum) <= cell)


def test_every_backend_walks_from_zero_to_the_minimum_and_all_go_one_way(table: OneFeature) -> None:
    found = surface(table)
    assert {"python", "numpy", "numba", "tape"} <= found.paths.keys()
    for path in found.paths.values():
        assert (path.weights[0], path.biases[0]) == (0, 0)
        left = math.dist((path.weights[-1], path.biases[-1]), table.minimum)
        assert left <= 1.01e-3 * np.linalg.norm(table.minimum)
        assert len(path.losses) == len(path.weights) == found.epochs + 1
    assert found.apart < 1e-14


def test_paths_that_part_are_seen(table: OneFeature) -> None:
    path = next(iter(surface(table).paths.values()))
    other = DescentPath((*path.weights[:-1], path.weights[-1] + 0.5), path.biases, path.losses)
    assert apart([path, other], table.minimum) == pytest.approx(0.5 / np.abs(table.minimum).max())


def test_the_whole_plane_of_a_path_lies_on_the_grid(table: OneFeature) -> None:
    found = surface(table)
    for path in found.paths.values():
        assert found.grid.weights[0] < min(path.weights) < max(path.weights) < found.grid.weights[-1]
        assert found.grid.biases[0] < min(path.biases) < max(path.biases) < found.grid.biases[-1]


def test_the_mean_of_the_pulls_is_the_gradient(table: OneFeature) -> None:
    found = by_hand(table)
    pulls = [sum(values) / len(values) for values in found.pulls]
    assert pulls == pytest.approx(found.exact[1:], rel=1e-12)
    for slopes in found.found.values():
        assert [slopes.weight, slopes.bias] == pytest.approx(found.exact[1:], rel=1e-13)
        assert max(slopes.weight_ulps, slopes.bias_ulps) < 20


def test_the_shown_code_gives_the_exact_gradient_and_the_backends_way(table: OneFeature) -> None:
    x, y = table.x.tolist(), table.y.tolist()
    weight, bias = table.point()
    exact = ExactTrainer(table.x, table.y).gradient_at([weight], bias)
    assert plain.loss(x, y, weight, bias) == pytest.approx(exact.loss, rel=1e-13)
    slopes = [sum(found) / len(found) for found in plain.pulls(x, y, weight, bias)]
    assert slopes == pytest.approx([exact.weights[0], exact.bias], rel=1e-13)
    assert plain.gradient_from(plain.sums(x, y), weight, bias) == pytest.approx(slopes, rel=1e-12)
    bend = table.checked.hessian.eigenvalues.max()
    for found, off in ((plain.forward, 1e-5 * bend), (plain.central, 1e-8)):
        assert found(lambda w, b: plain.loss(x, y, w, b), weight, bias, 1e-5) == pytest.approx(slopes[0], abs=off)
    trained = NumPyTrainer(x, y).train(Plan(0.1, epochs=1, start=Parameters(np.array([weight]), bias)))
    assert plain.step(weight, bias, *slopes, 0.1) == pytest.approx((trained.weights[0], trained.bias), rel=1e-13)


# -- 4


def test_the_v_falls_with_slope_minus_one_and_rises_with_slope_one(table: OneFeature) -> None:
    found = checking(table, by_hand(table))
    assert found.left == pytest.approx(-1, abs=0.25)
    assert found.right == pytest.approx(1, abs=0.01)
    assert found.central_left == pytest.approx(-1, abs=0.25)
    assert 0.03 < found.best / found.predicted < 30


def test_a_large_step_is_best_for_the_central_difference(table: OneFeature) -> None:
    found = checking(table, by_hand(table))
    errors = {method.name: method.error for method in found.methods}
    assert errors["quadratic"] < errors["central"] / 100 < errors["forward"] / 100


def test_the_slope_of_an_arm_is_read_from_its_own_steps() -> None:
    steps = [10.0**-k for k in range(10)]
    errors = [h**2 if h > 1e-5 else 1 / h for h in steps]
    assert arm(steps, errors, lambda h: h > 1e-5) == pytest.approx(2)
    assert arm(steps, errors, lambda h: h < 1e-5) == pytest.approx(-1)
    assert arm(steps, [0.0] * 10, lambda h: True) is None


# -- 5


def test_rates_do_what_the_eigenvalues_say(table: OneFeature) -> None:
    found = rates(table)
    runs = {run.name: run for run in found.runs}
    assert found.best < runs["just below"].rate < found.limit < runs["just over"].rate
    assert min(runs.values(), key=lambda run: run.excess[-1]).name == "best"
    for run in runs.values():
        assert run.observed == pytest.approx(run.contraction, rel=0.01)
        assert (run.excess[-1] > run.excess[0]) == (run.name == "just over")


def test_the_run_over_the_limit_overflows_when_it_was_predicted(table: OneFeature) -> None:
    over = rates(table).runs[-1]
    assert over.overflow is not None
    assert over.diverged_at == pytest.approx(over.overflow, rel=0.01)


def test_the_loss_above_the_minimum_is_that_of_the_losses(table: OneFeature) -> None:
    run = rates(table).runs[0]
    expected = [loss - table.subject.lowest for loss in run.path.losses]
    assert run.excess == pytest.approx(expected, rel=1e-9)


# -- 6


def test_a_scale_changes_the_epochs_as_its_condition_number_promises(table: OneFeature) -> None:
    variants = {v.name: v for v in scaling(table).variants}
    assert variants["standardised"].condition == pytest.approx(1)
    assert variants["standardised"].seen == 1
    for name in ("as it is", "a tenth of the unit"):
        assert variants[name].seen == pytest.approx(variants[name].promised, rel=0.02, abs=2)
    assert variants["another zero"].seen is None
    assert variants["another zero"].promised > LONG_EPOCHS


def test_epochs_are_promised_where_the_contraction_rounds_to_one() -> None:
    tables = {t.name: t for t in map(condition_of, ["longley", "norris"])}
    assert tables["longley"].standardized_epochs == pytest.approx(183_039 / 2, rel=0.1)  # for 6 of 12 digits
    assert tables["longley"].raw_epochs > 1e18
    assert tables["norris"].standardized_epochs == 1


def test_where_the_loss_bends_alike_in_all_directions_growth_is_seen_in_each() -> None:
    level = OneFeature.of(Dataset.from_arrays([-1.0, 1.0, -1.0, 1.0], [3.0, 3.0, 1.0, 1.0]))
    assert level.subject.minimum[0] == 0
    over = rates(level).runs[-1]
    assert over.overflow is not None
    assert over.diverged_at == pytest.approx(over.overflow, abs=1)


def test_a_level_line_is_taught_from_a_point_with_a_slope_and_a_start_at_the_minimum_is_refused() -> None:
    level = OneFeature.of(Dataset.from_arrays([-2.0, -1.0, 0.0, 1.0, 2.0], [4.0, 1.0, 0.0, 1.0, 4.0]))
    found = by_hand(level)
    assert found.exact[1] != 0
    assert checking(level, found).exact == found.exact[1]
    with pytest.raises(DataError, match="the best one is 0 where descent starts"):
        OneFeature.of(Dataset.from_arrays([-1.0, 1.0, -1.0, 1.0], [1.0, 1.0, -1.0, -1.0]))


def test_what_was_seen_of_the_whole_error_is_what_the_eigenvalues_say_of_it(table: OneFeature) -> None:
    for run in rates(table).runs:
        assert run.observed == pytest.approx(run.expected, rel=1e-6)


# -- mini-batches


def test_the_noise_of_a_batch_is_what_was_predicted_and_none_for_the_whole_table(table: OneFeature) -> None:
    found = mini_batches(table, seed=0)
    assert [run.size for run in found.runs] == [150, 32, 1]
    assert [run.steps for run in found.runs] == [1, 5, 150]
    assert found.runs[0].predicted_spread == found.runs[0].seen_spread == 0
    for run in found.runs[1:]:
        assert run.seen_spread == pytest.approx(run.predicted_spread, rel=0.15)
    assert all(len(run.excess) == found.epochs + 1 for run in found.runs)


def test_small_batches_come_farther_in_an_epoch_and_a_smaller_rate_nearer_in_the_end(table: OneFeature) -> None:
    found = mini_batches(table, seed=0)
    after_one = [run.excess[1] for run in found.runs]
    assert after_one[0] > 5 * after_one[1]
    assert found.slower.final < found.runs[-1].final / 2


@pytest.mark.parametrize(("rows", "sizes"), [(3, [3, 1]), (9, [9, 2, 1]), (200, [200, 32, 1])])
def test_batches_suit_the_table(rows: int, sizes: list[int]) -> None:
    x = np.linspace(-1, 1, rows)
    found = mini_batches(OneFeature.of(Dataset.from_arrays(x, 3 * x + x**2)), seed=0)
    assert [run.size for run in found.runs] == sizes
    assert all(np.isfinite(run.excess).all() for run in (*found.runs, found.slower))


# -- 7


def test_a_total_that_is_too_large_swallows_what_is_added() -> None:
    numbers = np.array([2.0**24] + [1.0] * 1000, dtype=np.float32)
    errors = sums_of(numbers)
    assert errors["one after the other"] == pytest.approx(1000 / (2**24 + 1000))
    assert errors["smallest first"] == 0
    assert errors["float64, rounded at the end"] == 0


def test_blocks_add_up_everything_once() -> None:
    numbers = np.arange(1, 301, dtype=np.float32)
    assert in_blocks(numbers, 128).sum() == numbers.sum()


def test_every_order_keeps_the_worst_case_and_every_backend_its_bound() -> None:
    found = summation(seed=1)
    for errors in found.errors.values():
        assert all(e <= w for e, w in zip(errors, found.worst, strict=True))
    assert found.errors["one after the other"][-1] > 100 * found.errors["pairwise (np.sum)"][-1]
    assert list(found.swallowed) == sorted(found.swallowed)
    assert found.swallowed[-1] > 0
    assert all(single.gradient_ratio <= 1 for single in found.backends.values())


# -- 8 and 9


class FakeWorker:
    """A worker whose epochs take `calls[name] + rows · per_row[name]` seconds; its numbers are NumPy's."""

    calls: ClassVar = {"numpy": 1e-5, "numba": 1e-6, "python": 1e-7, "moments": 5e-7}
    per_row: ClassVar = {"numpy": 1e-9, "numba": 1e-8, "python": 1e-5}
    broken: frozenset[str] = frozenset()

    def __init__(self, backend: str, threads: int, timeout_seconds: float) -> None:
        self.name = backend

    def ask(self, request: Any) -> Any:
        return getattr(self, request.name)(request)

    def load(self, request: m.Load) -> m.Loaded:
        if self.name in self.broken:
            raise WorkerError("no library")
        return m.Loaded(0.25)

    def bind(self, request: m.Bind) -> m.Bound:
        with np.load(request.data) as arrays:
            self.trainer = NumPyTrainer(arrays["X"], arrays["y"])
        return m.Bound(0.5 if self.name == "moments" else 0.01)

    def first_call(self, request: m.FirstCall) -> m.FirstCalled:
        loss, weights, bias = self.trainer.gradient_at([0.0], 0.0)
        return m.FirstCalled(0.125, m.GradientMessage(loss, weights.tolist(), bias))

    def time(self, request: m.TimeEpochs) -> m.EpochsTimed:
        epochs = request.epochs
        weights, bias = after(self.trainer, request.plan.plan(), epochs)
        seconds = self.calls.get(self.name, 1e-3) + self.trainer.rows * self.per_row.get(self.name, 0.0)
        return m.EpochsTimed(epochs * seconds, weights.tolist(), float(bias))

    def memory(self, request: m.AskMemory) -> m.MemoryUsed:
        return m.MemoryUsed(1, 1)

    def rest(self) -> None: ...

    def close(self) -> None: ...


def test_the_fastest_and_the_crossovers_follow_from_the_times() -> None:
    found = costs(0, (100, 1000, 10_000), FakeWorker)
    first, last = found.fastest_ranges[0], found.fastest_ranges[-1]
    assert (first.first, last.last, last.fastest) == (100, 10_000, "numpy")
    (crossing,) = [c for c in found.crossovers if {c.slower, c.faster} == {"numba", "numpy"}]
    assert crossing.faster == "numpy"
    assert crossing.rows.value == pytest.approx(1000, rel=0.05)  # 10 µs + 1 ns n = 1 µs + 10 ns n
    assert "moments" not in {r.fastest for r in found.fastest_ranges}


def test_a_backend_that_is_too_slow_is_left_out_of_larger_sizes() -> None:
    class Slower(FakeWorker):
        per_row: ClassVar = FakeWorker.per_row | {"python": 1e-4}

    found = costs(0, (100, 10_000), Slower)
    assert found.cells[0].backends["python"].status == "ok"
    assert found.cells[1].backends["python"].status == "skipped"


def test_a_backend_that_does_not_start_is_missing_with_its_reason() -> None:
    class Broken(FakeWorker):
        broken = frozenset({"tape"})

    found = costs(0, (100, 1000), Broken)
    assert found.missing["tape"] == "no library"
    assert "tape" not in found.starts
    assert found.begun["moments"] == 0.5 + 0.125


# -- sources and exercises


def test_every_chapter_shows_code_that_stands_in_the_project() -> None:
    found = excerpts()
    assert tuple(found) == CHAPTERS
    for chapter, pieces in found.items():
        for piece, (_, names) in zip(pieces, SHOWN[chapter], strict=True):
            assert piece.code.count("def ") >= len(names)
            assert piece.code.startswith(("def ", "@"))


def test_the_code_that_is_shown_is_the_idea_and_no_kernel() -> None:
    modules = [module for shown in SHOWN.values() for module, _ in shown]
    assert not [module for module in modules if "kernels" in module or module.endswith(("tiled", "backends.moments"))]
    assert all(len(piece.code.splitlines()) <= 45 for pieces in excerpts().values() for piece in pieces)


def test_showing_code_imports_none_of_it() -> None:
    code = "import sys; from handgrad.compare.learn.sources import excerpts; excerpts(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("name", ["Trainer", "Trainer.nothing", "nothing"])
def test_code_that_is_not_there_is_an_error(name: str) -> None:
    with pytest.raises(LookupError, match=name.rpartition(".")[2]):
        excerpt("handgrad.backends.interface", (name,))


def test_every_chapter_has_exercises_in_the_courses_order_and_each_has_words() -> None:
    chapters = [exercise.chapter for exercise in GRADED.values()]
    assert tuple(dict.fromkeys(chapters)) == CHAPTERS
    assert chapters == sorted(chapters, key=CHAPTERS.index)
    assert TASKS.keys() == {exercise.name for exercise in GRADED.values()}
