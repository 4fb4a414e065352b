"""What the course says, made from what its runs found: every claim follows from a number, so it is true elsewhere, too.

Each function gives the paragraphs of one chapter. Where a run did not show what the theory says, the text tells that.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from handgrad.compare.results.bench import Cell, Crossover
from handgrad.compare.results.explanation import Witness
from handgrad.compare.results.lessons import (
    ByHand,
    Checking,
    CheckMethod,
    Costs,
    FeatureScales,
    Lessons,
    RateRun,
    Rates,
    Slopes,
    Subject,
    Summation,
    Surface,
    TableCondition,
    Variant,
)
from handgrad.compare.results.timing import Estimate, Timing
from handgrad.reports.look import numbers
from handgrad.reports.look.names import shown
from handgrad.reports.look.words import listed, plural

#: Differences up to here are rounding: the paths' parameters carry a few ULPs from each of the epochs.
ROUNDING = 1e-12

#: A slope of a power law counts as seen when it is so near.
SLOPE_ROOM = 0.25

#: A predicted contraction or overflow counts as seen within 1 %.
PREDICTED_ROOM = 0.01


#: The scales of chapter 6 in words.
VARIANTS = {
    "standardised": "Standardised",
    "as it is": "As it is",
    "a tenth of the unit": "In a tenth of the unit, which makes the numbers ten times as large",
    "another zero": "Counted from another zero, ten standard deviations away",
}


def introduction(lessons: Lessons) -> list[str]:
    """What the course is about, and on which data."""
    subject = lessons.subject
    rows = f"{plural(subject.rows, 'row')}"
    if subject.rows < subject.rows_of:
        rows += f" (of {numbers.count(subject.rows_of)}, evenly taken)"
    return [
        "Nine chapters on one idea: walk downhill along the gradient. Every number and every picture on this page "
        "comes from runs that were made when the page was made, on this machine, with the code that is shown.",
        f"The data: {shown(subject.source, 80)}, {rows}. The model predicts {shown(subject.target)} from "
        f"{shown(subject.feature)} by a straight line.{rescaled(subject)}",
    ]


def rescaled(subject: Subject) -> str:
    """That the feature was brought to another range, if it was."""
    if subject.bounds is None:
        return ""
    low, high = map(numbers.brief, subject.bounds)
    return (
        f" In the chapters 1 to 6, {shown(subject.feature)} was first brought from its range {low} to {high} to the "
        f"range 0 to 1, since as it came its condition number is {numbers.ratio(subject.raw_condition)}: chapter 6 "
        "shows what that does."
    )


# -- 1 ---------------------------------------------------------------------------------------------------------------


def surface(found: Surface, subject: Subject) -> list[str]:
    """The bowl, the walk, and whether all backends took the same."""
    path = next(iter(found.paths.values()))
    weight, bias = subject.minimum
    excess = [loss - subject.lowest for loss in (path.losses[0], path.losses[-1])]
    names = [shown(name) for name in found.paths]
    return [
        "A line has two numbers, its weight W and its bias b. Every pair of them has a loss, so the loss is a "
        "surface over the plane of pairs. Residuals are linear in W and b, and the loss is a mean of their squares: "
        f"the surface is a bowl, with one lowest point. Here that is W = {numbers.number(weight)}, b = "
        f"{numbers.number(bias)}, with a loss of {numbers.number(subject.lowest)}. {floor(subject.lowest)}",
        f"Descent starts at W = 0, b = 0 with a loss of {numbers.number(path.losses[0])}. Each epoch it takes one "
        f"step against the gradient, with a learning rate η of {numbers.number(found.rate, 4)} (a third of the best "
        "one, which chapter 5 is about, so that the path is smooth). After one epoch the loss is "
        f"{numbers.number(path.losses[1])}; after {plural(found.epochs, 'epoch')} it lies "
        f"{numbers.ratio(max(excess[1], 0.0))} above the lowest, from {numbers.ratio(excess[0])} at the start.",
        together(names, found.apart) + absent(found.missing),
    ]


def absent(missing: Mapping[str, str]) -> str:
    """Who did not take part, and what to do about it."""
    return "".join(f" {shown(name)} did not take part: {shown(reason, 200)}." for name, reason in missing.items())


def floor(lowest: float) -> str:
    """Why the lowest loss is what it is."""
    if lowest == 0:
        return "It is zero, because that line goes through all the points."
    return "It is not zero, because no line goes through all the points."


def together(names: list[str], apart: float) -> str:
    """Whether the backends' paths are one."""
    if len(names) == 1:
        return f"Only {names[0]} could run here, so there is no other path to compare with."
    walked = f"{plural(len(names), 'backend')} made the walk: {listed(names)}. "
    if apart <= ROUNDING:
        return (
            f"{walked}They are written in very different ways, and go the same way: at no epoch are two of them "
            f"farther apart than {numbers.ratio(apart)} of the distance from start to minimum. That is the rounding "
            "of float64."
        )
    return (
        f"{walked}Their paths part: at some epoch two of them are {numbers.ratio(apart)} of the distance from start "
        "to minimum apart. That is more than a few roundings; `handgrad compare` tells which one is wrong, and by "
        "how much."
    )


