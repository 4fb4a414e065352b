"""Data and parameters in the form in which a function wants them; see `Signature`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.backends.signatures.names import role_of
from handgrad.backends.signatures.signature import Theta

#: Forms for one feature alone.
ONE_FEATURE = ("flat", "numbers")
#: Forms in which a column of X is a row of the table.
FEATURES_FIRST = ("features-first", "features-first-column")


class ByRole(dict[str, Any]):
    """Weights and bias under any names that tell which is which, as keys or as attributes."""

    def __missing__(self, key: str) -> Any:
        """What a name stands for."""
        known = {"weights": "w", "bias": "b"}
        role = role_of(str(key)) or ""
        if role not in known:
            raise KeyError(key)
        return self[known[role]]

    def __getattr__(self, name: str) -> Any:
        """What a name stands for."""
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


def data_in(form: str, theta: Theta, X: NDArray[Any], y: NDArray[Any]) -> dict[str, Any]:
    """What may stand for the data, by its role: X (n, d) and y (n,), or both together as points (n, 2)."""
    if theta == "ones":
        X = np.column_stack([np.ones(len(y), dtype=X.dtype), X])
    if form in ONE_FEATURE:
        X = X[:, 0].copy()
        return {"X": X, "y": y, "points": np.column_stack([X, y])}
    if form in FEATURES_FIRST:
        return {"X": np.ascontiguousarray(X.T), "y": in_form(form, y)}
    if form == "matrices":
        return {"X": X.view(np.matrix), "y": y[:, np.newaxis].view(np.matrix)}
    return {"X": X, "y": in_form(form, y)}


def in_form(form: str, numbers: NDArray[Any]) -> NDArray[Any]:
    """One number for each row, (n,), as a column or as a row where the form has it so."""
    if form in FEATURES_FIRST:
        return numbers[np.newaxis, :]
    return numbers[:, np.newaxis] if form == "columns" else numbers


def parameters_in(form: str, theta: Theta, weights: NDArray[Any], bias: Any) -> dict[str, Any]:
    """What may stand for the parameters, by its role: weights (d,) and bias, or both together as θ (d + 1,)."""
    if form == "features-first":
        weights = weights[np.newaxis, :]
    if theta in ("pair", "mapping"):
        w = weights[0].item() if form in ONE_FEATURE else weights
        return {"theta": (w, bias) if theta == "pair" else ByRole(w=w, b=bias)}
    joined = np.append(weights, bias) if theta == "bias-last" else np.append(bias, weights)
    if theta == "none":
        joined = weights
    if form in ONE_FEATURE:
        joined = joined[0].item() if theta == "none" else joined
        return {"weights": weights[0].item(), "bias": bias, "theta": joined}
    if form == "matrices":
        return {"theta": joined[np.newaxis, :].view(np.matrix)}
    if form in ("columns", "features-first-column"):
        return {"weights": weights[:, np.newaxis], "bias": bias, "theta": joined[:, np.newaxis]}
    return {"weights": weights, "bias": bias, "theta": joined}
