"""Backends that do to their process, and to what it shares with others, what none should. Each is NumPy's otherwise.

What goes wrong with it is in `tests/faults.py`.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import os
import re
import resource
import shutil
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from handgrad.backends.interface import Gradient
from handgrad.backends.numpy import NumPyTrainer


class Wicked(NumPyTrainer):
    """NumPy's gradient, after something else has been done."""

    did = False

    def do(self, X: Any, y: Any) -> None:
        """What it does before each gradient."""

    def gradient(self, X: Any, y: Any, weights: Any, bias: Any) -> Gradient:
        self.do(X, y)
        return super().gradient(X, y, weights, bias)


class Once(Wicked):
    """The same before the first gradient alone."""

    def gradient(self, X: Any, y: Any, weights: Any, bias: Any) -> Gradient:
        if not self.did:
            self.did = True
            self.do(X, y)
        return NumPyTrainer.gradient(self, X, y, weights, bias)


# -- ends of a process -------------------------------------------------------------------------------------------------


class Crashes(Wicked):
    name = "faulty-crash"
    summary = "reads at address 0"
    kind = "manual"
    by_default = False

    def do(self, X: Any, y: Any) -> None:
        ctypes.string_at(0)


class Aborts(Wicked):
    name = "faulty-abort"
    summary = "aborts"
    kind = "manual"
    by_default = False

    def do(self, X: Any, y: Any) -> None:
        os.write(2, b"free(): invalid pointer\n")
        os.abort()


class IsKilled(Wicked):
    name = "faulty-killed"
    summary = "kills itself"
    kind = "manual"
    by_default = False

    def do(self, X: Any, y: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class EndsWell(Wicked):
    name = "faulty-end-0"
    summary = "ends its process with 0"
    kind = "manual"
    by_default = False

    def do(self, X: Any, y: Any) -> None:
        os._exit(0)


class EndsIll(Wicked):
    name = "faulty-end-1"
    summary = "ends its process with 1"
    kind = "manual"
    by_default = False

    def do(self, X: Any, y: Any) -> None:
        os._exit(1)


class EndsWhenTimed(NumPyTrainer):
    name = "faulty-end-timed"
    summary = "ends its process when it is timed"
    kind = "manual"
    by_default = False

    def lap(self, *what: Any) -> Any:
        os._exit(4)


class EndsAtImport(NumPyTrainer):
    name = "faulty-import-end"
    summary = "its library ends the process"
    kind = "manual"
    requires = ("faulty_imports.ends",)
    by_default = False


class LeavesAtImport(NumPyTrainer):
    name = "faulty-import-exit"
    summary = "its library ends the program"
    kind = "manual"
    requires = ("faulty_imports.leaves",)
    by_default = False


class RaisesAtImport(NumPyTrainer):
    name = "faulty-import-raise"
    summary = "its library raises"
    kind = "manual"
    requires = ("faulty_imports.raises",)
    by_default = False


class PatchesAtImport(NumPyTrainer):
    name = "faulty-import-patch"
    summary = "its library patches NumPy"
    kind = "manual"
    requires = ("faulty_imports.patches",)
    by_default = False


# -- what never ends ---------------------------------------------------------------------------------------------------


class Hangs(Wicked):
    name = "faulty-hang"
    summary = "sleeps, whatever signal comes"
    kind = "manual"
    by_default = False

    def do(self, X: Any, y: Any) -> None:
        for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_IGN)
        while True:
            time.sleep(60)


class HangsInC(Wicked):
    name = "faulty-hang-c"
    summary = "holds the interpreter's lock"
    kind = "manual"
    by_default = False

    def do(self, X: Any, y: Any) -> None:
        re.match(r"(a+)+$", "a" * 60 + "b")


class StopsItself(Wicked):
    name = "faulty-stop"
    summary = "stops itself"
    kind = "manual"
    by_default = False

    def do(self, X: Any, y: Any) -> None:
        os.kill(os.getpid(), signal.SIGSTOP)


class AllocatesWithoutEnd(Wicked):
    name = "faulty-memory-end"
    summary = "allocates without end"
    kind = "manual"
    by_default = False

    def do(self, X: Any, y: Any) -> None:
        resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))
        kept = [bytearray(2**26)]
        while True:
            kept.append(bytearray(2**26))


class RecursesWithoutEnd(Wicked):
    name = "faulty-recursion"
    summary = "calls itself"
    kind = "manual"
    by_default = False

    def do(self, X: Any, y: Any) -> None:
        self.do(X, y)


# -- what stays behind -------------------------------------------------------------------------------------------------


class LeavesThreads(Once):
    name = "odd-threads"
    summary = "starts threads that never end"
    kind = "manual"
    by_default = False

    def do(self, X: Any, y: Any) -> None:
        for _ in range(3):
            threading.Thread(target=time.sleep, args=(600,)).start()


