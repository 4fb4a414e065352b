"""The three answers of a comparison: do the backends agree, did the training arrive, and which one to take.

They stand together, each with a mark of its own: what agrees may have diverged, and what arrived may be too noisy to
choose from.
"""

from __future__ import annotations

from collections.abc import Iterator

from handgrad.compare.results import reasons
from handgrad.compare.results.arrival import ArrivalState
from handgrad.compare.results.comparison import BackendResult, Comparison
from handgrad.compare.results.timing import Estimate
from handgrad.compare.results.verdict import Choice, DevicePays, Overtaking, RunCost
from handgrad.reports.compare import arrival as arrivals
from handgrad.reports.compare import words
from handgrad.reports.look import numbers
from handgrad.reports.look.answers import Mark, MarkedAnswer
from handgrad.reports.look.names import shown
from handgrad.reports.look.picks import reference
from handgrad.reports.look.words import listed, plural

AGREE, ARRIVE, WHICH = "Do the backends agree?", "Did the training arrive?", "Which one?"

#: Of each state, the mark and the word.
STATES: dict[ArrivalState, tuple[Mark, str]] = {
    "yes": ("good", "Yes"),
    "not yet": ("open", "Not yet"),
    "diverged": ("bad", "No, it diverged"),
}


def answers(comparison: Comparison) -> list[MarkedAnswer]:
    """The three; of a run of an earlier version, those that it holds."""
    return [agree(comparison), *arrive(comparison), *which(comparison)]


# -- do the backends agree? --------------------------------------------------------------------------------------------


def agree(comparison: Comparison) -> MarkedAnswer:
    """Whether they do, with the largest error or what speaks against it."""
    lines = [words.agreement(comparison), *words.reasons(comparison)]
    judged = [result.accuracy for result in comparison.backends.values() if result.accuracy is not None]
    if comparison.verdict.passed:
        return MarkedAnswer(AGREE, "good", "Yes" if len(judged) > 1 else "One was judged, and it is right", lines)
    if any(not accuracy.passed for accuracy in judged):
        return MarkedAnswer(AGREE, "bad", "No", lines)
    silent = any(result.status in ("failed", "timeout") for result in comparison.backends.values())
    return MarkedAnswer(AGREE, "bad", "Not all answered" if judged and silent else "Nobody knows", lines)


# -- did the training arrive? ------------------------------------------------------------------------------------------


def arrive(comparison: Comparison) -> Iterator[MarkedAnswer]:
    """How far the training came; of backends whose state differs, each state with its backends."""
    found = comparison.verdict.arrived
    if found is None:
        yield from earlier(comparison)
        return
    mark, word = STATES[found.state]
    lines = [_of_state(comparison, state, found.states) for state in reversed(STATES) if state in found.states.values()]
    yield MarkedAnswer(ARRIVE, mark, word, lines)


def _of_state(comparison: Comparison, state: ArrivalState, states: dict[str, ArrivalState]) -> str:
    """What is said of the backends in this state, for which one stands; named unless they are all there are."""
    names = [name for name, its in states.items() if its == state]
    stands = reference(comparison)
    name = stands if stands in names else names[0]
    told = shown(_came(comparison.backends[name]), 400)
    if len(names) > 1 and state != "diverged":
        told = f"on {shown(name)}, {told}"
    if len(names) == len(states):
        return f"{told[0].upper()}{told[1:]}."
    return f"{listed([shown(name) for name in names])}: {told}."


def _came(result: BackendResult) -> str:
    """How far one run came."""
    if result.divergence is None:
        told = arrivals.sentence(result) or result.reason or "it diverged"
        return told.removeprefix("not ").removeprefix("converged: ")  # the word has said so
    why, epoch = reasons.of_divergence(result.divergence), result.divergence.epoch
    if epoch is not None:
        return f"diverged at epoch {numbers.count(epoch)}: {why}"
    loss = f" to {numbers.number(result.losses[-1])}" if result.losses else ""
    return f"the loss grows{loss} and will leave the range of {result.divergence.dtype}: {why}"


def earlier(comparison: Comparison) -> Iterator[MarkedAnswer]:
    """The answer of a run of an earlier version, which holds a sentence, and is known by it."""
    if any(result.status == "diverged" for result in comparison.backends.values()):
        yield MarkedAnswer(ARRIVE, "bad", "No, it diverged", [])
    elif told := words.arrival(comparison):
        yield MarkedAnswer(ARRIVE, *STATES["yes" if told.startswith("Converged") else "not yet"], [told])


# -- which one? --------------------------------------------------------------------------------------------------------


