"""Formulas as MathML, which every browser sets without network and without a font to load.

Source: MathML Core, W3C. What is read are lines as `explain_words` writes them: ``∂L/∂r = {2 × (-0.9)}/{2} = -0.9``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from markupsafe import Markup

_TOKEN = re.compile(
    r"\{(?P<above>[^{}]*)\}/\{(?P<below>[^{}]*)\}"
    r"|∂(?P<of>\w+)/∂(?P<by>\w+)"
    r"|(?P<number>-?\d[\d.]*(?:e[+-]?\d+)?)"
    r"|(?P<word>\w+)"
    r"|(?P<sign>\S)"
)
_WORD = re.compile(r"(?P<base>[^\W\d_ᵀ²])(?:(?P<index>\d+)|(?P<power>[ᵀ²]))?")
_POWERS = {"ᵀ": "<mi>T</mi>", "²": "<mn>2</mn>"}

#: Signs that stand between two things.
_BETWEEN = "=+−×·←"

#: Words that are products of one-letter names.
_PRODUCTS = ("XW",)


def mathml(formula: str) -> Markup:
    """The formula as one `<math>` element."""
    return Markup('<math displaystyle="true">{}</math>').format(row(formula))


def pieces(sides: tuple[str, ...]) -> list[Markup]:
    """An equation as several `<math>` elements, between which a line may break."""
    first, *rest = sides
    return [mathml(first), *(mathml(piece) for side in rest for piece in _broken(f"= {side}"))]


def row(formula: str) -> Markup:
    """The formula's parts in a row."""
    return Markup("<mrow>{}</mrow>").format(Markup("").join(_parts(formula)))


def _broken(side: str) -> list[str]:
    """The side, cut before each term of a sum and each factor that is a list, and in lists; but not in fractions."""
    return re.split(r"(?:(?<=,) | (?=\+ |× \[))(?![^{]*\})", side)


def _parts(formula: str) -> Iterator[Markup]:
    for match in _TOKEN.finditer(formula):
        if match["above"] is not None:
            above = re.sub(r"^\((.*)\)$", r"\1", match["above"]) if " + " in match["above"] else match["above"]
            yield Markup("<mfrac>{}{}</mfrac>").format(row(above), row(match["below"]))
        elif match["of"] is not None:
            yield Markup("<mfrac><mrow><mo>∂</mo>{}</mrow><mrow><mo>∂</mo>{}</mrow></mfrac>").format(
                row(match["of"]), row(match["by"])
            )
        elif match["number"] is not None:
            yield _number(match["number"])
        elif match["word"] is not None:
            yield _word(match["word"])
        else:
            form = Markup(' form="infix"') if match["sign"] in _BETWEEN else ""  # though a piece may begin with it
            yield Markup("<mo{}>{}</mo>").format(form, match["sign"])


def _number(text: str) -> Markup:
    mantissa, _, exponent = text.replace("-", "−").partition("e")
    shown = Markup("<mn>{}</mn>").format(mantissa)
    if not exponent:
        return shown
    power = Markup("<msup><mn>10</mn><mn>{}</mn></msup>").format(exponent.lstrip("+"))
    return Markup("{}<mo>·</mo>{}").format(shown, power)


def _word(word: str) -> Markup:
    if word == "Σ":
        return Markup("<mo>Σ</mo>")
    if word in _PRODUCTS:
        return Markup("").join(_word(letter) for letter in word)
    match = _WORD.fullmatch(word)
    if match is None:
        return Markup("<mtext>\u00a0{}</mtext>").format(word)  # a name: apart from what it is multiplied with
    base = Markup("<mi>{}</mi>").format(match["base"])
    if match["index"] is not None:
        return Markup("<msub>{}<mn>{}</mn></msub>").format(base, match["index"])
    if match["power"] is not None:
        return Markup("<msup>{}{}</msup>").format(base, Markup(_POWERS[match["power"]]))
    return base
