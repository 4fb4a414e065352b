"""The tables of a comparison: a terminal, a pipe and a page show the same cells."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from handgrad.compare.results.comparison import BackendResult, Comparison, Pair
from handgrad.compare.results.timing import Speed
from handgrad.reports.compare import words
from handgrad.reports.look import numbers
from handgrad.reports.look.names import shown
from handgrad.reports.look.picks import largest_features, reference
from handgrad.reports.look.tables import BACKEND_WIDTH, Column, TextTable, aligned, near_zero_note

#: Models of so many features have their weights in the table of outcomes; larger ones have a table of their own.
WEIGHTS_BESIDE = 1
#: The most features that the table of parameters lists.
MOST_FEATURES = 16
#: Seconds; what is faster has imported no library.
LEAST_IMPORT = 1e-4
#: With names of at most so many characters, a terminal has room for one more column of speeds.
SHORT_NAME = 8


def tables(comparison: Comparison) -> list[TextTable]:
    """The tables that have something to show, in the order of the report."""
    makers: list[Callable[[Comparison], TextTable]] = [
        outcome,
        parameters,
        accuracy,
        against,
        self_test,
        precision,
        precision_of_backends,
        speed,
    ]
    return [made for made in (maker(comparison) for maker in makers) if made.rows]


def outcome(comparison: Comparison) -> TextTable:
    """One row per backend, whatever became of it: who found the derivative, how it ended, its loss, W and b."""
    names = comparison.problem.features
    beside = names if len(names) <= WEIGHTS_BESIDE else ()
    columns = [
        Column("backend", words=True),
        Column("outcome", words=True),
        Column("loss"),
        *(Column(shown(name, 12)) for name in beside),
        Column("bias"),
        Column("gradient by", words=True),
    ]
    rows = [
        [shown(name, BACKEND_WIDTH), ended(result), *_end(result, len(beside)), words.found_by(result)]
        for name, result in comparison.backends.items()
    ]
    return aligned(
        "outcome",
        "Outcome",
        columns,
        rows,
        "The loss is the mean squared error after the last epoch; parameters are in the table's own units."
        f"{_diverged_note(comparison)}",
        comparison.backends,
    )


def _diverged_note(comparison: Comparison) -> str:
    """Which epoch is the last of a run that left the range."""
    if all(result.diverged_at is None for result in comparison.backends.values()):
        return ""
    return " Of a run that diverged, both are those of the epoch named, whose loss is not finite."


def ended(result: BackendResult) -> str:
    """The status in a word, with the epoch of a divergence."""
    if result.status == "diverged" and result.diverged_at is not None:
        return f"diverged at {numbers.count(result.diverged_at)}"
    return result.status


def _end(result: BackendResult, weights: int) -> list[str]:
    left = result.diverged_at is not None  # `losses` ends before that epoch, `weights` with it
    loss = math.inf if left else result.losses[-1] if result.losses else None
    own = result.weights[:weights] if result.weights else (None,) * weights
    return [numbers.number(value) for value in (loss, *own, result.bias)]


def parameters(comparison: Comparison) -> TextTable:
    """For more than one feature: what was learned beside the least-squares solution, one row per parameter."""
    problem, name = comparison.problem, reference(comparison)
    columns = [Column("feature", words=True), Column(f"learned ({shown(name or '', BACKEND_WIDTH)})")]
    columns += [Column("least squares")] if problem.destination else []
    columns += [Column("true")] if problem.true_weights is not None else []
    title = "Parameters"
    if name is None or len(problem.features) <= WEIGHTS_BESIDE:
        return TextTable("parameters", title, tuple(columns), ())
    picked = largest_features(comparison, MOST_FEATURES)
    rows = [[shown(problem.features[j], 24), *_weight(comparison, name, j)] for j in picked]
    rows.append(["bias", *_bias(comparison, name)])
    left_out = len(problem.features) - len(picked)
    note = "One weight per feature, in units of the target per unit of the feature."
    if left_out:
        note += f" The {len(picked)} that move the prediction most; {numbers.count(left_out)} more are in result.json."
    return aligned("parameters", title, columns, rows, note)


def _weight(comparison: Comparison, name: str, feature: int) -> list[str]:
    problem = comparison.problem
    values = [comparison.backends[name].weights[feature]]
    values += [problem.destination.weights[feature]] if problem.destination else []
    values += [problem.true_weights[feature]] if problem.true_weights is not None else []
    return [numbers.number(value) for value in values]


def _bias(comparison: Comparison, name: str) -> list[str]:
    problem = comparison.problem
    values = [comparison.backends[name].bias]
    values += [problem.destination.bias] if problem.destination else []
    values += [problem.true_bias] if problem.true_weights is not None else []
    return [numbers.number(value) for value in values]


def accuracy(comparison: Comparison) -> TextTable:
    """The start gradient and the parameters at the end against the exact ones, and where bits first differ."""
    judged = {name: result for name, result in comparison.backends.items() if result.accuracy is not None}
    columns = [
        Column("backend", words=True),
        Column("gradient ULP"),
        Column("of bound"),
        Column("end ULP"),
        Column("end rel."),
        Column("right", words=True),
    ]
    rows = [[shown(name, BACKEND_WIDTH), *_accuracy(result)] for name, result in judged.items()]
    return aligned(
        "accuracy",
        "Accuracy against the exact answer",
        columns,
        rows,
        "Gradient ULP: the worst derivative at the start, in steps to the next representable number. Of bound: the "
        "worst error there, of a derivative or of the loss, over what rounding may cause; above 1 is wrong. End: the "
        f"worst parameter after the last epoch{_finite(comparison)}, in ULPs and as a relative error."
        f"{near_zero_note(rows)}",
        judged,
    )


def _finite(comparison: Comparison) -> str:
    """Up to which epoch parameters are judged, where a run left the range."""
    left = any(result.diverged_at is not None for result in comparison.backends.values())
    return " with a finite loss" if left else ""


def _accuracy(result: BackendResult) -> list[str]:
    assert result.accuracy is not None
    start, end = result.accuracy.start_gradient, result.accuracy.parameters
    return [
        numbers.ulps_within(start.max_ulp, start.bound_ratio),
        numbers.ratio(start.bound_ratio),
        numbers.ulps_within(end.max_ulp, end.bound_ratio),
        numbers.relative_within(end.max_relative, end.bound_ratio),
        "yes" if result.accuracy.passed else "no",
    ]


def against(comparison: Comparison) -> TextTable:
    """Each backend against the references: how far apart, from which epoch on, and by how much."""
    columns = [
        Column("backend", words=True),
        Column("against", words=True),
        Column("gradient"),
        Column("parameters"),
        Column("parts at"),
        Column("by"),
        Column("end"),
    ]
    once: dict[frozenset[str], tuple[str, Pair]] = {}  # two references meet twice, and differ alike
    for name, result in comparison.backends.items():
        for pair in result.accuracy.pairs if result.accuracy is not None else ():
            once.setdefault(frozenset((name, pair.reference)), (name, pair))
    found = list(once.values())
    ran = comparison.ran().keys()
    return aligned(
        "against",
        "One against another",
        columns,
        [[shown(name, BACKEND_WIDTH), *_pair(pair, {name, pair.reference} <= ran)] for name, pair in found],
        "Gradient, parameters: the difference over both bounds; above 1 is wrong. Parts at: the first epoch at which "
        "a bit differs; by and end: the largest relative difference there and at the end.",
        [name for name, _ in found],
    )


def _pair(pair: Pair, both_ran: bool) -> list[str]:
    together = "never" if both_ran else numbers.MISSING
    return [
        shown(pair.reference, BACKEND_WIDTH),
        numbers.ratio(pair.gradient_ratio),
        numbers.ratio(pair.parameter_ratio),
        together if pair.first_epoch_apart is None else numbers.count(pair.first_epoch_apart),
        numbers.ratio(pair.apart_by),
        numbers.ratio(pair.final_apart),
    ]


def speed(comparison: Comparison) -> TextTable:
    """The three costs apart, the interval of the epoch, and its ratio to NumPy's."""
    timed = {name: result.speed for name, result in comparison.backends.items() if result.speed is not None}
    ceiling = any(speed.ceiling_fraction is not None for speed in timed.values())
    moved = any(speed.transfer_seconds is not None for speed in timed.values())
    columns = [
        Column("backend", words=True),
        Column("import"),
        *([Column("transfer")] if moved else []),
        Column("first call"),
        Column("epoch"),
        Column("interval"),
        Column("× numpy"),
        Column("memory", page_only=moved or (ceiling and max(map(len, timed), default=0) > SHORT_NAME)),
        *([Column("% limit")] if ceiling else []),
    ]
    ran = {name: result.speed for name, result in comparison.backends.items() if result.losses} if timed else {}
    rows = [[shown(name, BACKEND_WIDTH), *_speed(speed, ceiling, moved)] for name, speed in ran.items()]
    note = (
        "Epoch: median in the steady state, with its 95 % interval. × numpy: over NumPy's epoch; below 1 is faster. "
        f"{_no_import(ran)}Memory: the most that the process held beyond the bare interpreter and the data."
        f"{_elsewhere(ran)}"
    )
    if ceiling:
        note += " % limit: of the speed at which this machine reads the same bytes"
        note += ", or the device on which it computes." if moved else "."
    if moved:
        note += " Transfer: X and y to the device, once it is ready."
    return aligned("speed", "Speed", columns, rows, note, ran)


