"""What a comparison says in sentences: the same ones in a terminal, on a page and in a picture's alternative text."""

from __future__ import annotations

from collections.abc import Collection
from itertools import zip_longest

from handgrad.compare.results.checks import Precision, SelfTest
from handgrad.compare.results.comparison import BackendResult, Comparison, Curvature, Problem
from handgrad.compare.results.timing import DeviceUse, Speed
from handgrad.reports.compare import arrival as arrivals
from handgrad.reports.compare.figures.picked import worst_ratio
from handgrad.reports.compare.remarks import remark
from handgrad.reports.look import numbers
from handgrad.reports.look.disturbed import disturbed
from handgrad.reports.look.names import shown
from handgrad.reports.look.picks import is_full_batch, reference
from handgrad.reports.look.words import listed, plural

#: What each status means to who reads a report.
STATUS = {
    "unavailable": "not installed",
    "skipped": "left out",
    "failed": "failed",
    "diverged": "diverged",
    "timeout": "stopped after its time was up",
}

#: Objections to backends that the list of troubles holds, with their reasons, anyway.
TOLD_AS_TROUBLE = ("failed", "timeout", "diverged")


def heading(problem: Problem) -> str:
    """The problem in one line: ``diabetes: 442 rows, 10 features, 100 epochs``."""
    return f"{title(problem)}: {shape(problem)}"


def title(problem: Problem) -> str:
    """What the table is called."""
    return shown(problem.name, 60)


def shape(problem: Problem) -> str:
    """How large the problem is: ``442 rows, 10 features, 100 epochs``."""
    features = plural(len(problem.features), "feature")
    return f"{plural(problem.rows, 'row')}, {features}, {plural(problem.epochs, 'epoch')}"


def agreement(comparison: Comparison) -> str:
    """Whether the backends that were judged are right, with the worst of them."""
    judged = {name: r.accuracy for name, r in comparison.backends.items() if r.accuracy is not None}
    wrong = [shown(name) for name, accuracy in judged.items() if not accuracy.passed]
    if not judged:
        return "Nothing was judged: no backend finished."
    if wrong:
        verb = "is" if len(wrong) == 1 else "are"
        return (
            f"{listed(wrong)} {verb} wrong: outside the rounding-error bound ({len(wrong)} of {len(judged)} backends)."
        )
    if not comparison.verdict.passed:
        failed = [name for name, result in comparison.backends.items() if result.status in ("failed", "timeout")]
        verb = "gave no answer" if not any(name in judged for name in failed) else "failed"
        what = f"{listed([shown(name) for name in failed])} {verb}" if failed else "The comparison did not pass"
        return f"{what}, though {_all(judged)} within the rounding-error bound."
    everyone = "Both" if len(judged) == 2 else f"All {len(judged)}"
    who = f"{everyone} backends agree" if len(judged) > 1 else f"{shown(next(iter(judged)))} is right"
    ended = [name for name in judged if comparison.backends[name].status == "diverged"]
    as_exact = " They leave the range as the exact run does." if ended else ""
    where = (
        "the gradient at the start and the parameters at every recorded epoch are within their rounding-error bounds"
    )
    return f"{who}: {where}{_worst(comparison)}.{as_exact}"


def _all(judged: Collection[str]) -> str:
    return "the one backend judged is" if len(judged) == 1 else f"the {len(judged)} backends judged are"


def _worst(comparison: Comparison) -> str:
    """The largest error over its bound among all that were judged, and by whom."""
    judged = {name: result.accuracy for name, result in comparison.backends.items() if result.accuracy is not None}
    known = {name: ratio for name, accuracy in judged.items() if (ratio := worst_ratio(accuracy)) is not None}
    if not known:
        return ""
    name = max(known, key=lambda name: known[name])
    if known[name] == 0:
        return " (there is no error at all)"
    by = f", by {shown(name)}" if len(judged) > 1 else ""
    return f" (the largest error is {numbers.ratio(known[name])} of its bound{by})"


