"""SciPy sparse: X by its entries that are not 0; worth it where there are few."""

from scipy.sparse import csr_array

REQUIRES = ("scipy",)
INSTALL = "pip install scipy"

known = {}


def gradient(X, y, weights, bias):
    """dW = (2/n) Xᵀ r and db = (2/n) Σ r; X is made sparse once."""
    if known.get("X") is not X:
        known.update(X=X, rows=csr_array(X), columns=csr_array(X).T.tocsr())
    residual = known["rows"] @ weights + bias - y
    two = 2 / y.dtype.type(len(y))
    return two * (known["columns"] @ residual), two * residual.sum()
