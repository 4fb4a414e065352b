"""The program of `numba-cuda` without a device: Numba's simulator runs each of its threads as a thread of Python.

Run with NUMBA_ENABLE_CUDASIM=1, which is read when Numba is imported, so in a process of its own. It prints what became
of each check as one JSON object. A block has 4 threads here in two warps of 2, and there are 4 blocks at most: 256 of
Python's threads would take minutes, and the program is the same. With `--contract` it is held to the contract of all
backends, but for the large tables; that takes a minute.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numba.cuda.simulator import kernelapi
from numba.np.numpy_support import as_dtype

from handgrad.backends import catalogue, numba_cuda
from handgrad.backends.interface import Plan
from handgrad.backends.kernels import cuda_pass
from handgrad.backends.numba_cuda import NumbaCudaTrainer
from handgrad.contract.cases import assert_near, assert_same_bits, assert_within_the_bound, exact_path, place, problem

#: A row; several blocks, the last one shorter; more features than a thread holds; more than warps have.
SHAPES = [(1, 1), (101, 3), (197, 2), (97, 16), (35, 19)]


def gradient(shape: tuple[int, int], dtype: str) -> None:
    """Loss and gradient lie within their bounds of the exact ones, at a start and far away."""
    given = problem(*shape, dtype)
    trainer = NumbaCudaTrainer(given.X, given.y, dtype)
    for where in ("start", "far"):
        assert_within_the_bound(trainer, place(*shape, dtype, where))


def run() -> None:
    """Every epoch lies within the bound of the exact descent, and a second run leaves the same bits."""
    given = problem(101, 3)
    plan = Plan(given.rate, 5, None, given.start)
    first, second = (NumbaCudaTrainer(given.X, given.y).train(plan) for _ in range(2))
    assert_near(first, exact_path(101, 3, "float64", None))
    assert_same_bits(first, second)


def divergence() -> None:
    """A step after a loss that is not finite moves nothing, and the run says where that was, as NumPy's does."""
    from handgrad.backends.numpy import NumPyTrainer

    given = problem(1, 3)
    plan = Plan(1e80, 6, None, given.start)
    ours, theirs = (kind(given.X, given.y).train(plan) for kind in (NumbaCudaTrainer, NumPyTrainer))
    assert ours.diverged_at == theirs.diverged_at is not None
    np.testing.assert_allclose(ours.weights, theirs.weights, rtol=1e-12)
    steps = NumbaCudaTrainer(given.X, given.y)
    _, losses = steps.run(steps.start(plan), replace(plan, record=(0, 6)), 0, 6)
    assert np.isfinite(losses[:-1]).all()
    assert not np.isfinite(losses[-1])


def order() -> None:
    """What each block adds up depends on the number of rows alone, and every row is in one block."""
    for rows in (1, 4, 5, 64, 65, 1000, 10**6, 10**9):
        blocks, each = cuda_pass.parts_of(rows)
        assert blocks <= cuda_pass.BLOCKS
        assert (blocks - 1) * each < rows <= blocks * each
        assert each % cuda_pass.THREADS == 0


def other() -> None:
    """Predictions, mini-batches refused, and as many bytes read as are asked for."""
    given = problem(101, 3)
    trainer = NumbaCudaTrainer(given.X, given.y)
    weights, bias = trainer.start(Plan(0.1, 1, None, given.start))
    np.testing.assert_allclose(trainer.predict(*trainer.data[:1], weights, bias), given.X @ weights + bias, rtol=1e-13)
    reading = trainer.reading(4 * 1000)
    reading()
    *_, summed = reading.args
    assert summed.copy_to_host().sum() == 1000
    assert (trainer.device, trainer.minibatch) == ("cuda", False)


def checks() -> Iterator[tuple[str, Callable[[], None]]]:
    """All, by name."""
    for shape in SHAPES:
        dtype = "float32" if shape in ((101, 3), (35, 19)) else "float64"
        yield f"gradient {shape[0]} × {shape[1]} {dtype}", lambda shape=shape, dtype=dtype: gradient(shape, dtype)
    yield from {"run": run, "divergence": divergence, "order": order, "other": other}.items()


class SharedOnce(kernelapi.FakeCUDAShared):  # type: ignore[misc]
    """Shared arrays of a block, one for each line that asks: the simulator makes two where two threads ask at once."""

    def array(self, shape: int, dtype: Any) -> Any:
        asked = sys._getframe(1)
        place = asked.f_code.co_filename, asked.f_lineno
        return self._allocations.setdefault(place, np.empty(shape, as_dtype(dtype)))


def told(check: Callable[[], None]) -> str:
    """What is wrong; nothing where all is right."""
    try:
        check()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def contract() -> int:
    """The contract's exit code; no driver is asked for a device."""
    catalogue.cuda_devices = lambda: 1  # type: ignore[assignment]
    small = "not 4099 and not 40009 and not large"
    asked = ["-p", "handgrad.contract.plugin", "--handgrad-backend", "numba-cuda", "-k", small]
    return pytest.main(["-q", "-p", "no:cacheprovider", "-W", "ignore", "--pyargs", "handgrad.contract", *asked])


if __name__ == "__main__":
    kernelapi.FakeCUDAShared = SharedOnce
    sys.setswitchinterval(1e-5)  # the simulator looks at its threads over and over, and would keep them waiting
    numba_cuda.THREADS = cuda_pass.THREADS = 4
    cuda_pass.WARP, cuda_pass.WARPS, cuda_pass.BLOCKS = 2, 2, 4
    warnings.simplefilter("ignore", RuntimeWarning)  # of what leaves the range, as on a device without a word
    if "--contract" in sys.argv:
        sys.exit(contract())
    print(json.dumps({name: told(check) for name, check in checks()}))
