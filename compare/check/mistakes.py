"""The ways in which a gradient goes wrong: the recipes by which each known mistake is recognised.

A `Deviation` is one way in which a mistake is made, as switches of a `Recipe`. A `Hypothesis` is a recipe with the
deviations in it; those with two are the products of those with one. What is said about each mistake, by its key, stands
in `reports.check`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations, product
from typing import Any, Literal

from handgrad.compare.check.recipes import Recipe, Scale
from handgrad.compare.check.student.forms import Kind
from handgrad.compare.results.diagnosis import Mistake


@dataclass(frozen=True)
class Deviation:
    """One way to make a mistake.

    Attributes:
        mistake: Its key.
        form: Which of its ways; empty where it has one.
        switches: Fields of `Recipe` that differ from the right way.
        block: The one block whose factor is wrong, "dW" or "db".
        factor: For that block: the key of the mistake that it would be on both.
    """

    mistake: str
    form: str = ""
    switches: dict[str, Any] = field(default_factory=dict)
    block: Literal["", "dW", "db"] = ""
    factor: str = ""


@dataclass(frozen=True)
class Hypothesis:
    """A recipe, and the deviations in it; none for the right one."""

    recipe: Recipe
    deviations: tuple[Deviation, ...] = ()

    @property
    def mistakes(self) -> tuple[str, ...]:
        """The keys. Two wrong factors on two different blocks are named by what each of them is."""
        if len({d.block for d in self.deviations if d.block}) == 2:
            return tuple(d.factor for d in self.deviations)
        return tuple(d.mistake for d in self.deviations)

    def made(self) -> tuple[Mistake, ...]:
        """The mistakes in it, as a result has them."""
        return tuple(
            Mistake(key, d.form, d.block, d.factor) for key, d in zip(self.mistakes, self.deviations, strict=True)
        )


@cache
def hypotheses(kind: Kind) -> tuple[Hypothesis, ...]:
    """Every single mistake, those first that explain most with least."""
    deviations = _loss_deviations() if kind == "loss" else _gradient_deviations(kind)
    return tuple(Hypothesis(_recipe(d), (d,)) for d in deviations)


@cache
def pairs(kind: Kind) -> tuple[Hypothesis, ...]:
    """Every two mistakes that can be made together."""
    singles = [hypothesis.deviations[0] for hypothesis in hypotheses(kind)]
    return tuple(Hypothesis(_recipe(a, b), (a, b)) for a, b in combinations(singles, 2) if _together(a, b))


def _recipe(*deviations: Deviation) -> Recipe:
    switches: dict[str, Any] = {}
    for deviation in deviations:
        for name, value in deviation.switches.items():
            switches[name] = switches[name] * value if name in switches else value
    return Recipe(**switches)


def _together(a: Deviation, b: Deviation) -> bool:
    """Not the same mistake twice, no switch turned twice, and at most one unknown in a block."""
    if a.mistake == b.mistake and not (a.block and b.block and a.block != b.block and a.factor and b.factor):
        return False
    shared = set(a.switches) & set(b.switches)
    if any(not isinstance(a.switches[name], Scale) for name in shared):
        return False
    return len({"fixed", "penalty", "loose"} & (_freedoms(a) | _freedoms(b))) < 2


def _freedoms(deviation: Deviation) -> set[str]:
    names = {
        "fixed_rows": "fixed",
        "penalty_weights": "penalty",
        "penalty_bias": "penalty",
        "single_weights": "loose",
        "single_bias": "loose",
    }
    return {names[name] for name in deviation.switches if name in names}


def _gradient_deviations(kind: Kind) -> Iterator[Deviation]:
    yield from _both_scaled()
    if kind == "step":
        yield Deviation("updated-too-early", "weights-first", {"order": "weights-first"})
        yield Deviation("updated-too-early", "bias-first", {"order": "bias-first"})
    yield Deviation("bias-left-out", "", {"forward": "no-bias"})
    yield Deviation("not-the-residual", "prediction", {"residual": "prediction"})
    yield Deviation("not-the-residual", "target", {"residual": "target"})
    yield Deviation("not-the-residual", "minus-target", {"residual": "minus-target"})
    yield Deviation("absolute-error", "", {"residual": "sign"})
    yield Deviation("absolute-error", "twice", {"residual": "twice-sign"})
    yield Deviation("x-left-out", "", {"factor": "ones"})
    yield from _broadcast()
    yield from _transposed()
    yield Deviation("penalty-without-factor", "", {"penalty_weights": "plain"})
    yield Deviation("penalty-without-factor", "per-row", {"penalty_weights": "per-row"})
    yield Deviation("bias-penalised", "", {"penalty_bias": "plain"})
    yield Deviation("bias-penalised", "per-row", {"penalty_bias": "per-row"})
    yield Deviation("not-reset", "", {"accumulated": True})
    yield from _float32()
    yield from _integers()
    yield from _one_block()
    yield Deviation("whole-n-in-batch", "", {"fixed_rows": True})


def _both_scaled() -> Iterator[Deviation]:
    for mistake, scale in _FACTORS.items():
        yield Deviation(mistake, "", {"scale_weights": scale, "scale_bias": scale})
    whole = Scale(rows=1, total=-1)
    yield Deviation("whole-n-in-batch", "", {"scale_weights": whole, "scale_bias": whole})
    yield Deviation("always-zero", "", {"scale_weights": Scale(0.0), "scale_bias": Scale(0.0)})


def _one_block() -> Iterator[Deviation]:
    blocks: dict[str, Literal["dW", "db"]] = {"scale_weights": "dW", "scale_bias": "db"}
    for name, block in blocks.items():
        for factor, scale in _FACTORS.items():
            yield Deviation("one-block-only", switches={name: scale}, block=block, factor=factor)
        yield Deviation("one-block-only", switches={name: Scale(0.0)}, block=block)


def _broadcast() -> Iterator[Deviation]:
    """An n × n residual, averaged or summed, or still there in the answer's shape."""
    n_times = {"scale_bias": Scale(rows=1)}
    for residual in ("mean-target", "mean-prediction"):
        for scale in ({}, n_times, {"scale_weights": Scale(rows=1)}, {"scale_weights": Scale(rows=1), **n_times}):
            yield Deviation("broadcast-residual", "", {"residual": residual, **scale})
    for residual, factor in product(("matrix", "turned-matrix"), ("X", "table-first")):
        for bias in ({}, n_times, {"bias_axis": 0}, {"bias_axis": 1}):
            yield Deviation("broadcast-residual", "", {"residual": residual, "factor": factor, **bias})


