"""The names that `import sim` gives."""

import subprocess
import sys
from pkgutil import iter_modules

import pytest

import sim
from sim import experiment, output
from tests.helpers import ROOT

COMMAND = """
import atexit, sys
before = set(sys.modules)  # such as what measures the coverage
atexit.register(lambda: print("loaded:", *(name for name in {names} if name in {{*sys.modules}} - before)))
from sim.__main__ import main; main()
"""
ROOMS = """
import sim
from sim import output
print(sim.storage.__name__, *(getattr(output, name).__name__ for name in output.__all__ if name.islower()))
"""
UNUSED = (
    *("asyncio", "sqlite3", "libsql_client", "aiohttp", "uuid6", "dotenv"),
    *("pandas", "matplotlib", "numba", "scipy", "rich", "lark", "distributed"),
    *("sim.cli.runs", "sim.cli.experiments", "sim.fitting", "sim.live", "sim.output.charts", "sim.scenario.records"),
    *("sim.storage", "sim.experiment.staffing"),
)
"""What a command that keeps and draws nothing has no use for."""
HEAVY = ("numpy", "simpy", "pydantic", "pandas", "matplotlib", "ruamel.yaml", "libsql_client", "rich")


def test_every_public_name_is_there():
    assert {name: getattr(sim, name).__name__ for name in sim.__all__} == {name: name for name in sim.__all__}


def test_rooms_and_modules_of_the_output_are_there_without_an_import():
    process = subprocess.run([sys.executable, "-c", ROOMS], capture_output=True, text=True, check=True)
    modules = [f"sim.output.{name}" for name in output.__all__ if name.islower()]
    assert process.stdout.split() == ["sim.storage", *modules]


def test_no_name_of_experiments_is_that_of_a_module_which_would_stand_in_its_place():
    modules = {module.name for module in iter_modules(experiment.__path__)}
    assert not modules & set(experiment.__all__)
    assert [name for name in experiment.__all__ if not hasattr(experiment, name)] == []


@pytest.mark.parametrize("package", [sim, output, experiment], ids=lambda package: package.__name__)
def test_another_name_is_refused_as_usual(package):
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'runn'"):
        package.runn  # noqa: B018


def test_importing_the_package_and_its_command_line_loads_nothing_heavy():
    code = f"import sys, sim, sim.cli; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("line", "unused"),
    [
        ("--help", (*HEAVY, "sim.experiment", "sim.scenario")),
        (
            "run scenarios/assignment.yaml --no-save --no-charts --out {folder}",
            (*UNUSED, "sim.experiment.replications"),
        ),
        ("check scenarios/assignment.yaml", UNUSED),
    ],
)
def test_a_command_loads_only_what_it_uses(line, unused, tmp_path, monkeypatch):
    monkeypatch.setenv("TURSO_DATABASE_URL", "http://127.0.0.1:1")  # where nobody listens
    words = line.format(folder=tmp_path).split()
    code = COMMAND.format(names=unused)
    process = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, cwd=ROOT, check=True)
    assert process.stdout.splitlines()[-1] == "loaded:"
