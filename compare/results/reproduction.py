"""What `handgrad reproduce` found: published numbers, the exact answer, what each backend gives. Nothing computes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from handgrad.compare.results.comparison import SCHEMA

#: What the result file says that it holds.
KIND = "reproduce"

#: How an answer stands to a printed number: it rounds to all printed digits; the last ones differ, and rounding alone
#: explains it; it is another number.
Agreement = Literal["same", "rounding", "different"]


@dataclass(frozen=True)
class ComparedAnswer:
    """One answer beside a printed number.

    Attributes:
        value: In the source's convention; None where a run did not get there, or is not finite.
        digits: How many of the printed significant digits it agrees with, each to half a unit.
        agreement: How it stands to the printed number.
    """

    value: float | None
    digits: int
    agreement: Agreement


@dataclass(frozen=True)
class PublishedNumber:
    """One printed number with all answers.

    Attributes:
        quantity: What it is; losses and derivatives are those of the source's own loss.
        printed: As it is printed.
        digits: How many significant ones are printed.
        settled: How many of them rounding settles: the others depend on the order of summation.
        rounding: How far a correct program may be from the exact answer, in the number's own unit.
        exact_digits: The exact answer to 25 significant digits.
        exact: The same beside the printed number.
        given: What each backend gives, by name.
        epochs: After how many epochs it holds; or
        steps: after how many updates; or
        at: at which weight and bias.
        x: Where a prediction is made.
        times: What a prediction is multiplied by.
        rows_lost: How many of the first rows are left out.
        printed_in: Who printed it, where that is not the source itself.
    """

    quantity: str
    printed: str
    digits: int
    settled: int
    rounding: float
    exact_digits: str
    exact: ComparedAnswer
    given: dict[str, ComparedAnswer]
    epochs: int | None = None
    steps: int | None = None
    at: tuple[float, float] | None = None
    x: float | None = None
    times: float = 1.0
    rows_lost: int = 0
    printed_in: str | None = None

    def __post_init__(self) -> None:
        for digits in (self.printed, self.exact_digits):
            if not re.fullmatch(r"[+-]?[0-9]{1,400}(\.[0-9]{0,400})?([eE][+-]?[0-9]{1,3})?", digits):
                raise ValueError(f"expected the digits of a number, got {digits[:60]!r}")
        if not 0 <= self.digits <= 100:
            raise ValueError(f"digits: expected 0 to 100, got {self.digits}")

    @property
    def passed(self) -> bool:
        """Whether the exact answer and every backend's reproduce it; where nobody was asked, nothing is reproduced."""
        answers = [self.exact, *self.given.values()]
        return bool(self.given) and all(answer.agreement != "different" for answer in answers)


@dataclass(frozen=True)
class ExactEnd:
    """How far the exact run has come; losses are those of the source.

    Attributes:
        weight: At the end of the run.
        bias: Likewise.
        loss: Likewise.
        best_weight: The least-squares solution's, rounded once.
        best_bias: Likewise.
        best_loss: The lowest loss.
        digits: Decimal digits that every parameter shares with the solution, −log₁₀ of the largest relative error (of a
            parameter that is 0 there: of the error itself); None where both are the same.
        epochs_for_six: After how many epochs 6 digits are there; None with batches, and where that is never.
    """

    weight: float
    bias: float
    loss: float
    best_weight: float
    best_bias: float
    best_loss: float
    digits: float | None
    epochs_for_six: int | None


@dataclass(frozen=True)
class StoppingSteps:
    """Where a source stops: `last_step` is the exact run's last, `next_step` the one it does not take any more.

    A step's length is that of the parameter that moves most; `below` is the one that ends the run.
    """

    below: float
    last_step: float
    next_step: float

    @property
    def holds(self) -> bool:
        """Whether the exact run stops there, too."""
        return self.next_step <= self.below < self.last_step


@dataclass(frozen=True)
class ProgramSeconds:
    """How long programs took: `there` as printed, on `computer_there`; `here` of the processor, one run each."""

    there: dict[str, float]
    here: dict[str, float]
    computer_there: str


@dataclass(frozen=True)
class PublishedProblem:
    """What a source ran.

    Attributes:
        id: Its name.
        source: Who published it.
        url: Where, if it has an address.
        about: What its rows are.
        licence: Why they may be shipped.
        rows: n.
        feature: The name of x.
        target: The name of y.
        loss_there: The loss that the source minimises: "1/n", "1/(2n)" or "1/2".
        learning_rate: In this project's convention, L = (1/n) Σ r².
        rate_there: In the source's.
        epochs: How often it goes through all rows.
        batch_size: Rows per update, in the file's order; None is all.
        start: Weight and bias where it starts.
    """

    id: str
    source: str
    url: str | None
    about: str
    licence: str
    rows: int
    feature: str
    target: str
    loss_there: str
    learning_rate: float
    rate_there: float
    epochs: int
    batch_size: int | None
    start: tuple[float, float]


@dataclass(frozen=True)
class Reproduced:
    """One published run.

    Attributes:
        problem: What its source ran.
        numbers: All that it prints.
        end: How far it has come.
        left_out: Why a backend could not be asked for this run, by name.
        failed: Why a backend that was asked gave no answer, by name.
        passed: Whether every number is reproduced by the exact answer and by every backend that was asked, and the run
            stops where the source's does.
        stop: Where the source stops by a rule of its own.
        seconds: Where the source prints times.
    """

    problem: PublishedProblem
    numbers: tuple[PublishedNumber, ...]
    end: ExactEnd
    left_out: dict[str, str]
    failed: dict[str, str]
    passed: bool
    stop: StoppingSteps | None = None
    seconds: ProgramSeconds | None = None


@dataclass(frozen=True)
class Reproduction:
    """All runs that were asked for.

    Attributes:
        runs: In the order asked for.
        versions: Of the backends that were asked, by name.
        missing: Why a backend that is asked by default was not, by name.
        passed: Whether every run is reproduced; of no run at all, it is not.
    """

    runs: tuple[Reproduced, ...]
    versions: dict[str, str | None]
    missing: dict[str, str]
    passed: bool
    schema: int = SCHEMA
    kind: str = KIND
