"""A trained model, and the file it is kept in: JSON, or a pickle of plain built-in types.

Numbers come back to the bit. A pickle is read by an unpickler that admits no class and no function, so it can run no
code, whoever made it.
"""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import ArrayLike

from handgrad.data.arrays import FloatArray, as_matrix
from handgrad.data.dataset import DataError, Dataset
from handgrad.data.errors import cut, listed, nearest, shown
from handgrad.data.files import decoded, read_bytes, whole_file
from handgrad.data.standardize import Standardization

SCHEMA = 1
KIND = "handgrad model"

#: Bytes that a model file may have: those of ten million weights.
LARGEST_FILE = 2**28

#: The first byte of every pickle of protocol 2 and later.
PICKLE_MARK = b"\x80"


@dataclass(frozen=True, eq=False)
class Model:
    """A linear model ŷ = X W + b in the user's units.

    Attributes:
        weights: (d,), in units of the target per unit of the feature.
        bias: In units of the target.
        feature_names: d names.
        target_name: The name of y.
        standardization: What the features went through while training; for the record, `predict` does not need it.
        details: How it was trained (backend, learning rate, …): what JSON can hold.
    """

    weights: FloatArray
    bias: float
    feature_names: tuple[str, ...]
    target_name: str
    standardization: Standardization | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        weights = np.atleast_1d(np.array(self.weights, dtype=np.float64))
        if len(set(self.feature_names)) != len(self.feature_names) or not self.feature_names:
            raise DataError("model: expected at least one feature, each with a name of its own")
        if weights.shape != (len(self.feature_names),):
            raise DataError(
                f"model: expected {len(self.feature_names)} weights, as features, got shape {weights.shape}"
            )
        if not (np.isfinite(weights).all() and np.isfinite(self.bias)):
            raise DataError("model: expected finite weights and bias, got others: did the training diverge?")
        if self.standardization is not None and len(self.standardization.means) != len(weights):
            raise DataError(
                f"model: expected a standardisation of {len(weights)} features, got {len(self.standardization.means)}"
            )
        weights.flags.writeable = False
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "bias", float(self.bias))
        object.__setattr__(self, "feature_names", tuple(self.feature_names))

    def predict(self, X: ArrayLike) -> FloatArray:
        """ŷ = X W + b, (n,), of X (n, d), or (n,) for one feature; columns in the order of `feature_names`.

        Raises:
            DataError: On another shape.
        """
        matrix = as_matrix(X, "X")
        if matrix.ndim != 2 or matrix.shape[1] != len(self.weights):
            raise DataError(f"model: expected X of shape (n, {len(self.weights)}), got {matrix.shape}")
        predicted: FloatArray = matrix @ self.weights + self.bias
        return predicted

    def align(self, dataset: Dataset) -> FloatArray:
        """The data set's X (n, d) with its columns in the model's order, found by name.

        Raises:
            DataError: If the features are not the model's, or the target is another one.
        """
        missing = [name for name in self.feature_names if name not in dataset.feature_names]
        extra = [name for name in dataset.feature_names if name not in self.feature_names]
        if missing or extra:
            hint = nearest(missing[0], extra) if missing else ""
            found = [f"lacks {listed(missing)}{hint}"] * bool(missing) + [f"has also {listed(extra)}"] * bool(extra)
            raise DataError(
                f"{dataset.source}: expected the model's features {listed(self.feature_names)}; the data "
                f"{' and '.join(found)}; choose the features by name"
            )
        if dataset.target_name != self.target_name:
            raise DataError(
                f"{dataset.source}: the model predicts {shown(self.target_name)}, but the data's target is "
                f"{shown(dataset.target_name)}; name the target"
            )
        if dataset.feature_names == self.feature_names:
            return dataset.X
        return np.ascontiguousarray(dataset.X[:, [dataset.feature_names.index(name) for name in self.feature_names]])


def save(model: Model, path: str | os.PathLike[str], format: Literal["json", "pickle"] = "json") -> None:
    """Writes the model; the file appears whole or not at all.

    Raises:
        DataError: If it cannot be written, the format is unknown, or `details` hold what JSON cannot.
    """
    if format not in ("json", "pickle"):
        raise DataError(f"model format: expected 'json' or 'pickle', got {format!r}")
    try:
        text = msgspec.json.format(msgspec.json.encode(_to_stored(model)), indent=1) + b"\n"
    except (TypeError, msgspec.MsgspecError) as error:
        raise DataError(f"model: expected details that JSON can hold ({error})") from None
    with whole_file(path, "wb") as file:
        file.write(text if format == "json" else pickle.dumps(msgspec.json.decode(text)))


def load(path: str | os.PathLike[str]) -> Model:
    """Reads a model, JSON or pickle; the content decides which.

    Raises:
        DataError: If it is not there, cut off, of another schema, or something else than a model. The message is one
            line.
    """
    content = read_bytes(path, LARGEST_FILE)
    plain = _unpickled(path, content) if content.startswith(PICKLE_MARK) else _parsed(path, content)
    if not isinstance(plain, dict) or plain.get("kind") != KIND:
        raise DataError(f"{path}: expected a handgrad model, got something else; name the file that `train` wrote")
    schema = plain.get("schema")
    if schema != SCHEMA or isinstance(schema, bool):
        raise DataError(
            f"{path}: expected a model of schema {SCHEMA}, got {cut(repr(schema))}; train again with this version, "
            "or read it with the version that wrote it"
        )
    try:
        return _from_stored(msgspec.convert(plain, type=_Stored))
    except (msgspec.ValidationError, DataError, RecursionError, OverflowError) as error:
        raise DataError(f"{path}: the model file is damaged ({error}); train again") from None


class _StoredStandardization(msgspec.Struct, forbid_unknown_fields=True):
    means: list[float]
    scales: list[float]


class _Stored(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The file's content, in the file's order."""

    schema: int = SCHEMA
    kind: str = KIND
    feature_names: list[str]
    target_name: str
    weights: list[float]
    bias: float
    standardization: _StoredStandardization | None
    details: dict[str, Any]


def _to_stored(model: Model) -> _Stored:
    used = model.standardization
    return _Stored(
        feature_names=list(model.feature_names),
        target_name=model.target_name,
        weights=model.weights.tolist(),
        bias=model.bias,
        standardization=_StoredStandardization(used.means.tolist(), used.scales.tolist()) if used else None,
        details=dict(model.details),
    )


def _from_stored(stored: _Stored) -> Model:
    used = stored.standardization
    return Model(
        weights=np.array(stored.weights, dtype=np.float64),
        bias=stored.bias,
        feature_names=tuple(stored.feature_names),
        target_name=stored.target_name,
        standardization=Standardization(np.array(used.means), np.array(used.scales)) if used else None,
        details=stored.details,
    )


def _parsed(path: str | os.PathLike[str], content: bytes) -> object:
    try:
        return decoded(content, object)
    except ValueError as error:
        raise DataError(
            f"{path}: expected a model in JSON, got a damaged or other file ({error}); train again"
        ) from None


class _PlainUnpickler(pickle.Unpickler):
    """Reads numbers, strings, lists and dicts. Whatever would look up a class or a function is refused."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"it asks for {shown(f'{module}.{name}')}, which a model file never needs")

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("it asks for an outside object, which a model file never needs")


def _unpickled(path: str | os.PathLike[str], content: bytes) -> Any:
    try:
        return _PlainUnpickler(io.BytesIO(content)).load()
    except Exception as error:  # a damaged pickle raises almost anything; the message carries it on
        raise DataError(
            f"{path}: expected a pickled model, got a damaged or unsafe file ({error}); train again"
        ) from None
