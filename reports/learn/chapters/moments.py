"""Mathematics beats the compiler: what it says and what it shows."""

from __future__ import annotations

import math

from handgrad.compare.results.learn.lessons import ByHand, EpochCosts, Lessons
from handgrad.reports.learn.chapters.content import Content, reference
from handgrad.reports.learn.chapters.timings import cell_words, cost_chart, timed_names, timing_of
from handgrad.reports.look import numbers
from handgrad.reports.look.names import shown
from handgrad.reports.look.style import Drawing
from handgrad.reports.look.words import listed, plural


def chapter(lessons: Lessons) -> Content:
    """All of it."""
    return Content(
        "moments",
        "Mathematics beats the compiler",
        paragraphs(lessons.costs, lessons.by_hand),
        drawings=[moments(lessons.costs)],
    )


def paragraphs(found: EpochCosts, by_hand: ByHand) -> list[str]:
    """What a sum instead of a pass saves, and after how many epochs."""
    return [
        "Look at the gradient once more: dW = (2/n)(W Σx² + b Σx − Σxy). The data appears only in a few sums, which "
        "do not change while W and b do. Take them once, and an epoch needs no row at all. The backend moments does "
        "so, with the data centred first: differences of large sums would lose digits, those of centred ones lose few.",
        sums_told(by_hand),
        pass_told(found),
        accuracy_told(by_hand),
    ]


def sums_told(by_hand: ByHand) -> str:
    """The five sums of the table, and how near the gradient from them comes to the exact one."""
    n, sum_x, sum_y, sum_xx, sum_xy = by_hand.sums
    worst = max(by_hand.from_sums.weight_ulps, by_hand.from_sums.bias_ulps)
    told = [
        f"{name} = {numbers.number(value)}"
        for name, value in (("Σx", sum_x), ("Σy", sum_y), ("Σx²", sum_xx), ("Σxy", sum_xy))
    ]
    return (
        f"For the table of the first chapters they are n = {numbers.count(n)}, {listed(told)}. From them alone, not "
        f"centred, at the point of {reference('by-hand')}: dW = {numbers.number(by_hand.from_sums.weight)} and db = "
        f"{numbers.number(by_hand.from_sums.bias)}, which is off by at most {numbers.ulps(worst)} "
        f"ULP{'' if worst == 1 else 's'}."
    )


def pass_told(found: EpochCosts) -> str:
    """Epochs of moments beside those of the fastest other, and when the first pass has paid for itself."""
    if "moments" in found.missing:
        return f"It did not run here: {shown(found.missing['moments'], 200)}."
    cell = found.cells[-1]
    own = timing_of(cell, "moments")
    rivals = {n: t for n in cell.backends if n != "moments" and (t := timing_of(cell, n)) is not None}
    if own is None or not rivals:
        return "It could not be timed here."
    rival = min(rivals, key=lambda name: rivals[name].median)
    ratio = rivals[rival].median / own.median
    faster = (
        f"{shown(rival)}, the fastest of those that go through the rows, takes {numbers.ratio(ratio)} times as long"
        if ratio > 1
        else f"{shown(rival)} is faster all the same: it takes {numbers.ratio(ratio)} of that"
    )
    return (
        f"At {plural(cell.rows, 'row')}, an epoch of moments takes {numbers.seconds(own.median, own.low, own.high)}"
        f"{at_first(found)}; {faster}. {paid(found, rival, rivals[rival].median - own.median)}"
    )


def at_first(found: EpochCosts) -> str:
    """The epoch of moments at the smallest size, for comparison."""
    cell = found.cells[0]
    timed = timing_of(cell, "moments")
    return (
        ""
        if timed is None
        else f" ({numbers.seconds(timed.median, timed.low, timed.high)} at {plural(cell.rows, 'row')})"
    )


def paid(found: EpochCosts, rival: str, gained: float) -> str:
    """After how many epochs the pass that takes the sums has paid for itself; `gained` are the seconds per epoch."""
    own, other = found.begun.get("moments"), found.begun.get(rival)
    if own is None or other is None or gained <= 0:
        return ""
    epochs = max(1, math.ceil((own - other) / gained))
    return (
        f"The data and the first epoch, with the pass that takes the sums, cost it {numbers.seconds(own)}, and "
        f"{shown(rival)} {numbers.seconds(other)}, each timed once: by these, from {plural(epochs, 'epoch')} on, "
        "moments is ahead. No compiler finds that, since it is another algorithm."
    )


def accuracy_told(by_hand: ByHand) -> str:
    """Whether it is as right as the others."""
    own = by_hand.found.get("moments")
    if own is None:
        return "Without it there is nothing to judge."
    worst = max(own.weight_ulps, own.bias_ulps)
    others = max((max(s.weight_ulps, s.bias_ulps) for n, s in by_hand.found.items() if n != "moments"), default=0.0)
    price = "nothing but generality" if worst <= others else "generality, and here with a few last digits"
    return (
        f"It pays with {price}: its gradient at the point of {reference('by-hand')} is "
        f"{numbers.ulps(worst)} ULP{'' if worst == 1 else 's'} from the exact one (the others: up to "
        f"{numbers.ulps(others)}). But it works for full batches and this loss only: with mini-batches every batch "
        "has sums of its own, and with another loss there may be no such sums."
    )


def moments(found: EpochCosts) -> Drawing:
    """An epoch of moments against those of the quickest that go through the rows."""
    ranked = [name for one in found.fastest_ranges for name in (one.fastest,)]
    names = [*dict.fromkeys([*ranked, "numpy"]), "moments"]
    names = [name for name in names if name in timed_names(found)]
    figure = cost_chart(found, names)
    told = "; ".join(cell_words(cell, names) for cell in found.cells)
    return Drawing(
        "moments",
        "An epoch that does not look at the rows",
        f"As in {reference('costs')}, with moments beside the fastest of the others and NumPy.",
        f"Seconds per epoch over the number of rows. {told}.",
        figure,
    )
