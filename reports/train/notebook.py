"""A training run in a notebook: how it ended in a line, its parameters, and its loss curve."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from handgrad.reports.look import numbers
from handgrad.reports.look.rendering import image
from handgrad.reports.look.words import plural
from handgrad.reports.train.figures import loss_drawing

#: Weights that have a cell of their own.
MOST_WEIGHTS = 8


def notebook(losses: Sequence[float], weights: Sequence[float], bias: float, diverged_at: int | None) -> str:
    """HTML for `_repr_html_`; it inherits the notebook's own look, light or dark.

    Args:
        losses: (epochs + 1,), at the start and after each epoch; empty where none was finite.
        weights: (d,), at the end.
        bias: At the end.
        diverged_at: The epoch, if it did.
    """
    curve = image(loss_drawing(losses)) if len(losses) > 1 else ""
    return f"<div><p>{escape(_told(losses, diverged_at))}</p>{_parameters(weights, bias)}{curve}</div>"


def _told(losses: Sequence[float], diverged_at: int | None) -> str:
    """How far it came."""
    if not len(losses):
        return "Diverged: the loss was never finite."
    fell = f"loss {numbers.number(losses[0])} → {numbers.number(losses[-1])}"
    if diverged_at is not None:
        return f"Diverged at epoch {numbers.count(diverged_at)}: {fell}, the last that was finite."
    return f"{plural(len(losses) - 1, 'epoch')}: {fell}."


def _parameters(weights: Sequence[float], bias: float) -> str:
    """A table of one row."""
    named = [(f"W{place}" if len(weights) > 1 else "W", value) for place, value in enumerate(weights, 1)]
    left_out = [("…", None)] if len(named) > MOST_WEIGHTS else []
    every = [*named[:MOST_WEIGHTS], *left_out, ("b", bias)]
    heads = "".join(f'<th scope="col">{name}</th>' for name, _ in every)
    cells = "".join(f"<td>{'' if value is None else numbers.number(value)}</td>" for _, value in every)
    return f"<table><thead><tr>{heads}</tr></thead><tbody><tr>{cells}</tr></tbody></table>"
