"""`%%handgrad check` in a notebook: the cell as a student's file, in a process of its own with a time limit.

The cell is checked alone, so it imports what it needs. Then it is run in the notebook, too, as it would be without the
magic, unless it hangs or is not Python.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from handgrad.compare.results.diagnosis import FAILURES

if TYPE_CHECKING:
    from handgrad.compare.check.conventions import LossChoice
    from handgrad.reports.check.diagnosis import Diagnosis

USAGE = "%%handgrad check [mse|half-mse|sum|half-sum|any]"
#: What a cell does that is not to be run again in the notebook.
_NOT_AGAIN = {FAILURES[cause] for cause in ("hangs", "syntax", "ends-process", "killed")}


class MagicUsage(ValueError):
    """A line of the magic that cannot be followed."""


def cell_magic(shell: Any) -> Callable[[str, str], Diagnosis]:
    """The magic for an IPython shell: checks the cell, runs it there, and gives the `Diagnosis`, which shows itself."""

    def handgrad(line: str, cell: str) -> Diagnosis:
        found = checked(cell, loss_of(line))
        if found.mistake not in _NOT_AGAIN:
            shell.run_cell(cell)
        return found

    handgrad.__doc__ = f"""Check the gradient that the cell defines: {USAGE}."""
    return handgrad


def loss_of(line: str) -> LossChoice:
    """The loss that the magic's line names, if any.

    Raises:
        MagicUsage: If it says anything else.
    """
    from handgrad.compare.results.diagnosis import LossName

    command, *named = shlex.split(line) or [""]
    losses: tuple[LossChoice, ...] = (*get_args(LossName), "any")
    chosen = [loss for loss in losses if named == [loss]]
    if command != "check" or (named and not chosen):
        raise MagicUsage(f"expected {USAGE}, got %%handgrad {line}")
    return chosen[0] if chosen else None


def checked(cell: str, loss: LossChoice = None) -> Diagnosis:
    """What is found in the source of a cell."""
    from handgrad.compare.check.file import check_file
    from handgrad.compare.lifetime import temporary_folder
    from handgrad.reports.check.diagnosis import diagnosis

    with temporary_folder() as folder:
        path = Path(folder) / "cell.py"
        path.write_text(cell, encoding="utf-8")
        return diagnosis(check_file(path, loss=loss))
