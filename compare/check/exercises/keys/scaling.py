"""Keys on scaling: standardised features, and parameters back in the user's units."""

from __future__ import annotations

from typing import Any

import numpy as np

from handgrad.backends.interface import FloatArray
from handgrad.compare.check.exercises.keys.key import Answering, AnswerKey, Blocks, Slip, exchanged


def _standardize(X: FloatArray, ddof: int = 0) -> Blocks:
    """`ddof` is that of NumPy's `std`."""
    means, scales = X.mean(axis=0), X.std(axis=0, ddof=ddof)
    return (X - means) / scales, means, scales


def _by_row(right: Answering, **a: Any) -> Blocks:
    turned, means, scales = right(**(a | {"X": a["X"].T}))
    return turned.T, means, scales


def _by_variance(right: Answering, **a: Any) -> Blocks:
    Z, means, scales = right(**a)
    return Z / scales, means, scales**2


def _not_centred(right: Answering, **a: Any) -> Blocks:
    Z, means, scales = right(**a)
    return Z + means / scales, means, scales


STANDARDIZE = AnswerKey(
    right=_standardize,
    slips=(
        Slip("sample-deviation", lambda right, **a: right(**(a | {"ddof": 1}))),
        Slip("variance", _by_variance),
        Slip("not-centred", _not_centred),
        Slip("by-row", _by_row),
        Slip("parts-exchanged", exchanged(1, 2)),
    ),
)


def _back(weights: FloatArray, bias: float, means: FloatArray, scales: FloatArray) -> Blocks:
    own = weights / scales
    return own, bias - float(means @ own)


def _other_weights(right: Answering, **a: Any) -> Blocks:
    return right(**a)[0], a["bias"] - float(a["means"] @ a["weights"])


BACK = AnswerKey(
    right=_back,
    slips=(
        Slip("bias-not-moved", lambda right, **a: (right(**a)[0], a["bias"])),
        Slip("times-the-scale", lambda right, **a: right(**(a | {"scales": 1 / np.asarray(a["scales"])}))),
        Slip("bias-of-other-weights", _other_weights),
        Slip("bias-the-other-way", lambda right, **a: (right(**a)[0], 2 * a["bias"] - right(**a)[1])),
        Slip("parts-exchanged", exchanged()),
    ),
)
