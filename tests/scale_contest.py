"""handgrad beside scikit-learn, dask-glm and dask-ml at scale, in time to the same error: run by hand.

    pip install dask-glm dask-ml scikit-learn
    python tests/scale_contest.py --rows 1000000 --features 100 --rounds 3

The rows are standard normal numbers, the true weights uniform on [0, 1), y = X W + standard normal noise, made by
Dask's generator from a seed, on the workers of one cluster of this machine, of one thread each. All fit a bias. Whoever
takes arrays gets a copy of them in this process, whoever takes Dask collections those that lie on the workers; each is
timed from there to its weights, so that what it moves, converts or factors is its own time.

The error is max |W − Ŵ| against the least-squares answer Ŵ, refined until a gradient that is exact but for its last
digit says that it is right. The same error is a part of that of Ŵ against the true weights, which the noise makes. Who
descends gets the fewest passes that reach it, found beforehand, at first on a part of the rows; who does not reach it
is told with its error, and timed once. Ratios are of the seconds that processors worked, which other load moves less
than the clock's.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, NamedTuple

import dask.array as da
import numpy as np
import psutil
from distributed import Client, LocalCluster, wait

import handgrad as hg

OURS = ("moments", "numba-tiled", "dask-moments", "dask-numba")
#: Of the error that noise makes.
PART = 0.01
#: The best: columns are independent, of variance 1, so that the Hessian of the mean squared error is about 2 I.
RATE = 0.5
#: The part of the rows on which passes are found at first is one in so many.
PILOT = 20
PASSES = (1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100)


class Rows(NamedTuple):
    """The table in both forms: X (n, d) and y (n,), arrays here and on the workers."""

    X: np.ndarray
    y: np.ndarray
    far_X: Any
    far_y: Any


@dataclass
class Contestant:
    """A way to weights (d,): `fit` takes the rows and a number of passes; `descends` says whether that counts."""

    name: str
    fit: Callable[[Rows, int], Any]
    descends: bool
    most: int = 100
    passes: int = 1
    error: float = np.inf
    seconds: list[float] = field(default_factory=list)
    processor_seconds: list[float] = field(default_factory=list)

    def settle(self, rows: Rows, answer: np.ndarray, wanted: float) -> None:
        """Finds the fewest passes that reach the error, from one step before those that it has on."""
        steps = [passes for passes in PASSES if passes <= self.most] if self.descends else [1]
        for passes in steps[max(0, steps.index(self.passes) - 1) :]:
            self.passes = passes
            begun = time.perf_counter()
            self.error = float(np.abs(np.asarray(self.fit(rows, passes)) - answer).max())
            print(f"  {passes} passes: error {self.error:.2e}, {time.perf_counter() - begun:.2f} s", flush=True)
            if self.error <= wanted:
                break

    def lap(self, rows: Rows) -> None:
        """Times it once."""
        busy, begun = processor_seconds(), time.perf_counter()
        self.fit(rows, self.passes)
        self.seconds.append(time.perf_counter() - begun)
        self.processor_seconds.append(processor_seconds() - busy)
        print(f"{self.name}: {self.seconds[-1]:.2f} s, {self.processor_seconds[-1]:.2f} of processors", flush=True)


def processor_seconds() -> float:
    """What this process and its workers have used so far."""
    own = psutil.Process()
    return sum(sum(one.cpu_times()[:2]) for one in (own, *own.children(recursive=True)))


# -- who takes part ----------------------------------------------------------------------------------------------------


def ours(backend: str) -> Contestant:
    """A backend of handgrad's, whose rate is given."""
    far, descends = backend.startswith("dask-"), True

    def fit(rows: Rows, passes: int) -> np.ndarray:
        X, y = (rows.far_X, rows.far_y) if far else (rows.X, rows.y)
        return hg.train(X, y, backend, RATE, passes, record=()).weights

    return Contestant(backend, fit, descends)


def of_scikit_learn() -> Iterator[Contestant]:
    """LinearRegression has no penalty; SGDRegressor is told to have none."""
    from sklearn.linear_model import LinearRegression, SGDRegressor

    def solved(rows: Rows, passes: int) -> Any:
        return LinearRegression().fit(rows.X, rows.y).coef_

    def descent(rows: Rows, passes: int) -> Any:
        model = SGDRegressor(penalty=None, tol=None, max_iter=passes, average=True, random_state=0)
        return model.fit(rows.X, rows.y).coef_

    yield Contestant("scikit-learn LinearRegression()", solved, False)
    yield Contestant("scikit-learn SGDRegressor(penalty=None, average=True)", descent, True, most=10)


def of_dask_glm() -> Iterator[Contestant]:
    """Its gradient descent with its own line search, which has no penalty."""
    LinearRegression = import_module("dask_glm.estimators").LinearRegression  # which no test needs

    def descent(rows: Rows, passes: int) -> Any:
        return LinearRegression(solver="gradient_descent", max_iter=passes, tol=0).fit(rows.far_X, rows.far_y).coef_

    yield Contestant("dask-glm gradient_descent", descent, True)


