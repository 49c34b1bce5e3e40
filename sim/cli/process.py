"""What is true of every command as a process: the signals that end it, and its last net."""

import os
import signal
from collections.abc import Callable
from traceback import print_exception
from types import FrameType

from sim.cli.statuses import FAULT, INCONCLUSIVE, NOT_SAVED, WRONG
from sim.errors import NO_MEMORY, program_fault
from sim.output.streams import CLOSED_PIPE, guard_streams
from sim.output.terminal import complain


class Ending:
    """The signal that ends a command: Ctrl-C, or one of those that terminate it, which act in the same way."""

    number: int = signal.SIGINT

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


def as_process(command: Callable[[], None]) -> int:
    """Run a command that ends by SystemExit, and return the exit status of the process; nothing gets past here."""
    output = guard_streams()
    os.environ.pop("MPLBACKEND", None)  # a notebook's, for its own Python: commands open no window, only write files
    ending.hear()
    try:
        command()
        status = 0
    except SystemExit as leaving:
        status = leaving.code if isinstance(leaving.code, int) else 0
    except KeyboardInterrupt as interrupt:  # its arguments say what is kept
        word = "interrupted" if ending.number == signal.SIGINT else "terminated"
        complain("; ".join([f"sim: {word}", *interrupt.args]))
        status = 128 + ending.number  # as shells know it
    except MemoryError:
        complain(f"sim: {NO_MEMORY}")
        status = WRONG
    except Exception as error:  # noqa: BLE001 - the last net
        if os.environ.get("KITCHENSIM_DEBUG"):
            print_exception(error)
        complain(f"sim: {program_fault(error)}; KITCHENSIM_DEBUG=1 shows more")
        status = FAULT
    if output is not None and output.error is not None and status != CLOSED_PIPE:
        complain(f"sim: standard output: cannot be written ({output.error.strerror})")
        if status in (0, INCONCLUSIVE):
            status = NOT_SAVED
    return status
