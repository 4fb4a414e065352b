"""Ctrl-C, SIGTERM and SIGHUP end a command within a second, whatever library is at work.

Python turns a signal into an exception in the main thread, as soon as that executes Python again. The exception ends
the command in order: each `finally` on its way is carried out. It does not always arrive: C code may take long, an
executor waits for its threads, what a destructor raises goes nowhere. And a library that is being imported may swallow
it (pyarrow's import of pandas does) or make a crash of it (C++ that calls Python does): there none is raised at all.
So a thread waits for signals as well, which the C level of Python tells it through a pipe
(`signal.set_wakeup_fd`); if the command has not ended `PATIENCE_SECONDS` after the signal, it ends the process itself.
Nothing is lost by that: a journal is appended line by line, files appear whole, and workers and temporary folders end
with their process.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from types import FrameType
from typing import NoReturn

INTERRUPTED = 128 + signal.SIGINT

#: What ends a command: Ctrl-C, what a batch system or `timeout` sends, a closed terminal. Windows has no SIGHUP.
ENDING_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")

#: So long after a signal the process is ended, if it has not ended in order; tidying up by force takes its share of the
#: second that is promised.
PATIENCE_SECONDS = 0.6
TIDYING_SECONDS = 0.2

#: Shows the cursor of a terminal, which a progress bar hides.
SHOW_CURSOR = "\x1b[?25h"


class Terminated(SystemExit):
    """Another process asked this one to end; every `finally` on the way out is carried out."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.signal = signal.Signals(number).name


class Ending:
    """How this process ends when a signal says so, in order or by force; the state of the one process.

    Attributes:
        number: Of the first signal; None as long as there was none.
        advice: What is to be said besides, such as how to go on; each gives a line, or None.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self.advice: list[Callable[[], str | None]] = []
        self.said: set[str] = set()
        self.saying = threading.Lock()
        self.at_once = threading.Event()

    def say(self, line: str) -> None:
        """Writes a line to stderr, after a signal once: the end in order may be overtaken by the one by force."""
        if self.number is None:
            sys.stderr.write(f"handgrad: {line}\n")
            return
        with self.saying:
            if line not in self.said:
                self.said.add(line)
                tell(f"handgrad: {line}\n")

    def leave(self) -> NoReturn:
        """Leaves in order, with the exit code of the signal; Python's own end may no longer be disturbed."""
        assert self.number is not None
        self.say(words(self.number))
        sys.exit(128 + self.number)

    def by_force(self, number: int) -> None:
        """Ends the process now, by another thread than the main one."""
        try:
            tidying = threading.Thread(target=self.tidy, args=(number,), daemon=True)
            tidying.start()
            tidying.join(TIDYING_SECONDS)
        finally:
            os._exit(128 + number)

    def tidy(self, number: int) -> None:
        """Says how the process ends and how to go on, and ends its children."""
        if sys.stderr is not None and sys.stderr.isatty():
            tell(SHOW_CURSOR)
        for told in self.advice:
            if (line := told()) is not None:
                self.say(line)
        self.say(words(number))
        end_children()


ENDING = Ending()


@contextlib.contextmanager
def advised(line: Callable[[], str | None]) -> Iterator[None]:
    """While this lasts, an end by a signal also says the line that is given then, if there is one."""
    ENDING.advice.append(line)
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        if (told := line()) is not None:
            ENDING.say(told)
        raise
    finally:
        if ENDING.number is None:  # otherwise it may have to be said by force
            ENDING.advice.remove(line)


def words(number: int) -> str:
    """How a command says that a signal ended it."""
    return "interrupted" if number == signal.SIGINT else f"terminated by {signal.Signals(number).name}"


def tell(text: str) -> None:
    """Writes to stderr, past Python's buffer: the main thread may hold its lock; nothing where there is no reader."""
    with contextlib.suppress(OSError):
        os.write(2, text.encode("utf-8", "replace"))


def end_children() -> None:
    """Kills what this process has started, and what that has started."""
    import psutil

    with contextlib.suppress(psutil.Error):
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()


# -- the two ways in which a signal arrives ----------------------------------------------------------------------------


def end_on_signals() -> None:
    """From now on each of the signals ends this process; one that is ignored (`nohup`) stays so."""
    numbers = [getattr(signal, name) for name in ENDING_SIGNALS if hasattr(signal, name)]
    ours = frozenset(number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN)
    next_byte, descriptor = channel()
    signal.set_wakeup_fd(descriptor, warn_on_full_buffer=False)
    threading.Thread(target=watch, args=(next_byte, ours), name="signals", daemon=True).start()
    sys.unraisablehook = partial(report_unraisable, sys.unraisablehook)
    for number in ours:
        signal.signal(number, end_in_order)


def report_unraisable(otherwise: Callable[[sys.UnraisableHookArgs], object], found: sys.UnraisableHookArgs) -> None:
    """What a destructor or a callback raises ends nothing, and is printed; of a signal, `watch` sees to the end."""
    if ENDING.number is None or not isinstance(found.exc_value, KeyboardInterrupt | Terminated):
        otherwise(found)


def channel() -> tuple[Callable[[], bytes], int]:
    """What waits for a byte, and where one is written; Windows wakes up through nothing but a socket."""
    if os.name != "nt":
        told, tell = os.pipe()
        os.set_blocking(tell, False)
        return lambda: os.read(told, 1), tell
    import socket

    receiver, sender = socket.socketpair()
    sender.setblocking(False)
    return lambda: receiver.recv(1), sender.detach()


def end_in_order(number: int, frame: FrameType | None) -> None:
    """The first signal becomes an exception; `timeout` sends a second one, which must not end the tidying up."""
    if ENDING.number is not None:
        return
    ENDING.number = number
    if importing(frame):
        ENDING.at_once.set()
        return
    raise KeyboardInterrupt if number == signal.SIGINT else Terminated(number)


def importing(frame: FrameType | None) -> bool:
    """Whether this is run by an import, of a module or by one."""
    while frame is not None and not frame.f_code.co_filename.startswith("<frozen importlib"):
        frame = frame.f_back
    return frame is not None


def watch(next_byte: Callable[[], bytes], numbers: frozenset[int]) -> None:
    """Waits for one of the signals, and then for the end in order; when that does not come, it is brought about."""
    while (number := next_byte()[0]) not in numbers:
        continue
    ENDING.at_once.wait(PATIENCE_SECONDS)
    ENDING.number = number if ENDING.number is None else ENDING.number
    ENDING.by_force(ENDING.number)


def leave_to_the_system() -> None:
    """What comes now ends the process on the spot: all is done, and Python's own end swallows exceptions."""
    for name in ENDING_SIGNALS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is end_in_order:
            signal.signal(number, signal.SIG_DFL if ENDING.number is None else signal.SIG_IGN)
