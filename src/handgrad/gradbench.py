"""`handgrad-gradbench --backend NAME`: a backend as a tool of GradBench, which speaks to it over stdin and stdout.

gradbench run --eval './gradbench repo eval llsq' --tool 'handgrad-gradbench --backend numba'
"""

from __future__ import annotations

import argparse
import os
import sys

#: The exit code of a wrong option or a line that is no message.
USAGE_ERROR = 2
INTERRUPTED = 130


def main() -> None:
    """Answers the messages of an eval, a line each, until they end."""
    asked = options().parse_args()
    if not asked.multithreaded:
        one_thread()
    from handgrad.compare.gradbench.tool import answers

    messages, out = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints gets between no answers
    try:
        for answer in answers(asked.backend, messages):
            out.write(answer)
            out.flush()
    except (ValueError, ImportError) as error:
        sys.stderr.write(f"handgrad-gradbench: {error}\n")
        sys.exit(USAGE_ERROR)
    except BrokenPipeError:  # the eval has ended
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def options() -> argparse.ArgumentParser:
    """The command's options, as GradBench's own tools have them."""
    parser = argparse.ArgumentParser("handgrad-gradbench", description="A backend of handgrad as a tool of GradBench.")
    parser.add_argument("--backend", default="numpy", help="a name from `handgrad backends` (default: numpy)")
    parser.add_argument("--multithreaded", action="store_true", help="use all cores (default: one thread)")
    return parser


def one_thread() -> None:
    """Sets what the libraries read of threads when they are imported, as GradBench's tools use one unless asked."""
    from handgrad.compare.timing.process import THREAD_VARIABLES

    os.environ |= dict.fromkeys(THREAD_VARIABLES, "1")


if __name__ == "__main__":
    main()
