"""Threads for what would block the event loop."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

_READERS = 16


class Workers:
    """Two pools of threads: many for store reads, one a core for computations.

    A request that is given up (its time is over) leaves its place in the queue; what already runs ends by
    itself and holds its thread until then, so the number of computations under way stays bounded.
    """

    def __init__(self) -> None:
        self._reading = ThreadPoolExecutor(_READERS, "suyuan-read")
        self._computing = ThreadPoolExecutor(os.cpu_count() or 1, "suyuan-compute")

    async def read(self, work: Callable[[], T]) -> T:
        """The result of a store call."""
        return await asyncio.get_running_loop().run_in_executor(self._reading, work)

    async def compute(self, work: Callable[[], T]) -> T:
        """The result of a computation on a snapshot."""
        return await asyncio.get_running_loop().run_in_executor(self._computing, work)

    def start(self, work: Callable[[], object]) -> None:
        """Begins a computation that nobody waits for."""
        self._computing.submit(work)

    def close(self) -> None:
        """Drops what is queued and waits for what runs."""
        for pool in (self._computing, self._reading):
            pool.shutdown(cancel_futures=True)