def fastest(comparison: Comparison) -> str | None:
    """Who has the shortest epoch, and what its start costs; None when nothing was timed."""
    timed = {n: r.speed for n, r in comparison.backends.items() if r.speed is not None and r.status == "ok"}
    if not timed:
        return None
    best = min(timed, key=lambda name: timed[name].epoch_seconds.median)
    speed, tied = timed[best], _not_told_apart(timed, best)
    epoch = speed.epoch_seconds
    each = f"{numbers.seconds(epoch.median, epoch.low, epoch.high)} per epoch"
    if len(timed) == 1:
        return f"{shown(best)} takes {each}."
    against = "" if "numpy" in tied else gain(best, speed)
    if tied:
        return f"{listed([shown(name) for name in tied])} are the fastest and not told apart: {each}{against}."
    once = numbers.seconds(speed.import_seconds + speed.bind_seconds + speed.first_call_seconds)
    return f"{shown(best)} is the fastest: {each}{against}, after {once} once for import, data and first call."


def _not_told_apart(timed: dict[str, Speed], best: str) -> list[str]:
    """The best and those whose interval reaches into its own; empty when there is no such one."""
    high = timed[best].epoch_seconds.high
    near = [name for name, speed in timed.items() if speed.epoch_seconds.low <= high]
    return near if len(near) > 1 else []


def gain(name: str, speed: Speed | None) -> str:
    """How many times as fast as NumPy's a backend's epoch is; empty of NumPy itself, and where it took no part."""
    if name == "numpy" or speed is None or not speed.relative:
        return ""
    low, high = speed.relative_interval or (None, None)
    ends = (None, None) if not low or not high else (1 / high, 1 / low)
    return f", {numbers.times(1 / speed.relative, *ends)} as fast as numpy"


def training(problem: Problem) -> list[str]:
    """How it was trained, a line each: rate and its limit, batches and format, standardisation."""
    return [f"learning rate {rate(problem)}", batches(problem), scaling(problem)]


def scaling(problem: Problem) -> str:
    """Whether features were standardised."""
    if problem.standardized:
        return "features standardised for training; parameters in the table's own units"
    return "features as they are, not standardised"


def rate(problem: Problem) -> str:
    """The learning rate, who chose it, and the largest that is stable."""
    every = "" if is_full_batch(problem) else " of full batches"
    choices = {"auto": f"chosen: the best fixed one{every}", "example": "so small that the way down is seen"}
    choice = choices.get(problem.learning_rate_choice, "given")
    return f"{numbers.brief(problem.learning_rate)} ({choice}{_limit(problem)})"


def _limit(problem: Problem) -> str:
    """Below which rate descent is stable; where float64 has no rate between, and for whom else, that is said."""
    if problem.curvature is None:
        return ""
    if problem.learning_rate_choice == "auto" and problem.learning_rate >= problem.curvature.limit:
        return "; float64 cannot tell it from the limit of stability"
    stable = "stable" if is_full_batch(problem) else "those are stable"
    return f"; {stable} below {numbers.brief(problem.curvature.limit)}"


def batches(problem: Problem) -> str:
    """How many rows an update takes, in which order, and the format that is computed in."""
    return f"{_batch(problem)}, computed in {problem.dtype}"


def _batch(problem: Problem) -> str:
    if problem.batch_size is None or is_full_batch(problem):
        return "full batch"
    drawn = "in the file's order" if problem.order == "file" else f"seed {problem.seed}"
    return f"batches of {plural(problem.batch_size, 'row')}, {drawn}"


def condition(values: Curvature) -> str:
    """The condition number, and between which eigenvalues of the Hessian it lies."""
    known = "infinite (features are dependent)" if values.condition is None else numbers.ratio(values.condition)
    ends = f"from {numbers.number(values.smallest, 3)} to {numbers.number(values.largest, 3)}"
    return f"condition number {known}; eigenvalues of the Hessian {ends}"


