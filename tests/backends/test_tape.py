"""The tape: each operation's derivative, and the walk back over graphs in which paths part and meet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from handgrad.backends.autodiff import Node, backward, topological

random = np.random.default_rng(5)
X, W, U, V, B = (random.normal(size=shape) for shape in [(7, 3), (3,), (7,), (7,), ()])

#: What is computed, and from what; each ends in one number.
EXPRESSIONS: dict[str, tuple[Callable[..., Node], list[Any]]] = {
    "matmul": (lambda x, w: (x @ w).mean(), [X, W]),
    "add": (lambda u, v: ((u + v).square()).mean(), [U, V]),
    "subtract": (lambda u, v: ((u - v).square()).mean(), [U, V]),
    "square": (lambda u: u.square().mean(), [U]),
    "mean": (lambda u: u.mean(), [U]),
    "a number added to a vector": (lambda u, b: (u + b).square().mean(), [U, B]),
    "a vector subtracted from a number": (lambda u, b: (b - u).square().mean(), [U, B]),
    "one entry added to all": (lambda u, b: (u + b).square().mean(), [U, B.reshape(1)]),
    "a row added to every row": (lambda x, w: (x + w).square().mean(), [X, W]),
    "a column subtracted from every column": (lambda x, u: (x - u).square().mean(), [X, U.reshape(7, 1)]),
    "a row and a column": (lambda w, u: (w + u).square().mean(), [W.reshape(1, 3), U.reshape(7, 1)]),
    "a number twice": (lambda u: (u + u).square().mean(), [U]),
    "paths that part and meet": (lambda u, v: (u.square() - (u + v)).square().mean(), [U, V]),
    "the loss of the model": (lambda x, w, b, y: (x @ w + b - y).square().mean(), [X, W, B, U]),
}


def adjoints(expression: Callable[..., Node], values: list[Any]) -> list[Any]:
    leaves = [Node(np.array(value)) for value in values]
    backward(expression(*leaves))
    return [leaf.adjoint for leaf in leaves]


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_the_adjoint_is_the_derivative_with_respect_to_every_entry(name: str) -> None:
    """Complex steps: Im f(x + ih)/h has no cancellation, so h = 1e-20 leaves only rounding."""
    expression, values = EXPRESSIONS[name]
    for position, (value, adjoint) in enumerate(zip(values, adjoints(expression, values), strict=True)):
        assert np.shape(adjoint) == np.shape(value)
        for index in np.ndindex(np.shape(value)):
            moved = [np.array(v, dtype=complex) for v in values]
            moved[position][index] += 1e-20j
            slope = expression(*(Node(v) for v in moved)).value.imag / 1e-20
            assert np.asarray(adjoint)[index] == pytest.approx(slope, rel=1e-13, abs=1e-15)


def test_a_leaf_used_in_two_places_collects_both_shares() -> None:
    leaf = Node(np.array([1.0, -3.0]))
    backward((leaf.square() + leaf).mean())
    assert leaf.adjoint.tolist() == [(2 * 1 + 1) / 2, (2 * -3 + 1) / 2]


def test_walking_back_twice_gives_the_same_and_does_not_add_up() -> None:
    leaf = Node(U)
    end = leaf.square().mean()
    backward(end)
    first = leaf.adjoint.copy()
    backward(end)
    np.testing.assert_array_equal(leaf.adjoint, first)


def test_the_order_is_that_of_the_forward_pass() -> None:
    x, w, b, y = (Node(value) for value in (X, W, B, U))
    end = (x @ w + b - y).square().mean()
    order = topological(end)
    made = [node.operation for node in order if node.operation != "leaf"]
    assert made == ["matmul", "add", "subtract", "square", "mean"]
    assert order[-1] is end
    assert len(order) == len({id(node) for node in order}) == 9
    place = {id(node): i for i, node in enumerate(order)}
    assert all(place[id(parent)] < place[id(node)] for node in order for parent, _ in node.parents)
    assert backward(end) == order


def test_only_what_is_wanted_is_computed_and_it_is_the_same() -> None:
    x, w, b, y = (Node(value) for value in (X, W, B, U))
    end = (x @ w + b - y).square().mean()
    backward(end)
    all_of_them = w.adjoint.copy(), b.adjoint
    backward(end, wanted=(w, b))
    np.testing.assert_array_equal(w.adjoint, all_of_them[0])
    assert b.adjoint == all_of_them[1]
    assert x.adjoint is None
    assert y.adjoint is None


def test_what_the_end_does_not_depend_on_gets_no_adjoint() -> None:
    used, unused = Node(U), Node(V)
    backward(used.mean(), wanted=(used, unused))
    assert used.adjoint is not None
    assert unused.adjoint is None


def test_a_long_chain_does_not_exhaust_the_stack() -> None:
    leaf = end = Node(np.float64(0.5))
    one = Node(np.float64(1.0))
    for _ in range(20_000):
        end = end + one
    backward(end)
    assert leaf.adjoint == 1
    assert one.adjoint == 20_000


def test_the_tape_leaves_the_values_as_they_are() -> None:
    values = [np.array(value) for value in (X, W, B, U)]
    for value in values:
        value.setflags(write=False)
    x, w, b, y = (Node(value) for value in values)
    backward((x @ w + b - y).square().mean())


def test_float32_stays_float32_on_the_whole_tape() -> None:
    x, w, b, y = (Node(np.float32(value)) for value in (X, W, B, U))
    for node in backward((x @ w + b - y).square().mean()):
        assert node.value.dtype == node.adjoint.dtype == np.float32, node.operation
