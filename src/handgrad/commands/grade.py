"""`handgrad grade`: a class."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from handgrad.commands.check import LossOption
from handgrad.commands.shared.options import Json, ProbeSeed, Resume, TimeLimit
from handgrad.commands.shared.output import exit_unless, show_run
from handgrad.commands.shared.runs import check_resume, progress_bar, resumable, run_folder


class GraderFormat(StrEnum):
    """The graders whose files can be written."""

    gradescope = "gradescope"
    prairielearn = "prairielearn"
    nbgrader = "nbgrader"
    otter = "otter"
    classroom50 = "classroom50"
    junit = "junit"


def grade(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="A folder of students' files or of a folder for each, single files, or a zip.", show_default=False
        ),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(
            help="TOML: points, the shares that mistakes leave, the functions to define. "
            "[default: 10 points, half for a mistake with a name, none for another]",
            show_default=False,
        ),
    ] = None,
    loss: Annotated[
        LossOption | None,
        typer.Option(help="The loss whose gradient is asked for, as in `check`.", show_default=False),
    ] = None,
    anonymous: Annotated[bool, typer.Option("--anonymous", help="Numbers in place of names.")] = False,
    file: Annotated[
        str | None,
        typer.Option("--file", help="The file to take where a student's folder has several.", show_default=False),
    ] = None,
    one_student: Annotated[
        bool, typer.Option("--one-student", help="The folder is one student's, not a class's.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Files at once. [default: as many as cores]", show_default=False)
    ] = None,
    time_limit: TimeLimit = 10.0,
    seed: ProbeSeed = 0,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the report. [default: runs/TIME-NAME]", show_default=False)
    ] = None,
    formats: Annotated[
        list[GraderFormat] | None,
        typer.Option("--format", help="Also write the files of a grader into the report's folder.", show_default=False),
    ] = None,
    make_autograder: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.zip",
            help="Only write an autograder for Gradescope, with --policy, --loss, --file, --seed and --time-limit.",
            show_default=False,
        ),
    ] = None,
    wheel: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.whl",
            help="The handgrad that Gradescope installs. [default: this version, from the package index]",
            show_default=False,
        ),
    ] = None,
    resume: Resume = False,
    json_output: Json = False,
) -> None:
    """Grade a class: a page with its common mistakes, and points. Exit code 0 if every file is right, 1 if one is not.

    Each file runs in a process of its own, in a folder where no other student's file stands.
    """
    from handgrad.compare.grade.grading import GradeOptions, grade_class
    from handgrad.compare.grade.policy import read_policy
    from handgrad.compare.results.grades.graded import Policy
    from handgrad.reports.grade.formats.catalogue import export
    from handgrad.reports.grade.html import write
    from handgrad.reports.grade.text import text

    if make_autograder is not None:
        kept = {"--time-limit": f"{time_limit:g}", "--seed": str(seed)}
        kept |= {"--loss": loss.value} if loss else {}
        write_autograder(make_autograder, kept | ({"--file": file} if file else {}), policy, wheel)
        return
    if not files:
        raise typer.BadParameter("expected a folder, files or a zip to grade")
    check_resume(resume, out)
    options = GradeOptions(
        policy=Policy() if policy is None else read_policy(policy),
        time_limit_seconds=time_limit,
        jobs=jobs,
        name=file,
        anonymous=anonymous,
        loss=None if loss is None else loss.value,
        one_student=one_student,
        seed=seed,
    )
    with run_folder(out, "class" if anonymous else str(files[0])) as folder, progress_bar() as progress:
        with resumable(folder):
            found = grade_class(files, options, folder, resume, progress)
        write(found, folder)
        for name in formats or []:
            export(found, name.value, folder / name.value)
    show_run(found, text, folder, json_output)
    exit_unless(found.passed)


def write_autograder(path: Path, options: dict[str, str], policy: Path | None, wheel: Path | None) -> None:
    """Writes a zip for Gradescope, after the policy was seen to be one."""
    import importlib.metadata
    from itertools import chain

    from handgrad.compare.grade.policy import read_policy
    from handgrad.compare.results.files import write_whole
    from handgrad.reports.grade.autograder import autograder

    requirement, packed = f"handgrad=={importlib.metadata.version('handgrad')}", {}
    if policy is not None:
        read_policy(policy)
        options, packed["policy.toml"] = options | {"--policy": "source/policy.toml"}, policy.read_bytes()
    if wheel is not None:
        if not (wheel.is_file() and wheel.name.startswith("handgrad-") and wheel.suffix == ".whl"):
            raise typer.BadParameter(f"--wheel: expected a file handgrad-….whl, got {wheel}")
        requirement, packed[wheel.name] = f"source/{wheel.name}", wheel.read_bytes()
    write_whole(path, autograder(requirement, list(chain.from_iterable(options.items())), packed))
    typer.echo(f"{path} is ready to be uploaded to Gradescope.")
