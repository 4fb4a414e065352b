"""Faulty backends beside a right one in one comparison: each costs its own row, which says so, and nothing else.

    python tests/faults.py

prints how many of them did, and what is wrong with the others. Linux only. The backends stand in `tests/faulty/`.
"""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from leftovers import left_behind

FAULTY = Path(__file__).parent / "faulty"

#: What is not the descent, or does not stay it.
ELSEWHERE = "as rounding explains; its time is that of something else"


class Fault(NamedTuple):
    """A faulty backend, the status of its row, and what its reason says; `""`: nothing, the row is right."""

    name: str
    status: str
    told: str


#: What only its own process sees, or what all may see and none may change: the row is right.
HARMLESS = [
    Fault(name, "ok", "")
    for name in (
        "honest-lazy", "faulty-forks", "odd-threads", "odd-exit", "odd-fork", "odd-daemon", "odd-surroundings",
        "odd-time", "odd-prints", "odd-table", "odd-deletes",
    )
]  # fmt: skip

ENDS = [
    Fault("faulty-crash", "failed", "its process ended with signal SIGSEGV"),
    Fault("faulty-abort", "failed", "its process ended with signal SIGABRT: free(): invalid pointer"),
    Fault("faulty-killed", "failed", "its process ended with signal SIGKILL (out of memory?)"),
    Fault("faulty-end-0", "failed", "its process ended with exit code 0"),
    Fault("faulty-end-1", "failed", "its process ended with exit code 1"),
    Fault("faulty-end-timed", "ok", "could not be timed: its process ended with exit code 4"),
    Fault("faulty-import-end", "failed", "its process ended with exit code 5"),
    Fault("faulty-import-exit", "failed", "SystemExit: good bye"),
    Fault("faulty-import-raise", "failed", r"OSError: no device was\x1b[2J found"),
    Fault("faulty-import-patch", "failed", "TypeError: 'dict' object does not support the context manager protocol"),
    Fault("faulty-memory-end", "failed", "MemoryError"),
    Fault("faulty-recursion", "failed", "RecursionError: maximum recursion depth exceeded"),
    Fault("faulty-close", "failed", "OSError: [Errno 9] Bad file descriptor"),
    Fault("faulty-prints", "failed", "its process ended with exit code 3: " + 190 * "x"),
    Fault("faulty-flood", "failed", "something that is no answer to 'first_call' came in the place of one: '000"),
    Fault("faulty-input", "failed", "ValueError: assignment destination is read-only"),
    Fault("faulty-force", "failed", " off relative to the exact one, "),
    Fault("faulty-patch", "failed", ELSEWHERE),
]

#: These are killed when their time is over.
ENDLESS = [
    Fault("faulty-hang", "timeout", "no answer to 'first_call' within 6 s"),
    Fault("faulty-hang-c", "timeout", "no answer to 'first_call' within 6 s"),
    Fault("faulty-stop", "timeout", "no answer to 'first_call' within 6 s"),
]

ANSWERS = [
    Fault("faulty-raise", "failed", "ValueError: no"),
    Fault("faulty-base", "failed", "Odd: odd"),
    Fault("faulty-interrupt", "failed", "KeyboardInterrupt"),
    Fault("faulty-exit", "failed", "SystemExit: 0"),
    Fault("faulty-memory-error", "failed", "MemoryError"),
    Fault("faulty-message", "failed", "ValueError: much much much much"),
    Fault("faulty-control", "failed", r"ValueError: first \x1b[2J\x1b]0;owned\x07\x00\u202e\ud800 <script>alert"),
    Fault("faulty-unprintable", "failed", "Unprintable: its message cannot be shown (ValueError)"),
    Fault("faulty-name", "failed", r"\x1b[2J Oddddddddddd"),
    Fault("faulty-nan", "failed", "dW1 at the start is not finite"),
    Fault("faulty-inf", "failed", "dW1 at the start is not finite"),
    Fault("faulty-none", "failed", "AttributeError: 'NoneType' object has no attribute 'loss'"),
    Fault("faulty-loss", "failed", "TypeError: float() argument must be a string or a real number, not 'NoneType'"),
    Fault("faulty-text", "failed", "dtype"),
    Fault("faulty-complex", "failed", "complex"),
    Fault("faulty-whole", "failed", " off relative to the exact one, "),
    Fault("faulty-float32", "failed", " off relative to the exact one, "),
    Fault("faulty-matrix", "failed", "its answer to 'first_call' cannot be read: Expected `float | null`, got `array`"),
    Fault("faulty-many", "failed", "ValueError: setting an array element with a sequence"),
    Fault("faulty-second", "failed", "the parameters after epoch 1 are"),
    Fault("faulty-random", "failed", " off relative to the exact one, "),
    Fault("faulty-losses", "ok", "expected 6 losses, got 1"),
    Fault("faulty-records", "failed", "expected its recorded epochs to ascend from 0 on"),
    Fault("faulty-no-records", "failed", "expected recorded weights and biases for each of its recorded epochs"),
    Fault("faulty-diverged", "diverged", "diverged at epoch 2, where the true loss is"),
    Fault("faulty-train", "failed", "AttributeError: 'NoneType' object has no attribute 'weights'"),
    Fault("faulty-final", "ok", "W1 at the end of the run is "),
    Fault("faulty-shape", "failed", "expected 1 weights in the gradient and at the end of its run, got 1 and 2"),
]

