"""The pytest plugin of kitchensim: scenario files as test files, and fixtures for tests in Python.

pytest loads it in every project of an environment, and many projects have a `sim` of their own: it stands outside the
package `sim`, which it imports when the first scenario file is collected, or a fixture is used, and not before.
"""

import os
import sys
from collections.abc import Callable
from fnmatch import fnmatch
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from sim.experiment import Run
    from sim.scenario import Scenario

_PATTERN = "*.scenario.yaml"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say what goes into the ini file."""
    meaning = f"more scenario files than {_PATTERN}: patterns of names, or of paths below the rootdir"
    parser.addini("sim_scenarios", meaning, type="args", default=[])
    parser.addini(
        "sim_inconclusive", "what counts where it is too early to say: fail (default) or pass", default="fail"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse what the ini file cannot mean."""
    given = config.getini("sim_inconclusive")
    if given not in ("fail", "pass"):
        raise pytest.UsageError(f"sim_inconclusive is {given!r}; write fail or pass")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.File | None:
    """Collect a scenario file, if it is called like one."""
    path = Path(os.path.relpath(file_path, parent.config.rootpath)).as_posix()
    patterns = (_PATTERN, *parent.config.getini("sim_scenarios"))
    if not any(fnmatch(name, pattern) for name in (path, file_path.name) for pattern in patterns):
        return None
    if _refusal(parent.config.rootpath) is not None:
        return _RefusedFile.from_parent(parent, path=file_path)
    from sim.pytest_plugin import ScenarioFile

    return ScenarioFile.from_parent(parent, path=file_path)


def _refusal(root: Path) -> str | None:
    """Return why kitchensim is of no use to a project, None where it is: its tests have or would get another `sim`."""
    module = sys.modules.get("sim")
    places = [getattr(find_spec("sim"), "origin", None) if module is None else getattr(module, "__file__", None)]
    places += [str(root / folder / file) for folder in ("", "src") for file in ("sim.py", "sim/__init__.py")]
    home = Path(__file__).resolve().parent / "sim/__init__.py"
    for place in places:
        if place and Path(place).exists() and Path(place).resolve() != home:
            return f"kitchensim cannot be used here, since this project has a sim of its own: {place}; use sim check"
    return None


def _refuse_namesake(root: Path) -> None:
    """Fail the test of a project that has another `sim`."""
    refusal = _refusal(root)
    if refusal is not None:
        pytest.fail(refusal, pytrace=False)


class _RefusedFile(pytest.File):
    """A scenario file of a project in which `sim` is another package."""

    def collect(self) -> NoReturn:
        raise self.CollectError(_refusal(self.config.rootpath))


@pytest.fixture
def scenario(request: pytest.FixtureRequest) -> "Callable[..., Scenario]":
    """Load a scenario, with values for its parameters, by its path from the folder of the test."""
    _refuse_namesake(request.config.rootpath)
    from sim.errors import ScenarioError
    from sim.scenario import load_scenario

    def load(path: str, **parameters: Any) -> "Scenario":
        try:
            return load_scenario(os.path.relpath(request.path.parent / path), **parameters)
        except ScenarioError as error:
            message = str(error)
        pytest.fail(message, pytrace=False)

    return load


@pytest.fixture
def run(request: pytest.FixtureRequest) -> "Callable[..., Run]":
    """Run a scenario: `run(scenario("rush.yaml").set(peak_bots=3))`."""
    _refuse_namesake(request.config.rootpath)
    import sim

    return sim.run
