"""The engine in kitchen.js says what the engines in Python say, also when it is used as a page uses it."""

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hatchling.builders.wheel import WheelBuilder
from hypothesis import given
from hypothesis import strategies as st

from sim import load_scenario
from sim.engines import contract, reference
from sim.model import NONE, Workload
from tests.helpers import ROOT
from tests.helpers.engines import random_workload, same_log, workloads
from tests.helpers.javascript import PAGE, JavaScriptEngine, node_program, question
from tests.helpers.javascript_mutations import MUTATIONS, write_mutated
from tests.helpers.mutations import MUTATIONS as RULES

pytestmark = pytest.mark.slow

SCENARIOS = sorted([*(ROOT / "scenarios").glob("*.yaml"), *(ROOT / "scenarios" / "rules").glob("*.yaml")])
OF_VOLUME = {"ROOM", "HORIZON", "ALL", "BOTS", "BUSY", "LEVELS", "LARGEST"}
OF_WORDS = {
    *("ON_REMOVE", "RESTART", "RESUME", "FINISH", "DISPATCH", "OLDEST", "LONGEST_IDLE"),
    *("RETURNED_TO", "PLACE", "FRONT", "BACK_OF_CLASS"),
}


def test_its_numbers_are_those_of_the_contract(javascript):
    """It compares pairs in place of ROOM, keeps no levels, ends by itself at the horizon, and takes rules as words."""
    numbers = {name: value for name, value in vars(contract).items() if name.isupper()} | {"NONE": NONE}
    assert javascript.contract.keys() == numbers.keys() - OF_VOLUME - OF_WORDS
    assert javascript.contract == {name: numbers[name] for name in javascript.contract}


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_a_scenario_has_the_same_log(javascript, path):
    workload = load_scenario(path).workload()
    assert same_log(reference.simulate(workload), javascript.simulate(workload))


@given(st.data(), workloads())
def test_a_run_that_stops_at_instants_and_goes_on_has_the_same_log(javascript, data, workload):
    instants = st.one_of(st.sampled_from([0, *workload.action_time.tolist()]), st.integers(0, 60))
    stops = sorted(data.draw(st.lists(instants, max_size=5)))
    if workload.horizon is not None:
        stops = [instant for instant in stops if instant <= workload.horizon]
    log = reference.simulate(workload)
    assert same_log(log, javascript.simulate(workload, stops))


def test_numbers_beyond_2_to_the_53_are_refused_and_not_rounded(javascript):
    def of_service(service: int, horizon: int | None) -> Workload:
        workload = random_workload(np.random.default_rng(1))
        one_order = {"order_class": np.zeros(1, np.uint8), "service": np.array([service]), "patience": np.array([NONE])}
        actions = {"action_time": np.zeros(2, np.int64), "action": np.array([1, 0], np.uint8)}
        return replace(workload, **one_order, **actions, stream=np.zeros(1, np.int32), horizon=horizon)

    for service, horizon in ((2**53 - 1, None), (2**53, 2**53 - 1), (2**60 + 1, 2**40)):
        workload = of_service(service, horizon)
        assert same_log(reference.simulate(workload), javascript.simulate(workload))
    for service, horizon in ((2**53, None), (2**60 + 1, None), (1, 2**53)):
        with pytest.raises(ArithmeticError, match=r"RangeError: \d+ is no whole number of microseconds below 2\^53"):
            javascript.simulate(of_service(service, horizon))


def test_the_wheel_has_all_its_files():
    included = {Path(file.path) for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    of_page = {file for file in included if file.parent == PAGE and file.suffix != ".py"}
    assert of_page == {file for file in PAGE.iterdir() if file.suffix in (".js", ".html", ".css")}


# Mutations


@pytest.fixture(scope="module")
def random_questions() -> dict[str, str]:
    """Random workloads, with the fingerprints of their logs."""
    generator = np.random.default_rng(19)
    drawn = [random_workload(generator) for _ in range(300)]
    return {question(workload): reference.simulate(workload).fingerprint for workload in drawn}


def is_right(javascript: JavaScriptEngine, folder: Path, questions: dict[str, str]) -> bool:
    """Whether the engine of a folder answers all questions rightly; it is not asked any further where it does not."""
    return all(javascript.answer(folder, asked).get("fingerprint") == right for asked, right in questions.items())


def test_the_engine_as_it_is_answers_random_workloads_rightly(javascript, random_questions):
    assert is_right(javascript, PAGE, random_questions)


@pytest.mark.parametrize("name", MUTATIONS)
def test_random_workloads_notice_a_mutation(javascript, name, random_questions, tmp_path):
    write_mutated(name, tmp_path)
    assert not is_right(javascript, tmp_path, random_questions)


def test_mutations_are_those_of_the_reference_engine():
    assert {mutation.name for mutation in RULES} >= MUTATIONS.keys()


# As a page uses it


def test_stories_of_a_page_in_javascript():
    command = [node_program(), "--test", Path(__file__).with_name("kitchen.test.js")]
    stories = subprocess.run(command, capture_output=True, text=True, check=False)
    assert stories.returncode == 0, stories.stdout