def which(comparison: Comparison) -> Iterator[MarkedAnswer]:
    """The fastest for this run, then per steady epoch, and how the order changes."""
    found = comparison.verdict.choice
    if found is None:
        fastest = words.fastest(comparison)
        yield from [MarkedAnswer(WHICH, "open", "Per steady epoch", [fastest])] if fastest else []
        return
    lines = [for_run(found), per_epoch(found, comparison), *map(overtaking, found.overtakings)]
    lines += device_lines(found, comparison)
    named = found.run or found.epoch
    if named is None:
        yield MarkedAnswer(WHICH, "open", "Too noisy to tell" if found.run_tied else "None for this run", lines)
    else:
        scope = "for this run" if found.run else "per steady epoch"
        yield MarkedAnswer(WHICH, "good" if found.run else "open", f"{shown(named)} {scope}", lines)


def for_run(found: Choice) -> str:
    """Who is the fastest for this run, its start included, and who comes next."""
    epochs = plural(found.epochs, "epoch")
    if found.run is None and not found.run_tied:
        return f"this run of {epochs} diverged, so its cost is not worth comparing."
    if found.run is None:
        return (
            f"for this run of {epochs}, start included, {listed([_with_run(found, n) for n in found.run_tied])} are "
            "not told apart: a start is timed once, and once says little."
        )
    others = [cost for cost in found.costs if cost.backend != found.run]
    beside = f"; next {shown(others[0].backend)}, {_seconds(others[0].run)}" if others else ""
    taken = f"{'takes' if found.epochs == 1 else 'take'} {_seconds(_cost(found, found.run).run)}"
    return f"its {epochs} {taken}, start included{beside}."


def _with_run(found: Choice, name: str) -> str:
    return f"{shown(name)} ({_seconds(_cost(found, name).run)})"


def per_epoch(found: Choice, comparison: Comparison) -> str:
    """Who has the shortest steady epoch."""
    if found.epoch is None:
        each = [f"{shown(name)} ({_seconds(_cost(found, name).epoch)})" for name in found.epoch_tied]
        return f"Per steady epoch, {listed(each)} are not told apart."
    cost = _cost(found, found.epoch)
    gain = words.gain(found.epoch, comparison.backends[found.epoch].speed)
    return f"Per steady epoch: {shown(found.epoch)}, {_seconds(cost.epoch)}{gain}."


def overtaking(one: Overtaking) -> str:
    """From how many epochs on the order changes."""
    reach = "" if one.low == one.high else f" (between {numbers.about(one.low)} and {numbers.about(one.high)})"
    return (
        f"From about {numbers.about(one.epochs)} epochs on{reach}, {shown(one.backend)} is ahead of {shown(one.over)}, "
        "start included."
    )


def device_lines(found: Choice, comparison: Comparison) -> Iterator[str]:
    """From how many epochs on each backend on a device pays, a sentence for each it was held against."""
    for one in found.device:
        yield pays(one, comparison) if one.epochs is not None else never_ahead(one, found, comparison)
    if found.device:
        yield "From how many rows on a device pays: handgrad bench, with the same --device."


def pays(one: DevicePays, comparison: Comparison) -> str:
    """From how many epochs on one on a device is ahead of one on the processor."""
    speed = comparison.backends[one.backend].speed
    moved = None if speed is None else speed.transfer_seconds
    start = "start" if moved is None else f"start and the transfer of X and y ({numbers.seconds(moved)})"
    first, low, high = (numbers.about(end or 1) for end in (one.epochs, one.low, one.high))
    reach = "" if low == high else f" (between {low} and {high})"
    against = f"{_there(one, comparison)} pays against {shown(one.over)}"
    return f"{against} from about {first} epochs on{reach}, {start} included."


def never_ahead(one: DevicePays, found: Choice, comparison: Comparison) -> str:
    """That one on a device does not get ahead, since its epoch is no shorter, or cannot be told to be."""
    own, other = (_seconds(_cost(found, name).epoch) for name in (one.backend, one.over))
    return (
        f"At {plural(comparison.problem.rows, 'row')}, {_there(one, comparison)} is not seen to get ahead of "
        f"{shown(one.over)} at any number of epochs: an epoch takes {own} against {other}."
    )


def _there(one: DevicePays, comparison: Comparison) -> str:
    kind = "a device" if comparison.device is None else shown(comparison.device.kind)
    return f"{shown(one.backend)} on {kind}"


def _cost(found: Choice, name: str) -> RunCost:
    return next(cost for cost in found.costs if cost.backend == name)


def _seconds(value: Estimate) -> str:
    return numbers.seconds(value.value, value.low, value.high)
