"""`handgrad gradcheck`: every backend's gradient at the start and at the optimum, by every method, in this process."""

from __future__ import annotations

from collections.abc import Sequence

from handgrad.backends.catalogue import Entry, entry, load, usual
from handgrad.backends.interface import InputError, Trainer
from handgrad.compare.results.checks import PointChecks, Where
from handgrad.compare.results.comparison import GradientChecks
from handgrad.compare.side_by_side.evidence import check_points, most_moving
from handgrad.compare.side_by_side.prepare import Options, Prepared, prepare
from handgrad.compare.side_by_side.side_by_side import NothingRan
from handgrad.compare.timing import environment
from handgrad.compare.timing.progress import Progress, silent
from handgrad.data.dataset import Dataset

#: Parameters with a V-curve: so many losses are computed for each that a wide table must do with some.
MOST_SWEPT = 12

#: Each method moves every parameter on its own, so that the work grows with the square of d, and exactly.
MOST_FEATURES = 128


def check_backends(
    dataset: Dataset,
    options: Options | None = None,
    points: Sequence[Where] = ("start", "optimum"),
    progress: Progress = silent,
) -> GradientChecks:
    """Checks the gradient of every backend at the points.

    Args:
        dataset: The table, in the user's units.
        options: Of these backends, start, dtype, standardize and threads count.
        points: Where.
        progress: Called before each piece of work.

    Raises:
        UnknownBackend: If a name is not in the catalogue.
        DataError, InputError: If the data or an option cannot be used.
        NothingRan: If no backend could be asked.
    """
    options = options or Options()
    if dataset.features > MOST_FEATURES:
        raise InputError(
            f"{dataset.source}: expected at most {MOST_FEATURES} features to check one by one, got {dataset.features}; "
            "choose some (features)"
        )
    every = list(map(entry, usual().values() if options.backends is None else options.backends))
    left_out = {one.name: reason for one in every if (reason := one.reason()) is not None}
    asked = [one for one in every if one.name not in left_out]
    if not asked:
        raise NothingRan("; ".join(left_out.values()))
    prepared = prepare(dataset, options)
    trainers, sweeps = bound(asked, prepared), {curved(asked): most_moving(prepared, MOST_SWEPT)}
    found: list[PointChecks] = []
    for done, where in enumerate(points):
        progress(f"gradients at the {where}", done, len(points))
        found += check_points(prepared, trainers, [where], sweeps)
    return GradientChecks(
        environment=environment.capture(options.thread_count()),
        problem=prepared.problem,
        points=tuple(found),
        left_out=left_out,
        passed=all(check.passed for point in found for check in point.checks.values()),
    )


def bound(asked: Sequence[Entry], prepared: Prepared) -> dict[str, Trainer]:
    """The trainers, with the problem's data."""
    return {one.name: load(one)(prepared.X, prepared.y, prepared.plan.dtype) for one in asked}


def curved(asked: Sequence[Entry]) -> str:
    """The backend whose V-curves are drawn: the first that is written by hand, NumPy's before others."""
    by_hand = [one.name for one in asked if one.kind == "manual"] or [one.name for one in asked]
    return "numpy" if "numpy" in by_hand else by_hand[0]
