"""JAX: the loss as a pure function, its derivative by `jax.value_and_grad`, the whole loop over epochs compiled.

`jax.lax.scan` runs a step over and over in one program and collects the loss before each. float64 is off in JAX unless
asked for, and asking is global: importing this file turns it on. So is it with products of float32 on a device, which
JAX rounds to fewer digits unless asked for all, and with the device's memory, of which it takes three quarters at once.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from handgrad.backends.array_trainer import ArrayTrainer
from handgrad.backends.interface import Device, FloatArray, Gradient, Parameters, Plan

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]
jax.config.update("jax_default_matmul_precision", "highest")  # type: ignore[no-untyped-call]
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # read when a device is first used, and not before


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
    devices = ("cpu", "cuda")

    @classmethod
    def absent(cls, device: Device) -> str | None:
        """Why JAX cannot compute there."""
        try:
            jax.devices(device)
        except RuntimeError:
            return "JAX sees no CUDA device here"
        return None

    @classmethod
    def device_name(cls, device: Device) -> str:
        """As JAX has it."""
        return device if device == "cpu" else str(jax.devices(device)[0].device_kind)

    @classmethod
    def wake(cls, device: Device) -> None:
        """JAX's client of the device, which its first array makes."""
        jax.block_until_ready(jax.device_put(np.zeros(1), jax.devices(device)[0]))

    @cached_property
    def place(self) -> Any:
        """The device, as JAX knows it."""
        return jax.devices(self.device)[0]

    def put(self, values: Any) -> Any:
        """Numbers of any shape as an array of the dtype there, and of its own."""
        return jax.device_put(np.array(values, dtype=self.dtype), self.place)

    def synchronize(self) -> None:
        """Waits for the data, and for something new that the device does after all that it was given."""
        if self.device != "cpu":
            jax.block_until_ready((self.data, self.put(0.0) + 1))

    def reading(self, size_bytes: int) -> Callable[[], Any]:
        """XLA's sum of as many numbers of 4 bytes."""
        room = jax.device_put(np.ones(max(1, size_bytes // 4), np.float32), self.place)
        return partial(jax.jit(jnp.sum), room)

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[Any, Any]:
        """X (n, d) and y (n,) as arrays of JAX."""
        return self.put(X), self.put(y)

    def to_own(self, weights: FloatArray, bias: float) -> Parameters:
        """Arrays (d,) and () of the dtype, on the same device."""
        return Parameters(self.put(weights), self.put(bias))

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
        moved, before = descend(parameters, *self.data, self.put(plan.learning_rate), count)
        losses: list[float] = np.asarray(before).tolist()
        done = next((k + 1 for k, value in enumerate(losses) if not math.isfinite(value)), count)
        return moved, losses[:done]
