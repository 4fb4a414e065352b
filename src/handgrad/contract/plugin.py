"""The option `--handgrad-backend` (`entry` has a short name) and the fixture `backend`, as a plug-in of pytest."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import WeakSet

import pytest

from handgrad.contract.entry import OPTION, SHORT

if "handgrad.contract.cases" not in sys.modules:
    pytest.register_assert_rewrite("handgrad.contract.cases")

if TYPE_CHECKING:
    from handgrad.backends.interface import Trainer


#: Who has the option already: a plug-in may be asked twice, by its name and by pytest's own entry.
ADDED: WeakSet[pytest.Parser] = WeakSet()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--handgrad-backend`, as often as there are backends; its text is that of `compare --with`, or a name."""
    if parser in ADDED:
        return
    ADDED.add(parser)
    parser.addoption(
        OPTION,
        action="append",
        default=[],
        metavar="FILE[:NAME]",
        help="hold this to handgrad's contract: mine.py, mine.py:name, kernel.so, a command, or a backend's name",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test of the contract, for each of the backends."""
    ours = metafunc.function.__module__.startswith("handgrad.contract.")
    if ours and "backend" in metafunc.fixturenames and _asked(metafunc.config):
        metafunc.parametrize("backend", _asked(metafunc.config), indirect=True)


def _asked(config: pytest.Config) -> Sequence[str]:
    asked: Sequence[str] = config.getoption(OPTION, default=[])
    return asked


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> type[Trainer]:
    """The trainer that is held to the contract; one whose library is not installed is skipped, with its reason."""
    from handgrad.backends.given import entry_of, trainer_of

    given = getattr(request, "param", None)
    if given is None:
        pytest.fail(f"expected {SHORT} mine.py, or another backend, to hold to the contract", pytrace=False)
    if (reason := entry_of(given).reason()) is not None:
        pytest.skip(reason)
    return trainer_of(given)
