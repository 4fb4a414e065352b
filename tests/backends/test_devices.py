"""Where a backend computes: what it knows, what is not there, and what a library that is built without CUDA says."""

from __future__ import annotations

import numpy as np
import pytest

import handgrad as hg
from handgrad.backends import driver
from handgrad.backends.catalogue import catalogue, entry
from handgrad.backends.devices import DeviceAbsent
from handgrad.backends.interface import InputError
from handgrad.backends.numpy import NumPyTrainer
from pretend_device import AbsentTrainer, PretendTrainer

X, Y = np.arange(12.0).reshape(6, 2), np.arange(6.0)


def test_a_backend_computes_on_the_first_device_that_it_knows_and_where_it_is_asked_to() -> None:
    assert PretendTrainer(X, Y).device == "cpu"
    assert PretendTrainer(X, Y, "float64", "cuda").device == "cuda"
    np.testing.assert_array_equal(
        hg.train(X, Y, PretendTrainer, device="cuda", epochs=3).weights, hg.train(X, Y, "numpy", epochs=3).weights
    )


def test_a_device_that_a_backend_does_not_know_is_refused() -> None:
    with pytest.raises(InputError, match=r"^device: expected cpu for backend 'numpy', got 'cuda'$"):
        hg.train(X, Y, "numpy", device="cuda")
    assert hg.train(X, Y, NumPyTrainer, device="cpu", epochs=1).losses.size == 2


def test_a_device_that_is_not_there_is_told_in_a_line() -> None:
    with pytest.raises(DeviceAbsent, match=r"^device 'cuda': Pretend sees no device here; leave the device out$"):
        hg.train(X, Y, AbsentTrainer, device="cuda")


def test_the_catalogue_knows_the_devices_without_importing_a_library() -> None:
    assert {name for name, one in catalogue().items() if "cuda" in one.devices} >= {"torch", "torch-compile", "jax"}
    assert (entry("torch").place("cuda"), entry("numpy").place("cuda")) == ("cuda", "cpu")


def test_a_backend_of_a_device_alone_cannot_run_where_the_driver_sees_none(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    alone = replace(entry("numpy"), name="alone", devices=("cuda",))
    monkeypatch.setattr("handgrad.backends.catalogue.cuda_devices", lambda: 0)
    assert alone.reason() == "backend 'alone' needs a CUDA device: the driver sees none here"
    assert alone.place("cpu") == "cuda"
    monkeypatch.setattr("handgrad.backends.catalogue.cuda_devices", lambda: 1)
    assert alone.reason() is None


def test_a_driver_that_is_not_installed_sees_no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr("ctypes.CDLL", missing)
    assert driver.cuda_devices.__wrapped__() == 0


def test_pytorch_says_how_it_is_built() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    if torch.cuda.is_available():
        pytest.skip("there is a device")
    with pytest.raises(DeviceAbsent, match="PyTorch sees no CUDA device here"):
        hg.train(X, Y, "torch", device="cuda")
    trainer = entry("torch") and hg.train(X, Y, "torch", device="cpu", epochs=2)
    assert len(trainer.losses) == 3