# -- 2 ---------------------------------------------------------------------------------------------------------------


def by_hand(found: ByHand, subject: Subject) -> list[str]:
    """The chain rule in words, the pulls, and what the backends say."""
    d_weight, d_bias = found.exact[1:]
    return [
        "How does the loss change when W changes a little? Through a chain: W moves each prediction ŷ by x, the "
        "prediction moves the residual r = ŷ − y just as far, and the residual moves the loss by 2 r / n. Multiply "
        "along the chain, and add over the rows. For b the first link is 1 in place of x. The table does this for "
        f"the first rows, at W = {numbers.brief(found.weight)}, b = {numbers.brief(found.bias)}.",
        f"Over all {plural(subject.rows, 'row')} the sums are dW = {numbers.number(d_weight)} and db = "
        f"{numbers.number(d_bias)}. The gradient points uphill, so a step goes the other way: W {moves(d_weight)}, b "
        f"{moves(d_bias)}. {pulled(found)}",
        hands(found.found),
    ]


def moves(slope: float) -> str:
    """Which way a step takes a parameter."""
    if slope == 0:
        return "stays"
    return "grows" if slope < 0 else "shrinks"


def pulled(found: ByHand) -> str:
    """How many rows pull W the way in which it goes."""
    pulls = found.pulls[0]
    along = sum(1 for pull in pulls if pull * found.exact[1] > 0)
    return (
        f"Of the rows, {numbers.count(along)} pull W that way and {numbers.count(len(pulls) - along)} do not; what "
        "counts is the mean of the pulls."
    )


def hands(found: Mapping[str, Slopes]) -> str:
    """How near each backend comes to the exact gradient."""
    errors = {name: max(s.weight_ulps, s.bias_ulps) for name, s in found.items()}
    told = listed([f"{shown(name)} by {numbers.ulps(error)}" for name, error in errors.items()])
    return (
        "The exact gradient, in rational arithmetic, decides who is right. In units of the last place (ULPs), the "
        f"backends are off by at most: {told}. They add the rows in different orders, and each addition is rounded; "
        "chapter 7 is about that."
    )


# -- 3 ---------------------------------------------------------------------------------------------------------------


