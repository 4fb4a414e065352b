"""What a function computes, and what an argument of it is."""

from __future__ import annotations

from typing import Literal

#: What a function computes: a gradient, the parameters after a step, the loss, or (a class) all of a training run.
Kind = Literal["gradient", "step", "loss", "trainer"]

#: What an argument is. "theta" holds weights and bias together, "points" x and y; "rounds" is how many steps to make.
Role = Literal["X", "y", "weights", "bias", "theta", "points", "prediction", "rate", "rounds"]
