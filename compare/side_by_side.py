"""The main job: the same training run on every backend, one process each, then the judgement.

prepare    standardise, choose the learning rate, find where the descent is heading
run        each backend in its own process: import, bind, first call, gradient at the start, the whole run
measure    steady epochs, in rounds across the processes
judge      gradients and trajectories against the exact ones and against each other
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from handgrad.backends.catalogue import Entry, catalogue, entry
from handgrad.backends.interface import Plan, steady
from handgrad.compare import environment
from handgrad.compare.causes import EXPLAINED_ROWS, probe_points
from handgrad.compare.convergence import convergence, predicted_overflow
from handgrad.compare.evidence import gradchecks, judge_under_test, precision_table
from handgrad.compare.journal import Journal
from handgrad.compare.measure import Clock, ClockStopped, Lap, measure
from handgrad.compare.prepare import Options, Prepared, prepare
from handgrad.compare.process import Worker, WorkerError
from handgrad.compare.results import (
    BackendResult,
    Comparison,
    Speed,
    Status,
    Timing,
    Trajectory,
)
from handgrad.compare.source import source_of
from handgrad.compare.verdict import judged, verdict
from handgrad.data.dataset import Dataset

#: Told what is going on: a short sentence, how much is done, and how much there is.
Progress = Callable[[str, int, int], None]


class NothingRan(RuntimeError):
    """Not one backend could run; the message says why for each."""


@dataclass
class Run:
    """What one backend's process has answered so far."""

    entry: Entry
    reason: str | None = None
    status: Status = "ok"
    answers: dict[str, Any] | None = None
    worker: Worker | None = None
    timing: Timing | None = None

    def fail(self, error: WorkerError) -> None:
        """Notes why it has no results (any more)."""
        self.status, self.reason = error.status, str(error)

    def obituary(self) -> str:
        """Why it has no results, with its name."""
        told = self.reason or self.status
        return told if self.status == "unavailable" else f"backend '{self.entry.name}': {told}"


def side_by_side(
    dataset: Dataset,
    options: Options | None = None,
    folder: Path | None = None,
    progress: Progress = lambda what, done, of: None,
) -> Comparison:
    """Runs the backends side by side on a data set, and judges them.

    Args:
        dataset: The table, in the user's units.
        options: See `Options`.
        folder: Where `measurements.jsonl` grows while it runs; None keeps it in memory.
        progress: Called before each piece of work.

    Raises:
        UnknownBackend: If a name is not in the catalogue.
        DataError, InputError: If the data or an option cannot be used.
        NothingRan: If no backend ran.
    """
    options = options or Options()
    runs = {name: Run(entry(name)) for name in (defaults() if options.backends is None else options.backends)}
    progress("preparing", 0, len(runs) + 2)
    prepared = prepare(dataset, options)
    journal = Journal(folder, prepared.fingerprint(), options.resume)
    with prepared.data_file() as data, closing(runs):
        for done, run in enumerate(runs.values(), start=1):
            progress(run.entry.name, done, len(runs) + 2)
            carry_out(run, prepared, options, journal, data)
        progress("timing", len(runs) + 1, len(runs) + 2)
        time_epochs(runs, prepared, options, journal)
    if not any(run.answers for run in runs.values()):
        raise NothingRan("; ".join(run.obituary() for run in runs.values()) or "no backend was named")
    progress("judging", len(runs) + 2, len(runs) + 2)
    answers = {name: run.answers for name, run in runs.items() if run.answers}
    results = judged({name: result(run, prepared) for name, run in runs.items()}, answers, prepared)
    tested = judge_under_test(prepared) if options.self_test else None
    return Comparison(
        environment=environment.capture(options.thread_count()),
        problem=prepared.problem,
        backends=with_relative(results),
        verdict=verdict(results, tested),
        gradchecks=gradchecks(prepared, answers),
        self_test=tested,
        precision=precision_table(dataset, answers) if options.precision_table else None,
    )


def defaults() -> list[str]:
    """The backends that are compared when nobody names any."""
    return [name for name, described in catalogue().items() if described.by_default]


@contextlib.contextmanager
def closing(runs: dict[str, Run]) -> Iterator[None]:
    """Ends all processes, whatever happens."""
    try:
        yield
    finally:
        for run in runs.values():
            if run.worker is not None:
                run.worker.close()


def carry_out(run: Run, prepared: Prepared, options: Options, journal: Journal, data: Path) -> None:
    """Everything but the steady timing: from starting the process to the end of the whole run."""
    if (reason := run.entry.reason()) is not None:
        run.status, run.reason = "unavailable", reason
        return
    name, plan = run.entry.name, prepared.plan
    run.answers = journal.get(f"run {name}")
    if run.answers is not None and journal.get(f"epochs {name}") is not None:
        return  # an earlier run finished it
    run.worker = Worker(name, options.thread_count(), options.timeout_seconds)
    try:
        answers = run.worker.ask("load")
        answers |= run.worker.ask("bind", data=str(data), dtype=plan.dtype)
        answers |= run.worker.ask("first_call", plan=plan_fields(plan))
        answers |= run.worker.ask("train", plan=plan_fields(plan))
        if len(prepared.y) <= EXPLAINED_ROWS:
            answers |= run.worker.ask("gradients", points=probe_points(prepared.goal(), plan.dtype).tolist())
    except WorkerError as error:
        run.fail(error)
        return
    run.answers = answers
    journal.append(f"run {name}", answers)


