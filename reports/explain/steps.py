"""What a walk through an explanation is made of: stages of stops, each of a few sentences and equations.

Text and page are made from the same equations, so that they cannot differ. An equation is written as on paper, with
``∂L/∂r`` and ``{a}/{b}`` for fractions; the text leaves the braces out, the page typesets it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Equation:
    """`sides` that are all equal, with a `label` in front, such as the row that they are about."""

    label: str
    sides: tuple[str, ...]


@dataclass(frozen=True)
class Stop:
    """One step of the walk: what is said at once.

    Attributes:
        lines: Sentences and equations.
        node: The node of the tape that it is about, or empty.
        direction: Whether that is the walk forward, to values, or backward, to adjoints.
    """

    lines: tuple[str | Equation, ...]
    node: str = ""
    direction: Literal["", "forward", "backward"] = ""


@dataclass(frozen=True)
class Stage:
    """A title and the stops under it."""

    title: str
    stops: tuple[Stop, ...]