def tape(found: ByHand) -> list[str]:
    """What a tape does, and whether it gives what the hand gave."""
    few = found.few
    edges = sum(len(node.edges) for node in few.tape)
    weight, bias = few.steps[0].gradient, few.steps[-1].gradient
    return [
        "Nobody likes to find derivatives of long formulas by hand. A tape does not need to: it knows the derivative "
        "of each single operation, and the chain rule. While the loss is computed, every operation leaves a node "
        "with its value. Then the tape is walked backwards; each node hands its adjoint, the derivative of the loss "
        "by its value, to those it was made of, times the local derivative.",
        f"The picture is that tape for the first {plural(len(few.rows), 'row')}, as it was run: "
        f"{plural(len(few.tape), 'node')} and {plural(edges, 'edge')}. One walk back gives both derivatives at once, "
        "which is why it is done in reverse: the cost does not grow with the number of parameters.",
        f"By hand, the same rows gave dW = {numbers.number(weight)} and db = {numbers.number(bias)}. "
        + " ".join(witnessed(witness) for witness in few.witnesses if witness.gradient == "autodiff"),
    ]


def witnessed(witness: Witness) -> str:
    """What one autodiff gives, against the hand."""
    name = {"torch": "PyTorch", "tape": "The tape"}.get(witness.name, shown(witness.name))
    if witness.reason is not None:
        return f"{name} is missing here ({shown(witness.reason, 200)})."
    worst = max(witness.ulps_from_hand)
    if worst == 0:
        return f"{name} gives the same, to the last bit."
    return f"{name} gives the same within {numbers.ulps(worst)} ULP{'' if worst == 1 else 's'}."


# -- 4 ---------------------------------------------------------------------------------------------------------------


def checking(found: Checking) -> list[str]:
    """The V, its arms, and the large step."""
    return [
        "Is a gradient right? Ask the loss: move W by a small h, and see how much the loss changes. The forward "
        "difference [L(W + h) − L(W)] / h has two errors. Too large a step sees the bend of the loss (truncation, h "
        "λ/2); too small a one drowns in rounding, because the two losses are nearly equal and only their last "
        "digits differ (about ε L / h). One falls with h and the other rises, which makes a V.",
        f"{arms(found)} Its best step was {numbers.ratio(found.best)}, and the error there "
        f"{numbers.ratio(min(found.forward))}; the balance of both errors, 2 √(ε L / λ), predicts "
        f"{numbers.ratio(found.predicted)}.",
        large_step(found),
    ]


def arms(found: Checking) -> str:
    """The slopes of the V, and whether they are those of theory."""
    left = seen("the left arm falls with slope", found.left, -1)
    right = seen("the right arm rises with slope", found.right, 1)
    return f"In the picture, {left}, and {right}."


def seen(what: str, slope: float | None, expected: float) -> str:
    """A fitted slope beside the expected one."""
    if slope is None:
        return f"{what} that too few steps show (expected {expected})"
    near = abs(slope - expected) <= SLOPE_ROOM
    return f"{what} {slope:.2f} ({'as' if near else 'unlike'} the {expected} of theory)"


def large_step(found: Checking) -> str:
    """Why a large step suits a quadratic, with the errors of all methods."""
    method = {m.name: m for m in found.methods}
    usual, large = method["central"], method["quadratic"]
    step = "h = 1" if large.step == 1 else f"a step as large as W, h = {numbers.brief(large.step)},"
    comparison = (
        f"with the usual step {numbers.ratio(usual.step)} its error is {numbers.ratio(usual.error)}, with {step} it is "
        f"{numbers.ratio(large.error)}"
    )
    verdict = (
        "So for the mean squared error, and for nothing else that is curved otherwise, check with a large step."
        if large.error < usual.error
        else "On this data the large step did not win: both errors are down to a few roundings."
    )
    return (
        "The central difference [L(W + h) − L(W − h)] / 2h looks both ways, so the bend cancels. The loss is a "
        "quadratic and has nothing beyond a bend: there is no truncation at all, and only rounding is left, which a "
        f"larger h divides. Measured, {comparison}. {verdict}{others(found.methods)}"
    )


def others(methods: Iterable[CheckMethod]) -> str:
    """The methods that were not yet named."""
    rest = [m for m in methods if m.name in ("richardson", "complex")]
    told = [
        f"{m.name.capitalize() if m.name == 'richardson' else 'the complex step'} {numbers.ratio(m.error)}"
        for m in rest
    ]
    return f" For comparison: {listed(told)}." if told else ""


