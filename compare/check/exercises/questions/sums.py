"""The question on summation: a sum that keeps what each addition loses."""

from __future__ import annotations

from handgrad.compare.check.exercises.questions.question import Arguments, ExerciseQuestion

#: 2⁵³: to a sum as large as that, adding 1 changes nothing.
_LARGE = 2.0**53


def _hard_sums() -> list[Arguments]:
    every = (
        [1.5, -2.25, 4.0],
        [_LARGE, *[1.0] * 60, -_LARGE],
        [0.5, _LARGE, *[0.75, 0.625] * 20, -_LARGE, 3.0],
        [-2 * _LARGE, *[1.0, 3.0] * 16, 2 * _LARGE, 5.0],
    )
    return [{"numbers": list(numbers)} for numbers in every]


CAREFUL_SUM = ExerciseQuestion("careful_sum", ("sum",), _hard_sums)
