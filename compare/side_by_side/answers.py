"""What a backend's process has answered in a comparison, times apart; kept in the journal, and read again from it."""

from __future__ import annotations

import msgspec

from handgrad.compare.timing.messages import GradientMessage, Number, TrainingMessage


class Answers(msgspec.Struct, frozen=True, omit_defaults=True):
    """One backend's run, from the import to the end, in the problem as it was trained.

    Attributes:
        import_seconds: For the library, in a fresh process.
        bind_seconds: For moving X and y into the backend's own form.
        first_call_seconds: For the first epoch, compilation included.
        gradient: At the start.
        training: The whole run.
        peak_bytes: The most memory that the process held; None where the system does not tell.
        own_bytes: What of it was beyond interpreter and data.
        gradients: (points, d + 1), the bias last, at the points of `probe_points`; None where it was not asked for.
    """

    import_seconds: float
    bind_seconds: float
    first_call_seconds: float
    gradient: GradientMessage
    training: TrainingMessage
    peak_bytes: int | None
    own_bytes: int | None
    gradients: list[list[Number]] | None = None


def number(value: Number) -> float:
    """A number that was answered; NaN for what JSON could not carry."""
    return float("nan") if value is None else value
