"""The names that `import sim` gives."""

import subprocess
import sys

import pytest

import sim


def test_every_public_name_is_there():
    assert {name: getattr(sim, name).__name__ for name in sim.__all__} == {name: name for name in sim.__all__}


def test_another_name_is_refused_as_usual():
    with pytest.raises(AttributeError, match="module 'sim' has no attribute 'runn'"):
        sim.runn  # noqa: B018


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, sim; print([name for name in ('numpy', 'simpy', 'pydantic', 'pandas') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
