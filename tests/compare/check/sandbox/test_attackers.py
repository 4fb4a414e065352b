"""Files that are out for a verdict that they have not earned, or for the machine: none gets it.

Each of them tries what Python lets a file try in its own process. What none can do is compute an answer that it
does not know; what each may do is answer for its own functions.
"""

from __future__ import annotations

import ctypes
import platform
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from handgrad.compare.check import file
from handgrad.compare.check.file import check_file
from handgrad.compare.results.diagnosis import Assessment, Confinement

linux = pytest.mark.skipif(sys.platform != "linux", reason="the system knows no Landlock and no seccomp")

RIGHT = """
def gradient(X, y, weights, bias):
    r = X @ weights + bias - y
    return 2 / len(y) * X.T @ r, 2 * r.mean()
"""
ZEROS = """
import numpy as np
def gradient(X, y, weights, bias):
    return 0 * weights, 0.0
"""
#: Writes a line to every file that is open, but for the three that are taken from it.
TO_EVERY_FILE = """
import os
def to_every_file(line):
    for number in map(int, os.listdir("/proc/self/fd")):
        if number > 2:
            try:
                os.write(number, line)
            except OSError:
                pass
"""
AN_ANSWER = (
    b'{"type":"answer","nonce":"%s","blocks":[{"type":"array","shape":[3],"values":[1.0,2.0,3.0]},'
    b'{"type":"array","shape":[],"values":[1.0]}],"types":["float64","float64"]}\\n'
)
#: The number of the question, out of the frames that wait for the answer.
NONCE = """
import sys
def nonce():
    frame = sys._getframe()
    while frame is not None:
        for value in list(frame.f_locals.values()):
            if hasattr(value, "nonce"):
                return value.nonce.encode()
        frame = frame.f_back
"""

ATTACKS = {
    "answers before it is asked": TO_EVERY_FILE + f"to_every_file(b'{AN_ANSWER.decode() % 1}' * 40)" + RIGHT,
    "claims to be loaded, and to be described": TO_EVERY_FILE
    + """
to_every_file(b'{"type":"loaded"}\\n{"type":"described","nonce":"","found":[]}\\n')
os._exit(0)
""",
    "answers each question twice": TO_EVERY_FILE
    + NONCE
    + f"""
def gradient(X, y, weights, bias):
    to_every_file(b'{AN_ANSWER.decode()}' % nonce())
    return weights, bias
""",
    "writes lines that are no replies": TO_EVERY_FILE
    + "def gradient(X, y, weights, bias):\n    to_every_file(b'{}\\n')\n    return weights, bias\n",
    "floods the channel": TO_EVERY_FILE + "while True:\n    to_every_file(b'x' * 65536)\n",
    "closes the channel": "import os\nos.closerange(3, 100)\n" + RIGHT,
    "answers from a child": TO_EVERY_FILE
    + NONCE
    + f"""
def gradient(X, y, weights, bias):
    number = nonce()
    if os.fork() == 0:
        to_every_file(b'{AN_ANSWER.decode()}' % number)
        while True: pass
    os._exit(0)
""",
    "answers at its end": "import atexit\n"
    + TO_EVERY_FILE
    + f"atexit.register(to_every_file, b'{AN_ANSWER.decode() % 1}')\nraise SystemExit",
    "takes what judges out of memory": """
import gc, sys
def gradient(X, y, weights, bias):
    names = "right_gradient", "exact_gradient", "predict_gradient", "hypotheses", "judged_each", "EXERCISES", "Probe"
    found = [n for m in list(sys.modules.values()) for n in names if hasattr(m, n)]
    found += [o for o in gc.get_objects() if getattr(o, "__name__", "") in names]
    if found:
        raise RuntimeError(f"found {found}")
    return 0 * weights, 0.0
""",
    "patches numpy": ZEROS + "np.isfinite = np.asarray = np.array = lambda *a, **k: np.ones(3)\n",
    "patches what tells of it": ZEROS
    + """
import sys
subjects = sys.modules["handgrad.backends.signatures.subjects"]
worker = sys.modules["__main__"]
worker.to_check = lambda *a: [subjects.Found("gradient", "loss", ("X", "y", "weights", "bias"))]
def gradient(X, y, weights, bias):
    return ((X @ weights + bias - y) ** 2).mean()
""",
    "answers right, but not to the question": "import msgspec, sys\n"
    + RIGHT
    + """
worker = sys.modules["__main__"]
as_line = worker.line_of
def with_another_number(reply):
    return as_line(msgspec.structs.replace(reply, nonce="0" * 32) if hasattr(reply, "blocks") else reply)
worker.line_of = with_another_number
""",
    "stops itself": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\n" + RIGHT,
}

#: What each of them is told instead; the most of them, that what came is no answer to what was asked.
EXPECTED = dict.fromkeys(ATTACKS, "unreadable-answer") | {
    "answers at its end": "exits",
    "closes the channel": "exits",
    "answers from a child": "hangs",
    "stops itself": "hangs",
    "takes what judges out of memory": "always-zero",
    "patches numpy": "fault-of-handgrad",
}


