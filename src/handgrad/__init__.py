"""Gradients by hand, held against autodiff, against every backend and against the exact answer.

    import handgrad as hg

    hg.gradient(X, y, weights, bias)     loss and gradient at a point, on any backend
    hg.train(X, y)                       a training run
    hg.side_by_side(X, y)                the same run on every backend, judged
    hg.check(function)                   your own gradient: right, or what is wrong with it
    hg.assert_right(function)            the same as a test: an AssertionError with the diagnosis
    hg.load_table(path)                  a table from a file
    hg.judge(function, inputs)           your own sum, product or softmax, held against the exact one
    hg.assert_within_rounding(actual, exact_of=("dot product", a, b))

Names are looked up when they are used, so that importing handgrad costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from handgrad.api import SideBySide as SideBySide
    from handgrad.api import assert_right as assert_right
    from handgrad.api import check as check
    from handgrad.api import gradient as gradient
    from handgrad.api import side_by_side as side_by_side
    from handgrad.api import train as train
    from handgrad.backends.interface import BackendUnavailable as BackendUnavailable
    from handgrad.backends.interface import Gradient as Gradient
    from handgrad.backends.interface import InputError as InputError
    from handgrad.backends.interface import Plan as Plan
    from handgrad.backends.interface import Trainer as Trainer
    from handgrad.backends.interface import Training as Training
    from handgrad.compare.results.comparison import Comparison as Comparison
    from handgrad.compare.results.functions.judgement import Judgement as Judgement
    from handgrad.data.dataset import DataError as DataError
    from handgrad.data.dataset import Dataset as Dataset
    from handgrad.data.tables import load_table as load_table
    from handgrad.judging import assert_within_rounding as assert_within_rounding
    from handgrad.judging import judge as judge
    from handgrad.reports.check.diagnosis import Diagnosis as Diagnosis

_WHERE = {
    "gradient": "handgrad.api",
    "train": "handgrad.api",
    "side_by_side": "handgrad.api",
    "SideBySide": "handgrad.api",
    "Gradient": "handgrad.backends.interface",
    "Training": "handgrad.backends.interface",
    "Plan": "handgrad.backends.interface",
    "Trainer": "handgrad.backends.interface",
    "InputError": "handgrad.backends.interface",
    "BackendUnavailable": "handgrad.backends.interface",
    "Comparison": "handgrad.compare.results.comparison",
    "check": "handgrad.api",
    "assert_right": "handgrad.api",
    "Diagnosis": "handgrad.reports.check.diagnosis",
    "judge": "handgrad.judging",
    "assert_within_rounding": "handgrad.judging",
    "Judgement": "handgrad.compare.results.functions.judgement",
    "load_table": "handgrad.data.tables",
    "Dataset": "handgrad.data.dataset",
    "DataError": "handgrad.data.dataset",
}

__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        import importlib.metadata

        return importlib.metadata.version("handgrad")
    if name not in _WHERE:
        raise AttributeError(f"module 'handgrad' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext handgrad`: the cell magic `%%handgrad check`."""
    from handgrad.magic import cell_magic

    shell.register_magic_function(cell_magic(shell), magic_kind="cell", magic_name="handgrad")
