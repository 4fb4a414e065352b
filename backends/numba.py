"""Numba: one fused, compiled pass over X and y per epoch."""

from __future__ import annotations
