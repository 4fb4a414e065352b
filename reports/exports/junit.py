"""A comparison, a sweep or a difference of two runs as JUnit XML: what a build server shows as tests that failed.

That of a comparison or a difference has a failure just where the command's exit code is 1. A sweep has no verdict, and
its exit code says whether anything was measured; there, a backend that gave no answer is a failure.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from handgrad.compare.results.bench import Bench, Cell
from handgrad.compare.results.comparison import BackendResult, Comparison
from handgrad.compare.results.diff import Diff
from handgrad.reports.exports.junit_xml import JUnitCase, JUnitFailure, JUnitSuite, junit_xml
from handgrad.reports.exports.timed import named
from handgrad.reports.look.names import shown

#: The longest sentence of a message.
WIDTH = 400


def export(found: Comparison | Bench | Diff) -> str:
    """The file, with a newline at its end."""
    if isinstance(found, Diff):
        return written("diff", of_diff(found))
    if isinstance(found, Bench):
        return written("bench", map(of_cell, found.cells))
    return written("compare", compared(found))


def written(command: str, suites: Iterator[JUnitSuite]) -> str:
    """The XML of a command's suites."""
    return junit_xml(f"handgrad {command}", list(suites)).decode() + "\n"


def compared(found: Comparison) -> Iterator[JUnitSuite]:
    """A case for each backend, and one for each objection that concerns none."""
    cases = [of_backend(found, name, result) for name, result in found.backends.items()]
    cases += of_no_backend(found)
    verdict = found.verdict
    if not verdict.passed and not any(case.failure for case in cases):  # runs of earlier versions have reasons alone
        cases.append(JUnitCase("verdict", failed("verdict", verdict.reasons)))
    yield JUnitSuite(named(found), cases)


def of_no_backend(found: Comparison) -> Iterator[JUnitCase]:
    """A case for each objection that concerns none of the backends, such as a judge that cannot tell."""
    for why, reason in zip(found.verdict.objections, found.verdict.reasons, strict=False):
        if why.backend not in found.backends:
            yield JUnitCase(f"verdict: {shown(why.kind)}", failed(why.kind, [reason]))


def of_backend(found: Comparison, name: str, result: BackendResult) -> JUnitCase:
    """What speaks against a backend fails it; one that is not installed, or was left out, is skipped."""
    verdict = found.verdict
    every = zip(verdict.objections, verdict.reasons, strict=False)  # runs of earlier versions have reasons alone
    objections = [(why.kind, reason) for why, reason in every if why.backend == name]
    if objections:
        return JUnitCase(shown(name), failed(objections[0][0], [reason for _, reason in objections]))
    if result.status in ("unavailable", "skipped"):
        return JUnitCase(shown(name), skipped=shown(result.reason or "", WIDTH))
    return JUnitCase(shown(name))


def failed(kind: str, reasons: tuple[str, ...] | list[str]) -> JUnitFailure:
    """The first reason as the message, all of them as the text."""
    lines = [shown(reason, WIDTH) for reason in reasons] or ["no reason was recorded"]
    return JUnitFailure(kind, lines[0], "\n".join(lines))


def of_cell(cell: Cell) -> JUnitSuite:
    """A case for each backend of one size."""
    cases = []
    for name, measured in cell.backends.items():
        why = measured.reason or "no reason was recorded"
        failure = failed(measured.status, [why]) if measured.status in ("failed", "timeout") else None
        skipped = shown(why, WIDTH) if measured.status in ("skipped", "unavailable") else None
        cases.append(JUnitCase(shown(name), failure, skipped))
    return JUnitSuite(f"{cell.rows}x{cell.features} {cell.dtype}", cases)


def of_diff(found: Diff) -> Iterator[JUnitSuite]:
    """A suite for each cell; a time that became slower and a change for the worse fail, with their reasons."""
    reasons = iter(found.reasons)  # of times, then of all else, in their order
    cases = [
        *((one.cell, f"{shown(one.backend)}: epoch", one.change == "slower") for one in found.times),
        *((one.cell, f"{shown(one.backend)}: {shown(one.what)}", one.regression) for one in found.others),
    ]
    told = [(cell, JUnitCase(name, failed("worse", [next(reasons)]) if worse else None)) for cell, name, worse in cases]
    for cell, mine in groupby(sorted(told, key=lambda one: one[0]), key=lambda one: one[0]):
        yield JUnitSuite(shown(cell, WIDTH), [case for _, case in mine])
