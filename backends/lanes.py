"""Vectors for Numba: so many numbers side by side, which one instruction, or a few, work on together.

Numba leaves it to the compiler to find vectors in a loop, and the compiler keeps what runs through an inner loop in
memory. Here a vector is a value as a number is: it stays in registers from one statement to the next. All functions are
for compiled code alone. A vector wider than the processor's registers is as many of them: 128 bytes are four with AVX2,
enough for the sums in one to not wait for those in another.

Numba's cache looks for changes in the file that a compiled function stands in, which is never this one: after a change
here, remove `__pycache__`, or touch the files that import it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import cgutils as untyped
from numba.core import types
from numba.core.datamodel import models
from numba.extending import intrinsic, register_model

INDEX = ir.IntType(32)
cgutils: Any = untyped


class Lanes(types.Type):
    """The type of `count` numbers of one floating point type."""

    def __init__(self, dtype: Any, count: int) -> None:
        self.dtype, self.count = dtype, count
        super().__init__(name=f"Lanes({dtype}, {count})")


@register_model(Lanes)
class LanesModel(models.PrimitiveModel):
    """A vector of LLVM."""

    def __init__(self, manager: Any, lanes: Lanes) -> None:
        number = ir.DoubleType() if lanes.dtype.bitwidth == 64 else ir.FloatType()
        super().__init__(manager, lanes, ir.VectorType(number, lanes.count))  # type: ignore[no-untyped-call]


def operation(function: Callable[..., Any]) -> Any:
    """What generates an operation's instructions, for compiled code to call; it sees numbers that are in the code."""
    return intrinsic(prefer_literal=True)(function)


def lanes_of(dtype: Any, size_bytes: Any) -> Lanes:
    """The type of so many bytes of numbers."""
    return Lanes(dtype, size_bytes.literal_value * 8 // dtype.bitwidth)


def picked(builder: Any, vector: Any, lanes: list[int]) -> Any:
    """A vector of the lanes named."""
    return builder.shuffle_vector(vector, vector, ir.Constant(ir.VectorType(INDEX, len(lanes)), lanes))


def filled(builder: Any, value: Any, count: int) -> Any:
    """The value in every lane."""
    nothing = ir.Constant(ir.VectorType(value.type, count), ir.Undefined)
    return picked(builder, builder.insert_element(nothing, value, INDEX(0)), [0] * count)


def fma(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """The fused multiply-add of three vectors."""
    name = f"llvm.fma.v{a.type.count}f{64 if isinstance(a.type.element, ir.DoubleType) else 32}"
    kind = ir.FunctionType(a.type, [a.type] * 3)
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [a, b, c])


def pointer(context: Any, builder: Any, array: Any, values: tuple[Any, Any], lanes: Lanes) -> Any:
    """To as many numbers as there are lanes; the last axis of the array, which is contiguous, is not indexed."""
    structure = context.make_array(array)(context, builder, values[0])
    indices = [*cgutils.unpack_tuple(builder, values[1]), ir.IntType(64)(0)][: array.ndim]
    first = cgutils.get_item_pointer(context, builder, array, structure, indices, wraparound=False)
    return builder.bitcast(first, context.get_value_type(lanes).as_pointer())


@operation
def load(context: Any, array: Any, index: Any, size_bytes: Any) -> Any:
    """The numbers from array[index] on; index is a tuple and may leave out the last axis."""
    lanes = lanes_of(array.dtype, size_bytes)

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        at = pointer(context, builder, signature.args[0], values[:2], lanes)
        return builder.load(at, align=array.dtype.bitwidth // 8)

    return lanes(array, index, size_bytes), generate


@operation
def store(context: Any, a: Any, array: Any, index: Any) -> Any:
    """Writes a to array[index] and those behind it."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        at = pointer(context, builder, signature.args[1], values[1:], a)
        builder.store(values[0], at, align=a.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(a, array, index), generate


@operation
def spread(context: Any, number: Any, size_bytes: Any) -> Any:
    """The number in every lane."""
    lanes = lanes_of(number, size_bytes)
    return lanes(number, size_bytes), lambda _, builder, signature, values: filled(builder, values[0], lanes.count)


@operation
def add(context: Any, a: Any, b: Any) -> Any:
    """The sum, a + b."""
    return a(a, b), lambda _, builder, signature, values: builder.fadd(*values)


@operation
def subtract(context: Any, a: Any, b: Any) -> Any:
    """The difference, a − b."""
    return a(a, b), lambda _, builder, signature, values: builder.fsub(*values)


@operation
def multiply(context: Any, a: Any, b: Any) -> Any:
    """The product, a · b."""
    return a(a, b), lambda _, builder, signature, values: builder.fmul(*values)


@operation
def fused(context: Any, a: Any, b: Any, c: Any) -> Any:
    """The value of a · b + c, rounded once; one instruction where the processor has it."""
    return a(a, b, c), lambda _, builder, signature, values: fma(builder, *values)


@operation
def missed(context: Any, a: Any, b: Any, product: Any) -> Any:
    """What the rounded product of a and b misses, exactly: a · b − product, rounded once."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return fma(builder, values[0], values[1], builder.fneg(values[2]))

    return a(a, b, product), generate


@operation
def dot(context: Any, a: Any, b: Any, sums: Any) -> Any:
    """The products of a and b added to sums, a vector with fewer lanes: lane i goes to sum i modulo their number."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        total = values[2]
        for first in range(0, a.count, sums.count):
            part = list(range(first, first + sums.count))
            total = fma(builder, picked(builder, values[0], part), picked(builder, values[1], part), total)
        return total

    return sums(a, b, sums), generate


@operation
def first_of(context: Any, a: Any, count: Any) -> Any:
    """The first `count` lanes; the others are 0, whatever they were."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        numbers = ir.Constant(ir.VectorType(values[1].type, a.count), list(range(a.count)))
        kept = builder.icmp_signed("<", numbers, filled(builder, values[1], a.count))
        return builder.select(kept, values[0], ir.Constant(values[0].type, [0.0] * a.count))

    return a(a, count), generate
