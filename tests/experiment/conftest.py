"""Scenarios and replications that the tests of experiments share."""

import pytest

from sim import Replications, Scenario, load_scenario, replicate
from tests.helpers.experiments import SHIFT
from tests.helpers.studies import CREWS, KITCHEN


@pytest.fixture(scope="module", autouse=True)
def _quickly(compiled_from_the_first_replication_on: None) -> None:
    """Make numbers with the compiled engine."""


@pytest.fixture(scope="session")
def kitchen(tmp_path_factory) -> Scenario:
    path = tmp_path_factory.mktemp("kitchen") / "kitchen.yaml"
    path.write_text(f"scenario: 1\nname: kitchen\n{SHIFT}")
    return load_scenario(path)


@pytest.fixture(scope="session")
def hundred(kitchen) -> Replications:
    return replicate(kitchen, times=100)


@pytest.fixture(scope="session")
def load(tmp_path_factory):
    """Load a scenario from the text of its keys, for all tests of this folder."""

    def loaded(keys: str, name: str = "story") -> Scenario:
        path = tmp_path_factory.mktemp("studies") / f"{name}.yaml"
        path.write_text(f"scenario: 1\nname: {name}\n{keys}")
        return load_scenario(path)

    return loaded


@pytest.fixture(scope="session")
def crews(load) -> Scenario:
    return load(KITCHEN + CREWS + "compare: {baseline: {crew: 2}}\nreplications: 6\n")
