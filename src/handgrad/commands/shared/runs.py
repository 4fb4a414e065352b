"""A run while it goes on: its folder, what is said of its progress, and how it is gone on with."""

from __future__ import annotations

import contextlib
import itertools
import re
import shlex
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from handgrad.commands.shared.lock import locked
from handgrad.signals import advised

if TYPE_CHECKING:
    from handgrad.compare.timing.progress import Progress


@contextlib.contextmanager
def run_folder(out: Path | None, source: str) -> Iterator[Path]:
    """The folder of --out, or a new one under runs/, which is gone again if nothing was written.

    Raises:
        FolderInUse: If another run writes there.
    """
    folder = claimed_folder(source) if out is None else out
    try:
        with locked(folder):
            yield folder
    finally:
        if out is None and not any(folder.iterdir()):
            folder.rmdir()


def claimed_folder(source: str) -> Path:
    """A new folder under runs/, named by time and by what of the source's name is harmless in a path.

    It is made here, so that of two runs that start in the same second each has its own.
    """
    stem = Path(source[:200]).name.partition(" ")[0].partition(".")[0]
    name = re.sub(r"[^A-Za-z0-9_]+", "-", stem).strip("-")[:40] or "table"
    wanted = Path("runs", f"{datetime.now():%Y%m%d-%H%M%S}-{name}")
    for attempt in itertools.count(1):
        folder = wanted if attempt == 1 else wanted.with_name(f"{wanted.name}-{attempt}")
        with contextlib.suppress(FileExistsError):  # another run's
            folder.mkdir(parents=True)
            break
    return folder


def check_resume(resume: bool, out: Path | None) -> None:
    """Refuses to go on with a run whose folder is not named."""
    if resume and out is None:
        raise typer.BadParameter("--resume needs --out, the folder of the run to go on with")


@contextlib.contextmanager
def resumable(folder: Path) -> Iterator[None]:
    """Says where an earlier run of that folder went, and how to go on when Ctrl-C or a signal ends this one."""
    from handgrad.compare.timing.journal import FILE, earlier

    def how_to_go_on() -> str | None:
        kept = (folder / FILE).exists()
        return f"finished measurements are kept; go on with --resume --out {shlex.quote(str(folder))}" if kept else None

    before = earlier(folder)
    try:
        with advised(how_to_go_on):
            yield
    finally:
        for moved in earlier(folder)[len(before) :]:
            typer.echo(f"handgrad: the run that stood in {folder} is kept in {moved}", err=True)


@contextlib.contextmanager
def progress_bar() -> Iterator[Progress]:
    """Says what is going on: a line that changes on a terminal, a line each otherwise, always on stderr."""
    if not sys.stderr.isatty():
        yield lambda what, done, of: typer.echo(f"[{done}/{of}] {what}", err=True)
        return
    from rich.console import Console

    console = Console(stderr=True)
    with console.status("starting") as status:
        yield lambda what, done, of: status.update(f"[{done}/{of}] {what}".replace("[", r"\["))
