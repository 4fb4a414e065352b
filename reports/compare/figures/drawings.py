"""Which figures a comparison has, in the order of the report. A new figure is one more function in `FIGURES`."""

from __future__ import annotations

from collections.abc import Callable

from handgrad.compare.results.comparison import Comparison
from handgrad.reports.compare.figures.accuracy import errors, rounding
from handgrad.reports.compare.figures.descent import loss, trajectory
from handgrad.reports.compare.figures.fit import fit
from handgrad.reports.compare.figures.samples import samples
from handgrad.reports.compare.figures.totals import totals
from handgrad.reports.gradcheck.figures import v_curve
from handgrad.reports.look import style
from handgrad.reports.look.style import Drawing

#: Each makes a `Drawing`, or None where a comparison has nothing to show in it.
FIGURES: tuple[Callable[[Comparison], Drawing | None], ...] = (
    samples,
    totals,
    rounding,
    errors,
    fit,
    loss,
    trajectory,
    lambda comparison: v_curve(comparison.problem, comparison.gradchecks),
)


def drawings(comparison: Comparison) -> list[Drawing]:
    """Every figure that has something to show."""
    with style.applied():
        drawn = [figure(comparison) for figure in FIGURES]
    return [drawing for drawing in drawn if drawing is not None]
