"""What somebody else's code has to say, on its way to a message: one line that can be printed, and not too long."""

from __future__ import annotations

#: Characters of it that a message shows.
SHOWN = 300

#: Characters that are looked at: of ten million, the rest is nobody's message.
LOOKED_AT = 10_000


def one_line(text: str, limit: int = SHOWN) -> str:
    r"""The text in one line of at most so many characters; what is not printable is escaped, as in "\x1b"."""
    visible = "".join(map(_visible, text[:LOOKED_AT]))
    words = " ".join(visible.split())
    return words if len(words) <= limit else words[: limit - 1] + "…"


def message_of(error: BaseException) -> str:
    """What an exception says, in one line."""
    try:
        return one_line(str(error))
    except BaseException as another:  # whatever its __str__ does: it must cost no more than its message
        return f"its message cannot be shown ({one_line(type(another).__name__, 60)})"


def _visible(character: str) -> str:
    """A character; a blank for a line's end or a tab."""
    if character.isprintable():
        return character
    return " " if character.isspace() else character.encode("unicode_escape").decode()
