"""What a limit on this process's addresses (`ulimit -v`) does to libraries, in one line in place of their own ends.

Under a low one OpenBLAS leaves the process, threads of C++ abort it, and imports fail in the middle of a library; no
exception reaches us from the first two, so that the limit is looked at before anything is imported.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

#: Below it NumPy cannot be imported, or pyarrow's threads abort the process (seen up to 410 MiB, on two cores).
LEAST_BYTES = 430 * 2**20

#: What all libraries together need, PyTorch among them, as a shell is told it.
ENOUGH = "4000000"

#: How libraries say that they got no memory, or no thread, for whose stack there were no addresses.
SIGNS = (
    "failed to map segment",
    "cannot allocate memory",
    "can't start new thread",
    "failed to launch worker thread",
    "resource temporarily unavailable",
    "std::bad_alloc",
    "returned null without setting an exception",
)


class TooFewAddresses(RuntimeError):
    """The limit on addresses leaves too few to run anything; the message is for the user."""


def limit_bytes() -> int | None:
    """The limit on this process's addresses; None without one."""
    if sys.platform == "win32":
        return None
    import resource

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if limit == resource.RLIM_INFINITY else limit


def check_limit() -> None:
    """Refuses to begin where libraries would end the process without a word of ours.

    Raises:
        TooFewAddresses: With the figures.
    """
    limit = limit_bytes()
    if limit is not None and limit < LEAST_BYTES:
        raise TooFewAddresses(
            f"the limit of this shell (ulimit -v {limit // 1024}) leaves {limit / 2**20:,.0f} MiB of addresses, and "
            f"NumPy with pyarrow needs {LEAST_BYTES / 2**20:,.0f}; raise it: ulimit -v {ENOUGH}"
        )


def told(error: BaseException) -> str | None:
    """An error in one line, if the limit on addresses explains it; otherwise None."""
    limit, sign = limit_bytes(), sign_of(error)
    if limit is None or sign is None:
        return None
    return (
        f"out of memory{f' ({sign})' if sign else ''}: the limit of this shell (ulimit -v {limit // 1024}) leaves "
        f"{limit / 2**20:,.0f} MiB of addresses; raise it (ulimit -v {ENOUGH} holds all libraries), or take fewer rows"
    )


def sign_of(error: BaseException) -> str | None:
    """By which words of an error, or of one behind it, it is known that memory was wanting; None: by none."""
    if isinstance(error, MemoryError):
        return str(error)
    return next((sign for one in chain_of(error) for sign in SIGNS if sign in str(one).lower()), None)


def chain_of(error: BaseException) -> Iterator[BaseException]:
    """The error, and those behind it."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__
