"""What `handgrad reproduce` says in sentences: which numbers hold, why last digits may differ, how far a run came."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal

from handgrad.compare.results.reproduction import Agreement, ExactEnd, PublishedNumber, Reproduced, Reproduction
from handgrad.reports.look import numbers
from handgrad.reports.look.names import shown
from handgrad.reports.look.words import listed, plural

#: Digits of an exact answer that are shown beyond the printed ones.
MORE_DIGITS = 2
#: Significant digits of a solution, and of a loss beside it.
SOLUTION_DIGITS, LOSS_DIGITS = 9, 7
#: From so many digits on, a run has arrived at the least-squares solution.
ARRIVED_DIGITS = 6

#: How a source's loss stands to ours, (1/n) Σ r².
CONVENTIONS = {
    "1/n": "Loss there: (1/n) Σ r², as ours.",
    "1/(2n)": "Loss there: (1/2n) Σ r², half of ours; so its gradient is half of ours, and its rate twice ours.",
    "1/2": "Loss there: ½ r² of one row, half of ours; so its gradient is half of ours, and its rate twice ours.",
}

#: Short names of quantities, for a table; the others are short themselves.
SHORT = {"weight derivative": "dL/dW", "bias derivative": "dL/db", "root mean square error": "RMSE"}


# -- the whole ---------------------------------------------------------------------------------------------------------


def heading(found: Reproduction) -> str:
    """How many runs, on which backends."""
    return f"{plural(len(found.runs), 'published run')}, repeated on {_names(list(found.versions))}"


def conventions() -> list[str]:
    """How to read the tables."""
    return [
        "Our model is ŷ = W x + b, W the weight and b the bias; our loss is L = (1/n) Σ r², r = ŷ − y. Losses and "
        "derivatives below are in each source's own convention, as it prints them.",
        f"Exact answer: by rational arithmetic on the same doubles, to {MORE_DIGITS} digits more than are printed.",
        "Digits: how many of the printed significant digits hold, each to half a unit, of the exact answer and of "
        "every backend's, from the worst to the best of them.",
        "What backends give is told where a printed digit differs; a page (--out) and --json have all their digits.",
    ]


def missing(found: Reproduction) -> list[str]:
    """Which of the usual backends were not asked, and why."""
    return [f"Without {shown(name)}: {shown(why, 300)}." for name, why in found.missing.items()]


def verdict(found: Reproduction) -> str:
    """Whether all is reproduced, in one sentence."""
    wrong = [run.problem.id for run in found.runs if not run.passed]
    if wrong:
        return f"not reproduced: {_names(wrong)}, {len(wrong)} of {plural(len(found.runs), 'published run')}."
    every = [agreement(number) for run in found.runs for number in run.numbers]
    beyond = every.count("rounding")
    said = f"{plural(len(found.runs), 'published run')} reproduced, {plural(len(every), 'printed number')}"
    if not beyond:
        return f"{said}: every digit, by the exact answer and by every backend."
    return (
        f"{said}: {len(every) - beyond} to every digit by the exact answer and by every backend, {beyond} as far as "
        "rounding settles their digits."
    )


def _names(names: list[str]) -> str:
    return listed([shown(name) for name in names])


# -- one run -----------------------------------------------------------------------------------------------------------


def result(run: Reproduced) -> str:
    """A run's id, and whether it is reproduced."""
    return f"{shown(run.problem.id)}: {'reproduced' if run.passed else 'NOT reproduced'}"


def recipe(run: Reproduced) -> list[str]:
    """Who published it, what was run, and in which convention."""
    ran = run.problem
    rate = f"learning rate {numbers.brief(ran.learning_rate)}"
    there = "" if ran.rate_there == ran.learning_rate else f" ({numbers.brief(ran.rate_there)} there)"
    rows = "all rows" if ran.batch_size is None else plural(ran.batch_size, "row")
    order = "" if ran.batch_size is None else ", in the file's order"
    weight, bias = map(numbers.brief, ran.start)
    names = "" if (ran.feature, ran.target) == ("x", "y") else f"x = {shown(ran.feature)}, y = {shown(ran.target)}, "
    return [
        f"{shown(ran.source, 200)}.",
        f"Data: {shown(ran.about, 200)} ({names}{plural(ran.rows, 'row')}).",
        f"Run: {plural(ran.epochs, 'epoch')}, {rate}{there}, {rows} per update{order}, "
        f"from weight {weight}, bias {bias}.",
        CONVENTIONS[ran.loss_there],
    ]


