"""The main job: the same training run on every backend, then the verdict."""
