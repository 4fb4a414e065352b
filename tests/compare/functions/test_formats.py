"""Formats: their constants, and rounding to them, against NumPy's and against all numbers of bfloat16."""

from __future__ import annotations

import numpy as np
import pytest

from handgrad.backends.interface import InputError
from handgrad.compare.functions.formats import FORMATS, format_named

RNG = np.random.default_rng(3)
VALUES = RNG.normal(size=4000) * 10.0 ** RNG.uniform(-60, 40, 4000)

#: All finite numbers of bfloat16, ascending.
PATTERNS = np.arange(2**16, dtype=np.uint32)
BFLOAT16 = np.unique((PATTERNS[PATTERNS & 0x7F80 != 0x7F80] << 16).view(np.float32).astype(np.float64))


@pytest.mark.parametrize("name", ["float64", "float32", "float16"])
def test_constants_are_those_of_numpy(name: str) -> None:
    format, known = FORMATS[name], np.finfo(name)
    assert format.unit_roundoff == known.eps / 2
    assert (format.smallest, format.smallest_normal) == (known.smallest_subnormal, known.smallest_normal)
    assert format.largest == known.max


def test_constants_of_bfloat16_are_those_of_its_numbers() -> None:
    format = FORMATS["bfloat16"]
    assert (format.largest, format.smallest) == (BFLOAT16[-1], BFLOAT16[BFLOAT16 > 0][0])
    assert 1 + 2 * format.unit_roundoff == BFLOAT16[BFLOAT16 > 1][0]


@pytest.mark.parametrize("name", ["float64", "float32", "float16"])
def test_a_place_is_that_of_numpy(name: str) -> None:
    with np.errstate(over="ignore"):
        held = VALUES.astype(name)
    held = np.append(held[np.isfinite(held)], np.zeros(1, dtype=name))
    assert np.array_equal(FORMATS[name].spacing(held.astype(np.float64)), np.spacing(np.abs(held)).astype(np.float64))


def test_bfloat16_rounds_to_the_nearest_number_and_ties_to_even() -> None:
    halves = (BFLOAT16[1:] + BFLOAT16[:-1]) / 2
    for values in (VALUES, BFLOAT16, halves, np.nextafter(halves, np.inf), np.nextafter(halves, -np.inf)):
        found = FORMATS["bfloat16"].round(values)
        inside = np.abs(values) <= BFLOAT16[-1]
        apart = np.abs(found[inside] - values[inside])
        place = np.searchsorted(BFLOAT16, values[inside]).clip(1, len(BFLOAT16) - 1)
        nearest = np.minimum(np.abs(BFLOAT16[place] - values[inside]), np.abs(BFLOAT16[place - 1] - values[inside]))
        assert np.array_equal(apart, nearest)
    even = FORMATS["bfloat16"].round(halves).astype(np.float32).view(np.uint32) >> 16
    assert not (even & 1).any()
    assert FORMATS["bfloat16"].round(np.array([4e38, -4e38])).tolist() == [np.inf, -np.inf]


def test_a_sum_in_two_parts_is_rounded_once() -> None:
    """1 + 2⁻²⁴ is halfway in float32, and what a double cannot hold of it decides."""
    half = np.array([1 + 2.0**-24] * 3)
    found = FORMATS["float32"].round_sum(half, np.array([2.0**-80, 0.0, -(2.0**-80)]))
    assert found.tolist() == [1 + 2.0**-23, 1.0, 1.0]


def test_a_format_that_is_not_known_is_told() -> None:
    with pytest.raises(InputError, match="expected one of float64, float32, bfloat16, float16, got 'float8'"):
        format_named("float8")
