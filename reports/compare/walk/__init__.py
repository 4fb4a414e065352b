"""The way down, epoch by epoch: three pictures that a slider drives, and a sentence."""