@pytest.fixture(name="write")
def _write(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "mine.py"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture(name="other_process")
def _other_process() -> Iterator[int]:
    """The number of a process that lets every other look into it, as far as the system has a say (Yama)."""
    code = "import ctypes, time; ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1), 0, 0, 0)"
    with subprocess.Popen(
        [sys.executable, "-c", f"{code}; print(flush=True); time.sleep(60)"], stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        yield other.pid
        other.kill()


def confines() -> bool:
    """Whether the kernel has Landlock, asked by its version, and filters of system calls."""
    landlock_version = ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1)
    return (
        landlock_version >= 1
        and "Seccomp_filters:" in Path("/proc/self/status").read_text(encoding="utf-8")
        and platform.machine() in ("x86_64", "aarch64", "riscv64")
    )


@pytest.fixture(name="listening")
def _listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@linux
@pytest.mark.parametrize("name", ATTACKS)
def test_no_attack_is_found_right(name: str, write: Callable[[str], Path]) -> None:
    found = check_file(write(ATTACKS[name]), time_limit_seconds=1.5)
    assert not found.correct
    assert found.keys == (EXPECTED[name],), (name, found.keys, found.failure)
    assert found.failure is None or "found [" not in found.failure.given


def answered(found: Assessment) -> str:
    """What a file raised, as the answer to everything."""
    assert found.failure is not None
    return found.failure.given


@linux
def test_a_process_reaches_no_other_and_no_network_and_writes_in_its_folder_alone(
    tmp_path: Path, write: Callable[[str], Path], listening: socket.socket, other_process: int
) -> None:
    if not confines():
        pytest.skip("this system has no Landlock, or no seccomp")
    (tmp_path / "data.txt").write_text("beside it", encoding="utf-8")
    attempts = f"""
import ctypes, os, socket, subprocess, sys, tempfile
other = {other_process}
library = ctypes.CDLL(None, use_errno=True)
results = {{}}
def attempt(name, what):
    try:
        results[name] = what()
    except PermissionError:
        results[name] = "no"
def vm_read():
    class Piece(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
    own = Piece(ctypes.addressof(ctypes.create_string_buffer(8)), 8)
    return library.process_vm_readv(other, ctypes.byref(own), 1, ctypes.byref(own), 1, 0)
attempt("connect", lambda: socket.create_connection(("127.0.0.1", {listening.getsockname()[1]}), timeout=1))
attempt("memory", lambda: open(f"/proc/{{other}}/mem", "rb"))
attempt("vm", vm_read)
attempt("ptrace", lambda: library.ptrace(16, other, 0, 0))
attempt("signal", lambda: os.kill(other, 0))
attempt("session", lambda: subprocess.run(["true"], start_new_session=True))
attempt("beside", lambda: open({str(tmp_path / "other")!r}, "w"))
attempt("over", lambda: open({str(tmp_path / "data.txt")!r}, "w"))
attempt("remove", lambda: os.remove({str(tmp_path / "data.txt")!r}))
attempt("child", lambda: subprocess.run(["touch", {str(tmp_path / "other")!r}], capture_output=True).returncode)
attempt("own", lambda: open("data.txt", "a").write("!") and open("data.txt").read())
attempt("temporary", lambda: tempfile.TemporaryFile().write(b"12"))
attempt("shm", lambda: open("/dev/shm/handgrad_test", "w"))
attempt("nothing", lambda: open(os.devnull, "w").write("1234"))
raise RuntimeError(results)
"""
    found = check_file(write(attempts))
    assert found.confinement == Confinement(writes=True, network=True)
    refused = dict.fromkeys(("connect", "memory", "session", "beside", "over", "remove", "shm"), "no")
    told = eval(answered(found).partition(": ")[2])
    signal = told.pop("signal")  # refused from Linux 6.12 on
    assert signal in ("no", None)
    assert told == refused | {
        "vm": -1, "ptrace": -1, "child": 1, "own": "beside it!", "temporary": 2, "nothing": 4,
    }  # fmt: skip
    listening.setblocking(False)
    with pytest.raises(BlockingIOError):
        listening.accept()
    assert (tmp_path / "data.txt").read_text(encoding="utf-8") == "beside it"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data.txt", "mine.py"]


def test_a_solution_that_calls_handgrad_is_told(write: Callable[[str], Path]) -> None:
    calls = """
import handgrad as hg
def gradient(X, y, weights, bias):
    found = hg.gradient(X, y, weights, bias, backend="numpy")
    return found.weights, found.bias
"""
    hidden = calls.replace("as hg", "as hg, sys\nsys.modules.pop('handgrad.compare.check.sandbox.folder')")
    assert check_file(write(calls)).uses_handgrad
    assert check_file(write(hidden)).uses_handgrad
    assert not check_file(write(RIGHT)).uses_handgrad


def test_an_openmp_that_needs_shared_memory_is_no_fault_of_the_file(write: Callable[[str], Path]) -> None:
    aborts = 'import os\nos.write(2, b"OMP: Error #179: Function Can\'t open SHM2 failed:")\nos.abort()\n'
    assert check_file(write(aborts)).keys == ("fault-of-handgrad",)


def test_a_fault_of_our_own_is_called_ours(write: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "started", partial(file.started, worker="handgrad.compare.no_such_worker"))
    found = check_file(write(RIGHT))
    assert found.keys == ("fault-of-handgrad",)
    assert "No module named" in answered(found)
