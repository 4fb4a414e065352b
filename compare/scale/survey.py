"""What must be known of a table before it is trained on, from one pass over its rows: its moments, what they tell."""

from __future__ import annotations

from dataclasses import dataclass

from handgrad.backends.blocks import Blocks
from handgrad.backends.moments import AnchoredMoments, AnchorPoint, first_sample, moments_over, near_optimum
from handgrad.compare.blocks.stream_blocks import StreamBlocks
from handgrad.compare.scale.standard import names_of_one_value
from handgrad.compare.scale.surveyed import SurveyedTable, constant_columns
from handgrad.data.errors import DataError, shown


@dataclass(frozen=True, eq=False)
class Survey:
    """What a pass over a table found.

    Attributes:
        found: The moments near the optimum; None where they would lose digits.
        table: What they tell, as far as they can.
    """

    found: AnchoredMoments | None
    table: SurveyedTable


def survey(blocks: StreamBlocks, source: Blocks | None = None) -> Survey:
    """Takes the moments of all rows; `source` is where their sums are taken, if not here.

    Raises:
        DataError: If a cell is no finite number, a column is constant, or there are too few rows to fit a line.
    """
    taken = list[AnchoredMoments]()

    def take(at: AnchorPoint) -> AnchoredMoments:
        taken.append(moments_over(source or blocks, blocks.block_rows, at))
        return taken[-1]

    found = near_optimum(take, first_sample(blocks, blocks.block_rows))
    table = SurveyedTable(taken[-1], found is not None, blocks.rows, blocks.dtype)
    check_rows(blocks)
    check_columns(blocks, SurveyedTable(taken[0], False, blocks.rows, blocks.dtype))
    return Survey(found, table)


def check_rows(blocks: StreamBlocks) -> None:
    """Refuses fewer rows than parameters.

    Raises:
        DataError: With both.
    """
    parameters = blocks.features + 1
    if blocks.rows < parameters:
        raise DataError(
            f"{blocks.stream.source}: expected at least {parameters:,} rows for {parameters:,} parameters (one weight "
            f"per feature and the bias), got {blocks.rows:,}; give more rows, or choose fewer features"
        )


def check_columns(blocks: StreamBlocks, table: SurveyedTable) -> None:
    """Refuses a constant column, and one whose squares are too small for float64; a pass tells which it is.

    Raises:
        DataError: With its name and its value.
    """
    found = constant_columns(table, blocks.stream.feature_names)
    constant = names_of_one_value(blocks) if found else set()
    for name, value in found:
        if name not in constant:
            raise DataError(
                f"{blocks.stream.source}: the values of column {shown(name)} differ by so little that the squares of "
                "what they differ by are below float64's range; standardise them, or give them in a smaller unit"
            )
        raise DataError(
            f"{blocks.stream.source}: column {shown(name)} is constant ({value:g} in all {blocks.rows:,} rows), so its "
            "weight cannot be told from the bias; leave it out (features)"
        )
