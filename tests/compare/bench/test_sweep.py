"""The sweep, with made-up workers: what is measured where, what is left out, and what survives a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from made_up_worker import World

from handgrad.backends.interface import InputError
from handgrad.compare.bench import left_out
from handgrad.compare.bench import sweep as bench_module
from handgrad.compare.bench.problem import Size, problem
from handgrad.compare.bench.sweep import bench
from handgrad.compare.bench.totals import RunCosts, break_evens
from handgrad.compare.results.bench import Bench, Cell, Settings
from handgrad.compare.results.files import ResultError, from_json, to_json
from handgrad.compare.results.timing import Timing
from handgrad.compare.side_by_side.side_by_side import NothingRan
from handgrad.compare.timing.messages import Bind, Bound, Load
from handgrad.compare.timing.process import Worker

SETTINGS = Settings(
    rows=(10, 100, 1000, 10_000),
    features=(1,),
    dtypes=("float64",),
    backends=("python", "numpy", "tape"),
    epochs=100,
    processes=2,
    precision=0.01,
    budget_seconds=0.05,
    seed=0,
)


def swept(world: World | None = None, folder: Path | None = None, resume: bool = False, **changes: Any) -> Bench:
    made = Settings(**{**{f: getattr(SETTINGS, f) for f in SETTINGS.__dataclass_fields__}, **changes})
    return bench(made, threads=1, folder=folder, resume=resume, start=(world or World()).start)


def at(found: Bench, rows: int) -> Cell:
    return next(cell for cell in found.cells if cell.rows == rows)


@pytest.fixture(scope="module")
def found() -> Bench:
    return swept()


def test_medians_are_those_of_the_formula_and_intervals_hold_them(found: Bench):
    for cell in found.cells:
        for name, (call, row) in World().costs.items():
            timed = cell.limit_seconds if name == "(machine)" else cell.backends[name].epoch_seconds
            assert timed is not None
            true = call + row * (cell.bytes / 8) if name == "(machine)" else call + row * cell.rows
            assert timed.median == pytest.approx(true, rel=0.01)
            assert timed.low <= timed.median <= timed.high
            assert len(timed.processes) == 2


def test_ratios_fractions_and_verdicts_follow_from_the_times(found: Bench):
    cell = at(found, 10_000)
    python, numpy = cell.backends["python"], cell.backends["numpy"]
    assert python.relative is not None
    assert python.relative.value == pytest.approx(1.001e-3 / 3e-5, rel=0.01)
    assert python.told_apart is True
    assert numpy.relative is None
    assert numpy.limit_fraction is not None
    assert numpy.limit_fraction.value == pytest.approx((1e-9 + 20_000 * 5e-10) / 3e-5, rel=0.01)
    assert cell.fastest == ("numpy",)
    assert at(found, 10).fastest == ("python",)


def test_the_reference_against_itself_is_within_its_own_noise_floor(found: Bench):
    for cell in found.cells:
        assert cell.again is not None
        assert cell.noise_floor == pytest.approx(0.01)
        assert 0.995 < cell.again.value < 1.005


def test_what_the_host_took_from_the_machine_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch):
    ticks = iter((stolen, 1000 * turn) for turn, stolen in enumerate([0, 5, 50, 70, 70, 70, 70, 70], 1))
    monkeypatch.setattr(bench_module.environment, "processor_seconds", lambda: next(ticks))
    struck = swept(rows=(100, 1000))
    assert sorted(cell.stolen for cell in struck.cells) == [pytest.approx(0.005), pytest.approx(0.02)]
    (line,) = [line for line in struck.warnings if "host" in line]
    assert "up to 2 % of its processors' time" in line
    assert "1 of 2 sizes" in line
    assert "run again" in line


@pytest.mark.parametrize("counts", [None, (5, 100)])
def test_nothing_is_said_of_a_host_where_nothing_counts_or_is_stolen(counts: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bench_module.environment, "processor_seconds", lambda: counts)
    quiet = swept(rows=(100,))
    assert quiet.cells[0].stolen is None
    assert not [line for line in quiet.warnings if "host" in line]


def test_two_backends_of_equal_cost_are_not_told_apart_and_share_the_first_place():
    world = World()
    world.costs["tape"] = world.costs["numpy"]
    cell = at(swept(world), 10_000)
    assert cell.backends["tape"].told_apart is False
    assert set(cell.fastest) == {"numpy", "tape"}


def test_a_backend_five_percent_slower_is_told_apart():
    world = World()
    call, row = world.costs["numpy"]
    world.costs["tape"] = (1.05 * call, 1.05 * row)
    cell = at(swept(world), 10_000)
    assert cell.backends["tape"].told_apart is True
    assert cell.fastest == ("numpy",)


def test_the_crossover_and_the_fastest_are_where_the_formulas_cross(found: Bench):
    (one,) = (c for c in found.crossovers if {c.faster, c.slower} == {"numpy", "python"})
    assert (one.slower, one.faster) == ("python", "numpy")
    assert (
        150 < one.rows.value < 250
    )  # 2e-5 + 1e-9 n = 1e-6 + 1e-7 n at n = 192; the curve between sizes is not straight
    epoch = [(r.fastest, r.first, r.last) for r in found.reigns if r.of == "epoch"]
    assert epoch == [("python", 10, 100), ("numpy", 1000, 10_000)]


def test_the_exponent_is_of_the_sizes_where_the_rows_make_the_time(found: Bench):
    by_name = {one.backend: one for one in found.scaling}
    assert by_name["python"].rows == (100, 1000, 10_000)
    assert by_name["python"].exponent.value == pytest.approx(0.98, abs=0.03)


def test_the_start_is_measured_with_nothing_compiled_and_again_from_the_same_cache():
    world = World()
    found = swept(world)
    (start,) = found.start_ups["numpy"]
    assert (start.first_call_cold_seconds, start.first_call_cached_seconds) == (2.0, 0.02)
    caches = [variables["NUMBA_CACHE_DIR"] for variables in world.variables]
    assert len(caches) == 6
    assert len(set(caches)) == 3
    assert caches[0] == caches[1]
    assert not any(Path(cache).exists() for cache in caches)


def test_a_start_pays_for_itself_after_as_many_epochs_as_it_costs_more():
    world = World()
    found = at(swept(world), 10_000).backends["tape"]
    assert found.total_cached_seconds == pytest.approx(0.1 + 0.01 + 0.01 + 0.02 + 99 * 1.2e-4, rel=0.02)
    (against,) = (one for one in found.break_even if one.against == "python")
    assert against.cached is not None
    assert against.cached <= 5  # the same import and first call: ahead as soon as an epoch is


def test_a_start_is_not_said_to_pay_where_noise_explains_the_difference_of_the_epochs():
    slow, fast = (RunCosts(0.2, 0.1, Timing(s, 0.9 * s, 1.1 * s, (s,))) for s in (1.0e-3, 0.5e-3))
    near = RunCosts(0.3, 0.2, Timing(0.95e-3, 0.8e-3, 1.05e-3, (0.95e-3,)))
    costs = {"python": slow, "tape": near, "numba": fast}
    assert break_evens("tape", costs) == ()
    (told,) = break_evens("numba", costs)
    assert (told.against, told.cached) == ("python", 0)


def test_the_fastest_of_those_that_read_all_rows_is_told_where_another_does_not():
    world = World()
    world.costs["moments"] = (1e-8, 0.0)
    found = swept(world, backends=("python", "numpy", "moments"))
    assert {one.fastest for one in found.reigns if one.of == "epoch"} == {"moments"}
    assert at(found, 100).backends["moments"].bytes_per_epoch == 0
    (last,) = [one for one in found.reigns if one.of == "rows" and one.last == 10_000]
    assert last.fastest == "numpy"
    assert not [one for one in swept().reigns if one.of == "rows"]


def test_a_backend_that_does_less_than_was_timed_is_called_wrong():
    world = World(stops_after={"tape": 3})  # as many as are checked before, and one more
    cell = at(swept(world), 1000)
    assert cell.backends["tape"].status == "failed"
    assert "parameters after a timed run differ from the true ones" in cell.backends["tape"].reason
    assert cell.backends["numpy"].timed_ratio < 1
    assert "tape" not in cell.fastest


def test_a_table_that_no_memory_holds_is_not_made():
    with pytest.raises(NothingRan, match="GiB are free"):
        swept(rows=(10**13,))


def test_what_only_the_first_move_of_data_costs_is_set_up_and_counts_once():
    class LoadsLate(World):
        def start(self, *given: Any) -> Any:
            worker = super().start(*given)
            move, late = worker.bind, [0.5 if given[0] == "tape" else 0.0]

            def bind(request: Bind) -> Bound:
                return Bound(move(request).bind_seconds + (late.pop() if late else 0.0))

            worker.bind = bind  # type: ignore[method-assign]
            return worker

    found = swept(LoadsLate())
    (start,) = found.start_ups["tape"]
    assert (start.set_up_seconds, start.bind_seconds) == (pytest.approx(0.51), 0.01)
    assert found.start_ups["numpy"][0].set_up_seconds == 0.01
    late, prompt = (at(found, 10_000).backends[name] for name in ("tape", "python"))
    assert late.bind_seconds == prompt.bind_seconds == 0.01
    (against,) = (one for one in late.break_even if one.against == "python")
    assert against.cached == pytest.approx(0.5 / (1.001e-3 - 1.2e-4), rel=0.02)


def test_each_process_goes_through_all_cells_in_an_order_of_its_own():
    told: list[str] = []
    bench(SETTINGS, threads=1, progress=lambda what, done, of: told.append(what), start=World().start)
    cells = [what.split(" ×")[0] for what in told if "process" in what]
    assert sorted(cells[:4]) == sorted(cells[4:]) == sorted(map(str, SETTINGS.rows))
    assert cells[:4] != cells[4:]


def test_a_process_of_each_backend_lives_through_all_cells():
    world = World()
    swept(world)
    assert world.started["python"] == 2 + 2  # two to start up, one for each of the two turns
    assert world.started["numpy"] == 2 + 2 * 2  # and the reference once more


def test_a_slow_backend_is_left_out_where_its_budget_is_too_small_and_it_is_said():
    world = World()
    world.costs["python"] = (0.0, 1e-4)
    found = swept(world)
    left = at(found, 10_000).backends["python"]
    assert left.status == "skipped"
    assert left.reason is not None
    assert "an epoch would take about 1 s" in left.reason
    assert "--budget" in left.reason
    assert left.epoch_seconds is None
    assert at(found, 100).backends["python"].status == "ok"
    assert at(found, 10_000).backends["numpy"].status == "ok"


def test_what_does_not_fit_into_the_memory_is_left_out_and_it_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(left_out, "free_bytes", lambda: 400_000)
    found = swept()
    cell = at(found, 10_000)
    statuses = {name: one.status for name, one in cell.backends.items()}
    assert "skipped" in statuses.values()
    assert all("GiB" in str(one.reason) for one in cell.backends.values() if one.status == "skipped")
    assert all(one.status == "ok" for one in at(found, 100).backends.values())


def test_a_backend_that_computes_something_else_is_wrong_however_fast_it_is():
    world = World(gradient_error={"tape": 1e-9})
    world.costs["tape"] = (1e-9, 1e-12)
    cell = at(swept(world), 1000)
    assert cell.backends["tape"].status == "failed"
    assert "times what rounding explains" in str(cell.backends["tape"].reason)
    assert "tape" not in cell.fastest


def test_rounding_is_no_reason_to_call_a_backend_wrong():
    assert all(
        one.status == "ok"
        for cell in swept(World(gradient_error={"tape": 1e-16})).cells
        for one in cell.backends.values()
    )


def test_a_backend_that_changes_its_answers_is_told():
    found = swept(World(changes={"tape"}))
    timed = at(found, 1000).backends["tape"].epoch_seconds
    assert timed is not None
    assert timed.changed_answers > 0
    assert any("tape, 1000 × 1 float64" in line and "other parameters" in line for line in found.warnings)


def test_a_worker_that_dies_at_whatever_question_ends_no_sweep():
    changes = {"rows": (10,), "backends": ("python", "numpy"), "processes": 1, "budget_seconds": 0.005}
    whole = World()
    swept(whole, **changes)
    questions = sum(whole.asked.values())
    assert questions > 60
    for question in (*range(25), *range(25, questions, 4)):  # each of the first start-ups, and some of the rest
        found = swept(world := World(dies_after=question), **changes)
        assert world.dies_after is None
        assert "ok" in {one.status for one in found.cells[0].backends.values()}


def test_a_backend_that_dies_in_one_cell_is_started_anew_for_the_next():
    world = World(dies={"tape": 1000})
    found = swept(world)
    assert at(found, 1000).backends["tape"].status == "failed"
    assert "SIGKILL" in str(at(found, 1000).backends["tape"].reason)
    assert at(found, 1000).backends["numpy"].status == "ok"
    assert all(at(found, rows).backends["tape"].status == "ok" for rows in (10, 100, 10_000))


def test_a_killed_sweep_resumes_without_losing_measurements(tmp_path: Path):
    whole = World()
    swept(whole)
    killed = World(stop_after=sum(whole.asked.values()) // 2)
    with pytest.raises(KeyboardInterrupt):
        swept(killed, folder=tmp_path)
    lines = (tmp_path / "measurements.jsonl").read_text(encoding="utf-8").splitlines()
    done = {json.loads(line)["key"] for line in lines}
    assert 3 < len(done) < 3 + 1 + 8
    rest = World()
    found = swept(rest, folder=tmp_path, resume=True)
    assert all(one.status == "ok" for cell in found.cells for one in cell.backends.values())
    cells_done = sum(key.startswith("cell") for key in done)
    assert rest.asked["python", "bind"] == 8 - cells_done + 2 * (3 - sum(k.startswith("start") for k in done)) // 3
    again = World()
    assert to_json(swept(again, folder=tmp_path, resume=True)) is not None
    assert sum(again.asked.values()) == 0


def test_measurements_of_another_sweep_are_not_used(tmp_path: Path):
    swept(folder=tmp_path)
    other = World()
    swept(other, folder=tmp_path, resume=True, seed=1)
    assert other.asked["python", "bind"] > 0


def test_a_result_is_json_and_back_without_loss(found: Bench):
    assert from_json(to_json(found), Bench) == found


def test_a_file_that_is_no_sweep_is_told_in_one_line():
    with pytest.raises(ResultError, match="handgrad bench"):
        from_json(b'{"schema": 1, "problem": {}}', Bench)
    with pytest.raises(ResultError, match="not JSON"):
        from_json(b"{", Bench)


def test_a_sweep_of_nothing_is_refused():
    with pytest.raises(InputError, match="rows: expected"):
        swept(rows=())
    with pytest.raises(InputError, match="processes"):
        swept(processes=0)
    with pytest.raises(InputError, match="precision"):
        swept(precision=0.0)


def test_a_sweep_in_which_nothing_can_run_says_why():
    world = World(dies={"numpy": 10})
    with pytest.raises(NothingRan, match="SIGKILL"):
        swept(world, rows=(10,), backends=("numpy",))


@pytest.mark.parametrize("size", [Size(1, "float64", 100), Size(100, "float64", 20), Size(16, "float32", 1000)])
def test_descent_on_the_problem_of_a_cell_converges(size: Size):
    from handgrad.backends.interface import steady
    from handgrad.backends.numpy import NumPyTrainer

    made = problem(size, 0)
    assert made.X.dtype == made.y.dtype == size.dtype
    training = NumPyTrainer(made.X, made.y, size.dtype).train(steady(made.plan, 200))
    assert training.diverged_at is None
    assert training.losses[-1] < training.losses[0]


PARENT = """
import sys, time
from handgrad.compare.timing.messages import Load, ReadBytes
from handgrad.compare.timing.process import Worker
worker = Worker("python", 1, 60)
worker.ask(Load())
worker.ask(ReadBytes(8192, 1))
worker.rest()
print(worker.process.pid, flush=True)
time.sleep(600)
"""


def test_a_resting_worker_ends_when_its_parent_is_killed():
    if sys.platform != "linux":
        pytest.skip("a stopped process is ended by its parent's death on Linux only")
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert becomes(pid, "T"), "the worker does not rest"
    parent.kill()
    parent.wait()
    parent.stdout.close()
    if not becomes(pid, None, "Z"):
        os.kill(pid, signal.SIGKILL)
        pytest.fail("the worker outlived its parent")


def becomes(pid: int, *wanted: str | None) -> bool:
    """Whether a process comes to one of the states; a signal takes a moment to arrive."""
    deadline = time.monotonic() + 20
    while state(pid) not in wanted and time.monotonic() < deadline:
        time.sleep(0.01)
    return state(pid) in wanted


def state(pid: int) -> str | None:
    """The process's state as one letter; None when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return None


def test_a_resting_worker_answers_when_it_is_asked():
    worker = Worker("numpy", 1, 60)
    try:
        worker.rest()
        assert worker.ask(Load()).import_seconds > 0
    finally:
        worker.close()


def test_sizes_by_numbers_follow_the_width_and_are_not_measured_twice():
    asked = Settings((10, 100), (1, 4, 500), ("float64",), ("numpy",), 1, 1, 0.1, 0.0, 0, numbers=(400,))
    assert {d: asked.rows_of(d) for d in asked.features} == {1: [10, 100, 400], 4: [10, 100], 500: [1, 10, 100]}
