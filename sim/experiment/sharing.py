"""The work of an experiment among workers: blocks of replications, which come back in their order."""

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future
from contextlib import closing
from functools import partial
from itertools import islice
from typing import TypeVar

import numpy as np

from sim.engines import Engine, choose_engine, runs_in_threads
from sim.errors import SimulationError
from sim.experiment.compiling import compile_in_background
from sim.experiment.results import Results
from sim.experiment.workers import Workers

T = TypeVar("T")
Work = Callable[[Engine, Sequence[int]], Results]
"""Runs replications of some numbers in an engine."""

_SECONDS = 0.2  # that a block should take
_MOST = 1_000  # replications in a block
_AHEAD = 3  # blocks for each worker that are handed out and not yet taken back


class _Pace:
    """How many replications go into a block, and in which engine, from how long those before took."""

    def __init__(self, engine: Engine, count: int, later: int, workers: int) -> None:
        self.is_auto = engine == "auto"
        self.engine: Engine = "reference" if engine == "auto" else engine
        self.size = 1
        self.unshared = count  # replications that are in no block yet
        self.later = later
        self.workers = workers

    def blocks(self, numbers: Sequence[int]) -> Iterator[Sequence[int]]:
        """Yield all numbers in blocks."""
        start = 0
        while start < len(numbers):
            block = numbers[start : start + self.size]
            start += len(block)
            self.unshared = len(numbers) - start
            yield block

    def learn(self, results: Results) -> None:
        """Take notice of what a block took."""
        seconds = [(record.finished_at - record.started_at).total_seconds() for record in results.records]
        # At most half of a fair share, so that no worker is left alone with a large last block.
        fair = self.unshared if self.workers == 1 else self.unshared // (2 * self.workers)
        self.size = max(1, min(int(_SECONDS / max(float(np.median(seconds)), 1e-6)), _MOST, fair))
        # To load the compiled engine pays for many orders alone, which the file does not tell: its first runs do.
        if self.engine == "reference" and self.is_auto:
            actions = int(np.nan_to_num(results.of_metric("orders.created")).mean() * (self.unshared + self.later))
            self.engine = choose_engine("auto", actions)
            if self.engine == "reference":
                compile_in_background(actions)


def shared(
    work: Work, engine: Engine, numbers: Sequence[int], workers: Workers, later: int
) -> Generator[Results, None, None]:
    """Yield the results of all `numbers`, in order and in blocks; `later` replications of other work will follow.

    Raises:
        SimulationError: a replication cannot be run, or worker processes die again and again.

    """
    pace = _Pace(engine, len(numbers), later, workers.count)
    calls = (partial(work, pace.engine, block) for block in pace.blocks(numbers))
    with closing(in_order(calls, workers, len(numbers), lambda: runs_in_threads(pace.engine))) as blocks:
        for results in blocks:
            pace.learn(results)
            yield results


def in_order(
    calls: Iterator[Callable[[], T]], workers: Workers, most: int, in_threads: Callable[[], bool] = lambda: False
) -> Generator[T, None, None]:
    """Yield what calls, `most` of them at most, return, in their order; `in_threads` says whether threads will do for
    the next ones, in place of processes.

    A single worker, and who has a single thing to do, needs neither.

    Raises:
        SimulationError: worker processes die again and again.

    """
    if workers.executor is None and min(workers.count, most) == 1:
        yield from (call() for call in calls)
        return
    if in_threads():  # the first call may load or compile the engine, in which Ctrl-C is heard here alone
        yield from (call() for call in islice(calls, 1))
    futures: deque[Future[T]] = deque()
    try:
        while True:
            # Calls are made up late, since how large a block is depends on what those before it took.
            some = islice(calls, _AHEAD * workers.count - len(futures))
            futures.extend(workers.submit(call, in_threads()) for call in some)
            if not futures:
                return
            yield futures.popleft().result()
    except BrokenExecutor:
        raise SimulationError("a worker of the executor died, and with it the executor") from None
    finally:
        for future in futures:
            future.cancel()
