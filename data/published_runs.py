"""Runs of gradient descent that well-read courses and articles have published: their rows, and every number they print.

`published/published.json` describes them, the CSVs beside it hold their rows: a handful of numbers each, which are
facts and no one's property; the rows of one are made by the article's own recipe. Each file is read when it is needed.

The learning rates are those of this project's convention, L = (1/n) Σ r², whose gradient is (2/n) Xᵀr. A source with
the loss (1/2n) Σ r² has half this loss, half this gradient and twice this rate, and so takes the same steps.
"""

from __future__ import annotations

import csv
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from handgrad.data.errors import DataError, nearest, shown

if TYPE_CHECKING:
    from handgrad.data.dataset import Dataset

FOLDER = Path(__file__).parent / "published"

#: What was printed: a parameter, the loss, one of its derivatives, ŷ at one x, or the root of the mean of r².
Quantity = Literal[
    "weight", "bias", "loss", "weight derivative", "bias derivative", "prediction", "root mean square error"
]

#: The loss that a source minimises: a mean of r², half of it, or half the square of one row at a time.
LossThere = Literal["1/n", "1/(2n)", "1/2"]


class Point(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place in the space of the parameters."""

    weight: float
    bias: float


class RowsRecipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rows that a source makes: y = bias + weight · x + noise · N(0, 1), x evenly spread from `low` to `high`."""

    seed: int
    rows: int
    low: float
    high: float
    weight: float
    bias: float
    noise: float


class Printed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One printed number, which holds to half a unit of its last digit.

    Attributes:
        quantity: What it is; losses and derivatives are those of the source's own loss.
        text: The number as it is printed.
        epochs: After how many epochs it holds; or
        steps: after how many updates of the first epoch; or
        at: at which parameters. One of the three is given.
        x: Where a prediction is made, in units of the feature.
        times: What the source multiplies a prediction by before it prints it.
        rows_lost: How many of the first rows its author's reader lost (a header was expected).
        printed_in: Who printed it, where that is not the source itself.
    """

    quantity: Quantity
    text: str
    epochs: int | None = None
    steps: int | None = None
    at: Point | None = None
    x: float | None = None
    times: float = 1.0
    rows_lost: int = 0
    printed_in: str | None = None

    def __post_init__(self) -> None:
        if [self.epochs, self.steps, self.at].count(None) != 2:
            raise ValueError(f"{self.quantity}: expected one of epochs, steps and at")
        if (self.quantity == "prediction") != (self.x is not None):
            raise ValueError(f"{self.quantity}: expected x with a prediction, and with nothing else")
        if self.at is None and self.quantity.endswith("derivative"):
            raise ValueError(f"{self.quantity}: expected the point at which it is taken")
        try:
            finite = Decimal(self.text).is_finite()
        except InvalidOperation:
            finite = False
        if not finite:
            raise ValueError(f"{self.quantity}: expected a number as it is printed, got {self.text!r}")


class PublishedRun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One published run.

    Attributes:
        id: What `find` knows it by.
        source: Who published it, and where.
        about: What its rows are.
        licence: Why they may be shipped.
        loss_there: The loss that the source minimises.
        learning_rate: In this project's convention.
        epochs: How often it goes through all rows.
        start: Where it starts.
        printed: Every number that it prints.
        url: The source's address, where it has one.
        table: The file of its rows; or
        recipe: how they are made. One of the two is given.
        batch_size: Rows per update, in the file's order; None takes all at once.
        stops_below: The source stops before the first step that moves no parameter by more than this.
        seconds_there: How long its programs took, by name.
        computer_there: On what.
    """

    id: str
    source: str
    about: str
    licence: str
    loss_there: LossThere
    learning_rate: float
    epochs: int
    start: Point
    printed: tuple[Printed, ...]
    url: str | None = None
    table: str | None = None
    recipe: RowsRecipe | None = None
    batch_size: int | None = None
    stops_below: float | None = None
    seconds_there: dict[str, float] = {}
    computer_there: str | None = None

    def __post_init__(self) -> None:
        if (self.table is None) == (self.recipe is None):
            raise ValueError(f"{self.id}: expected a table or a recipe")
        late = [number for number in self.printed if (number.epochs or 0) > self.epochs]
        if late or not self.printed:
            raise ValueError(f"{self.id}: expected printed numbers of its {self.epochs} epochs, got {late or 'none'}")

    @property
    def factor(self) -> int:
        """By how much this project's loss and gradient are larger than the source's, and its rate smaller: 1 or 2."""
        return 1 if self.loss_there == "1/n" else 2

    @property
    def rate_there(self) -> float:
        """The learning rate in the source's own convention."""
        return self.factor * self.learning_rate


@cache
def runs() -> dict[str, PublishedRun]:
    """All published runs by their ids, in the order of lists."""
    read = msgspec.json.decode((FOLDER / "published.json").read_bytes(), type=tuple[PublishedRun, ...])
    return {run.id: run for run in read}


def find(name: str) -> PublishedRun:
    """The run of that id. Upper case and underscores are accepted.

    Raises:
        DataError: If there is no such run; the message names all.
    """
    wanted = name.strip().lower().replace("_", "-")
    if wanted not in runs():
        raise DataError(
            f"no published run is called {shown(name)}{nearest(wanted, list(runs()))}; there are: {', '.join(runs())}"
        )
    return runs()[wanted]


def rows(run: PublishedRun) -> Dataset:
    """The run's rows: one feature, one target, with the names of the file's columns."""
    import numpy as np

    from handgrad.data.dataset import Dataset

    if run.recipe is not None:
        return made(run.recipe, run.id)
    assert run.table is not None
    with (FOLDER / run.table).open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file)
    table = np.array(lines, dtype=np.float64)
    return Dataset(table[:, :1], table[:, 1], tuple(header[:1]), header[1], source=run.id)


def made(recipe: RowsRecipe, source: str) -> Dataset:
    """The rows of a recipe, by NumPy's generator of that time (its legacy `RandomState`), as the recipe has it."""
    import numpy as np

    from handgrad.data.dataset import Dataset

    noise = recipe.noise * np.random.RandomState(recipe.seed).randn(recipe.rows)
    x = np.linspace(recipe.low, recipe.high, recipe.rows)
    return Dataset(x[:, np.newaxis], recipe.bias + recipe.weight * x + noise, ("x",), "y", source=source)
