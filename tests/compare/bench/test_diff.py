"""Two runs against each other, on samples that are made up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_up_worker import World

from handgrad.compare.bench.diff import DiffError, change, diff, time_changes
from handgrad.compare.bench.sweep import bench
from handgrad.compare.results import comparison as results
from handgrad.compare.results.bench import Bench, Settings
from handgrad.compare.results.comparison import Comparison
from handgrad.compare.results.diff import Diff, TimeChange
from handgrad.compare.results.environment import Environment
from handgrad.compare.results.files import ResultError, from_json, to_json, write_whole
from handgrad.compare.results.timing import Estimate, Speed
from handgrad.compare.timing.statistics import groups_of, timing

SETTINGS = Settings((1000, 10_000), (1,), ("float64",), ("python", "numpy", "tape"), 100, 2, 0.01, 0.1, 0)


def swept(noise: int = 0, **factors: float) -> Bench:
    """A sweep in which a backend's cost is multiplied; `all` multiplies that of everything."""
    world = World(noise=np.random.default_rng(noise))
    for name, (call, row) in world.costs.items():
        factor = factors.get(name, 1.0) * factors.get("all", 1.0)
        world.costs[name] = (factor * call, factor * row)
    return bench(SETTINGS, threads=1, start=world.start)


def between(tmp_path: Path, before: Bench | Comparison, after: Bench | Comparison, threshold: float = 0.05) -> Diff:
    paths = [tmp_path / "before", tmp_path / "after"]
    for path, run in zip(paths, (before, after), strict=True):
        write_whole(path / "result.json", to_json(run))
    return diff(paths[0], paths[1], threshold)


def of(found: Diff, backend: str) -> list[TimeChange]:
    return [one for one in found.times if one.backend == backend]


def test_two_runs_of_the_same_code_pass(tmp_path: Path):
    for seed in range(5):
        found = between(tmp_path, swept(2 * seed), swept(2 * seed + 1))
        assert found.passed, found.reasons
        assert [one.change for one in found.times] == ["same"] * 6
        assert not any(one.significant for one in found.times)


def test_a_kernel_slowed_by_twenty_percent_fails_and_is_named(tmp_path: Path):
    found = between(tmp_path, swept(1), swept(2, tape=1.2))
    assert not found.passed
    assert [one.change for one in of(found, "tape")] == ["slower", "slower"]
    assert all(one.ratio.value == pytest.approx(1.2, rel=0.02) for one in of(found, "tape"))
    assert {one.change for one in [*of(found, "numpy"), *of(found, "python")]} == {"same"}
    assert all(reason.startswith("tape, ") for reason in found.reasons)


def test_a_kernel_that_became_faster_passes_and_is_told(tmp_path: Path):
    found = between(tmp_path, swept(1), swept(2, numpy=0.7))
    assert found.passed
    assert [one.change for one in of(found, "numpy")] == ["faster", "faster"]


def test_a_machine_that_slowed_down_as_a_whole_is_no_regression(tmp_path: Path):
    found = between(tmp_path, swept(1), swept(2, all=1.5))
    assert found.passed
    for one in found.times:
        assert one.ratio.value == pytest.approx(1.5, rel=0.02)
        assert one.beside is not None
        assert one.beside.value == pytest.approx(1.0, rel=0.02)


def test_a_kernel_that_slowed_down_on_a_machine_that_did_too_is_a_regression(tmp_path: Path):
    found = between(tmp_path, swept(1), swept(2, all=1.5, tape=1.2))
    assert {one.change for one in of(found, "tape")} == {"slower"}
    assert {one.backend for one in found.times if one.change == "slower"} == {"tape"}


def test_a_change_below_the_threshold_passes_however_certain_it_is(tmp_path: Path):
    before, after = swept(1), swept(2, tape=1.2)
    assert between(tmp_path, before, after, threshold=0.3).passed
    assert all(one.significant for one in of(between(tmp_path, before, after, threshold=0.3), "tape"))


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1.06, 1.3, "slower"),
        (1.04, 1.3, "unclear"),
        (0.98, 1.02, "same"),
        (0.7, 0.9, "faster"),
        (0.5, 2.0, "unclear"),
    ],
)
def test_a_change_counts_only_when_its_whole_interval_says_so(low: float, high: float, expected: str):
    assert change(Estimate((low + high) / 2, low, high), 0.05) == expected


def test_one_witness_that_changed_cannot_accuse_the_others(tmp_path: Path):
    found = between(tmp_path, compared(1), compared(2, slower=0.5))
    assert found.passed
    assert {one.backend: one.change for one in found.times} == {
        "numpy": "unclear",
        "numba": "faster",
        "tape": "unclear",
    }


def test_a_backend_alone_is_held_against_itself(tmp_path: Path):
    alone = [replace(run, backends={"numba": run.backends["numba"]}) for run in (compared(1), compared(2, slower=1.2))]
    found = between(tmp_path, *alone)
    assert found.times[0].beside is None
    assert found.times[0].change == "slower"


