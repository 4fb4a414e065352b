"""The tool of GradBench, spoken to as its evals `hello` and `llsq` do, and held against what they expect."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from handgrad.backends.catalogue import catalogue
from handgrad.compare.gradbench.tool import GradBenchError, answers

#: The points of `llsq`, and its coefficients (evals/llsq, `run.py`): 11 sizes, each for `primal` and `gradient`.
POINTS = (16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8196, 16392)
COEFFICIENTS = 128

BACKENDS = [name for name, entry in catalogue().items() if entry.reason() is None and entry.reads_all_rows]


def llsq(points: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    """The messages of the eval for so many points."""
    rng, number = np.random.default_rng(31337), 0
    yield {"id": number, "kind": "start", "eval": "llsq"}
    yield {"id": 1, "kind": "define", "module": "llsq"}
    for n in points:
        x = rng.random(COEFFICIENTS).tolist()
        for function in ("primal", "gradient"):
            number += 2
            given = {"x": x, "n": n, "min_runs": 1, "min_seconds": 0}
            yield {"id": number, "kind": "evaluate", "module": "llsq", "function": function, "input": given}
            yield {"id": number + 1, "kind": "analysis", "of": number, "valid": True}


def expected(function: str, x: list[float], n: int) -> Any:
    """y(x) or its gradient, term by term as the eval's document has them."""
    t = -1 + 2 * np.arange(n) / (n - 1)
    powers = np.array([t**j for j in range(len(x))])
    inner = np.sign(t) - np.array(x) @ powers
    return float(inner @ inner) / 2 if function == "primal" else (-(powers @ inner)).tolist()


def difference(found: Any, right: Any) -> float:
    """The largest, as GradBench measures it."""
    a, b = np.atleast_1d(found), np.atleast_1d(right)
    assert a.shape == b.shape
    return float((np.abs(a - b) / np.maximum(1, np.abs(a) + np.abs(b))).max())


def spoken(backend: str, messages: list[Any]) -> list[Any]:
    """The answers to messages."""
    return [json.loads(line) for line in answers(backend, [json.dumps(one).encode() for one in messages])]


#: All 22 take `exact` three minutes, and `torch-compile` compiles anew for each size; both were right 22 times.
FEWER = {"exact": (16,), "torch-compile": (16,)}


@pytest.mark.parametrize("backend", BACKENDS)
def test_llsq_is_right_for_each_size_and_function(backend: str) -> None:
    points = FEWER.get(backend, POINTS)
    messages = list(llsq(points))
    found = spoken(backend, messages)
    assert [one["id"] for one in found] == [one["id"] for one in messages]
    assert found[0]["tool"] == f"handgrad-{backend}"
    assert found[1]["success"] is True
    right = 0
    for message, answer in zip(messages[2::2], found[2::2], strict=True):
        assert answer["success"], answer
        assert [timing["name"] for timing in answer["timings"]] == ["bind", "evaluate"]
        given = message["input"]
        right += difference(answer["output"], expected(message["function"], given["x"], given["n"])) < 1e-10
    assert right == 2 * len(points)
    assert found[3::2] == [{"id": message["id"]} for message in messages[3::2]]


@pytest.mark.parametrize("backend", BACKENDS)
def test_hello_alternates_square_and_double(backend: str) -> None:
    x = 1.0
    for _ in range(4):
        for function, right in (("square", x * x), ("double", 2 * x * x)):
            message = {"id": 7, "kind": "evaluate", "module": "hello", "function": function, "input": x}
            (answer,) = spoken(backend, [message])
            assert (answer["id"], answer["success"]) == (7, True)
            assert answer["output"] == right
            x = answer["output"]


@pytest.mark.parametrize("runs", [1, 5])
def test_it_runs_as_often_as_it_is_asked(runs: int) -> None:
    given = {"x": [1.0, 2.0], "n": 16, "min_runs": runs, "min_seconds": 0}
    (answer,) = spoken(
        "numpy", [{"id": 0, "kind": "evaluate", "module": "llsq", "function": "gradient", "input": given}]
    )
    timings = [one for one in answer["timings"] if one["name"] == "evaluate"]
    assert len(timings) == runs
    assert all(isinstance(one["nanoseconds"], int) and one["nanoseconds"] > 0 for one in timings)


