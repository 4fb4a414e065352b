"""What the course says before and after its chapters, made from what its runs found.

Here and in the chapters every claim follows from a number, so that it is true elsewhere, too; where a run did not show
what the theory says, the text tells that.
"""

from __future__ import annotations

from handgrad.compare.results.environment import Environment
from handgrad.compare.results.learn.chapters import CHAPTERS
from handgrad.compare.results.learn.lessons import Lessons, Subject
from handgrad.reports.learn.chapters.content import reference
from handgrad.reports.look import numbers
from handgrad.reports.look.names import file_name, shown
from handgrad.reports.look.words import plural


def introduction(lessons: Lessons) -> list[str]:
    """What the course is about, and on which data."""
    subject = lessons.subject
    rows = f"{plural(subject.rows, 'row')}"
    if subject.rows < subject.rows_of:
        rows += f" (of {numbers.count(subject.rows_of)}, evenly taken)"
    return [
        f"{len(CHAPTERS)} chapters on one idea: walk downhill, against the gradient. What was measured, and every "
        "picture, comes from runs that were made when the page was made, on this machine. Each chapter ends with a "
        "question, to be answered here, and with exercises, which `handgrad exercise` grades.",
        f"The data: {shown(file_name(subject.source), 80)}, {rows}. The model predicts {shown(subject.target)} from "
        f"{shown(subject.feature)} by a straight line.{chosen(subject)}{rescaled(subject)}",
    ]


def chosen(subject: Subject) -> str:
    """Why it is this feature, if there are others."""
    if subject.features_of == 1:
        return ""
    return (
        f" Of the {numbers.count(subject.features_of)} features of the table, {shown(subject.feature)} has the largest "
        f"correlation with {shown(subject.target)}."
    )


def rescaled(subject: Subject) -> str:
    """That the feature was brought to another range, if it was."""
    if subject.bounds is None:
        return ""
    low, high = map(numbers.brief, subject.bounds)
    return (
        f" In the chapters 1 to {CHAPTERS.index('mini-batches') + 1}, {shown(subject.feature)} was first brought from "
        f"its range {low} to {high} to the range 0 to 1, since as it came its condition number is "
        f"{numbers.ratio(subject.raw_condition)}: {reference('scaling')} shows what that does."
    )


def where(environment: Environment) -> list[tuple[str, str]]:
    """The machine and the packages, for the page's last lines."""
    packages = ", ".join(f"{name} {version}" for name, version in environment.packages.items())
    return [
        ("Processor", f"{environment.cpu}, {environment.cores} cores"),
        ("System", environment.platform),
        ("Python", environment.python),
        ("Packages", packages),
        ("Time", environment.time),
    ]