def _transposed() -> Iterator[Deviation]:
    yield Deviation("transposed", "backward", {"factor": "turned"})
    yield Deviation("transposed", "forward", {"forward": "turned"})
    yield Deviation("transposed", "both", {"forward": "turned", "factor": "turned"})
    yield Deviation("transposed", "reshaped", {"factor": "reshaped"})
    yield Deviation("transposed", "permuted", {"factor": "permuted"})
    yield Deviation("transposed", "per-row", {"factor": "sum-over-features"})
    yield Deviation("transposed", "per-row", {"factor": "mean-over-features"})
    yield Deviation("transposed", "one-for-all", {"factor": "sum-over-all"})
    yield Deviation("transposed", "one-for-all", {"factor": "mean-over-all"})


def _float32() -> Iterator[Deviation]:
    yield Deviation("float32-accumulation", "", {"single_weights": True, "single_bias": True})
    yield Deviation("float32-accumulation", "dW", {"single_weights": True})
    yield Deviation("float32-accumulation", "db", {"single_bias": True})


def _integers() -> Iterator[Deviation]:
    yield Deviation("integers", "input", {"truncated": "input"})
    for where in _TRUNCATED:
        yield Deviation("integers", where, {"truncated": where})
    for where in ("weights", "parameters"):
        yield Deviation("integers", "small-step", {"truncated": where, "scale_weights": Scale(0.0)})


def _loss_deviations() -> Iterator[Deviation]:
    yield Deviation("sign", "", {"scale_weights": Scale(-1)})
    yield Deviation("halved-loss", "", {"scale_weights": Scale(0.5)})
    yield Deviation("sum-instead-of-mean", "", {"scale_weights": Scale(rows=1)})
    yield Deviation("root-of-loss", "", {"power": 1})
    yield Deviation("absolute-error", "", {"residual": "sign"})
    yield Deviation("bias-left-out", "", {"forward": "no-bias"})
    yield Deviation("not-the-residual", "prediction", {"residual": "prediction"})
    yield Deviation("not-the-residual", "target", {"residual": "target"})
    yield Deviation("broadcast-residual", "", {"residual": "matrix"})
    yield Deviation("not-reset", "", {"accumulated": True})
    yield Deviation("float32-accumulation", "", {"single_weights": True})
    yield Deviation("always-zero", "", {"scale_weights": Scale(0.0)})
    for where in _TRUNCATED:
        if where not in ("dW", "result"):
            yield Deviation("integers", where, {"truncated": where})
    yield Deviation("integers", "input", {"truncated": "input"})


#: The wrong factors, by the mistake that each of them is on both blocks.
_FACTORS = {
    "sign": Scale(-1.0),
    "two-missing": Scale(0.5),
    "two-twice": Scale(2.0),
    "sum-instead-of-mean": Scale(rows=1),
}
#: What may be cut off to whole numbers.
_TRUNCATED = ("dW", "result", "X", "y", "data", "weights", "parameters", "residual")
