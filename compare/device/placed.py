"""A process whose backend is to compute on a device: its data go there."""

from __future__ import annotations

from typing import Any, cast

import msgspec

from handgrad.compare.timing.messages import Answer, Bind, Request
from handgrad.compare.timing.process import WorkerHandle


class PlacedWorker:
    """A worker whose data are always bound at a place."""

    def __init__(self, worker: WorkerHandle, place: str) -> None:
        self.worker, self.place = worker, place

    def ask(self, request: Request[Answer]) -> Answer:
        """Sends a request and returns its answer; what binds data names the place."""
        if isinstance(request, Bind):
            request = cast(Any, msgspec.structs.replace(request, device=self.place))
        return self.worker.ask(request)

    def rest(self) -> None:
        """Stops the process until it is asked again."""
        self.worker.rest()

    def close(self) -> None:
        """Ends the process; may be called again."""
        self.worker.close()
