"""Where a comparison runs, as it is captured: on a machine whose host may take from it."""

from __future__ import annotations

import sys
from collections import namedtuple
from typing import Any

import psutil
import pytest

from handgrad.compare.timing import environment
from handgrad.compare.timing.environment import blas_name, capture, described, processor_seconds


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts what a host takes")
def test_the_processors_seconds_are_read_from_the_system() -> None:
    first, second = processor_seconds(), processor_seconds()
    assert first is not None
    assert second is not None
    assert 0 <= first[0] <= first[1] <= second[1]


def test_stolen_seconds_are_counted_once_and_those_of_guests_with_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    times = namedtuple("times", "user system idle steal guest guest_nice")
    monkeypatch.setattr(psutil, "cpu_times", lambda: times(10.0, 5.0, 80.0, 5.0, 4.0, 2.0))
    assert processor_seconds() == (5.0, 100.0)
    monkeypatch.setattr(psutil, "cpu_times", lambda: namedtuple("times", "user system idle")(1.0, 1.0, 1.0))
    assert processor_seconds() is None


def library(**fields: Any) -> dict[str, Any]:
    return {"user_api": "blas", "internal_api": "openblas", "filepath": "/x/numpy.libs/a.so", "version": "1"} | fields


def test_the_blas_is_the_one_that_numpy_has_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    others = [library(user_api="openmp"), library(internal_api="mkl", filepath="/x/torch/b.so")]
    monkeypatch.setattr("threadpoolctl.threadpool_info", lambda: [*others, library(version="0.3", architecture="Zen")])
    assert blas_name() == "openblas 0.3, Zen"
    monkeypatch.setattr("threadpoolctl.threadpool_info", lambda: others)
    assert blas_name() == "mkl 1"


def test_where_no_blas_can_be_asked_it_is_the_one_that_numpy_was_built_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threadpoolctl.threadpool_info", list)
    built = {"Build Dependencies": {"blas": {"name": "accelerate", "version": "3"}}}
    monkeypatch.setattr("numpy.show_config", lambda mode: built)
    assert blas_name() == "accelerate 3"


def test_what_a_library_does_not_tell_is_left_out() -> None:
    assert described(library(version=None, architecture="Zen", threading_layer="pthreads")) == "openblas, Zen, pthreads"


def test_a_capture_names_what_is_loaded_and_given() -> None:
    found = capture(threads=3, command="handgrad compare")
    assert (found.threads, found.command) == (3, "handgrad compare")
    assert found.blas == blas_name()
    assert found.memory_bytes == environment.memory_bytes()
    assert found.packages["numpy"]
