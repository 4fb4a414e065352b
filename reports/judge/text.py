"""A judgement as text: for a terminal, an assertion's message, and a notebook."""

from __future__ import annotations

from html import escape

from handgrad.compare.results.functions.judgement import Judgement
from handgrad.reports.judge import words

#: Columns that the first word of a line takes.
WIDTH = 13


def text(found: Judgement) -> str:
    """The verdict, and a line for each thing that there is to say."""
    return "\n".join([words.heading(found), *(f"  {word:{WIDTH}}{sentence}" for word, sentence in words.lines(found))])


def notebook(found: Judgement) -> str:
    """HTML for `_repr_html_`; it inherits the notebook's own look, light or dark."""
    rows = "".join(
        f'<tr><th scope="row">{escape(word)}</th><td>{escape(sentence)}</td></tr>'
        for word, sentence in words.lines(found)
    )
    return f"<div><p><strong>{escape(words.heading(found))}</strong></p><table><tbody>{rows}</tbody></table></div>"
