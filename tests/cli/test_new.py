"""`sim new`: a first scenario, ready to edit."""

import shlex
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


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        ("nigth", "'nigth' is not known; did you mean 'night'?"),
        ("callcentre", "'callcentre' is not known; did you mean 'call-centre'?"),
        ("pub", "'pub' is not known; write one of lunch, night, call-centre"),
    ],
)
def test_a_kind_that_is_not_known_is_told_with_what_was_probably_meant(kind, problem):
    last = sim("new", kind, status=2).stderr.splitlines()[-1]
    assert last == f"Error: Invalid value for 'KIND': {problem}"


def test_a_name_with_a_blank_is_quoted_in_the_commands_to_try_next():
    _, *commands = sim("new", "lunch", "--to", "my lunch.yaml").stdout.splitlines()
    assert [shlex.split(line) for line in commands] == [
        ["sim", "run", "my lunch.yaml"],
        ["sim", "check", "my lunch.yaml", "-v"],
    ]


def test_the_crew_that_a_comment_proposes_is_the_one_that_keeps_the_promises():
    sim("new", "lunch")
    assert "sim check lunch.yaml --set peak_bots=8\n" in Path("lunch.yaml").read_text()


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
