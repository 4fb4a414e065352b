"""What `check` says: a verdict as data, as text for a terminal of 80 columns, as HTML, as JSON."""

from __future__ import annotations

import html
import math
import textwrap
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from handgrad.compare.check.mistakes import MISTAKES, UNKNOWN, Hypothesis, Kind, Mistake
from handgrad.compare.check.student import Failure

WIDTH = 80


@dataclass(frozen=True)
class Evidence:
    """One number that was given, beside the right one."""

    where: str
    given: float
    expected: float

    @property
    def ratio(self) -> float | None:
        """What was given over what was expected; None where that is 0."""
        return self.given / self.expected if self.expected else None


@dataclass(frozen=True)
class Diagnosis:
    """Whether a gradient is right, or which mistake was made.

    Attributes:
        correct: Every answer is right within the bound of its rounding errors.
        mistake: The first mistake's id; None if there is none, or if only a hint is to be given.
        mistakes: All ids.
        explanation: What is wrong, its first line enough for a title.
        evidence: Given and expected numbers at up to two probes.
        mathematics: The lines of mathematics that are broken.
        hint: What to change.
        question: What to ask in place of telling it.
        smallest_detectable: The relative error of a component that would have been seen.
        notes: What else was noticed, none of it wrong.
        subject: The function's name.
        failed: There was no answer at all: an error, a wrong shape, no end.
    """

    correct: bool
    mistake: str | None
    mistakes: tuple[str, ...]
    explanation: str
    evidence: tuple[Evidence, ...] = ()
    mathematics: str = ""
    hint: str = ""
    question: str = field(default="", repr=False)
    smallest_detectable: float = math.nan
    notes: tuple[str, ...] = ()
    subject: str = "gradient"
    failed: bool = field(default=False, repr=False)

    def as_hint(self) -> Diagnosis:
        """The same without the answer: a question in place of the mistake's name, its numbers and its remedy."""
        if self.correct:
            return self
        return replace(
            self,
            mistake=None,
            mistakes=(),
            explanation="Not right yet.",
            evidence=(),
            mathematics="",
            hint=self.question,
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values, for `json.dumps`."""
        values = asdict(self)
        del values["question"], values["failed"]
        values["mistakes"], values["notes"] = list(self.mistakes), list(self.notes)
        values["evidence"] = [asdict(row) | {"ratio": row.ratio} for row in self.evidence]
        if not math.isfinite(self.smallest_detectable):
            values["smallest_detectable"] = None
        return values

    def __str__(self) -> str:
        """At most 80 columns; the first line tells the verdict."""
        parts = [_wrapped(self.explanation)]
        if self.evidence:
            parts.append(_table(self.evidence))
        if self.mathematics:
            parts.append(_wrapped(self.mathematics, "It breaks:  "))
        if self.hint:
            parts.append(_wrapped(self.hint, "Hint:  "))
        parts += [_wrapped(note, "Note:  ") for note in self.notes]
        return "\n\n".join(parts)

    def _repr_html_(self) -> str:
        title, _, rest = self.explanation.partition("\n")
        rows = "".join(
            f"<tr><td>{html.escape(row.where)}</td><td>{row.given:.9g}</td><td>{row.expected:.9g}</td>"
            f"<td>{_ratio(row)}</td></tr>"
            for row in self.evidence
        )
        head = "<tr><th>where</th><th>given</th><th>expected</th><th>ratio</th></tr>"
        lines = [f"<strong>{html.escape(title)}</strong>"]
        lines += [f"<p>{html.escape(text)}</p>" for text in (rest, self.mathematics, self.hint, *self.notes) if text]
        table = f"<table>{head}{rows}</table>" if rows else ""
        return f"<div>{''.join(lines)}{table}</div>"


def right(subject: str, calls: int, smallest: float, notes: tuple[str, ...], changed: tuple[str, ...]) -> Diagnosis:
    """The verdict on a function whose every number is right."""
    if changed:
        return _told(subject, (MISTAKES["changes-its-input"],), (_changed_words(changed),), (), smallest)
    explanation = (
        f"Correct: {subject} is right.\n"
        f"Asked {calls} times, it was right each time. An error of {smallest:.1g} of a component would have been seen."
    )
    return Diagnosis(True, None, (), explanation, smallest_detectable=smallest, notes=notes, subject=subject)


def wrong(
    subject: str,
    kind: Kind,
    found: Hypothesis | None,
    evidence: tuple[Evidence, ...],
    smallest: float,
    changed: tuple[str, ...],
) -> Diagnosis:
    """The verdict on wrong numbers: the mistakes that explain them all, or that none does."""
    if found is None:
        return _told(subject, (UNKNOWN,), (_unknown_words(evidence),), evidence, smallest)
    mistakes = [MISTAKES[id] for id in found.mistakes]
    details = list(found.details)
    if changed:
        mistakes.append(MISTAKES["changes-its-input"])
        details.append(_changed_words(changed))
    return _told(subject, tuple(mistakes), tuple(details), evidence, smallest)


def failed(subject: str, failure: Failure, smallest: float = math.nan) -> Diagnosis:
    """The verdict on a function that gives no answer."""
    where = f"\n{failure.file}, line {failure.line}: {failure.text}" if failure.line else ""
    return Diagnosis(
        correct=False,
        mistake=failure.id,
        mistakes=(failure.id,),
        explanation=_sentence(f"Wrong: {subject} {failure.message}") + where,
        question=f"What happens in line {failure.line}?" if failure.line else "What does your function return?",
        smallest_detectable=smallest,
        subject=subject,
        failed=True,
    )


def _told(
    subject: str,
    mistakes: tuple[Mistake, ...],
    details: tuple[str, ...],
    evidence: tuple[Evidence, ...],
    smallest: float,
) -> Diagnosis:
    titles = [m.title + (f" ({d})" if d else "") for m, d in zip(mistakes, details, strict=True)]
    return Diagnosis(
        correct=False,
        mistake=mistakes[0].id,
        mistakes=tuple(m.id for m in mistakes),
        explanation=_title(subject, [m.id for m in mistakes], titles),
        evidence=evidence,
        mathematics="\n".join(dict.fromkeys(m.mathematics for m in mistakes)),
        hint="\n".join(m.hint for m in mistakes),
        question="\n".join(m.question for m in mistakes),
        smallest_detectable=smallest,
        subject=subject,
    )


def _title(subject: str, ids: list[str], titles: list[str]) -> str:
    if titles[0].startswith(UNKNOWN.title):
        return f"{subject}: {titles[0]}"
    if len(titles) == 1:
        return f"Wrong: {titles[0]}"
    listed = "\n".join(f"{i}. {title}" for i, title in enumerate(titles, 1))
    return f"Wrong, {len(titles)} mistakes at once: {' and '.join(ids)}.\n{listed}"


def _unknown_words(evidence: tuple[Evidence, ...]) -> str:
    if not evidence:
        return ""
    worst = max(evidence, key=lambda row: abs(row.given - row.expected) / (abs(row.expected) or 1.0))
    return f"{worst.where}: off by {abs(worst.given - worst.expected):.2g}"


def _changed_words(changed: tuple[str, ...]) -> str:
    return f"it changes {', '.join(changed)}"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _wrapped(text: str, label: str = "") -> str:
    lines = text.split("\n")
    indents = [label] + [" " * len(label)] * (len(lines) - 1)
    return "\n".join(
        textwrap.fill(line, WIDTH, initial_indent=indent, subsequent_indent=" " * len(label), break_long_words=True)
        for line, indent in zip(lines, indents, strict=True)
    )


def _table(evidence: tuple[Evidence, ...]) -> str:
    width = max(len(row.where) for row in evidence)
    head = f"  {'':<{width}}  {'given':>14} {'expected':>14} {'ratio':>10}"
    return "\n".join([head] + [_line(row, width) for row in evidence])


def _line(row: Evidence, width: int) -> str:
    return f"  {row.where:<{width}}  {row.given:>14.8g} {row.expected:>14.8g} {_ratio(row):>10}"


def _ratio(row: Evidence) -> str:
    """Six digits; next to 1, how far from it."""
    if row.ratio is None:
        return "–"
    return f"1{row.ratio - 1:+.1e}" if 0 < abs(row.ratio - 1) < 1e-5 else f"{row.ratio:.6g}"
