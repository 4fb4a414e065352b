"""One figure in three forms: PNG and SVG on white, for slides, and an SVG that takes its colours from the page.

The page's SVG has each of the light colours replaced by a CSS variable, so that the same lines serve light, dark and
paper; its text stays text, set in the page's own face. The file's text stays text, too: it can be edited on a slide.
"""

from __future__ import annotations

import base64
import html
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from handgrad.reports.look import style
from handgrad.reports.look.colours import EVERY, LIGHT
from handgrad.reports.look.style import Drawing, applied

_VARIABLES = {look.light: look.variable for look in EVERY} | {
    LIGHT.background: "--background",
    LIGHT.ink: "--ink",
    LIGHT.faint: "--faint",
    LIGHT.grid: "--grid",
    LIGHT.tint: "--tint",
}


#: Characters of a path from which on it is a curve, and no marker.
LONG_PATH = 300


@dataclass(frozen=True)
class Picture:
    """A `Drawing` as it is written: `svg` for a page, `png` and `svg_file` for files of their own."""

    name: str
    title: str
    caption: str
    alt: str
    svg: str
    png: bytes
    svg_file: str


def pictures(drawn: Sequence[Drawing]) -> list[Picture]:
    """Each drawing in all forms."""
    return [_picture(one) for one in drawn]


def _picture(one: Drawing) -> Picture:
    raw = _raw(one.figure)
    page, file = _for_page(raw, one.name, one.alt), _for_file(raw, one.title, one.alt)
    return Picture(one.name, one.title, one.caption, one.alt, page, png(one.figure), file)


def png(figure: Figure) -> bytes:
    """The figure as PNG, on white, as large as a slide needs it."""
    target = io.BytesIO()
    with applied():
        settle(figure)
        figure.savefig(target, format="png", dpi=style.FILE_DPI)
    return target.getvalue()


def svg(drawing: Drawing) -> str:
    """The figure as an SVG element for a page: no size, font or colour of its own, and ids that are unique there."""
    return _for_page(_raw(drawing.figure), drawing.name, drawing.alt)


def _raw(figure: Figure) -> str:
    """As matplotlib writes it, without a background."""
    target = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with applied():
        settle(figure)
        figure.savefig(target, format="svg", transparent=True, metadata=nothing)
    return target.getvalue()


def image(drawing: Drawing) -> str:
    """The figure for a notebook: title and `<img>` that carries all of itself, on white."""
    source = base64.b64encode(_for_file(_raw(drawing.figure), drawing.title, drawing.alt).encode()).decode()
    return (
        f'<p><strong>{html.escape(drawing.title)}</strong><br><img alt="{html.escape(drawing.alt)}" '
        f'style="width: 30rem; max-width: 100%" src="data:image/svg+xml;base64,{source}"></p>'
    )


def settle(figure: Figure) -> None:
    """Finds the layout once: matplotlib would do so twice for each form, which took half of the time of a report."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine(None)


def _for_file(source: str, title: str, alt: str) -> str:
    """An SVG that stands alone: on white, in a face of the same widths where DejaVu is missing, with its words."""
    body = re.sub(r'\bid="backend:([^"]*)"', r'data-backend="\1"', source)
    body = body.replace("'DejaVu Sans'", "'DejaVu Sans', Verdana, sans-serif")
    words = f"<title>{html.escape(title)}</title><desc>{html.escape(alt)}</desc>"
    start = body.index(">", body.index("<svg")) + 1
    return f'{body[:start]}{words}<rect width="100%" height="100%" fill="{LIGHT.background}"/>{body[start:]}'


def _for_page(source: str, name: str, alt: str) -> str:
    body = source[source.index("<svg") :]
    for unwanted in (r"<!--.*?-->", r"<metadata>.*?</metadata>", r"<style.*?</style>", r'\sxmlns(:\w+)?="[^"]*"'):
        body = re.sub(unwanted, "", body, flags=re.DOTALL)
    body = re.sub(r"<defs>\s*</defs>\s*", "", body).replace("xlink:href", "href")
    body = re.sub(r'\bid="backend:([^"]*)"', r'data-backend="\1"', body)
    body = re.sub(r'\bid="([^"]*)"', rf'id="{name}-\1"', body)
    body = re.sub(r'href="#([^"]*)"', rf'href="#{name}-\1"', body)
    body = re.sub(r"url\(#([^)]*)\)", rf"url(#{name}-\1)", body)
    body = re.sub(r"font: (?:(\w+) )?([\d.]+)px [^;\"]*", _font, body)  # up to matplotlib 3.10; since then in parts:
    body = re.sub(r" ?font-family: [^;\"]*;?", "", body)
    body = re.sub(r'\bd="([^"]*)"', _thin, body)
    body = re.sub(r'\b(x|y)="(-?\d+\.\d{2})\d+"', r'\1="\2"', body)
    body = re.sub(r">\s+<", "><", body)
    body = re.sub(r"#[0-9a-f]{6}\b", lambda hit: _colour(hit.group()), body)
    box = re.search(r'viewBox="[^"]*"', body)
    assert box is not None, "matplotlib's SVG has a viewBox"
    label = html.escape(alt, quote=True)
    return f'<svg {box.group()} role="img" aria-label="{label}"{body[body.index(">") :]}'


def _thin(hit: re.Match[str]) -> str:
    """A path with as many decimals as are seen: a tenth of a point in a long one, a hundredth in a marker."""
    places = 1 if len(hit.group(1)) > LONG_PATH else 2
    short = re.sub(
        r"-?\d+\.\d+", lambda number: f"{float(number.group()):.{places}f}".rstrip("0").rstrip("."), hit.group(1)
    )
    return f'd="{" ".join(short.split())}"'


def _font(hit: re.Match[str]) -> str:
    weight = f"; font-weight: {hit.group(1)}" if hit.group(1) else ""
    return f"font-size: {hit.group(2)}px{weight}"


def _colour(hexadecimal: str) -> str:
    return f"var({_VARIABLES[hexadecimal]})" if hexadecimal in _VARIABLES else hexadecimal
