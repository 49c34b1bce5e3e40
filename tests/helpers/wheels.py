"""A wheel of this checkout, built once for all workers of xdist."""

import fcntl
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers import ROOT

PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")


def once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that the first worker who asks for it makes, and all others share."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder, ready = base / name, base / f"{name}.ready"
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            make(folder)
            ready.touch()
    return folder


def build_wheel(folder: Path) -> None:
    """Build the wheel in this process, as pip has it built in three of its own."""
    from hatchling.builders.wheel import WheelBuilder

    list(WheelBuilder(str(ROOT)).build(directory=str(folder)))
