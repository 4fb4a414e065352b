"""The main job: the same training run on every backend, one process each, then the judgement.

prepare    standardise, choose the learning rate, find where the descent is heading
run        each backend in its own process: import, bind, first call, gradient at the start, the whole run; then steady
           epochs, in rounds across the processes (`runs`)
judge      gradients and trajectories against the exact ones and against each other
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from handgrad.backends.catalogue import entry, usual
from handgrad.compare.device.found import FoundDevice, found_device
from handgrad.compare.lanes import in_lanes
from handgrad.compare.laps.ends import LapJudge
from handgrad.compare.laps.remarks import remarked
from handgrad.compare.results import reasons
from handgrad.compare.results.comparison import BackendResult, Comparison, Trajectory
from handgrad.compare.results.environment import Environment
from handgrad.compare.results.timing import DeviceUse, Estimate, Speed, Timing
from handgrad.compare.results.verdict import Verdict
from handgrad.compare.side_by_side.answers import number
from handgrad.compare.side_by_side.arrival import arrival, divergence, is_growing
from handgrad.compare.side_by_side.choice import device_pays
from handgrad.compare.side_by_side.describe import with_trained
from handgrad.compare.side_by_side.evidence import gradchecks, judge_under_test, precision_table
from handgrad.compare.side_by_side.prepare import Options, Prepared, check_memory, prepare
from handgrad.compare.side_by_side.runs import (
    LANES,
    Run,
    RunContext,
    carry_out,
    closing,
    decide_on,
    kept_timing,
    lanes,
    reader,
    reader_there,
    time_epochs,
)
from handgrad.compare.side_by_side.source import source_of
from handgrad.compare.side_by_side.verdict import judged, verdict
from handgrad.compare.side_by_side.walk import walk
from handgrad.compare.timing import environment
from handgrad.compare.timing.clocks import DEVICE
from handgrad.compare.timing.journal import Journal, fingerprint
from handgrad.compare.timing.messages import TrainingMessage
from handgrad.compare.timing.progress import Progress, silent
from handgrad.compare.timing.statistics import paired_ratio
from handgrad.data.dataset import Dataset
from handgrad.data.errors import DataError


class NothingRan(RuntimeError):
    """Not one backend could run; the message says why for each."""


def side_by_side(
    dataset: Dataset,
    options: Options | None = None,
    folder: Path | None = None,
    progress: Progress = silent,
    meanwhile: Mapping[str, Callable[[], object]] | None = None,
) -> Comparison:
    """Runs the backends side by side on a data set, and judges them.

    Args:
        dataset: The table, in the user's units.
        options: See `Options`.
        folder: Where `measurements.jsonl` grows while it runs; None keeps it in memory.
        progress: Called before each piece of work.
        meanwhile: What the caller will need afterwards anyway, such as an import, by name; done in a thread of its own
            while the last backends are set up.

    Raises:
        UnknownBackend: If a name is not in the catalogue.
        DataError, InputError: If the data or an option cannot be used.
        DeviceAbsent: If no backend sees the device that is asked for.
        NothingRan: If no backend ran.
    """
    options = options or Options()
    captured = environment.capture(options.thread_count())  # the load is that before the comparison
    asked = map(entry, usual().values() if options.backends is None else options.backends)
    runs = {one.name: Run(one, one.place(options.device)) for one in asked}
    every = [run.entry for run in runs.values()]
    device = found_device(options.device, every, options.thread_count(), options.timeout_seconds)
    check_memory(dataset, [name for name, run in runs.items() if run.entry.reason() is None], options.dtype)
    steps = len(runs) + len(meanwhile or {}) + 3
    progress("preparing", 0, steps)
    prepared = prepare(dataset, options)
    journal = Journal(folder, problem_print(prepared, runs), options.resume)
    with prepared.data_file() as data, ThreadPoolExecutor(LANES) as pool, closing(runs):
        judge, there = LapJudge(prepared.table), reader_there(runs, device)
        context = RunContext(prepared, options, journal, data, reader(runs), judge, device, there)
        set_up(pool, runs, context, meanwhile or {}, lambda at_work, done: progress(at_work, done + 1, steps))
        progress("timing", steps - 2, steps)
        limit = time_epochs(runs, context)
    if not any(run.answers for run in runs.values()):
        raise NothingRan("; ".join(run.why_not() for run in runs.values()) or "no backend was named")
    progress("judging", steps - 1, steps)
    used = used_device(device, context)
    return judgement(runs, limit, prepared, dataset, options, captured, used)


def used_device(device: FoundDevice | None, context: RunContext) -> DeviceUse | None:
    """The device, with how long it takes to read as many bytes as X and y have."""
    if device is None:
        return None
    return DeviceUse(device.kind, device.name, context.bytes(), kept_timing(DEVICE, context.journal))


def set_up(
    pool: Executor,
    runs: Mapping[str, Run],
    context: RunContext,
    meanwhile: Mapping[str, Callable[[], object]],
    tell: Callable[[str, int], None],
) -> None:
    """Everything but the steady timing of every run, and what the caller wants done meanwhile, a few at a time.

    Backends whose libraries are installed apart come first, since those take longest to import; runs that would take
    long come last, the shortest of them first.
    """
    first = sorted(runs, key=lambda name: not runs[name].entry.install)
    tasks = {name: partial(carry_out, runs[name], context) for name in first} | dict(meanwhile)
    in_lanes(pool, lanes(context.prepared), tasks, tell)
    waiting = sorted((run.long_seconds, name) for name, run in runs.items() if run.long_seconds is not None)
    for _, name in waiting:
        tell(name, len(tasks) - 1)  # they have been counted
        decide_on(runs[name], context, any(run.answers for run in runs.values()))


def judgement(
    runs: Mapping[str, Run],
    limit: Timing | None,
    prepared: Prepared,
    dataset: Dataset,
    options: Options,
    captured: Environment,
    device: DeviceUse | None = None,
) -> Comparison:
    """What the runs gave, judged; `limit` is how long the machine takes to read X and y, `device` who else does."""
    answers = {name: run.answers for name, run in runs.items() if run.answers}
    found = {name: result(run, prepared) for name, run in runs.items()}
    if not any(found[name].weights for name in answers):  # the table is the reason, and no backend
        raise DataError(next(found[name].reason or "" for name in answers))
    begun = {name: run.gradient for name, run in runs.items() if run.gradient is not None}
    results = judged(found, answers, begun, {name: run.explanation for name, run in runs.items()}, prepared)
    readers = {name for name, run in runs.items() if run.entry.reads_all_rows}
    there = None if device is None else device.limit_seconds
    limits = {name: limit if run.place == "cpu" else there for name, run in runs.items()}
    results = remarked(compared(results, limits), limits, readers)
    safe = [name for name in answers if runs[name].entry.code is None]  # others run in processes of their own alone
    tested = judge_under_test(prepared) if options.self_test else None
    return Comparison(
        environment=captured,
        problem=replace(with_trained(prepared.problem, results, dataset), walk=walk(results, dataset, prepared)),
        backends=results,
        verdict=with_device(verdict(results, prepared, tested), runs, readers),
        gradchecks=gradchecks(prepared, answers),
        self_test=tested,
        precision=precision_table(dataset, safe) if options.precision_table else None,
        device=device,
    )


def with_device(found: Verdict, runs: Mapping[str, Run], readers: Collection[str]) -> Verdict:
    """The verdict with when a device pays; of a run that diverged, no cost is told."""
    there = {name for name, run in runs.items() if run.place != "cpu"}
    if not there or found.choice is None or (found.choice.run is None and not found.choice.run_tied):
        return found
    return replace(found, choice=replace(found.choice, device=device_pays(found.choice.costs, there, readers)))


def problem_print(prepared: Prepared, runs: Mapping[str, Run]) -> str:
    """Identifies data, plan and the code that was given: a resumed run never mixes two of them."""
    codes = {name: run.entry.code.digest for name, run in runs.items() if run.entry.code is not None}
    there = {f"{name} on": run.place for name, run in runs.items() if run.place != "cpu"}
    return fingerprint(prepared.fingerprint(), codes | there) if codes | there else prepared.fingerprint()


def result(run: Run, prepared: Prepared) -> BackendResult:
    """The answers of a process as a result, parameters in the user's units; not yet judged."""
    described = BackendResult(
        status=run.status,
        gradient=run.entry.kind,  # type: ignore[arg-type]
        summary=run.entry.summary,
        reason=run.reason,
        version=run.entry.version(),
        source=source_of(run.entry),
        slow=run.slow,
        device=None if run.place == "cpu" else run.place,
    )
    if run.answers is None:
        return described
    training = run.answers.training
    diverged_at, losses = training.diverged_at, tuple(map(number, training.losses))
    left = divergence(diverged_at, prepared) if diverged_at is not None or is_growing(losses, prepared) else None
    try:
        (weights,), (bias,) = prepared.back([training.weights], [training.bias])
        path = trajectory(training, prepared)
    except DataError as left_range:
        return replace(described, status="failed", reason=str(left_range))
    return replace(
        described,
        status="diverged" if diverged_at is not None and run.status == "ok" else run.status,
        reason=run.reason if left is None or left.epoch is None or run.status != "ok" else reasons.of_divergence(left),
        weights=weights,
        bias=bias,
        losses=losses,
        diverged_at=diverged_at,
        trajectory=path,
        arrival=arrival(path, losses, diverged_at, prepared),
        divergence=left,
        speed=speed(run),
        lap_ends=run.lap_ends,
    )