# -- 5 ---------------------------------------------------------------------------------------------------------------


def rates(found: Rates) -> list[str]:
    """The limit, and what each rate did."""
    by_name = {run.name: run for run in found.runs}
    return [
        "How long may a step be? Along each eigenvector of the Hessian the error is multiplied by 1 − η λ in every "
        "epoch. It shrinks while that factor lies between −1 and 1, so all directions shrink only if η is below "
        f"2/λₘₐₓ. Here λₘₐₓ = {numbers.number(found.largest)} and λₘᵢₙ = {numbers.number(found.smallest)}, so the "
        f"limit is {numbers.number(found.limit, 5)}. The best fixed rate, 2/(λₘₐₓ + λₘᵢₙ) = "
        f"{numbers.number(found.best, 5)}, shrinks the steepest and the flattest direction alike.",
        " ".join(rate_told(run) for run in found.runs if run.overflow is None),
        over_told(by_name["just over"]),
    ]


def rate_told(run: RateRun) -> str:
    """A rate that converges, in a sentence."""
    observed = "" if run.observed is None else f" ({confirmed(run.observed, run.contraction)})"
    six = "" if run.epochs_for_six is None else f", six digits in {plural(run.epochs_for_six, 'epoch')}"
    return (
        f"{run.name.capitalize()}, η = {numbers.number(run.rate, 4)}: an epoch leaves "
        f"{numbers.number(run.contraction, 4)} of the error{observed}{six}."
    )


def confirmed(observed: float, predicted: float) -> str:
    """An observed contraction beside the predicted one."""
    near = abs(observed - predicted) <= PREDICTED_ROOM * predicted
    return f"observed {numbers.number(observed, 4)}" + ("" if near else ", which is not what was predicted")


def over_told(run: RateRun) -> str:
    """The rate above the limit: growth, and the epoch of overflow."""
    first, last = run.excess[0], run.excess[-1]
    text = (
        f"Just over the limit, η = {numbers.number(run.rate, 4)}, every epoch multiplies the steepest part of the "
        f"error by {numbers.number(run.contraction, 4)}. After {len(run.excess) - 1} epochs the loss lies "
        f"{numbers.ratio(last)} above the minimum, from {numbers.ratio(first)} at the start. "
    )
    if run.overflow is None:
        return text + "The start has no error in that direction, so nothing grows."
    if run.diverged_at is None:
        return text + f"It was predicted to overflow float64 at epoch {numbers.count(run.overflow)}, but did not."
    return text + (
        f"Growth has no end: predicted was that float64 overflows at epoch {numbers.count(run.overflow)}, and "
        f"it happened at epoch {numbers.count(run.diverged_at)}."
    )


# -- 6 ---------------------------------------------------------------------------------------------------------------


def scaling(found: FeatureScales) -> list[str]:
    """Why scale matters, on one feature and on real tables."""
    return [
        "The rate must suit the steepest direction, and then the flattest one is slow: their ratio κ = λₘₐₓ/λₘᵢₙ, "
        "the condition number, decides how many epochs it takes. κ is not a property of the question. It changes "
        "when a feature is measured in another unit, or from another zero, though the line that fits best stays the "
        "same.",
        " ".join(variant_told(variant) for variant in found.variants),
        tables_told(found.tables),
    ]


def variant_told(variant: Variant) -> str:
    """One scale in a sentence."""
    if variant.seen is not None:
        end = f"it took {plural(variant.seen, 'epoch')}"
    else:
        end = (
            f"after {numbers.count(variant.epochs[-1])} the loss was still at {numbers.ratio(variant.excess[-1])} of "
            "its height above the minimum at the start"
        )
    return (
        f"{VARIANTS[variant.name]}: κ = {numbers.ratio(variant.condition)}, {plural(variant.promised, 'epoch')} "
        f"promised for six digits; {end}."
    )


