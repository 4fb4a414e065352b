"""Comparisons made by hand, one for each thing that a report must cope with."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from handgrad.compare.results.comparison import (
    Accuracy,
    BackendResult,
    Comparison,
    Curvature,
    Destination,
    EpochErrors,
    Pair,
    ParameterAccuracy,
    Problem,
    Sample,
    Source,
    StartGradient,
    Trajectory,
)
from handgrad.compare.results.environment import Environment
from handgrad.compare.results.timing import Speed, Timing
from handgrad.compare.results.verdict import Verdict

EPOCH_SECONDS = {"python": 2.31e-4, "numpy": 6.42e-6, "numba": 1.234e-6, "torch": 4.1e-5, "tape": 1.9e-5}
IMPORT_SECONDS = {"python": 2e-4, "numpy": 0.11, "numba": 0.43, "torch": 1.62, "tape": 0.12}
FIRST_SECONDS = {"python": 2.6e-4, "numpy": 4.1e-5, "numba": 0.39, "torch": 3.2e-3, "tape": 1.4e-4}
ULPS = {"python": 3.0, "numpy": 1.0, "numba": 0.0, "torch": 2.0, "tape": 1.0}
HOSTILE = (
    "<script>alert(1)</script>",
    "\u202egnp.exe",
    "bell\x07\x1b[31mred",
    "[bold]rich[/bold]",
    "$\\frac{1}{0}$ {{ 7*7 }} %s",
    "x" * 100_000,
    "",
    "a\nb\tc",
    "漢字の列名",
    '" onload="alert(1)',
)


def descent(features: int, epochs: int, rate: float, seed: int = 7) -> tuple[np.ndarray, ...]:
    """A real run on a small table: X, y, the weights, biases and losses of every epoch, least squares."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(40, features))
    truth = np.linspace(2, -1, features)
    y = X @ truth + 1 + 0.3 * rng.normal(size=40)
    ones = np.column_stack([X, np.ones(40)])
    theta, path = np.zeros(features + 1), []
    for _ in range(epochs + 1):
        path.append(theta)
        theta = theta - rate * 2 / 40 * (ones.T @ (ones @ theta - y))
    steps = np.array(path)
    losses = np.mean((ones @ steps.T - y[:, None]) ** 2, axis=0)
    return X, y, steps[:, :-1], steps[:, -1], losses, np.linalg.lstsq(ones, y, rcond=None)[0]


def timing(median: float, spread: float = 0.02) -> Timing:
    samples = tuple(median * (1 + spread * k / 4) for k in (-4, -1, 0, 1, 4))
    return Timing(median, median * (1 - spread), median * (1 + spread), samples)


def accuracy(name: str, epochs: tuple[int, ...], weights: np.ndarray, bias: float, passed: bool = True) -> Accuracy:
    ulps = ULPS.get(name, 1.0) if passed else 4.1e10
    ratio = 0.013 * (ulps + 0.4) if passed else 8.1e8
    start = StartGradient(5.4, tuple((-weights).tolist()), -bias, ulps, ulps * 1.1e-16, ratio, ratio / 40)
    growth = tuple(ulps * (1 + math.sqrt(epoch)) for epoch in epochs)
    errors = EpochErrors(epochs, growth, tuple(g * 1.1e-16 for g in growth), tuple(g * ratio / 9 for g in growth))
    end = ParameterAccuracy(growth[-1], growth[-1] * 1.1e-16, None if name == "numpy" else 2, 0.02)
    pairs = () if name == "numpy" else (Pair("numpy", ratio / 2, 2, 1.1e-16, 3e-16, 0.01),)
    why = "its sums run in another order than the exact sum's rounding" if name == "python" else None
    reason = "" if passed else f"{name}: the start gradient is 8.1e8 times its bound away from the exact one"
    return Accuracy(start, end, errors, pairs, why, passed, reason)


