"""How many small faults in a module the tests notice: mutants killed, of how many.

    python tests/mutation.py compare/judge/bounds.py data/formats [--sample 50 --seed 0] [--jobs 2]

Each mutant (see `mutants`) is one changed expression of one module. It runs in a fork of a process that has imported
what does not depend on the module, so that it costs well below a second, with the tests that come by its line, the
fastest first, until one fails. What no test can tell from the original stands in `equivalent_mutants.toml`, each with
its reason, and is counted apart. Linux only.

Why not mutmut: it takes a file's path for its module's name, and ours are mapped (`compare/` is `handgrad.compare`).
Why not cosmic-ray: it starts a Python for each mutant, which costs three seconds before the first test.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import gc
import importlib
import importlib.abc
import importlib.util
import itertools
import json
import os
import random
import resource
import signal
import sys
import tempfile
import threading
import time
import tomllib
import traceback
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import pytest

from mutants import Mutant, mutants, mutated
from sources import MODULES, ROOT, imported

EQUIVALENT = Path(__file__).with_name("equivalent_mutants.toml")

#: What the tests of other modules take together at most, for one mutant: the slowest are left out.
OTHERS_SECONDS = 5.0

#: A mutant has so many times what its tests take, and so many seconds more.
PATIENCE = 5.0
SPARE_SECONDS = 10.0

#: What a mutant may allocate before that is an error.
MEMORY_BYTES = 8 << 30

#: Quiet, and nothing of one run is kept for another.
QUIETLY = ["-q", "-rf", "-x", "--no-header", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist", "--assert=plain",
           "-W", "ignore::pytest.PytestAssertRewriteWarning"]  # fmt: skip


@dataclass
class Scouted:
    """What a run of the tests on the original has shown, of each module: the tests that come by a line."""

    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[str, dict[int, list[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    loaded: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: "killed", "slow" (killed for want of an end), "alive", or "unseen": no test comes by."""

    module: str
    mutant: Mutant
    state: str

    @property
    def killed(self) -> bool:
        """Whether it was noticed."""
        return self.state in ("killed", "slow")


# -- a process of its own ----------------------------------------------------------------------------------------------


def forked(work: Callable[[], int], log: Path | None = None) -> int:
    """The id of a child that does the work, in a session of its own, and ends with what that returns."""
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        os.setsid()
        quiet = os.open(log or os.devnull, os.O_WRONLY | os.O_CREAT)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        code = work()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def wait(child: int, seconds: float) -> int | None:
    """Its exit code, negative for a signal; None if it had to be ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            end_group(child)
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    end_group(child)
    os.waitpid(child, 0)
    return None


def end_group(leader: int) -> None:
    """A child, and what it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


# -- the original ------------------------------------------------------------------------------------------------------


class Scout:
    """A pytest plugin that notes which tests come by which lines of some files, and how long each test takes."""

    def __init__(self, files: Iterable[Path]) -> None:
        self.files = {str(file): str(file.relative_to(ROOT)) for file in files}
        self.found = Scouted()
        self.here: set[tuple[str, int]] = set()

    def enter(self, frame: FrameType, event: str, value: Any) -> Any:
        """Follows the calls into those files."""
        return self.step if frame.f_code.co_filename in self.files else None

    def step(self, frame: FrameType, event: str, value: Any) -> Any:
        """Notes a line."""
        self.here.add((frame.f_code.co_filename, frame.f_lineno))
        return self.step

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """A test with its fixtures."""
        self.here.clear()
        started = time.perf_counter()
        threading.settrace(self.enter)
        sys.settrace(self.enter)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            threading.settrace(None)  # type: ignore[arg-type]
            self.found.seconds[item.nodeid] = time.perf_counter() - started
            for file, line in self.here.copy():
                self.found.lines[self.files[file]][line].append(item.nodeid)


def scout(files: Sequence[Path], tests: Sequence[str], answer: Path) -> int:
    """Runs the tests on the original, and writes down what was seen."""
    plugin = Scout(files)
    before = set(sys.modules)
    code = int(pytest.main([*QUIETLY, *tests], plugins=[plugin]))
    found = plugin.found
    answer.write_text(
        json.dumps({"seconds": found.seconds, "lines": found.lines, "loaded": sorted(set(sys.modules) - before)})
    )
    return code


def scouted(files: Sequence[Path], tests: Sequence[str]) -> Scouted:
    """What the tests do on the original; in a child, since threads do not survive a fork."""
    with tempfile.TemporaryDirectory() as folder:
        answer, log = Path(folder) / "answer.json", Path(folder) / "log"
        code = wait(forked(lambda: scout(files, tests, answer), log), 3600)
        if code != 0:
            raise SystemExit(f"the tests fail without a fault:\n{log.read_text()[-3000:]}")
        told = json.loads(answer.read_text())
    found = Scouted(told["seconds"], loaded=told["loaded"])
    for file, lines in told["lines"].items():
        found.lines[file] = defaultdict(list, {int(line): names for line, names in lines.items()})
    return found


