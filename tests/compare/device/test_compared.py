"""A comparison in which one backend is on a device, that pretends to be one, and one does not see it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import handgrad as hg
from handgrad.api import SideBySide
from handgrad.backends.interface import InputError
from handgrad.compare.results.comparison import Comparison
from handgrad.compare.results.files import from_json, to_json
from handgrad.compare.results.timing import Estimate
from handgrad.compare.results.verdict import DevicePays, RunCost
from handgrad.compare.side_by_side.choice import device_pays
from handgrad.reports.compare.answers import which
from handgrad.reports.compare.tables import speed
from handgrad.reports.compare.words import notes, troubles
from pretend_device import MOVING, WAKING, AbsentTrainer, PretendTrainer

RANDOM = np.random.default_rng(4)
X = RANDOM.normal(size=(50, 2))
Y = X @ [1.0, 2.0] + RANDOM.normal(size=50)


class BlindTrainer(AbsentTrainer):
    """Sees no device."""

    name = "blind"


@pytest.fixture(scope="module")
def compared() -> SideBySide:
    given = ["numpy", PretendTrainer, BlindTrainer]
    return hg.side_by_side(X, Y, given, epochs=5, budget_seconds=0.02, device="cuda")


def test_who_knows_the_device_is_there_and_its_transfer_is_a_number_of_its_own(compared: SideBySide) -> None:
    here, there, blind = (compared.backends[name] for name in ("numpy", "pretend", "blind"))
    assert (here.device, there.device, blind.device) == (None, "cuda", "cuda")
    assert here.speed is not None
    assert there.speed is not None
    assert here.speed.transfer_seconds is None
    assert there.speed.transfer_seconds is not None
    assert there.speed.transfer_seconds >= MOVING
    assert there.speed.bind_seconds >= there.speed.transfer_seconds + WAKING
    assert blind.status == "unavailable"
    assert compared.verdict.passed


def test_its_limit_is_its_own_reading_of_as_many_bytes(compared: SideBySide) -> None:
    assert compared.device is not None
    assert (compared.device.kind, compared.device.name, compared.device.bytes) == ("cuda", "Pretend 3000", 50 * 3 * 8)
    here, there = (compared.backends[name].speed for name in ("numpy", "pretend"))
    assert here is not None
    assert there is not None
    assert compared.device.limit_seconds is not None
    assert there.ceiling_fraction is not None
    assert there.ceiling_fraction > 0
    assert here.ceiling_fraction is None  # no backend here reads the machine's memory


def test_a_report_tells_where_each_computed_and_from_when_on_that_pays(compared: SideBySide) -> None:
    (note,) = (note for note in notes(compared) if note.startswith("Device: "))
    assert note.startswith("Device: Pretend 3000 (cuda): pretend computed there, the others on the CPU. It reads 1.2 K")
    assert troubles(compared) == [
        ("blind", "not available", "backend 'blind' cannot compute on cuda: Pretend sees no device here")
    ]
    assert "transfer" in [column.title for column in speed(compared).columns]
    (answer,) = which(compared)
    assert answer.lines[-1] == "From how many rows on a device pays: handgrad bench, with the same --device."
    assert "pretend on cuda" in answer.lines[-2]
    kept = from_json(to_json(compared), Comparison)
    assert (kept.device, kept.verdict) == (compared.device, compared.verdict)


def cost(backend: str, start: float, epoch: float) -> RunCost:
    spread = Estimate(epoch, 0.9 * epoch, 1.1 * epoch)
    return RunCost(backend, Estimate(start, start, start), spread, Estimate(start, start, start))


def test_a_device_pays_from_where_its_start_is_made_up_for_and_never_if_its_epoch_is_no_shorter() -> None:
    costs = [cost("numpy", 1, 1e-3), cost("numba", 2, 4e-4), cost("moments", 1, 1e-7), cost("there", 12, 1e-4)]
    found = device_pays(costs, {"there"}, {"numpy", "numba", "there"})
    never = DevicePays("there", "moments")
    (paid,) = (one for one in found if one != never)
    assert (paid.backend, paid.over, paid.epochs) == ("there", "numba", 33_334)
    assert paid.low is not None
    assert paid.high is not None
    assert paid.low < 33_334 < paid.high
    assert never in found
    assert device_pays(costs[:3], {"there"}, {"numpy", "numba"}) == ()
    near = [*costs[:2], cost("there", 0.1, 3.9e-4)]
    assert device_pays(near, {"there"}, {"numpy", "numba"}) == (DevicePays("there", "numba"),)


def test_the_sentence_says_what_the_epochs_hold(compared: SideBySide) -> None:
    choice = compared.verdict.choice
    assert choice is not None
    paid = replace(choice, device=(DevicePays("pretend", "numpy", 33_334, 20_000, 50_000),))
    (answer,) = which(replace(compared, verdict=replace(compared.verdict, choice=paid)))
    told = "pretend on cuda pays against numpy from about 33,000 epochs on (between 20,000 and 50,000), start and the"
    assert answer.lines[-2].startswith(f"{told} transfer of X and y (")


def test_a_device_that_nobody_knows_is_refused() -> None:
    with pytest.raises(InputError, match=r"^device 'cuda': numpy computes on the CPU alone; on cuda: "):
        hg.side_by_side(X, Y, ["numpy"], device="cuda")