def _speed(speed: Speed | None, ceiling: bool, moved: bool) -> list[str]:
    """The cells of a backend; of one that ran and could not be timed, none is known."""
    if speed is None:
        return [numbers.MISSING] * (6 + ceiling + moved)
    epoch = speed.epoch_seconds
    memory = speed.peak_memory_bytes if speed.own_memory_bytes is None else speed.own_memory_bytes
    return [
        numbers.seconds(speed.import_seconds) if speed.import_seconds >= LEAST_IMPORT else numbers.MISSING,
        *([numbers.seconds(speed.transfer_seconds)] if moved else []),
        numbers.seconds(speed.first_call_seconds),
        numbers.seconds(epoch.median, epoch.low, epoch.high),
        numbers.seconds_between(epoch.median, epoch.low, epoch.high),
        numbers.ratio(speed.relative, *(speed.relative_interval or (None, None))),
        numbers.size(memory),
        *([_percent(speed)] if ceiling else []),
    ]


def _elsewhere(ran: Mapping[str, Speed | None]) -> str:
    """What workers of a cluster held, which is in no column."""
    held = {name: speed.elsewhere_memory_bytes for name, speed in ran.items() if speed is not None}
    told = [f"{shown(name)}: {len(each)} × {numbers.size(max(each))}" for name, each in held.items() if each]
    return f" Not in it: what workers of a cluster hold of the rows ({', '.join(told)} at most)." if told else ""


