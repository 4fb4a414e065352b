"""Vectors for Numba: so many numbers side by side, which one instruction, or a few, work on together.

Numba leaves it to the compiler to find vectors in a loop, and the compiler keeps what runs through an inner loop in
memory. Here a vector is a value as a number is: it stays in registers from one statement to the next. All functions are
for compiled code alone. A vector wider than the processor's registers is as many of them: 128 bytes are four with AVX2,
enough for the sums in one to not wait for those in another.
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


def called(builder: Any, name: str, values: Any) -> Any:
    """What LLVM's own function of that name makes of numbers or vectors of one type."""
    kind = values[0].type
    number = getattr(kind, "element", kind)
    lanes = f"v{kind.count}" if isinstance(kind, ir.VectorType) else ""
    full_name = f"llvm.{name}.{lanes}f{64 if isinstance(number, ir.DoubleType) else 32}"
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(kind, [kind] * len(values)), full_name)
    return builder.call(function, values)


@operation
def address(context: Any, array: Any) -> Any:
    """A pointer to the first number of an array.

    An array costs its counted references, with locks, wherever it is handed on or cut; a pointer is a number. Whoever
    takes one sees to it that the array lives on.
    """

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return context.make_array(signature.args[0])(context, builder, values[0]).data

    pointer: Any = types.CPointer
    return pointer(array.dtype)(array), generate


@operation
def after(context: Any, at: Any, numbers: Any) -> Any:
    """A pointer to so many numbers further on."""
    return at(at, numbers), lambda _, builder, signature, values: builder.gep(values[0], [values[1]])


@operation
def count(context: Any, at: Any, size_bytes: Any) -> Any:
    """How many of the numbers at a pointer are so many bytes: known to the compiler, so that it need not divide."""
    lanes = lanes_of(at.dtype, size_bytes)
    return types.intp(at, size_bytes), lambda *_: ir.IntType(64)(lanes.count)


@operation
def load(context: Any, at: Any, first: Any, size_bytes: Any) -> Any:
    """The numbers from at[first] on, so many bytes of them."""
    lanes = lanes_of(at.dtype, size_bytes)

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        vector = vector_at(context, builder, values[:2], lanes)
        return builder.load(vector, align=at.dtype.bitwidth // 8)

    return lanes(at, first, size_bytes), generate


@operation
def store(context: Any, a: Any, at: Any, first: Any) -> Any:
    """Writes a to at[first] and those behind it."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        builder.store(values[0], vector_at(context, builder, values[1:], a), align=a.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(a, at, first), generate


def vector_at(context: Any, builder: Any, values: Any, lanes: Lanes) -> Any:
    """A pointer and a number of steps from there as a pointer to a vector."""
    first = builder.gep(values[0], [values[1]])
    return builder.bitcast(first, context.get_value_type(lanes).as_pointer())


@operation
def nothing(context: Any, at: Any, size_bytes: Any) -> Any:
    """As many zeros, of the numbers at a pointer, as are so many bytes."""
    lanes = lanes_of(at.dtype, size_bytes)
    return lanes(at, size_bytes), lambda context, *_: ir.Constant(context.get_value_type(lanes), [0.0] * lanes.count)


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
    """The value of a · b + c, rounded once, of vectors or numbers; one instruction where the processor has it."""
    return a(a, b, c), lambda _, builder, signature, values: called(builder, "fma", values)


@operation
def larger(context: Any, a: Any, b: Any) -> Any:
    """Lane by lane, the larger of a and of the magnitude of b; NaN is smaller than any number."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        magnitude = called(builder, "fabs", values[1:])
        return called(builder, "maxnum", [values[0], magnitude])

    return a(a, b), generate


@operation
def dot(context: Any, a: Any, b: Any, sums: Any) -> Any:
    """The products of a and b added to sums, a vector with fewer lanes: lane i goes to sum i modulo their number."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        total = values[2]
        for first in range(0, a.count, sums.count):
            part = list(range(first, first + sums.count))
            total = called(builder, "fma", [picked(builder, values[0], part), picked(builder, values[1], part), total])
        return total

    return sums(a, b, sums), generate


@operation
def fold(context: Any, a: Any, sums: Any) -> Any:
    """The numbers of a added to sums, a vector with fewer lanes: lane i goes to sum i modulo their number."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        total = values[1]
        for first in range(0, a.count, sums.count):
            total = builder.fadd(total, picked(builder, values[0], list(range(first, first + sums.count))))
        return total

    return sums(a, sums), generate


@operation
def first_of(context: Any, a: Any, count: Any) -> Any:
    """The first `count` lanes; the others are 0, whatever they were."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        numbers = ir.Constant(ir.VectorType(values[1].type, a.count), list(range(a.count)))
        kept = builder.icmp_signed("<", numbers, filled(builder, values[1], a.count))
        return builder.select(kept, values[0], ir.Constant(values[0].type, [0.0] * a.count))

    return a(a, count), generate


@operation
def total(context: Any, a: Any) -> Any:
    """The sum of all lanes: the upper half is added to the lower until one is left."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return halved(builder, values[0], lambda one, other: builder.fadd(one, other))

    return a.dtype(a), generate


@operation
def largest(context: Any, a: Any) -> Any:
    """The largest of all lanes."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return halved(builder, values[0], lambda one, other: called(builder, "maxnum", [one, other]))

    return a.dtype(a), generate


def halved(builder: Any, vector: Any, joined: Callable[[Any, Any], Any]) -> Any:
    """What is left when the lower half of a vector is joined with the upper until one number is left."""
    left = vector.type.count
    while left > 1:
        left //= 2
        lower, upper = (picked(builder, vector, list(range(first, first + left))) for first in (0, left))
        vector = joined(lower, upper)
    return builder.extract_element(vector, INDEX(0))
