"""Workers without processes: backends whose cost is a formula, so that a whole sweep is tested without a clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import msgspec
import numpy as np

from handgrad.backends.interface import Plan, steady
from handgrad.backends.numpy import NumPyTrainer
from handgrad.compare.blocks.description import described, is_description, read_description
from handgrad.compare.judge.hessian import hessian
from handgrad.compare.strain.strain import Strain
from handgrad.compare.timing import messages as m
from handgrad.compare.timing.messages import AnyRequest, read_request
from handgrad.compare.timing.process import WorkerError

#: Seconds of an epoch on n rows: what a call costs, and what a row costs.
COSTS: dict[str, tuple[float, float]] = {
    "python": (1e-6, 1e-7),
    "numpy": (2e-5, 1e-9),
    "tape": (1e-4, 2e-9),
    "(machine)": (1e-9, 5e-10),
}


#: So many epochs are run; more follow from a formula.
RUN_AT_MOST = 50


def after(trainer: NumPyTrainer, plan: Plan, epochs: int) -> tuple[np.ndarray, float]:
    """The parameters after so many epochs."""
    if epochs <= RUN_AT_MOST:
        shown = steady(plan, epochs)
        return trainer.to_numpy(*trainer.run(trainer.start(shown), shown, 0, epochs)[0])
    weights, bias = trainer.to_numpy(*trainer.start(plan))
    slope = trainer.gradient_at(weights, float(bias))
    X = np.asarray(trainer.data[0])
    moved = hessian(X).moved(np.append(slope.weights, slope.bias), float(X.dtype.type(plan.learning_rate)), epochs)
    return weights + moved[:-1], bias + moved[-1]


@dataclass
class World:
    """What all workers of a test share."""

    costs: dict[str, tuple[float, float]] = field(default_factory=lambda: dict(COSTS))
    gradient_error: dict[str, float] = field(default_factory=dict)
    dies: dict[str, int] = field(default_factory=dict)
    changes: set[str] = field(default_factory=set)
    stops_after: dict[str, int] = field(default_factory=dict)
    stop_after: int | None = None
    dies_after: int | None = None
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    started: Counter[str] = field(default_factory=Counter)
    cached: Counter[str] = field(default_factory=Counter)
    variables: list[Mapping[str, str]] = field(default_factory=list)
    strains: dict[str, Strain] = field(default_factory=dict)
    elsewhere: dict[str, tuple[int, ...]] = field(default_factory=dict)
    factor: Callable[[np.random.Generator], float] = lambda noise: 1 + 0.004 * noise.random()
    #: Seconds in which a device reads a number of its own memory.
    reading: ClassVar[float] = 5e-11
    noise: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def start(
        self, backend: str, threads: int, timeout_seconds: float, variables: Mapping[str, str] | None = None
    ) -> MadeUpWorker:
        """In place of `Worker`."""
        self.started[backend] += 1
        if variables:
            self.variables.append(variables)
            self.cached[backend] += 1
        return MadeUpWorker(self, backend, warm=bool(variables) and self.cached[backend] % 2 == 0)


class MadeUpWorker:
    """Answers as a worker would; what it computes is NumPy's, what it takes is the world's formula."""

    def __init__(self, world: World, backend: str, warm: bool) -> None:
        self.world, self.backend, self.warm = world, backend, warm
        self.resting = self.closed = self.there = self.dead = False
        self.trainer: NumPyTrainer | None = None

    def ask(self, request: Any) -> Any:
        assert not self.closed, "asked after its end"
        self.resting = False
        self.world.asked[self.backend, request.name] += 1
        if self.world.stop_after is not None and sum(self.world.asked.values()) > self.world.stop_after:
            raise KeyboardInterrupt
        if self.world.dies_after is not None and sum(self.world.asked.values()) > self.world.dies_after:
            self.world.dies_after, self.dead = None, True
        if self.dead:
            raise WorkerError("its process ended with signal SIGKILL (out of memory?)")
        sent = read_request(request.line())  # as it comes out at the other end
        assert sent == request
        return request.answer_of(msgspec.json.encode(self.answer(sent)))

    def answer(self, request: AnyRequest) -> msgspec.Struct:
        match request:
            case m.Load():
                return m.Loaded(0.1)
            case m.FindDevice():
                return m.DeviceSeen("Pretend 3000", None)
            case m.Bind():
                return self.bind(request)
            case m.FirstCall():
                return self.first_call(request)
            case m.TimeEpochs():
                return self.time(request)
            case m.AskMemory():
                return m.MemoryUsed(2000, 1000, self.world.elsewhere.get(self.backend, ()))
            case m.ReadBytes():
                return m.BytesRead(self.read(request))
            case m.ScanColumns():
                return m.BytesRead(self.seconds(described(request.data).rows, request.times))
            case m.FindLimits():
                levels = [m.LevelMessage(1 << k, 1e10) for k in (14, 20, 28)]
                return m.LimitsFound(levels, {"float64": 1e10, "float32": 2e10})
            case _:
                raise AssertionError(f"a sweep does not ask for '{request.name}'")

    def bind(self, request: m.Bind) -> m.Bound:
        if is_description(request.data):
            blocks = read_description(request.data, request.dtype)
            self.trainer = NumPyTrainer(*blocks.head(blocks.rows), request.dtype)
            return m.Bound(0.01)
        self.there = request.device != "cpu"
        with np.load(request.data) as arrays:
            self.trainer = NumPyTrainer(arrays["X"], arrays["y"], request.dtype)
        return m.Bound(0.01, 0.004 if self.there else None)

    def read(self, request: m.ReadBytes) -> float:
        """As fast as the machine, or ten times as fast on a device."""
        if self.there:
            return World.reading * request.times * request.bytes / 8
        return self.seconds(request.bytes // 8, request.times)

    def first_call(self, request: m.FirstCall) -> m.FirstCalled:
        assert self.trainer is not None
        weights, bias = self.trainer.start(request.plan.plan())
        gradient = self.trainer.gradient_at(weights, float(bias))
        factor = 1 + self.world.gradient_error.get(self.backend, 0.0)
        seconds = 0.02 if self.warm else 2.0
        return m.FirstCalled(
            seconds, m.GradientMessage(gradient.loss, (factor * gradient.weights).tolist(), factor * gradient.bias)
        )

    def time(self, request: m.TimeEpochs) -> m.EpochsTimed:
        assert self.trainer is not None
        if self.world.dies.get(self.backend) == self.trainer.rows:
            raise WorkerError("its process ended with signal SIGKILL (out of memory?)")
        done = min(request.epochs, self.world.stops_after.get(self.backend, request.epochs))
        weights, bias = after(self.trainer, request.plan.plan(), done)
        drift = 1e-14 * self.world.noise.random() if self.backend in self.world.changes else 0.0
        seconds, strain = self.seconds(self.trainer.rows, request.epochs), self.world.strains.get(self.backend)
        return m.EpochsTimed(seconds, weights.tolist(), float(bias + drift), strain)

    def seconds(self, rows: int, times: int) -> float:
        call, row = self.world.costs[self.backend]
        return float(times * (call + row * rows) * self.world.factor(self.world.noise))

    def rest(self) -> None:
        self.resting = True

    def close(self) -> None:
        self.closed = True
