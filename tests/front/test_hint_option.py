"""`--hint` with and without its number."""

from __future__ import annotations

import pytest

from handgrad.cli import with_first_rung


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (["check", "f.py", "--hint"], ["check", "f.py", "--hint", "1"]),
        (["check", "--hint", "f.py"], ["check", "--hint", "1", "f.py"]),
        (["check", "f.py", "--hint", "3"], ["check", "f.py", "--hint", "3"]),
        (["check", "--hint", "--json", "f.py"], ["check", "--hint", "1", "--json", "f.py"]),
        (["check", "f.py", "--hint=2"], ["check", "f.py", "--hint=2"]),
        ([], []),
    ],
)
def test_a_hint_without_a_number_is_the_first_rung(given: list[str], read: list[str]) -> None:
    assert with_first_rung(given) == read
