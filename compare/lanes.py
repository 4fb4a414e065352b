"""Tasks a few at a time, begun in their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait


def in_lanes(
    pool: Executor,
    count: int,
    tasks: Mapping[str, Callable[[], object]],
    tell: Callable[[str, int], None],
) -> None:
    """Does the tasks, so many at a time and begun in their order.

    `tell` hears which tasks are at work and how many are finished, whenever that changes.
    """
    waiting, at_work = deque(tasks.items()), dict[Future[object], str]()
    while waiting or at_work:
        while waiting and len(at_work) < count:
            name, task = waiting.popleft()
            at_work[pool.submit(task)] = name
        tell(", ".join(at_work.values()), len(tasks) - len(waiting) - len(at_work))
        for future in wait(at_work, return_when=FIRST_COMPLETED).done:
            del at_work[future]
            future.result()
