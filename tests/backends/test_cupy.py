"""cupy: its lines on a stand-in for CuPy that is NumPy; the contract holds it where CuPy and a device are there."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from handgrad.backends.devices import DeviceAbsent
from handgrad.backends.interface import DType, Plan, Trainer
from handgrad.contract.cases import DTYPES, assert_near, assert_within_the_bound, exact_path, place, problem, train


class StandIn(ModuleType):
    """NumPy under CuPy's name."""

    def __init__(self, there: bool = True) -> None:
        super().__init__("cupy")
        runtime = SimpleNamespace(getDeviceProperties=lambda number: {"name": b"Pretend 3000"})
        stream = SimpleNamespace(synchronize=lambda: None)
        self.cuda = SimpleNamespace(is_available=lambda: there, runtime=runtime, get_current_stream=lambda: stream)

    def __getattr__(self, name: str) -> Any:
        return np.asarray if name == "asnumpy" else getattr(np, name)


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Trainer]]:
    monkeypatch.setitem(sys.modules, "cupy", StandIn())
    monkeypatch.delitem(sys.modules, "handgrad.backends.cupy", raising=False)
    kind: type[Trainer] = importlib.import_module("handgrad.backends.cupy").CupyTrainer
    yield kind
    sys.modules.pop("handgrad.backends.cupy", None)


@pytest.mark.parametrize("dtype", DTYPES)
def test_its_lines_give_the_exact_gradient_and_descend_as_they_must(backend: type[Trainer], dtype: DType) -> None:
    given = problem(101, 3, dtype)
    for where in ("start", "far"):
        assert_within_the_bound(backend(given.X, given.y, dtype), place(101, 3, dtype, where))
    for batch_size in (None, 7):
        run = train(backend, given, batch_size=batch_size, seed=7)
        assert_near(run, exact_path(101, 3, dtype, batch_size))
        assert run.weights.dtype == dtype


def test_it_is_on_the_device_and_says_where_there_is_none(
    backend: type[Trainer], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = problem(101, 3)
    trainer = backend(given.X, given.y)
    assert (trainer.device, trainer.device_name("cuda"), trainer.absent("cuda")) == ("cuda", "Pretend 3000", None)
    assert trainer.reading(4000)() == 1000
    trainer.synchronize()
    monkeypatch.setattr(sys.modules["handgrad.backends.cupy"], "cupy", StandIn(there=False))
    with pytest.raises(DeviceAbsent, match="CuPy sees no CUDA device here"):
        backend(given.X, given.y).train(Plan(0.1, 1))
