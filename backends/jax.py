"""JAX: the loss as a pure function, its derivative by `jax.value_and_grad`, the whole loop over epochs compiled.

`jax.lax.scan` runs a step over and over in one program and collects the loss before each. float64 is off in JAX unless
asked for, and asking is global: importing this file turns it on.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from handgrad.backends.array_trainer import ArrayTrainer
from handgrad.backends.interface import FloatArray, Gradient, Parameters, Plan

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]


def predict(X: Any, weights: Any, bias: Any) -> Any:
    """ŷ = X W + b."""
    return X @ weights + bias


def loss(parameters: Parameters, X: Any, y: Any) -> Any:
    """(1/n) Σ (ŷ − y)²."""
    return jnp.mean((predict(X, *parameters) - y) ** 2)


loss_and_gradient = jax.jit(jax.value_and_grad(loss))


@partial(jax.jit, static_argnames="count")
def descend(parameters: Parameters, X: Any, y: Any, rate: Any, count: int) -> Any:
    """`count` full-batch epochs: the parameters after them, and the loss before each."""

    def step(parameters: Parameters, _: None) -> tuple[Parameters, Any]:
        before, gradient = jax.value_and_grad(loss)(parameters, X, y)
        moved = Parameters(*(p - rate * g for p, g in zip(parameters, gradient, strict=True)))
        # What is no longer finite stays where it was, as in the shared loop.
        kept = Parameters(*(jnp.where(jnp.isfinite(before), m, p) for m, p in zip(moved, parameters, strict=True)))
        return kept, before

    return jax.lax.scan(step, parameters, None, length=count)


class JaxTrainer(ArrayTrainer):
    """JAX's autodiff; XLA compiles the loop."""

    name = "jax"
    summary = "JAX: value_and_grad, the loop over epochs compiled"
    kind = "autodiff"
    requires = ("jax",)
    install = 'pip install "handgrad[jax]"'
    by_default = False
    own_rounding = True

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[Any, Any]:
        """X (n, d) and y (n,) as arrays of JAX, on its default device."""
        return jnp.array(X), jnp.array(y)

    def to_own(self, weights: FloatArray, bias: float) -> Parameters:
        """Arrays (d,) and () of the dtype, on the same device."""
        return Parameters(jnp.array(weights, dtype=self.dtype), jnp.array(bias, dtype=self.dtype))

    def to_numpy(self, weights: Any, bias: Any) -> Parameters:
        """A copy, and a float."""
        return Parameters(np.array(weights), float(bias))

    def predict(self, X: Any, weights: Any, bias: Any) -> Any:
        """ŷ = X W + b."""
        return predict(X, weights, bias)

    def gradient(self, X: Any, y: Any, weights: Any, bias: Any) -> Gradient:
        """The loss and its derivative, in one compiled program."""
        value, gradient = loss_and_gradient(Parameters(weights, bias), X, y)
        return Gradient(value, *gradient)

    def run(self, parameters: Parameters, plan: Plan, first: int, count: int) -> tuple[Parameters, list[float]]:
        """Full-batch epochs in one program, as a call costs more than a small one; mini-batches by the shared loop."""
        if not self.takes_all(plan):
            return super().run(parameters, plan, first, count)
        rate = jnp.array(plan.learning_rate, dtype=self.dtype)
        moved, before = descend(parameters, *self.data, rate, count)
        losses: list[float] = np.asarray(before).tolist()
        done = next((k + 1 for k, value in enumerate(losses) if not math.isfinite(value)), count)
        return moved, losses[:done]
