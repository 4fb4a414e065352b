"""What the page's slider for the learning rate starts from; the script recomputes the descent from it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from handgrad.compare.results.learn.descent import Rates


@dataclass(frozen=True)
class Slider:
    """The surface in numbers, and where the slider stands.

    Attributes:
        bowl: JSON: the curvature, minimum, eigenvalues and limit, and the part of the plane that is shown.
        percent: The rate in percent of 2/λₘₐₓ.
        epochs: How many are walked.
        told: The epochs whose loss stands in the table.
    """

    bowl: str
    percent: int
    epochs: int
    told: tuple[int, ...]


def slider(found: Rates) -> Slider:
    """At a tenth of the limit, where descent is slow and smooth."""
    epochs = len(found.runs[0].excess) - 1
    shown = {
        "curvature": found.bowl.curvature,
        "minimum": found.bowl.minimum,
        "largest": found.largest,
        "smallest": found.smallest,
        "limit": found.limit,
        "weights": (found.grid.weights[0], found.grid.weights[-1]),
        "biases": (found.grid.biases[0], found.grid.biases[-1]),
    }
    return Slider(json.dumps(shown), 10, epochs, tuple(sorted({1, 10, 30, epochs})))
