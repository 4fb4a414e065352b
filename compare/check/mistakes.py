"""The ways in which a gradient goes wrong: the recipes by which each known mistake is recognised.

A `MistakeForm` is one way in which a mistake is made, as switches of a `Recipe`. A `Hypothesis` is a recipe with the
forms in it; those with two are the products of those with one. What is said about each mistake, by its key, stands
in `reports.check`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations, product
from typing import Any, Literal

from handgrad.backends.signatures.kinds import Kind
from handgrad.compare.check.conventions import FACTORS, is_mean
from handgrad.compare.check.recipes import Recipe, Scale
from handgrad.compare.results.diagnosis import LossName, Mistake


@dataclass(frozen=True)
class MistakeForm:
    """One form of a mistake: a way in which it is made.

    Attributes:
        mistake: The mistake's key.
        name: Which of its forms; empty where it has one.
        switches: Fields of `Recipe` that differ from the right way.
        block: The one block whose factor is wrong, "dW" or "db".
        factor: For that block: the key of the mistake that it would be on both.
    """

    mistake: str
    name: str = ""
    switches: dict[str, Any] = field(default_factory=dict)
    block: Literal["", "dW", "db"] = ""
    factor: str = ""


@dataclass(frozen=True)
class Hypothesis:
    """A recipe, and the forms in it; none for the right one."""

    recipe: Recipe
    forms: tuple[MistakeForm, ...] = ()

    @property
    def mistakes(self) -> tuple[str, ...]:
        """The keys. Two wrong factors on two different blocks are named by what each of them is."""
        if len({form.block for form in self.forms if form.block}) == 2:
            return tuple(form.factor if form.block else form.mistake for form in self.forms)
        return tuple(form.mistake for form in self.forms)

    def made(self) -> tuple[Mistake, ...]:
        """The mistakes in it, as a result has them."""
        return tuple(
            Mistake(key, form.name, form.block, form.factor)
            for key, form in zip(self.mistakes, self.forms, strict=True)
        )


@cache
def hypotheses(kind: Kind, loss: LossName = "mse") -> tuple[Hypothesis, ...]:
    """Every single mistake in the gradient of that loss, those first that explain most with least."""
    forms = _loss_mistakes(loss) if kind == "loss" else _gradient_mistakes(kind, loss)
    return tuple(combined(loss, form) for form in forms)


@cache
def pairs(kind: Kind, loss: LossName = "mse") -> tuple[Hypothesis, ...]:
    """Every two mistakes that can be made together."""
    singles = [hypothesis.forms[0] for hypothesis in hypotheses(kind, loss)]
    return tuple(combined(loss, a, b) for a, b in combinations(singles, 2) if together(a, b))


def combined(loss: LossName, *forms: MistakeForm) -> Hypothesis:
    """All of these mistakes made together in the gradient of that loss."""
    switches: dict[str, Any] = {"scale_weights": FACTORS[loss], "scale_bias": FACTORS[loss]}
    for form in forms:
        for name, value in form.switches.items():
            switches[name] = switches[name] * value if name in switches else value
    return Hypothesis(Recipe(**switches), forms)


def together(a: MistakeForm, b: MistakeForm) -> bool:
    """Whether both can be made: not the same mistake twice, no switch turned twice, at most one unknown in a block."""
    if "free" in a.switches or "free" in b.switches or _alike(a, b) or _alike(b, a):
        return False
    if a.mistake == b.mistake and not (a.block and b.block and a.block != b.block and a.factor and b.factor):
        return False
    shared = set(a.switches) & set(b.switches)
    if any(not isinstance(a.switches[name], Scale) for name in shared):
        return False
    return len({"fixed", "penalty", "loose"} & (_freedoms(a) | _freedoms(b))) < 2


def _alike(a: MistakeForm, b: MistakeForm) -> bool:
    """Whether they are what others are, too: n/2 is n without the 2, dW by 32 rows is half of it by 16.

    The sum of a mean residual is that of the residuals, so that only the n-fold of an n × n one is left.
    """
    factor = any(isinstance(value, Scale) and value != Scale(-1) for value in b.switches.values())
    if a.factor == "half-a-sum":
        return factor or bool(b.block)
    if "fixed_rows" in a.switches:
        return factor
    return a.mistake == "broadcast-residual" and b.switches.get("factor") == "ones"


def _freedoms(form: MistakeForm) -> set[str]:
    names = {
        "fixed_rows": "fixed",
        "penalty_weights": "penalty",
        "penalty_bias": "penalty",
        "single_weights": "loose",
        "single_bias": "loose",
    }
    return {names[name] for name in form.switches if name in names}


def _gradient_mistakes(kind: Kind, loss: LossName) -> Iterator[MistakeForm]:
    yield from _both_scaled(loss)
    if kind == "step":
        yield MistakeForm("updated-too-early", "weights-first", {"order": "weights-first"})
        yield MistakeForm("updated-too-early", "bias-first", {"order": "bias-first"})
        yield MistakeForm("one-after-the-other", "", {"order": "each-bias-first"})
        yield MistakeForm("one-after-the-other", "", {"order": "each-weights-first"})
    yield MistakeForm("bias-left-out", "", {"forward": "no-bias"})
    yield MistakeForm("not-the-residual", "prediction", {"residual": "prediction"})
    yield MistakeForm("not-the-residual", "target", {"residual": "target"})
    yield MistakeForm("not-the-residual", "minus-target", {"residual": "minus-target"})
    yield MistakeForm("absolute-error", "", {"residual": "sign"})
    yield MistakeForm("absolute-error", "twice", {"residual": "twice-sign"})
    yield MistakeForm("absolute-error", "at-zero", {"residual": "sign-up"})
    yield MistakeForm("absolute-error", "at-zero", {"residual": "sign-down"})
    yield MistakeForm("swapped-answer", "", {"swapped": True})
    yield MistakeForm("by-prediction", "", {"factor": "residual"})
    yield MistakeForm("one-number-for-all", "", {"factor": "total"})
    yield MistakeForm("x-left-out", "", {"factor": "ones"})
    yield from _broadcast()
    yield from _transposed()
    yield MistakeForm("penalty-without-factor", "", {"penalty_weights": "plain"})
    yield MistakeForm("penalty-without-factor", "per-row", {"penalty_weights": "per-row"})
    yield MistakeForm("bias-penalised", "", {"penalty_bias": "plain"})
    yield MistakeForm("bias-penalised", "per-row", {"penalty_bias": "per-row"})
    yield MistakeForm("not-reset", "", {"accumulated": True})
    yield from _float32()
    yield from _integers()
    yield from _one_block(loss)
    if is_mean(loss):
        yield MistakeForm("whole-n-in-batch", "", {"fixed_rows": True})
    if kind == "gradient":
        yield MistakeForm("new-parameters", "", {"free": "step"})
        yield MistakeForm("numerical-difference", "", {"free": "difference"})
    yield MistakeForm("constant-factor", "", {"free": "factor"})


def _both_scaled(loss: LossName) -> Iterator[MistakeForm]:
    for mistake, scale in _wrong_factors(loss).items():
        yield MistakeForm(mistake, "", {"scale_weights": scale, "scale_bias": scale})
    if is_mean(loss):
        whole = Scale(rows=1, total=-1)
        yield MistakeForm("whole-n-in-batch", "", {"scale_weights": whole, "scale_bias": whole})
        again = Scale(rows=-1)
        yield MistakeForm("mean-twice", "", {"scale_weights": again, "scale_bias": again})
        fewer = Scale(rows=1, fewer=-1)
        yield MistakeForm("one-row-fewer", "", {"scale_weights": fewer, "scale_bias": fewer})
    yield MistakeForm("always-zero", "", {"scale_weights": Scale(0.0), "scale_bias": Scale(0.0)})


def _one_block(loss: LossName) -> Iterator[MistakeForm]:
    blocks: dict[str, Literal["dW", "db"]] = {"scale_weights": "dW", "scale_bias": "db"}
    for name, block in blocks.items():
        for factor, scale in _wrong_factors(loss).items():
            yield MistakeForm("one-block-only", switches={name: scale}, block=block, factor=factor)
        if is_mean(loss):
            half_a_sum = {name: Scale(0.5, rows=1)}
            yield MistakeForm("one-block-only", switches=half_a_sum, block=block, factor="half-a-sum")
            yield MistakeForm("one-block-only", switches={name: Scale(rows=-1)}, block=block, factor="mean-twice")
        yield MistakeForm("one-block-only", switches={name: Scale(0.0)}, block=block)


def _broadcast() -> Iterator[MistakeForm]:
    """An n × n residual, averaged or summed, or still there in the answer's shape."""
    n_times = {"scale_bias": Scale(rows=1)}
    for residual in ("mean-target", "mean-prediction"):
        for scale in ({}, n_times, {"scale_weights": Scale(rows=1)}, {"scale_weights": Scale(rows=1), **n_times}):
            yield MistakeForm("broadcast-residual", "", {"residual": residual, **scale})
    for residual, factor in product(("matrix", "turned-matrix"), ("X", "table-first")):
        for bias in ({}, n_times, {"bias_axis": 0}, {"bias_axis": 1}):
            yield MistakeForm("broadcast-residual", "", {"residual": residual, "factor": factor, **bias})


