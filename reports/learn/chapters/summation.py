"""Float32 and the order of summation: what it says and what it shows."""

from __future__ import annotations

from handgrad.compare.results.learn.lessons import Lessons, Summation
from handgrad.reports.learn.chapters.content import Content
from handgrad.reports.learn.chapters.drawing import AMBER, BLUE, GREEN, PURPLE, RED
from handgrad.reports.look import numbers, style
from handgrad.reports.look.colours import LIGHT
from handgrad.reports.look.names import shown
from handgrad.reports.look.style import Drawing
from handgrad.reports.look.words import listed, plural


def chapter(lessons: Lessons) -> Content:
    """All of it."""
    return Content(
        "summation",
        "float32, and the order of summation",
        paragraphs(lessons.summation),
        drawings=[summation(lessons.summation)],
    )


def paragraphs(found: Summation) -> list[str]:
    """What the orders cost, and what the backends do."""
    n = numbers.count(found.rows[-1])
    last = {name: errors[-1] for name, errors in found.errors.items()}
    worst, best = max(last, key=last.__getitem__), min(last, key=last.__getitem__)
    return [
        "A computer adds with a limited number of digits: float32 keeps 24 bits, so each addition is off by up to u "
        "= 6e-8 of its result. A gradient is a sum over all rows. When a large running total meets a small number, "
        "most of the small one's digits fall off the end, again and again.",
        f"The picture adds the same positive numbers in different orders. At n = {n}, the worst order is “{worst}”, "
        f"with a relative error of {numbers.ratio(last[worst])}, and the best “{best}”, with "
        f"{numbers.ratio(last[best])}. Theory promises no more than γₙ = {numbers.ratio(found.worst[-1])} for any "
        f"order, and about 6 √n u = {numbers.ratio(found.likely[-1])} when roundings are independent: then errors add "
        f"up like the steps of a random walk, √n of them, and 6 standard deviations are next to never exceeded. "
        f"{kept(found)}",
        singles(found),
    ]


def kept(found: Summation) -> str:
    """Which orders kept the bounds; a rounding error that always has the same sign breaks the lower one."""
    beyond_worst = [
        o for o, errors in found.errors.items() if any(e > w for e, w in zip(errors, found.worst, strict=True))
    ]
    beyond = [o for o, errors in found.errors.items() if any(e > w for e, w in zip(errors, found.likely, strict=True))]
    if beyond_worst:
        return f"Beyond the worst case, which nothing correct can be: {listed(beyond_worst)}."
    second = (
        f"Beyond the second: {listed([f'“{name}”' for name in beyond])}. " if beyond else "All kept the second, too. "
    )
    return f"All kept the first. {second}{swallowed(found)}"


def swallowed(found: Summation) -> str:
    """How many numbers were lost whole."""
    lost, n = found.swallowed[-1], found.rows[-1]
    if lost == 0:
        return "No number was so small that the running total did not notice it."
    return (
        f"Of the {numbers.count(n)} numbers added one after the other, {numbers.count(lost)} left the running total "
        "as it was: they were too small beside its last place, and vanished whole, always to the same side."
    )


def singles(found: Summation) -> str:
    """The backends in float32."""
    errors = {name: single.loss_error for name, single in found.backends.items()}
    told = listed([f"{shown(name)} {numbers.ratio(error)}" for name, error in errors.items()])
    ratio = max(single.gradient_ratio for single in found.backends.values())
    verdict = (
        f"all gradients lie within the bound of a correct backend; the worst uses {numbers.ratio(ratio)} of it"
        if ratio <= 1
        else f"one gradient lies beyond the bound of a correct backend, by a factor of {numbers.ratio(ratio)}"
    )
    return (
        f"The backends choose their own order. In float32 on {plural(found.backend_rows, 'row')}, the relative errors "
        f"of their losses are: {told}. And {verdict}."
    )


def summation(found: Summation) -> Drawing:
    """The error of each order of summation over how many numbers are added, with both bounds."""
    figure, [axes] = style.chart(3.6)
    smallest = min(e for errors in found.errors.values() for e in errors if e > 0)
    for (name, errors), colour, marker in zip(
        found.errors.items(), (RED, AMBER, PURPLE, BLUE, GREEN), "^svoD", strict=True
    ):
        axes.plot(
            found.rows,
            [e or smallest for e in errors],
            color=colour,
            linewidth=1.6,
            marker=marker,
            markersize=5,
            label=name,
        )
    axes.plot(found.rows, found.worst, color=LIGHT.faint, linewidth=1.2, label="worst case γₙ")
    axes.plot(found.rows, found.likely, color=LIGHT.faint, linewidth=1.2, linestyle="--", label="6 √n u")
    style.logarithmic(axes.xaxis, found.rows)
    style.logarithmic(axes.yaxis, [*found.worst, smallest])
    axes.set_xlabel("numbers added")
    axes.set_title("relative error of the sum")
    figure.legend(loc="outside upper left", ncols=2, handlelength=1.4, columnspacing=1.0, borderaxespad=0.1)
    told = "; ".join(f"{name} {numbers.ratio(errors[-1])}" for name, errors in found.errors.items())
    return Drawing(
        "summation",
        "The same numbers, added in different orders",
        "float32, both axes logarithmic. The grey lines are what theory promises for any order.",
        f"Relative error of the sum of {numbers.count(found.rows[0])} to {numbers.count(found.rows[-1])} positive "
        f"float32 numbers. At {numbers.count(found.rows[-1])}: {told}; bounds {numbers.ratio(found.worst[-1])} (worst "
        f"case) and {numbers.ratio(found.likely[-1])} (6 √n u).",
        figure,
    )
