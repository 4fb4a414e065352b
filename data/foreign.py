"""Arrays and tables of other libraries as NumPy's: PyTorch, JAX, CuPy, pandas, polars, Arrow, SciPy's sparse ones.

None of these libraries is imported: who gives a tensor has loaded its library. Nothing is rounded on the way, and what
cannot be read is told in one line, whatever the library says of it.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping, Set
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from handgrad.data.errors import DataError, cut, shown
from handgrad.data.memory import available_bytes

#: Of the memory that is free, what a sparse array may take once its zeros are written out.
DENSE_SHARE = 0.5


class NamedColumn(NamedTuple):
    """One column of a table: its `label`, whatever the table has for it, and its `values` (n,)."""

    label: Any
    values: Any

    @property
    def name(self) -> str:
        """The label as text."""
        return str(self.label)


def columns_of(given: Any, where: str) -> list[NamedColumn] | None:
    """The columns of a table, in its order; None for what is no table.

    Tables are those of pandas, polars and Arrow, what gives itself as an Arrow stream, structured arrays, and mappings
    from names to columns.

    Raises:
        DataError: If its library cannot read it, or it can be read only once.
    """
    try:
        _check_readable(given, where)
        return _columns(given)
    except DataError:
        raise
    except Exception as error:  # another library's: whatever it raises
        raise unreadable(given, where, error) from None


def _columns(given: Any) -> list[NamedColumn] | None:
    if _is_sparse(given):  # some of SciPy's are mappings
        return None
    if isinstance(given, Mapping):
        return [NamedColumn(label, values) for label, values in given.items()]
    if isinstance(given, np.ndarray):
        return None if given.dtype.names is None else [NamedColumn(name, given[name]) for name in given.dtype.names]
    if hasattr(given, "iloc") and hasattr(given, "columns"):
        return [NamedColumn(label, given.iloc[:, place]) for place, label in enumerate(given.columns)]
    if (table := _arrow_table(given)) is not None:
        return [NamedColumn(label, table.column(place)) for place, label in enumerate(table.column_names)]
    if hasattr(given, "columns") and hasattr(given, "__getitem__"):
        return [NamedColumn(label, given[label]) for label in given.columns]
    return None


def _arrow_table(given: Any) -> Any:
    """A table of pyarrow: itself, or what gives itself as a stream of rows (polars, DuckDB); None for what is none."""
    if hasattr(given, "column_names") and hasattr(given, "column"):
        return given
    if not hasattr(given, "__arrow_c_stream__") or (hasattr(given, "__array__") and not hasattr(given, "columns")):
        return None
    import pyarrow

    return pyarrow.table(given)


def row_labels(given: Any) -> Any:
    """The index of a pandas object, whatever another library makes of the question; None for what has none."""
    try:
        index = given.index
        return index if hasattr(index, "equals") and len(index) >= 0 else None
    except Exception:
        return None


def is_plain(given: Any) -> bool:
    """Whether a table is a block of floats of one format, which NumPy takes as it stands."""
    try:
        kinds = {*given.dtypes} if hasattr(given, "iloc") and hasattr(given, "columns") else set[Any]()
    except Exception:  # whatever a foreign object raises, it is told where its columns are asked for
        return False
    return len(kinds) == 1 and all(isinstance(kind, np.dtype) and kind.kind == "f" for kind in kinds)


def as_array(given: Any, where: str) -> NDArray[Any]:
    """An array of any library, a list, a column or a number as NumPy's, of the shape given; masked where one is.

    Raises:
        DataError: If it is none, such as a generator, a set, or rows of unlike length.
    """
    try:
        _check_readable(given, where)
        return _as_array(given, where)
    except DataError:
        raise
    except ValueError as error:
        if isinstance(given, list | tuple):
            raise DataError(
                f"{where}: expected numbers in rows of one length, got rows of unlike shape ({_first_line(error)})"
            ) from None
        raise unreadable(given, where, error) from None
    except Exception as error:  # another library's: whatever it raises
        raise unreadable(given, where, error) from None


def _check_readable(given: Any, where: str) -> None:
    """Refuses what holds no numbers in an order that could be relied on, whenever it is read.

    Raises:
        DataError: With what to give in its place.
    """
    why = None
    if given is None:
        why = "None"
    elif isinstance(given, Iterator):
        why = f"{_article(given)}, which can be read only once; give a list of what it yields"
    elif isinstance(given, Set):
        why = f"{_article(given)}, whose elements have no order; give a list"
    elif hasattr(given, "collect") and not hasattr(given, "__array__"):
        why = f"{_article(given)}, which is not computed yet; give .collect() of it"
    if why is not None:
        raise DataError(f"{where}: expected an array of numbers, got {why}")


def _as_array(given: Any, where: str) -> NDArray[Any]:
    if is_tensor(given):
        return tensor_as_array(given, where)
    if _is_sparse(given):
        _check_fits(given.shape, where)
        given = given.toarray()
    if hasattr(given, "__cuda_array_interface__") and hasattr(given, "get"):  # CuPy
        given = given.get()
    if hasattr(given, "null_count") and hasattr(given, "to_arrow"):  # polars: Arrow keeps whole numbers beside nulls
        given = given.to_arrow()
    if hasattr(given, "null_count") and hasattr(given, "fill_null"):
        return _from_arrow(given)
    if hasattr(given, "isna") and hasattr(given, "fillna") and getattr(given, "ndim", 0) == 1:
        return _from_pandas(given)
    if isinstance(given, list | tuple):
        return _from_list(given, where)
    if isinstance(given, Mapping | np.ma.MaskedArray):
        return np.ma.asarray(given)
    return _known(np.asarray(_listed(given)))


def _listed(given: Any) -> Any:
    """A view of a mapping's values as a list; anything else as it is."""
    return list(given) if isinstance(given, type({}.values())) else given


