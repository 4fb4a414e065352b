"""One backend in a process of its own: answers requests, one JSON object a line, until its input ends.

Started as ``python -m handgrad.compare.timing.worker BACKEND``. Nothing but the standard library is imported before the
clock for the backend's own import has run. What a library prints goes to stderr, so that it cannot get between the
answers.

Requests and answers (see `Session` for the fields):

    {"do": "load"}                                          → {"import_seconds": …}
    {"do": "bind", "data": "…npz", "dtype": "float64"}      → {"bind_seconds": …}
    {"do": "first_call", "plan": {…}}                       → {"first_call_seconds": …, "gradient": {…}}
    {"do": "train", "plan": {…}}                            → {"training": {…}}
    {"do": "gradients", "points": [[…], …]}                 → {"gradients": [[…], …]}
    {"do": "time", "plan": {…}, "epochs": k}                → {"seconds": …, "weights": […], "bias": …}
    {"do": "memory"}                                        → {"peak_bytes": …, "own_bytes": …}
    {"do": "read", "bytes": n, "times": k}                  → {"seconds": …}
    {"do": "limits", "largest_bytes": n}                    → {"levels": […], "operations_per_second": {…}}

A request that fails is answered with {"error": {"type": …, "message": …}}; the process lives on.
"""

from __future__ import annotations

import gc
import importlib
import json
import math
import os
import signal
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from handgrad.backends.interface import Plan, Trainer
    from handgrad.compare.timing.machine import Reader


#: One part in so many of a sample is run before it without the clock, over and over for at least so long: a process
#: that has rested finds its caches full of others' data and its threads asleep, perhaps on one core, where the system
#: leaves them for some milliseconds. Samples of few epochs would show it more.
WARM_UP_SHARE = 4
WARM_UP_SECONDS = 0.0025
#: In epochs that last longer, waking up does not show.
LONG_EPOCH_SECONDS = 0.1


