"""The students' files: found in a folder, in a list or in a zip, and copied so that none can reach another's.

A file on its own is a student's, named by it; a folder within the class's folder is one, too, and what else stands in
it may be imported by the student's file. Links are never followed, and a zip is unpacked within bounds.
"""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from handgrad.compare.results.grades.graded import NotGraded

SUFFIXES = (".py", ".ipynb")
#: Of a zip: its files, and their bytes unpacked; of one student's folder, its bytes.
MOST_FILES, MOST_BYTES, MOST_STUDENT_BYTES = 20_000, 512 * 2**20, 64 * 2**20
_CHUNK = 2**20


class SubmissionError(ValueError):
    """There is nothing to grade, or a zip that must not be unpacked; the message says why."""


@dataclass(frozen=True)
class Submission:
    """A student's file.

    Attributes:
        student: The name of the file or of the folder.
        file: Its path within what was given.
        path: Where it stands.
        beside: The folder whose files it may import; None for a file on its own.
    """

    student: str
    file: str
    path: Path
    beside: Path | None = None

    def digest(self) -> str:
        """SHA-256 of its content and of the files beside it, with their names."""
        digest = hashlib.sha256()
        for path in [self.path] if self.beside is None else sorted(_files(self.beside)):
            name = path.relative_to(self.beside or path.parent).as_posix() if self.beside else ""
            content = path.read_bytes()
            digest.update(f"{len(name)} {len(content)} {name}".encode("utf-8", "surrogateescape") + content)
        return digest.hexdigest()

    def copied(self, folder: Path) -> Path:
        """The file, alone with what it may import, in a folder of its own."""
        if self.beside is None:
            target = folder / f"submission{self.path.suffix}"
            shutil.copyfile(self.path, target)
            return target
        for path in _files(self.beside):
            target = folder / path.relative_to(self.beside)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        return folder / self.path.relative_to(self.beside)


def submissions(
    given: Sequence[Path], unpacked: Path, name: str | None = None, one_student: bool = False
) -> tuple[list[Submission], list[NotGraded]]:
    """The students' files of folders, files and zips, in the order of the students' names; and what is left out.

    Args:
        given: Folders, `.py` and `.ipynb` files, zips.
        unpacked: An empty folder, into which zips are unpacked.
        name: The file to take where a student's folder has several; otherwise it must have one.
        one_student: A folder that is given is a student's, not a class's.

    Raises:
        SubmissionError: If there is no such file, none to grade, or a zip is unsafe.
    """
    found: list[Submission | NotGraded] = []
    for number, path in enumerate(given):
        if path.is_dir():
            found += [_of_student(path, name)] if one_student else _of_folder(path, name)
        elif path.is_file() and zipfile.is_zipfile(path):  # a pipe or a device would be read for ever
            found += _of_folder(unpack(path, unpacked / str(number)), name)
        elif path.suffix in SUFFIXES and path.is_file():
            found.append(_of_file(path))
        else:
            raise SubmissionError(f"{path}: expected a folder, a .py or .ipynb file, or a zip")
    students = [one for one in found if isinstance(one, Submission)]
    if not students:
        reasons = {one.reason for one in found if isinstance(one, NotGraded)}
        told = f" ({', '.join(sorted(reasons))})" if reasons else ""
        raise SubmissionError(f"{given[0]}: expected students' files (.py, .ipynb), found none{told}")
    left_out = [one for one in found if isinstance(one, NotGraded)]
    return sorted(students, key=lambda one: (one.student.casefold(), one.file)), left_out


def _of_folder(folder: Path, name: str | None) -> Iterator[Submission | NotGraded]:
    inside = [path for path in sorted(folder.iterdir()) if _counts(path)]
    if len(inside) == 1 and inside[0].is_dir() and not inside[0].is_symlink():  # a zip of the folder, not of its files
        inner = [path for path in inside[0].iterdir() if _counts(path)]
        if any(path.is_dir() for path in inner) or sum(path.suffix in SUFFIXES for path in inner) > 1:
            yield from _of_folder(inside[0], name)
            return
    for path in inside:
        if path.is_symlink():
            yield NotGraded(_told(path.name), "link")
        elif path.is_dir():
            yield _of_student(path, name)
        elif path.suffix in SUFFIXES and path.is_file():
            yield _of_file(path)
        elif path.suffix == ".zip":
            yield NotGraded(_told(path.name), "archive")


def _of_file(path: Path) -> Submission | NotGraded:
    if path.stat().st_size > MOST_STUDENT_BYTES:
        return NotGraded(_told(path.name), "too-large")
    return Submission(_told(path.stem), _told(path.name), path)


def _told(name: str) -> str:
    """A name as text that can be written; the system lets names hold bytes that are no UTF-8."""
    return name.encode("utf-8", "replace").decode("utf-8")


def _of_student(folder: Path, name: str | None) -> Submission | NotGraded:
    """The one file of a student's folder, or that of the name."""
    files = _files(folder)
    if sum(path.stat().st_size for path in files) > MOST_STUDENT_BYTES:
        return NotGraded(_told(folder.name), "too-large")
    code = [path for path in files if path.suffix in SUFFIXES and (name is None or path.name == name)]
    if len(code) != 1:
        return NotGraded(_told(folder.name), "several-files" if code else "no-python")
    file = _told(f"{folder.name}/{code[0].relative_to(folder).as_posix()}")
    return Submission(_told(folder.name), file, code[0], folder)


def _files(folder: Path) -> list[Path]:
    """All files in it, at any depth, without links and what nobody wrote."""
    found: list[Path] = []
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or not _counts(path):
            continue
        found += _files(path) if path.is_dir() else [path] if path.is_file() else []
    return found


def _counts(path: Path) -> bool:
    return not path.name.startswith((".", "__MACOSX", "__pycache__"))


def unpack(archive: Path, folder: Path) -> Path:
    """The files of a zip, in a new folder.

    Raises:
        SubmissionError: If a name leads out of the folder, it is too large unpacked, encrypted or damaged.
    """
    folder.mkdir(parents=True)
    left = MOST_BYTES
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = opened.infolist()
            if len(entries) > MOST_FILES:
                raise SubmissionError(f"{archive}: expected at most {MOST_FILES} files, got {len(entries)}")
            for entry in _wanted(archive, entries):
                left = _unpack_one(opened, entry, folder, left)
                if left < 0:
                    raise SubmissionError(f"{archive}: more than {MOST_BYTES >> 20} MiB unpacked")
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError) as error:
        raise SubmissionError(f"{archive}: cannot be unpacked: {error}") from None
    return folder


def _wanted(archive: Path, entries: Iterable[zipfile.ZipInfo]) -> Iterator[zipfile.ZipInfo]:
    for entry in entries:
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or (path.parts and ":" in path.parts[0]):
            raise SubmissionError(f"{archive}: {ascii(entry.filename)[:80]} leads out of the zip's folder")
        is_link = (entry.external_attr >> 16) & 0o170000 == 0o120000
        if not entry.is_dir() and not is_link:
            yield entry


def _unpack_one(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path, left: int) -> int:
    """Writes a file as far as bytes are left, whatever size its head claims; what is left then, negative if too few."""
    target = folder.joinpath(*PurePosixPath(entry.filename.replace("\\", "/")).parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    with opened.open(entry) as source, target.open("wb") as written:
        while left >= 0 and (chunk := source.read(_CHUNK)):
            left -= len(chunk)
            written.write(chunk)
    return left
