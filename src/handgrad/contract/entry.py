"""What every pytest reads where handgrad is installed: nothing is brought along unless the contract is named.

The option `--backend` may be somebody else's as well, and their tests are none of ours.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

CONTRACT = "handgrad.contract"
VARIABLE = "HANDGRAD_CONTRACT"


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """The contract's plug-in, where the command line names it: `pytest --pyargs handgrad.contract --backend …`."""
    if VARIABLE in os.environ or any(word == CONTRACT or word.startswith(f"{CONTRACT}.test_") for word in sys.argv):
        os.environ[VARIABLE] = "1"  # for the processes of pytest-xdist, whose command line is another
        pluginmanager.import_plugin(f"{CONTRACT}.plugin")
