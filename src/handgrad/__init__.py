"""Gradients by hand, held against autodiff, against every backend and against the exact answer."""
