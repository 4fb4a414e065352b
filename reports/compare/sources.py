"""Manual against autodiff: the backends' own sources, two of them side by side, with what each costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from handgrad.compare.results.comparison import BackendResult, Comparison
from handgrad.reports.compare import words
from handgrad.reports.compare.figures.picked import worst_ratio
from handgrad.reports.look import numbers
from handgrad.reports.look.colours import looks
from handgrad.reports.look.names import safe_lines, shown
from handgrad.reports.look.words import plural

#: Who stands at first where it is there: the usual way to write a gradient down, and the usual library to find one.
FIRST_BY_HAND, FIRST_BY_AUTODIFF = "numpy", "torch"


@dataclass(frozen=True)
class PageSource:
    """A backend's source on the page.

    Attributes:
        name: As it is shown, and as it stands in the list to choose from.
        mark: The CSS variable of its colour.
        summary: What it is, and who found the derivative.
        facts: Pairs of a term and its value: lines, error, times.
        file: Names of the files.
        code: The four steps and what they call.
    """

    name: str
    mark: str
    summary: str
    facts: tuple[tuple[str, str], ...]
    file: str
    code: str


@dataclass(frozen=True)
class SourcePair:
    """`pair` stands side by side, `others` below, folded; `title` says what is compared."""

    title: str
    pair: tuple[PageSource, ...]
    others: tuple[PageSource, ...]


def side_by_side(comparison: Comparison) -> SourcePair | None:
    """The sources of a comparison; None where there are none."""
    known = {name: result for name, result in comparison.backends.items() if result.source is not None}
    if not known:
        return None
    every, first = looks(comparison.backends), _pair(known)
    made = {name: _source(name, result, every[name].variable) for name, result in known.items()}
    kinds = {known[name].gradient for name in first}
    title = "By hand against autodiff" if kinds == {"manual", "autodiff"} else _side_by_side(len(known))
    others = tuple(source for name, source in made.items() if name not in first)
    return SourcePair(title, tuple(made[name] for name in first), others)


def _side_by_side(count: int) -> str:
    return "The source" if count == 1 else "The source, side by side"


def _pair(known: dict[str, BackendResult]) -> Sequence[str]:
    """One by hand and one by autodiff; where there is no such pair, the first two."""
    hand = _first([n for n, r in known.items() if r.gradient == "manual"], FIRST_BY_HAND)
    found = _first([n for n, r in known.items() if r.gradient == "autodiff"], FIRST_BY_AUTODIFF)
    return (*hand, *found) if hand and found else list(known)[:2]


def _first(names: Sequence[str], usual: str) -> Sequence[str]:
    return [usual] if usual in names else names[:1]


def _source(name: str, result: BackendResult, mark: str) -> PageSource:
    assert result.source is not None
    return PageSource(
        name=shown(name),
        mark=mark,
        summary=f"{shown(result.summary, 80)}; gradient by {words.found_by(result)}",
        facts=tuple(_facts(result)),
        file=shown(result.source.file, 80),
        code=safe_lines(result.source.code),
    )


def _facts(result: BackendResult) -> Iterator[tuple[str, str]]:
    assert result.source is not None
    yield "Code", plural(result.source.lines, "line")
    if result.accuracy is not None:
        yield "Error over bound", numbers.ratio(worst_ratio(result.accuracy))
    if result.speed is not None:
        epoch = result.speed.epoch_seconds
        yield "Epoch", numbers.seconds(epoch.median, epoch.low, epoch.high)
        yield "First call", numbers.seconds(result.speed.first_call_seconds)