# -- what may be imported before the fork ------------------------------------------------------------------------------


def dependants(module: str) -> set[str]:
    """A module of ours and all that import it, directly or not."""
    uses = {name: set(imported(ast.parse(file.read_text("utf-8")))) for name, file in MODULES.items()}
    found = {module}
    while more := {name for name, names in uses.items() if names & found} - found:
        found |= more
    # the packages that they stand in are imported with them
    return found | {".".join(name.split(".")[:k]) for name in found for k in range(2, name.count(".") + 1)}


def warm_up(loaded: Iterable[str], without: set[str]) -> None:
    """Imports what the tests need, but for what depends on the mutant."""
    for name in loaded:
        ours = name.partition(".")[0] == "handgrad"
        if name in without or name.startswith(("tests", "conftest")) or (ours and name not in MODULES):
            continue
        with contextlib.suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if ours or "." not in name:
                importlib.import_module(name)


def forget(modules: set[str]) -> None:
    """As if they had never been imported, nor what stands below them: a package that is made anew lacks its parts."""
    for name in [name for name in sys.modules if not modules.isdisjoint(with_packages(name))]:
        del sys.modules[name]


def with_packages(name: str) -> Iterator[str]:
    """A module's name, and those of the packages that it stands in."""
    return itertools.accumulate(name.split("."), lambda package, part: f"{package}.{part}")


# -- a mutant ----------------------------------------------------------------------------------------------------------


class Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from another source."""

    def __init__(self, module: str, source: str) -> None:
        self.module, self.source = module, source

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        """Only that module is ours to give."""
        return importlib.util.spec_from_file_location(name, MODULES[name], loader=self) if name == self.module else None

    def create_module(self, spec: Any) -> None:
        """As usual."""

    def exec_module(self, module: ModuleType) -> None:
        """The other source."""
        exec(compile(self.source, str(MODULES[self.module]), "exec"), module.__dict__)


class Chosen:
    """A pytest plugin that keeps some tests only, in their order, and ends the process with the last."""

    def __init__(self, names: Sequence[str]) -> None:
        self.place = {name: i for i, name in enumerate(names)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """The fastest first."""
        items[:] = sorted((one for one in items if one.nodeid in self.place), key=lambda one: self.place[one.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Says what fails, since there is no summary."""
        if report.failed:
            print(f"\n{report.nodeid}\n{report.longreprtext}", flush=True)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Tidying up costs more than the tests."""
        sys.stdout.flush()
        os._exit(int(exitstatus))


def run(module: str, source: str, names: Sequence[str]) -> int:
    """The tests on a mutant: 0 if none has noticed it."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    sys.meta_path.insert(0, Changed(module, source))
    files = sorted({name.partition("::")[0] for name in names})
    return int(pytest.main([*QUIETLY, *files], plugins=[Chosen(names)]))


def tests_of(mutant: Mutant, file: str, found: Scouted) -> list[str]:
    """The tests that come by a mutant's line; where none does, as when it runs on import, those of the module."""
    everywhere = (name for names in found.lines[file].values() for name in names)
    return quick(found.lines[file].get(mutant.line) or everywhere, file, found)


def quick(names: Iterable[str], file: str, found: Scouted) -> list[str]:
    """The module's own tests first, the fastest of them first; then others, as many as their time together allows."""
    ordered = sorted(set(names), key=lambda name: (found.seconds[name], name))
    own = [name for name in ordered if f"/test_{Path(file).stem}" in name]
    others = [name for name in ordered if name not in set(own)]
    together = itertools.accumulate(found.seconds[name] for name in others)
    return [*own, *(name for name, seconds in zip(others, together, strict=True) if seconds <= OTHERS_SECONDS)]


# -- a module ----------------------------------------------------------------------------------------------------------


@dataclass
class Bench:
    """Runs the mutants of one module, some at a time."""

    module: str
    file: str
    found: Scouted
    jobs: int

    def control(self, source: str) -> None:
        """The tests must pass in a fork, too, on the source as it is."""
        names = quick(self.found.seconds, self.file, self.found)
        with tempfile.NamedTemporaryFile() as log:
            if wait(forked(lambda: run(self.module, source, names), Path(log.name)), 600) != 0:
                raise SystemExit(f"the tests fail in a fork:\n{Path(log.name).read_text()[-3000:]}")

    def outcomes(self, chosen: Sequence[Mutant]) -> Iterator[Outcome]:
        """What becomes of each."""
        waiting = list(reversed(chosen))
        running: dict[int, tuple[Mutant, float]] = {}
        while waiting or running:
            while waiting and len(running) < self.jobs:
                mutant = waiting.pop()
                if names := tests_of(mutant, self.file, self.found):
                    running[self.start(mutant, names)] = mutant, self.ends(names)
                else:
                    yield Outcome(self.module, mutant, "unseen")
            time.sleep(0.01)
            for child, (mutant, until) in list(running.items()):
                if (state := self.state(child, until)) is not None:
                    del running[child]
                    yield Outcome(self.module, mutant, state)

    def start(self, mutant: Mutant, names: Sequence[str]) -> int:
        """The child that runs it."""
        source = MODULES[self.module].read_text("utf-8")
        return forked(lambda: run(self.module, mutated(source, mutant), names))

    def ends(self, names: Sequence[str]) -> float:
        """When its time is over."""
        return time.monotonic() + SPARE_SECONDS + PATIENCE * sum(self.found.seconds[name] for name in names)

    def state(self, child: int, until: float) -> str | None:
        """How a child has ended; None while it runs."""
        done, status = os.waitpid(child, os.WNOHANG)
        if not done and time.monotonic() < until:
            return None
        end_group(child)
        if not done:
            os.waitpid(child, 0)
            return "slow"
        return "alive" if os.waitstatus_to_exitcode(status) == 0 else "killed"