class Session:
    """The state of one worker: the backend's name, its trainer once bound, and the memory it began with."""

    def __init__(self, backend: str) -> None:
        self.backend = backend
        self.trainer: Trainer | None = None
        self.settled = False
        self.bytes_bare = self.bytes_before = resident_bytes()
        self.reader: Reader | None = None
        self.epoch_seconds = 0.0

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Carries out one request."""
        actions: dict[str, Callable[..., dict[str, Any]]] = {
            "load": self.load,
            "bind": self.bind,
            "first_call": self.first_call,
            "train": self.train,
            "gradients": self.gradients,
            "time": self.time,
            "memory": self.memory,
            "read": self.read,
            "limits": self.limits,
        }
        return actions[request.pop("do")](**request)

    def load(self) -> dict[str, Any]:
        """Imports the library behind the backend, as a user's script would."""
        from handgrad.backends.catalogue import entry

        required = entry(self.backend).requires
        began = time.perf_counter()
        for module in required:
            importlib.import_module(module)
        seconds = time.perf_counter() - began
        die_with_parent()  # before it is first stopped, and not within the time above
        return {"import_seconds": seconds}

    def bind(self, data: str, dtype: str) -> dict[str, Any]:
        """Reads X and y, and moves them into the backend's own form; only the move is timed."""
        import numpy as np

        from handgrad.backends.catalogue import load

        self.trainer, self.epoch_seconds = None, 0.0  # what an earlier size needed is free before this one is measured
        with np.load(data) as arrays:
            X, y = arrays["X"].astype(dtype, copy=False), arrays["y"].astype(dtype, copy=False)
        X.flags.writeable = y.flags.writeable = False
        self.bytes_before = self.bytes_bare + X.nbytes + y.nbytes
        forget_peak()
        trainer_class = load(self.backend)
        self.settled = False
        began = time.perf_counter()
        self.trainer = trainer_class(X, y, dtype)  # type: ignore[arg-type]
        return {"bind_seconds": time.perf_counter() - began}

    def first_call(self, plan: dict[str, Any]) -> dict[str, Any]:
        """The first epoch, compilation included; then the gradient at the start, untimed."""
        trainer, made = self.bound(), make_plan(plan)
        began = time.perf_counter()
        parameters, _ = trainer.run(trainer.start(made), made, 0, 1)
        trainer.to_numpy(*parameters)
        seconds = time.perf_counter() - began
        start = trainer.to_numpy(*trainer.start(made))
        gradient = trainer.gradient_at(start.weights, start.bias)
        return {
            "first_call_seconds": seconds,
            "gradient": {
                "loss": gradient.loss,
                "weights": gradient.weights.tolist(),
                "bias": gradient.bias,
            },
        }

    def train(self, plan: dict[str, Any]) -> dict[str, Any]:
        """The whole run, recorded."""
        training = self.bound().train(make_plan(plan))
        return {
            "training": {
                "weights": training.weights.tolist(),
                "bias": training.bias,
                "losses": training.losses.tolist(),
                "recorded_epochs": training.recorded_epochs.tolist(),
                "recorded_weights": training.recorded_weights.tolist(),
                "recorded_biases": training.recorded_biases.tolist(),
                "diverged_at": training.diverged_at,
            }
        }

    def gradients(self, points: list[list[float]]) -> dict[str, Any]:
        """The gradient at each point, untimed; both as weights, then the bias."""
        found = (self.bound().gradient_at(point[:-1], point[-1]) for point in points)
        return {"gradients": [[*gradient.weights.tolist(), gradient.bias] for gradient in found]}

    def time(self, plan: dict[str, Any], epochs: int) -> dict[str, Any]:
        """So many epochs under the clock, conversions outside; the parameters after them, so that they are checked."""
        trainer, made = self.bound(), make_plan(plan)
        die_with_parent()
        self.settle()
        gc.disable()
        if self.epoch_seconds < LONG_EPOCH_SECONDS:
            warm_up(lambda: trainer.run(trainer.start(made), made, 0, -(-epochs // WARM_UP_SHARE)))
        parameters = trainer.start(made)
        began = time.perf_counter()
        parameters, _ = trainer.run(parameters, made, 0, epochs)
        seconds = time.perf_counter() - began
        gc.enable()
        self.epoch_seconds = seconds / epochs
        weights, bias = trainer.to_numpy(*parameters)
        return {"seconds": seconds, "weights": weights.tolist(), "bias": bias}

    def settle(self) -> None:
        """Collects what earlier work left; objects of the libraries are set aside once, since there are very many."""
        gc.collect()
        if not self.settled:
            gc.freeze()
            self.settled = True

    def memory(self) -> dict[str, Any]:
        """The most memory the process has held so far, and how much of it beyond the bare interpreter and the data."""
        peak = peak_bytes()
        return {"peak_bytes": peak, "own_bytes": None if peak is None else max(0, peak - self.bytes_before)}

    def read(self, bytes: int, times: int) -> dict[str, Any]:
        """The seconds in which this machine reads so many bytes so many times, with the threads of the process."""
        from handgrad.compare.timing.machine import Reader

        die_with_parent()
        if self.reader is None or self.reader.bytes != bytes:
            self.reader = None  # two of the largest size need not fit
            self.reader = Reader(bytes)
        reader = self.reader
        warm_up(lambda: reader.seconds(-(-times // WARM_UP_SHARE)))
        return {"seconds": self.reader.seconds(times)}

    def limits(self, largest_bytes: int) -> dict[str, Any]:
        """What the machine can do at most: reading by size of the working set, and multiply-adds by dtype."""
        from handgrad.compare.timing import machine

        return {
            "levels": machine.levels(largest_bytes),
            "operations_per_second": {dtype: machine.operations_per_second(dtype) for dtype in ("float64", "float32")},
        }

    def bound(self) -> Trainer:
        """The trainer, which must have been bound."""
        if self.trainer is None:
            raise RuntimeError("no data was bound")
        return self.trainer


def warm_up(part: Callable[[], object]) -> None:
    """Does a part of what will be timed, until it has taken long enough."""
    began = time.perf_counter()
    part()
    while time.perf_counter() - began < WARM_UP_SECONDS:
        part()


def make_plan(fields: dict[str, Any]) -> Plan:
    """A `Plan` from its JSON form."""
    from handgrad.backends.interface import Parameters, Plan

    start = fields.pop("start", None)
    return Plan(start=None if start is None else Parameters(*start), **fields)


@cache
def die_with_parent() -> None:
    """On Linux, this process is killed when the one that started it ends: while stopped, it would not see that.

    `prctl(PR_SET_PDEATHSIG)`, see prctl(2). Elsewhere nothing happens.
    """
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def peak_bytes() -> int | None:
    """The process's peak resident set; None where the platform does not tell.

    Linux: getrusage would not do, since its peak is that of the parent at the fork, until the child has more.
    """
    try:
        with Path("/proc/self/status").open(encoding="ascii", errors="replace") as stream:
            return next(int(line.split()[1]) * 1024 for line in stream if line.startswith("VmHWM:"))
    except (OSError, StopIteration):  # another system, or a kernel that does not count it
        return _peak_of_usage()


def _peak_of_usage() -> int | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def forget_peak() -> None:
    """Begins the peak anew at what is resident now, where the system allows it (Linux, proc(5): clear_refs)."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def resident_bytes() -> int:
    """The process's resident set now (its peak so far, where the platform does not tell)."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return peak_bytes() or 0


def without_infinities(value: Any) -> Any:
    """The same with null for what JSON cannot say."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [without_infinities(item) for item in value]
    if isinstance(value, dict):
        return {key: without_infinities(item) for key, item in value.items()}
    return value


def main() -> None:
    """Answers requests from stdin on what stdout was; whatever else is printed goes to stderr."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    session = Session(sys.argv[1])
    for line in sys.stdin:
        try:
            answer = without_infinities(session.answer(json.loads(line)))
        except Exception as error:
            answer = {"error": {"type": type(error).__name__, "message": str(error)}}
        answers.write(json.dumps(answer, allow_nan=False) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
