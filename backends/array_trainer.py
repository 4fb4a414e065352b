"""What backends on arrays have alike: a trainer that needs only `bind` and `gradient` of them.

Its parameters are a NumPy array (d,) and a number of the dtype. A backend whose X is no array of shape (n, d) also says
how rows are taken from it and how it predicts.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from handgrad.backends.blocks import Blocks, Summing
from handgrad.backends.interface import DType, FloatArray, Gradient, Parameters, Plan, Recording, Trainer
from handgrad.backends.kernels.track import Track


class ArrayTrainer(Trainer):
    """A trainer on arrays; `bind` gives X and y their memory order, `gradient` does the work."""

    @cached_property
    def number(self) -> Any:
        """Turns a number into one of the dtype; a scalar of float64 would not stay out of float32 arithmetic."""
        return np.dtype(self.dtype).type

    def take(self, X: Any, y: Any, rows: NDArray[np.int64]) -> tuple[Any, Any]:
        """Copies of the rows, (k, d) and (k,)."""
        return X[rows], y[rows]

    def to_own(self, weights: FloatArray, bias: float) -> Parameters:
        """Array (d,) and scalar of the dtype."""
        return Parameters(weights.astype(self.dtype), self.number(bias))

    def to_numpy(self, weights: FloatArray, bias: Any) -> Parameters:
        """A copy (d,), and a float."""
        return Parameters(weights.copy(), float(bias))

    def predict(self, X: Any, weights: FloatArray, bias: Any) -> FloatArray:
        """ŷ = X W + b, (n,)."""
        predicted: FloatArray = X @ weights + bias
        return predicted

    def loss(self, X: Any, y: Any, weights: FloatArray, bias: Any) -> Any:
        """(1/n) Σ r², in units of y², of X (n, d) and y (n,); the gradient gives it along with itself."""
        return self.gradient(X, y, weights, bias).loss

    def update(self, weights: FloatArray, bias: Any, gradient: Gradient, learning_rate: float) -> Parameters:
        """W ← W − η dW, new (d,), and b ← b − η db."""
        rate = self.number(learning_rate)
        return Parameters(weights - rate * gradient.weights, bias - rate * gradient.bias)

    def mean_of(self, sums: FloatArray, rows: int) -> Gradient:
        """Loss and gradient from their sums (d + 2) over so many rows: Σ xⱼ r for each feature, Σ r and Σ r²."""
        n = self.number(rows)
        scale = self.number(2) / n
        return Gradient(sums[-1] / n, scale * sums[:-2], scale * sums[-2])


class BlockTrainer(ArrayTrainer):
    """A trainer on arrays whose rows can also come block by block, and need not be there whole.

    It writes `summing`, and its `gradient` asks `over_blocks` where X is the source of the rows; and it says so by
    `takes_blocks`, a literal that the catalogue reads.
    """

    takes_blocks: ClassVar[bool] = True

    @classmethod
    def over(cls, blocks: Blocks, dtype: DType = "float64") -> Self:
        """A trainer on rows that come from a source, which gives them in the dtype, and checked."""
        source = cls.source(blocks)
        trainer = cls.__new__(cls)
        trainer.dtype, trainer.rows, trainer.features = dtype, source.rows, source.features
        trainer.data = source, None
        return trainer

    @classmethod
    def source(cls, blocks: Blocks) -> Blocks:
        """The source that it asks for sums; a backend whose rows are elsewhere brings them there."""
        return blocks

    @property
    def streamed(self) -> bool:
        """Whether its rows come from a source."""
        return isinstance(self.data[0], Blocks)

    def held_bytes(self) -> list[int]:
        """What of the rows other processes hold, each."""
        return self.data[0].held_bytes() if self.streamed else []

    @abstractmethod
    def summing(self) -> Summing:
        """What a pass over blocks does: at θ (d + 1,), bias last, it gives Σ xⱼ r for each feature, Σ r and Σ r²."""

    def over_blocks(self, blocks: Blocks, weights: FloatArray, bias: Any) -> Gradient:
        """Loss and gradient from one pass over a source, at weights (d,) and bias."""
        return self.mean_of(blocks.total(self.summing(), np.append(weights, bias)), self.rows)


class CompiledTrainer(ArrayTrainer):
    """A trainer on arrays that compiles the loop over epochs, too, as one of small data takes less time than a call.

    It writes `descend`; what its loop does not cover (`compiles`) is left to the shared loop.
    """

    def compiles(self, plan: Plan) -> bool:
        """Whether the compiled loop can follow the plan: here, where all rows are in a batch."""
        return self.takes_all(plan)

    @abstractmethod
    def descend(self, track: Track, rate: Any) -> int:
        """Runs along the track, θ ← θ − η ∇L, until it ends or a loss is not finite; returns how many losses there are.

        `rate` is η as a number of the dtype.
        """

    def run(self, parameters: Parameters, plan: Plan, first: int, count: int) -> tuple[Parameters, list[float]]:
        """Epochs `first` to `first + count − 1`: the parameters after them, and the loss before each."""
        if not self.compiles(plan):
            return super().run(parameters, plan, first, count)
        return self.run_recording(parameters, plan, (first, first + count))[:2]

    def run_recording(self, parameters: Parameters, plan: Plan, epochs: Sequence[int]) -> Recording:
        """The run from the first of these epochs (k,), ascending, to the last, with the parameters at each of them."""
        if not self.compiles(plan):
            return super().run_recording(parameters, plan, epochs)
        track = Track.of(parameters, epochs)
        return track.recording(self.descend(track, self.number(plan.learning_rate)))
