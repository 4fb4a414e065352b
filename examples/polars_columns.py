"""polars: the rows as columns of a table, and sums as expressions over them."""

import polars as pl

REQUIRES = ("polars",)
INSTALL = "pip install polars"

tables = {}


def table(X, y):
    """The rows as a table, made once."""
    if (known := tables.get("last")) is None or known[0] is not X:
        columns = {f"x{j}": X[:, j] for j in range(X.shape[1])}
        tables["last"] = known = X, pl.DataFrame(columns | {"y": y})
    return known[1]


def gradient(X, y, weights, bias):
    """(2/n) Σ x r for each column, and (2/n) Σ r."""
    number = pl.Float32 if X.dtype == "float32" else pl.Float64
    columns = [pl.col(f"x{j}") for j in range(len(weights))]
    terms = [column * pl.lit(float(weight), number) for column, weight in zip(columns, weights, strict=True)]
    residual = pl.sum_horizontal(terms) + pl.lit(float(bias), number) - pl.col("y")
    rows = table(X, y).with_columns(r=residual)
    sums = rows.select(*((column * pl.col("r")).sum() for column in columns), pl.col("r").sum()).row(0)
    return [2 / len(y) * one for one in sums[:-1]], 2 / len(y) * sums[-1]
