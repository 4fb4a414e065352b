"""A program over the protocol: spoken to, and not believed what cannot be."""

from __future__ import annotations

import gc
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from handgrad.backends.adapters.running import CodeError
from handgrad.backends.given import GivenError, of_text, trainer_of
from handgrad.backends.interface import InputError, Parameters, Plan
from handgrad.backends.numpy import NumPyTrainer
from handgrad.compare.timing.messages import Load
from handgrad.compare.timing.process import Worker

EXAMPLES = Path(__file__).parents[3] / "examples"
RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=(30, 3))
Y = RANDOM.normal(size=30)

#: A program in Python that is right; each fault replaces one of its answers.
RIGHT = """
import json, sys, time
import numpy as np

def hello(protocol):
    return {"protocol": 1, "can": ["gradient", "run", "rows"], "dtypes": ["float64", "float32"]}

def bind(file, rows, features, dtype):
    global X, y
    every = np.fromfile(file, dtype)
    X, y = every[: rows * features].reshape(rows, features), every[rows * features :]
    return {"bound": True}

def gradient(weights, bias, rows=None):
    X_, y_ = (X, y) if rows is None else (X[rows], y[rows])
    r = X_ @ np.array(weights, X.dtype) + X.dtype.type(bias) - y_
    return {"weights": [float(w).hex() for w in 2 / len(y_) * (r @ X_)], "bias": float(2 * r.mean())}

def run(weights, bias, learning_rate, epochs):
    began = time.perf_counter()
    for _ in range(epochs):
        step = gradient(weights, bias)
        weights = [w - learning_rate * float.fromhex(d) for w, d in zip(weights, step["weights"])]
        bias -= learning_rate * step["bias"]
    return {"weights": weights, "bias": bias, "seconds": time.perf_counter() - began}

FAULT

for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps(globals()[request.pop("do")](**request)), flush=True)
"""


@pytest.fixture
def program(tmp_path: Path):
    def made(fault: str = "") -> str:
        (tmp_path / "program.py").write_text(RIGHT.replace("FAULT", dedent(fault)))
        return f"{sys.executable} {tmp_path / 'program.py'}"

    return made


def held(text: str, dtype: str = "float64", batch_size: int | None = None) -> None:
    """Holds its gradient and its run against NumPy's."""
    mine, numpy = (of(X, Y, dtype) for of in (trainer_of(of_text(text)), NumPyTrainer))
    near = {"float64": 1e-12, "float32": 1e-4}[dtype]
    plan = Plan(0.1, 5, batch_size, Parameters([0.5, -1.0, 2.0], 0.25), dtype=dtype)
    for got, expected in zip(mine.gradient_at(*plan.start), numpy.gradient_at(*plan.start), strict=True):
        np.testing.assert_allclose(got, expected, rtol=near, atol=near)
    got, expected = mine.train(plan), numpy.train(plan)
    np.testing.assert_allclose(got.recorded_weights, expected.recorded_weights, rtol=near)
    np.testing.assert_allclose(got.losses, expected.losses, rtol=near)
    end = mine.lap(mine.start(plan), plan, 5)
    np.testing.assert_allclose(end.weights, expected.weights, rtol=near)


