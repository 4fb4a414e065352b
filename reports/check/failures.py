"""Why there is no answer, in words: one sentence for each cause, to be read after the function's name."""

from __future__ import annotations

from handgrad.compare.results.diagnosis import Cause, NoAnswer, Place, ProbeShape

_OTHER_FILES = "does it write into files that are not its own?"
_CONFINED = "while it is checked, a file can write in its own folder only, and cannot reach the network"

_INSTEAD = "give it gradient(X, y, weights, bias), which can be asked"

#: `str.format` patterns; {given}, {expected}, {part} and {data_type} are those of the failure.
SENTENCES: dict[Cause, str] = {
    "raises": "raises {given}",
    "ends-program": "ends the program (exit code {given})",
    "ends-process": "ends its process (exit code {given})",
    "reads-input": "waits for input, and there is nobody to type",
    "recursion": "calls itself without end, or deeper than Python allows",
    "memory": "needs more memory than it may have",
    "hangs": "gives no answer within {given} s, and was ended",
    "killed": "ended its process by {given}",
    "none": "returns None: is there a `return` on every path?",
    "none-inside": "returns None as a part of its answer",
    "no-pair": "returns one {given}, where the pair {expected} is expected",
    "no-pair-of-values": "returns {given} values, where the pair {expected} is expected",
    "not-the-parts": "returns one {given}, where {expected} are expected",
    "other-number-of-parts": "returns {given} values, where {expected} are expected",
    "shape": "returns {part} of shape {given} {where}, where {wanted} is expected",
    "too-large": "returns arrays of shape {given} {where}",
    "part-too-large": "returns {part} of shape {given}",
    "unlike-shapes": "returns a list of arrays of unlike shapes, where numbers are expected",
    "one-feature-only": "takes one feature only, where X (n, d) and weights (d,) are expected",
    "type": "returns {given} of type {data_type}, where real numbers are expected",
    "no-real-numbers": "returns no real numbers: {given}",
    "not-finite": "returns NaN or infinity {where}",
    "part-not-finite": "returns NaN or infinity as {part}",
    "forged": f"gives back what is no answer: {_OTHER_FILES}",
    "left-out": f"leaves answers out: {_OTHER_FILES}",
    "unreadable": "gives something back that is not an answer",
    "calls-left-out": "leaves calls without an answer",
    "syntax": "is not Python: {given}",
    "nothing-to-check": "has no gradient(X, y, weights, bias), no step(X, y, weights, bias, learning_rate) "
    "and no loss(X, y, weights, bias); it defines {names}",
    "not-in-file": "has no function {expected}; it defines {names}",
    "not-written": "is not written yet",
    "not-defined": "is not defined; {given} is",
    "defines-no": "defines no {expected}",
    "needs-unknown": f"needs {{given}}, and it is not known what that is: {_INSTEAD}",
    "takes-none": f"trains from a start of its own, and takes and keeps no {{given}}: {_INSTEAD}",
    "other-arguments": f"takes ({{given}}), and it is not known what else it wants: {_INSTEAD}",
    "named-columns": f"wants a frame of pandas, the names of whose columns are not known: {_INSTEAD}",
    "other-start": f"starts from other random numbers in each run: start at zero, or seed them, or {_INSTEAD}",
    "no-parameters": f"trains, and neither keeps nor returns what are its weights and its bias: {_INSTEAD}",
    "not-one-step": "does not make one step of gradient descent over all rows in an epoch, nor one by a known mistake "
    f"(batches, momentum, scaled data, a penalty?): {_INSTEAD}",
    "own-fault": "could not be checked, by a fault of handgrad and not of the file: {given}",
}


def failure_words(failure: NoAnswer) -> str:
    """What the function does in place of giving an answer."""
    refused = failure.cause == "raises" and failure.given.startswith("PermissionError")
    return _sentence(failure) + (f"; {_CONFINED}" if refused else "")


def _sentence(failure: NoAnswer) -> str:
    return SENTENCES[failure.cause].format(
        given=failure.given,
        expected=failure.expected,
        part=failure.part,
        data_type=failure.data_type,
        where="" if failure.place is None else _where(failure.place),
        wanted=_wanted(failure),
        names=failure.given or "no function and no class",
    )


def place_words(place: Place) -> str:
    """A probe by rows, features and type; an exercise's call by its number."""
    if not isinstance(place, ProbeShape):
        return f"call {place}"
    features = "1 feature" if place.features == 1 else f"{place.features} features"
    special = "" if place.data_type == "float64" else f", {place.data_type}"
    return f"{place.rows} rows × {features}{special}" + (", b = 0" if place.zero_bias else "")


def _where(place: Place) -> str:
    return f"{'for' if isinstance(place, ProbeShape) else 'in'} {place_words(place)}"


def _wanted(failure: NoAnswer) -> str:
    """The shape that was expected; at a probe, it is known what its numbers are."""
    if failure.expected == "()":
        return "one number"
    if isinstance(failure.place, ProbeShape):
        return f"one number per feature, shape {failure.expected},"
    return f"shape {failure.expected}"
