"""The chapters of the course by name, in their order."""

from __future__ import annotations

CHAPTERS = (
    "surface",
    "by-hand",
    "tape",
    "checking",
    "rate",
    "scaling",
    "mini-batches",
    "summation",
    "costs",
    "moments",
)
