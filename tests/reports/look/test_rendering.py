"""Work that a copy of the process shares: the same results in the same order, whatever becomes of the copy."""

from __future__ import annotations

import os
import signal
import sys
import time
from functools import partial

import pytest

from handgrad.reports.look import rendering
from handgrad.reports.look.rendering import in_two

needs_copies = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system copies no process")


can_copy = rendering.can_copy


@pytest.fixture(autouse=True)
def two_cores(monkeypatch, request):
    if "jax" in sys.modules and "is_not_copied" not in request.node.name:
        pytest.skip("another test has imported JAX into this process, which then must not be copied")
    monkeypatch.setattr(rendering, "can_copy", lambda: hasattr(os, "fork"))


def test_a_process_that_has_imported_jax_is_not_copied(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1}, raising=False)
    monkeypatch.delitem(sys.modules, "jax", raising=False)
    assert can_copy()
    monkeypatch.setitem(sys.modules, "jax", rendering)
    assert not can_copy()


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_results_come_in_the_order_of_the_tasks(count):
    assert in_two([partial(str, k) for k in range(count)]) == [str(k) for k in range(count)]


@needs_copies
def test_a_copy_does_every_other_task():
    first, second, third = in_two([os.getpid] * 3)
    assert first == third == os.getpid() != second


@needs_copies
def test_more_than_a_pipe_holds_comes_through():
    assert in_two([lambda: b"a", lambda: b"b" * 10**6]) == [b"a", b"b" * 10**6]


@needs_copies
def test_what_a_copy_could_not_do_is_done_here():
    here = os.getpid()

    def dies_elsewhere():
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return "done"

    assert in_two([lambda: "first", dies_elsewhere]) == ["first", "done"]


@needs_copies
def test_a_copy_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr(rendering, "PATIENCE_AT_LEAST_SECONDS", 0.05)
    here = os.getpid()

    def hangs_elsewhere():
        if os.getpid() != here:
            time.sleep(60)
        return "done"

    assert in_two([lambda: "first", hangs_elsewhere]) == ["first", "done"]


@needs_copies
@pytest.mark.parametrize("place", [0, 1])
def test_an_error_is_raised_wherever_it_happens(place):
    tasks = [lambda: "fine", lambda: "fine"]
    tasks[place] = lambda: 1 // 0
    with pytest.raises(ZeroDivisionError):
        in_two(tasks)


@needs_copies
def test_no_process_is_left_behind():
    _, elsewhere = in_two([os.getpid] * 2)
    with pytest.raises(ChildProcessError):
        os.waitpid(elsewhere, os.WNOHANG)
