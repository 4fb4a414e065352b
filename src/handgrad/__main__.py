"""`python -m handgrad`, and the `handgrad` command."""

from __future__ import annotations

import sys


def main() -> None:
    """Imports the command line, and leaves quietly when that is already interrupted."""
    try:
        from handgrad.cli import main as command_line

        command_line()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
