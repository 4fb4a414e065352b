"""Tries the properties on new examples for as long as it is told: `python tests/fuzz.py --seconds 600`.

Each round has a seed of its own, which is printed, and repeats with `--seed`. What any of them finds ends it with 1.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main() -> int:
    """Round after round, until the time is over."""
    parser = argparse.ArgumentParser(description="Tries the properties on new examples.")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=1, help="of the first round")
    parser.add_argument("--examples", type=int, default=400, help="of each property in a round")
    parser.add_argument("tests", nargs="*", default=sorted(map(str, (ROOT / "tests").rglob("test_properties.py"))))
    asked = parser.parse_args()
    until, seed = time.monotonic() + asked.seconds, asked.seed
    environment = os.environ | {"HANDGRAD_EXAMPLES": str(asked.examples)}
    while time.monotonic() < until:
        quiet = ["-q", "-x", "--no-header", "-p", "no:cacheprovider", f"--hypothesis-seed={seed}"]
        found = subprocess.run([sys.executable, "-m", "pytest", *quiet, *asked.tests], cwd=ROOT, env=environment)
        print(f"seed {seed}: {'found something' if found.returncode else 'nothing found'}", flush=True)
        if found.returncode:
            return 1
        seed += 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
