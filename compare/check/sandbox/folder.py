"""The folder in which a student's file is run: a copy of what stands beside it, which may be written into.

So a file finds the data beside it, and what it writes is gone afterwards. What is too large to be copied is linked.
"""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from handgrad.compare.lifetime import PREFIX

#: Of all copies together.
MOST_FILES, MOST_BYTES = 200, 16 * 1024 * 1024


def furnish(folder: Path, source: Path) -> None:
    """Fills the folder with the files and folders of another, without what is hidden or nobody wrote."""
    _copy(source, folder, [MOST_FILES, MOST_BYTES])


def _copy(source: Path, folder: Path, left: list[int]) -> None:
    """Files first, so that a large folder does not use up what is left."""
    entries = sorted((p for p in source.iterdir() if _counts(p)), key=lambda p: (p.is_dir(), p.name))
    for path in entries:
        with contextlib.suppress(OSError):  # what cannot be read is not there for the student's code, either
            if path.is_dir() and not path.is_symlink() and left[0] > 0:
                (folder / path.name).mkdir()
                _copy(path, folder / path.name, left)
            elif path.is_file() and left[0] > 0 and path.stat().st_size <= left[1]:
                left[:] = [left[0] - 1, left[1] - path.stat().st_size]
                shutil.copyfile(path, folder / path.name)
            elif path.is_file() or path.is_dir():
                (folder / path.name).symlink_to(path)


def _counts(path: Path) -> bool:
    return not path.name.startswith((".", "__pycache__", PREFIX))