def tables_told(tables: tuple[TableCondition, ...]) -> str:
    """The worst of the built-in tables."""
    worst = max(tables, key=lambda table: table.raw)
    left = max(tables, key=lambda table: table.standardized)
    return (
        "The remedy is to standardise: subtract each feature's mean, divide by its standard deviation, and carry the "
        "parameters back at the end. The table shows κ of the built-in data sets. The worst as it is, "
        f"{shown(worst.name)}, goes from {numbers.ratio(worst.raw)} to {numbers.ratio(worst.standardized)}. What "
        f"remains is correlation between features, which no scale removes; it is worst in {shown(left.name)}, where "
        f"six digits still need {plural(left.standardized_epochs, 'epoch')}."
    )


# -- 7 ---------------------------------------------------------------------------------------------------------------


def summation(found: Summation) -> list[str]:
    """What the orders cost, and what the backends do."""
    n = numbers.count(found.rows[-1])
    last = {name: errors[-1] for name, errors in found.errors.items()}
    worst, best = max(last, key=last.__getitem__), min(last, key=last.__getitem__)
    return [
        "A computer adds with a limited number of digits: float32 keeps 24 bits, so each addition is off by up to u "
        "= 6·10⁻⁸ of its result. A gradient is a sum over all rows. When a large running total meets a small number, "
        "most of the small one's digits fall off the end, again and again.",
        f"The picture adds the same positive numbers in different orders. At n = {n}, the worst order is “{worst}”, "
        f"with a relative error of {numbers.ratio(last[worst])}, and the best “{best}”, with "
        f"{numbers.ratio(last[best])}. Theory promises no more than γₙ = {numbers.ratio(found.worst[-1])} for any "
        f"order, and about 6 √n u = {numbers.ratio(found.likely[-1])} when roundings are independent. {kept(found)}",
        singles(found),
    ]


def kept(found: Summation) -> str:
    """Which orders kept the bounds; a rounding error that always has the same sign breaks the lower one."""
    beyond_worst = [
        o for o, errors in found.errors.items() if any(e > w for e, w in zip(errors, found.worst, strict=True))
    ]
    beyond = [o for o, errors in found.errors.items() if any(e > w for e, w in zip(errors, found.likely, strict=True))]
    if beyond_worst:
        return f"Beyond the worst case, which nothing correct can be: {listed(beyond_worst)}."
    second = (
        f"Beyond the second: {listed([f'“{name}”' for name in beyond])}. " if beyond else "All kept the second, too. "
    )
    return f"All kept the first. {second}{swallowed(found)}"


def swallowed(found: Summation) -> str:
    """How many numbers were lost whole."""
    lost, n = found.swallowed[-1], found.rows[-1]
    if lost == 0:
        return "No number was so small that the running total did not notice it."
    return (
        f"Of the {numbers.count(n)} numbers added one after the other, {numbers.count(lost)} left the running total "
        "as it was: they were smaller than half of its last place, and vanished whole, always to the same side."
    )


def singles(found: Summation) -> str:
    """The backends in float32."""
    errors = {name: single.loss_error for name, single in found.backends.items()}
    told = listed([f"{shown(name)} {numbers.ratio(error)}" for name, error in errors.items()])
    ratio = max(single.gradient_ratio for single in found.backends.values())
    verdict = (
        f"all gradients lie within the bound of a correct backend; the worst uses {numbers.ratio(ratio)} of it"
        if ratio <= 1
        else f"one gradient lies beyond the bound of a correct backend, by a factor of {numbers.ratio(ratio)}"
    )
    return (
        f"The backends choose their own order. In float32 on {plural(found.backend_rows, 'row')}, the relative errors "
        f"of their losses are: {told}. And {verdict}."
    )


# -- 8 ---------------------------------------------------------------------------------------------------------------


