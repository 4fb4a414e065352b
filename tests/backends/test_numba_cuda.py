"""numba-cuda: its program in Numba's simulator, everywhere; the contract holds it where there is a device."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from handgrad.backends.catalogue import entry

PROGRAM = Path(__file__).parents[1] / "cuda_program.py"


def test_the_program_gives_the_exact_gradient_and_descends_as_it_must() -> None:
    if entry("numba-cuda").missing():
        pytest.skip("Numba is not installed")
    environment = os.environ | {"NUMBA_ENABLE_CUDASIM": "1"}
    done = subprocess.run(
        [sys.executable, str(PROGRAM)], capture_output=True, text=True, timeout=300, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found) == 9
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
