"""Branches that the tests take, in every process of theirs: coverage's own report.

    pip install coverage && python tests/branches.py [--least 95] [words for pytest]

Most workers end by SIGKILL, which leaves them no time to write down what they have run. So in each process a thread
does that four times a second. Run it on a copy that nobody edits; a few tests that count threads or seconds may fail.

Left out, as the settings in `pyproject.toml` say: functions that Numba compiles, whose lines never run as Python.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

SAVER = """
def branches():
    import atexit, contextlib, os, sys, threading
    import coverage
    if hasattr(sys, "branches"):  # a folder of packages may be looked through twice
        return
    sys.branches = ended = threading.Event()
    def save():
        while not ended.wait(0.25):
            if (at_work := coverage.Coverage.current()) is not None:
                with contextlib.suppress(KeyError):  # between a fork and the child's first own table
                    at_work.save()
    def start():
        thread = threading.Thread(target=save, daemon=True)
        thread.start()
        atexit.register(lambda: (ended.set(), thread.join()))  # then coverage saves, and is not to be disturbed
    os.register_at_fork(after_in_child=start)
    start()
branches()
"""

#: What Python runs at its start, wherever the variable is passed on.
AT_START = "import os; path = os.environ.get('BRANCHES'); path and exec(open(path).read())\n"

SHARE = ("report", "--format=total")
ROOMS = ("backends", "compare", "data")


@contextlib.contextmanager
def saving(folder: Path) -> Iterator[dict[str, str]]:
    """While this lasts, a process with this environment writes down now and then what it has run."""
    saver = folder / "saver.py"
    saver.write_text(SAVER)
    at_start = Path(sysconfig.get_path("purelib")) / "handgrad_branches.pth"
    at_start.write_text(AT_START)
    try:
        yield os.environ | {"BRANCHES": str(saver), "COVERAGE_FILE": str(folder / "coverage")}
    finally:
        at_start.unlink()


def main() -> int:
    """Runs the tests, then prints each room's share of branches and lines, and the whole."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--least", type=float, default=0.0, help="per cent of each room, below which this fails")
    given, words = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder, saving(Path(folder)) as environment:

        def coverage(*more: str) -> int:
            return subprocess.run([sys.executable, "-m", "coverage", *more], env=environment, check=False).returncode

        coverage("run", "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", *words)
        coverage("combine", "--quiet", folder)
        coverage("report", "--skip-covered", "--show-missing", "--sort=cover")
        found = [coverage(*SHARE, f"--include=*/{room}/*", f"--fail-under={given.least}") for room in ROOMS]
    return max(found)


if __name__ == "__main__":
    sys.exit(main())
