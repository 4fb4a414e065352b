"""The pages' templates, and what all of them need: one file each, no network, light and dark."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from handgrad.reports.look.colours import DARK, EVERY, LIGHT

TEMPLATES = Path(__file__).parent / "templates"


def page(template: str, **content: Any) -> str:
    """A template that extends `page.html`, filled in; what is not `Markup` is escaped."""
    return _environment().get_template(template).render(light=LIGHT, dark=DARK, looks=EVERY, **content)


def policy_hash(script: str) -> str:
    """A script as the page's content security policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["prose"] = prose
    made.filters["opening"] = opening
    return made


def opening(text: str) -> str:
    """A sentence that goes on after a colon elsewhere, where it stands by itself."""
    return text[0].upper() + text[1:] if text.startswith(("its ", "for ", "this ")) else text


def prose(text: str) -> Markup:
    """A sentence, escaped; what stands between `backticks` is code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))
