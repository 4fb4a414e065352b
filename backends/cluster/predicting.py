"""Predictions by the same seam: a unit's are its "sums", and to merge is to put one behind the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from handgrad.backends.inputs import FloatArray
from handgrad.backends.kernels.tiles import Tiled
from handgrad.backends.numba_tiled import InTiles


class PredictionPass(InTiles):
    """ŷ (m,) of tiled rows at θ (d + 1,), bias last."""

    def block_sums(self, bound: tuple[Tiled, FloatArray], point: FloatArray) -> FloatArray:
        """ŷ = X W + b, (m,)."""
        X, y = bound
        predicted: FloatArray = X.untiled()[: len(y)] @ point[:-1] + point[-1]
        return predicted

    def merge(self, left: Any, right: Any) -> Any:
        """Both, the earlier rows first."""
        return np.concatenate([left, right])
