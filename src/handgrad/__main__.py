"""`python -m handgrad`, and the `handgrad` command."""

from __future__ import annotations

from handgrad.signals import ENDING, end_on_signals, leave_to_the_system
from handgrad.streams import guard


def main() -> None:
    """Runs the command line, which a signal ends at any moment from here on."""
    guard()
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
