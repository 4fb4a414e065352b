"""What a student's file imports of handgrad: it is told, and the answers to the exercises are refused.

Both by an audit hook (PEP 578), which code in Python cannot take away. What a file reads through a program that it
starts, no hook sees.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

#: Where the answers to the exercises stand.
KEYS = os.path.realpath(Path(__file__).parent.parent / "exercises" / "keys")


class ImportWatch:
    """Sees from its start to the end of the process which modules of handgrad are imported."""

    def __init__(self) -> None:
        """Starts, with what is imported already as ours."""
        self._ours, self._seen = _of_handgrad(sys.modules), set[str]()
        sys.addaudithook(self._on_event)

    @property
    def saw_more(self) -> bool:
        """Whether the file imported modules of handgrad that this process had not needed, and has perhaps removed."""
        return bool((_of_handgrad(sys.modules) | self._seen) - self._ours)

    def _on_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "import":
            self._seen |= _of_handgrad(arguments[:1])
        elif event == "open" and isinstance(arguments[0], str | bytes) and _is_key(os.fsdecode(arguments[0])):
            raise ImportError("the answers to the exercises are closed to the file that is checked")


def _of_handgrad(names: Any) -> set[str]:
    return {name for name in tuple(names) if name.partition(".")[0] == "handgrad"}


def _is_key(path: str) -> bool:
    return os.path.realpath(path).startswith(KEYS + os.sep)
