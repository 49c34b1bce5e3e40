"""The entry of the command `sim`: small, so that Ctrl-C while the rest is loading gets its line too."""

import signal
import sys
from typing import Any


def _unraisable(lost: Any) -> None:
    """Press Ctrl-C again where Python could not raise it, as in the callbacks of an import."""
    if lost.exc_type is KeyboardInterrupt:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
    else:
        sys.__unraisablehook__(lost)


def main() -> None:
    """Run the command line and exit with its status."""
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    sys.unraisablehook = _unraisable
    try:
        from sim.cli import main

        main()
    except KeyboardInterrupt:
        print("sim: interrupted", file=sys.stderr)
        sys.exit(130)
    finally:
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is said; Ctrl-C now would only crash the interpreter's end


if __name__ == "__main__":
    main()