def backend(name: str, features: int = 1, epochs: int = 50, rate: float = 0.1, passed: bool = True) -> BackendResult:
    _, _, weights, biases, losses, _ = descent(features, epochs, rate)
    marks = tuple(range(epochs + 1))
    trajectory = Trajectory(marks, tuple(map(tuple, weights.tolist())), tuple(biases.tolist()))
    median = EPOCH_SECONDS.get(name, 3e-5)
    return BackendResult(
        status="ok",
        gradient="autodiff" if name in ("torch", "tape") else "manual",
        summary=f"the {name} backend",
        version="2.13.0+cpu" if name == "torch" else "1.26.4",
        weights=tuple(weights[-1].tolist()),
        bias=float(biases[-1]),
        losses=tuple(losses.tolist()),
        trajectory=trajectory,
        convergence="6 digits of the least-squares solution",
        accuracy=accuracy(name, marks, weights[-1], float(biases[-1]), passed),
        speed=Speed(
            IMPORT_SECONDS.get(name, 0.3),
            2e-5,
            FIRST_SECONDS.get(name, 1e-3),
            timing(median),
            median / EPOCH_SECONDS["numpy"],
            None,
            200 << 20,
            18 << 20,
        ),
        source=Source(
            f"backends/{name}.py", "def predict(self, X, weights, bias):\n    return X @ weights + bias\n", 21
        ),
    )


def problem(features: int = 1, epochs: int = 50, rate: float = 0.1) -> Problem:
    X, y, _, _, losses, best = descent(features, epochs, rate)
    names = ("X",) if features == 1 else tuple(f"X{j + 1}" for j in range(features))
    predicted = X @ best[:-1] + best[-1]
    return Problem(
        name="synthetic",
        rows=40,
        features=names,
        target="y",
        source="generated: y = 2x + 1 + noise, seed 7",
        loss="mse",
        learning_rate=rate,
        learning_rate_choice="auto",
        epochs=epochs,
        batch_size=None,
        dtype="float64",
        seed=0,
        standardized=True,
        means=(0.0,) * features,
        scales=(1.0,) * features,
        curvature=Curvature(2.2, 1.8, 1.222, 0.909, 0.5, 0.82, {"3": 35, "6": 70, "9": None}),
        sample=Sample(
            tuple(X[:, 0].tolist()) if features == 1 else None,
            tuple(y.tolist()),
            tuple((X @ np.linspace(2, -1, features) + 1).tolist()),
            tuple(predicted.tolist()),
        ),
        destination=Destination(tuple(best[:-1].tolist()), float(best[-1]), float(losses.min()), "rational arithmetic"),
        true_weights=tuple(np.linspace(2, -1, features).tolist()),
        true_bias=1.0,
        notes=("target: the last column, y (choose another with --target)",),
    )


ENVIRONMENT = Environment(
    python="3.12.4",
    platform="Linux x86_64",
    cpu="a processor",
    cores=2,
    threads=2,
    packages={"numpy": "2.1.0", "torch": "2.13.0+cpu"},
    time="2026-01-02T03:04:05+00:00",
    command="handgrad compare --epochs 50",
    blas="openblas 0.3.27",
    memory_bytes=8 << 30,
    cache_bytes={"L1d": 32 << 10, "L2": 1 << 20},
    governor="performance",
    load=0.21,
)

ALL = ("python", "numpy", "numba", "torch", "tape")


def compared(names: tuple[str, ...] = ALL, features: int = 1, epochs: int = 50, rate: float = 0.1) -> Comparison:
    results = {name: backend(name, features, epochs, rate) for name in names}
    return Comparison(
        ENVIRONMENT, problem(features, epochs, rate), results, Verdict(True, ("all within their bounds",))
    )


def with_result(comparison: Comparison, name: str, result: BackendResult, passed: bool = True) -> Comparison:
    reasons = () if passed else (f"{name}: {result.reason or 'outside its bound'}",)
    return replace(comparison, backends={**comparison.backends, name: result}, verdict=Verdict(passed, reasons))


