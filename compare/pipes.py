"""What comes out of another process, and never more of it than is wanted: its answers, and what it prints."""

from __future__ import annotations

import os
import queue
import tempfile
import threading
import time
from typing import IO

from handgrad.compare.foreign_text import one_line

#: Of a line that is longer, so much comes at a time; and so many parts are kept of one that nobody asked for.
PART_BYTES, PARTS = 2**16, 16

#: What a process prints is kept until it is more; then it begins anew.
PRINTED_BYTES = 2**26

#: Of what it printed, the end of which the last line is told.
TOLD_BYTES = 2**16


class Incoming:
    """The lines of a pipe, in parts, so that waiting for one can time out.

    A process that writes more than anybody asks for has to wait. At the end of the pipe comes an empty part.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.parts: queue.Queue[bytes] = queue.Queue(PARTS)
        self.reader = threading.Thread(target=self._forward, daemon=True)
        self.reader.start()

    def _forward(self) -> None:
        while part := self.stream.readline(PART_BYTES):
            self.parts.put(part)
        self.parts.put(b"")

    def within(self, seconds: float) -> bytes | None:
        """The next part: a line, or what has come of it; None if there is none within so long."""
        try:
            return self.parts.get(timeout=max(0.0, seconds))
        except queue.Empty:
            return None

    def close(self, seconds: float) -> None:
        """Closes the pipe at its end; one that is held even so is left to its reader after so long."""
        until = time.monotonic() + seconds
        while self.reader.is_alive() and time.monotonic() < until:
            if not self.within(until - time.monotonic()):  # its last word
                self.reader.join(max(0.0, until - time.monotonic()))
        if not self.reader.is_alive():
            self.stream.close()


class PrintedText:
    """What a process prints: a file without a name."""

    def __init__(self) -> None:
        self.file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        if os.name == "posix":
            import fcntl

            flags = fcntl.fcntl(self.file, fcntl.F_GETFL)
            fcntl.fcntl(self.file, fcntl.F_SETFL, flags | os.O_APPEND)  # so that it can begin anew, see `keep_short`

    def keep_short(self) -> None:
        """Forgets it all, if it is very much: a process that prints without end fills no disk."""
        if os.name == "posix" and os.fstat(self.file.fileno()).st_size > PRINTED_BYTES:
            os.ftruncate(self.file.fileno(), 0)

    def last_line(self) -> str:
        """The last line that is not empty, cut; empty where there is none."""
        self.file.seek(max(0, os.fstat(self.file.fileno()).st_size - TOLD_BYTES))
        lines = self.file.read(TOLD_BYTES).decode("utf-8", "replace").strip().splitlines()
        return one_line(lines[-1], 200) if lines else ""

    @property
    def closed(self) -> bool:
        """Whether it is no longer kept."""
        return self.file.closed

    def close(self) -> None:
        """Keeps it no longer."""
        self.file.close()
