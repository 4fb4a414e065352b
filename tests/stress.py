"""What happens in the hour of a long run: kills, signals, two at once, a full disk, a damaged cache; n of n for each.

    python tests/stress.py [--count 100] [--only killed,signalled] [--seed 0] [--lanes 2] [--within 1]

Each trial starts the real command in a folder of its own and strikes at a random time. One whose run had ended before,
never met its limit, or had not begun, as Python was still starting, has shown nothing: how many were struck is told
beside. How long the commands take is measured
first, two trials are made at a time, and most sweeps begin with the machine's limits known. Linux only.
"""

from __future__ import annotations

import argparse
import atexit
import ctypes
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import cache
from pathlib import Path

import psutil

from leftovers import left_behind

#: What is run, and about how long that takes; a bench costs several times a comparison.
COMMANDS = {
    "compare": "compare table.csv --backends python,numpy,tape --epochs 5 --budget 0.02 --out run",
    "bench": "bench --rows 50,200 --features 1 --backends python,numpy --budget 0.02 --processes 1 --out run",
    "learn": "learn table.csv --out run/page.html",
    "explain": "explain table.csv --html run/page.html",
    "train": "train table.csv --backend python --epochs 3 --out run",
    "gradcheck": "gradcheck table.csv --backends python --out run",
    "generate": "generate --num-samples 50 --data-dir run",
}
SECONDS = {"compare": 4.0, "bench": 5.0, "learn": 8.0, "explain": 1.5}
MEASURED = {"compare", "bench", "explain"}

#: A signal ends a command within a second; so much more may be added to what is measured, where the machine has other
#: work.
WITHIN_SECONDS = 1.0

#: Of an earlier sweep: its line on the machine's limits, whose measuring is half of a short one.
KNOWN_LIMITS = list[bytes]()

#: Frames of what Python itself does at its start may lie in here.
PREFIX = sys.prefix

#: Capabilities of the superuser (capabilities(7)), without which a folder can be read-only for one, too.
OVERRIDES = (1, 2)
PR_CAPBSET_DROP = 24


class Broken(AssertionError):
    """A promise that was not kept."""


class Trial:
    """One folder, its own temporary folder, and the commands in it; `struck` is false where nothing was hit."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.folder, self.chance, self.struck = folder, chance, True
        self.started = list[subprocess.Popen[str]]()
        (folder / "temporary").mkdir()
        rows = "".join(f"{i},{2 * i + i % 3}\n" for i in range(60))
        (folder / "table.csv").write_text("x,y\n" + rows)

    def start(self, words: str, limit: Callable[[], None] | None = None, **more: str) -> subprocess.Popen[str]:
        """The command, with variables `more` in its environment."""
        environment = os.environ | {"TMPDIR": str(self.folder / "temporary")} | more
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "handgrad", *words.split()],
            cwd=self.folder, env=environment, preexec_fn=limit,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        self.started.append(process)
        return process

    def end(self) -> None:
        """Ends what a trial that failed has left at work."""
        for process in self.started:
            if alive(process):
                process.kill()
                process.communicate()

    def words(self, command: str) -> str:
        """The command; a sweep goes on, three times in four, with the machine's limits of an earlier one."""
        if command != "bench" or not KNOWN_LIMITS or self.chance.random() < 0.25:
            return COMMANDS[command]
        (self.folder / "run").mkdir()
        (self.folder / "run" / "measurements.jsonl").write_bytes(KNOWN_LIMITS[0])
        return f"{COMMANDS[command]} --resume"

    def ended(self, process: subprocess.Popen[str]) -> tuple[int, str]:
        """Its exit code, and what it said on stderr."""
        said = process.communicate(timeout=300)[1]
        if process.returncode and "KeyboardInterrupt" in said and "/handgrad/" not in said.replace(PREFIX, ""):
            self.struck = False  # Python was still on its way to the command, and prints this itself
        else:
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
    process = trial.start(trial.words(command))
    time.sleep(trial.chance.uniform(0, SECONDS[command]))
    trial.struck = alive(process)
    process.kill()
    process.communicate()
    trial.nothing_left()
    before = trial.keys()
    code, said = trial.ended(trial.start(f"{COMMANDS[command]} --resume"))
    demand(code == 0, f"{code}: {said}")
    demand(set(trial.keys().values()) == {1}, f"measured again: {trial.keys()}")
    demand(before <= trial.keys(), "a finished line is gone")
    trial.nothing_left()


