"""numba-cuda: its program in Numba's simulator, everywhere; the contract holds it where there is a device."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

PROGRAM = Path(__file__).parents[1] / "cuda_program.py"


def test_the_program_gives_the_exact_gradient_and_descends_as_it_must() -> None:
    environment = os.environ | {"NUMBA_ENABLE_CUDASIM": "1"}
    done = subprocess.run(
        [sys.executable, str(PROGRAM)], capture_output=True, text=True, timeout=300, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found) == 9
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def compiled(kernel: Any, *arguments: Any) -> str:
    """A kernel as PTX for devices from 2020 on."""
    from numba import cuda, void

    ptx: str = cuda.compile_ptx(kernel.py_func, void(*arguments), cc=(8, 0))[0]
    return ptx


def test_the_kernels_compile_and_keep_a_threads_rows_in_registers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Numba finds NVIDIA's compiler, which needs no device; a part of a kernel asks which device that is."""
    from numba import cuda, float32, float64, int64

    if cuda.implementation != "Built-in":
        pytest.skip("numba-cuda compiles by other ways")
    absent = importlib.import_module("numba.cuda.cudadrv.error").NvvmSupportError
    try:
        importlib.import_module("numba.cuda.cudadrv.nvvm").NVVM()
    except absent as error:
        pytest.skip(f"Numba finds no NVVM: {error}")
    inside = importlib.import_module("numba.cuda.dispatcher")
    monkeypatch.setattr(inside, "get_current_device", lambda: SimpleNamespace(compute_capability=(8, 0)))
    passes = importlib.import_module("handgrad.backends.kernels.cuda_pass")
    for number, dtype, features in ((float64, "float64", 3), (float32, "float32", 17)):
        rows, line = number[:, ::1], number[::1]
        ptx = compiled(passes.sums_kernel(features, dtype), rows, line, line, int64, int64, rows)
        assert "ld.global" in ptx
        assert ".local" not in ptx  # memory of a thread's own, where registers do not do
        assert "atom" not in ptx
        assert (".f64" in ptx) == (dtype == "float64")
    assert not inside.config.CUDA_LOW_OCCUPANCY_WARNINGS  # which a test's filter would make errors of
    compiled(passes.merge_kernel("float64"), rows, line)
    compiled(passes.step, line, line, line, int64, line, line, line)
    compiled(passes.read, float32[::1], int64, float32[::1])
