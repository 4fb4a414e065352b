"""One training run on a table that memory does not hold: what `handgrad train` does with `--memory`.

A survey, one pass, tells the rate's limits, the minimum, and whether all cells are numbers. `moments` needs no other;
all others need one for each epoch, and one for the last loss. Standardising takes one before all of them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath

import numpy as np

from handgrad.backends.array_trainer import BlockTrainer
from handgrad.backends.blocks import Blocks
from handgrad.backends.catalogue import Entry, catalogue, entry, load
from handgrad.backends.interface import DType, InputError, Plan, Training
from handgrad.backends.moments import MomentsTrainer
from handgrad.compare.blocks.stream_blocks import Budget, StreamBlocks
from handgrad.compare.judge.closed_form import ClosedForm
from handgrad.compare.results import reasons
from handgrad.compare.results.comparison import Problem
from handgrad.compare.scale.standard import standardization
from handgrad.compare.scale.survey import Survey, survey
from handgrad.compare.side_by_side.describe import curvature, destination
from handgrad.compare.side_by_side.forecast import Forecast, TableFacts
from handgrad.compare.side_by_side.one_run import TrainedModel, model_of, where_rows_are
from handgrad.compare.side_by_side.prepare import Options, Prepared, plain, recorded
from handgrad.compare.timing.environment import available_cores
from handgrad.compare.timing.progress import PassTeller, Progress, silent
from handgrad.data.standardize import Standardization
from handgrad.data.stream.pieces import TableStream


def train_streamed(
    stream: TableStream, backend: str | Entry, options: Options, memory_bytes: int, progress: Progress = silent
) -> TrainedModel:
    """Trains on one backend, in this process, block by block.

    Args:
        stream: The table, in the user's units.
        backend: Its name, or what is known of one that is given.
        options: See `Options`; what concerns timing is not used.
        memory_bytes: Of data that may be there at once.
        progress: Told of passes over the rows.

    Raises:
        UnknownBackend, BackendUnavailable, DataError, InputError: Each with a message for the user.
    """
    trainer_class = class_of(backend, stream)
    raw = StreamBlocks(stream, Budget(memory_bytes, options.thread_count()))
    raw.watch = PassTeller(progress, trainer_class.name, passes_of(trainer_class, options))
    units = standardization(raw) if options.standardize else Standardization.identity(stream.features)
    given = raw.like(standardization=units) if options.standardize else raw
    source = trainer_class.source(given)
    source.watch = raw.watch
    seen = survey(given, source)
    check_batches(options.batch_size, given.rows, entry(backend).name)
    plan = plan_for(seen.table, options)
    blocks = given if plan.dtype == "float64" else given.like(dtype=plan.dtype)
    trainer = made(trainer_class, source if blocks is given else blocks, plan.dtype, seen if blocks is given else None)
    trainer.data[0].watch = raw.watch
    training = trainer.train(plan)
    prepared = prepared_of(stream, seen.table, in_file_units(seen.table.solution, units), plan, units, options)
    name = entry(backend).name
    passes = sum(one.passes for one in {id(one): one for one in (raw, given, blocks)}.values())
    if source is not given:  # workers have read the rows, once for each format
        passes += 1 if blocks is given else 2
    model = model_of(stream, name, prepared, training)
    return TrainedModel(name, model, training, prepared, (), passes, *where_rows_are(trainer))


def passes_of(trainer_class: type[BlockTrainer], options: Options) -> int:
    """How often rows are expected to be gone through: to standardise, for the survey, and in epochs."""
    return options.standardize + 1 + (options.epochs + 1 if trainer_class.reads_all_rows else 0)


def run_streamed(stream: TableStream, backend: str | Entry, plan: Plan, memory_bytes: int) -> Training:
    """Follows a plan on one backend, in this process, block by block; nothing is scaled.

    Raises:
        UnknownBackend, BackendUnavailable, DataError, InputError: Each with a message for the user.
    """
    trainer_class = class_of(backend, stream)
    given = StreamBlocks(stream, Budget(memory_bytes, available_cores()))
    source = trainer_class.source(given)
    seen = survey(given, source)
    check_batches(plan.batch_size, given.rows, entry(backend).name)
    if plan.dtype == "float64":
        return made(trainer_class, source, plan.dtype, seen).train(plan)
    return made(trainer_class, given.like(dtype=plan.dtype), plan.dtype, None).train(plan)


def class_of(backend: str | Entry, stream: TableStream) -> type[BlockTrainer]:
    """The trainers of a backend that takes blocks.

    Raises:
        UnknownBackend, BackendUnavailable, InputError: Each with a message for the user.
    """
    check_backend(entry(backend), stream)
    trainer_class = load(backend)
    assert issubclass(trainer_class, BlockTrainer)
    return trainer_class


def made(trainer_class: type[BlockTrainer], blocks: Blocks, dtype: DType, seen: Survey | None) -> BlockTrainer:
    """The trainer on these blocks; the survey of the same blocks is all that `moments` needs."""
    if seen is not None and issubclass(trainer_class, MomentsTrainer):
        return trainer_class.over_moments(blocks, dtype, seen.found)
    return trainer_class.over(blocks, dtype)


def check_backend(found: Entry, stream: TableStream) -> None:
    """Refuses a backend whose rows cannot come block by block.

    Raises:
        InputError: With those whose rows can.
    """
    if not found.takes_blocks:
        able = ", ".join(name for name, one in catalogue().items() if one.takes_blocks and one.by_default)
        raise InputError(
            f"backend {found.name!r} needs all rows in memory, and {stream.source} is larger than --memory; take one "
            f"of those that take blocks ({able}), or give more --memory"
        )


def check_batches(batch_size: int | None, rows: int, name: str) -> None:
    """Refuses mini-batches, whose rows would be looked for all over the file.

    Raises:
        InputError: With the option.
    """
    if batch_size is not None and batch_size < rows:
        raise InputError(
            f"backend {name!r}: expected all {rows} rows in a batch where they come block by block, got a batch size "
            f"of {batch_size}; leave the batch size out, or give more --memory"
        )


def plan_for(table: TableFacts, options: Options) -> Plan:
    """The run that the options ask for; at the best fixed rate where they name none.

    Raises:
        InputError: If an option is out of range.
    """
    rate = table.hessian.best_rate if options.learning_rate is None else options.learning_rate
    return Plan(
        learning_rate=rate,
        epochs=options.epochs,
        start=None if options.start is None else plain(options.start, table.features, options.dtype),
        seed=options.seed,
        dtype=options.dtype,
        record=recorded(options.epochs, table.features),
        order=options.order,
    )


def in_file_units(lowest: ClosedForm, units: Standardization) -> ClosedForm:
    """A minimum that was found on standardised rows."""
    weights, bias = units.weights_back(lowest.weights, lowest.bias)
    return replace(lowest, weights=weights, bias=float(bias))


def prepared_of(
    stream: TableStream, table: TableFacts, solution: ClosedForm, plan: Plan, units: Standardization, options: Options
) -> Prepared:
    """The problem as reports tell it; the solution is in the units of the file."""
    forecast = Forecast(table, plan, units, np.append(solution.weights, solution.bias))
    return Prepared(forecast, problem_of(stream, forecast, solution, options))


def problem_of(stream: TableStream, forecast: Forecast, solution: ClosedForm, options: Options) -> Problem:
    """The table, the run, its Hessian and the minimum."""
    plan, units = forecast.plan, forecast.standardization
    return Problem(
        name=PurePath(stream.source).name or stream.source,
        rows=forecast.table.rows,
        features=stream.feature_names,
        target=stream.target_name,
        source=stream.source,
        loss="mse",
        learning_rate=plan.learning_rate,
        learning_rate_choice="auto" if options.learning_rate is None else "given",
        epochs=plan.epochs,
        batch_size=plan.batch_size,
        dtype=plan.dtype,
        seed=plan.seed,
        order=plan.order,
        standardized=not units.is_identity,
        means=tuple(map(float, units.means)),
        scales=tuple(map(float, units.scales)),
        curvature=curvature(forecast),
        destination=destination(solution, forecast, stream.feature_names),
        notes=(*stream.notes, reasons.OF_BLOCKS),
    )
