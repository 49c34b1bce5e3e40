"""`sim new`: a first scenario, ready to edit."""

from pathlib import Path

import pytest

from sim import load_scenario, replicate
from sim.verdicts import Judgement
from tests.helpers.commands import complaint, sim

KINDS = ["lunch", "night", "call-centre"]


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_first_scenario_is_valid_and_says_what_to_do_next(kind):
    said = sim("new", kind).stdout.splitlines()
    assert said[0] == f"{kind}.yaml is written; edit it, then try:"
    for line in said[1:]:
        sim(*line.split()[1:2], f"{kind}.yaml", "--help")
    assert sim("validate", f"{kind}.yaml").stdout == f"{kind}.yaml: valid\n"


def test_a_file_is_never_overwritten():
    Path("lunch.yaml").write_text("mine")
    assert complaint("new", "lunch", status=2) == "lunch.yaml exists already; name another file with --to FILE"
    assert Path("lunch.yaml").read_text() == "mine"
    sim("new", "lunch", "--to", "other.yaml")
    assert load_scenario("other.yaml").name == "lunch"


def test_a_place_that_cannot_be_written_to_gets_a_line():
    line = complaint("new", "night", "--to", "nowhere/night.yaml", status=4)
    assert line.startswith("sim: nowhere/night.yaml: cannot be written (No such file or directory); name another place")


@pytest.mark.parametrize(
    ("kind", "larger"), [("lunch", {"peak_bots": 8}), ("night", {"night_bots": 2}), ("call-centre", {"agents": 14})]
)
def test_the_crew_of_the_file_breaks_a_promise_and_a_larger_one_keeps_all(kind, larger):
    sim("new", kind)
    scenario = load_scenario(f"{kind}.yaml")
    assert Judgement.FAIL in [verdict.judgement for verdict in replicate(scenario, engine="compiled").verdicts]
    assert {verdict.judgement for verdict in replicate(scenario.set(**larger), engine="compiled").verdicts} == {
        Judgement.PASS
    }
