"""What GradBench and a tool say to each other: one JSON object a line, and one answer to each.

After CONTRIBUTING.md of gradbench/gradbench, and its `python/gradbench/gradbench/eval.py`: an eval starts the tool
(`start`), names a module of functions (`define`), has its functions evaluated (`evaluate`), and says what it thinks of
each output (`analysis`). Every answer has the message's `id`.
"""

from __future__ import annotations

import msgspec


class EvalMessage(msgspec.Struct, frozen=True):
    """What GradBench says; `module`, `function` and `input` are there where its kind has them."""

    id: int
    kind: str
    module: str = ""
    function: str = ""
    input: msgspec.Raw = msgspec.Raw(b"null")


class RunTiming(msgspec.Struct, frozen=True):
    """One run of a part of an evaluation, in whole nanoseconds.

    GradBench sums up those that are named "evaluate"; "bind" is what came before, outside of its clock.
    """

    name: str
    nanoseconds: int


class ToolReply(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the tool says: `tool` to a start, `success` to a module, and to an evaluation with an output or an error."""

    id: int
    tool: str | None = None
    success: bool | None = None
    output: float | list[float] | None = None
    timings: list[RunTiming] | None = None
    error: str | None = None


class Repeats(msgspec.Struct, frozen=True):
    """How often an input is to be evaluated: at least `min_runs` times, and until `min_seconds` have passed."""

    min_runs: int = 1
    min_seconds: float = 0.0