def _transposed() -> Iterator[MistakeForm]:
    yield MistakeForm("transposed", "backward", {"factor": "turned"})
    yield MistakeForm("transposed", "forward", {"forward": "turned"})
    yield MistakeForm("transposed", "both", {"forward": "turned", "factor": "turned"})
    yield MistakeForm("transposed", "reshaped", {"factor": "reshaped"})
    yield MistakeForm("transposed", "permuted", {"factor": "permuted"})
    yield MistakeForm("transposed", "per-row", {"factor": "sum-over-features"})
    yield MistakeForm("transposed", "per-row", {"factor": "mean-over-features"})
    yield MistakeForm("transposed", "one-for-all", {"factor": "sum-over-all"})
    yield MistakeForm("transposed", "one-for-all", {"factor": "mean-over-all"})


def _float32() -> Iterator[MistakeForm]:
    yield MistakeForm("float32-accumulation", "", {"single_weights": True, "single_bias": True})
    yield MistakeForm("float32-accumulation", "dW", {"single_weights": True})
    yield MistakeForm("float32-accumulation", "db", {"single_bias": True})


def _integers() -> Iterator[MistakeForm]:
    yield MistakeForm("integers", "input", {"truncated": "input"})
    for where in _TRUNCATED:
        yield MistakeForm("integers", where, {"truncated": where})
    for where in ("weights", "parameters"):
        yield MistakeForm("integers", "small-step", {"truncated": where, "scale_weights": Scale(0.0)})


