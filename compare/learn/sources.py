"""The functions that a chapter shows, cut out of this project's own files; nothing of them is imported or run."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from handgrad.compare.results.learn.lessons import Excerpt
from handgrad.compare.side_by_side.source import cut

#: By chapter: each module, and the functions in it, in the order in which they are shown.
SHOWN: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "surface": (("handgrad.compare.learn.plain", ("predict", "residuals", "loss", "step")),),
    "by-hand": (("handgrad.compare.learn.plain", ("pulls",)),),
    "tape": (
        ("handgrad.backends.autodiff", ("Node.__matmul__", "Node.square", "Node.mean", "backward")),
        ("handgrad.backends.tape", ("predict", "loss", "TapeTrainer.gradient")),
    ),
    "checking": (("handgrad.compare.learn.plain", ("forward", "central")),),
    "rate": (("handgrad.compare.judge.hessian", ("Hessian.limit", "Hessian.best_rate", "Hessian.contraction")),),
    "scaling": (("handgrad.data.standardize", ("Standardization.apply",)),),
    "mini-batches": (("handgrad.backends.batches", ("batches", "permutation")),),
    "summation": (
        ("handgrad.backends.python", ("sum32",)),
        ("handgrad.compare.judge.bounds", ("worst_growth", "likely_growth")),
    ),
    "costs": (
        ("handgrad.backends.numpy", ("NumPyTrainer.block_sums",)),
        ("handgrad.backends.numba", ("block_sums",)),
        ("handgrad.backends.torch", ("TorchTrainer.gradient",)),
    ),
    "moments": (("handgrad.compare.learn.plain", ("sums",)),),
}


def excerpts() -> dict[str, tuple[Excerpt, ...]]:
    """The code of every chapter."""
    return {chapter: tuple(excerpt(*wanted) for wanted in shown) for chapter, shown in SHOWN.items()}


def excerpt(module: str, names: tuple[str, ...]) -> Excerpt:
    """Functions of a module as they stand in its file.

    Args:
        module: Its full name; it is not imported.
        names: Each a function, or `Class.method`.

    Raises:
        LookupError: If one of them is not there.
    """
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        raise LookupError(f"expected the source of {module}, found none")
    file = "/".join(module.split(".")[1:]) + ".py"
    return Excerpt(file=file, code=cut(Path(found.origin).read_text(encoding="utf-8"), names, module))
