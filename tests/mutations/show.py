"""Draws docs/confusion.png, the matrix of what was made against what was told: `python tests/mutations/show.py`."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

sys.path.insert(0, str(Path(__file__).parents[1]))
from mutations.catalogue import confusion, single

OUT = Path(__file__).parents[2] / "docs" / "confusion.png"


def draw(matrix: dict[str, Counter[str]], out: Path) -> None:
    """One square per cell, with the number of functions in it."""
    made = sorted(matrix)
    told = sorted(set(made) | {name for row in matrix.values() for name in row})
    counts = [[matrix[m][t] for t in told] for m in made]
    figure, axes = plt.subplots(figsize=(9.5, 8.5), layout="constrained")
    axes.imshow([[count / sum(row) for count in row] for row in counts], cmap="Blues", vmin=0, vmax=1.3)
    for i, row in enumerate(counts):
        for j, count in enumerate(row):
            if count:
                axes.text(j, i, str(count), ha="center", va="center", fontsize=9)
    axes.set_xticks(range(len(told)), told, rotation=60, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(made)), made)
    axes.set(xlabel="told by `handgrad check`", ylabel="made", title=_title(counts, made, told))
    out.parent.mkdir(exist_ok=True)
    figure.savefig(out, dpi=110, metadata={"Software": None})
    plt.close(figure)


def _title(counts: list[list[int]], made: list[str], told: list[str]) -> str:
    right = sum(row[told.index(m)] for m, row in zip(made, counts, strict=True))
    return f"{sum(map(sum, counts))} functions, {right} told for what they are"


if __name__ == "__main__":
    draw(confusion(single()), OUT)
