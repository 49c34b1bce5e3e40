"""The work of an experiment among workers: blocks of replications, which come back in their order."""

import signal
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from functools import partial
from itertools import islice
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

import numpy as np

from sim.engines import Engine, choose_engine
from sim.errors import SimulationError
from sim.experiment.compiling import compile_in_background
from sim.experiment.results import Results

T = TypeVar("T")
Work = Callable[[Engine, Sequence[int]], Results]
"""Runs replications of some numbers in an engine."""

_SECONDS = 0.2  # that a block should take
_MOST = 1_000  # replications in a block
_AHEAD = 3  # blocks for each worker that are handed out and not yet taken back
_WORKERS = 32  # of an executor that does not say how many it has
_LOOKS = 0.5  # seconds from one look for workers that died to the next
_MOST_DEATHS = 3  # of workers, one after the other, with nothing finished in between


class _Pace:
    """How many replications go into a block, and in which engine, from how long those before took."""

    def __init__(self, engine: Engine, left: int, later: int, workers: int) -> None:
        self.asked, self.left, self.later, self.workers = engine, left, later, workers
        self.engine: Engine = "reference" if engine == "auto" else engine
        self.size = 1

    def blocks(self, numbers: Sequence[int]) -> Iterator[Sequence[int]]:
        """Yield all numbers in blocks."""
        start = 0
        while start < len(numbers):
            block = numbers[start : start + self.size]
            start += len(block)
            self.left = len(numbers) - start
            yield block

    def learn(self, results: Results) -> None:
        """Take notice of what a block took."""
        took = [(one.finished_at - one.started_at).total_seconds() for one in results.kept]
        fair = self.left if self.workers == 1 else self.left // (2 * self.workers)
        self.size = max(1, min(int(_SECONDS / max(float(np.median(took)), 1e-6)), _MOST, fair))
        if self.engine == "reference" and self.asked == "auto":
            actions = int(np.nan_to_num(results.of_metric("orders.created")).mean() * (self.left + self.later))
            self.engine = choose_engine("auto", actions)
            if self.engine == "reference":
                compile_in_background(actions)


class Workers:
    """Who shares the work: `jobs` processes of our own, made when first needed and again when some die, or the workers
    of an executor.
    """

    def __init__(self, jobs: int = 1, executor: Executor | None = None) -> None:
        if jobs < 1:
            raise ValueError(f"jobs {jobs} is out of range; give 1 or more")
        self.count = jobs if executor is None else _WORKERS
        self.executor = executor
        self._pool: ProcessPoolExecutor | None = None

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Hand out a call, which goes there as a pickle."""
        if self.executor is not None:
            return self.executor.submit(call)
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self.count, get_context("spawn"))
        with _deaf_children():
            try:
                return self._pool.submit(call)
            except OSError as error:  # a worker died while the others start
                raise BrokenProcessPool(str(error)) from None

    def result(self, future: Future[T]) -> T:
        """Wait for what a call returns, but not for what the end of a worker cuts off, as a process pool would."""
        while self._pool is not None and not wait([future], _LOOKS).done:
            if not all(process.is_alive() for process in self._processes()):
                raise BrokenProcessPool("a worker died")
        return future.result()

    def close(self) -> None:
        """Let processes of our own end with what they are at; those to come are new."""
        if self._pool is not None:
            for process in self._processes():
                process.terminate()
            results: Any = self._pool._result_queue  # noqa: SLF001
            results._writer.close()  # noqa: SLF001 - else a result that the end of its worker cuts off is waited for
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def _processes(self) -> list[BaseProcess]:
        return list(((self._pool and self._pool._processes) or {}).values())  # noqa: SLF001 - pools do not tell who died


def shared(
    work: Work, engine: Engine, numbers: Sequence[int], workers: Workers, later: int = 0
) -> Generator[Results, None, None]:
    """Yield the results of all `numbers`, in order and in blocks; `later` replications of other work will follow.

    Raises:
        SimulationError: a replication cannot be run, or worker processes die again and again.

    """
    pace = _Pace(engine, len(numbers), later, workers.count)
    calls = (partial(work, pace.engine, block) for block in pace.blocks(numbers))
    with closing(in_order(calls, workers, len(numbers))) as blocks:
        for results in blocks:
            pace.learn(results)
            yield results


def in_order(calls: Iterator[Callable[[], T]], workers: Workers, most: int) -> Generator[T, None, None]:
    """Yield what calls, `most` of them at most, return, in their order; those over which processes died are made again.

    A single worker, and who has a single thing to do, needs no processes.

    Raises:
        SimulationError: worker processes die again and again.

    """
    if workers.executor is None and min(workers.count, most) == 1:
        yield from (call() for call in calls)
        return
    handed_out: deque[Callable[[], T]] = deque()
    futures: deque[Future[T]] = deque()
    deaths = 0
    try:
        while True:
            handed_out.extend(islice(calls, _AHEAD * workers.count - len(handed_out)))
            if not handed_out:
                return
            try:
                futures.extend(workers.submit(call) for call in islice(handed_out, len(futures), None))
                result = workers.result(futures[0])
            except BrokenProcessPool:
                deaths += 1
                if workers.executor is not None:
                    raise SimulationError("a worker of the executor died, and with it the executor") from None
                if deaths > _MOST_DEATHS:
                    raise SimulationError(
                        "worker processes died again and again, perhaps for lack of memory; take fewer jobs"
                    ) from None
                workers.close()
                futures.clear()
                continue
            deaths = 0
            handed_out.popleft()
            futures.popleft()
            yield result
    finally:
        if workers.executor is not None:  # our own ends no sooner, and Python 3.11 stumbles over them
            for future in futures:
                future.cancel()


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
