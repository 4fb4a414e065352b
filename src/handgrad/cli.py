"""The command line: `handgrad COMMAND`. Each command's file imports what it needs when it runs, so `--help` is quick.

Exit codes: 0 done; 1 done, and a check failed; 2 the input or the usage is wrong (one line on stderr); 3 nothing could
run; 130 interrupted; 143 terminated (128 and the signal's number).
"""

from __future__ import annotations

import atexit
import gc
import io
import os
import sys
import warnings
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from handgrad.commands.backends import backends
from handgrad.commands.bench import bench
from handgrad.commands.check import check
from handgrad.commands.compare import compare
from handgrad.commands.datasets import datasets
from handgrad.commands.diff import diff
from handgrad.commands.evaluate import evaluate
from handgrad.commands.exercise import exercise
from handgrad.commands.explain import explain
from handgrad.commands.generate import generate
from handgrad.commands.gradcheck import gradcheck
from handgrad.commands.grade import grade
from handgrad.commands.learn import learn
from handgrad.commands.report import report
from handgrad.commands.reproduce import reproduce
from handgrad.commands.train import train
from handgrad.limits import check_limit, told
from handgrad.signals import ENDING, INTERRUPTED, Terminated

USAGE_ERROR = 2
NOTHING_RAN = 3

#: What a browser's Python, or a bare environment, may lack; what needs none of them works there.
LIBRARIES = frozenset(("numba", "llvmlite", "pandas", "pyarrow", "psutil", "threadpoolctl", "matplotlib"))

#: What is asked for without anything being run.
HELP = {"-h", "--help", "--version"}

#: Of the environment.
THREADS_VARIABLE, LAYER_VARIABLE = "NUMBA_NUM_THREADS", "NUMBA_THREADING_LAYER"
UNCOMPILED_VARIABLE = "NUMBA_DISABLE_JIT"

#: What Numba knows as the latter.
LAYERS = ("default", "safe", "forksafe", "threadsafe", "tbb", "omp", "workqueue")

#: How Numba says that it can load none of those that were asked for.
NO_LAYER = "No threading layer could be loaded"

#: Pydantic's words, and ours.
WORDS = {"a valid integer": "a whole number", "a valid number": "a number"}

#: Options of a folder; a shell's empty variable would make it the current one.
FOLDERS = ("--out", "--data-dir")


class OneLineErrors(TyperGroup):
    """Turns what a user can mend into one line on stderr and exit code 2; anything else keeps its traceback."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Runs a command and leaves with its exit code; errors are told here, so typer's standalone mode is off."""
        code: object = None
        try:
            if not HELP & set(sys.argv[1:] if args is None else args):
                check_limit()
            check_folders(sys.argv[1:] if args is None else args)
            code = super().main(
                with_first_rung(args), prog_name or "handgrad", complete_var, False, windows_expand_args, **extra
            )
        except (KeyboardInterrupt, typer.Abort) as end:
            if isinstance(end.__cause__, EOFError):  # of a file; typer takes it for that of a terminal
                raise end.__cause__ from None
            code = INTERRUPTED
        except Terminated as end:
            code = end.code
        except Exception as error:
            if ENDING.number is None:  # else it is what a library made of the signal
                code = _told(error)
        leave(code if isinstance(code, int) else 0)


def with_first_rung(args: Sequence[str] | None) -> list[str]:
    """The arguments, with 1 after a `--hint` that has no number: an option's value cannot be left out."""
    given = list(sys.argv[1:] if args is None else args)
    for place in reversed([i for i, word in enumerate(given) if word == "--hint"]):
        if not (given[place + 1 : place + 2] or ["-"])[0].isdecimal():
            given.insert(place + 1, "1")
    return given


def check_folders(args: Sequence[str]) -> None:
    """Refuses a folder that has no name.

    Raises:
        BadParameter: For the first one.
    """
    for word, following in pairwise([*args, "-"]):
        name, equals, value = word.partition("=")
        if name in FOLDERS and not (value if equals else following):
            raise typer.BadParameter(f"{name}: expected a folder, got nothing")


def leave(code: int) -> NoReturn:
    """Leaves with an exit code, or with that of a signal, whatever a library has made of the exception."""
    if ENDING.number is not None:
        ENDING.leave()
    if code == INTERRUPTED:  # typer's own answer to Ctrl-C
        _say("interrupted")
    sys.exit(code)


def _told(error: Exception) -> int:
    """Says what a user can mend in one line, and gives the exit code; a mistake of ours is raised again.

    A command that stands alone, and does nothing alone, is answered with its help, in its lines.
    """
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(error.format_message(), err=True)  # type: ignore[attr-defined]
        return USAGE_ERROR
    if (line := _line(error)) is None:
        raise error
    _say(line)
    return NOTHING_RAN if type(error).__name__ == "NothingRan" else USAGE_ERROR


