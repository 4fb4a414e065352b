"""Which backend is the fastest for a run, where each start was timed once."""

from __future__ import annotations

import pytest

from handgrad.compare.bench.over_sizes import fastest_ranges
from handgrad.compare.results.bench import Cell, Measured
from handgrad.compare.results.timing import Timing


def cell(epochs: int, **runs: tuple[float, float]) -> Cell:
    """A size at which each backend has this start and this epoch, in seconds, the epoch known to 1 %."""
    return Cell(
        rows=1000,
        features=1,
        dtype="float64",
        bytes=16_000,
        limit_seconds=None,
        backends={
            name: Measured(
                "ok",
                epoch_seconds=Timing(epoch, 0.99 * epoch, 1.01 * epoch, (epoch,)),
                total_cached_seconds=start + epochs * epoch,
            )
            for name, (start, epoch) in runs.items()
        },
        again=None,
    )


@pytest.mark.parametrize(
    ("runs", "epochs", "first"),
    [
        ({"f": (0.14, 4e-5), "g": (0.16, 4e-5), "python": (0.3, 1e-3)}, 100, ("f", "g")),
        ({"numpy": (0.30, 4e-5), "other": (0.14, 4e-5)}, 100, ("other", "numpy")),
        ({"python": (1e-4, 2e-4), "numpy": (0.2, 2e-5)}, 100, ("python",)),
        ({"python": (1e-4, 2e-4), "numpy": (0.2, 1e-4)}, 1_000_000, ("numpy",)),
    ],
)
def test_two_starts_of_the_same_code_are_not_told_apart(
    runs: dict[str, tuple[float, float]], epochs: int, first: tuple[str, ...]
) -> None:
    """Seen: four copies of NumPy, whose starts were timed as 140 to 300 ms, and one of them "the fastest for a run"."""
    found = fastest_ranges([cell(epochs, **runs)], "run", epochs)
    assert [(one.fastest, *one.tied) for one in found] == [first]
