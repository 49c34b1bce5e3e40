"""Workers: each runs one call at a time, in a thread or in a process of its own.

A thread will do for compiled code, which lets go of the interpreter's lock: it needs no interpreter and no numba of its
own. A process ends when whoever started it does, however that happens. It starts as a Python of its own, without the
main module of the program that uses it: nothing of a script or of the current folder is run again. Calls go to its
standard input and answers come from its standard output. Why Python's own pool would not do stands in
docs/decisions/0010.
"""

import os
import pickle
import signal
import sys
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from queue import SimpleQueue
from subprocess import PIPE, Popen
from tempfile import TemporaryFile
from threading import Lock, Thread, local
from traceback import format_exc
from typing import IO, Any, NoReturn, TypeVar

from sim.errors import SimulationError

T = TypeVar("T")

_OF_AN_EXECUTOR = 32  # workers, where it does not say how many it has
_MOST_DEATHS = 4  # of workers over the same call


def available_processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def python_command(code: str) -> list[str]:
    """Return the command that runs `code` in another Python, which finds what this one finds but takes no module from
    the current folder: files that lie there are data.
    """
    home = str(Path(__file__).parents[2])  # of kitchensim, for who has it only because it is the current folder
    paths = [*filter(None, sys.path), home]
    flag = "-I" if sys.flags.isolated else "-P"
    return [sys.executable, flag, "-c", f"import sys; sys.path[:] = {paths!r}; {code}"]


class Workers:
    """Who shares the work: `jobs` threads, or as many processes, made when first needed and again when some die; or the
    workers of an executor.

    Raises:
        ValueError: `jobs` is below 1.

    """

    def __init__(self, jobs: int = 1, executor: Executor | None = None) -> None:
        if jobs < 1:
            raise ValueError(f"jobs {jobs} is out of range; give 1 or more")
        self.count = jobs if executor is None else _OF_AN_EXECUTOR
        self.executor = executor
        # A thread that does not run a call itself hands it to its process, and waits for the answer or for its end.
        self._threads: ThreadPoolExecutor | None = None
        self._of_thread = local()
        self._processes: list[_Process] = []
        self._is_closed = False
        self._lock = Lock()

    def submit(self, call: Callable[[], T], in_thread: bool = False) -> Future[T]:
        """Hand out a call. It goes to a process as a pickle; a call over which a process dies is made again.

        The future raises what the call raises, or SimulationError where processes die again and again.
        """
        if self.executor is not None:
            return self.executor.submit(call)
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self.count, initializer=_block_ctrl_c)
        return self._threads.submit(call) if in_thread else self._threads.submit(self._run, call)

    def _run(self, call: Callable[[], T]) -> T:
        pickled = pickle.dumps(call)
        reason = ""
        for _ in range(_MOST_DEATHS):
            process = self._process_of_thread()
            try:
                returned, value = process.run(pickled)
            except _DiedError:
                self._of_thread.process = None
                reason = process.reason()
            else:
                if not returned:
                    raise value
                answer: T = value
                return answer
        raise SimulationError(f"worker processes died again and again ({reason}); use fewer jobs, 1 starts no process")

    def _process_of_thread(self) -> "_Process":
        process: _Process | None = getattr(self._of_thread, "process", None)
        if process is None:
            with self._lock:
                if self._is_closed:
                    raise CancelledError
                process = self._of_thread.process = _Process()
                self._processes.append(process)
        return process

    def close(self) -> None:
        """End processes of our own, whatever they are at, and wait for threads, each of which has a block at most."""
        with self._lock:
            self._is_closed = True
            for process in self._processes:
                process.kill()
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)
        for process in self._processes:
            process.close()


class _DiedError(Exception):
    """A worker process ended before it answered."""


class _Process:
    """A worker process, as its parent sees it."""

    def __init__(self) -> None:
        command = python_command("from sim.experiment.workers import serve; serve()")
        with ExitStack() as on_failure:
            try:
                self._errors = on_failure.enter_context(TemporaryFile())
                self._process = Popen(command, stdin=PIPE, stdout=PIPE, stderr=self._errors)  # noqa: S603 - our own
            except OSError as error:
                reason = error.strerror or error
                raise SimulationError(
                    f"a worker process cannot be started ({reason}); use fewer jobs, 1 starts no process"
                ) from None
            on_failure.pop_all()

    def run(self, pickled: bytes) -> tuple[bool, Any]:
        """Return True and what a call returns, or False and what it raises.

        Raises:
            _DiedError: the process ends before its answer is whole.

        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            _send(self._process.stdin, pickled)
            answer = _receive(self._process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError):  # not those of the call, which are in the answer
            raise _DiedError from None
        returned, value = pickle.loads(answer)  # noqa: S301 - from a process of our own
        return returned, value

    def reason(self) -> str:
        """Return why this process died."""
        status = self._process.wait()
        if status < 0:
            name = signal.Signals(-status).name
            return f"killed by {name}" + (", perhaps for lack of memory" if name == "SIGKILL" else "")
        lines = self._printed().strip().splitlines()
        return f"exit status {status}: {lines[-1]}" if lines else f"exit status {status}"

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        """Let go of what belongs to a process that is killed, and pass on what it printed, such as warnings."""
        if self._process.wait() <= 0:
            sys.stderr.write(self._printed())
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            with suppress(OSError):  # a call that nobody took
                stream.close()  # type: ignore[union-attr]  # all are there

    def _printed(self) -> str:
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")


def serve() -> NoReturn:
    """Run the calls that a parent sends, until it lets go of standard input or is no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a call prints is no answer
    calls: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_listen, args=(calls,), daemon=True).start()
    while True:
        try:
            answer = True, pickle.loads(calls.get())()  # noqa: S301 - from our parent
        except Exception as error:  # noqa: BLE001 - it is raised again in the parent
            error.add_note(format_exc())
            answer = False, error
        _send(answers, pickle.dumps(answer))


def _listen(calls: "SimpleQueue[bytes]") -> None:
    """Take calls from standard input; its end is the end of this process, also in the middle of a call."""
    with suppress(EOFError, OSError, pickle.UnpicklingError):
        while True:
            calls.put(_receive(sys.stdin.buffer))
    os._exit(0)


def _send(stream: IO[bytes], content: bytes) -> None:
    pickle.dump(content, stream)  # once more, since that says where it ends
    stream.flush()


def _receive(stream: IO[bytes]) -> bytes:
    content: bytes = pickle.load(stream)  # noqa: S301 - from a process of our own
    return content


def _block_ctrl_c() -> None:
    """Let processes that this thread starts not hear Ctrl-C while they are loading."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