def costs(found: Costs) -> list[str]:
    """Who is the fastest where, where they cross, and what is paid once."""
    ways = plural(len([name for name in found.starts if name != "moments"]), "way")
    paragraphs = [
        f"{ways} to write the same epoch. A loop in Python pays for every number. NumPy pays for every call, and then "
        "works on whole arrays. Numba compiles the loop. PyTorch and the tape pay for every call, and for a record "
        "of it. Calls cost the same however many rows there are, rows cost more the more there are: so who wins "
        "depends on n.",
        reigns_told(found),
        start_told(found),
    ]
    if noisy := noise_told(found.cells):
        paragraphs.append(noisy)
    return paragraphs


def reigns_told(found: Costs) -> str:
    """The fastest by size, the distances there, and the crossovers that can be seen."""
    if not found.reigns:
        return "No backend could be timed here."
    sizes = " ".join(cell_told(cell) for cell in (found.cells[0], found.cells[-1]))
    ruled = "; ".join(f"{shown(r.fastest)} {from_to(r.first, r.last)}{tied_told(r.tied)}" for r in found.reigns)
    return f"Measured on this machine, the shortest epoch is that of: {ruled}. {sizes}{crossed(found.crossovers)}"


def from_to(first: int, last: int) -> str:
    """The sizes of a reign."""
    if first == last:
        return f"at {plural(first, 'row')}"
    return f"from {numbers.count(first)} to {plural(last, 'row')}"


def tied_told(tied: tuple[str, ...]) -> str:
    """Who cannot be told apart from the fastest."""
    return f" (not told apart from it everywhere: {listed([shown(name) for name in tied])})" if tied else ""


def cell_told(cell: Cell) -> str:
    """One size: every backend's epoch, the fastest first."""
    right = {
        n: m.epoch_seconds for n, m in cell.backends.items() if m.status == "ok" and m.epoch_seconds and n != "moments"
    }
    ordered: list[tuple[str, Timing]] = sorted(right.items(), key=lambda item: item[1].median)
    told = listed([f"{shown(n)} {numbers.seconds(t.median, t.low, t.high)}" for n, t in ordered])
    skipped = [shown(name) for name, m in cell.backends.items() if m.status == "skipped"]
    left = f" ({listed(skipped)} left out: an epoch takes too long for a lesson)" if skipped else ""
    return f"At {plural(cell.rows, 'row')} an epoch takes: {told}{left}."


def crossed(crossovers: Iterable[Crossover]) -> str:
    """Where two backends change places; none is also an answer."""
    every = list(crossovers)
    if not every:
        return " No two of them change places between these sizes."
    told = "; ".join(f"{shown(c.faster)} overtakes {shown(c.slower)} at {about(c.rows)} rows" for c in every)
    return f" They change places: {told}."


def about(rows: Estimate) -> str:
    """A number of rows to two digits, with its interval."""
    value, low, high = (numbers.count(round(float(f"{v:.1e}"))) for v in (rows.value, rows.low, rows.high))
    return f"about {value} ({low} to {high})"


def start_told(found: Costs) -> str:
    """Import and first epoch."""
    starts = {name: s.import_seconds + s.first_seconds for name, s in found.starts.items() if name != "moments"}
    ordered = sorted(starts, key=starts.__getitem__)
    told = listed([f"{shown(name)} {numbers.seconds(starts[name])}" for name in ordered])
    return (
        "Before the first epoch comes the start: importing the library, and compiling or loading code. Together: "
        f"{told}. A short run on a small table is over before a fast library has been imported.{absent(found.missing)}"
    )


def noise_told(cells: Iterable[Cell]) -> str:
    """A warning where the same program timed twice looked different."""
    floors = {cell.rows: cell.noise_floor for cell in cells if cell.noise_floor is not None and cell.noise_floor > 0.1}
    if not floors:
        return ""
    told = listed([f"{100 * floor:.0f} % at {numbers.count(rows)} rows" for rows, floor in floors.items()])
    return (
        "The machine was busy with other things: NumPy, timed twice in the same rounds, differed from itself by up "
        f"to {told}. Smaller differences than that mean nothing. Close other programs and make the page again."
    )


