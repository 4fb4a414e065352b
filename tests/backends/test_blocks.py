"""The seam: whoever gives the blocks, and however many at a time, the bits are those of memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from handgrad.backends.array_trainer import BlockTrainer
from handgrad.backends.blocks import Blocks, MemoryBlocks, Summing, merged, merged_in_place
from handgrad.backends.catalogue import catalogue, load
from handgrad.backends.interface import DType, Plan
from handgrad.backends.kernels.gram_pass import CHUNK_ROWS
from handgrad.backends.moments import AnchoredMoments, AnchorPoint, MomentsTrainer, moments_over, near_optimum
from handgrad.backends.numba_tiled import NumbaTiledTrainer

#: The smallest block that both kinds of pass have whole chunks of.
BLOCK = CHUNK_ROWS
STREAMING = [name for name, entry in catalogue().items() if entry.takes_blocks and entry.by_default]


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NumbaTiledTrainer, "block_rows", BLOCK)


def table(rows: int, features: int, dtype: DType = "float64") -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng([rows, features])
    X = rng.normal(size=(rows, features)) + 3.0
    return X.astype(dtype), (X.sum(axis=1) + 1 + 0.3 * rng.normal(size=rows)).astype(dtype)


@dataclass(frozen=True, eq=False)
class SeveralAtATime(MemoryBlocks):
    """Branches of the tree in place of blocks."""

    def each(self, summing: Summing, point: Any) -> Iterator[Any]:
        return MemoryBlocks(self.X, self.y, 4 * BLOCK).each(summing, point)


def test_the_tree_depends_on_the_number_of_blocks_alone() -> None:
    assert merged("abcdefg", lambda left, right: f"({left}{right})") == "(((ab)(cd))((ef)g))"
    assert merged("abcde", lambda left, right: f"({left}{right})") == "(((ab)(cd))e)"
    assert merged("a", lambda left, right: "never") == "a"


@pytest.mark.parametrize("chunks", [1, 3, 4, 5, 23, 24, 25, 64])
def test_what_is_in_memory_is_merged_in_the_same_tree(chunks: int) -> None:
    parts = np.random.default_rng(chunks).normal(size=(chunks, 2, 3))
    blocks = [parts[first : first + 4] for first in range(0, chunks, 4)]
    in_order = [sum(block[1:], block[0]) for block in blocks]
    np.testing.assert_array_equal(merged_in_place(parts.copy(), 4), merged(in_order, np.add))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("features", [1, 3, 6])
@pytest.mark.parametrize("rows", [50, BLOCK, 5 * BLOCK + 77, 7 * BLOCK])
@pytest.mark.parametrize("trainer", [NumbaTiledTrainer, MomentsTrainer])
def test_blocks_give_the_bits_of_memory(trainer: type[BlockTrainer], rows: int, features: int, dtype: DType) -> None:
    X, y = table(rows, features, dtype)
    plan = Plan(0.02, 3, dtype=dtype)
    whole = trainer(X, y, dtype).train(plan)
    for source in (MemoryBlocks(X, y, BLOCK), SeveralAtATime(X, y)):
        found = trainer.over(source, dtype).train(plan)
        np.testing.assert_array_equal(found.losses, whole.losses)
        np.testing.assert_array_equal(found.recorded_weights, whole.recorded_weights)
        np.testing.assert_array_equal(found.recorded_biases, whole.recorded_biases)


def test_every_backend_that_says_so_takes_blocks() -> None:
    X, y = table(3 * BLOCK + 5, 2)
    plan = Plan(0.02, 3)
    for name in STREAMING:
        trainer = load(name)
        assert issubclass(trainer, BlockTrainer)
        found = trainer.over(MemoryBlocks(X, y, BLOCK)).train(plan)
        np.testing.assert_allclose(found.losses, trainer(X, y).train(plan).losses, rtol=1e-13)


class Counted(MemoryBlocks):
    """Counts passes."""

    passes: ClassVar[list[Summing]] = []

    def each(self, summing: Summing, point: Any) -> Iterator[Any]:
        self.passes.append(summing)
        return super().each(summing, point)


def passes(X: np.ndarray, y: np.ndarray) -> int:
    Counted.passes.clear()
    MomentsTrainer.over(Counted(X, y, BLOCK)).train(Plan(1e-9, 5))
    return len(Counted.passes)


def test_moments_take_one_pass_and_two_where_columns_hang_together() -> None:
    X, y = table(4 * BLOCK, 2)
    assert passes(X, y) == 1
    assert passes(np.column_stack([X, X[:, 0] + 0.1 * X[:, 1] ** 2]), y) == 2


@pytest.mark.parametrize(("far", "asked"), [(0.0, 1), (30.0, 2), (1e6, 3)])
def test_a_first_block_that_is_far_from_the_others_costs_a_pass_and_no_digits(far: float, asked: int) -> None:
    X, y = table(2 * BLOCK, 2)
    points: list[AnchorPoint] = []

    def taken(at: AnchorPoint) -> AnchoredMoments:
        points.append(at)
        return moments_over(MemoryBlocks(X, y, BLOCK), BLOCK, at)

    found = near_optimum(taken, (X[:300] - far, y[:300]))
    assert found is not None
    assert len(points) == asked
    np.testing.assert_allclose(found.centre, X.mean(axis=0), atol=0.3 if far == 1e6 else far + 0.3)
    best = np.linalg.lstsq(np.column_stack([np.ones(len(X)), X]), y)[1]
    assert found.squares < 2 * best


def test_a_source_is_no_data_of_others() -> None:
    assert isinstance(MemoryBlocks(*table(5, 1)), Blocks)
    assert STREAMING == ["numpy", "numba-tiled", "moments"]
