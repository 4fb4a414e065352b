"""The question at the end of each chapter, with what there is to say about every answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from handgrad.compare.results.learn.lessons import Lessons
from handgrad.reports.look import numbers


@dataclass(frozen=True)
class AnswerChoice:
    """An answer that can be picked, and what is said to who picks it."""

    text: str
    said: str
    right: bool = False


@dataclass(frozen=True)
class ChapterQuestion:
    """A question with its choices, one of which is right."""

    asked: str
    choices: tuple[AnswerChoice, ...]

    @property
    def answer(self) -> tuple[str, AnswerChoice]:
        """The right choice, with its letter."""
        place = next(k for k, choice in enumerate(self.choices) if choice.right)
        return "abcdef"[place], self.choices[place]


SURFACE = ChapterQuestion(
    "At some point ∂L/∂W = −3 and ∂L/∂b = 2. With η = 0.1, where does one step lead?",
    (
        AnswerChoice(
            "W grows by 0.3, b shrinks by 0.2.", "W ← W − 0.1 · (−3) = W + 0.3, and b ← b − 0.1 · 2.", right=True
        ),
        AnswerChoice(
            "W shrinks by 0.3, b grows by 0.2.", "That is along the gradient: uphill. A step goes against it."
        ),
        AnswerChoice(
            "W grows by 3, b shrinks by 2.", "The direction is right. But η says how much of the slope is gone."
        ),
        AnswerChoice("Both shrink.", "Each parameter goes against its own slope, and the slope by W is negative."),
    ),
)

BY_HAND = ChapterQuestion(
    "One row has x = 3, y = 5. At W = 1, b = 1, what does it pull at W with, 2 r x?",
    (
        AnswerChoice("−1", "That is the residual r = 1 · 3 + 1 − 5. Two links of the chain are left: 2 r, and x."),
        AnswerChoice("−2", "That is 2 r, its pull at b. W moves the prediction by x = 3."),
        AnswerChoice("−6", "r = 1 · 3 + 1 − 5 = −1, and 2 · (−1) · 3 = −6.", right=True),
        AnswerChoice("6", "The size is right. The residual is prediction − target: 4 − 5."),
    ),
)

TAPE = ChapterQuestion(
    "u is used twice: L = u · u + 5 u. At u = 2, which adjoint must u have after the walk back?",
    (
        AnswerChoice(
            "2", "That is the share over one edge of u · u: the local derivative by one factor is the other one."
        ),
        AnswerChoice("4", "That is 2 u: the shares over both edges of u · u. The edge of 5 u brings one more."),
        AnswerChoice("5", "That is the share of 5 u alone: the last share must not overwrite those that came before."),
        AnswerChoice("9", "2 + 2 over the two edges of u · u, and 5 over that of 5 u: shares add up.", right=True),
    ),
)

CHECKING = ChapterQuestion(
    "A central difference with h = 1e-15 says 0.9, your formula says 1.2. What follows?",
    (
        AnswerChoice(
            "The formula is wrong.", "It may be right. Such a small step leaves only a digit of the difference."
        ),
        AnswerChoice(
            "Nothing yet: with such a small step, rounding alone may make that difference.",
            "ε L / h is about 0.2 for L = 1. Take a larger step, and look again.",
            right=True,
        ),
        AnswerChoice(
            "The difference is right, as h is nearly 0.", "Truncation is nearly 0, but rounding grows as h falls."
        ),
        AnswerChoice(
            "Take h = 1e-17.", "Then W + h rounds to W, for W = 1, and the difference is 0: still less is left."
        ),
    ),
)

SCALING = ChapterQuestion(
    "A feature is given in metres. Somebody turns it into millimetres. What happens to the line that fits best?",
    (
        AnswerChoice("It predicts the same, with a weight a thousandth as large.", "W x stays the same.", right=True),
        AnswerChoice("It fits worse, as κ has grown.", "κ says how slow descent is. The minimum is as low as before."),
        AnswerChoice("It predicts a thousand times as much.", "The weight adapts: W x is what counts."),
        AnswerChoice("Nothing at all: descent takes the same steps.", "The bend along W is a million times as large."),
    ),
)

MINI_BATCHES = ChapterQuestion(
    "Batches of 16 rows have a noise of 0.8. Which size of batch has a noise of about 0.2?",
    (
        AnswerChoice("4 rows", "Fewer rows have more noise: twice as much, with a quarter of them."),
        AnswerChoice("64 rows", "Four times as many rows halve the noise: 0.4."),
        AnswerChoice("256 rows", "A quarter of the noise takes 4² = 16 times as many rows.", right=True),
        AnswerChoice("None: the noise does not depend on the size.", "It falls as 1/√m: the mean of many is steadier."),
    ),
)

SUMMATION = ChapterQuestion(
    "float32 keeps 24 bits. A running total has reached 2²⁴ = 16,777,216. What does adding 1 do, ten times?",
    (
        AnswerChoice("It becomes 16,777,226.", "Exactly, but not in float32: from 2²⁴ on it has even numbers only."),
        AnswerChoice(
            "It stays as it is.",
            "2²⁴ + 1 lies between two floats, and is rounded to the even one, 2²⁴, each time.",
            right=True,
        ),
        AnswerChoice("It becomes infinity.", "The range ends at 3e38. It is digits that are missing."),
        AnswerChoice(
            "It becomes 16,777,236.", "That would be rounding up each time. The tie goes to the even float: down."
        ),
    ),
)

COSTS = ChapterQuestion(
    "A call costs 5 µs and a row 1 ns. From how many rows on do the rows cost more than the call?",
    (
        AnswerChoice("5", "Five rows cost 5 ns; the call costs a thousand times as much."),
        AnswerChoice("500", "They cost 0.5 µs, a tenth of the call."),
        AnswerChoice("5,000", "5,000 · 1 ns = 5 µs: from there on, what counts is the cost of a row.", right=True),
        AnswerChoice("5,000,000", "They cost 5 ms, a thousand times the call."),
    ),
)

MOMENTS = ChapterQuestion(
    "The five sums were taken. Now one row is added to the table. What must be done?",
    (
        AnswerChoice("All sums must be taken anew.", "A sum over one row more is the old sum and one term."),
        AnswerChoice("Nothing.", "The gradient is that of all rows, and the sums do not know the new one yet."),
        AnswerChoice(
            "To each sum its term is added: 1, x, y, x² and x y.", "That is all that the row says.", right=True
        ),
        AnswerChoice("W and b must be found again from zero.", "Descent may go on from where it is."),
    ),
)


def rate(lessons: Lessons) -> ChapterQuestion:
    """The question on the learning rate, with the eigenvalues of this table."""
    found = lessons.rates
    half, above, far = (numbers.number(share * found.limit, 3) for share in (0.5, 1.1, 2.0))
    return ChapterQuestion(
        f"The largest eigenvalue of this table's Hessian is λₘₐₓ = {numbers.number(found.largest, 4)}. Which rate "
        "reaches the minimum along the steepest direction in one step?",
        (
            AnswerChoice(
                f"η = {half}, which is 1/λₘₐₓ", "Then 1 − η λₘₐₓ = 0: nothing is left of that error.", right=True
            ),
            AnswerChoice(
                f"η = {numbers.number(found.limit, 3)}, which is 2/λₘₐₓ", "Then 1 − η λₘₐₓ = −1: it goes to and fro."
            ),
            AnswerChoice(f"η = {above}, which is 2.2/λₘₐₓ", "Then 1 − η λₘₐₓ = −1.2: the error grows in every epoch."),
            AnswerChoice(
                f"η = {far}, which is 4/λₘₐₓ", "Then 1 − η λₘₐₓ = −3: the error is three times as large each time."
            ),
        ),
    )


def _always(question: ChapterQuestion) -> Callable[[Lessons], ChapterQuestion]:
    return lambda lessons: question


#: By chapter.
QUESTIONS: dict[str, Callable[[Lessons], ChapterQuestion]] = {
    "surface": _always(SURFACE),
    "by-hand": _always(BY_HAND),
    "tape": _always(TAPE),
    "checking": _always(CHECKING),
    "rate": rate,
    "scaling": _always(SCALING),
    "mini-batches": _always(MINI_BATCHES),
    "summation": _always(SUMMATION),
    "costs": _always(COSTS),
    "moments": _always(MOMENTS),
}