def label(number: PublishedNumber) -> str:
    """What a number is, in as few words as a table has room for."""
    quantity = SHORT.get(number.quantity, number.quantity)
    if number.x is not None:
        quantity = f"{'' if number.times == 1 else f'{number.times:,.0f} '}ŷ({numbers.brief(number.x)})"
    return f"{quantity} {_elsewhere(number) or _where(number)}"


def _elsewhere(number: PublishedNumber) -> str:
    """What sets apart a number that others than the source print; all of these are of the run's end."""
    if number.rows_lost:
        return "without row 1" if number.rows_lost == 1 else f"without rows 1–{number.rows_lost}"
    return "" if number.printed_in is None else f"in {shown(number.printed_in, 12)}"


def _where(number: PublishedNumber) -> str:
    if number.at is not None:
        weight, bias = map(numbers.brief, number.at)
        return f"at W={weight}, b={bias}"
    if number.steps is not None:
        return f"after update {number.steps}"
    return "at the start" if number.epochs == 0 else f"after {plural(number.epochs or 0, 'epoch')}"


def exact(number: PublishedNumber) -> str:
    """The exact answer, two digits longer than the printed number, and written alike."""
    value = Decimal(number.exact_digits)
    if "e" in number.printed.lower():
        return f"{float(value):.{number.digits - 1 + MORE_DIGITS}e}"
    exponent = Decimal(number.printed).as_tuple().exponent
    assert isinstance(exponent, int)
    return f"{value:.{max(-exponent, 0) + MORE_DIGITS}f}"


def agreement(number: PublishedNumber) -> Agreement:
    """The worst of a number's answers."""
    found = {answer.agreement for answer in (number.exact, *number.given.values())}
    return "different" if "different" in found else "rounding" if "rounding" in found else "same"


def digits(number: PublishedNumber) -> str:
    """How many printed digits hold, of the worst and of the best answer; after "no" of the worst, where it is wrong."""
    held = [answer.digits for answer in (number.exact, *number.given.values())]
    least, most = min(held), max(held)
    if agreement(number) == "different":
        return f"no, {least}/{number.digits}"
    if agreement(number) == "same":
        return f"all {number.digits}"
    return f"{least if least == most else f'{least}–{most}'}/{number.digits}"


def findings(run: Reproduced) -> list[str]:
    """What there is to say about a run's numbers, its backends, and where it ended."""
    return [
        *_holding(run),
        *_beyond_rounding(run),
        *_different(run),
        *(f"{shown(name)} failed: {shown(why, 300)}" for name, why in run.failed.items()),
        *(f"Without {shown(name)}: {shown(why, 300)}." for name, why in run.left_out.items()),
        arrived(run),
        *_stopped(run),
        *_seconds(run),
    ]


def _holding(run: Reproduced) -> Iterator[str]:
    """How many numbers hold to every digit, and by whose answers."""
    names = list(dict.fromkeys(name for number in run.numbers for name in number.given))
    if not names:
        yield "No backend answered, so nothing is reproduced."
        return
    same = sum(agreement(number) == "same" for number in run.numbers)
    yield (
        f"{same} of {plural(len(run.numbers), 'number')} hold to every printed digit, by the exact answer and by "
        f"{_names(names)}."
    )


def _beyond_rounding(run: Reproduced) -> Iterator[str]:
    """The numbers whose last digits rounding decides, with what each backend gives."""
    found = [number for number in run.numbers if agreement(number) == "rounding"]
    alike: dict[tuple[str, str, int], list[PublishedNumber]] = {}
    for number in found:
        alike.setdefault((label(number), number.exact_digits, number.digits), []).append(number)
    if found:
        yield (
            f"Printed to more digits than rounding settles: {plural(len(found), 'number')}. The last digits depend on "
            "the order in which a program adds, and correct programs differ there:"
        )
    for (what, _, _), printed in alike.items():
        number = printed[0]
        yield (
            f"{what}: {_answers(*printed)}. Rounding explains up to {numbers.ratio(number.rounding)}, so "
            f"{number.settled} of {number.digits} digits are certain."
        )
    if any(number.rows_lost for number in run.numbers):
        yield "Without row 1: a program that takes the first of the rows for a header, and trains on the others."


