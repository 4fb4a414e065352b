"""What every backend in the catalogue must do: the contract that is shipped, and what holds among them.

A backend in a new file, or in another package's entry point, is picked up by itself. One that is not installed
is skipped with its reason; one that is installed and fails is a failure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handgrad.backends.catalogue import catalogue, entry, load
from handgrad.backends.interface import DType, Parameters, Plan, Trainer
from handgrad.contract.bounds import bound_at
from handgrad.contract.cases import DTYPES, problem, train
from handgrad.contract.test_divergence import *  # noqa: F403
from handgrad.contract.test_gradient import *  # noqa: F403
from handgrad.contract.test_inputs import *  # noqa: F403
from handgrad.contract.test_run import *  # noqa: F403

REFERENCE = Path(__file__).parents[1] / "reference"


#: Compiles a program for every shape, for seconds each: test_torch_compile.py holds it to the contract's heart.
COMPILED_PER_SHAPE = {"torch-compile"}


#: Dask's workers are threads of this process here; test_cluster_blocks.py has real ones.
@pytest.fixture(scope="module", autouse=True)
def _cluster() -> Iterator[None]:
    if entry("dask-numba").reason() is not None:
        yield
        return
    from distributed import Client

    with Client(processes=False, n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50):
        yield


HELD = [name for name in catalogue() if name not in COMPILED_PER_SHAPE]


@pytest.fixture(params=HELD)
def backend(request: pytest.FixtureRequest) -> type[Trainer]:
    """Each backend in turn; the one that cannot run here says why."""
    if (reason := entry(request.param).reason()) is not None:
        pytest.skip(reason)
    return load(request.param)


def runnable() -> list[type[Trainer]]:
    return [load(name) for name in HELD if entry(name).reason() is None]


@pytest.mark.parametrize("dtype", DTYPES)
def test_backends_agree_with_each_other_within_the_sum_of_their_bounds(dtype: DType) -> None:
    given = problem(101, 3, dtype)
    bound = bound_at(given.X, given.y, given.weights.astype(float), given.bias, dtype)
    found = {b.name: given.trainer(b).gradient_at(*given.start) for b in runnable()}
    assert len(found) >= 4
    for name, got in found.items():
        for other, their in found.items():
            assert (np.abs(got.weights - their.weights) <= 2 * bound.weights).all(), f"{name} and {other}"
            assert abs(got.bias - their.bias) <= 2 * bound.bias, f"{name} and {other}"
            assert abs(got.loss - their.loss) <= 2 * bound.loss, f"{name} and {other}"


def published() -> list[Any]:
    runs: list[dict[str, Any]] = json.loads((REFERENCE / "gd.json").read_text())["runs"]
    assert len(runs) == 2
    return [pytest.param(run, id=run["name"]) for run in runs]


@pytest.mark.parametrize("run", published())
def test_published_runs_are_reproduced_to_12_digits(backend: type[Trainer], run: dict[str, Any]) -> None:
    """The ones are our bias; the loss there is SSE / 2n, so their rate is twice ours and their cost half."""
    table = np.array(run["X"], dtype=np.float64)
    assert (table[:, 0] == 1).all()
    bias, *weights = (float(value) for value in run["start"])
    plan = Plan(float(run["alpha"]) / 2, run["iterations"], start=Parameters(weights, bias))
    got = backend(table[:, 1:], np.array(run["y"], dtype=np.float64)).train(plan)
    assert run["trajectory"][-1]["iteration"] == run["iterations"] == got.recorded_epochs[-1]
    for expected in run["trajectory"]:
        k = expected["iteration"]
        theta = [float(value) for value in expected["theta"]]
        assert [got.recorded_biases[k], *got.recorded_weights[k]] == pytest.approx(theta, rel=1e-12, abs=0)
        assert got.losses[k] / 2 == pytest.approx(float(expected["cost"]), rel=1e-12, abs=0)
    for theirs, ours in zip(run["published"]["theta"], [got.bias, *got.weights], strict=True):
        assert f"{ours:.{len(theirs.split('.')[1])}f}" == theirs


def test_all_backends_diverge_at_the_same_epoch() -> None:
    given = problem(5, 3)
    epochs = {b.name: train(b, given, learning_rate=1e4, epochs=200).diverged_at for b in runnable()}
    assert len(set(epochs.values())) == 1, epochs
