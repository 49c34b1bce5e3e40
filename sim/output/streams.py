"""The standard streams of a process, which may be closed, full, or left by their reader."""

import os
import signal
import sys
from io import BufferedWriter, FileIO, TextIOWrapper
from typing import Any, TextIO

CLOSED_PIPE = 141
"""The exit status that shells know of a program whose output nobody reads any more."""


class Stream(FileIO):
    """Standard output or standard error. Where the disk is full, a command does its other work first; who reads the
    output and leaves ends it; where errors cannot be written, the status must do.
    """

    error: OSError | None = None

    def write(self, content: Any, /) -> int:
        """Write what fits, and return how much is taken for written."""
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


def guard_streams() -> Stream | None:
    """Replace the standard streams by such that cannot fail unexpectedly, and return the output; None where that is
    none of the system's files, as on a Windows console.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:  # it is closed: no database or file may become standard output
            os.open(os.devnull, os.O_RDONLY)
    if _is_file(sys.stderr):
        sys.stderr = _text(Stream(2, "w", closefd=False), sys.stderr)
    if not _is_file(sys.stdout):
        return None
    output = Stream(1, "w", closefd=False)
    sys.stdout = _text(output, sys.stdout)
    return output


def _is_file(stream: TextIO | None) -> bool:
    buffer = getattr(stream, "buffer", None)
    return stream is None or isinstance(getattr(buffer, "raw", buffer), FileIO)


def _text(raw: FileIO, like: TextIO | None) -> TextIOWrapper:
    encoding, errors = ("utf-8", "backslashreplace") if like is None else (like.encoding, like.errors)
    return TextIOWrapper(BufferedWriter(raw), encoding, errors, line_buffering=True)
