"""The entry of the command `sim`: small, so that Ctrl-C while the rest is loading gets its line too."""

import sys


def main() -> None:
    """Run the command line and exit with its status."""
    try:
        from sim.cli import main

        main()
    except KeyboardInterrupt:
        print("sim: interrupted", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
