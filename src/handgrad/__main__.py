"""`python -m handgrad`, and the `handgrad` command."""

from __future__ import annotations

import os
import sys

from handgrad.signals import ENDING, end_on_signals, leave_to_the_system


def open_what_is_closed() -> None:
    """A stream that the caller has closed (`>&-`) leads nowhere: else the next file would take its number."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
            setattr(sys, name, os.fdopen(nowhere, mode, closefd=False))


def main() -> None:
    """Runs the command line, which a signal ends at any moment from here on."""
    open_what_is_closed()
    end_on_signals()
    try:
        from handgrad.cli import main as command_line

        command_line()
    except BaseException:
        if ENDING.number is None:
            raise
    finally:
        leave_to_the_system()
    ENDING.leave()


if __name__ == "__main__":
    main()
