"""A gradient in a shared library, written in C or in whatever gives a C symbol, as a backend.

    void gradient(const double *X, const double *y, size_t n, size_t d,
                  const double *weights, double bias, double *dW, double *db);

X is by rows: X[i * d + j]. The function writes dW (d,) and db of (1/n) Σ r², and changes nothing else. For float32,
it is looked for under the same name with `_float32` after it, with float in place of double.
"""

from __future__ import annotations

import ctypes
import time
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from handgrad.backends.adapters.derivative import Derivative, DerivativeTrainer
from handgrad.backends.adapters.losses import LOSSES, KnownGradient, told_apart
from handgrad.backends.adapters.running import CodeError
from handgrad.backends.interface import DType, FloatArray, Trainer

#: What stands after the name of the function for this format of numbers, and what a number is in C.
SUFFIXES: dict[DType, str] = {"float64": "", "float32": "_float32"}
NUMBERS: dict[DType, Any] = {"float64": ctypes.c_double, "float32": ctypes.c_float}


class LibraryTrainer(DerivativeTrainer):
    """A C function that writes dW and db."""

    #: The function for each format of numbers that the library has one for, and where it stands.
    symbols: ClassVar[dict[DType, Any]]
    where: ClassVar[str]

    #: The losses of which its gradient may be, as far as its answers have told.
    losses: tuple[str, ...] = tuple(LOSSES)

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """X (n, d) by rows, and y (n,), where the library has a function for their format.

        Raises:
            CodeError: If it has none.
        """
        if self.dtype not in self.symbols:
            wanted = self.where + SUFFIXES[self.dtype]
            raise CodeError(f"{wanted}: expected a function of that name for {self.dtype}, found none")
        return super().bind(X, y)

    def derivative(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Derivative:
        """dW (d,) and db as the function writes them, for X (n, d) and y (n,)."""
        rows, features = X.shape
        d_weights, d_bias = np.empty(features, self.dtype), np.empty(1, self.dtype)
        places = d_weights.ctypes.data, d_bias.ctypes.data
        self.symbols[self.dtype](
            X.ctypes.data, y.ctypes.data, rows, features, np.ascontiguousarray(weights).ctypes.data, bias, *places
        )
        given = Derivative(None, d_weights, d_bias[0])
        if told_apart(self.losses, rows):
            self.look_at(given, X, y, weights, bias)
        return given

    def look_at(self, given: Derivative, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> None:
        """Refuses the gradient, dW (d,) and db for X (n, d) and y (n,), of another loss; done until that is told.

        Raises:
            CodeError: With the loss of which it is.
        """
        began = time.perf_counter()
        truth = KnownGradient.of(X, y, weights, bias)
        if truth.finite:
            self.losses = truth.losses_of(given.weights, given.bias, len(y), self.losses)
        self.aside_seconds += time.perf_counter() - began
        if self.losses and "mse" not in self.losses:
            formula = LOSSES[self.losses[0]].formula
            raise CodeError(f"{self.where}: expected the gradient of (1/n) Σ r², got that of {formula}")


def library_class(library: ctypes.CDLL, path: str, symbol: str, name: str) -> type[Trainer]:
    """The trainer of a function in a shared library.

    Raises:
        CodeError: If the library has no such function.
    """
    where = f"{Path(path).name}:{symbol}"
    found = {dtype: function for dtype in SUFFIXES if (function := declared(library, symbol, dtype)) is not None}
    if not found:
        raise CodeError(f"{where}: expected a function of that name, found none")
    return type(
        "Library",
        (LibraryTrainer,),
        {"symbols": found, "dtypes": tuple(found), "where": where, "name": name, "summary": where},
    )


def declared(library: ctypes.CDLL, symbol: str, dtype: DType) -> Any:
    """The function for a format of numbers, with the types of its arguments; None if there is none."""
    function = getattr(library, symbol + SUFFIXES[dtype], None)
    if function is not None:
        array = ctypes.c_void_p
        function.argtypes = [array, array, ctypes.c_size_t, ctypes.c_size_t, array, NUMBERS[dtype], array, array]
        function.restype = None
    return function
