"""What happens in the hour of a long run: kills, signals, two at once, a full disk, a damaged cache; n of n for each.

    python tests/stress.py [--count 100] [--only killed,signalled] [--seed 0]

Each trial starts the real command in a folder of its own and strikes at a random time. One whose run had ended before,
or never met its limit, has shown nothing: how many were struck is told beside. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil

from leftovers import left_behind

#: What is run, and about how long that takes; a bench costs several times a comparison.
COMMANDS = {
    "compare": "compare table.csv --backends python,numpy,tape --epochs 5 --budget 0.05 --out run",
    "bench": "bench --rows 50,200 --features 1 --backends python,numpy --budget 0.02 --processes 1 --out run",
}
SECONDS = {"compare": 4.0, "bench": 5.0}

#: A signal ends a command within a second; starting Python, and the machine's other work, may add to what is measured.
WITHIN_SECONDS = 1.0


class Broken(AssertionError):
    """A promise that was not kept."""


class Trial:
    """One folder, its own temporary folder, and the commands in it; `struck` is false where nothing was hit."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.folder, self.chance, self.struck = folder, chance, True
        (folder / "temporary").mkdir()
        rows = "".join(f"{i},{2 * i + i % 3}\n" for i in range(60))
        (folder / "table.csv").write_text("x,y\n" + rows)

    def start(self, words: str, limit: Callable[[], None] | None = None, **more: str) -> subprocess.Popen[str]:
        """The command, with variables `more` in its environment."""
        environment = os.environ | {"TMPDIR": str(self.folder / "temporary")} | more
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "handgrad", *words.split()],
            cwd=self.folder, env=environment, preexec_fn=limit,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip

    def ended(self, process: subprocess.Popen[str]) -> tuple[int, str]:
        """Its exit code, and what it said on stderr."""
        said = process.communicate(timeout=120)[1]
        demand("Traceback" not in said, said)
        return process.returncode, said

    def keys(self) -> Counter[str]:
        """The finished measurements in the journal."""
        path = self.folder / "run" / "measurements.jsonl"
        lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
        return Counter(json.loads(line)["key"] for line in lines if whole(line))

    def nothing_left(self) -> None:
        """No process of this trial lives, and no temporary file is left."""
        left = left_behind(self.folder / "temporary")
        demand(not left, f"left behind: {left}")


def demand(kept: bool, told: str) -> None:
    """Raises when a promise is broken."""
    if not kept:
        raise Broken(told.strip()[-400:])


def whole(line: bytes) -> bool:
    """Whether a line is JSON."""
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


# -- trials ------------------------------------------------------------------------------------------------------------


def killed(trial: Trial, command: str) -> None:
    """`kill -9` at a random time; what goes on measures nothing twice, and nothing is left behind."""
    process = trial.start(COMMANDS[command])
    time.sleep(trial.chance.uniform(0, SECONDS[command]))
    trial.struck = alive(process)
    process.kill()
    process.communicate()
    trial.nothing_left()
    before = trial.keys()
    code, said = trial.ended(trial.start(f"{COMMANDS[command]} --resume"))
    demand(code == 0, said)
    demand(set(trial.keys().values()) == {1}, f"measured again: {trial.keys()}")
    demand(before <= trial.keys(), "a finished line is gone")
    trial.nothing_left()


def worker_killed(trial: Trial, command: str) -> None:
    """A worker is killed at a random time: the run goes on to its end, and has its result."""
    process = trial.start(COMMANDS[command])
    time.sleep(trial.chance.uniform(0.3, SECONDS[command]))
    workers = [one for one in psutil.Process(process.pid).children() if one.is_running()] if alive(process) else []
    trial.struck = bool(workers)
    if workers:
        trial.chance.choice(workers).kill()
    code, said = trial.ended(process)
    demand(code in (0, 1), f"{code}: {said}")
    demand((trial.folder / "run" / "result.json").exists(), "no result")
    trial.nothing_left()