def _different(run: Reproduced) -> Iterator[str]:
    """The numbers that somebody does not reproduce."""
    for number in run.numbers:
        if agreement(number) == "different":
            yield (
                f"NOT reproduced: {label(number)}: {_answers(number)}. Rounding explains no more than "
                f"{numbers.ratio(number.rounding)}."
            )


def _answers(*printed: PublishedNumber) -> str:
    """What is printed (of one number, perhaps in several ways), what is exact, and what backends give, by value."""
    number = printed[0]
    by_value: dict[float | None, list[str]] = {}
    for name, answer in number.given.items():
        by_value.setdefault(answer.value, []).append(name)
    given = [f"{_names(names)} {numbers.full(value)}" for value, names in by_value.items()]
    return ", ".join([f"printed {_names([one.printed for one in printed])}", f"exact {exact(number)}", *given])


# -- where it ended ----------------------------------------------------------------------------------------------------


def arrived(run: Reproduced) -> str:
    """How far the run has come, beside the least-squares solution."""
    where = run.end
    ended = f"After {plural(run.problem.epochs, 'epoch')} the exact run is at"
    return (
        f"{_distance(where)} {ended} {_place(where.weight, where.bias, where.loss)}; least squares is "
        f"{_place(where.best_weight, where.best_bias, where.best_loss)}.{_needed(where)}"
    )


def _distance(where: ExactEnd) -> str:
    if where.digits is None:
        return "The run has arrived at the least-squares solution."
    held = math.floor(where.digits)
    if held >= ARRIVED_DIGITS:
        return f"The run has arrived at the least-squares solution, to {held} digits."
    so_far = plural(held, "digit") if held > 0 else "no digit"
    return f"The run has not arrived at the least-squares solution: {so_far} of weight and bias so far."


def _place(weight: float, bias: float, loss: float) -> str:
    return f"weight {weight:.{SOLUTION_DIGITS}g}, bias {bias:.{SOLUTION_DIGITS}g}, loss {loss:.{LOSS_DIGITS}g}"


def _needed(where: ExactEnd) -> str:
    needed = where.epochs_for_six
    return "" if needed is None else f" 6 digits take {plural(needed, 'epoch')} at this rate."


def _stopped(run: Reproduced) -> Iterator[str]:
    """Where the source's own rule ends the run."""
    if run.stop is None:
        return
    last, following = numbers.brief(run.stop.last_step, 7), numbers.brief(run.stop.next_step, 7)
    ended = plural(run.problem.epochs, "epoch")
    so = "and so does the exact run" if run.stop.holds else "but the exact run does NOT"
    yield (
        f"The source stops before the first step that moves no parameter by more than {numbers.brief(run.stop.below)}: "
        f"after {ended}, {so}. Its last step is {last} long, the next would be {following}."
    )


def _seconds(run: Reproduced) -> Iterator[str]:
    """The source's times and ours: a ratio of two programs, for information."""
    if run.seconds is None:
        return
    there, here = run.seconds.there, run.seconds.here
    computer = shown(run.seconds.computer_there, 60)
    yield (
        f"For information, no check: there numpy was {_ratio(there)} times as fast as python "
        f"({_listed_seconds(there)}; {computer}, programs that find no loss)."
    )
    if {"python", "numpy"} <= here.keys():
        both = {name: here[name] for name in ("python", "numpy")}
        yield (
            f"Here numpy was {_ratio(here)} times as fast as python ({_listed_seconds(both)} of the processor; one "
            "run each, with the loss of every epoch)."
        )
    else:
        yield "Here python and numpy did not both run, so there is no ratio."


def _ratio(seconds: dict[str, float]) -> str:
    return numbers.ratio(seconds["python"] / seconds["numpy"])


def _listed_seconds(seconds: dict[str, float]) -> str:
    return listed([f"{shown(name)} {numbers.brief(value, 4)} s" for name, value in seconds.items()])