def test_what_failed_since_is_a_regression(tmp_path: Path):
    before = swept(1)
    failed = replace(before.cells[0].backends["tape"], status="failed", reason="boom", epoch_seconds=None)
    cell = replace(before.cells[0], backends={**before.cells[0].backends, "tape": failed})
    found = between(tmp_path, before, replace(before, cells=(cell, *before.cells[1:])))
    assert not found.passed
    assert found.reasons == ("tape, 1000 × 1 float64: outcome was ok, is failed",)


def test_environments_that_differ_are_listed_and_like_ones_are_not(tmp_path: Path):
    before = swept(1)
    assert between(tmp_path, before, before).environment == ()
    there = replace(
        before.environment,
        cpu="another",
        threads=8,
        packages={**before.environment.packages, "numpy": "9.9"},
        load=(before.environment.load or 0.0) + 3,
    )
    told = between(tmp_path, before, replace(before, environment=there)).environment
    assert [line.partition(":")[0] for line in told] == ["cpu", "threads", "numpy", "load"]
    assert told[1] == "threads: 1 before, 8 after"


# -- runs of compare ---------------------------------------------------------------------------------------------------


def compared(
    seed: int = 0, weight: float = 2.0, ulp: float = 1.0, passed: bool = True, slower: float = 1.0
) -> Comparison:
    """Three backends, two of which are always the same."""
    noise = np.random.default_rng(seed)

    def backend(name: str, changed: bool) -> results.BackendResult:
        times = 1e-3 * (slower if changed else 1.0) * (1 + 0.01 * noise.random(40))
        return results.BackendResult(
            status="ok",
            gradient="manual",
            weights=(weight if changed else 2.0,),
            bias=1.0,
            losses=(1.0, 0.5),
            accuracy=results.Accuracy(
                results.StartGradient(1.0, (1.0,), 1.0, max_ulp=ulp if changed else 1.0, bound_ratio=0.1),
                results.ParameterAccuracy(),
                passed=passed or not changed,
            ),
            speed=Speed(0.1, 0.01, 0.1, timing([times.tolist()])),
        )

    problem = results.Problem(
        "t", 100, ("x",), "y", "t", "mse", 0.1, "given", 1, None, "float64", 0, True, (0.0,), (1.0,)
    )
    where = Environment("3.11", "Linux", "cpu", 2, 2, {"numpy": "2.0"}, "now", "handgrad compare")
    names = {"numpy": False, "numba": True, "tape": False}
    return Comparison(where, problem, {n: backend(n, c) for n, c in names.items()}, results.Verdict(True, ()))


def test_two_comparisons_of_the_same_code_pass(tmp_path: Path):
    found = between(tmp_path, compared(1), compared(2))
    assert found.passed
    assert found.others == ()
    assert found.kind == "compare"


def test_a_backend_that_left_its_bound_is_a_regression_and_its_ulps_are_told(tmp_path: Path):
    found = between(tmp_path, compared(1), compared(2, ulp=50.0, passed=False))
    assert not found.passed
    assert [(one.backend, one.what, one.regression) for one in found.others] == [
        ("numba", "accuracy", True),
        ("numba", "gradient error (ULP)", False),
    ]


def test_other_parameters_are_told_but_do_not_fail(tmp_path: Path):
    found = between(tmp_path, compared(1), compared(2, weight=2.0 + 1e-12))
    assert found.passed
    ((one),) = found.others
    assert (one.backend, one.what) == ("numba", "parameters")
    assert "1e-12" in one.after


def test_a_slower_backend_of_a_comparison_fails(tmp_path: Path):
    found = between(tmp_path, compared(1), compared(2, slower=1.2))
    assert [one.backend for one in found.times if one.change == "slower"] == ["numba"]


def test_runs_that_cannot_be_compared_are_refused(tmp_path: Path):
    with pytest.raises(DiffError, match="two runs of one command"):
        between(tmp_path, compared(), swept())
    other = compared()
    with pytest.raises(DiffError, match="rows: expected the same"):
        between(tmp_path, compared(), replace(other, problem=replace(other.problem, rows=99)))
    with pytest.raises(DiffError, match="order: expected the same in both runs, got shuffled and file"):
        between(tmp_path, compared(), replace(other, problem=replace(other.problem, order="file")))
    with pytest.raises(ResultError, match=r"expected a run folder with a result\.json"):
        diff(tmp_path / "nowhere", tmp_path / "before")


def test_samples_survive_the_way_through_the_file(tmp_path: Path):
    before = swept(1)
    between(tmp_path, before, before)
    back = from_json((tmp_path / "before" / "result.json").read_bytes(), Bench)
    timed = back.cells[0].backends["numpy"].epoch_seconds
    assert timed == before.cells[0].backends["numpy"].epoch_seconds
    assert timed is not None
    assert [len(group) for group in groups_of(timed)] == list(timed.processes)


def test_nothing_is_slower_that_two_copies_of_one_program_differed_by_as_well():
    seen = Estimate(1.3, 1.08, 1.65)
    assert change(seen, 0.05) == "slower"
    before, after = timing([[1.0] * 5]), timing([[1.3] * 5])
    quiet, noisy = (
        next(iter(time_changes("cell", {"numpy": before}, {"numpy": after}, 0.05, floor))) for floor in (0.01, 0.4)
    )
    assert (quiet.change, noisy.change) == ("slower", "same")
    assert (quiet.significant, noisy.significant) == (True, False)