def time_epochs(runs: dict[str, Run], prepared: Prepared, options: Options, journal: Journal) -> None:
    """Steady epochs of all backends that ran, interleaved; then the memory that each has used."""
    clocks = {}
    for name, run in runs.items():
        if (kept := journal.get(f"epochs {name}")) is not None and run.answers is not None:
            run.timing = msgspec.convert(kept["timing"], Timing)
            run.answers |= kept["memory"]
        elif run.worker is not None and run.answers is not None:
            clocks[name] = clock(run, prepared.plan)
    for name, timing in measure(clocks, options.budget_seconds * len(clocks)).items():
        run = runs[name]
        try:
            memory = run.worker.ask("memory")  # type: ignore[union-attr]
        except WorkerError as error:
            run.fail(error)
            continue
        run.timing = timing
        run.answers |= memory  # type: ignore[operator]
        journal.append(f"epochs {name}", {"timing": vars(timing), "memory": memory})


def clock(run: Run, plan: Plan) -> Clock:
    """Times so many epochs in the backend's process; a process that fails then keeps its results, but has no time."""

    def lap(epochs: int) -> Lap:
        assert run.worker is not None
        fields = plan_fields(steady(plan, epochs))
        try:
            answer = run.worker.ask("time", plan=fields, epochs=epochs)
        except WorkerError as error:
            run.reason = f"could not be timed: {error}"
            raise ClockStopped(str(error)) from error
        run.worker.rest()
        return Lap(answer["seconds"], (*answer["weights"], answer["bias"]))

    return lap


def plan_fields(plan: Plan) -> dict[str, Any]:
    """The plan as JSON."""
    start = None if plan.start is None else [list(map(float, plan.start.weights)), float(plan.start.bias)]
    return {
        "learning_rate": plan.learning_rate,
        "epochs": plan.epochs,
        "batch_size": plan.batch_size,
        "start": start,
        "seed": plan.seed,
        "dtype": plan.dtype,
        "record": None if plan.record is None else list(plan.record),
    }


def result(run: Run, prepared: Prepared) -> BackendResult:
    """The answers of a process as a result, parameters in the user's units; not yet judged."""
    described = BackendResult(
        status=run.status,
        gradient=run.entry.kind,  # type: ignore[arg-type]
        summary=run.entry.summary,
        reason=run.reason,
        version=run.entry.version(),
        source=source_of(run.entry),
    )
    if run.answers is None:
        return described
    training = run.answers["training"]
    diverged_at = training["diverged_at"]
    (weights,), (bias,) = prepared.back([training["weights"]], [training["bias"]])
    path = trajectory(training, prepared)
    return replace(
        described,
        status="diverged" if diverged_at is not None else "ok",
        reason=run.reason if diverged_at is None else prepared.divergence(predicted_overflow(prepared)),
        weights=weights,
        bias=bias,
        losses=tuple(training["losses"]),
        diverged_at=diverged_at,
        trajectory=path,
        convergence=convergence(path, prepared).said if diverged_at is None else None,
        speed=speed(run),
    )


def trajectory(training: dict[str, Any], prepared: Prepared) -> Trajectory:
    """The recorded parameters in the user's units."""
    weights, biases = prepared.back(training["recorded_weights"], training["recorded_biases"])
    return Trajectory(epochs=tuple(training["recorded_epochs"]), weights=weights, biases=biases)


def speed(run: Run) -> Speed | None:
    """The times and the memory of a process; None when its epochs could not be timed."""
    if run.timing is None or run.answers is None:
        return None
    return Speed(
        import_seconds=run.answers["import_seconds"],
        bind_seconds=run.answers["bind_seconds"],
        first_call_seconds=run.answers["first_call_seconds"],
        epoch_seconds=run.timing,
        peak_memory_bytes=run.answers["peak_bytes"],
        own_memory_bytes=run.answers["own_bytes"],
    )


def with_relative(results: dict[str, BackendResult]) -> dict[str, BackendResult]:
    """The same with each epoch's median over NumPy's."""
    numpy = results.get("numpy")
    if numpy is None or numpy.speed is None:
        return results
    base = numpy.speed.epoch_seconds.median
    return {
        name: replace(found, speed=replace(found.speed, relative=found.speed.epoch_seconds.median / base))
        if found.speed
        else found
        for name, found in results.items()
    }
