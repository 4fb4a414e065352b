"""`--device`: one line for a device that is not there, and for a backend that does not know it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from handgrad.backends.catalogue import entry
from handgrad.backends.driver import cuda_devices

Cli = Callable[..., Any]


@pytest.fixture
def table(cli: Cli) -> Path:
    Path("t.csv").write_text("x,y\n1,2\n2,3\n3,5\n4,4\n")
    return Path("t.csv")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("train",), "--device cuda: numpy computes on the CPU alone; on cuda: torch, torch-compile, jax, cupy, numba"),
        (("compare", "--backends", "numpy,python"), "device 'cuda': numpy, python compute on the CPU alone; on cuda: "),
    ],
)
def test_a_backend_that_does_not_know_it(cli: Cli, table: Path, words: tuple[str, ...], told: str) -> None:
    done = cli(words[0], table, *words[1:], "--device", "cuda")
    assert done.exit_code == 2
    assert done.stderr.startswith(f"handgrad: {told}")
    assert done.stderr.count("\n") == 1


def test_a_device_that_is_not_there(cli: Cli, table: Path) -> None:
    if entry("torch").missing():
        pytest.skip("PyTorch is not installed")
    if cuda_devices():
        pytest.skip("there is a device")
    done = cli("compare", table, "--backends", "numpy,torch", "--device", "cuda")
    assert done.exit_code == 2
    assert done.stderr.startswith("handgrad: --device cuda: PyTorch sees no CUDA device here")
    assert done.stderr.endswith("; leave --device out\n")
    assert done.stderr.count("\n") == 1
