"""The Python front door: a gradient, a training run, a check of your own, and all backends side by side."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from handgrad.backends.catalogue import entry
from handgrad.backends.given import Given, entries, entry_of, trainer_of
from handgrad.backends.interface import Device, DType, Gradient, InputError, Order, Parameters, Plan, Training
from handgrad.compare.results.comparison import Comparison
from handgrad.data.dataset import Dataset, check_same_index
from handgrad.files import FileWords, check_streamed, check_words, dataset_of, is_path, memory_of, table_at

if TYPE_CHECKING:
    from handgrad.backends.catalogue import Entry
    from handgrad.backends.signatures.kinds import Kind
    from handgrad.compare.check.conventions import LossChoice
    from handgrad.reports.check.diagnosis import Diagnosis


def gradient(
    X: ArrayLike,
    y: ArrayLike,
    weights: ArrayLike,
    bias: float,
    backend: Given = "numpy",
    dtype: DType = "float64",
) -> Gradient:
    """Loss and gradient of L = (1/n) Σ (X W + b − y)² at a point: dW = (2/n) Xᵀr, db = (2/n) Σ r.

    Args:
        X: (n, d), or (n,) for one feature: an array or a tensor of any library, a list, a DataFrame, an Arrow table, a
            sparse matrix, a dict of columns.
        y: (n,) or (n, 1), or a table of one column.
        weights: (d,), or a number for one feature.
        bias: A number.
        backend: A name from `handgrad backends`, a function `gradient(X, y, weights, bias)` or `step(…,
            learning_rate)`, a subclass of `Trainer`, or a file that defines one of these.
        dtype: The format in which everything is computed.

    Returns:
        `Gradient(loss, weights, bias)`: the loss in units of y², ∂L/∂W (d,), ∂L/∂b.

    Raises:
        DataError: If X and y are pandas objects whose rows are labelled differently.
        InputError: On wrong shapes, NaN and infinity, and on what holds no real numbers; in one line.
        UnknownBackend, BackendUnavailable, GivenError, CodeError: The message says what there is, how to install it, or
            what is wrong with what was given.
    """
    _check_arrays(X, y)
    return trainer_of(backend)(X, y, dtype).gradient_at(weights, bias)


class Trained(Training):
    """A `Training` that shows itself in a notebook."""

    def _repr_html_(self) -> str:
        from handgrad.reports.train.notebook import notebook

        return notebook(self.losses.tolist(), self.weights.tolist(), self.bias, self.diverged_at)


def train(
    X: ArrayLike | os.PathLike[str],
    y: ArrayLike | None = None,
    backend: Given | None = None,
    learning_rate: float = 0.01,
    epochs: int = 100,
    batch_size: int | None = None,
    weights: ArrayLike | None = None,
    bias: float = 0.0,
    seed: int = 0,
    dtype: DType = "float64",
    record: Sequence[int] | None = None,
    order: Order = "shuffled",
    device: Device | None = None,
    *,
    target: str | None = None,
    features: Sequence[str] | str | None = None,
    memory: str | int | None = None,
    separator: str | None = None,
    encoding: str | None = None,
    drop_missing: bool = False,
) -> Trained:
    """Trains by gradient descent: W ← W − η dW, b ← b − η db, once per batch.

        hg.train(X, y)
        hg.train("measurements/", target="yield", backend="moments", memory="1GiB")

    Args:
        X: (n, d), or (n,) for one feature, as in `gradient`; or the path of a CSV or Parquet file, or of a folder of
            Parquet files. Taken as it is: nothing is scaled.
        y: (n,) or (n, 1), or a table of one column; none beside a file.
        backend: A name from `handgrad backends`, a function `gradient(X, y, weights, bias)` or `step(…,
            learning_rate)`, a subclass of `Trainer`, or a file that defines one of these;
            None takes numba, or numpy where Numba is not installed. Rows that memory does not hold are taken by those
            that take blocks (numpy, numba-tiled, moments), and None is moments there.
        learning_rate: η.
        epochs: How often to go through all rows.
        batch_size: Rows per update; None takes all rows at once.
        weights: Where to start, (d,); None is zero.
        bias: Where to start.
        seed: Of the batches.
        dtype: The format in which everything is computed.
        record: The epochs whose parameters are kept, besides the start and the end; None keeps those of every epoch, or
            of 1,001 evenly spread ones where there are more.
        order: Batches take the rows "shuffled" anew in every epoch, or in their own order, that of the "file".
        device: Where it computes, "cpu" or "cuda"; None takes the first that the backend knows.
        target: Of a file: the column to predict; None is the last one.
        features: Of a file: the columns to predict from; None takes all others.
        memory: Of a file: what its data may take, as "1GiB" or in bytes; None is half of what is free. A larger table
            is read block by block in each pass.
        separator: Of a CSV file: between cells; None finds it.
        encoding: Of a CSV file; None is UTF-8.
        drop_missing: Of a file: leave out rows with an empty or infinite cell.

    Returns:
        A `Training` that shows itself in a notebook, with `weights` (d,), `bias`, `losses` (epochs + 1,) and the
        parameters at the recorded epochs. A run that diverged says so in `diverged_at` and keeps what was finite.

    Raises:
        DataError: If X and y are pandas objects whose rows are labelled differently; if a file is no table of numbers,
            or has no such columns.
        InputError: On wrong shapes, NaN and infinity, on what holds no real numbers, and on a rate, epochs, batch size
            or record out of range; if a table is larger than `memory`, and the backend needs all rows; on a device that
            the backend does not know; in one line.
        DeviceAbsent: If the device is not there.
        UnknownBackend, BackendUnavailable, GivenError, CodeError: The message says what there is, how to install it, or
            what is wrong with what was given.
    """
    words = FileWords(target, features, memory, separator, encoding, drop_missing)
    check_words("train", X, y, words, other=isinstance(X, Dataset))

    def plan(count: int) -> Plan:
        start = Parameters([0.0] * count if weights is None else weights, bias)
        return Plan(learning_rate, epochs, batch_size, start, seed, dtype, record, order)

    data: Any = X
    if is_path(X):
        table = table_at(X, words)
        if not isinstance(table, Dataset):
            from handgrad.compare.scale.run import run_streamed

            check_streamed(device)
            chosen = entry_of(_fast("moments") if backend is None else backend)
            return Trained(**vars(run_streamed(table, chosen, plan(table.features), memory_of(words))))
        data, y = table.X, table.y
    _check_arrays(data, y)
    assert y is not None
    trainer = trainer_of(_fast() if backend is None else backend).on(data, y, dtype, device)
    return Trained(**vars(trainer.train(plan(trainer.features))))


def _fast(wanted: str = "numba") -> str:
    """The backend that trains where none is named: a browser's Python has no Numba."""
    return "numpy" if entry(wanted).missing() else wanted


