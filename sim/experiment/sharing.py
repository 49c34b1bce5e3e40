"""The work of an experiment among workers: blocks of replications, which come back in their order."""

import signal
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context

import numpy as np

from sim.engines import Engine, choose_engine
from sim.errors import SimulationError
from sim.experiment.compiling import compile_in_background
from sim.experiment.results import Results

Work = Callable[[Engine, Sequence[int]], Results]
"""Runs replications of some numbers in an engine; workers get it as a pickle."""

_SECONDS = 0.2  # that a block should take
_MOST = 1_000  # replications in a block
_AHEAD = 3  # blocks for each worker that are handed out and not yet taken back
_WORKERS = 32  # of an executor that does not say how many it has
_MOST_DEATHS = 3  # of workers, one after the other, with nothing finished in between


class _Pace:
    """How many replications go into a block, and in which engine, from how long those before took."""

    def __init__(self, engine: Engine, left: int, workers: int) -> None:
        self.asked, self.left, self.workers = engine, left, workers
        self.engine: Engine = "reference" if engine == "auto" else engine
        self.size = 1

    def learn(self, results: Results) -> None:
        """Take notice of what a block took."""
        took = [(one.finished_at - one.started_at).total_seconds() for one in results.kept]
        fair = self.left if self.workers == 1 else self.left // (2 * self.workers)
        self.size = max(1, min(int(_SECONDS / max(float(np.median(took)), 1e-6)), _MOST, fair))
        if self.engine == "reference" and self.asked == "auto":
            actions = int(np.nan_to_num(results.of_metric("orders.created")).mean() * self.left)
            self.engine = choose_engine("auto", actions)
            if self.engine == "reference":
                compile_in_background(actions)


def shared(
    work: Work, engine: Engine, numbers: Sequence[int], jobs: int = 1, executor: Executor | None = None
) -> Generator[Results, None, None]:
    """Yield the results of all `numbers`, in order and in blocks, from `jobs` processes or the workers of `executor`.

    Raises:
        SimulationError: a replication cannot be run, or worker processes die again and again.

    """
    if executor is not None:
        yield from _by_workers(work, _Pace(engine, len(numbers), _WORKERS), numbers, executor)
    elif min(jobs, len(numbers)) > 1:
        jobs = min(jobs, len(numbers))
        pace = _Pace(engine, len(numbers), jobs)
        yield from _by_workers(work, pace, numbers)
    else:
        pace, done = _Pace(engine, len(numbers), 1), 0
        while done < len(numbers):
            results = work(pace.engine, numbers[done : done + pace.size])
            done += len(results)
            pace.left = len(numbers) - done
            pace.learn(results)
            yield results


def _by_workers(
    work: Work, pace: _Pace, numbers: Sequence[int], executor: Executor | None = None
) -> Generator[Results, None, None]:
    """Hand out blocks and take them back; without an executor to processes of our own, of which some may die: what
    they were at is handed out again.
    """
    waiting: deque[tuple[Sequence[int], Future[Results]]] = deque()
    handed_out = deaths = 0
    pool = executor or _new_pool(pace)
    try:
        while handed_out < len(numbers) or waiting:
            try:
                with _deaf_children():
                    while handed_out < len(numbers) and len(waiting) < _AHEAD * pace.workers:
                        block = numbers[handed_out : handed_out + pace.size]
                        waiting.append((block, pool.submit(work, pace.engine, block)))
                        handed_out += len(block)
                results = waiting[0][1].result()
            except BrokenProcessPool:
                deaths += 1
                if executor is not None:
                    raise SimulationError("a worker of the executor died, and with it the executor") from None
                if deaths > _MOST_DEATHS:
                    raise SimulationError(
                        "worker processes died again and again, perhaps for lack of memory; take fewer jobs"
                    ) from None
                _close(pool)
                pool = _new_pool(pace)
                with _deaf_children():
                    waiting = deque((block, pool.submit(work, pace.engine, block)) for block, _ in waiting)
                continue
            deaths = 0
            waiting.popleft()
            pace.left = len(numbers) - handed_out
            pace.learn(results)
            yield results
    finally:
        for _, future in waiting:
            future.cancel()
        if pool is not executor:
            _close(pool)


def _new_pool(pace: _Pace) -> Executor:
    return ProcessPoolExecutor(pace.workers, get_context("spawn"))


def _close(pool: Executor) -> None:
    """Let workers end with what they are at."""
    assert isinstance(pool, ProcessPoolExecutor)
    for process in list((pool._processes or {}).values()):  # noqa: SLF001 - public from Python 3.14 on
        process.terminate()
    pool.shutdown(cancel_futures=True)


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Let processes that begin here not hear Ctrl-C, which is for their parent; it hears it when this is over."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
