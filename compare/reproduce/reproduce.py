"""Published runs beside ours: every printed number, the exact answer, and what each backend gives.

A number is reproduced where the exact answer and every backend's round to the printed digits. Some sources print more
digits than rounding settles: the last ones depend on the order in which their program adds. There an answer must be as
near to the exact one as rounding explains, and so must the printed number.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial

from handgrad.backends.catalogue import canonical, entry, load, usual
from handgrad.backends.interface import Trainer
from handgrad.compare.reproduce import digits
from handgrad.compare.reproduce.end import exact_end, stopping_steps
from handgrad.compare.reproduce.exact import ExactRun
from handgrad.compare.reproduce.given import GivenValues, answers
from handgrad.compare.reproduce.parts import Part, parts
from handgrad.compare.results.reproduction import (
    ComparedAnswer,
    ProgramSeconds,
    PublishedNumber,
    PublishedProblem,
    Reproduced,
    Reproduction,
)
from handgrad.data.dataset import Dataset
from handgrad.data.published_runs import Printed, PublishedRun, rows, runs

#: Says what is going on: what, how many are done, and of how many.
Progress = Callable[[str, int, int], None]


def reproduce(
    published: Sequence[PublishedRun] | None = None,
    backends: Sequence[str] | None = None,
    progress: Progress = lambda what, done, of: None,
    clock: Callable[[], float] = time.process_time,
) -> Reproduction:
    """Repeats published runs on every backend, in this process, one after the other.

    Args:
        published: Which; None takes all.
        backends: Their names; None takes those that `compare` takes by default and that are installed.
        progress: Is told what begins.
        clock: ProgramSeconds from any beginning; for the runs whose source prints times.

    Raises:
        UnknownBackend, BackendUnavailable: If a name that was given cannot be used; the message says what to do.
    """
    wanted = list(runs().values()) if published is None else list(published)
    asked, missing = chosen(backends)
    found = tuple(
        repeat(run, asked, partial(_told, progress, done, len(wanted)), clock) for done, run in enumerate(wanted)
    )
    versions = {name: entry(name).version() for name in asked}
    return Reproduction(found, versions, missing, bool(found) and all(run.passed for run in found))


def _told(progress: Progress, done: int, of: int, what: str) -> None:
    progress(what, done, of)


def chosen(names: Sequence[str] | None) -> tuple[dict[str, type[Trainer]], dict[str, str]]:
    """The backends by name, and why some of the usual ones are missing."""
    if names is not None:
        return {name: load(name) for name in dict.fromkeys(map(canonical, names))}, {}
    reasons = {name: described.reason() for name, described in usual().items()}
    missing = {name: reason for name, reason in reasons.items() if reason is not None}
    return {name: load(name) for name in reasons if name not in missing}, missing


def repeat(
    run: PublishedRun,
    backends: dict[str, type[Trainer]],
    progress: Callable[[str], None],
    clock: Callable[[], float] = time.process_time,
) -> Reproduced:
    """One published run: the exact answers, then every backend's."""
    table = rows(run)
    exact = [ExactRun(part, run.factor) for part in parts(run, table)]
    asked = {name: made for name, made in backends.items() if made.minibatch or run.batch_size is None}
    given, failed = ask(run, [one.part for one in exact], asked, progress, clock)
    numbers = all_numbers(exact, given)
    stopped = None if run.stops_below is None else stopping_steps(exact[0], run.stops_below)
    return Reproduced(
        problem=described(run, table),
        numbers=numbers,
        end=exact_end(exact[0]),
        left_out={name: "takes full batches only" for name in backends if name not in asked},
        failed=failed,
        passed=not failed and all(number.passed for number in numbers) and (stopped is None or stopped.holds),
        stop=stopped,
        seconds=seconds(run, {name: found[0].seconds for name, found in given.items()}),
    )


def described(run: PublishedRun, table: Dataset) -> PublishedProblem:
    """What was run, on which rows, in which convention."""
    return PublishedProblem(
        id=run.id,
        source=run.source,
        url=run.url,
        about=run.about,
        licence=run.licence,
        rows=table.rows,
        feature=table.feature_names[0],
        target=table.target_name,
        loss_there=run.loss_there,
        learning_rate=run.learning_rate,
        rate_there=run.rate_there,
        epochs=run.epochs,
        batch_size=run.batch_size,
        start=(run.start.weight, run.start.bias),
    )


def ask(
    run: PublishedRun,
    pieces: Sequence[Part],
    backends: dict[str, type[Trainer]],
    progress: Callable[[str], None],
    clock: Callable[[], float],
) -> tuple[dict[str, list[GivenValues]], dict[str, str]]:
    """What each backend gives for each part, by name; and of those that failed, why."""
    given: dict[str, list[GivenValues]] = {}
    failed: dict[str, str] = {}
    for name, made in backends.items():
        progress(f"{run.id}: {name}")
        try:
            given[name] = [answers(made, part, run.factor, clock) for part in pieces]
        except Exception as error:  # whatever a backend raises is its own failure, and no one else's
            failed[name] = f"{type(error).__name__}: {error}"
    return given, failed


def all_numbers(exact: Sequence[ExactRun], given: dict[str, list[GivenValues]]) -> tuple[PublishedNumber, ...]:
    """Every printed number with its answers, in the order in which they are printed."""
    found = {
        place: beside(number, *one.answer(number), {name: by_part[k].values[place] for name, by_part in given.items()})
        for k, one in enumerate(exact)
        for place, number in one.part.numbers.items()
    }
    return tuple(found[place] for place in sorted(found))


def beside(number: Printed, exact: Fraction, rounding: float, given: dict[str, float | None]) -> PublishedNumber:
    """A printed number with the exact answer and what each backend gives."""
    allowed = Fraction(rounding)
    answered = {
        name: answer(None if value is None else Fraction(value), number.text, exact, allowed)
        for name, value in given.items()
    }
    return PublishedNumber(
        quantity=number.quantity,
        printed=number.text,
        digits=digits.count(number.text),
        settled=digits.settled(allowed, number.text),
        rounding=rounding,
        exact_digits=digits.decimal(exact),
        exact=answer(exact, number.text, exact, allowed),
        given=answered,
        epochs=number.epochs,
        steps=number.steps,
        at=None if number.at is None else (number.at.weight, number.at.bias),
        x=number.x,
        times=number.times,
        rows_lost=number.rows_lost,
        printed_in=number.printed_in,
    )


def answer(value: Fraction | None, printed: str, exact: Fraction, rounding: Fraction) -> ComparedAnswer:
    """One answer beside the printed number."""
    if value is None:
        return ComparedAnswer(None, 0, "different")
    return ComparedAnswer(
        float(value), digits.shared(value, printed), digits.agreement(value, printed, exact, rounding)
    )


def seconds(run: PublishedRun, here: dict[str, float]) -> ProgramSeconds | None:
    """The times of source and backends, where the source prints any."""
    return ProgramSeconds(run.seconds_there, here, run.computer_there or "") if run.seconds_there else None
