"""Every backend is told apart, by any eyes and on any background."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from handgrad.backends.catalogue import ORDER
from handgrad.reports.look.colours import DARK, EVERY, GUESTS, LIGHT, OWN, looks

#: Machado, Oliveira, Fernandes (2009), severity 1, on linear RGB.
COLOUR_VISION = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
DEFAULT = ("python", "numpy", "numba", "numba-tiled", "torch", "tape", "moments")
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour: str) -> np.ndarray:
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((float(TO_XYZ[1] @ linear(colour)) for colour in (one, other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    xyz = TO_XYZ @ np.clip(rgb, 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("look", EVERY, ids=lambda look: look.variable)
def test_a_colour_has_contrast_on_both_backgrounds(look):
    assert contrast(look.light, LIGHT.background) >= 3
    assert contrast(look.dark, DARK.background) >= 3


@pytest.mark.parametrize("paper", [LIGHT, DARK])
def test_text_has_contrast(paper):
    assert contrast(paper.ink, paper.background) >= 7
    assert contrast(paper.faint, paper.background) >= 4.5
    assert contrast(paper.faint, paper.tint) >= 4.5


@pytest.mark.parametrize("vision", COLOUR_VISION)
@pytest.mark.parametrize("shade", ["light", "dark"])
def test_the_default_backends_are_told_apart_by_colour_alone(vision, shade):
    seen = {name: lab(COLOUR_VISION[vision] @ linear(getattr(OWN[name], shade))) for name in DEFAULT}
    near = {(a, b): float(np.linalg.norm(seen[a] - seen[b])) for a, b in combinations(DEFAULT, 2)}
    assert min(near.values()) > 10, near


@pytest.mark.parametrize("vision", ["usual", "deuteranopia", "tritanopia"])
@pytest.mark.parametrize("shade", ["light", "dark"])
def test_the_default_backends_are_told_apart_by_value_alone(vision, shade):
    """By their lightness L*, as in a print without colours."""
    values = sorted(float(lab(COLOUR_VISION[vision] @ linear(getattr(OWN[name], shade)))[0]) for name in DEFAULT)
    assert min(np.diff(values)) > 4.5, values


def test_markers_differ():
    for part in ("marker", "variable", "light", "dark"):
        assert len({getattr(look, part) for look in EVERY}) == len(EVERY)


def test_every_backend_of_the_catalogue_has_a_look_of_its_own():
    assert set(ORDER) <= OWN.keys()


def test_a_stranger_takes_a_colour_that_nobody_else_has():
    found = looks(["numpy", "numba", "mine", "yours"])
    assert len({look.light for look in found.values()}) == 4
    assert found["numpy"] is OWN["numpy"]


def test_a_stranger_has_the_same_look_in_every_report():
    alone = looks(["mine"])["mine"]
    assert alone in GUESTS
    assert looks(["python", "numpy", "mine", "tape"])["mine"] == alone


def test_a_guest_is_told_from_ours_by_colour_alone():
    for guest in GUESTS:
        near = [np.linalg.norm(lab(linear(guest.light)) - lab(linear(own.light))) for own in OWN.values()]
        assert min(near) > 10, guest


def test_more_strangers_than_colours_still_have_a_look():
    assert len(looks([f"mine{i}" for i in range(30)])) == 30
