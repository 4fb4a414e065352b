"""Text that came from a file, made safe to show: one line, no control characters, cut to a width.

Escaping for HTML is the template's; here nothing is trusted to be short, printable, or to run from left to right.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from pathlib import PurePath, PureWindowsPath

from rich.cells import cell_len, chop_cells

#: The longest name that a figure, a table or a sentence shows.
NAME_WIDTH = 32

#: Unicode categories that have no shape of their own, or change the shape of what stands around them.
_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def shown(name: str, width: int = NAME_WIDTH) -> str:
    """The name on one line of at most `width` columns; what cannot be seen is written as its code point."""
    head = name[: 4 * width].strip() if len(name) > 4 * width else name.strip()
    visible = "".join(_visible(character) for character in head)
    text = " ".join(visible.split()) or "(no name)"
    if len(head) < len(name.strip()) or columns(text) > width:
        return _cut(text, width - 1) + "…"
    return text


def file_name(source: str) -> str:
    """The last part of a path: a report may be passed on, and tells nobody the folders of another's machine."""
    return PureWindowsPath(source).name or source if PureWindowsPath(source).drive else PurePath(source).name or source


def command_line(command: str, width: int = 1000) -> str:
    """A command as it is shown: of an absolute path its last part, as in `file_name`."""
    try:
        words = shlex.split(command)
    except ValueError:  # no command of ours
        return shown(re.sub(r"/\S*/", "", command), width)
    return shown(shlex.join(map(_without_folder, words)), width)


def _without_folder(word: str) -> str:
    option, equals, value = word.rpartition("=")
    absolute = PurePath(value).is_absolute() or PureWindowsPath(value).is_absolute()
    return f"{option}{equals}{file_name(value)}" if absolute else word


def columns(text: str) -> int:
    """How many columns of a terminal the text takes: two for a wide character, none for a combining one."""
    return cell_len(text)


def safe_lines(text: str, lines: int = 400, width: int = 160) -> str:
    """Several lines, such as source code: tabs as spaces, invisible characters visible, cut in both directions."""
    every = text.splitlines()
    cut = [_cut_line("".join(_visible(c) for c in line[: 4 * width].expandtabs(4)), width) for line in every[:lines]]
    return "\n".join(cut if len(every) <= lines else [*cut, f"… {len(every) - lines} more lines"])


def _cut_line(line: str, width: int) -> str:
    return line if columns(line) <= width else _cut(line, width - 1) + "…"


def _visible(character: str) -> str:
    if character.isspace():
        return " "
    if unicodedata.category(character) in _INVISIBLE:
        return f"\\u{ord(character):04x}"
    return character


def _cut(text: str, width: int) -> str:
    return next(iter(chop_cells(text, width)), "")
