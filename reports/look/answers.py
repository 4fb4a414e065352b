"""An answer to a question that a report puts in front: with a mark of its own, a word, and the reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Mark = Literal["good", "open", "bad"]

#: What stands before an answer where it may be more than letters.
SIGNS: dict[Mark, str] = {"good": "✓", "open": "○", "bad": "✗"}


@dataclass(frozen=True)
class MarkedAnswer:
    """A question and its answer.

    Attributes:
        question: As asked.
        mark: "good", "bad", or "open" where it is neither.
        word: The answer in a word or two, to search for.
        lines: What it rests on, a sentence each.
    """

    question: str
    mark: Mark
    word: str
    lines: Sequence[str]

    @property
    def sign(self) -> str:
        """The mark as a character."""
        return SIGNS[self.mark]

    @property
    def spoken(self) -> list[str]:
        """The answer as lines: the first begins with the question and the word."""
        head = f"{self.question} {self.word}"
        return [f"{head}: {self.lines[0]}", *self.lines[1:]] if self.lines else [f"{head}."]
