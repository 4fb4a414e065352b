"""The process in which one function runs: `python -m handgrad.compare.check.sandbox.function_worker` and a `Job`.

The function comes as a pickle, with what it refers to; see `student.sending`. It is asked as a file's function is.
"""

from __future__ import annotations

import linecache
import pickle
import sys
from pathlib import Path
from types import ModuleType

from handgrad.compare.check.sandbox.calling import answer_alone
from handgrad.compare.check.sandbox.job import Job
from handgrad.compare.check.sandbox.messages import Answered, CallRequest, Reply, Request
from handgrad.compare.check.sandbox.worker import work

#: Under which the function stands in its module.
FUNCTION = "function"


def load(file: str) -> ModuleType:
    """A module that holds the function; the text of its code is known here as it is where it comes from."""
    sent = pickle.loads(Path(file).read_bytes())
    sys.path += [path for path in sent["paths"] if path not in sys.path]
    for source, text in sent["texts"].items():
        linecache.cache[source] = (len(text), None, text.splitlines(keepends=True), source)
    function = pickle.loads(sent["function"])
    module = ModuleType(str(getattr(function, "__module__", "")))
    setattr(module, FUNCTION, function)
    return module


def reply_to(request: Request, module: ModuleType, file: str) -> Reply:
    """What it answers to a call."""
    assert isinstance(request, CallRequest)
    return Answered.of(answer_alone(request.call, getattr(module, FUNCTION)), request.nonce)


if __name__ == "__main__":
    work(Job.read(sys.argv[1:]), reply_to, load, beside=Path.cwd())