def _line(error: Exception) -> str | None:
    """The line that a user gets for an error; None for a mistake of ours."""
    if isinstance(error, typer.BadParameter) and error.param is None:  # a command's own, which names its option
        return " ".join(error.message.split())
    if type(error).__name__ == "DeviceAbsent":
        return f"--device {error.device}: {error.why}; leave --device out"  # type: ignore[attr-defined]
    if hasattr(error, "format_message"):  # click's: an unknown option, a missing argument
        if validated := getattr(error.__cause__, "errors", None):
            error.message = _in_our_words(validated()[0])  # type: ignore[attr-defined]
        return " ".join(error.format_message().split())
    if type(error).__name__ == "BackendUnavailable" and (line := told(error)) is not None:
        return line  # its library got no addresses while it was imported
    if type(error).__module__.partition(".")[0] == "handgrad" and isinstance(
        error, (ValueError, ImportError, RuntimeError)
    ):
        return str(error)
    if isinstance(error, ModuleNotFoundError) and error.name in LIBRARIES:
        return f"this needs {error.name}, which is not installed: pip install {error.name}"
    if (line := told(error)) is not None:
        return line
    if NO_LAYER in str(error):
        layer = os.environ.get(LAYER_VARIABLE, LAYERS[0])
        return f"{LAYER_VARIABLE}: Numba cannot load {layer!r} on this machine; correct or unset it"
    if isinstance(error, MemoryError):
        return f"out of memory{f' ({error})' if str(error) else ''}; take fewer rows or columns, or a larger machine"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return None


def _in_our_words(found: dict[str, Any]) -> str:
    """What pydantic, by which typer reads an option's value, found wrong with it: what was expected, and what came."""
    from handgrad.data.errors import shown

    said, given = str(found["msg"]), shown(str(found["input"]))
    if not said.startswith("Input should be "):
        return said.removeprefix("Value error, ")
    expected = said.removeprefix("Input should be ").partition(",")[0]
    if expected.startswith(("greater", "less")):
        expected = f"a number {expected}"
    return f"expected {WORDS.get(expected, expected)}, got {given}"


def _say(line: str) -> None:
    typer.echo(f"handgrad: {line}", err=True)


app = typer.Typer(
    name="handgrad",
    cls=OneLineErrors,
    help="Gradients by hand, held against autodiff, against every backend and against the exact answer.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "token_normalize_func": lambda token: token.replace("_", "-"),
        "max_content_width": 100,
    },
)


def _version(wanted: bool) -> None:
    if wanted:
        import importlib.metadata

        typer.echo(f"handgrad {importlib.metadata.version('handgrad')}")
        raise typer.Exit


@app.callback()
def handgrad(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Gradients by hand, held against autodiff, against every backend and against the exact answer."""


for command in (
    compare,
    bench,
    diff,
    check,
    grade,
    gradcheck,
    explain,
    learn,
    generate,
    train,
    evaluate,
    report,
    reproduce,
    backends,
    datasets,
):
    app.command()(command)
app.add_typer(exercise)


def _collect_garbage_seldom() -> None:
    """A command makes many objects and is soon over: looking for cycles took a tenth of the time of `report`."""
    gc.set_threshold(100_000, 50, 100)
    atexit.register(gc.freeze)  # nor are they looked for at the end


def _wrong_variable() -> str | None:
    """What is wrong with a variable that Numba reads, and refuses with a traceback."""
    layer = os.environ.get(LAYER_VARIABLE, LAYERS[0])
    if layer.lower() not in LAYERS:
        return f"{LAYER_VARIABLE}: expected one of {', '.join(LAYERS)}, got {layer!r}; correct or unset it"
    uncompiled = os.environ.get(UNCOMPILED_VARIABLE, "")
    if uncompiled not in ("", "0"):
        return f"{UNCOMPILED_VARIABLE}: expected 0, as kernels are compiled, got {uncompiled!r}; correct or unset it"
    given = os.environ.get(THREADS_VARIABLE)
    if given is None or (given.isdecimal() and int(given) > 0):
        return None
    return f"{THREADS_VARIABLE}: expected a whole number from 1 on, got {given!r}; correct or unset it"


def _warned(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
    """Says what a user should know of a plug-in in one line; other warnings are shown as Python shows them."""
    if category.__name__ == "PluginWarning":
        _say(str(message))
    else:
        _SHOW_WARNING(message, category, *where, **more)


_SHOW_WARNING = warnings.showwarning


def main() -> None:
    """The entry point of the `handgrad` command."""
    warnings.showwarning = _warned
    os.environ["MPLBACKEND"] = "agg"  # which draws every figure here; a name that matplotlib refuses would end a run
    _collect_garbage_seldom()
    if (told := _wrong_variable()) is not None:
        _say(told)
        sys.exit(USAGE_ERROR)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a pipe's encoding may lack λ and ≤ (cp1252 on Windows)
    app()