def judged(module: str, found: Scouted, options: argparse.Namespace) -> Iterator[Outcome]:
    """The outcomes of a module's mutants, or of a sample."""
    file = MODULES[module]
    chosen = [m for m in mutants(file.read_text("utf-8")) if options.only in m.change]
    if options.sample and options.sample < len(chosen):
        chosen = random.Random(options.seed).sample(chosen, options.sample)
    without = dependants(module)
    forget(without)
    warm_up(found.loaded, without)
    bench = Bench(module, str(file.relative_to(ROOT)), found, options.jobs)
    gc.collect()
    gc.freeze()  # what stands here already is no garbage of a fork's
    bench.control(file.read_text("utf-8"))
    yield from bench.outcomes(chosen)


# -- the command -------------------------------------------------------------------------------------------------------


def equivalents() -> dict[str, dict[str, str]]:
    """Of each file, the changes that nobody can notice, with the reason."""
    return tomllib.loads(EQUIVALENT.read_text("utf-8")) if EQUIVALENT.exists() else {}


def told(outcome: Outcome, file: str, equal: dict[str, str]) -> str:
    """What is to be said of a mutant: that it lives, or that the list of equivalent ones is wrong."""
    change = outcome.mutant.change
    if outcome.killed:
        return f"  said to be equivalent, but killed: {change}\n" if change in equal else ""
    return "" if change in equal else f"  {outcome.state} {file}:{outcome.mutant.line} {change}\n"


def score(outcomes: Sequence[Outcome], equal: dict[str, str]) -> str:
    """How many were killed, of how many."""
    killed = sum(one.killed for one in outcomes)
    excused = sum(one.mutant.change in equal for one in outcomes if not one.killed)
    asked = len(outcomes) - excused
    slow = sum(one.state == "slow" for one in outcomes)
    share = f"{100 * killed / asked:.1f} %" if asked else "nothing asked"
    return f"killed {killed} of {len(outcomes)} ({slow} without an end; {excused} equivalent): {share}"


def targets(paths: Sequence[str]) -> dict[str, str]:
    """The modules at paths of files or folders, and their files."""
    wanted = [(ROOT / path).resolve() for path in paths]
    found = {name: file for name, file in MODULES.items() if any(w == file or w == file.parent for w in wanted)}
    return {name: str(file.relative_to(ROOT)) for name, file in found.items() if file.stem != "__init__"}


def tests_for(file: str) -> str:
    """Where the tests of a room stand."""
    room = Path("tests") / Path(file).parent
    return str(Path("tests/data") if room.parts[1] == "data" else room)


def main() -> None:
    """Prints what no test has noticed, and the score of each module."""
    options = parsed()
    os.chdir(ROOT)
    for library in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
        os.environ[f"{library}_NUM_THREADS"] = "1"  # what computes beside it has the other cores
    by_tests: dict[str, list[str]] = defaultdict(list)
    for name, file in targets(options.paths).items():
        by_tests[options.tests or tests_for(file)].append(name)
    everything: list[Outcome] = []
    all_equal: dict[str, str] = {}
    for tests, names in by_tests.items():
        found = scouted([MODULES[name] for name in names], tests.split(","))
        for name in names:
            file = str(MODULES[name].relative_to(ROOT))
            equal = equivalents().get(file, {})
            outcomes = []
            for outcome in judged(name, found, options):
                outcomes.append(outcome)
                print(told(outcome, file, equal), end="", flush=True)
            print(f"{file}: {score(outcomes, equal)}", flush=True)
            everything += outcomes
            all_equal |= equal
    print(f"all: {score(everything, all_equal)}")


def parsed() -> argparse.Namespace:
    """What was asked on the command line."""
    parser = argparse.ArgumentParser(description="How many small faults the tests notice.")
    parser.add_argument("paths", nargs="+", help="files of the package, or folders")
    parser.add_argument("--sample", type=int, default=0, help="so many mutants of each module, drawn at random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", default="", help="changes that have this text in them")
    parser.add_argument("--tests", help="where their tests stand, if not under the same name")
    return parser.parse_args()


if __name__ == "__main__":
    main()