def _no_import(ran: Mapping[str, Speed | None]) -> str:
    """What a missing import means, where one is."""
    none = any(speed is not None and speed.import_seconds < LEAST_IMPORT for speed in ran.values())
    return "Import: – where it takes less than 0.1 ms, as without a library. " if none else ""


def _percent(speed: Speed) -> str:
    """The part of the machine's limit in hundredths, whose sign stands above the column."""
    return numbers.percent(speed.ceiling_fraction, *(speed.ceiling_interval or (None, None))).removesuffix(" %")


def self_test(comparison: Comparison) -> TextTable:
    """What the judge catches of faults that were put into a backend on purpose."""
    columns = [Column("fault", words=True), Column("smallest caught"), Column("caught", words=True)]
    title = "What agreement is worth"
    if comparison.self_test is None:
        return TextTable("self-test", title, tuple(columns), ())
    rows = [
        [
            finding.fault,
            numbers.MISSING if finding.smallest is None else numbers.brief(finding.smallest, 1),
            "yes" if finding.caught else "no harm here" if finding.harmless else "no",
        ]
        for finding in comparison.self_test.findings
    ]
    return aligned("self-test", title, columns, rows, words.worth(comparison.self_test))


def precision(comparison: Comparison) -> TextTable:
    """The decimal digits that float64 and float32 keep, column by column prepared in three ways."""
    columns = [
        Column("dtype", words=True),
        Column("columns", words=True),
        Column("κ"),
        Column("data"),
        Column("gradient"),
        Column("normal"),
        Column("QR"),
        Column("descent"),
    ]
    found = comparison.precision
    rows = [
        [
            row.dtype,
            row.preparation,
            "∞" if row.condition is None else numbers.ratio(row.condition),
            *map(numbers.digits, (row.data_digits, row.gradient_digits, row.normal_digits)),
            *map(numbers.digits, (row.qr_digits, row.descent_digits)),
        ]
        for row in (found.rows if found else ())
    ]
    note = "" if found is None else words.precision_note(found)
    return aligned("precision", "Correct digits in float64 and float32", columns, rows, note)


def precision_of_backends(comparison: Comparison) -> TextTable:
    """The digits of each backend's gradient, float64 and float32 in one cell."""
    found = comparison.precision
    half = len(found.rows) // 2 if found else 0
    columns = [
        Column("backend", words=True),
        *(Column(row.preparation, words=True) for row in (found.rows[:half] if found else ())),
    ]
    rows = [
        [
            shown(name, BACKEND_WIDTH),
            *(
                f"{numbers.digits(double):>4}, {numbers.digits(single):>3}"
                for double, single in zip(digits[:half], digits[half:], strict=True)
            ),
        ]
        for name, digits in (found.gradients.items() if found else ())
    ]
    note = "Correct digits of the gradient at zero: in float64, and in float32, of the worst derivative."
    names = found.gradients if found else ()
    return aligned("precision-backends", "Digits of each backend's gradient", columns, rows, note, names)
