"""Devices: whether one is there, and from when on moving data to it pays."""