def signalled(trial: Trial, command: str) -> None:
    """A signal at a random time: the right exit code within a second, and nothing left behind."""
    sent, code = trial.chance.choice([(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
    process = trial.start(COMMANDS[command])
    time.sleep(trial.chance.uniform(0.1, SECONDS[command] * 0.6))
    trial.struck = alive(process)
    if not trial.struck:
        process.communicate()
        return
    began = time.monotonic()
    process.send_signal(sent)
    if trial.chance.random() < 0.5:
        process.send_signal(trial.chance.choice([signal.SIGINT, signal.SIGTERM]))
    found, said = trial.ended(process)
    took = time.monotonic() - began
    demand(found in (code, 0, 130, 143, -sent), f"{sent.name}: exit code {found}: {said}")
    demand(found != 0 or (trial.folder / "run" / "report.html").exists(), f"{sent.name} was swallowed")
    demand(took < WITHIN_SECONDS + 0.5, f"{sent.name}: took {took:.2f} s")
    trial.nothing_left()


def two_at_once(trial: Trial, command: str) -> None:
    """Of two runs in one folder, one is done and the other refused."""
    both = [trial.start(COMMANDS[command]) for _ in range(2)]
    codes = sorted(trial.ended(process)[0] for process in both)
    demand(codes == [0, 2], f"exit codes {codes}")
    demand(set(trial.keys().values()) == {1}, "mixed")


def full_disk(trial: Trial, command: str) -> None:
    """No file may grow beyond a random size: one line that names a file, and what was finished is kept."""
    most = trial.chance.randrange(1_000, 60_000)

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    code, said = trial.ended(trial.start(COMMANDS[command], limit))
    trial.struck = code != 0
    if not trial.struck:
        return
    demand(code in (2, 3), f"{code}: {said}")
    demand(code == 3 or "run" in said or "temporary" in said, f"names no file: {said}")
    before = trial.keys()
    code, said = trial.ended(trial.start(f"{COMMANDS[command]} --resume"))
    demand(code == 0 and before <= trial.keys() and set(trial.keys().values()) == {1}, f"{code}: {said}")


def without_home(trial: Trial, command: str) -> None:
    """No HOME, no cache folder that could be written."""
    code, said = trial.ended(trial.start(COMMANDS[command], HOME="/nonexistent", XDG_CACHE_HOME="/nonexistent"))
    demand(code == 0, f"{code}: {said}")


def damaged_cache(trial: Trial, command: str) -> None:
    """A file of compiled code is cut off somewhere, and another has other bytes: both are compiled anew."""
    cache = trial.folder / "cache"
    words = "train table.csv --backend numba --epochs 3 --out trained"
    demand(trial.ended(trial.start(words, NUMBA_CACHE_DIR=str(cache)))[0] == 0, "did not run at all")
    for file in sorted(cache.rglob("*.nb?")):
        content = bytearray(file.read_bytes())
        content[trial.chance.randrange(len(content))] ^= 1 << trial.chance.randrange(8)
        file.write_bytes(
            content[: trial.chance.randrange(len(content) + 1)] if trial.chance.random() < 0.7 else content
        )
    code, said = trial.ended(trial.start(words, NUMBA_CACHE_DIR=str(cache)))
    demand(code == 0, f"{code}: {said}")


def alive(process: subprocess.Popen[str]) -> bool:
    """Whether it has not ended."""
    return process.poll() is None


TRIALS: dict[str, tuple[Callable[[Trial, str], None], str]] = {
    "compare killed": (killed, "compare"),
    "bench killed": (killed, "bench"),
    "compare's worker killed": (worker_killed, "compare"),
    "bench's worker killed": (worker_killed, "bench"),
    "compare signalled": (signalled, "compare"),
    "bench signalled": (signalled, "bench"),
    "two at once": (two_at_once, "compare"),
    "full disk": (full_disk, "compare"),
    "no home": (without_home, "compare"),
    "damaged cache": (damaged_cache, "compare"),
}


def outcome(name: str, number: int, seed: int) -> tuple[str | None, bool]:
    """Why a trial failed (None: it did not), and whether anything was struck."""
    do, command = TRIALS[name]
    with tempfile.TemporaryDirectory(prefix="stress-") as folder:
        trial = Trial(Path(folder), random.Random(f"{seed} {name} {number}"))
        try:
            do(trial, command)
        except (Broken, subprocess.TimeoutExpired) as error:
            return str(error), trial.struck
    return None, trial.struck


def main(arguments: list[str] | None = None) -> int:
    """Runs the trials and prints n of n for each kind."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=100, help="trials of each kind")
    parser.add_argument("--only", default="", help="parts of kinds, with commas between")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    wanted = [name for name in TRIALS if any(part in name for part in given.only.split(","))]
    failures = 0
    for name in wanted:
        outcomes = [outcome(name, number, given.seed) for number in range(given.count)]
        broken = [reason for reason, _ in outcomes if reason is not None]
        struck = sum(was_struck for _, was_struck in outcomes)
        failures += len(broken)
        print(f"{name:24} {given.count - len(broken)} of {given.count}, {struck} struck", flush=True)
        for reason, times in Counter(broken).most_common(5):
            print(f"    {times}: {reason}", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