def contraction(values: Curvature) -> str:
    """What an epoch leaves of the error at this rate, and the rate that leaves least."""
    left = _left_of_the_error(values.contraction)
    return f"each epoch leaves {left} at this rate; the best rate is {numbers.brief(values.best_rate)}"


def _left_of_the_error(factor: float) -> str:
    """Four digits, since it is near 1 where they matter; below 1e-15 it is the rounding of the eigenvalues."""
    if factor < 1e-15:
        return "nothing of the error but rounding"
    left = numbers.number(factor, 4) if factor > 0.01 else numbers.ratio(factor)
    return f"{left} of the slowest error"


def epochs_needed(values: Curvature) -> str:
    """For how many digits of the parameters how many epochs are needed at this rate."""
    if all(epochs is None for epochs in values.epochs_for.values()):
        return "at this rate it never arrives"
    parts = [
        f"{numbers.count(epochs)} for {digits} digits" if epochs is not None else f"never for {digits} digits"
        for digits, epochs in values.epochs_for.items()
    ]
    return ", ".join(parts)


def troubles(comparison: Comparison) -> list[tuple[str, str, str]]:
    """(names, what happened, why and what to do) of backends that did not end well; those alike are told once.

    Runs that diverged are in the answer on the training, where there is one.
    """
    said: dict[tuple[str, str], list[str]] = {}
    for name, result in comparison.backends.items():
        told = result.status == "diverged" and comparison.verdict.arrived is not None
        if result.status != "ok" and not told:
            said.setdefault((_happened(result), result.reason or "no reason was recorded"), []).append(shown(name))
        elif result.status == "ok" and result.reason:
            why = result.reason.removeprefix("could not be timed: ")
            said.setdefault(("could not be timed", why), []).append(shown(name))
    return [(listed(names), happened, shown(why, 400)) for (happened, why), names in said.items()]


def _happened(result: BackendResult) -> str:
    if result.status == "diverged" and result.diverged_at is not None:
        return f"diverged at epoch {numbers.count(result.diverged_at)}"
    if result.status == "unavailable" and result.device is not None:
        return "not available"  # it may be the device that is missing, and no library
    return STATUS[result.status]


def found_by(result: BackendResult) -> str:
    """Who found the derivative."""
    return {"manual": "hand", "autodiff": "autodiff", "exact": "exact arithmetic"}[result.gradient]


def arrival(comparison: Comparison) -> str | None:
    """Whether a run of an earlier version has arrived, as the reference has it; None when nobody said."""
    name = reference(comparison)
    sentence = arrivals.sentence(comparison.backends[name]) if name is not None else None
    if name is None or not sentence:
        return None
    told = shown(sentence, 300)
    return f"{told[0].upper()}{told[1:]} ({shown(name)})."


def grounds(comparison: Comparison) -> list[str]:
    """What a passed verdict rests on."""
    return [shown(sentence, 400) for sentence in comparison.verdict.reasons[:1] if comparison.verdict.passed]


def reasons(comparison: Comparison) -> list[str]:
    """The verdict's own sentences, without what stands beside them anyway: the troubles, and the sum of a pass."""
    if comparison.verdict.passed:
        return [shown(sentence, 400) for sentence in comparison.verdict.reasons[1:]]
    told = {name for name, result in comparison.backends.items() if result.status != "ok" and result.reason}
    objections = zip_longest(comparison.verdict.reasons, comparison.verdict.objections)
    return [
        shown(sentence, 400)
        for sentence, why in objections
        if why is None or why.kind not in TOLD_AS_TROUBLE or why.backend not in told
    ]


def explanations(comparison: Comparison) -> list[str]:
    """Why backends differ, where that was established; one line for like ones."""
    said: dict[str, list[str]] = {}
    for name, result in comparison.backends.items():
        if result.accuracy is not None and result.accuracy.explanation:
            said.setdefault(result.accuracy.explanation, []).append(shown(name))
    return [f"{listed(names)}: {shown(sentence, 400)}" for sentence, names in said.items()]


