"""Fixtures that all tests share."""

from pathlib import Path
from textwrap import dedent

import pytest

from sim import load_scenario, run

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true", help="rewrite the files in tests/golden")


@pytest.fixture
def golden(request):
    """Compare a text with a file in tests/golden, or rewrite the file with --update-golden."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture
def scenario(tmp_path):
    """Load a scenario from the text of its keys; `scenario: 1` and a name are put before them."""

    def load(keys: str, **parameters):
        path = tmp_path / "story.yaml"
        path.write_text(f"scenario: 1\nname: story\n{dedent(keys)}", encoding="utf-8")
        return load_scenario(path, **parameters)

    return load


@pytest.fixture
def story(scenario):
    """Run a scenario from the text of its keys."""
    return lambda keys, **options: run(scenario(keys), **options)
