"""Disks that are full."""

import contextlib
from pathlib import Path

FULL = "database or disk is full; make room, or name another place with --db"


def fill(disk: Path) -> Path:
    ballast = disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return ballast
