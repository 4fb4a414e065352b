"""An explanation in a terminal, 80 columns wide, in stops that can be walked through one at a time."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from handgrad.compare.results.explanation import Explanation
from handgrad.reports.explain.steps import Equation, Stop
from handgrad.reports.explain.witnesses import DOUBLES, digits, errors, missing, other, verdict
from handgrad.reports.explain.words import heading, stages
from handgrad.reports.look.names import columns

WIDTH = 80
LABEL_WIDTH = 10

_FRACTION = re.compile(r"\{([^{}]*)\}/\{([^{}]*)\}")


def walk(explanation: Explanation) -> Iterator[tuple[str, list[str]]]:
    """Stop by stop: a title, empty unless a stage begins, and the lines under it."""
    yield heading(explanation), []
    for stage in stages(explanation):
        for number, stop in enumerate(stage.stops):
            yield stage.title if number == 0 else "", list(_lines(stop))
    yield "PyTorch", list(_witnesses(explanation))


def plain(explanation: Explanation) -> str:
    """All of it as plain lines, for a pipe."""
    lines: list[str] = []
    for title, under in walk(explanation):
        lines += [*([""] if title and lines else []), *([title] if title else []), *under]
    return "\n".join(lines) + "\n"


def written(formula: str) -> str:
    """A formula in one line: ``{a}/{b}`` becomes ``a / b``, but 1/n stays together."""
    return _FRACTION.sub(lambda m: "(1/n)" if m.groups() == ("1", "n") else f"{m[1]} / {m[2]}", formula)


def _lines(stop: Stop) -> Iterator[str]:
    for line in stop.lines:
        yield from _equation(line) if isinstance(line, Equation) else _sentence(line)


def _equation(equation: Equation) -> Iterator[str]:
    """All sides in one line where they fit, else one to a line."""
    first, *rest = map(written, equation.sides)
    begin = f"  {equation.label:<{LABEL_WIDTH}}{first}"
    whole = begin + "".join(f" = {side}" for side in rest)
    if columns(whole) <= WIDTH:
        yield whole
        return
    for number, side in enumerate(rest):
        yield from _hanging((begin if number == 0 else " " * columns(begin)) + " = ", side)


def _hanging(label: str, text: str) -> list[str]:
    """Wrapped under itself; never at "×", so that a product stays in one line."""
    indent, kept = " " * columns(label), text.replace(" × ", "\u00a0×\u00a0")
    lines = textwrap.wrap(kept, WIDTH, initial_indent=label, subsequent_indent=indent, break_long_words=False)
    return [line.replace("\u00a0", " ") for line in lines]


def _sentence(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="  ")


def _witnesses(explanation: Explanation) -> Iterator[str]:
    for reason in missing(explanation):
        yield from _sentence(reason)
    name = "PyTorch" if other(explanation).name == "torch" else "the tape"
    yield f"  {'':<8}{'by hand':>24}  {name:>24}  {'apart, in ULPs':>16}"
    for row in digits(explanation):
        yield f"  {row.symbol:<8}{row.by_hand:>24}  {row.other:>24}  {row.apart:>16}"
    yield from _sentence(verdict(explanation))
    yield from _sentence(DOUBLES)
    yield ""
    yield from _sentence("The worst derivative of each, against the exact one and what rounding may do:")
    yield f"  {'':<8}{'error, in ULPs':>24}  {'from by hand, in ULPs':>24}  {'error / bound':>16}"
    for error in errors(explanation):
        yield f"  {error.name:<8}{error.ulps:>24}  {error.apart:>24}  {error.bound:>16}"