def trajectory(training: TrainingMessage, prepared: Prepared) -> Trajectory:
    """The recorded parameters in the user's units."""
    weights, biases = prepared.back(training.recorded_weights, training.recorded_biases)
    return Trajectory(epochs=tuple(training.recorded_epochs), weights=weights, biases=biases)


def speed(run: Run) -> Speed | None:
    """The times and the memory of a process; None when its epochs could not be timed."""
    timed = run.lap_ends is None or run.lap_ends.right
    if run.timing is None or run.answers is None or not timed:
        return None
    return Speed(
        import_seconds=run.answers.import_seconds,
        bind_seconds=run.answers.bind_seconds,
        first_call_seconds=run.answers.first_call_seconds,
        epoch_seconds=run.timing,
        peak_memory_bytes=run.answers.peak_bytes,
        own_memory_bytes=run.answers.own_bytes,
        elsewhere_memory_bytes=run.answers.elsewhere_bytes,
        transfer_seconds=run.answers.transfer_seconds,
    )


def compared(results: dict[str, BackendResult], limits: Mapping[str, Timing | None]) -> dict[str, BackendResult]:
    """The results with each epoch over NumPy's, and as a fraction of its limit, both from the same rounds.

    `limits` are how long X and y take to be read where each backend computes, by name.
    """
    numpy = results.get("numpy")
    base = numpy.speed.epoch_seconds if numpy is not None and numpy.speed is not None else None

    def placed(speed: Speed, limit: Timing | None) -> Speed:
        epoch = speed.epoch_seconds
        relative, fraction = over(epoch, base), over(limit, epoch)
        return replace(
            speed,
            relative=relative.value if relative else None,
            relative_interval=(relative.low, relative.high) if relative else None,
            ceiling_fraction=fraction.value if fraction else None,
            ceiling_interval=(fraction.low, fraction.high) if fraction else None,
        )

    return {
        name: replace(found, speed=found.speed and placed(found.speed, limits.get(name)))
        for name, found in results.items()
    }


def over(one: Timing | None, other: Timing | None) -> Estimate | None:
    """The median over the rounds of their ratio, with its interval."""
    return paired_ratio(one, other) if one is not None and other is not None else None