def check(
    function: Callable[..., Any],
    kind: Kind | None = None,
    loss: LossChoice = None,
    integers: bool = False,
    seed: int = 0,
    time_limit_seconds: float = 10.0,
) -> Diagnosis:
    """Whether a gradient written by hand is right, or which mistake was made.

    Args:
        function: `gradient(X, y, weights, bias)` returning (dW, db), with X (n, d), y (n,), weights (d,) and a number;
            or `step(X, y, weights, bias, learning_rate)` returning the new parameters; or `loss(X, y, weights,
            bias)`; or a subclass of `Trainer`. For one feature it may also take X (n,) and a number for the weights.
            Or what a file may define in place of these: a class with such a method or with `fit`, a function that
            trains.
        kind: Which of these it is, "gradient", "step", "loss" or "trainer"; by default told by its parameters and its
            name.
        loss: Of which it should be the gradient: "mse" (1/n) Σ r², "half-mse" (1/2n) Σ r², "sum" Σ r², "half-sum"
            ½ Σ r², or "any" of these. By default it is judged by "mse", and what is right for another is said, but not
            called correct.
        integers: Whether numbers that wrap around on arrays of int32 or uint8 are a mistake, and not a note.
        seed: Of the numbers at which it is asked; by default they are always the same.
        time_limit_seconds: Of computing, for all of it; then its process is ended.

    Returns:
        `Diagnosis` with `.correct`, `.mistake` and `.explanation`; it shows itself in a terminal and in a notebook.

    The function is sent with what it refers to (cloudpickle) to a process of its own, which is limited as that of
    `handgrad check` is. What cannot be sent is called in this process, without a time limit; `.notes` say so, and why.
    """
    from handgrad.compare.check.check import check_apart
    from handgrad.reports.check.diagnosis import diagnosis

    return diagnosis(check_apart(function, kind, loss, integers, seed, time_limit_seconds))


def assert_right(
    function: Callable[..., Any], kind: Kind | None = None, loss: LossChoice = None, time_limit_seconds: float = 10.0
) -> None:
    """Raises an AssertionError that says which mistake a gradient has: a test for pytest, and a cell for nbgrader.

        def test_gradient():
            hg.assert_right(mine.gradient, loss="half-mse")

    Args:
        function: As `hg.check` takes it, `gradient(X, y, weights, bias)` for one. It is called as `hg.check` calls it.
        kind: "gradient", "step", "loss" or "trainer"; by default told by its parameters and its name.
        loss: Of which it should be the gradient: "mse", "half-mse", "sum", "half-sum" or "any" of these.
        time_limit_seconds: Of computing, for all of it.

    Raises:
        AssertionError: If it is not right; the message is the diagnosis.
    """
    __tracebackhide__ = True  # pytest shows the student's line, not ours
    found = check(function, kind, loss, time_limit_seconds=time_limit_seconds)
    if not found.correct:
        raise AssertionError(str(found))


class SideBySide(Comparison):
    """A `Comparison` that can write its report, and shows itself in a notebook."""

    def save(self, folder: str | Path) -> list[Path]:
        """Writes `result.json`, `report.html`, `figures/*.png` and `*.svg` into a folder; returns their paths."""
        from handgrad.reports.compare.html import write

        return write(self, Path(folder))

    def _repr_html_(self) -> str:
        from handgrad.reports.compare.notebook import notebook

        return notebook(self)


