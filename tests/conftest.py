"""How the tests are run: what is tried, what is left out, and where fixtures are."""

import gc
import signal
import subprocess
from pathlib import Path

import pytest
from hypothesis import settings

from tests.helpers.campaigns import EVERYDAY, THOROUGH

gc.set_threshold(100_000)  # each 700 objects, as usual, it took a fifth of the time of all tests

TESTS = Path(__file__).parent
collect_ignore = ["outside"]  # another team's repository, whose tests are run by test_outside.py


# Property tests try some examples every day, many in CI (`--coverage`), and thousands in campaigns (`benchmarks/`).
# No example has a deadline: machines are busy.
settings.register_profile("everyday", max_examples=EVERYDAY, deadline=None)
settings.register_profile("thorough", max_examples=THOROUGH, deadline=None)
settings.load_profile("everyday")

# A shell lets what runs in the background ignore Ctrl-C, and nohup lets it ignore SIGHUP. Programs that tests start
# would inherit that; a handler they do not, and it ignores a signal as well.
for _name in ("SIGINT", "SIGHUP"):
    _number = getattr(signal, _name, None)
    if _number is not None and signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(_number, lambda *_: None)

QUICK = (
    *("checking", "experiment", "live", "metrics", "scenario", "statistics", "verdicts", "project/test_names.py"),
    *("engines/test_contract.py", "engines/test_engine.py", "engines/test_patience_and_promotion.py"),
    *("engines/test_rules.py", "engines/test_traces.py", "cli/test_printing.py", "storage/test_addresses.py"),
)
NOT_QUICK = (
    *("checking/test_workers.py", "experiment/test_cluster.py", "experiment/test_replications.py"),
    "experiment/test_workers.py",
    *("experiment/test_bisection.py", "experiment/test_selections.py", "checking/test_against.py"),
)
"""Where tests are that `--quick` runs and, there, does not run: those are for the inner loop that start no program."""
SLOW = {
    "browser",
    "server",
    "token_server",
    "backend",
    "database",
    "compiled_engine",
    "handed_out",
    "javascript",
    "small_disk",
}
"""Fixtures that start a server or another program, or compile, or mount a disk; what asks for them is not quick."""


def pytest_addoption(parser):
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite the files in tests/golden, and the outputs of notebooks"
    )
    parser.addoption(
        "--quick", action="store_true", help="run what starts no program, server or cluster, in half a minute"
    )


def pytest_configure(config):
    """With `--update-golden`, try all that is otherwise tried in part, so that all is written anew.

    Only who runs tests loads the fixtures, and with them half of `sim`: not who waits for workers of xdist.
    """
    if config.getoption("--update-golden"):
        settings.load_profile("thorough")
    if config.getoption("dist", "no") == "no" or config.option.collectonly:
        config.pluginmanager.import_plugin("tests.helpers.fixtures")


@pytest.fixture(scope="session", autouse=True)
def _no_programs(pytestconfig):
    """With `--quick`, let a test fail that starts a program."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a quick test starts a program: mark it slow")

    with pytest.MonkeyPatch.context() as patch:
        if pytestconfig.getoption("--quick"):
            patch.setattr(subprocess.Popen, "__init__", refuse)
        yield


def pytest_ignore_collect(collection_path, config):
    """With `--quick`, do not even import what is not quick."""
    if not config.getoption("--quick") or collection_path.is_dir() or not collection_path.name.startswith("test_"):
        return None
    is_quick = any(collection_path.is_relative_to(TESTS / place) for place in QUICK)
    return None if is_quick and not any(collection_path == TESTS / place for place in NOT_QUICK) else True


def pytest_collection_modifyitems(config, items):
    """With `--quick`, leave out what is slow."""
    if config.getoption("--quick"):
        slow = [item for item in items if SLOW & {*item.fixturenames} or item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


def pytest_collection_finish():
    """Spare the garbage collector all that was imported, which stays: it would go through it hundreds of times."""
    gc.collect()
    gc.freeze()
