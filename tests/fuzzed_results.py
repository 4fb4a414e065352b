"""Results with something wrong in them: each is refused in one line, or makes a page. By hand, for ten minutes:

    python tests/fuzzed_results.py --seconds 600 --figures [FILE …]

It says how many were refused, made a page, or broke it, and where. A file's name begins with its kind.
"""

from __future__ import annotations

import argparse
import collections
import copy
import json
import random
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from handgrad.compare.results.bench import Bench
from handgrad.compare.results.comparison import Comparison, GradientChecks
from handgrad.compare.results.files import ResultError, from_json
from handgrad.compare.results.grades.graded import ClassGrades
from handgrad.compare.results.reproduction import Reproduction
from handgrad.reports.bench import html as bench_html
from handgrad.reports.bench.text import text as bench_text
from handgrad.reports.compare import html as compare_html
from handgrad.reports.compare.text import text as compare_text
from handgrad.reports.gradcheck import html as gradcheck_html
from handgrad.reports.gradcheck.text import text as gradcheck_text
from handgrad.reports.grade import html as grade_html
from handgrad.reports.grade.text import text as grade_text
from handgrad.reports.look.rendering import Picture, pictures
from handgrad.reports.look.style import Drawing
from handgrad.reports.look.text import plain
from handgrad.reports.reproduce import html as reproduce_html
from handgrad.reports.reproduce.text import text as reproduce_text

Figures = Literal["none", "made", "rendered"]

#: A run of each kind, as its command wrote it.
WRITTEN = Path(__file__).parent / "compare/results/written"

HOSTILE = ["", "<script>alert(1)</script>", "\u202egnp.exe", "\x07\x1b[31m", "a\nb", "$\\frac{1}{0}$", "x" * 5000,
           "漢字", "None", "numpy", "\ud83d"]  # fmt: skip
NUMBERS = [0, -1, 1, 2, 10**6, 2**63, -(2**63), 10**30, 10**400, 1e308, -1e308, 5e-324, 0.5, -0.0, 1e-30, True]


def runs(files: Sequence[Path] | None = None) -> list[tuple[str, Any]]:
    """The kind and the content of results; the kind is how the name of the file begins."""
    paths = sorted(WRITTEN.glob("*.json")) if files is None else files
    return [(path.stem.partition("-")[0], json.loads(path.read_bytes())) for path in paths]


