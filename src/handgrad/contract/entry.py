"""What every pytest reads where handgrad is installed: nothing is brought along unless the contract is named.

No option is added to anyone else's tests.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

CONTRACT = "handgrad.contract"
VARIABLE = "HANDGRAD_CONTRACT"
#: The plug-in's option has a name of its own, since others have this one; where the contract is named, it is ours.
SHORT, OPTION = "--backend", "--handgrad-backend"


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """The contract's plug-in, where the command line names it: `pytest --pyargs handgrad.contract …`."""
    if VARIABLE in os.environ or any(word == CONTRACT or word.startswith(f"{CONTRACT}.test_") for word in sys.argv):
        os.environ[VARIABLE] = "1"  # for the processes of pytest-xdist, whose command line is another
        pluginmanager.import_plugin(f"{CONTRACT}.plugin")


def pytest_load_initial_conftests(args: list[str]) -> None:
    """The short name of the contract's option, where the command line names the contract."""
    if VARIABLE in os.environ:
        args[:] = [OPTION + word.removeprefix(SHORT) if word.partition("=")[0] == SHORT else word for word in args]
