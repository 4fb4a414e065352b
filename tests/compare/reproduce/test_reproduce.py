"""Published runs beside ours: all eight are reproduced, and what is not the same is told."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace as changed
from typing import Any, ClassVar

import msgspec
import numpy as np
import pytest

from handgrad.backends.catalogue import UnknownBackend, catalogue, entry
from handgrad.backends.interface import BackendUnavailable, Plan, Training
from handgrad.backends.numpy import NumPyTrainer
from handgrad.compare.judge.table import CheckedTable
from handgrad.compare.judge.trajectory import true_run
from handgrad.compare.reproduce import reproduce as reproduce_module
from handgrad.compare.reproduce.end import digits_reached
from handgrad.compare.reproduce.reproduce import chosen, repeat, reproduce
from handgrad.compare.results.files import from_json, to_json
from handgrad.compare.results.reproduction import PublishedNumber, Reproduced, Reproduction
from handgrad.data.published_runs import Printed, PublishedRun, find, rows, runs

INSTALLED = [name for name, described in catalogue().items() if described.by_default and described.reason() is None]
#: Ten thousand epochs over ten thousand rows: half a minute of plain Python, and as long of PyTorch on a busy machine,
#: where its threads wait for each other.
SLOW = {"realpython-performance": {"python", "torch"}}


def quiet(what: str) -> None:
    """Says nothing."""


def repeated(run: PublishedRun, backends: Sequence[str] = ("numpy",), **more: Any) -> Reproduced:
    return repeat(run, chosen(list(backends))[0], quiet, **more)


def with_text(run: PublishedRun, place: int, text: str) -> PublishedRun:
    """The run with one printed number in other digits."""
    printed = list(run.printed)
    printed[place] = msgspec.structs.replace(printed[place], text=text)
    return msgspec.structs.replace(run, printed=tuple(printed))


@pytest.mark.parametrize("name", list(runs()))
def test_every_published_run_is_reproduced_by_the_exact_answer_and_by_every_backend(name: str) -> None:
    backends = [backend for backend in INSTALLED if backend not in SLOW.get(name, ())]
    run = repeated(find(name), backends)
    assert run.passed
    assert run.failed == {}
    assert [number.printed for number in run.numbers] == [number.text for number in find(name).printed]
    for number in run.numbers:
        assert set(number.given) == set(backends) - set(run.left_out)
        settled = number.digits == number.settled
        for answer in (number.exact, *number.given.values()):
            assert answer.agreement in (("same",) if settled else ("same", "rounding")), number
            assert answer.digits >= min(number.settled, number.digits) - 1, number


def test_those_left_out_take_the_long_run_the_same_way() -> None:
    """Its first hundred epochs; `handgrad reproduce` makes all."""
    run = find("realpython-performance")
    short = msgspec.structs.replace(run, epochs=100, printed=(Printed("weight", "0.7", epochs=100),))
    left_out = [name for name in INSTALLED if name in SLOW[run.id]]
    found = repeated(short, left_out).numbers[0]
    values = [answer.value for answer in found.given.values()]
    assert values == pytest.approx([float(found.exact_digits)] * len(left_out), rel=1e-13)


def settled_digit_changed(text: str, settled: int) -> str:
    """A printed number with another digit at the last place that rounding settles, or before."""
    places = [i for i, c in enumerate(text) if c.isdigit() and i < (text.find("e") if "e" in text else len(text))]
    first = next((k for k, i in enumerate(places) if text[i] != "0"), 0)
    place = places[min(first + settled, len(places)) - 1]
    return text[:place] + str((int(text[place]) + 2) % 10) + text[place + 1 :]


@pytest.mark.parametrize("name", [name for name in runs() if name not in SLOW])
def test_a_changed_printed_digit_is_not_reproduced_wherever_it_stands(name: str) -> None:
    right = repeated(find(name))
    for place, number in enumerate(right.numbers):
        text = settled_digit_changed(number.printed, number.settled)
        wrong = repeated_at(right, find(name), place, text)
        assert wrong.exact.agreement == "different", (number.printed, text)
        assert wrong.given["numpy"].agreement == "different"
        assert not wrong.passed


def repeated_at(right: Reproduced, run: PublishedRun, place: int, text: str) -> PublishedNumber:
    """The number again, as if it had been printed otherwise; nothing is run again."""
    from fractions import Fraction

    from handgrad.compare.reproduce.reproduce import beside

    number, printed = right.numbers[place], with_text(run, place, text).printed[place]
    given = {name: answer.value for name, answer in number.given.items()}
    return beside(printed, Fraction(number.exact_digits), number.rounding, given)


def test_a_run_with_one_changed_number_fails_and_so_do_all_runs_together() -> None:
    wrong = with_text(find("google-mlcc"), -1, "42.18")
    found = reproduce([find("mlmastery"), wrong], ["numpy"])
    assert [run.passed for run in found.runs] == [True, False]
    assert not found.passed
    assert [number.passed for number in found.runs[1].numbers].count(False) == 1


class Slanted(NumPyTrainer):
    """A backend whose rate is a ten-thousandth too large."""

    name: ClassVar[str] = "slanted"

    def train(self, plan: Plan) -> Training:
        return super().train(changed(plan, learning_rate=plan.learning_rate * 1.0001))


class Broken(NumPyTrainer):
    """A backend that falls over."""

    name: ClassVar[str] = "broken"

    def train(self, plan: Plan) -> Training:
        raise ZeroDivisionError("no rows left")


class Exploding(NumPyTrainer):
    """A backend that diverges."""

    name: ClassVar[str] = "exploding"

    def train(self, plan: Plan) -> Training:
        return super().train(changed(plan, learning_rate=10.0))


class Whole(NumPyTrainer):
    """A backend without mini-batches."""

    name: ClassVar[str] = "whole"
    minibatch: ClassVar[bool] = False


def test_a_wrong_backend_fails_beside_one_that_is_right() -> None:
    run = repeat(find("ng-ex1"), {"numpy": NumPyTrainer, "slanted": Slanted}, quiet)
    assert not run.passed
    weight = next(number for number in run.numbers if number.quantity == "weight")
    assert [answer.agreement for answer in weight.given.values()] == ["same", "different"]
    assert (weight.exact.agreement, weight.given["slanted"].digits) == ("same", 5)
    at_point = next(number for number in run.numbers if number.at is not None)
    assert at_point.given["slanted"].agreement == "same"


def test_a_backend_that_raises_fails_the_run_and_leaves_the_others_their_answers() -> None:
    run = repeat(find("google-mlcc"), {"broken": Broken, "numpy": NumPyTrainer}, quiet)
    assert run.failed == {"broken": "ZeroDivisionError: no rows left"}
    assert not run.passed
    assert all(set(number.given) == {"numpy"} and number.passed for number in run.numbers)


def test_a_run_that_diverges_gives_nothing_where_it_did_not_get() -> None:
    run = repeat(find("nedrich"), {"exploding": Exploding}, quiet)
    assert not run.passed
    end = next(number for number in run.numbers if number.quantity == "weight")
    assert (end.given["exploding"].value, end.given["exploding"].agreement) == (None, "different")


def test_a_backend_without_mini_batches_is_left_out_where_rows_come_one_by_one() -> None:
    backends = {"numpy": NumPyTrainer, "whole": Whole}
    single = repeat(find("mlmastery"), backends, quiet)
    assert single.left_out == {"whole": "takes full batches only"}
    assert single.passed
    assert repeat(find("google-mlcc"), backends, quiet).left_out == {}


def test_where_no_backend_answers_nothing_is_reproduced() -> None:
    run = repeat(find("mlmastery"), {"whole": Whole}, quiet)
    assert not run.passed
    assert not any(number.passed for number in run.numbers)
    assert not reproduce([], ["numpy"]).passed


def test_seconds_are_of_the_run_alone_and_only_where_the_source_prints_some() -> None:
    ticks = itertools.count(0, 5)
    clock: Callable[[], float] = lambda: float(next(ticks))  # noqa: E731
    run = find("realpython-performance")
    short = msgspec.structs.replace(run, epochs=1, printed=(Printed("bias", "0", epochs=0),))
    found = repeated(short, ["numpy", "python"], clock=clock).seconds
    assert found is not None
    assert found.here == {"numpy": 5.0, "python": 5.0}
    assert found.there == {"python": 18.65, "numpy": 0.32, "tensorflow": 1.2}
    assert repeated(find("google-mlcc"), clock=clock).seconds is None


def test_the_exact_run_stops_where_the_source_does_and_nowhere_else() -> None:
    run = find("realpython-sgd")
    stop = repeated(run).stop
    assert stop is not None
    assert stop.next_step <= 1e-6 < stop.last_step
    steps = numpy_steps(run)
    assert [stop.last_step, stop.next_step] == pytest.approx(steps[-2:], rel=1e-6)
    assert steps[:-1].min() > 1e-6  # there was no earlier step to stop at
    for below in (1.1e-6, 0.9e-6):
        other = repeated(msgspec.structs.replace(run, stops_below=below))
        assert other.stop is not None
        assert not other.stop.holds
        assert not other.passed


def numpy_steps(run: PublishedRun) -> Any:
    """How far each update of a run, and of one epoch more, moves the parameter that it moves most."""
    table = rows(run)
    x, y, theta, steps = table.X[:, 0], table.y, np.array([run.start.weight, run.start.bias]), []
    for _ in range(run.epochs + 1):
        residual = theta[0] * x + theta[1] - y
        step = 2 * run.learning_rate * np.array([np.mean(residual * x), np.mean(residual)])
        theta = theta - step
        steps.append(np.abs(step).max())
    return np.array(steps)


def test_how_far_the_first_exercise_stops_from_the_solution_is_told_by_numbers() -> None:
    where = repeated(find("ng-ex1")).end
    assert (where.best_bias, where.best_weight) == pytest.approx((-3.89578088, 1.19303364), abs=5e-9)
    assert (where.bias, where.weight) == pytest.approx((-3.630291, 1.166362), abs=5e-7)
    assert where.digits == pytest.approx(-np.log10(1 - 3.630291439404 / 3.895780878312), rel=1e-9)
    assert where.loss == pytest.approx(4.483388256587726, rel=1e-14)  # 1/(2n) there
    assert where.best_loss == pytest.approx(4.476971375975179, rel=1e-14)
    assert where.epochs_for_six is not None


@pytest.mark.parametrize("name", ["ng-ex1", "google-mlcc", "realpython-sgd"])
def test_six_digits_are_there_after_the_epochs_that_are_told_and_not_before(name: str) -> None:
    run, table = find(name), rows(find(name))
    where = repeated(run).end
    needed = where.epochs_for_six
    assert needed is not None
    plan = Plan(run.learning_rate, needed, start=([run.start.weight], run.start.bias), record=(needed - 1,))  # type: ignore[arg-type]
    ends = true_run(CheckedTable.of(table.X, table.y), plan).parameters[-2:].tolist()
    before, after = (digits_reached(end, [where.best_weight, where.best_bias]) for end in ends)  # type: ignore[arg-type]
    assert before is not None
    assert after is not None
    assert before < 6 <= after


def test_with_batches_no_epochs_are_promised() -> None:
    assert repeated(find("mlmastery")).end.epochs_for_six is None


def test_backends_by_default_are_those_installed_and_the_others_are_told() -> None:
    found, missing = chosen(None)
    assert list(found) == INSTALLED
    assert missing == {
        name: described.reason()
        for name, described in catalogue().items()
        if described.by_default and described.reason() is not None
    }


def test_a_usual_backend_that_is_not_installed_is_missing_once_and_fails_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usual = {name: described for name, described in catalogue().items() if name in ("numpy", "torch")}
    monkeypatch.setattr(reproduce_module, "usual", lambda: usual)
    monkeypatch.setattr(type(usual["torch"]), "reason", lambda self: "no PyTorch" if self.name == "torch" else None)
    found = reproduce([find("google-mlcc"), find("mlmastery")])
    assert found.missing == {"torch": "no PyTorch"}
    assert found.passed
    assert list(found.versions) == ["numpy"]
    assert all(run.left_out == {} for run in found.runs)


def test_a_backend_that_cannot_be_used_is_an_error_when_it_is_named() -> None:
    with pytest.raises(UnknownBackend):
        chosen(["nupmy"])
    absent = next((name for name in ("jax", "torch") if entry(name).reason() is not None), None)
    if absent is not None:
        with pytest.raises(BackendUnavailable):
            chosen([absent])


def test_a_result_survives_the_way_through_its_file() -> None:
    found = reproduce([find("nedrich"), find("realpython-sgd")], ["numpy"])
    assert from_json(to_json(found), Reproduction) == found


def test_progress_names_the_run_and_the_backend() -> None:
    told: list[tuple[str, int, int]] = []
    reproduce([find("google-mlcc"), find("mlmastery")], ["numpy"], lambda *said: told.append(said))
    assert told == [("google-mlcc: numpy", 0, 2), ("mlmastery: numpy", 1, 2)]