CHANNEL = [
    Fault("faulty-answers", "failed", "no answer to 'first_call' came in the place of one: '{\"seconds\": 1e-9"),
    Fault("faulty-times", "failed", "no answer to 'time' came in the place of one: '7 {\"answer\""),
    Fault("faulty-clock", "failed", "its clock gave -"),
    *(Fault(f"faulty-{name}", "failed", ELSEWHERE) for name in ("idle", "memory", "minimum", "half")),
]

FAULTS = [*HARMLESS, *ENDS, *ANSWERS, *CHANNEL, *ENDLESS]


def compare(folder: Path, faults: list[Fault], seconds: int) -> subprocess.Popen[str]:
    """Starts a comparison of those faults in a folder, and of NumPy, which is right."""
    (folder / "temporary").mkdir(parents=True)
    variables = {
        "PYTHONPATH": str(FAULTY), "TMPDIR": str(folder / "temporary"), "FAULTY_FOLDER": str(folder / "run"),
    }  # fmt: skip
    words = ["--epochs", "5", "--budget", "0", "--timeout", str(seconds), "--out", str(folder / "run")]
    names = ",".join(["numpy", *(fault.name for fault in faults)])
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "handgrad", "compare", "--backends", names, *words],
        env=os.environ | variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@dataclass
class Compared:
    """A comparison that has ended: its exit code, what it said, and what is in its folder."""

    folder: Path
    faults: list[Fault]
    code: int
    text: str
    errors: str

    @cached_property
    def result(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "run" / "result.json").read_bytes())
        return found

    @cached_property
    def page(self) -> str:
        return (self.folder / "run" / "report.html").read_text(encoding="utf-8")

    @cached_property
    def shown(self) -> dict[str, str]:
        """What a reader sees, without blanks: lines are broken where there is no room."""
        return {"text": packed(self.text), "page": packed(html.unescape(re.sub(r"<[^<>]*>", "", self.page)))}

    def row(self, name: str) -> dict[str, Any]:
        """Of a backend."""
        found: dict[str, Any] = self.result["backends"][name]
        return found

    def objections(self, name: str) -> list[str]:
        """Of the verdict to a backend."""
        begin = f"{name}: "
        return [one.removeprefix(begin) for one in self.result["verdict"]["reasons"] if one.startswith(begin)]

    def wrong(self, fault: Fault) -> str | None:
        """What is not as it should be with the row of a fault; None where all is."""
        row, objections = self.row(fault.name), self.objections(fault.name)
        told = [row["reason"] or "", *objections]
        if row["status"] != fault.status:
            return f"its status is {row['status']}: {told}"
        if not fault.told:
            right = row["accuracy"] and row["accuracy"]["passed"] and row["speed"] and not objections
            return None if right else f"its row is not right: {told}"
        if not any(fault.told in one for one in told):
            return f"told {told}"
        if fault.name != "faulty-end-timed" and not objections:
            return "the verdict says nothing of it"
        if not all(len(one) < 1000 and one.isprintable() for one in told):
            return f"not one printable line: {told}"
        unsaid = [where for where, said in self.shown.items() if not says(said, fault)]
        return f"the {' and the '.join(unsaid)} says nothing of it" if unsaid else None

    def wrong_beside(self) -> list[str]:
        """What is not as it should be with all else."""
        numpy = self.row("numpy")
        ends = numpy["lap_ends"] or {}
        right = numpy["status"] == "ok" and numpy["accuracy"]["passed"] and not self.objections("numpy")
        held = ends.get("held") == ends.get("laps", 0) > 5 and ends["against"] == "true path" and ends["ratio"] <= 1
        journal = (self.folder / "run" / "measurements.jsonl").read_text()
        checks = {
            "numpy is blamed for its neighbours": right,
            "laps of numpy are not held": held and numpy["speed"],
            f"the exit code is {self.code}: {self.errors[-300:]}": self.code == 1,
            "something is printed that a terminal would obey": (self.text + self.errors)
            .replace("\n", "")
            .isprintable(),
            "the page holds a script of theirs": "<script>alert" not in self.page,
            "what was measured is not kept": '"run numpy"' in journal and '"epochs numpy"' in journal,
            f"left behind: {left_behind(self.folder / 'temporary')}": not left_behind(self.folder / "temporary"),
        }
        return [what for what, kept in checks.items() if not kept]


def packed(text: str) -> str:
    """The text without blanks."""
    return "".join(text.split())


def says(text: str, fault: Fault) -> bool:
    """Whether a text names a fault, and then what was told of it."""
    return bool(re.search(re.escape(packed(fault.name)) + ".*?" + re.escape(packed(fault.told)), text))


def compared(folder: Path) -> list[Compared]:
    """The comparisons, at the same time: of all that end by themselves, and of those that never would."""
    parts = {"ending": (FAULTS[: -len(ENDLESS)], 100), "endless": (ENDLESS, 6)}
    started = {name: compare(folder / name, faults, seconds) for name, (faults, seconds) in parts.items()}
    ended = {name: process.communicate(timeout=300) for name, process in started.items()}
    return [Compared(folder / name, parts[name][0], started[name].returncode, *said) for name, said in ended.items()]


def main() -> int:
    """Prints how many faults cost their own row alone."""
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        every = compared(Path(folder))
        wrong = {fault.name: why for one in every for fault in one.faults if (why := one.wrong(fault)) is not None}
        beside = [why for one in every for why in one.wrong_beside()]
    print(f"faults: {len(FAULTS) - len(wrong)} of {len(FAULTS)}")
    for name, why in wrong.items():
        print(f"    {name}: {why}")
    for why in beside:
        print(f"    beside them: {why}")
    return 1 if wrong or beside else 0


if __name__ == "__main__":
    sys.exit(main())
