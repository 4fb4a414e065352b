"""Every claim in the three answers, read out of the text and held against the numbers in `result.json`.

Tables and runs are drawn: arrived, on their way, not started, diverging, dependent columns, mini-batches, noisy times.
The runs are real ones of two backends in this process; the clock's samples are made up.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

import numpy as np
import pytest

from handgrad.backends.catalogue import entry, load
from handgrad.compare.results.environment import Environment
from handgrad.compare.results.files import to_json
from handgrad.compare.results.timing import Timing
from handgrad.compare.side_by_side.answers import Answers
from handgrad.compare.side_by_side.prepare import Options, Prepared, prepare
from handgrad.compare.side_by_side.runs import Run
from handgrad.compare.side_by_side.side_by_side import judgement
from handgrad.compare.timing.session import gradient_message, training_message
from handgrad.data.dataset import Dataset
from handgrad.reports.compare.answers import AGREE, ARRIVE, WHICH, answers
from tests.reports.conftest import ENVIRONMENT

KINDS = ("arrived", "on its way", "not started", "growing", "overflown", "dependent", "mini-batch", "float32")
NAMES = ("python", "numpy")
Found = dict[str, Any]


def table(kind: str, rng: np.random.Generator) -> Dataset:
    rows, features = int(rng.integers(6, 40)), int(rng.integers(1, 4))
    X = rng.normal(size=(rows, features)) * 10.0 ** rng.integers(-2, 3, size=features) + rng.normal() * 3
    if kind == "dependent":
        X = np.column_stack([X, X[:, 0] * 2])
    noise = rng.choice([0.0, 0.1]) * rng.normal(size=rows)
    return Dataset.from_arrays(X, X @ rng.normal(size=X.shape[1]) + rng.normal() + noise)


def options(kind: str, dataset: Dataset, rng: np.random.Generator) -> Options:
    limit = prepare(dataset, Options()).table.hessian.limit
    many = int(rng.integers(300, 600))
    return {
        "arrived": Options(epochs=many),
        "on its way": Options(epochs=int(rng.integers(2, 30)), learning_rate=limit * rng.uniform(0.05, 0.3)),
        "not started": Options(epochs=1, learning_rate=limit * 1e-6),
        "growing": Options(epochs=20, learning_rate=limit * rng.uniform(1.5, 3)),
        "overflown": Options(epochs=3000, learning_rate=limit * rng.uniform(2, 4)),
        "dependent": Options(epochs=many, standardize=bool(rng.integers(2))),
        "mini-batch": Options(epochs=30, batch_size=3, learning_rate=limit * rng.uniform(0.02, 1)),
        "float32": Options(epochs=100, dtype="float32"),
    }[kind]


def timing(rng: np.random.Generator) -> Timing:
    median, spread = 10.0 ** rng.uniform(-6, -3), float(rng.choice([0.01, 0.1, 0.6]))
    return Timing(median, median * (1 - spread), median * (1 + spread), (median,))


def finished(name: str, prepared: Prepared, rng: np.random.Generator) -> Run:
    trainer = load(name)(prepared.X, prepared.y, prepared.plan.dtype)
    training = trainer.train(prepared.plan)
    with np.errstate(over="ignore", invalid="ignore"):
        gradient = trainer.gradient_at(training.recorded_weights[0], float(training.recorded_biases[0]))
    once = [10.0 ** rng.uniform(-6, 0) for _ in range(3)]
    told = Answers(*once, gradient_message(gradient), training_message(training), None, None)
    return Run(entry(name), answers=told, timing=timing(rng))


def drawn(seed: int) -> tuple[Found, dict[str, str], str]:
    """The result as JSON holds it, the three answers as text, and the kind of run."""
    rng, kind = np.random.default_rng(seed), KINDS[seed % len(KINDS)]
    dataset = table(kind, rng)
    chosen = options(kind, dataset, rng)
    prepared = prepare(dataset, chosen)
    runs = {name: finished(name, prepared, rng) for name in NAMES}
    environment: Environment = ENVIRONMENT
    found = judgement(runs, None, prepared, dataset, chosen, environment)
    said = {one.question: " ".join([f"{one.word}:", *one.lines]) for one in answers(found)}
    return json.loads(to_json(found)), said, kind


@pytest.mark.parametrize("seed", range(5 * len(KINDS)))
def test_every_claim_is_true_of_the_numbers(seed: int) -> None:
    found, said, kind = drawn(seed)
    assert list(said) == [AGREE, ARRIVE, WHICH]
    agreement(found, said[AGREE])
    arrival(found, said[ARRIVE], kind)
    choice(found, said[WHICH])


def agreement(found: Found, said: str) -> None:
    right = all(result["accuracy"]["passed"] for result in found["backends"].values())
    assert said.startswith("Yes: ") == found["verdict"]["passed"] == found["verdict"]["agree"]["passed"] == right
    judged = [result["accuracy"] for result in found["backends"].values()]
    ratios = [one["start_gradient"]["bound_ratio"] for one in judged]
    ratios += [ratio or 0.0 for one in judged for ratio in one["epochs"]["bound_ratio"]]
    match = re.search(r"the largest error is ([\d.e+-]+) of its bound", said)
    assert (float(match[1]) if match else 0.0) == pytest.approx(max(ratios), rel=0.06)


def arrival(found: Found, said: str, kind: str) -> None:
    states = found["verdict"]["arrived"]["states"]
    for name, state in states.items():
        result = found["backends"][name]
        losses = [math.inf if loss is None else loss for loss in result["losses"]]
        if state == "yes":
            assert digits(found, result) >= 5.9
        elif state == "diverged":
            assert losses[-1] > losses[0] or result["diverged_at"] is not None
            converges = float(re.findall(r"([\d.e+-]+) converges|$", said)[0] or "nan")
            assert math.isnan(converges) or converges < found["problem"]["curvature"]["limit"]
        else:
            assert losses[-1] <= losses[0] * 1.001 or kind == "mini-batch"
            assert digits(found, result) < 6.1
    if len(set(states.values())) == 1:
        loss_above(found, said)
        epochs_promised(found, said, kind)
        shrinking(found, said, kind)
    word = {"yes": "Yes", "not yet": "Not yet", "diverged": "No, it diverged"}[found["verdict"]["arrived"]["state"]]
    assert said.startswith(f"{word}: ")


def goal(found: Found) -> np.ndarray:
    target = found["problem"]["destination"]
    return np.array(target["nearest"] or [*target["weights"], target["bias"]])


def digits(found: Found, result: Found) -> float:
    """Of the worst parameter that is not 0 up to rounding."""
    wanted = goal(found)
    apart, sizes = np.abs(np.array([*result["weights"], result["bias"]]) - wanted), np.abs(wanted)
    worst = max(apart[sizes > 1e-9 * sizes.max()] / sizes[sizes > 1e-9 * sizes.max()])
    return 16.0 if worst == 0 else -math.log10(worst)


def stands(found: Found) -> Found:
    result: Found = found["backends"]["numpy"]
    return result


def loss_above(found: Found, said: str) -> None:
    last, lowest = stands(found)["losses"][-1], found["problem"]["destination"]["loss"]
    if match := re.search(r"the loss is ([\d.,e+-]+) times the lowest", said):
        assert float(match[1].replace(",", "")) == pytest.approx(last / lowest, rel=0.06)
    if match := re.search(r"the loss is ([\d.,e+-]+) % above the lowest", said):
        assert float(match[1].replace(",", "")) == pytest.approx(100 * (last / lowest - 1), rel=0.06)
    if "the loss is the lowest that there is" in said:
        assert last <= lowest * (1 + 1e-11)
    if "the lowest there is is 0" in said:
        assert lowest == 0 < last


def epochs_promised(found: Found, said: str, kind: str) -> None:
    for count in re.findall(r"about ([\d,]+) epochs? at this rate", said):
        assert kind != "mini-batch"
        needed = int(count.replace(",", ""))
        assert found["problem"]["epochs"] < needed == found["problem"]["curvature"]["epochs_for"]["6"]
    if "at the best rate" in said:
        assert found["problem"]["learning_rate"] != found["problem"]["curvature"]["best_rate"]
    assert ("mini-batches" in said) == (kind == "mini-batch" and "diverged" not in said.partition(":")[0])


def shrinking(found: Found, said: str, kind: str) -> None:
    match = re.search(r"from epoch ([\d,]+) to ([\d,]+) an epoch left (1 − )?([\d.e-]+) of the error", said)
    if match is None:
        return
    assert kind != "mini-batch"
    first, last = (int(match[k].replace(",", "")) for k in (1, 2))
    path = stands(found)["trajectory"]
    before, after = (error(found, path, path["epochs"].index(epoch)) for epoch in (first, last))
    told = 1 - float(match[4]) if match[3] else float(match[4])
    assert told == pytest.approx((after / before) ** (1 / (last - first)), abs=2e-4)


def error(found: Found, path: Found, row: int) -> float:
    """‖θ − θ*‖ in the units in which was trained."""
    scales, means = np.array(found["problem"]["scales"]), np.array(found["problem"]["means"])
    apart = np.array([*path["weights"][row], path["biases"][row]]) - goal(found)
    return float(np.linalg.norm([*(apart[:-1] * scales), apart[-1] + apart[:-1] @ means]))


def choice(found: Found, said: str) -> None:
    told, epochs = found["verdict"]["choice"], found["problem"]["epochs"]
    speeds = {name: result["speed"] for name, result in found["backends"].items()}
    if told["run"] is not None:
        assert said.startswith(f"{told['run']} for this run: its {epochs:,} epoch")
        assert told["run"] == min(speeds, key=lambda name: total(speeds[name], epochs))
    elif told["run_tied"]:
        assert "are not told apart" in said
        assert set(told["run_tied"]) == set(NAMES)
        less, more = sorted(total(speed, epochs) for speed in speeds.values())
        assert less * 1.5**2 * 1.6**2 / 0.4 >= more  # no further apart than the intervals reach
    else:
        assert found["verdict"]["arrived"]["state"] == "diverged"
    if told["epoch"] is not None:
        low, high = sorted((s["epoch_seconds"] for s in speeds.values()), key=lambda epoch: epoch["median"])
        assert low["high"] < high["low"]
        assert f"Per steady epoch: {told['epoch']}, " in said
    for one in told["overtakings"]:
        assert "is ahead of" in said
        for at, ahead in ((one["epochs"] - 1, False), (one["epochs"] + 1, True)):
            assert (total(speeds[one["backend"]], at) <= total(speeds[one["over"]], at)) == ahead
        assert one["low"] <= one["epochs"] <= one["high"]
        assert one["epochs"] > epochs


def total(speed: Found, epochs: int) -> float:
    """Seconds of a whole run: import, data, the first epoch's own, and all epochs."""
    epoch = speed["epoch_seconds"]["median"]
    once = speed["import_seconds"] + speed["bind_seconds"] + max(0.0, speed["first_call_seconds"] - epoch)
    return float(once + epochs * epoch)
