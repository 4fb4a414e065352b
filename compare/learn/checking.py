"""Checking a gradient: the error of every finite difference over its step, and the slopes of that curve."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from handgrad.compare.judge.gradcheck import gradcheck
from handgrad.compare.learn.one_feature import OneFeature
from handgrad.compare.results.checks import Sweep
from handgrad.compare.results.learn.lessons import ByHand, Checking, CheckMethod


def checking(table: OneFeature, point: ByHand) -> Checking:
    """NumPy's dW at the point, checked with every step and every method."""
    checked = gradcheck(table.numpy, table.checked, [point.weight], point.bias)
    sweep = checked.sweeps[0]
    balance = sweep.predicted_forward
    assert balance is not None, "a feature that varies bends the loss"
    steps, forward, central, truncation = zip(*finite_rows(sweep), strict=True)
    return Checking(
        exact=point.exact[1],
        steps=steps,
        forward=forward,
        central=central,
        truncation=truncation,
        left=arm(steps, forward, lambda h: h < balance / 10),
        right=arm(steps, forward, lambda h: h > balance * 10),
        central_left=arm(steps, central, lambda h: True),
        best=sweep.best_forward,
        predicted=balance,
        methods=tuple(
            CheckMethod(found.method, found.steps[0], result, error)
            for found in checked.methods
            if (result := found.gradient[0]) is not None and (error := found.errors[0]) is not None
        ),
        roundoff=float(np.finfo(np.float64).eps) * point.exact[0],
    )


def finite_rows(sweep: Sweep) -> list[tuple[float, float, float, float]]:
    """Step, both errors and truncation, without the steps at which the loss left float64's range."""
    rows = zip(sweep.steps, sweep.forward, sweep.central, sweep.truncation, strict=True)
    return [
        (h, forward, central, line) for h, forward, central, line in rows if forward is not None and central is not None
    ]


def arm(steps: Sequence[float], errors: Sequence[float], belongs: Callable[[float], bool]) -> float | None:
    """The p of error ~ stepᵖ over the steps that belong, by least squares on the logarithms; exact hits left out."""
    used = [(h, error) for h, error in zip(steps, errors, strict=True) if error > 0 and belongs(h)]
    if len(used) < 3:
        return None
    logs = np.log(np.array(used))
    return float(np.polyfit(logs[:, 0], logs[:, 1], 1)[0])
