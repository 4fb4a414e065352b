"""What a backend must do, as tests for anyone's: `pytest --pyargs handgrad.contract --backend mine.py`.

Loss and gradient within the rounding bounds of the exact ones, every epoch of a run near the exact descent, the same
bits again, float32 computed in float32, inputs left as they are, clear errors, and a run that diverges says so.

In a test suite of your own: `pytest_plugins = ["handgrad.contract.plugin"]` in its conftest.py, and in a module of
tests `from handgrad.contract.test_gradient import *`; beside it there are `test_run`, `test_inputs` and
`test_divergence`. pytest is needed.
"""