def test_it_runs_as_long_as_it_is_asked() -> None:
    given = {"x": [1.0], "n": 16, "min_runs": 1, "min_seconds": 0.02}
    (answer,) = spoken("numpy", [{"id": 0, "kind": "evaluate", "module": "llsq", "function": "primal", "input": given}])
    assert sum(one["nanoseconds"] for one in answer["timings"] if one["name"] == "evaluate") >= 20_000_000
    assert answer["output"] == pytest.approx(expected("primal", [1.0], 16), rel=1e-14)


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ({"kind": "define", "module": "gmm"}, "no module is called 'gmm'; there are: hello, llsq"),
        ({"kind": "evaluate", "module": "gmm", "function": "jacobian", "input": 1}, "no module is called 'gmm'"),
        ({"kind": "evaluate", "module": "llsq", "function": "hessian", "input": 1}, "there are: primal, gradient"),
        ({"kind": "evaluate", "module": "llsq", "function": "primal", "input": {"x": [1], "n": 1}}, "n from 2 on"),
        ({"kind": "evaluate", "module": "llsq", "function": "primal", "input": {"x": [], "n": 9}}, "at least one x"),
        ({"kind": "evaluate", "module": "llsq", "function": "primal", "input": {"n": 9}}, "`x`"),
        ({"kind": "evaluate", "module": "hello", "function": "square", "input": "2"}, "Expected `float`, got `str`"),
    ],
)
def test_what_it_cannot_answer_is_said_and_it_goes_on(message: Any, told: str) -> None:
    first, second = spoken("numpy", [{"id": 3, **message}, {"id": 4, "kind": "start"}])
    assert (first["id"], first["success"]) == (3, False)
    assert told in first["error"]
    assert second == {"id": 4, "tool": "handgrad-numpy"}


@pytest.mark.parametrize(
    ("module", "function", "given"),
    [
        ("hello", "square", 1e200),
        ("llsq", "primal", {"x": [1e200, 1e200], "n": 16}),
        ("llsq", "gradient", {"x": [1e308, 1e308], "n": 16}),
    ],
)
def test_what_leaves_the_range_of_numbers_is_no_success(module: str, function: str, given: Any) -> None:
    message = {"id": 1, "kind": "evaluate", "module": module, "function": function, "input": given}
    (answer,) = spoken("numpy", [message])
    assert answer["success"] is False
    assert "left the range of float64" in answer["error"]
    assert "output" not in answer


@pytest.mark.parametrize("line", [b"hello\n", b"[]\n", b"\xff\n", b'{"kind": "start"}\n'])
def test_a_line_that_is_no_message_is_refused(line: bytes) -> None:
    with pytest.raises(GradBenchError, match="expected a message of GradBench, a JSON object a line"):
        list(answers("numpy", [line]))


def test_a_backend_whose_repeats_say_nothing_makes_no_tool() -> None:
    with pytest.raises(GradBenchError, match="moments: GradBench repeats an evaluation"):
        list(answers("moments", []))


def test_it_is_a_command_that_answers_each_line_at_once() -> None:
    """It waits for no more than a line, and what is printed meanwhile is not among the answers."""
    command = [sys.executable, "-m", "handgrad.gradbench", "--backend", "PYTHON"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as tool:
        assert tool.stdin is not None
        assert tool.stdout is not None
        for message in [{"id": 0, "kind": "start"}, {"id": 1, "kind": "define", "module": "hello"}]:
            tool.stdin.write(json.dumps(message).encode() + b"\n")
            tool.stdin.flush()
            assert json.loads(tool.stdout.readline())["id"] == message["id"]
        tool.stdin.close()
        assert tool.stdout.read() == b""
    assert tool.returncode == 0


def test_a_wrong_command_is_told_in_one_line() -> None:
    command = [sys.executable, "-m", "handgrad.gradbench", "--backend", "nunba"]
    done = subprocess.run(command, input=b"", capture_output=True, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"did you mean 'numba'?" in done.stderr
    assert done.stdout == b""
