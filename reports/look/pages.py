"""The pages' templates, and what all of them need: one file each, no network, light and dark."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from handgrad.reports.look.colours import DARK, LIGHT, OWN

TEMPLATES = Path(__file__).parent / "templates"


def page(template: str, **content: Any) -> str:
    """A template that extends `page.html`, filled in; what is not `Markup` is escaped."""
    return _environment().get_template(template).render(light=LIGHT, dark=DARK, looks=tuple(OWN.values()), **content)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
