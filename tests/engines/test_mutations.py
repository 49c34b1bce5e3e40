"""The scenarios notice an engine that breaks a rule: each mutation of the reference engine fails at least one of them.

`python -m tests.engines.test_mutations` prints which scenarios notice which mutation.
"""

import json
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest

from sim import load_scenario
from sim.cli import main
from tests.helpers.commands import sim
from tests.helpers.mutations import MUTATIONS

FOLDER = Path(__file__).parents[2] / "scenarios"


def caught(files: Sequence[str]) -> list[str]:
    """Return the scenarios with which `sim check` is not content under the engine in use, or with which it crashes."""
    out = StringIO()
    with patch.object(sys, "argv", ["sim", "check", *files, "--jobs", "1", "--engine", "reference", "--json", "-"]):
        try:
            with redirect_stdout(out), pytest.raises(SystemExit) as left:
                main()
        except IndexError:  # nothing else: a slip in a mutation must not count
            return [file for file in files if len(files) == 1 or caught([file])]
    outcomes = {checked["file"]: checked["outcome"] for checked in json.loads(out.getvalue())["scenarios"]}
    assert list(outcomes) == files
    assert left.value.code == max({"PASS": 0, "FAIL": 1, "WRONG": 2}[outcome] for outcome in outcomes.values())
    return [file for file, outcome in outcomes.items() if outcome != "PASS"]


def copied(folder: Path) -> list[str]:
    """Copy all scenarios without their golden logs, which would notice anything, and return the files that say what
    must come and leave nothing to chance.
    """
    shutil.copytree(FOLDER, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("golden"))
    found = {path: load_scenario(path) for path in sorted(folder.rglob("*.yaml"))}
    return [str(path) for path, one in found.items() if not one.is_random and (one.expectations or one.thresholds)]


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> list[str]:
    return copied(tmp_path_factory.mktemp("scenarios"))


def test_the_engine_as_it_is_keeps_all_rules():
    assert re.fullmatch(
        r"\d+ scenarios: \d+ passed, \d+ with nothing to judge", sim("check", str(FOLDER)).stdout.splitlines()[-1]
    )


def test_what_mutations_are_looked_for_in_passes_without_golden_logs(files):
    assert len(files) > 10
    assert not list(Path(files[0]).parent.rglob("golden"))
    assert caught(files) == []


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_scenario_notices(mutation, files):
    with mutation.in_use():
        assert caught(files), f"no scenario says that {mutation.rule}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        everything = copied(Path(name))
        for one in MUTATIONS:
            with one.in_use():
                names = ", ".join(Path(path).stem for path in caught(everything))
            print(f"{one.name:40} {names or 'NOT NOTICED'}")  # noqa: T201 - a table for people
