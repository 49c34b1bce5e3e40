"""What is true of every command as a process: the signals that end it, its standard streams, its last net."""

import os
import signal
import sys
from collections.abc import Callable
from io import BufferedWriter, FileIO, TextIOWrapper
from pathlib import Path
from traceback import extract_tb, print_exception
from types import FrameType
from typing import Any, TextIO

from sim.cli.common import CLOSED_PIPE, FAULT, INCONCLUSIVE, NOT_SAVED, WRONG, complain
from sim.errors import NO_MEMORY


class Ending:
    """The signal that ends a command: Ctrl-C, or one of those that terminate it, which act in the same way."""

    number: int = signal.SIGINT

    @property
    def word(self) -> str:
        """What the signal does to a command, as its last line says it."""
        return "interrupted" if self.number == signal.SIGINT else "terminated"

    @property
    def status(self) -> int:
        """The exit status that shells know for the signal."""
        return 128 + self.number

    def hear(self) -> None:
        """Let SIGTERM and SIGHUP interrupt the command, unless it is to ignore them, as under nohup."""
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) == signal.SIG_DFL:
                signal.signal(number, self._end)

    def _end(self, number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.SIG_IGN)  # the same signal once more must not disturb what is being kept
        self.number = number
        raise KeyboardInterrupt


ending = Ending()


class _Stream(FileIO):
    """Standard output or standard error. Where the disk is full, a command does its other work first; who reads the
    output and leaves ends it; where errors cannot be written, the status must do.
    """

    error: OSError | None = None

    def write(self, content: Any, /) -> int:
        written = list[int]()
        try:
            if self.error is None:
                written.extend(map(super().write, [content]))  # in C, so it is known what is written when Ctrl-C comes
        except KeyboardInterrupt:
            if not written or not hasattr(signal, "setitimer"):
                raise
            signal.setitimer(signal.ITIMER_REAL, 0.01)  # press it again when the stream knows, too: sim/__main__.py
        except OSError as error:
            self.error = error
            if isinstance(error, BrokenPipeError) and self.fileno() == 1:
                sys.exit(CLOSED_PIPE)
        return written[0] if written else memoryview(content).nbytes


def as_process(command: Callable[[], None]) -> int:
    """Run a command that ends by SystemExit, and return the exit status of the process; nothing gets past here."""
    output = _guard_streams()
    os.environ.pop("MPLBACKEND", None)  # a notebook's, for its own Python: commands open no window, only write files
    ending.hear()
    try:
        command()
        status = 0
    except SystemExit as leaving:
        status = leaving.code if isinstance(leaving.code, int) else 0
    except KeyboardInterrupt:
        complain(f"sim: {ending.word}")
        status = ending.status
    except MemoryError:
        complain(f"sim: {NO_MEMORY}")
        status = WRONG
    except Exception as error:  # noqa: BLE001 - the last net
        if os.environ.get("KITCHENSIM_DEBUG"):
            print_exception(error)
        complain(_fault(error))
        status = FAULT
    if output is not None and output.error is not None and status != CLOSED_PIPE:
        complain(f"sim: standard output: cannot be written ({output.error.strerror})")
        if status in (0, INCONCLUSIVE):
            status = NOT_SAVED
    return status


def _fault(error: Exception) -> str:
    """Return the line that says what went wrong in the program itself, and where."""
    place = extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}:{place.lineno}"
    return (
        f"sim: a fault of the program: {type(error).__name__}: {error} ({where}); please report it with this line and "
        "the scenario file; KITCHENSIM_DEBUG=1 shows more"
    )


def _guard_streams() -> _Stream | None:
    """Replace the standard streams by such that cannot fail unexpectedly, and return the output; None where that is
    none of the system's files, as on a Windows console.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:  # it is closed: no database or file may become standard output
            os.open(os.devnull, os.O_RDONLY)
    if _is_file(sys.stderr):
        sys.stderr = _text(_Stream(2, "w", closefd=False), sys.stderr)
    if not _is_file(sys.stdout):
        return None
    output = _Stream(1, "w", closefd=False)
    sys.stdout = _text(output, sys.stdout)
    return output


def _is_file(stream: TextIO | None) -> bool:
    buffer = getattr(stream, "buffer", None)
    return stream is None or isinstance(getattr(buffer, "raw", buffer), FileIO)


def _text(raw: FileIO, like: TextIO | None) -> TextIOWrapper:
    encoding, errors = ("utf-8", "backslashreplace") if like is None else (like.encoding, like.errors)
    return TextIOWrapper(BufferedWriter(raw), encoding, errors, line_buffering=True)
