"""The entry of the command `sim`: small, so that Ctrl-C while the rest is loading gets its line too."""

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    del sys.path[0]  # `python -m sim` put the current folder there: files that lie in it are data, not modules

import gc
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_ALARM = getattr(signal, "SIGALRM", None)  # Windows has none


def _unraisable(lost: Any) -> None:
    """Press Ctrl-C again where Python could not raise it, as in the callbacks of an import."""
    if lost.exc_type is KeyboardInterrupt and _ALARM is not None:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
    else:
        sys.__unraisablehook__(lost)


@contextmanager
def _kept_back() -> Iterator[None]:
    """Keep Ctrl-C back while C code is loading, which would swallow it or make another error of it."""
    pressed: list[Any] = []
    handler = signal.signal(signal.SIGINT, lambda *press: pressed.append(press))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
    if pressed:
        raise KeyboardInterrupt


def _load() -> None:
    """Import what the commands use, and build what validates scenarios."""
    from sim.experiment import run  # noqa: F401
    from sim.scenario import prepare

    prepare()
    gc.freeze()  # nor need it be gone through when the command ends


def main() -> None:
    """Run the command line and exit with its status."""
    if _ALARM is not None:
        signal.signal(_ALARM, signal.default_int_handler)
    sys.unraisablehook = _unraisable
    gc.disable()  # nothing of what is loaded goes again; looking for what might would take 30 ms
    try:
        with _kept_back():
            from sim.cli import main
            from sim.cli.process import as_process

            if sys.argv[1:] and not {"--help", "--version"} & set(sys.argv):
                _load()
        gc.enable()
        status = as_process(main)
    except KeyboardInterrupt:
        print("sim: interrupted", file=sys.stderr)
        status = 130
    finally:
        if _ALARM is not None:
            signal.signal(_ALARM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is said; Ctrl-C now would only crash the interpreter's end
    sys.exit(status)


if __name__ == "__main__":
    main()