UNAVAILABLE = BackendResult(
    "unavailable", "autodiff", "PyTorch", "backend 'torch' needs torch: pip install \"handgrad[torch]\""
)


def troubled() -> Comparison:
    """Every status there is, in one comparison."""
    base = compared(("numpy", "python"))
    diverged = replace(
        backend("tape"),
        status="diverged",
        diverged_at=12,
        reason="the learning rate 3 is above the limit 0.909",
        losses=tuple(4.0 * 9.0**k for k in range(12)),
        accuracy=None,
        speed=None,
    )
    failed = BackendResult("failed", "manual", "numba", "ZeroDivisionError: division by zero (numba.py, line 12)")
    late = BackendResult("timeout", "autodiff", "jax", "no answer within 60 s: raise --budget, or leave it out")
    for name, result in {"numba": failed, "torch": UNAVAILABLE, "tape": diverged, "jax": late}.items():
        base = with_result(base, name, result, passed=name == "torch")
    return replace(base, verdict=Verdict(False, ("numba failed", "tape diverged at epoch 12")))


def hostile() -> Comparison:
    """Ten features, a target, a backend and sources whose names are attacks or accidents."""
    base = compared(features=10)
    evil = "<img src=x onerror=alert(1)>"
    source = Source("</code><script>evil()</script>.py", "</pre><script>evil()</script>\x1b[31m\u202e\n" * 3000, 3)
    stranger = replace(backend("numpy", 10), source=source, summary=evil, version=evil, convergence=evil)
    failed = BackendResult("failed", "manual", evil, evil + "\x1b[31m" + "y" * 100_000)
    changed = replace(
        base.problem, name=evil, features=HOSTILE, target="\u202e" + evil, source=evil * 50, notes=(evil,)
    )
    environment = replace(base.environment, command=f"handgrad compare '{evil}'", packages={evil: evil}, cpu=evil)
    backends = {**base.backends, evil: stranger, "b" * 5000: failed}
    return replace(base, problem=changed, environment=environment, backends=backends)


def bare() -> Comparison:
    """What a reader may leave out: no speed, no trajectory, no accuracy in numbers, no destination, no sample."""
    base = compared(("numpy", "torch"))
    empty = Accuracy(StartGradient(5.4, (-2.0,), -1.0), ParameterAccuracy(), None)
    thin = {
        name: replace(r, speed=None, trajectory=None, accuracy=empty, source=None, convergence=None, version=None)
        for name, r in base.backends.items()
    }
    nothing = replace(
        base.problem, curvature=None, sample=None, destination=None, true_weights=None, true_bias=None, notes=()
    )
    little = replace(ENVIRONMENT, blas=None, memory_bytes=None, cache_bytes={}, governor=None, load=None, packages={})
    return replace(base, backends=thin, problem=nothing, environment=little)


def wrong() -> Comparison:
    """One backend outside its bound."""
    base = compared()
    return with_result(base, "torch", backend("torch", passed=False), passed=False)


def nothing_ran() -> Comparison:
    base = compared(("numpy",))
    return replace(
        with_result(base, "torch", UNAVAILABLE),
        backends={"torch": UNAVAILABLE},
        verdict=Verdict(False, ("nothing ran",)),
    )


CASES = {
    "one feature": compared,
    "ten features": lambda: compared(features=10, rate=0.05),
    "many features": lambda: compared(("numpy", "torch"), features=5000, epochs=3, rate=1e-5),
    "one backend": lambda: compared(("numpy",)),
    "no epoch": lambda: compared(epochs=0),
    "troubled": troubled,
    "hostile": hostile,
    "bare": bare,
    "wrong": wrong,
    "nothing ran": nothing_ran,
}


@pytest.fixture(params=CASES, scope="session")
def comparison(request: pytest.FixtureRequest) -> Comparison:
    """Each of the cases in turn."""
    return CASES[request.param]()
