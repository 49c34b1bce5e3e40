"""Where the commands for stored runs are tried."""

from pathlib import Path

import pytest

from tests.helpers.commands import KITCHEN
from tests.helpers.commands import write as scenario
from tests.helpers.runs import SHORT


@pytest.fixture(autouse=True)
def folder(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two scenarios in it, where every command of this file runs."""
    monkeypatch.setenv("TERM", "xterm")
    scenario("kitchen.yaml", KITCHEN)
    scenario("short.yaml", SHORT)
    return elsewhere