@pytest.mark.parametrize(("dtype", "batch_size"), [("float64", None), ("float32", None), ("float64", 7)])
def test_a_program_is_a_trainer(program, dtype, batch_size):
    held(program(), dtype, batch_size)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (
            "hello = lambda protocol: 1 / 0",
            "exit code 1 in place of an answer to 'hello': ZeroDivisionError",
        ),
        ("hello = lambda protocol: {'protocol': 2}", "speaks version 2 of the protocol, expected 1"),
        ("hello = lambda protocol: 'hi'", "no answer to 'hello' .*: '\"hi\"'"),
        ("print('Welcome!', flush=True)", "no answer to 'hello' .*: 'Welcome!'"),
        ("bind = lambda **_: {'bound': False}", "no answer to 'bind'"),
        ("bind = lambda **_: {'error': 'no room'}", "the program's answer to 'bind': no room"),
        ("gradient = lambda **_: {'weights': [1.0], 'bias': 2.0}", "gave 1 weights, expected 3"),
        ("gradient = lambda **_: {'weights': [1.0, 2.0, 3.0]}", "no answer to 'gradient' .*bias"),
        ("gradient = lambda **_: {'weights': ['x', 1, 1], 'bias': 0}", "hexadecimal"),
        ("gradient = lambda **_: sys.exit(7)", "ended with exit code 7 in place of an answer to 'gradient'"),
        (
            "run = lambda weights, bias, **_: {'weights': weights, 'bias': bias, 'seconds': 9}",
            "9 s for what was answered",
        ),
        ("run = lambda weights, bias, **_: {'weights': weights, 'bias': bias, 'seconds': -1}", "clock gave -1 s"),
        (
            """
            def run(weights, bias, **_):
                time.sleep(0.06)
                return {'weights': weights, 'bias': bias, 'seconds': 1e-6}
            """,
            r"clock gave 2e-06 s in all for what took 0\.1",
        ),
    ],
)
def test_what_a_program_must_not_do_is_told(program, fault, told):
    def use() -> None:
        trainer = trainer_of(of_text(program(fault)))(X, Y)
        trainer.gradient_at([0.0, 0.0, 0.0], 0.0)
        for _ in range(2):
            trainer.lap(trainer.start(Plan(0.1, 1)), Plan(0.1, 1), 1)

    with pytest.raises((CodeError, ValueError), match=told):
        use()


def test_laps_that_take_less_than_the_pipe_are_believed(program):
    trainer = trainer_of(of_text(program()))(X, Y)
    for _ in range(10_000):
        trainer.believe_laps(claimed=1e-7, waited=5e-5)
    with pytest.raises(CodeError, match=r"0\.011 s in all for what took 0\.199 s beyond its pipe"):
        trainer.believe_laps(claimed=0.01, waited=0.2)


def test_two_trainers_of_one_program_answer_for_their_own_data(program):
    kind = trainer_of(of_text(program()))
    (mine, other), plan = (kind(X, Y), kind(X[:7], Y[:7])), Plan(0.1, 3, 7)
    mine.gradient_at([0, 0, 0], 0)
    assert mine.aside_seconds > 0  # the data, read again
    for given, (X_, y_) in ((mine, (X, Y)), (other, (X[:7], Y[:7])), (mine, (X, Y))):
        expected = NumPyTrainer(X_, y_)
        np.testing.assert_allclose(given.gradient_at([0, 0, 0], 0).weights, expected.gradient_at([0, 0, 0], 0).weights)
        np.testing.assert_allclose(given.train(plan).weights, expected.train(plan).weights)
        end, theirs = (one.lap(one.start(plan), Plan(0.1, 3), 3) for one in (given, expected))
        np.testing.assert_allclose(end.weights, theirs.weights)


#: Leaves a file when it is told to quit.
LAST_WORDS = """
def quit():
    open(sys.argv[0] + ".last", "w").write("bye")
    sys.exit()
"""


def test_a_program_is_told_to_quit_when_nobody_holds_it_any_more(program, tmp_path):
    kind = trainer_of(of_text(program(LAST_WORDS)))
    process = kind.program.process
    trainer = kind(X, Y)
    del kind
    gc.collect()
    assert process.poll() is None
    del trainer
    gc.collect()
    assert process.poll() == 0
    assert (tmp_path / "program.py.last").read_text() == "bye"


def test_a_program_is_told_to_quit_when_its_worker_is_closed(program, tmp_path):
    worker = Worker(of_text(program(LAST_WORDS)), 1, 60)
    try:
        worker.ask(Load())
        worker.rest()
    finally:
        worker.close()
    assert (tmp_path / "program.py.last").read_text() == "bye"


def test_a_program_that_does_not_quit_is_killed(program, monkeypatch):
    monkeypatch.setattr("handgrad.backends.adapters.program.ENDING_SECONDS", 0.2)
    kept = trainer_of(of_text(program("quit = lambda: time.sleep(60)"))).program
    kept.close()
    assert kept.process.returncode < 0
    with pytest.raises(CodeError, match="was ended before 'hello'"):
        kept.exchange("hello", b"{}\n")


