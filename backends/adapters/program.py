"""A program that is spoken to in lines of JSON: started, asked, and not believed what cannot be."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import tempfile
import weakref
from typing import IO, TYPE_CHECKING, TypeVar

from handgrad.backends.adapters.running import CodeError

if TYPE_CHECKING:
    import msgspec

Answer = TypeVar("Answer")

#: No line of an answer is longer.
LONGEST_LINE = 2**26

#: A program that has closed its output, or that was told to quit, ends within so long, or is killed.
ENDING_SECONDS = 2.0

#: The first line to a program.
HELLO = b'{"do":"hello","protocol":1}\n'

#: The last one, which has no answer.
QUIT = b'{"do":"quit"}\n'


class Program:
    """A program in a process of its own, which ends when nobody holds this object any more, or with this process.

    Args:
        command: Its command line.

    Attributes:
        bound_for: Whose data it was given last; None before there are any.

    Raises:
        CodeError: If it cannot be started, or does not answer.
    """

    def __init__(self, command: str) -> None:
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        try:
            self.process = subprocess.Popen(
                shlex.split(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors
            )
        except OSError as error:
            self.errors.close()
            raise CodeError(f"{command}: cannot be started: {error.strerror}") from None
        self.bound_for: object = None
        self.close = weakref.finalize(self, end, self.process, self.errors)  # may be called again
        self.hello = self.exchange("hello", HELLO)

    def ask(self, request: msgspec.Struct, answer: type[Answer]) -> Answer:
        """The answer to a request.

        Raises:
            CodeError: If it says that it has none, or what comes is none, or nothing does.
        """
        import msgspec

        what = str(request.__struct_config__.tag)
        return read(what, self.exchange(what, msgspec.json.encode(request) + b"\n"), answer)

    def exchange(self, what: str, line: bytes) -> bytes:
        """The line that comes back for a line.

        Raises:
            CodeError: If none does.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(line)
            self.process.stdin.flush()
        except (BrokenPipeError, ValueError):
            raise CodeError(self.how_it_ended(what)) from None
        try:
            given = self.process.stdout.readline(LONGEST_LINE)
        except BaseException:  # Ctrl-C: its answer would be read as that to the next request
            self.process.kill()
            self.process.wait()
            raise
        if not given.endswith(b"\n"):
            raise CodeError(
                self.how_it_ended(what) if len(given) < LONGEST_LINE else f"its answer to '{what}' has no end"
            )
        return given

    def how_it_ended(self, what: str) -> str:
        """How it ended, in place of an answer, with the last line that it left on its error output."""
        if not self.close.alive:
            return f"the program was ended before '{what}'"
        try:
            code = self.process.wait(ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return f"the program closed its output in place of an answer to '{what}'"
        self.errors.seek(0)
        last = self.errors.read().decode("utf-8", "replace").strip().splitlines()[-1:]
        told = f"signal {-code}" if code < 0 else f"exit code {code}"
        return f"the program ended with {told} in place of an answer to '{what}'" + (
            f": {last[0][:200]}" if last else ""
        )


def end(process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
    """Tells a program to quit, and kills it if it goes on all the same; closes what there was to speak over."""
    if process.poll() is None:
        tell_to_quit(process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(ENDING_SECONDS)
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, errors):
        with contextlib.suppress(OSError):  # a request that was cut off has no reader any more
            if stream is not None:
                stream.close()


def tell_to_quit(process: subprocess.Popen[bytes]) -> None:
    """Writes the last request and closes the input, without waiting for a program that does not read."""
    assert process.stdin is not None
    with contextlib.suppress(OSError, ValueError):
        os.set_blocking(process.stdin.fileno(), False)
    with contextlib.suppress(OSError, ValueError):
        process.stdin.write(QUIT)
        process.stdin.flush()
    with contextlib.suppress(OSError):
        process.stdin.close()


def read(what: str, line: bytes, answer: type[Answer]) -> Answer:
    """The answer in a line.

    Raises:
        CodeError: If it is none.
    """
    import msgspec

    from handgrad.backends.adapters.protocol import ErrorTold

    with contextlib.suppress(msgspec.MsgspecError):
        told = msgspec.json.decode(line, type=ErrorTold)
        raise CodeError(f"the program's answer to '{what}': {told.error[:300]}")
    try:
        return msgspec.json.decode(line, type=answer)
    except msgspec.MsgspecError as error:
        shown = repr(line[:60].decode("utf-8", "backslashreplace").rstrip())
        raise CodeError(f"what came is no answer to '{what}' ({error}): {shown}") from None