# -- 9 ---------------------------------------------------------------------------------------------------------------


def moments(found: Costs, by_hand: ByHand) -> list[str]:
    """What a sum instead of a pass saves, and after how many epochs."""
    return [
        "Look at the gradient once more: dW = (2/n)(W Σx² + b Σx − Σxy). The data appears only in a few sums, which "
        "do not change while W and b do. Take them once, and an epoch needs no row at all. The backend moments does "
        "so, with the data centred first, so that no digits are lost.",
        pass_told(found),
        accuracy_told(by_hand),
    ]


def pass_told(found: Costs) -> str:
    """Epochs of moments beside those of the fastest other, and when the first pass has paid for itself."""
    if "moments" in found.missing:
        return f"It did not run here: {shown(found.missing['moments'], 200)}."
    cell = found.cells[-1]
    own = timing_of(cell, "moments")
    rivals = {n: t for n in cell.backends if n != "moments" and (t := timing_of(cell, n)) is not None}
    if own is None or not rivals:
        return "It could not be timed here."
    rival = min(rivals, key=lambda name: rivals[name].median)
    ratio = rivals[rival].median / own.median
    faster = (
        f"{shown(rival)}, the fastest of those that go through the rows, takes {numbers.ratio(ratio)} times as long"
        if ratio > 1
        else f"{shown(rival)} is faster all the same: it takes {numbers.ratio(ratio)} of that"
    )
    return (
        f"At {plural(cell.rows, 'row')}, an epoch of moments takes {numbers.seconds(own.median, own.low, own.high)}"
        f"{at_first(found)}; {faster}. {paid(found, rival, rivals[rival].median - own.median)}"
    )


def at_first(found: Costs) -> str:
    """The epoch of moments at the smallest size, for comparison."""
    cell = found.cells[0]
    timed = timing_of(cell, "moments")
    return (
        ""
        if timed is None
        else f" ({numbers.seconds(timed.median, timed.low, timed.high)} at {plural(cell.rows, 'row')})"
    )


def paid(found: Costs, rival: str, gained: float) -> str:
    """After how many epochs the pass that takes the sums has paid for itself; `gained` are the seconds per epoch."""
    own, other = found.begun.get("moments"), found.begun.get(rival)
    if own is None or other is None or gained <= 0:
        return ""
    epochs = max(1, math.ceil((own - other) / gained))
    return (
        f"The data and the first epoch, with the pass that takes the sums, cost it {numbers.seconds(own)}, and "
        f"{shown(rival)} {numbers.seconds(other)}: from {plural(epochs, 'epoch')} on, moments is ahead. No compiler "
        "finds that, since it is another algorithm."
    )


def timing_of(cell: Cell, name: str) -> Timing | None:
    """A backend's epoch at one size, if it is right."""
    found = cell.backends.get(name)
    return found.epoch_seconds if found is not None and found.status == "ok" else None


def accuracy_told(by_hand: ByHand) -> str:
    """Whether it is as right as the others."""
    own = by_hand.found.get("moments")
    if own is None:
        return "Without it there is nothing to judge."
    worst = max(own.weight_ulps, own.bias_ulps)
    others = max((max(s.weight_ulps, s.bias_ulps) for n, s in by_hand.found.items() if n != "moments"), default=0.0)
    return (
        f"It pays with nothing but generality: its gradient at the point of chapter 2 is {numbers.ulps(worst)} "
        f"ULP{'' if worst == 1 else 's'} from the exact one (the others: up to {numbers.ulps(others)}). But it works "
        "for full batches and this loss only: with mini-batches every batch has sums of its own, and with another "
        "loss there may be no such sums."
    )