def _known(array: NDArray[Any]) -> NDArray[Any]:
    """A format that JAX adds to NumPy, such as bfloat16, as float64, which holds its numbers; others as they are."""
    added = array.dtype.kind == "V" and array.dtype.type.__module__ != "numpy"
    return array.astype(np.float64) if added else array


def _from_arrow(column: Any) -> NDArray[Any]:
    """An Arrow array or column; a whole number beside a null stays one, where pyarrow would make it a double."""
    if not column.null_count or not str(column.type).startswith(("int", "uint")):
        return np.asarray(column)
    return np.ma.MaskedArray(np.asarray(column.fill_null(0)), mask=np.asarray(column.is_null()))


def _from_pandas(column: Any) -> NDArray[Any]:
    """A Series, an Index or an extension array; a whole number beside a missing one stays one, as in `_from_arrow`."""
    if isinstance(column.dtype, np.dtype) or column.dtype.kind not in "iu" or not (missing := column.isna()).any():
        return np.asarray(column)
    return np.ma.MaskedArray(np.asarray(column.fillna(0)), mask=np.asarray(missing))


def _from_list(given: list[Any] | tuple[Any, ...], where: str) -> NDArray[Any]:
    """Lists of numbers or arrays; tensors and masked arrays each by itself, as NumPy would drop what they say."""
    if any(issubclass(kind, np.ma.MaskedArray) or _is_tensors(kind) for kind in set(map(type, given))):
        return np.ma.stack([np.ma.asarray(as_array(one, where)) for one in given])
    return _known(np.asarray(given))


def _is_sparse(given: Any) -> bool:
    """Whether it is a sparse array or matrix of SciPy or CuPy."""
    return hasattr(given, "nnz") and hasattr(given, "toarray")


def is_tensor(given: Any) -> bool:
    """Whether it is PyTorch's."""
    return _is_tensors(type(given))


def _is_tensors(kind: type) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and issubclass(kind, torch.Tensor)


def tensor_as_array(tensor: Any, where: str) -> NDArray[Any]:
    """The numbers of a PyTorch tensor, of any shape, device and layout, with or without a graph.

    What NumPy has no format for (bfloat16, float8) comes as float32, which holds all its numbers.

    Raises:
        DataError: If it is dense in no memory that there is.
    """
    held, torch = tensor.detach(), sys.modules["torch"]
    if held.layout is not torch.strided:
        _check_fits(held.shape, where)
        held = held.to_dense()
    held = held.cpu().resolve_conj().resolve_neg()
    if held.dtype.is_floating_point and held.dtype not in (torch.float16, torch.float32, torch.float64):
        held = held.float()
    return np.asarray(held.numpy())


def _check_fits(shape: tuple[int, ...], where: str) -> None:
    """Refuses what its zeros would make larger than the memory.

    Raises:
        DataError: With how much it would take.
    """
    size, free = 8 * math.prod(map(int, shape)), available_bytes()
    if size > DENSE_SHARE * free:
        raise DataError(
            f"{where}: a sparse array of {' × '.join(map(str, shape))} takes {size / 2**30:,.1f} GiB with its zeros, "
            f"and {free / 2**30:,.1f} GiB are free; take fewer rows or columns"
        )


def unreadable(given: Any, where: str, error: Exception) -> DataError:
    """What to raise when another library could not give its numbers."""
    told = f"{type(error).__name__}: {_first_line(error)}"
    return DataError(
        f"{where}: expected an array of numbers, got {_article(given)} that cannot be read as one ({told})"
    )


def _article(given: Any) -> str:
    """A thing by its type: "a generator", "an object of type Model"."""
    name = type(given).__name__
    return f"a {name}" if name.islower() else f"an object of type {cut(name)}"


def _first_line(error: Exception) -> str:
    """The first line of what another library says, without anything that a terminal would act on."""
    lines = str(error).splitlines()
    return shown(lines[0])[1:-1] if lines else "no reason given"
