"""What all tests share: few threads, no window, no network, and the command line in a folder of its own."""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

for _library in ("OMP", "OPENBLAS", "MKL", "NUMBA"):  # before a test imports NumPy, which starts its threads
    os.environ.setdefault(f"{_library}_NUM_THREADS", "2")
os.environ["MPLBACKEND"] = "Agg"


def pytest_configure(config: pytest.Config) -> None:
    """Files keep their order with `--dist loadfile`: by their number of tests, slow ones of few would be last."""
    config.option.loadscopereorder = False


def pytest_collection_finish() -> None:
    """What is there before the first test stays to the end: the collector need not look at it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that reaches beyond this machine fails, and says where it wanted to go."""
    connect = socket.socket.connect

    def local_only(self: socket.socket, address: Any) -> None:
        here = ("127.0.0.1", "::1", "localhost")
        local = self.family == getattr(socket, "AF_UNIX", None) or address[0] in here
        assert local, f"a test must not use the network, but this one wanted {address}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", local_only)


@pytest.fixture
def without_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports have no figures and no walk: drawing is most of a small comparison's time; others test what is drawn."""
    from handgrad.reports.compare import html as compare_html
    from handgrad.reports.gradcheck import html as gradcheck_html

    for module in (compare_html, gradcheck_html):
        monkeypatch.setattr(module, "drawings", lambda *results: [])
    monkeypatch.setattr(compare_html, "page_walk", lambda comparison: None)
    monkeypatch.setattr(compare_html, "stills", lambda comparison: [])


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """`cli("backends", "--json")` runs a command in an empty folder: `exit_code`, `stdout` and `stderr` come back."""
    from typer.testing import CliRunner

    from handgrad.cli import app

    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])
