"""What a worker does for each request: one backend, its data once bound, and the clocks around what is timed.

Runs in the worker's process, with the threads that it was given. What goes in is converted outside of every clock.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, assert_never, cast

import msgspec

from handgrad.compare.clock import perf_counter
from handgrad.compare.strain.strain import Counters, Strain, counters, strain, strain_of_pool
from handgrad.compare.timing import messages as m
from handgrad.compare.timing.memory import forget_peak, peak_bytes
from handgrad.compare.timing.outset import timed_import

if TYPE_CHECKING:
    from handgrad.backends.catalogue import Entry
    from handgrad.backends.interface import Device, FloatArray, Gradient, Parameters, Plan, Trainer, Training
    from handgrad.compare.timing.machine import Reader

#: One part in so many of a sample is run before it without the clock, over and over for at least so long: a process
#: that has rested finds its caches full of others' data and its threads asleep, perhaps on one core, where the system
#: leaves them for some milliseconds. Samples of few epochs would show it more.
WARM_UP_SHARE = 4
WARM_UP_SECONDS = 0.0025
#: Of a lap, the share that may be a pipe's; what a program says beyond that is not believed.
MOST_ASIDE = 0.03
#: In epochs that last longer, waking up does not show.
LONG_EPOCH_SECONDS = 0.1


class Session:
    """The state of one worker.

    Args:
        backend: Its name in the catalogue, or what is known of one that is not there.
        bare_bytes: The memory of the process without its backend's library and data.
        imported: The seconds of the library's import, or why it failed, where it was imported already.
    """

    def __init__(self, backend: str | Entry, bare_bytes: int, imported: float | BaseException | None = None) -> None:
        self.backend, self.imported = backend, imported
        self.trainer: Trainer | None = None
        self.settled = self.adapted = self.streamed = False
        self.bare_bytes = self.bytes_before = bare_bytes
        self.reader: Reader | DeviceReader | None = None
        self.epoch_seconds = 0.0

    def reply(self, line: bytes) -> bytes:
        """Carries out the request in a line, and gives the line with its answer or with what went wrong."""
        try:
            return m.answer_line(self.answer(m.read_request(line)))
        except BaseException as error:  # a backend that raises KeyboardInterrupt has no more to say than others
            return m.failure_line(error)

    def answer(self, request: m.AnyRequest) -> msgspec.Struct:
        """Carries out one request."""
        match request:
            case m.Load():
                return self.load()
            case m.FindDevice():
                return self.find_device(request)
            case m.Bind():
                return self.bind(request)
            case m.FirstCall():
                return self.first_call(request)
            case m.Train():
                return m.TrainingDone(training_message(self.bound().train(request.plan.plan())))
            case m.TakeGradients():
                return self.gradients(request)
            case m.TimeEpochs():
                return self.time(request)
            case m.AskMemory():
                return self.memory()
            case m.ReadBytes():
                return self.read(request)
            case m.ScanColumns():
                return scanned(request)
            case m.FindLimits():
                return limits(request)
        assert_never(request)

    def load(self) -> m.Loaded:
        """The library, which was imported before this module was; otherwise it is now."""
        imported = timed_import(self.backend) if self.imported is None else self.imported
        if isinstance(imported, BaseException):
            raise imported
        return m.Loaded(imported)

    def find_device(self, request: m.FindDevice) -> m.DeviceSeen:
        """What the library says of a device, which the backend's class names as one of its own."""
        from handgrad.backends.catalogue import load

        kind, device = load(self.backend), cast("Device", request.device)
        absent = kind.absent(device)
        return m.DeviceSeen(None if absent else kind.device_name(device), absent)

    def bind(self, request: m.Bind) -> m.Bound:
        """Reads X and y, and moves them into the backend's own form; only the move is timed."""
        import numpy as np

        from handgrad.backends.catalogue import load
        from handgrad.compare.blocks.description import is_description

        self.trainer, self.epoch_seconds = None, 0.0  # what an earlier size needed is free before this one is measured
        self.streamed = is_description(request.data)
        if self.streamed:
            return self.bind_stream(request)
        with np.load(request.data) as arrays:
            X, y = (arrays[name].astype(request.dtype, copy=False) for name in ("X", "y"))
        X.flags.writeable = y.flags.writeable = False
        self.bytes_before = self.bare_bytes + X.nbytes + y.nbytes
        forget_peak()
        trainer_class = load(self.backend)
        self.settled, self.adapted = False, self.is_adapted(trainer_class)
        if request.device != "cpu":
            return self.bind_there(trainer_class, X, y, request)
        began = perf_counter()
        self.trainer = trainer_class(X, y, request.dtype)
        return m.Bound(perf_counter() - began)

    def bind_there(self, trainer_class: type[Trainer], X: FloatArray, y: FloatArray, request: m.Bind) -> m.Bound:
        """Makes the device ready, then moves X (n, d) and y (n,) to it; a move has ended when the device says so."""
        self.reader, device = None, cast("Device", request.device)  # a reader of the device holds an earlier trainer
        began = perf_counter()
        trainer_class.wake(device)
        ready = perf_counter()
        self.trainer = trainer_class(X, y, request.dtype, device)
        self.trainer.synchronize()
        moved = perf_counter()
        return m.Bound(moved - began, moved - ready)

    def bind_stream(self, request: m.Bind) -> m.Bound:
        """Opens a table that is read block by block in each pass; no row of it is read yet."""
        from handgrad.backends.array_trainer import BlockTrainer
        from handgrad.backends.catalogue import load
        from handgrad.compare.blocks.description import read_description

        self.bytes_before = self.bare_bytes
        forget_peak()
        trainer_class = load(self.backend)
        assert issubclass(trainer_class, BlockTrainer)
        self.settled, self.adapted = False, False
        self.epoch_seconds = LONG_EPOCH_SECONDS  # until one is timed: none is read in vain
        began = perf_counter()
        self.trainer = trainer_class.over(read_description(request.data, request.dtype), request.dtype)
        return m.Bound(perf_counter() - began)

    def first_call(self, request: m.FirstCall) -> m.FirstCalled:
        """The first epoch, compilation included; then the gradient at the start, untimed."""
        trainer, plan = self.bound(), request.plan.plan()
        before = counters() if self.streamed else None
        aside, began = self.aside_seconds(), perf_counter()
        parameters, _ = trainer.run(trainer.start(plan), plan, 0, 1)
        trainer.to_numpy(*parameters)
        trainer.synchronize()
        seconds = max(0.0, perf_counter() - began - (self.aside_seconds() - aside))
        strained = None if before is None else self.strained(before, has_read=True)
        start = trainer.to_numpy(*trainer.start(plan))
        return m.FirstCalled(seconds, gradient_message(trainer.gradient_at(start.weights, start.bias)), strained)

    def gradients(self, request: m.TakeGradients) -> m.GradientsTaken:
        """The gradient at each point, untimed."""
        found = (gradient_message(self.bound().gradient_at(point[:-1], point[-1])) for point in request.points)
        return m.GradientsTaken([[*gradient.weights, gradient.bias] for gradient in found])

    def time(self, request: m.TimeEpochs) -> m.EpochsTimed:
        """So many epochs under the clock, and the parameters after them, so that they are checked.

        The move of parameters in is outside, the move out within: a library that only takes note of what it has to do,
        and does it when it is asked for the result, is asked. A device has nothing left to do when the clock starts,
        nor when it stops. The warm-up starts elsewhere, and so finds nothing out.
        """
        trainer, plan, epochs = self.bound(), request.plan.plan(), request.epochs
        self.settle()
        before = counters()
        gc.disable()
        if self.epoch_seconds < LONG_EPOCH_SECONDS:
            warm_up(lambda: self.lap(replace(plan, start=None), -(-epochs // WARM_UP_SHARE)))
        parameters = trainer.start(plan)
        trainer.synchronize()
        aside, began = self.aside_seconds(), perf_counter()
        weights, bias = trainer.to_numpy(*trainer.lap(parameters, plan, epochs))
        trainer.synchronize()
        seconds = perf_counter() - began
        seconds -= min(self.aside_seconds() - aside, MOST_ASIDE * seconds)
        gc.enable()
        strained = self.strained(before, trainer.reads_all_rows)
        self.epoch_seconds = seconds / epochs
        return m.EpochsTimed(seconds, weights.tolist(), float(bias), strained)

    def strained(self, before: Counters, has_read: bool) -> Strain:
        """What the process went without since then; a stream has been read by threads that end with a pass."""
        if self.streamed and has_read:
            return strain_of_pool(before, counters(), os.cpu_count() or 1)
        return strain(before, counters())

    def lap(self, plan: Plan, epochs: int) -> Parameters:
        """So many epochs of a plan, with their result taken out."""
        trainer = self.bound()
        return trainer.to_numpy(*trainer.lap(trainer.start(plan), plan, epochs))

    def settle(self) -> None:
        """Collects what earlier work left; objects of the libraries are set aside once, since there are very many."""
        gc.collect()
        if not self.settled:
            gc.freeze()
            self.settled = True

    def memory(self) -> m.MemoryUsed:
        """The most memory the process has held so far, and how much of it beyond the bare process and the data."""
        if not isinstance(self.backend, str) and self.backend.code is not None and self.backend.code.how == "command":
            return m.MemoryUsed(None, None)  # it is another process that holds the data
        peak = peak_bytes()
        own = None if peak is None else max(0, peak - self.bytes_before)
        return m.MemoryUsed(peak, own, self.bytes_elsewhere())

    def bytes_elsewhere(self) -> tuple[int, ...]:
        """What of the data other processes hold for this one, each."""
        from handgrad.backends.array_trainer import BlockTrainer

        return tuple(self.trainer.held_bytes()) if isinstance(self.trainer, BlockTrainer) else ()

    def read(self, request: m.ReadBytes) -> m.BytesRead:
        """The seconds in which this machine reads so many bytes so many times, with the threads of the process.

        Where the backend is on a device, it is the device that reads its own memory.
        """
        if self.reader is None or self.reader.bytes != request.bytes:
            self.reader = None  # two of the largest size need not fit
            self.reader = self.reader_of(request.bytes)
        reader = self.reader
        warm_up(lambda: reader.seconds(-(-request.times // WARM_UP_SHARE)))
        return m.BytesRead(reader.seconds(request.times))

    def reader_of(self, size_bytes: int) -> Reader | DeviceReader:
        """What reads so many bytes where the backend has its data."""
        if self.trainer is not None and self.trainer.device != "cpu":
            return DeviceReader(self.trainer, size_bytes)
        from handgrad.compare.timing.machine import Reader

        return Reader(size_bytes)

    def is_adapted(self, kind: type[Trainer]) -> bool:
        """Whether handgrad's own adapter asks somebody else's code."""
        if isinstance(self.backend, str) or self.backend.code is None:
            return False
        from handgrad.backends.adapters.loading import is_adapter

        return is_adapter(kind)

    def aside_seconds(self) -> float:
        """What an adapter has set aside so far; 0 for a class that would set aside what it likes of its own time."""
        return self.bound().aside_seconds if self.adapted else 0.0

    def bound(self) -> Trainer:
        """The trainer, which must have been bound."""
        if self.trainer is None:
            raise RuntimeError("no data was bound")
        return self.trainer


def scanned(request: m.ScanColumns) -> m.BytesRead:
    """The seconds in which the columns of a stream are read so many times, with the threads that its file names."""
    from handgrad.compare.blocks.scanning import ColumnScan

    scan = ColumnScan.described(request.data)
    before, began = counters(), perf_counter()
    for _ in range(request.times):
        scan.run()
    seconds = perf_counter() - began
    return m.BytesRead(seconds, strain_of_pool(before, counters(), os.cpu_count() or 1))


class DeviceReader:
    """So many bytes on the device of a trainer, and the reading of them: it has ended when `synchronize` comes back.

    A pass of gradient descent must read X and y once, wherever they lie.
    """

    def __init__(self, trainer: Trainer, size_bytes: int) -> None:
        self.bytes, self.trainer = size_bytes, trainer
        self.read = trainer.reading(size_bytes)

    def seconds(self, times: int) -> float:
        """The time in which the whole is read so many times, one after the other."""
        self.trainer.synchronize()
        began = perf_counter()
        for _ in range(times):
            self.read()
        self.trainer.synchronize()
        return perf_counter() - began


def limits(request: m.FindLimits) -> m.LimitsFound:
    """What the machine can do at most: reading by size of the working set, and multiply-adds by dtype."""
    from handgrad.compare.timing import machine

    levels = [m.LevelMessage(size, speed) for size, speed in machine.levels(request.largest_bytes)]
    return m.LimitsFound(levels, {dtype: machine.operations_per_second(dtype) for dtype in ("float64", "float32")})


def warm_up(part: Callable[[], object]) -> None:
    """Does a part of what will be timed, until it has taken long enough."""
    began = perf_counter()
    part()
    while perf_counter() - began < WARM_UP_SECONDS:
        part()


def gradient_message(gradient: Gradient) -> m.GradientMessage:
    """A gradient, to be sent."""
    return m.GradientMessage(float(gradient.loss), gradient.weights.tolist(), float(gradient.bias))


def training_message(training: Training) -> m.TrainingMessage:
    """A whole run, to be sent."""
    return m.TrainingMessage(
        weights=training.weights.tolist(),
        bias=float(training.bias),
        losses=training.losses.tolist(),
        recorded_epochs=training.recorded_epochs.tolist(),
        recorded_weights=training.recorded_weights.tolist(),
        recorded_biases=training.recorded_biases.tolist(),
        diverged_at=training.diverged_at,
    )