def _loss_mistakes(loss: LossName) -> Iterator[MistakeForm]:
    yield MistakeForm("sign", "", {"scale_weights": Scale(-1)})
    yield MistakeForm("halved-loss", "", {"scale_weights": Scale(0.5)})
    yield MistakeForm("doubled-loss", "", {"scale_weights": Scale(2.0)})
    over_rows, scale = _over_rows(loss)
    yield MistakeForm(over_rows, "", {"scale_weights": scale})
    yield MistakeForm("root-of-loss", "", {"power": 1})
    yield MistakeForm("absolute-error", "", {"residual": "sign"})
    yield MistakeForm("bias-left-out", "", {"forward": "no-bias"})
    yield MistakeForm("not-the-residual", "prediction", {"residual": "prediction"})
    yield MistakeForm("not-the-residual", "target", {"residual": "target"})
    yield MistakeForm("broadcast-residual", "", {"residual": "matrix"})
    yield MistakeForm("not-reset", "", {"accumulated": True})
    yield MistakeForm("float32-accumulation", "", {"single_weights": True})
    yield MistakeForm("always-zero", "", {"scale_weights": Scale(0.0)})
    for where in _TRUNCATED:
        if where not in ("dW", "result"):
            yield MistakeForm("integers", where, {"truncated": where})
    yield MistakeForm("integers", "input", {"truncated": "input"})


def _wrong_factors(loss: LossName) -> dict[str, Scale]:
    """The wrong factors, by the mistake that each of them is on both blocks."""
    over_rows, scale = _over_rows(loss)
    return {"sign": Scale(-1.0), "two-missing": Scale(0.5), "two-twice": Scale(2.0), over_rows: scale}


def _over_rows(loss: LossName) -> tuple[str, Scale]:
    """A sum where the mean over the rows should be, or the other way round."""
    return ("sum-instead-of-mean", Scale(rows=1)) if is_mean(loss) else ("mean-instead-of-sum", Scale(rows=-1))


#: What may be cut off to whole numbers.
_TRUNCATED = ("dW", "result", "X", "y", "data", "weights", "parameters", "residual")
