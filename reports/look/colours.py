"""One look per backend, the same in every table and figure: a colour for light, one for dark, a dash and a marker.

The hues lie near those of Okabe and Ito (*Color Universal Design*, 2008). The seven of a default run differ in
lightness, too, by at least 4.5 of CIELAB's L* for usual, deutan and tritan vision (Machado, Oliveira, Fernandes 2009),
so that they are told apart by value alone; protans tell two pairs apart by their hue. On each background the contrast
is at least 3 to 1 (WCAG 2.2, 1.4.11). The tests hold all of it. Markers differ, too: no figure depends on colour alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass


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
    "python": Look("--python", "#032f4f", "#0f84b3", "o"),
    "numpy": Look("--numpy", "#9a7835", "#cfaa5a", "s"),
    "numba": Look("--numba", "#005a46", "#27b199", "D"),
    "numba-tiled": Look("--numba-tiled", "#5e1c83", "#947aee", "<"),
    "torch": Look("--torch", "#9b4b04", "#8f5736", "^"),
    "tape": Look("--tape", "#a25778", "#fdc6e1", "v"),
    "moments": Look("--moments", "#189ce1", "#8acbff", "P"),
    "numba-compensated": Look("--numba-compensated", "#3d6b21", "#a3cf62", "p"),
    "torch-compile": Look("--torch-compile", "#7a3b12", "#b5754a", "X"),
    "jax": Look("--jax", "#857a00", "#e5d94a", "h"),
    "cupy": Look("--cupy", "#b0481e", "#f29a76", "$c$"),
    "numba-cuda": Look("--numba-cuda", "#4a7f00", "#b7e07a", "$n$"),
    "exact": Look("--exact", LIGHT.ink, DARK.ink, "*"),
}


#: For backends that are not ours: hues that none of ours has, and markers that none of ours has.
GUESTS = (
    Look("--guest-1", "#a3123c", "#ff6b8f", ">"),
    Look("--guest-2", "#4d6b7a", "#9fb8c6", "d"),
    Look("--guest-3", "#8a00a8", "#d783ec", "H"),
    Look("--guest-4", "#007a86", "#39d0dc", "8"),
    Look("--guest-5", "#5c3d00", "#c9a56a", "$+$"),
    Look("--guest-6", "#0b3d91", "#7da7ff", "$x$"),
)


EVERY = (*OWN.values(), *GUESTS)


def looks(names: Iterable[str]) -> dict[str, Look]:
    """The look of each backend. One that is not ours takes a guest's by its name, the same in every report.

    Where another guest of the same report has it already, the next one is taken; past them, looks come twice.
    """
    names = list(names)
    taken = dict[str, Look]()
    for name in sorted(set(names) - OWN.keys()):
        first = zlib.crc32(name.encode()) % len(GUESTS)
        order = (*GUESTS[first:], *GUESTS[:first])
        taken[name] = next((look for look in order if look not in taken.values()), order[0])
    return {name: OWN.get(name) or taken[name] for name in names}
