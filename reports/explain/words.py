"""What an explanation says, in order."""

from __future__ import annotations

from handgrad.compare.results.explanation import Explanation
from handgrad.reports.explain import by_hand, on_tape
from handgrad.reports.explain.calculator import formats
from handgrad.reports.explain.steps import Stage, Stop
from handgrad.reports.look.names import file_name, shown


def heading(explanation: Explanation) -> str:
    """What is explained."""
    n = len(explanation.rows)
    rows = {1: "row 1", 2: "rows 1 and 2"}.get(n, f"rows 1 to {n}")
    return f"One step of gradient descent on {shown(file_name(explanation.source), 40)}, {rows}"


def stages(explanation: Explanation) -> list[Stage]:
    """All that is walked through."""
    how = formats(explanation)
    return [
        Stage("The problem", (Stop(tuple(by_hand.problem(explanation))),)),
        Stage("Forward", tuple(Stop(tuple(by_hand.forward(row, explanation, how))) for row in explanation.rows)),
        Stage("Loss", (Stop((by_hand.loss(explanation, how),)),)),
        Stage("Chain rule", tuple(by_hand.chain_rule(explanation, how))),
        Stage("Update", tuple(by_hand.update(explanation, how))),
        Stage("The tape, forward", tuple(on_tape.forward(explanation, how))),
        Stage("The tape, backward", tuple(on_tape.backward(explanation, how))),
    ]
