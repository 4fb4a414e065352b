"""What `check` found out about a gradient written by hand: frozen types that turn into JSON. Nothing here computes.

An `Assessment` holds facts: keys of mistakes, numbers, places, lines. What is said of them stands in `reports.check`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

#: The key of numbers that are wrong and that no known mistake explains.
UNKNOWN = "of-no-known-kind"

#: The key of the mistake whose numbers may be right: what was given is not what it was.
CHANGES_INPUT = "changes-its-input"

#: The key of answers that differ though the question was the same.
OTHER_ANSWERS = "other-answers"

#: The key of a failure that is handgrad's, and says nothing of what was to be checked.
OWN_FAULT = "fault-of-handgrad"

#: The key of what trains in a way from which its gradient cannot be told, right or wrong.
NOT_TOLD = "gradient-not-told"

#: The loss that a gradient is that of, with r = X W + b − y: (1/n) Σ r², (1/2n) Σ r², Σ r², ½ Σ r².
LossName = Literal["mse", "half-mse", "sum", "half-sum"]

#: Why there is no answer. Each cause belongs to one key in `FAILURES`.
Cause = Literal[
    "raises",
    "ends-program",
    "ends-process",
    "reads-input",
    "recursion",
    "memory",
    "hangs",
    "killed",
    "none",
    "none-inside",
    "no-pair",
    "no-pair-of-values",
    "not-the-parts",
    "other-number-of-parts",
    "shape",
    "too-large",
    "part-too-large",
    "unlike-shapes",
    "one-feature-only",
    "type",
    "no-real-numbers",
    "not-finite",
    "part-not-finite",
    "forged",
    "left-out",
    "unreadable",
    "calls-left-out",
    "syntax",
    "nothing-to-check",
    "not-in-file",
    "not-written",
    "not-defined",
    "defines-no",
    "needs-unknown",
    "takes-none",
    "other-arguments",
    "named-columns",
    "other-start",
    "no-parameters",
    "not-one-step",
    "own-fault",
]

#: The key of each cause, short and stable, for programs.
FAILURES: dict[Cause, str] = {
    "raises": "raises",
    "ends-program": "exits",
    "ends-process": "exits",
    "reads-input": "asks-for-input",
    "recursion": "recursion",
    "memory": "out-of-memory",
    "hangs": "hangs",
    "killed": "killed",
    "none": "returns-nothing",
    "none-inside": "returns-nothing",
    "no-pair": "wrong-shape",
    "no-pair-of-values": "wrong-shape",
    "not-the-parts": "wrong-shape",
    "other-number-of-parts": "wrong-shape",
    "shape": "wrong-shape",
    "too-large": "wrong-shape",
    "part-too-large": "wrong-shape",
    "unlike-shapes": "wrong-shape",
    "one-feature-only": "wrong-shape",
    "type": "not-numbers",
    "no-real-numbers": "not-numbers",
    "not-finite": "not-finite",
    "part-not-finite": "not-finite",
    "forged": "unreadable-answer",
    "left-out": "unreadable-answer",
    "unreadable": "unreadable-answer",
    "calls-left-out": "unreadable-answer",
    "syntax": "syntax-error",
    "nothing-to-check": "missing-function",
    "not-in-file": "missing-function",
    "not-written": "not-written",
    "not-defined": "missing-function",
    "defines-no": "missing-function",
    "needs-unknown": NOT_TOLD,
    "takes-none": NOT_TOLD,
    "other-arguments": NOT_TOLD,
    "named-columns": NOT_TOLD,
    "other-start": NOT_TOLD,
    "no-parameters": NOT_TOLD,
    "not-one-step": NOT_TOLD,
    "own-fault": OWN_FAULT,
}


@dataclass(frozen=True)
class SourceLine:
    """A line of the student's own file, `number` from 1."""

    file: str
    number: int
    text: str


@dataclass(frozen=True)
class ProbeShape:
    """What tells a probe from others: X (rows, features) of type `data_type`, and whether its bias is 0."""

    rows: int
    features: int
    data_type: str = "float64"
    zero_bias: bool = False


#: Where a function was asked: at a probe, or in the call of an exercise with that number, from 1.
Place = ProbeShape | int


@dataclass(frozen=True)
class Confinement:
    """What the system kept the student's process from: to write outside of its folder, to reach the network."""

    writes: bool = False
    network: bool = False


@dataclass(frozen=True)
class NoAnswer:
    """Why there is no answer.

    Attributes:
        cause: What happened.
        given: What came in place of an answer: an error and its message, an exit code, a type, a shape, names.
        expected: What should have come: a shape, names.
        part: The part of the answer that it is about, such as "dW".
        data_type: The type of that part's numbers.
        place: Where the function was asked.
        line: The line of the student's own file at which it happened.
    """

    cause: Cause
    given: str = ""
    expected: str = ""
    part: str = ""
    data_type: str = ""
    place: Place | None = None
    line: SourceLine | None = None

    @property
    def key(self) -> str:
        """The key of its cause, as `Diagnosis.mistake` has it."""
        return FAILURES[self.cause]


