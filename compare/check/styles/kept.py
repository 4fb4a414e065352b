"""What a call left behind: gradients and parameters that an object holds, or that were hung on an array as `.g`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.backends.signatures.names import part_of, role_of

#: Under which a gradient hangs on an array or a tensor.
HUNG = ("g", "grad", "gradient", "d")


class Held(np.ndarray):
    """An array that other things can be hung on, with the few words that tensors have and arrays have not."""

    def t(self) -> NDArray[Any]:
        """The transpose."""
        return self.T

    def unsqueeze(self, axis: int) -> NDArray[Any]:
        """With one more axis."""
        return np.expand_dims(self, axis)

    def pow(self, exponent: float) -> NDArray[Any]:
        """A power."""
        return self**exponent


def held(array: Any, with_tensors: bool) -> Any:
    """The array in a form that things can be hung on: a tensor where the file works with these."""
    plain = np.asarray(array, dtype=np.float64)
    if with_tensors:
        import torch

        return torch.tensor(plain)
    return plain.copy().view(Held)


def hung_on(array: Any) -> Any:
    """The gradient that hangs on it; None where there is none."""
    if isinstance(array, Held) or hasattr(array, "detach"):
        return next((getattr(array, name) for name in HUNG if getattr(array, name, None) is not None), None)
    return None


def gradients_in(holder: Any) -> dict[str, Any]:
    """dW and db by the names of the attributes that hold them; empty where there are none.

    They stand in attributes of their own, or in a dictionary, or hang on the parameters.
    """
    attributes = _attributes(holder)
    for inner in attributes.values():
        if isinstance(inner, dict) and _are_both(inner):
            return dict(inner)
    named = {name: value for name, value in attributes.items() if role_of(name) is None and part_of(name)}
    named = {name: value for name, value in named.items() if part_of(name) != "loss" and value is not None}
    if _are_both(named):
        return named
    hung = {f"d{name}": hung_on(value) for name, value in parameters_in(holder).items()}
    return hung if hung and all(value is not None for value in hung.values()) else {}


def parameters_in(holder: Any) -> dict[str, Any]:
    """Weights and bias, or θ, by what they are; empty where it holds none."""
    found: dict[str, Any] = {}
    every = _attributes(holder).items()
    for name, value in sorted(every, key=lambda one: isinstance(one[1], int | np.integer)):  # `m` may count the rows
        role = role_of(name)
        if role in ("weights", "bias", "theta") and value is not None and not callable(value):
            found.setdefault(role, value)
    return {"theta": found["theta"]} if "theta" in found and "weights" not in found else found


def _are_both(named: dict[str, Any]) -> bool:
    return {"weights", "bias"} <= {part_of(str(name)) for name in named}


def _attributes(holder: Any) -> dict[str, Any]:
    return dict(getattr(holder, "__dict__", {}))
