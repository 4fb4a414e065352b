"""The faults that `tests/mutation.py` makes: what they are, and that none is excused that is not there."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from mutants import mutants, mutated
from sources import ROOT

EQUIVALENT: dict[str, dict[str, str]] = tomllib.loads(
    (Path(__file__).parents[1] / "equivalent_mutants.toml").read_text("utf-8")
)


@pytest.mark.parametrize(
    ("statement", "others"),
    [
        ("x < 1", ["pass", "x <= 1", "x >= 1", "x < 2", "x < 0"]),
        ("f(a[1:])", ["pass", "f(a[:])", "f(a[2:])", "f(a[0:])"]),
        ("not x", ["pass", "x"]),
        ("a and b", ["pass", "a or b", "b", "a"]),
        ("min(a, -b)", ["pass", "max(a, -b)", "min(a, b)"]),
        ("x += y", ["x -= y", "pass"]),
        ("raise E", ["pass"]),
        ("zip(a, b, strict=True)", ["pass"]),
        ("assert x > 1", []),
        ("'text'", []),
    ],
)
def test_each_fault_is_one_small_change(statement: str, others: list[str]) -> None:
    assert {mutated(statement, mutant) for mutant in mutants(statement)} == set(others)


def test_a_fault_is_told_with_its_function_and_counted_from_the_second_on() -> None:
    source = "def f(x: int = 1) -> int:\n    return x + 1\n"
    told = [mutant.change for mutant in mutants(source)]
    assert "f: x + 1 → x - 1" in told
    assert "f: return x + 1 → return None" in told
    assert {"f: 1 → 2", "f: 1 → 2 #2"} <= set(told)


@pytest.mark.parametrize("file", EQUIVALENT)
def test_every_mutant_that_is_excused_is_one_and_has_a_reason(file: str) -> None:
    there = {mutant.change for mutant in mutants((ROOT / file).read_text("utf-8"))}
    assert set(EQUIVALENT[file]) <= there
    assert all(len(reason.split()) > 3 for reason in EQUIVALENT[file].values())


def test_a_package_is_forgotten_with_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("resource", reason="Linux only")
    from mutation import forget

    names = ["made_up", "made_up.a", "made_up.a.b", "made_up.c", "made_upper"]
    for name in names:
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    forget({"made_up.a", "made_up.none"})
    assert [name for name in names if name in sys.modules] == ["made_up", "made_up.c", "made_upper"]
