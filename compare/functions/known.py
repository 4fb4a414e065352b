"""Functions of NumPy, SciPy, PyTorch, JAX and Python that are known by themselves: nobody need say what they are.

Only libraries that are loaded are asked: whoever has the function has loaded its library.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

#: Where each is found, what it is, and the axis it works along when it is not told: None for all elements.
KNOWN: dict[str, tuple[str, int | None]] = {
    "builtins.sum": ("sum", None),
    "math.fsum": ("sum", None),
    "math.sumprod": ("dot product", None),
    "statistics.mean": ("mean", None),
    "statistics.fmean": ("mean", None),
    "statistics.pvariance": ("variance", None),
    "statistics.variance": ("sample variance", None),
    "numpy.vdot": ("dot product", None),
    "numpy.inner": ("dot product", None),
    "scipy.linalg.norm": ("2-norm", None),
    "scipy.special.softmax": ("softmax", None),
    "scipy.special.logsumexp": ("logsumexp", None),
    "torch.dot": ("dot product", None),
    "torch.mv": ("matrix-vector", None),
    "torch.mm": ("matrix-matrix", None),
    "torch.matmul": ("product", None),
    "torch.sum": ("sum", None),
    "torch.mean": ("mean", None),
    "torch.var": ("sample variance", None),
    "torch.norm": ("2-norm", None),
    "torch.linalg.norm": ("2-norm", None),
    "torch.linalg.vector_norm": ("2-norm", None),
    "jax.nn.softmax": ("softmax", -1),
    "jax.nn.logsumexp": ("logsumexp", None),
    "jax.scipy.special.logsumexp": ("logsumexp", None),
    "jax.numpy.vdot": ("dot product", None),
} | {
    f"{library}.{name}": known
    for library in ("numpy", "jax.numpy")
    for name, known in {
        "dot": ("product", None),
        "matmul": ("product", None),
        "sum": ("sum", None),
        "mean": ("mean", None),
        "var": ("variance", None),
        "linalg.norm": ("2-norm", None),
        "linalg.vector_norm": ("2-norm", None),
    }.items()
}


def known_function(function: Any) -> tuple[str, int | None] | None:
    """What a function is by itself, and the axis along which it works; None if it is not known."""
    return next((KNOWN[path] for path, known in _loaded() if known is function), None)


def path_of(function: Any) -> str | None:
    """The full name of a function that is known by itself: ``numpy.sum``."""
    return next((path for path, known in _loaded() if known is function), None)


def _loaded() -> Iterator[tuple[str, Any]]:
    for path in KNOWN:
        library, *names = path.split(".")
        found: Any = sys.modules.get(library)
        for name in names:
            found = getattr(found, name, None)
        if found is not None:
            yield path, found
