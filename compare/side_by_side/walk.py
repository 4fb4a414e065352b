"""The way down at some epochs, in numbers that a picture needs: gradients, the loss above the lowest, a plane."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handgrad.backends.interface import FloatArray
from handgrad.compare.judge.hessian import Hessian
from handgrad.compare.results.arrival import Plane, Walk
from handgrad.compare.results.comparison import BackendResult, Trajectory
from handgrad.compare.side_by_side.arrival import common_digits
from handgrad.compare.side_by_side.describe import shown_rows
from handgrad.compare.side_by_side.prepare import Prepared
from handgrad.data.dataset import Dataset

#: Epochs at which the walk stops: the first ones all, then ever fewer.
MOST_STOPS, FIRST_STOPS = 61, 25
#: Numbers of all gradients together, so that many features have fewer stops.
MOST_NUMBERS = 3000
#: Rows whose predictions are followed.
FOLLOWED_ROWS = 40
#: A run that diverges is followed until its loss lies so many times as high as at the start, or as the lowest.
HIGHEST = 1e12


def walk(results: Mapping[str, BackendResult], dataset: Dataset, prepared: Prepared) -> Walk | None:
    """The way of the backend that stands for all: NumPy's where it ran, or else the first that did; None without one.

    A run that diverged is followed as far as a picture can show it. A loss that changes in one direction alone has no
    plane to walk in.
    """
    ran = {name: r.trajectory for name, r in results.items() if r.trajectory is not None and r.status != "failed"}
    name = "numpy" if "numpy" in ran else next(iter(ran), None)
    path = ran.get(name) if name else None
    if name is None or path is None or prepared.problem.destination is None or prepared.table.hessian.rank < 2:
        return None
    errors, excess = _errors(path, prepared)
    highest = HIGHEST * max(float(excess[0]), prepared.problem.destination.loss)
    with np.errstate(invalid="ignore"):
        seen = np.flatnonzero((excess < highest) & (_expected(path.epochs, prepared) < highest))
    kept = seen[stops(len(seen), prepared.table.features)]
    return _walk(name, path, kept, errors[kept], excess[kept], dataset, prepared) if len(kept) > 1 else None


def stops(count: int, features: int) -> NDArray[np.int64]:
    """The places (k,) of at most `MOST_STOPS` of so many epochs."""
    most = max(min(MOST_STOPS, MOST_NUMBERS // (features + 1)), 8)
    if count <= most:
        return np.arange(count)
    first = min(FIRST_STOPS, most // 2)
    later = np.geomspace(first, count - 1, most - first).round().astype(np.int64)
    return np.unique(np.concatenate([np.arange(first), later]))


def _errors(path: Trajectory, prepared: Prepared) -> tuple[FloatArray, FloatArray]:
    """θ − θ* (k, d + 1) in the units of the problem as it is trained, and ½ (θ − θ*)ᵀ H (θ − θ*) (k,)."""
    weights, biases = prepared.standardization.weights_forward(path.weights, path.biases)
    with np.errstate(over="ignore", invalid="ignore"):
        errors = np.column_stack([weights, biases]) - np.append(*prepared.forecast.goal)
        return errors, _excess(errors @ prepared.table.hessian.eigenvectors, prepared.table.hessian)


def _excess(components: FloatArray, hessian: Hessian) -> FloatArray:
    """½ Σ λᵢ cᵢ² (k,) of components c (k, d + 1) along the eigenvectors."""
    found: FloatArray = 0.5 * (components**2) @ hessian.eigenvalues
    return found


def _walk(
    name: str,
    path: Trajectory,
    kept: NDArray[np.int64],
    errors: FloatArray,
    excess: FloatArray,
    dataset: Dataset,
    prepared: Prepared,
) -> Walk:
    hessian, plane = prepared.table.hessian, _plane(prepared)
    epochs = np.array(path.epochs)[kept]
    components = errors @ hessian.eigenvectors
    gradients = (components * hessian.eigenvalues) @ hessian.eigenvectors.T
    directions = np.array(plane.directions)
    own = np.column_stack([np.array(path.weights)[kept], np.array(path.biases)[kept]])
    goal, sizes = prepared.forecast.own_goal, prepared.forecast.digit_sizes
    rows, predictions = _followed(own, dataset)
    return Walk(
        backend=name,
        epochs=tuple(epochs.tolist()),
        gradients=_rows(gradients),
        excess=tuple(excess.tolist()),
        expected=tuple(_expected(epochs, prepared).tolist()) if prepared.forecast.full_batch else (),
        digits=tuple(common_digits(one, goal, sizes) for one in own),
        plane=plane,
        points=_pairs(errors @ directions.T),
        steps=_pairs(-prepared.plan.learning_rate * gradients @ directions.T),
        rows=rows,
        predictions=predictions,
    )


def _plane(prepared: Prepared) -> Plane:
    hessian = prepared.table.hessian
    if prepared.table.features == 1:
        matrix = hessian.eigenvectors * hessian.eigenvalues @ hessian.eigenvectors.T
        (a, b), (c, d) = matrix.tolist()
        off = (b + c) / 2  # alike but for rounding
        return Plane(((1.0, 0.0), (0.0, 1.0)), ((a, off), (off, d)), of_parameters=True)
    steepest, flattest = _rows(hessian.eigenvectors[:, [0, hessian.rank - 1]].T)
    return Plane((steepest, flattest), ((hessian.largest, 0.0), (0.0, hessian.smallest)), of_parameters=False)


def _expected(epochs: ArrayLike, prepared: Prepared) -> FloatArray:
    """The loss above the lowest by the path θₖ − θ* = (I − ηH)ᵏ (θ₀ − θ*) (k,); nothing, 0, for mini-batches."""
    if not prepared.forecast.full_batch:
        return np.zeros(len(np.asarray(epochs)))
    hessian, forecast = prepared.table.hessian, prepared.forecast
    start = np.append(*forecast.start) - np.append(*forecast.goal)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        path = hessian.path(start, prepared.plan.learning_rate, epochs)
        return _excess(path @ hessian.eigenvectors, hessian)


def _followed(own: FloatArray, dataset: Dataset) -> tuple[tuple[int, ...], tuple[tuple[float, ...], ...]]:
    """Some rows of the sample, by their places in it, and what the parameters (k, d + 1) predict of them."""
    if dataset.features == 1:
        return (), ()
    sample = shown_rows(dataset.rows)
    places = np.unique(np.linspace(0, len(sample) - 1, min(len(sample), FOLLOWED_ROWS)).round().astype(np.int64))
    predicted = own[:, :-1] @ dataset.X[sample[places]].T + own[:, -1:]
    return tuple(places.tolist()), _rows(predicted)


def _pairs(array: FloatArray) -> tuple[tuple[float, float], ...]:
    return tuple((across, up) for across, up in array.tolist())


def _rows(array: FloatArray) -> tuple[tuple[float, ...], ...]:
    return tuple(map(tuple, array.tolist()))
