"""Where the tests of `sim check` run."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def folder(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, where every command of this room runs, on no CI server."""
    monkeypatch.setenv("TERM", "xterm")
    for name in ("GITHUB_WORKSPACE", "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"):
        monkeypatch.delenv(name, raising=False)
    return elsewhere


@pytest.fixture(scope="module", autouse=True)
def _quickly(compiled_from_the_first_replication_on: None) -> None:
    """Make numbers with the compiled engine."""