def places(found: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to each value within a JSON value."""
    inner = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for key, value in inner:
        yield (*above, key)
        yield from places(value, (*above, key))


def at(found: Any, path: tuple[Any, ...]) -> Any:
    """The value at the end of a path."""
    for key in path:
        found = found[key]
    return found


def another(value: Any, chance: random.Random) -> Any:
    """Something in the place of a value: of its type, mostly."""
    if isinstance(value, list) and chance.random() < 0.8:
        cut = chance.randrange(len(value) + 1)
        return chance.choice([[], value[:cut], value[cut:], value + value[-1:], value[::-1], [None] * len(value)])
    if isinstance(value, dict) and chance.random() < 0.8:
        kept = [key for key in value if chance.random() < 0.5]
        return chance.choice([{}, {key: value[key] for key in kept}, {f"{key}?": one for key, one in value.items()}])
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float) and chance.random() < 0.8:
        return chance.choice([*NUMBERS, value * 2, -value, value + 1, value * 1e-3, value * 1e9])
    if isinstance(value, str) and chance.random() < 0.6:
        return chance.choice(HOSTILE)
    return chance.choice([None, [], {}, "", 0, [[]], [0.5], {"a": 1}, *NUMBERS, json.loads("[" * 40 + "]" * 40)])


def mutated(whole: Any, paths: list[tuple[Any, ...]], chance: random.Random) -> bytes:
    """The JSON text of a result in which one to three values are others, or gone."""
    made = copy.deepcopy(whole)
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        path = chance.choice(paths)
        try:
            holder, value = at(made, path[:-1]), at(made, path)
        except (LookupError, TypeError):  # gone by an earlier change
            continue
        if isinstance(holder, dict) and chance.random() < 0.1:
            del holder[path[-1]]
        elif chance.random() < 0.1:
            holder[path[-1]] = copy.deepcopy(at(whole, chance.choice(paths)))
        else:
            holder[path[-1]] = another(value, chance)
    return json.dumps(made).encode()


def drawn(drawings: Callable[[], Sequence[Drawing]], figures: Figures) -> list[Picture]:
    """The figures as a page has them; those that are only made are not on it."""
    return pictures(drawings()) if figures == "rendered" else list(drawings())[:0] if figures == "made" else []


def compare_page(found: Comparison, figures: Figures) -> None:
    """Page and text of a comparison."""
    compare_html.html(found, drawn(lambda: compare_html.drawings(found), figures))
    plain(compare_text(found))
    repr(found)
    found.frame()


def bench_page(found: Bench, figures: Figures) -> None:
    """Page and text of a sweep."""
    bench_html.html(found, drawn(lambda: bench_html.drawings(found), figures))
    plain(bench_text(found))


def gradcheck_page(found: GradientChecks, figures: Figures) -> None:
    """Page and text of gradient checks."""
    gradcheck_html.html(found, drawn(lambda: gradcheck_html.drawings(found.problem, found.points), figures))
    plain(gradcheck_text(found))


def reproduce_page(found: Reproduction, figures: Figures) -> None:
    """Page and text of published runs."""
    reproduce_html.html(found)
    plain(reproduce_text(found))


def grade_page(found: ClassGrades, figures: Figures) -> None:
    """Page and text of a class."""
    grade_html.html(found)
    plain(grade_text(found))


#: By kind: the type of its result, and what is made of it.
KINDS: dict[str, tuple[Any, Callable[[Any, bool], None]]] = {
    "compare": (Comparison, compare_page),
    "bench": (Bench, bench_page),
    "gradcheck": (GradientChecks, gradcheck_page),
    "reproduce": (Reproduction, reproduce_page),
    "grade": (ClassGrades, grade_page),
}


def outcome(kind: str, content: bytes, figures: Figures = "none") -> str:
    """What becomes of a result: "refused" or "page".

    Raises:
        Exception: What breaks the page.
    """
    of, page = KINDS[kind]
    try:
        found = from_json(content, of)
    except ResultError as error:
        told = str(error)
    else:
        page(found, figures)
        return "page"
    assert "\n" not in told
    assert len(told) < 1000
    return "refused"


def where(error: BaseException) -> str:
    """The line of handgrad in which it broke."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/tests/" not in frame.filename and "site-packages" not in frame.filename]
    frame = (ours or frames)[-1]
    return f"{type(error).__name__} {'/'.join(Path(frame.filename).parts[-3:])}:{frame.lineno} {frame.name}: {error}"[
        :160
    ]


def main() -> None:
    """Fuzzes for so many seconds, and prints what broke."""
    options = argparse.ArgumentParser()
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--figures", action="store_true")
    options.add_argument("files", nargs="*", type=Path)
    given = options.parse_args()
    listed = [(kind, whole, list(places(whole))) for kind, whole in runs(given.files or None)]
    counted, broken = collections.Counter[str](), collections.Counter[str]()
    chance, end = random.Random(given.seed), time.monotonic() + given.seconds
    while time.monotonic() < end:
        kind, whole, paths = chance.choice(listed)
        figures: Figures = "none" if not given.figures else "made" if chance.random() > 0.05 else "rendered"
        try:
            counted[f"{kind} {outcome(kind, mutated(whole, paths, chance), figures)}"] += 1
        except Exception as error:  # whatever breaks a page is counted
            broken[f"{kind} {where(error)}"] += 1
    print(f"{counted.total() + broken.total():,} results, of which {broken.total():,} broke their page")
    for told, count in [*sorted(counted.items()), *broken.most_common()]:
        print(f"{count:8,} {told}")
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