@dataclass(frozen=True)
class Mistake:
    """A known mistake that reproduces the answers.

    Attributes:
        key: Short and stable, for programs.
        form: In which of its forms it was made; empty where it has one.
        block: The one block whose factor is wrong: "dW" or "db"; empty where both or none is.
        factor: The key of the mistake that this factor would be on both blocks; empty for a block of zeros.
        arguments: Of those that were given: the names of those that were changed.
    """

    key: str
    form: str = ""
    block: Literal["", "dW", "db"] = ""
    factor: str = ""
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Discrepancy:
    """One number that was given, beside the right one.

    Attributes:
        part: Of the answer: "dW", "db", "loss", or a name of the exercise.
        index: Of the number in that part; empty for a number that stands alone.
        place: Where the function was asked.
        given: By the student's function.
        expected: The right one.
        is_right: They differ by rounding alone.
    """

    part: str
    index: tuple[int, ...]
    place: Place
    given: float
    expected: float
    is_right: bool = False

    @property
    def ratio(self) -> float | None:
        """What was given over what was expected; None where that is 0."""
        return self.given / self.expected if self.expected else None


#: A step on the way to a gradient or a loss: ŷ = X W + b; r = ŷ − y; Σ xᵢ rᵢ and Σ rᵢ; dW and db, the loss, or the new
#: parameters.
StepName = Literal["prediction", "residual", "sums", "gradient", "loss", "parameters"]


@dataclass(frozen=True)
class ProbeStep:
    """The numbers of one step at a probe, in the order of its formula.

    Attributes:
        step: Which.
        expected: The right ones.
        given: Of the last step, those that the function gave; of others, those that its mistake makes of them. None
            where that is not known.
    """

    step: StepName
    expected: tuple[float, ...]
    given: tuple[float, ...] | None


@dataclass(frozen=True)
class OwnProbe:
    """A probe of two rows and one feature, at which a wrong answer can be followed in the head.

    Attributes:
        call: How the function was called, as Python is written.
        steps: From the prediction to the answer.
        parts_at: The first step at which the numbers part; None where only the answer is known.
    """

    call: str
    steps: tuple[ProbeStep, ...]
    parts_at: StepName | None


@dataclass(frozen=True)
class Call:
    """The arguments of an exercise's call, each with its value as Python or NumPy writes it, to four digits."""

    number: int
    arguments: dict[str, str]


@dataclass(frozen=True)
class Assessment:
    """What was found out about a function, or about several that are right.

    Attributes:
        subjects: Their names.
        mistakes: Those that explain all answers together; empty where all are right, or none came.
        failure: Why there is no answer.
        evidence: Given and expected numbers at up to two places.
        calls: How often the function was asked.
        smallest_detectable: The relative error of a component that would have been seen; for an exercise, of the
            largest number of each part. None where nothing was compared.
        parts: Whether each part of the answer, "dW" and "db" or "loss", is right at every probe. Empty where there is
            no answer to judge, and for an exercise.
        by_exercise: It was asked by an exercise's calls, not at the probes of `check`.
        float32: It is an implementation in float32, judged by float32's rounding errors.
        features_first: It takes X (d, n), a feature in each row.
        one_feature: It takes X (n,) and a number for the weights, and not X (n, d).
        refused_types: Types of X on which it raises an error; integer types may be refused.
        wrapped_types: Types of X on which its numbers wrap around, where that does not count.
        printed_lines: How much it printed.
        wrong_call: Of an exercise's wrong answers that no mistake explains: the first call of these.
        unanswered: Some probes have no answer, which no mistake explains: another form of the arguments may suit it.
        loss: The loss by whose gradient it was judged.
        loss_origin: How that loss is known: "declared" by who asks, "beside" the gradient in its file, or "assumed".
        arguments: What its arguments were taken for, in order, where that is not what is asked for.
        theta: How one argument holds all parameters: "ones", "bias-first", "bias-last", "none", "pair" or "mapping";
            empty if none does.
        trains: It trains from a start of its own; the steps of its epochs were judged.
        confinement: What its process was kept from; None where it had none of its own.
        called_here: Why it was called in the process that asks, without limits; empty where it had its own.
        uses_handgrad: Its file imported handgrad, whose own code may be what was found right.
        lines: Of its file: those that compute what is wrong; empty where there is no file, or they are not found.
        own_probe: Where the answer is wrong, too, at two rows of one feature: its way there, step by step.
        right_for: Where no loss is declared: another loss, of which this is the right gradient.
        fewer_for: Likewise another loss, in whose gradient some of the mistakes are none.
    """

    subjects: tuple[str, ...]
    mistakes: tuple[Mistake, ...] = ()
    failure: NoAnswer | None = None
    evidence: tuple[Discrepancy, ...] = ()
    calls: int = 0
    smallest_detectable: float | None = None
    parts: dict[str, bool] = field(default_factory=dict)
    by_exercise: bool = False
    float32: bool = False
    one_feature: bool = False
    features_first: bool = False
    refused_types: tuple[str, ...] = ()
    wrapped_types: tuple[str, ...] = ()
    printed_lines: int = 0
    wrong_call: Call | None = None
    unanswered: bool = False
    loss: LossName = "mse"
    loss_origin: Literal["assumed", "declared", "beside"] = "assumed"
    right_for: LossName | None = None
    fewer_for: LossName | None = None
    arguments: tuple[str, ...] = ()
    theta: str = ""
    trains: bool = False
    confinement: Confinement | None = None
    called_here: str = ""
    uses_handgrad: bool = False
    lines: tuple[SourceLine, ...] = ()
    own_probe: OwnProbe | None = None

    @property
    def correct(self) -> bool:
        """Every answer is right within the bound of its rounding errors, and nothing that was given was changed."""
        return not self.mistakes and self.failure is None

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the mistakes, or that of the failure."""
        return (self.failure.key,) if self.failure else tuple(mistake.key for mistake in self.mistakes)


def failed(subject: str, failure: NoAnswer, smallest_detectable: float | None = None) -> Assessment:
    """What is found where there is no answer."""
    return Assessment((subject,), failure=failure, smallest_detectable=smallest_detectable, unanswered=True)
