"""Landlock (Linux 5.13, landlock(7)): this process and its children write into one folder, and nowhere else.

Reading stays allowed. With it, they cannot look into the memory of processes outside (ptrace(2) and /proc), and from
version 6 of its interface on, cannot send these signals.
"""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_VERSION_FLAG, _PATH_BENEATH = 1, 1

_WRITE_FILE, _TRUNCATE, _REFER = 1 << 1, 1 << 14, 1 << 13
#: WRITE_FILE, REMOVE_DIR, REMOVE_FILE, and MAKE_CHAR to MAKE_SYM.
_WRITES = _WRITE_FILE | sum(1 << bit for bit in (4, 5, 6, 7, 8, 9, 10, 11, 12))
_SCOPE_ABSTRACT_SOCKET, _SCOPE_SIGNAL = 1, 2

#: What may be written besides: nothing is kept there. Not /dev/shm, by which one file could hand answers to the next:
#: today's run-time libraries of OpenMP do without it, and of older ones it is told (`student.process`).
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full")


def confine_writes(library: ctypes.CDLL, folder: str) -> bool:
    """Whether from now on files can be written, made and removed in the folder only."""
    version = library.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG)
    if version < 1:
        return False
    files = _WRITES | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    scopes = _SCOPE_ABSTRACT_SOCKET | _SCOPE_SIGNAL if version >= 6 else 0
    attributes = struct.pack("=QQQ", files, 0, scopes)[: 24 if version >= 6 else 16 if version >= 4 else 8]
    rules = library.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    if rules < 0:
        return False
    try:
        single = files & (_WRITE_FILE | _TRUNCATE)
        allowed = {folder: files, **dict.fromkeys(_DEVICES, single)}
        added = [_allow(library, rules, path, rights) for path, rights in allowed.items() if Path(path).exists()]
        return all(added) and library.syscall(_RESTRICT_SELF, rules, 0) == 0
    finally:
        os.close(rules)


def _allow(library: ctypes.CDLL, rules: int, path: str, rights: int) -> bool:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        beneath = struct.pack("=Qi", rights, place)
        return bool(library.syscall(_ADD_RULE, rules, _PATH_BENEATH, beneath, 0) == 0)
    finally:
        os.close(place)
