"""The names that `import sim` gives."""

import subprocess
import sys

import pytest

import sim

HEAVY = ("numpy", "simpy", "pydantic", "pandas", "matplotlib", "ruamel.yaml", "libsql_client", "rich")


def test_every_public_name_is_there():
    assert {name: getattr(sim, name).__name__ for name in sim.__all__} == {name: name for name in sim.__all__}


def test_another_name_is_refused_as_usual():
    with pytest.raises(AttributeError, match="module 'sim' has no attribute 'runn'"):
        sim.runn  # noqa: B018


@pytest.mark.parametrize("module", ["sim", "sim.cli"])
def test_importing_the_package_and_its_command_line_loads_nothing_heavy(module):
    code = f"import sys, {module}; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
