"""One cluster of worker processes for all tests of a file; it ends with them, as idle workers take time from others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

WORKERS = 4


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed", reason='needs Dask: pip install "handgrad[dask]"')
    with (
        distributed.LocalCluster(
            n_workers=WORKERS, threads_per_worker=1, dashboard_address=":0", silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client
