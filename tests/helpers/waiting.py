"""Waiting for what other programs do, however long a busy machine takes over it."""

import time
from collections.abc import Callable

PATIENCE = 300
"""Seconds after which a program hangs: far more than anything takes on a machine that does much else."""


def wait_for(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
