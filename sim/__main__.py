"""The entry of the command `sim`: small, so that Ctrl-C while the rest is loading gets its line too."""

import signal
import sys


def main() -> None:
    """Run the command line and exit with its status."""
    try:
        from sim.cli import main

        main()
    except KeyboardInterrupt:
        print("sim: interrupted", file=sys.stderr)
        sys.exit(130)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is said; Ctrl-C now would only crash the interpreter's end


if __name__ == "__main__":
    main()
