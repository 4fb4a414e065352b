"""What the student's process may not do, as far as the system can hold it to that; it holds for its children, too.

Memory and the size of files everywhere but on Windows (setrlimit(2)); on Linux the network is off (seccomp(2)), and
files are written in its temporary folder alone (`landlock`), which also keeps it from the memory of other processes.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys

from handgrad.compare.check.sandbox import landlock
from handgrad.compare.results.diagnosis import Confinement

#: Bytes that the student's code may write into one file.
LARGEST_FILE_BYTES = 32 * 1024 * 1024

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EACCES
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06

#: By machine: its number in linux/audit.h, and the system calls that are refused. Those are `socket` and
#: `io_uring_setup`, which reach the network; `setsid` and `setpgid`, by which a child would not be ended with the
#: others; `ptrace`, `process_vm_readv` and `process_vm_writev`, which reach into another process.
_REFUSED = {
    "x86_64": (0xC000003E, (41, 425, 112, 109, 101, 310, 311)),
    "aarch64": (0xC00000B7, (198, 425, 157, 154, 117, 270, 271)),
    "riscv64": (0xC00000F3, (198, 425, 157, 154, 117, 270, 271)),
}
#: From here on, x86-64 counts the calls of another interface (x32).
_X32 = 0x40000000


def confine(folder: str, memory_bytes: int) -> Confinement:
    """Confines this process, and tells how far that went."""
    _limit(memory_bytes)
    if sys.platform != "linux":
        return Confinement()
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return Confinement(writes=landlock.confine_writes(library, folder), network=_without_network(library))


def _limit(memory_bytes: int) -> None:
    """Memory, the size of files, no core dump; where the system knows no such limits, time alone is limited."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for what, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, LARGEST_FILE_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard),) * 2)


class _Program(ctypes.Structure):
    """`struct sock_fprog` of linux/filter.h."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _without_network(library: ctypes.CDLL) -> bool:
    """Whether the refused system calls are refused from now on."""
    machine = platform.machine()
    if machine not in _REFUSED or sys.maxsize < 2**32:
        return False
    program = _program(*_REFUSED[machine])
    wanted = _Program(len(program) // 8, program)
    return bool(library.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(wanted)) == 0)


def _program(architecture: int, refused: tuple[int, ...]) -> bytes:
    """The filter, in the instructions of bpf(4): what is named is refused, and all calls of another architecture."""
    to_refusal = len(refused) + 1  # the instructions between the check of x32 and the refusal
    instructions = [
        (_LOAD, 0, 0, 4),  # seccomp_data.arch
        (_EQUAL, 0, to_refusal + 2, architecture),
        (_LOAD, 0, 0, 0),  # seccomp_data.nr
        (_AT_LEAST, to_refusal, 0, _X32),
        *((_EQUAL, len(refused) - i, 0, number) for i, number in enumerate(refused)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("=HBBI", *one) for one in instructions)
