"""Puts something else in the place of what NumPy has."""

import numpy as np

np.load = lambda *_, **__: {"X": np.zeros((3, 1)), "y": np.zeros(3)}
