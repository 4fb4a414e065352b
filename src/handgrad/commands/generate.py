"""`handgrad generate`: synthetic data with a known truth."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.commands.shared.lock import locked
from handgrad.commands.shared.options import DataDir, Json, Seed
from handgrad.commands.shared.output import print_json, show_lines
from handgrad.commands.shared.tables import say_if_elsewhere

if TYPE_CHECKING:
    from handgrad.data.synthetic import GroundTruth

#: Weights that a terminal shows; truth.json holds all.
SHOWN_WEIGHTS = 8


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
    import msgspec

    from handgrad.data import generated

    with locked(generated.folder_of(data_dir)):
        paths = generated.generate(data_dir, num_samples, train_split, noise, features, seed, condition)
        truth = generated.read_truth(paths[-1])
    say_if_elsewhere(paths[0], data_dir)
    if json_output:
        print_json({"files": list(map(str, paths)), **msgspec.to_builtins(truth)})
    else:
        show_lines(lines(truth, paths, round(train_split * num_samples), data_dir))


def lines(truth: GroundTruth, paths: list[Path], training_rows: int, data_dir: Path) -> Iterator[str]:
    """What was made, where it stands, and what comes next."""
    weights = ", ".join(f"{weight:g}" for weight in truth.weights[:SHOWN_WEIGHTS])
    more = ", …" if len(truth.weights) > SHOWN_WEIGHTS else ""
    yield f"Truth:  W = {weights}{more}, b = {truth.bias:g}, noise {truth.noise:g}"
    yield f"Train:  {training_rows} rows in {paths[0]}"
    yield f"Test:   {truth.num_samples - training_rows} rows in {paths[1]}"
    yield f"Next:   handgrad train --data-dir {data_dir}"
