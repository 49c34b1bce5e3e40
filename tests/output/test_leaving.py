"""What a script leaves behind as the commands do: in a database and in files, of which one may fail."""

from pathlib import Path

import pytest

from sim import Scenario, replicate, run
from sim.experiment import Unkept
from sim.output.leaving import leave_experiment, leave_run
from sim.storage import Keeper, find_address
from tests.helpers.commands import names, run_ids

pytestmark = pytest.mark.usefixtures("elsewhere")


@pytest.fixture
def kitchen() -> Scenario:
    return Scenario.parse("scenario: 1\nname: kitchen\nbots: {initial: 1}\ntimeline: [{at: 0s, order: NORMAL}]\n")


def test_a_run_is_kept_although_its_files_cannot_be_written(kitchen):
    Path("blocked").write_text("")
    keeper = Keeper(find_address())
    lines = leave_run(run(kitchen), keeper, Path("blocked/out"), charts=False)
    assert lines == [f"Stored: run {keeper.run_id} in file:sim.db"]
    assert run_ids() == [keeper.run_id]
    assert keeper.problems == ["blocked/out: cannot be written (Not a directory); name another place with --out"]


def test_files_are_written_although_nothing_is_kept(kitchen):
    assert leave_run(run(kitchen), Unkept(), Path("out"), charts=False, page=False) == ["Files: out/"]
    assert "result.txt" in names("out")
    assert leave_experiment(replicate(kitchen), Unkept(), Path("more"), charts=False) == ["Files: more/"]
    assert names("more") == {"replications.csv"}


def test_without_a_folder_there_are_no_files(kitchen):
    assert leave_run(run(kitchen), Unkept(), None) == []
    assert leave_experiment(replicate(kitchen), Unkept(), None) == []
    assert names(".") == set()
