"""One look per backend, the same in every table and figure: a colour for light, one for dark, a dash and a marker.

The hues are those of Okabe and Ito (*Color Universal Design*, 2008), told apart by people with any common colour
vision. On each background they are shifted until their contrast is at least 3 to 1 (WCAG 2.2, 1.4.11); the tests hold
both. Dashes and markers differ as well, so that no figure depends on colour alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

#: What a backend without a look of its own takes, in this order.
_SPARE = ("moments", "jax", "torch-compile", "numba-tiled", "tape", "torch", "numba", "numpy", "python")


@dataclass(frozen=True)
class Look:
    """How a backend is drawn: `light` and `dark` are colours for those backgrounds, `variable` the CSS name of both."""

    variable: str
    light: str
    dark: str
    marker: str


@dataclass(frozen=True)
class Paper:
    """The page's own colours: background, text, lesser text, lines of the grid, and a tint behind areas."""

    background: str
    ink: str
    faint: str
    grid: str
    tint: str


LIGHT = Paper("#ffffff", "#1b1f24", "#5f6873", "#dfe3e8", "#f4f6f8")
DARK = Paper("#14171a", "#e4e7ea", "#98a1ab", "#333a42", "#1d2125")

OWN: dict[str, Look] = {
    "python": Look("--python", "#0072b2", "#4aa3e0", "o"),
    "numpy": Look("--numpy", "#c27c00", "#e69f00", "s"),
    "numba": Look("--numba", "#00855f", "#1fbd8f", "D"),
    "numba-tiled": Look("--numba-tiled", "#4b2fc9", "#8c7bff", "<"),
    "torch": Look("--torch", "#b54200", "#ee7733", "^"),
    "tape": Look("--tape", "#b0558a", "#dd8fbb", "v"),
    "moments": Look("--moments", "#2b8fc9", "#7cc8f2", "P"),
    "numba-compensated": Look("--numba-compensated", "#3d6b21", "#a3cf62", "p"),
    "torch-compile": Look("--torch-compile", "#7a3b12", "#b5754a", "X"),
    "jax": Look("--jax", "#857a00", "#e5d94a", "h"),
    "exact": Look("--exact", LIGHT.ink, DARK.ink, "*"),
}


def looks(names: Iterable[str]) -> dict[str, Look]:
    """The look of each backend; one that is not ours takes the first colour that nobody else in `names` has."""
    names = list(names)
    free = [OWN[spare] for spare in _SPARE if spare not in names] or [OWN[spare] for spare in _SPARE]
    strangers = sorted(set(names) - OWN.keys())
    taken = {name: free[position % len(free)] for position, name in enumerate(strangers)}
    return {name: OWN.get(name) or taken[name] for name in names}
