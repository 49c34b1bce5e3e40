"""The scenarios notice an engine that breaks a rule: each mutation of the reference engine fails at least one of them.

`python -m tests.engines.test_mutations` prints which scenarios notice which mutation.
"""

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from sim import check
from sim.checking.files import ScenarioFiles, load_files
from sim.verdicts import Outcome
from tests.helpers.commands import sim
from tests.helpers.mutations import MUTATIONS

FOLDER = Path(__file__).parents[2] / "scenarios"


def caught(files: Sequence[ScenarioFiles]) -> Iterator[str]:
    """Yield the scenarios with which a check is not content under the engine in use, or with which it crashes."""
    for file in files:
        try:
            checks = check(file, engine="reference")
        except IndexError:  # nothing else: a slip in a mutation must not count
            is_caught = True
        else:
            assert len(checks.files) == 1
            assert checks.outcome in (Outcome.PASS, Outcome.FAIL, Outcome.WRONG)
            is_caught = checks.outcome is not Outcome.PASS
        if is_caught:
            yield file.loaded[0].path.stem


def copied(folder: Path) -> list[ScenarioFiles]:
    """Copy all scenarios without their golden logs, which would notice anything, and load those that say what must
    come and leave nothing to chance, each alone.
    """
    shutil.copytree(FOLDER, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("golden"))
    loaded = [load_files(path) for path in sorted(folder.rglob("*.yaml"))]
    return [
        file
        for file in loaded
        for scenario in file.scenarios
        if not scenario.is_random and (scenario.expectations or scenario.thresholds)
    ]


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> list[ScenarioFiles]:
    return copied(tmp_path_factory.mktemp("scenarios"))


def test_the_engine_as_it_is_keeps_all_rules():
    assert re.fullmatch(
        r"\d+ scenarios: \d+ passed, \d+ with nothing to judge", sim("check", str(FOLDER)).stdout.splitlines()[-1]
    )


def test_what_mutations_are_looked_for_in_passes_without_golden_logs(files):
    assert len(files) > 10
    assert not list(files[0].loaded[0].path.parent.rglob("golden"))
    assert list(caught(files)) == []


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_scenario_notices(mutation, files):
    with mutation.in_use():
        assert any(caught(files)), f"no scenario says that {mutation.rule}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        everything = copied(Path(name))
        for one in MUTATIONS:
            with one.in_use():
                names = ", ".join(caught(everything))
            print(f"{one.name:40} {names or 'NOT NOTICED'}")  # noqa: T201 - a table for people
