"""Where the tests of the pytest plugin run."""

from pathlib import Path

import pytest

from tests.helpers.commands import sim
from tests.helpers.plugin import HASTY, RUSH, write


@pytest.fixture(autouse=True)
def folder(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in which pytest is run, without plugins that take longer than its tests."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest -p no:unraisableexception")
    pytester.makeini("[pytest]")  # so that nothing above it counts
    return pytester.path


@pytest.fixture(scope="module", autouse=True)
def loaded(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Load what the plugin loads late: an inner pytest forgets what it loaded, and numpy cannot be loaded twice."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("loaded"))
        write("rush.yaml", RUSH)
        write("hasty.yaml", HASTY)
        sim("check", "rush.yaml", "hasty.yaml", "--update-golden", status=1)


@pytest.fixture(scope="module", autouse=True)
def _quickly(compiled_from_the_first_replication_on: None) -> None:
    """Make numbers with the compiled engine."""