def worth(tested: SelfTest) -> str:
    """What a pass means: the smallest fault that the judge catches."""
    where = f"on {plural(tested.rows, 'row')} in {tested.dtype}"
    if tested.accused:
        return f"The judge accused {shown(tested.backend)} {where} without a fault: its word is worth nothing here."
    if tested.smallest_factor is None:
        return f"The judge let a gradient pass {where} that is off by a factor of 1.1: agreement is worth nothing here."
    return (
        f"Known faults were put into {shown(tested.backend)} {where}. A gradient off by a factor of 1 + "
        f"{numbers.brief(tested.smallest_factor, 1)} is caught; a tenth of that is within what rounding may cause. A "
        "size is that of the factor's distance from 1, or the part of the row; what has none is there or not."
    )


def precision_note(found: Precision) -> str:
    """What the columns of the table of digits mean."""
    return (
        "Correct decimal digits of the worst number. κ: condition number. data: of the columns, once rounded. "
        "gradient: NumPy's, at zero. The others: parameters by normal equations, by QR, and by descent "
        f"({plural(found.epochs, 'epoch')} at the best rate), in the table's own units."
    )


def precision(comparison: Comparison) -> list[str]:
    """Where digits are lost, and what centring and standardising save."""
    found = comparison.precision
    if found is None:
        return []
    rows = {(row.dtype, row.preparation): row for row in found.rows}
    raw, centred, scaled = (rows["float32", name] for name in ("as given", "centred", "standardised"))
    wide = rows["float64", "standardised"]
    return [
        f"Rounding the columns to float32 keeps {numbers.digits(raw.data_digits)} digits of them, and the gradient "
        f"{numbers.digits(raw.gradient_digits)}; centred first, {numbers.digits(centred.gradient_digits)}.",
        f"By QR, float32 finds {numbers.digits(raw.qr_digits)} digits of the parameters as given, "
        f"{numbers.digits(centred.qr_digits)} centred, {numbers.digits(scaled.qr_digits)} standardised; float64 "
        f"{numbers.digits(wide.qr_digits)}.",
        f"Descent finds {numbers.digits(raw.descent_digits)} digits in float32 as given, "
        f"{numbers.digits(scaled.descent_digits)} standardised, {numbers.digits(wide.descent_digits)} in float64.",
    ]


def notes(comparison: Comparison) -> list[str]:
    """What the data's reader and the run had to say, and which times are upper bounds."""
    target = comparison.problem.destination
    told = target.notes if target is not None else ()
    timed = {name: one.speed.epoch_seconds for name, one in comparison.backends.items() if one.speed is not None}
    struck = disturbed(timed)
    said = [shown(note, 400) for note in comparison.problem.notes if note not in told]
    remarks = [remark(name, one) for name, result in comparison.backends.items() for one in result.remarks]
    return [*said, *device(comparison), *([struck] if struck else []), *remarks]


def device(comparison: Comparison) -> list[str]:
    """On which device which backends computed, and how fast it reads; nothing where all were on the processor."""
    used = comparison.device
    if used is None:
        return []
    there = [shown(name) for name, result in comparison.backends.items() if result.device and result.losses]
    who = f"{listed(there)} computed there, the others on the CPU" if there else "no backend came to its end there"
    return [f"Device: {shown(used.name, 60)} ({shown(used.kind)}): {who}.{_reading(used)}"]


def _reading(used: DeviceUse) -> str:
    if used.limit_seconds is None or not used.bytes:
        return ""
    took = used.limit_seconds
    each, speed = numbers.seconds(took.median, took.low, took.high), numbers.size(used.bytes / took.median)
    return f" It reads {numbers.size(used.bytes)} of its own memory, as X and y have, in {each} ({speed}/s)."