def of_dask_ml() -> Iterator[Contestant]:
    """Gradient descent, which has no penalty, and the default solver, whose is l2 with C = 1: without, and as it is."""
    LinearRegression = import_module("dask_ml.linear_model").LinearRegression

    def solver(**how: Any) -> Callable[[Rows, int], Any]:
        return lambda rows, passes: LinearRegression(max_iter=passes, **how).fit(rows.far_X, rows.far_y).coef_

    descent = solver(solver="gradient_descent", tol=0)
    yield Contestant('dask-ml LinearRegression(solver="gradient_descent")', descent, True)
    closely = {"abstol": 1e-10, "reltol": 1e-10}
    yield Contestant(
        "dask-ml LinearRegression(C=1e18), tolerances 1e-10", solver(C=1e18, solver_kwargs=closely), True, 20
    )
    yield Contestant("dask-ml LinearRegression()", solver(), True, most=20)


def contestants() -> list[Contestant]:
    """All, but for those whose library cannot be used, which are told."""
    found = [ours(name) for name in OURS]
    for others in (of_scikit_learn, of_dask_glm, of_dask_ml):
        try:
            found += others()
        except Exception as error:
            print(f"{others.__name__[3:]}: left out: {type(error).__name__}: {error}")
    return found


# -- the contest -------------------------------------------------------------------------------------------------------


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--features", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", metavar="NAME,NAME", help="how names begin of those that take part")
    asked = parser.parse_args()
    with (
        LocalCluster(n_workers=asked.workers, threads_per_worker=1, dashboard_address=":0", silence_logs=50) as cluster,
        Client(cluster),
    ):
        rows, weights = made(asked.rows, asked.features, asked.seed)
        answer, bound = least_squares(rows)
        noise = float(np.abs(answer - weights).max())
        print(f"least squares: max |Ŵ − W| = {noise:.10f}, Ŵ right to {bound:.1e}; the same error: {PART * noise:.2e}")
        named = [one for one in contestants() if any(map(one.name.startswith, asked.only.split(",")))]
        taking = list(ready(named, rows, answer, PART * noise))
        in_turns(taking, rows, asked.rounds, asked.seed, PART * noise)


def made(n: int, d: int, seed: int) -> tuple[Rows, np.ndarray]:
    """The table, and the true weights (d,)."""
    rng = da.random.default_rng(seed)
    weights, chunk = np.random.default_rng(seed).random(d), -(-n // 10)
    X = rng.normal(size=(n, d), chunks=(chunk, d))
    X = X.persist()
    y = (X.dot(weights) + rng.normal(size=n, chunks=chunk)).persist()
    wait([X, y])
    return Rows(X.compute(), y.compute(), X, y), weights


def least_squares(rows: Rows) -> tuple[np.ndarray, float]:
    """Ŵ (d,), and how far it may lie from the exact answer.

    At the end the gradient g is known to its last digit; the answer lies within ‖g‖ / λ, λ the least eigenvalue of the
    Hessian.
    """
    Z = np.column_stack([rows.X, np.ones(len(rows.y))])
    hessian = 2 / len(Z) * (Z.T @ Z)
    theta = np.linalg.solve(hessian, 2 / len(Z) * (Z.T @ rows.y))
    del Z
    for _ in range(2):
        at = hg.gradient(rows.X, rows.y, theta[:-1], theta[-1], "numba-compensated")
        g = np.append(at.weights, at.bias)
        bound = float(np.linalg.norm(g) / np.linalg.eigvalsh(hessian)[0])
        if bound > 1e-14:
            theta = theta - np.linalg.solve(hessian, g)
    return theta[:-1], bound


def ready(found: Sequence[Contestant], rows: Rows, answer: np.ndarray, wanted: float) -> Iterator[Contestant]:
    """Those that can run, with the passes that they need."""
    some = part_of(rows)
    answer_of_some, _ = least_squares(some)
    for one in found:
        print(f"{one.name}: on {len(some.y)} rows, then on all", flush=True)
        try:
            one.settle(some, answer_of_some, wanted)
            one.settle(rows, answer, wanted)
        except Exception as error:
            print(f"  cannot run: {type(error).__name__}: {' '.join(str(error).split())[:300]}", flush=True)
            continue
        yield one


def part_of(rows: Rows) -> Rows:
    """The first rows, in as many chunks."""
    some = len(rows.y) // PILOT
    X, y = (
        rows.far_X[:some].rechunk((-(-some // 10), -1)).persist(),
        rows.far_y[:some].rechunk(-(-some // 10)).persist(),
    )
    return Rows(rows.X[:some], rows.y[:some], X, y)


def in_turns(taking: Sequence[Contestant], rows: Rows, rounds: int, seed: int, wanted: float) -> None:
    """Times all, in an order drawn anew for each round."""
    order = random.Random(seed)
    for done in range(rounds):
        for one in order.sample(taking, len(taking)):
            if not done or one.error <= wanted:
                one.lap(rows)
        show(taking, wanted)


def show(taking: Sequence[Contestant], wanted: float) -> None:
    """A line each: passes, error, seconds, those of processors, and these over ours."""
    base = {one.name: np.median(one.processor_seconds) for one in taking}
    print(f"| who | passes | error | seconds | of processors | {' | '.join('× ' + name for name in OURS)} |")
    for one in taking:
        ratios = [f"{base[one.name] / base[name]:.2g}" if name in base else "" for name in OURS]
        short = "" if one.error <= wanted else ", not reached"
        spreads = map(spread, (one.seconds, one.processor_seconds))
        print("|", " | ".join(map(str, (one.name, one.passes, f"{one.error:.1e}{short}", *spreads, *ratios))), "|")


def spread(seconds: Sequence[float]) -> str:
    """The median, and the least and the most."""
    return f"{np.median(seconds):.2f} ({min(seconds):.2f} to {max(seconds):.2f})"


if __name__ == "__main__":
    main()