class LeavesAtExit(Once):
    name = "odd-exit"
    summary = "does not want to end"
    kind = "manual"
    by_default = False

    def do(self, X: Any, y: Any) -> None:
        atexit.register(time.sleep, 600)


class ForksAndReturns(Once):
    name = "odd-fork"
    summary = "goes on in two processes"
    kind = "manual"
    by_default = False

    def do(self, X: Any, y: Any) -> None:
        os.fork()


class ForksAway(Once):
    name = "odd-daemon"
    summary = "leaves a process in a session of its own, which holds all pipes"
    kind = "manual"
    by_default = False

    def do(self, X: Any, y: Any) -> None:
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                time.sleep(600)
            os._exit(0)


# -- the surroundings --------------------------------------------------------------------------------------------------


class ChangesSurroundings(Once):
    name = "odd-surroundings"
    summary = "folder, variables, umask, signals, locale and limits"
    kind = "manual"
    by_default = False

    def do(self, X: Any, y: Any) -> None:
        os.chdir("/")
        os.environ.clear()
        os.umask(0o777)
        sys.path.clear()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCONT, signal.SIGHUP):
            signal.signal(number, lambda *_: None)
        sys.setswitchinterval(1.0)
        gc.disable()
        np.seterr(all="raise")
        sys.stdout, sys.stderr, sys.stdin = None, None, None  # type: ignore[assignment]


class ClosesFiles(Wicked):
    name = "faulty-close"
    summary = "closes all files"
    kind = "manual"
    by_default = False

    def do(self, X: Any, y: Any) -> None:
        os.closerange(3, 256)


class PatchesTime(Once):
    name = "odd-time"
    summary = "has a clock that stands"
    kind = "manual"
    by_default = False

    def do(self, X: Any, y: Any) -> None:
        time.perf_counter = time.monotonic = time.time = lambda: 1.0


class PatchesNumPy(Once):
    name = "faulty-patch"
    summary = "multiplies otherwise"
    kind = "manual"
    by_default = False

    def do(self, X: Any, y: Any) -> None:
        given = np.multiply
        np.multiply = lambda *what, **more: given(*what, **more) * 1.001


class Prints(Wicked):
    name = "odd-prints"
    summary = "prints much, and what a terminal obeys"
    kind = "manual"
    by_default = False

    def do(self, X: Any, y: Any) -> None:
        if not self.did:
            self.did = True
            print("\x1b[2J\x1b]0;owned\x07" + 2**20 * "much " + "\r\n\x00\u202e")
            os.write(1, b"\xff\xfe" * 1000)


class PrintsAndEnds(Wicked):
    name = "faulty-prints"
    summary = "prints much in one line, and ends"
    kind = "manual"
    by_default = False

    def do(self, X: Any, y: Any) -> None:
        os.write(2, b"first\n" + b"\x1b[2J\x1b]0;owned\x07 last words \xff\xe2\x80\xae" + 2**20 * b"x")
        os._exit(3)


# -- what belongs to all -----------------------------------------------------------------------------------------------


class WritesTable(Once):
    name = "odd-table"
    summary = "writes into the table that all read"
    kind = "manual"
    by_default = False

    def do(self, X: Any, y: Any) -> None:
        for link in Path(f"/proc/{os.getppid()}/fd").iterdir():
            with contextlib.suppress(OSError):
                if link.is_file() and link.read_bytes()[:2] == b"PK":
                    with link.open("r+b") as table:
                        table.write(bytes(2**16))


class DeletesRun(Once):
    name = "odd-deletes"
    summary = "deletes the folder of the run"
    kind = "manual"
    by_default = False

    def do(self, X: Any, y: Any) -> None:
        if "FAULTY_FOLDER" in os.environ:
            shutil.rmtree(os.environ["FAULTY_FOLDER"])


class Floods(Wicked):
    name = "faulty-flood"
    summary = "writes without end where answers go"
    kind = "manual"
    by_default = False

    def do(self, X: Any, y: Any) -> None:
        while True:
            for number in range(3, 12):
                with contextlib.suppress(OSError):
                    os.write(number, 2**16 * b"0")


class ChangesTable(Wicked):
    name = "faulty-input"
    summary = "changes X"
    kind = "manual"
    by_default = False

    def do(self, X: Any, y: Any) -> None:
        X[0] = 0.0


class ChangesTableByForce(Wicked):
    name = "faulty-force"
    summary = "changes y behind NumPy's back"
    kind = "manual"
    by_default = False

    def do(self, X: Any, y: Any) -> None:
        ctypes.memset(y.ctypes.data, 0, y.nbytes)