def test_a_program_that_is_not_waited_for_does_not_answer_the_next_request(program, monkeypatch):
    trainer = trainer_of(of_text(program()))(X, Y)
    with monkeypatch.context() as context:
        context.setattr(trainer.program.process, "stdout", Interrupted())
        with pytest.raises(KeyboardInterrupt):
            trainer.gradient_at([0, 0, 0], 0)
    with pytest.raises(CodeError, match="ended with signal 9 in place of an answer to 'gradient'"):
        trainer.gradient_at([1, 1, 1], 1)


class Interrupted:
    """A pipe at which somebody presses Ctrl-C."""

    def readline(self, _: int) -> bytes:
        raise KeyboardInterrupt


def test_what_a_pipe_costs_is_aside_and_no_more(program):
    trainer = trainer_of(of_text(program()))(X, Y)
    trainer.lap(trainer.start(Plan(0.1, 1)), Plan(0.1, 1), 1)
    assert 0 < trainer.aside_seconds <= 1e-3


def test_mini_batches_need_a_program_that_takes_rows(program):
    trainer = trainer_of(of_text(program("hello = lambda protocol: {'protocol': 1}")))
    with pytest.raises(InputError, match="expected all 30 rows in a batch"):
        trainer(X, Y).train(Plan(0.1, 1, batch_size=7))
    with pytest.raises(CodeError, match="computes in float64, expected float32"):
        trainer(X, Y, "float32")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("no-such-program-anywhere --fast", "found no program 'no-such-program-anywhere'"),
        ("", "found no program ''"),
        ("'unclosed", "cannot be read as a command line"),
    ],
)
def test_what_is_no_program_is_told_in_one_line(text, told):
    with pytest.raises(GivenError, match=told):
        of_text(text)


def compiled(source: str, *options: str, folder: Path) -> Path:
    """What a C compiler makes of an example."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    made = folder / source.replace(".c", ".so" if "-shared" in options else "")
    subprocess.run([compiler, "-O2", "-Wall", "-Werror", *options, "-o", made, EXAMPLES / source], check=True)
    return made


def recorded(text: str) -> None:
    """Runs so many epochs on few rows that their pipe takes far longer than they do."""
    trainer = trainer_of(of_text(text))(X, Y)
    assert len(trainer.train(Plan(0.1, 20_000)).losses) == 20_001


def test_the_example_in_c_speaks_the_protocol(tmp_path):
    text = str(compiled("program.c", folder=tmp_path))
    held(text)
    recorded(text)


@pytest.mark.parametrize("batch_size", [None, 7])
def test_the_example_in_javascript_speaks_the_protocol(batch_size):
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    held(f"node {EXAMPLES / 'program.mjs'}", batch_size=batch_size)
    if batch_size is None:
        recorded(f"node {EXAMPLES / 'program.mjs'}")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_example_of_a_shared_library_is_a_trainer(dtype, tmp_path):
    held(str(compiled("kernel.c", "-shared", "-fPIC", folder=tmp_path)), dtype)


def test_what_a_shared_library_must_not_be_is_told(tmp_path):
    kernel = (EXAMPLES / "kernel.c").read_text().replace("(NUMBER)2 /", "(NUMBER)1 /")
    (tmp_path / "half.c").write_text(kernel.replace("GRADIENT(gradient_float32, float)", ""))
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", tmp_path / "half.so", tmp_path / "half.c"], check=True)
    with pytest.raises(CodeError, match=r"half.so:gradient: expected the gradient of .*, got that of \(1/2n\) Σ r²"):
        trainer_of(of_text(str(tmp_path / "half.so")))(X, Y).gradient_at([0, 0, 0], 0.0)
    with pytest.raises(CodeError, match="gradient_float32: expected a function of that name for float32, found none"):
        trainer_of(of_text(str(tmp_path / "half.so")))(X, Y, "float32")
    with pytest.raises(CodeError, match=r"half\.so:slope: expected a function of that name, found none"):
        trainer_of(of_text(f"{tmp_path / 'half.so'}:slope"))
    (tmp_path / "text.so").write_text("no library")
    with pytest.raises(CodeError, match=r"text\.so: expected a shared library"):
        trainer_of(of_text(str(tmp_path / "text.so")))
