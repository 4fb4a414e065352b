"""`handgrad generate`: synthetic data with a known truth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from handgrad.commands.options import DataDir, Json, Seed


def generate(
    data_dir: DataDir = Path("data"),
    num_samples: Annotated[int, typer.Option(min=2, help="Rows to make.")] = 1000,
    train_split: Annotated[float, typer.Option(help="Share of the rows to train on; the rest is to test on.")] = 0.8,
    noise: Annotated[float, typer.Option(min=0.0, help="Standard deviation of the noise on y.")] = 0.5,
    features: Annotated[int, typer.Option(min=1, help="One gives y = 2x + 1; more give seeded weights.")] = 1,
    condition: Annotated[
        float | None, typer.Option(help="Condition number of the features, 1 or more.", show_default=False)
    ] = None,
    seed: Seed = 0,
    json_output: Json = False,
) -> None:
    """Write train.csv and test.csv with a known truth. For one feature that is y = 2x + 1, plus noise."""
    from handgrad.data import synthetic

    paths = synthetic.generate(data_dir, num_samples, train_split, noise, features, seed, condition)
    truth = synthetic.read_truth(paths[-1])
    if json_output:
        typer.echo(json.dumps({"files": [str(path) for path in paths], **_fields(truth)}, indent=1))
        return
    shown = ", ".join(f"{weight:g}" for weight in truth.weights[:8]) + (", …" if len(truth.weights) > 8 else "")
    training_rows = round(train_split * num_samples)
    typer.echo(f"Truth:  W = {shown}, b = {truth.bias:g}, noise {truth.noise:g}")
    typer.echo(f"Train:  {training_rows} rows in {paths[0]}")
    typer.echo(f"Test:   {num_samples - training_rows} rows in {paths[1]}")
    typer.echo(f"Next:   handgrad train --data-dir {data_dir}")


def _fields(truth: object) -> dict[str, object]:
    import msgspec

    fields: dict[str, object] = msgspec.to_builtins(truth)
    return fields