def side_by_side(
    X: ArrayLike | Dataset | os.PathLike[str],
    y: ArrayLike | None = None,
    backends: Given | Sequence[Given] | None = None,
    learning_rate: float | None = None,
    epochs: int = 100,
    batch_size: int | None = None,
    weights: ArrayLike | None = None,
    bias: float = 0.0,
    seed: int = 0,
    dtype: DType = "float64",
    standardize: bool = True,
    threads: int | None = None,
    timeout_seconds: float = 600.0,
    budget_seconds: float = 0.1,
    order: Order = "shuffled",
    slowest_share: float | None = None,
    device: Device = "cpu",
    *,
    target: str | None = None,
    features: Sequence[str] | str | None = None,
    memory: str | int | None = None,
    separator: str | None = None,
    encoding: str | None = None,
    drop_missing: bool = False,
) -> SideBySide:
    """Makes one training run on several backends, each in a process of its own, and judges them by the exact answer.

    Args:
        X: (n, d), or (n,) for one feature, as in `gradient`; or a `Dataset`, or the path of a table as in `train` (then
            without y).
        y: (n,) or (n, 1), or a table of one column.
        backends: Names from `handgrad backends`, functions, subclasses of `Trainer`, and files, as in `gradient`; None
            takes those that are compared by default. A function is sent to its process with what it refers to.
        learning_rate: None takes the best fixed one, 2/(λ_max + λ_min) of the Hessian.
        epochs: How often to go through all rows.
        batch_size: Rows per update; None takes all rows at once.
        weights: Where to start, (d,), in the units of the standardised problem; None is zero.
        bias: Where to start, likewise.
        seed: Of the batches.
        dtype: The format in which everything is computed.
        standardize: Whether features are centred and scaled first; parameters come back in the user's units.
        threads: How many each backend may use; None takes all cores.
        timeout_seconds: How long a backend may take for one answer.
        budget_seconds: Clock time for steady epochs, per backend.
        order: Batches take the rows "shuffled" anew in every epoch, or in their own order, that of the "file".
        slowest_share: Of the whole time, what a backend's run may take; one that would take more is left out, and that
            is said. None allows a quarter where `backends` is None, and any time to backends that were named.
        device: "cuda" has those backends compute there that know it; the others stay on the processor, as reference.
        target: Of a file: the column to predict; None is the last one.
        features: Of a file: the columns to predict from; None takes all others.
        memory: Of a file: what its data may take, as "1GiB" or in bytes; None is half of what is free. A larger table
            is read block by block in each pass.
        separator: Of a CSV file: between cells; None finds it.
        encoding: Of a CSV file; None is UTF-8.
        drop_missing: Of a file: leave out rows with an empty or infinite cell.

    Returns:
        A `Comparison` with `.frame()` and `.save(folder)`.

    Raises:
        DataError, InputError, DeviceAbsent: If the data, an option or the device cannot be used.
        UnknownBackend: If a name is not in the catalogue.
        GivenError: If a file cannot be read, or an object cannot be sent to a process.
        NothingRan: If no backend could run.
    """
    from handgrad.compare.side_by_side.prepare import Options
    from handgrad.compare.side_by_side.side_by_side import side_by_side as compare

    words = FileWords(target, features, memory, separator, encoding, drop_missing)
    check_words("side_by_side", X, y, words, isinstance(X, Dataset), alone="a Dataset or the path of a table")
    table = table_at(X, words) if is_path(X) else dataset_of(X, y)
    options = Options(
        backends=_entries(backends),
        learning_rate=learning_rate,
        epochs=epochs,
        batch_size=batch_size,
        start=Parameters([0.0] * table.features if weights is None else weights, bias),
        seed=seed,
        dtype=dtype,
        standardize=standardize,
        threads=threads,
        timeout_seconds=timeout_seconds,
        budget_seconds=budget_seconds,
        slowest_share=slowest_share,
        order=order,
        device=device,
    )
    if isinstance(table, Dataset):
        return SideBySide(**vars(compare(table, options)))
    from handgrad.compare.scale.side_by_side import side_by_side_streamed

    check_streamed(device)
    found = side_by_side_streamed(table, options, memory_of(words), named=backends is not None)
    return SideBySide(**vars(found))


def _check_arrays(X: Any, y: Any) -> None:
    """Refuses a data set in the place of arrays, and arrays whose rows are labelled differently.

    Raises:
        InputError, DataError: With what to give.
    """
    if isinstance(X, Dataset):
        raise InputError("X: expected an array or a table, got a Dataset; give dataset.X and dataset.y")
    check_same_index(X, y)


def _entries(backends: Given | Sequence[Given] | None) -> list[Entry] | None:
    if backends is None:
        return None
    return entries(backends if isinstance(backends, Sequence) and not isinstance(backends, str) else [backends])