def worker_killed(trial: Trial, command: str) -> None:
    """A worker is killed at a random time: the run goes on to its end, and has its result."""
    process, workers = trial.start(trial.words(command)), list[psutil.Process]()
    time.sleep(trial.chance.uniform(0.0, 0.5) * SECONDS[command])
    while alive(process) and not (workers := psutil.Process(process.pid).children()):
        time.sleep(0.002)  # between two of them there may be none
    trial.struck = bool(workers) and ended_by_us(trial.chance.choice(workers))
    code, said = trial.ended(process)
    demand(code in (0, 1), f"{code}: {said}")
    demand((trial.folder / "run" / "result.json").exists(), "no result")
    trial.nothing_left()


def ended_by_us(worker: psutil.Process) -> bool:
    """Kills a worker; whether it still was there."""
    try:
        worker.kill()
    except psutil.NoSuchProcess:
        return False
    return True


def signalled(trial: Trial, command: str) -> None:
    """A signal at a random time: the right exit code within a second, and nothing left behind."""
    sent, code = trial.chance.choice([(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
    process = trial.start(trial.words(command))
    after = trial.chance.uniform(0.0, SECONDS[command] * 0.8)
    time.sleep(after)
    trial.struck = alive(process)
    if not trial.struck:
        process.communicate()
        return
    began = time.monotonic()
    process.send_signal(sent)
    second = trial.chance.choice([signal.SIGINT, signal.SIGTERM])
    if trial.chance.random() < 0.5:
        process.send_signal(second)
    found, said = trial.ended(process)
    took = time.monotonic() - began
    if not trial.struck:
        return
    demand(found in (code, 0, 130, 143, -sent, -second), f"{sent.name}: exit code {found}: {said}")
    demand(found != 0 or any((trial.folder / "run").glob("*.html")), f"{sent.name} was swallowed")
    demand(took < WITHIN_SECONDS + 0.5, f"{sent.name} after {after:.2f} s took {took:.2f} s: {found}: {said[-200:]}")
    trial.nothing_left()


def two_at_once(trial: Trial, command: str) -> None:
    """Of two runs in one folder, one is done and the other refused."""
    both = [trial.start(COMMANDS[command]) for _ in range(2)]
    codes = sorted(trial.ended(process)[0] for process in both)
    demand(codes == [0, 2], f"exit codes {codes}")
    demand(set(trial.keys().values()) == {1}, "mixed")


def page_twice(trial: Trial, command: str) -> None:
    """Of two commands that write one page, the one that comes later is refused, at whatever time it comes."""
    first = trial.start(COMMANDS[command])
    while alive(first) and not list(trial.folder.glob("run/.*.lock")):
        time.sleep(0.01)
    time.sleep(trial.chance.uniform(0.0, 0.2))
    code, said = trial.ended(trial.start(COMMANDS[command]))
    trial.struck = alive(first)
    if trial.struck:
        demand(code == 2 and f"process {first.pid} writes there" in said, f"{code}: {said}")
        first.terminate()
    demand(trial.ended(first)[0] in ((143, 0) if trial.struck else (0,)), f"the first ended with {first.returncode}")
    trial.nothing_left()


def read_only(trial: Trial, command: str) -> None:
    """A folder that cannot be written, or whose place is taken by a file: told in one line at once, by whichever."""
    command = trial.chance.choice([*COMMANDS])
    target = trial.folder / "run"
    match trial.chance.choice(["folder", "folder above", "file"]):
        case "folder":
            target.mkdir(mode=0o555)
        case "file":
            target.write_text("")
        case _:
            trial.folder.chmod(0o555)
    code, said = trial.ended(trial.start(COMMANDS[command], without_overrides))
    trial.folder.chmod(0o755)
    demand(code == 2, f"{command}: {code}: {said}")
    (line,) = [line for line in said.splitlines() if not line.startswith("[")]
    demand("run" in line and len(line) < 200, f"{command}: names no file: {said}")
    trial.nothing_left()


def without_overrides() -> None:
    """What permissions forbid is forbidden to the superuser, too."""
    libc = ctypes.CDLL(None)
    for capability in OVERRIDES:
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


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
    """A file of compiled code is cut off somewhere, or has other bytes: it is compiled anew."""
    cache = trial.folder / "cache"
    words = "train table.csv --backend numba --learning-rate auto --epochs 3 --out trained"
    shutil.copytree(compiled_cache(), cache)
    files = sorted(cache.rglob("*.nb?"))
    demand(bool(files), "nothing is kept")
    for file in trial.chance.sample(files, min(2, len(files))):
        content = bytearray(file.read_bytes())
        content[trial.chance.randrange(len(content))] ^= 1 << trial.chance.randrange(8)
        file.write_bytes(
            content[: trial.chance.randrange(len(content) + 1)] if trial.chance.random() < 0.7 else content
        )
    code, said = trial.ended(trial.start(words, NUMBA_CACHE_DIR=str(cache)))
    demand(code == 0, f"{code}: {said}")


@cache
def compiled_cache() -> Path:
    """A folder with what Numba has compiled for a training, made once."""
    folder = Path(tempfile.mkdtemp(prefix="stress-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    trial = Trial(folder, random.Random(0))
    words = "train table.csv --backend numba --learning-rate auto --epochs 3 --out trained"
    demand(trial.ended(trial.start(words, NUMBA_CACHE_DIR=str(folder / "cache")))[0] == 0, "did not run at all")
    return folder / "cache"


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
    "learn signalled": (signalled, "learn"),
    "explain signalled": (signalled, "explain"),
    "two at once": (two_at_once, "compare"),
    "learn twice": (page_twice, "learn"),
    "explain twice": (page_twice, "explain"),
    "full disk": (full_disk, "compare"),
    "read-only": (read_only, "any"),
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
            return str(error)[-400:], trial.struck
        finally:
            trial.end()
    return None, trial.struck


def main(arguments: list[str] | None = None) -> int:
    """Runs the trials and prints n of n for each kind."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=100, help="trials of each kind")
    parser.add_argument("--only", default="", help="parts of kinds, with commas between")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lanes", type=int, default=2, help="trials at a time")
    parser.add_argument("--within", type=float, default=1.0, help="seconds in which a signal ends a command")
    given = parser.parse_args(arguments)
    globals()["WITHIN_SECONDS"] = given.within
    wanted = [name for name in TRIALS if any(part in name for part in given.only.split(","))]
    with ThreadPoolExecutor(given.lanes) as pool:
        for _ in pool.map(measure, sorted({TRIALS[name][1] for name in wanted} & MEASURED)):
            continue
        failures = sum(tried(name, given.count, given.seed, pool) for name in wanted)
    return 1 if failures else 0


def measure(command: str) -> None:
    """Finds how long a command takes, and the machine's limits."""
    with tempfile.TemporaryDirectory(prefix="stress-") as folder:
        trial, began = Trial(Path(folder), random.Random(0)), time.monotonic()
        code, said = trial.ended(trial.start(COMMANDS[command]))
        demand(code == 0, f"{command}: {code}: {said}")
        SECONDS[command] = time.monotonic() - began
        if command == "bench":
            lines = (Path(folder) / "run" / "measurements.jsonl").read_bytes().splitlines(keepends=True)
            KNOWN_LIMITS.extend(line for line in lines if json.loads(line)["key"] == "machine")


def tried(name: str, count: int, seed: int, pool: Executor) -> int:
    """Makes so many trials of a kind and prints how many were kept; how many were not."""
    began = time.monotonic()
    outcomes = list(pool.map(lambda number: outcome(name, number, seed), range(count)))
    broken = [reason for reason, _ in outcomes if reason is not None]
    struck, took = sum(was_struck for _, was_struck in outcomes), time.monotonic() - began
    print(f"{name:24} {count - len(broken)} of {count}, {struck} struck, {took:.0f} s", flush=True)
    for reason, times in Counter(broken).most_common(5):
        print(f"    {times}: {reason}", flush=True)
    return len(broken)


if __name__ == "__main__":
    sys.exit(main())
