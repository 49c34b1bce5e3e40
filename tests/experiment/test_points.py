"""Points of a sweep, and the baseline that they are compared with."""

from itertools import product

import pytest

from sim import load_scenario
from sim.experiment import compare, label, select, sweep
from tests.helpers.studies import CREWS, KITCHEN, SIX, faults_of


def test_points_are_in_the_order_of_the_values_the_last_parameter_fastest(load):
    kitchen = load(KITCHEN + "sweep: {cook: [5s, 3s], crew: [4, 2, 3]}")
    found = [(one.parameters["cook"], one.parameters["crew"]) for one in kitchen.points()]
    assert found == list(product(["5s", "3s"], [4, 2, 3]))
    assert [one.parameters["note"] for one in kitchen.points()] == ["a"] * 6
    assert [one.file.bots.initial for one in kitchen.points()] == [4, 2, 3, 4, 2, 3]


def test_only_points_where_the_condition_holds_are_left(load):
    keys = "sweep: {crew: [2, 3], cook: [5s, 300ms, 301ms], where: cook > 0.3s and not (crew == 3 and cook == 5000ms)}"
    assert [label(one, ["crew", "cook"]) for one in load(KITCHEN + keys).points()] == [
        "crew=2, cook=5s",
        "crew=2, cook=301ms",
        "crew=3, cook=301ms",
    ]


def test_a_condition_may_be_on_a_parameter_that_is_not_swept(load):
    kitchen = load(KITCHEN + "sweep: {crew: [2, 3], where: crew == 3 or cook == 20s}")
    assert [one.parameters["crew"] for one in kitchen.points()] == [3]
    assert [one.parameters["crew"] for one in kitchen.set(cook="20000ms").points()] == [2, 3]


def test_a_value_that_makes_a_point_wrong_is_a_fault_of_the_points_at_its_place_in_the_sweep(load):
    kitchen = load(
        KITCHEN + "sweep:\n  crew: [2, many, -1]\n  cook:\n    - 5s\n    - 5\ncompare: {baseline: {cook: 7}}\n"
    )
    places = [line.split("yaml:")[1] for line in faults_of(kitchen.points)]
    assert places == [
        "11:13: bots.initial: 'many' is not a whole number; write a number such as 3",
        "11:19: bots.initial: -1 is too small; write 0 or more",
        "14:7: service.exponential.mean: 5 has no unit; write 5s, 5m or 5ms",
    ]
    [told] = faults_of(kitchen.baseline)
    assert told.endswith("yaml:15:28: service.exponential.mean: 7 has no unit; write 7s, 7m or 7ms")


def test_a_study_is_checked_without_running_anything(load):
    load(KITCHEN).check_study()
    load(KITCHEN + CREWS + "compare: {baseline: {cook: 7s}}").check_study()
    for study in ("sweep: {crew: [2, -1]}", CREWS + "compare: {baseline: {crew: -1}}"):
        [told] = faults_of(load(KITCHEN + study).check_study)
        assert told.endswith("bots.initial: -1 is too small; write 0 or more")


def test_faults_of_points_and_of_the_baseline_come_in_one_go(load):
    kitchen = load(KITCHEN + "sweep: {crew: [2, -1]}\ncompare: {baseline: {crew: -2}}")
    assert len(faults_of(kitchen.check_study)) == 2


def test_a_value_that_is_no_number_is_a_fault_in_a_sweep_as_it_is_in_params(load):
    [told] = faults_of(lambda: load(KITCHEN + "sweep: {crew: [2, .nan]}"))
    assert "sweep.crew[1]: " in told


def test_a_list_is_no_value_of_a_baseline(load):
    [told] = faults_of(lambda: load(KITCHEN + CREWS + "compare: {baseline: {note: [2, 3]}}"))
    assert "compare.baseline.note: " in told


def test_a_wrong_threshold_hides_no_wrong_objective(load):
    keys = "sweep: {crew: [2, 3]}\nselect: {minimise: crwe}\nthresholds: {wait: '< 2'}\n"
    assert len(faults_of(lambda: load(KITCHEN + keys))) == 2


def test_without_a_sweep_there_are_no_points_and_without_select_nothing_is_selected(load):
    for call in (load(KITCHEN).points, lambda: sweep(load(KITCHEN)), lambda: compare(load(KITCHEN))):
        [told] = faults_of(call)
        assert told.endswith("story.yaml:1:1: missing key 'sweep'; write one such as sweep: {crew: [2, 3]}")
    [told] = faults_of(lambda: select(load(KITCHEN + CREWS)))
    assert told.endswith("story.yaml:1:1: missing key 'select'; write one such as select: {minimise: crew}")


def test_the_sweep_that_is_proposed_is_of_a_parameter_of_the_file(load):
    [told] = faults_of(load(KITCHEN.replace("params: {crew", "params: {rate: 8/m, crew")).points)
    assert told.endswith("write one such as sweep: {rate: […]}")


def test_the_baseline_is_the_scenario_with_the_values_of_compare(load):
    kitchen = load(KITCHEN + "sweep: {crew: [2, 3]}\ncompare: {baseline: {crew: 5, cook: 8s}}")
    assert kitchen.baseline().parameters == {"crew": 5, "cook": "8s", "note": "a"}
    assert kitchen.baseline().file.bots.initial == 5
    assert load(KITCHEN).baseline().sha256 == load(KITCHEN).sha256


def test_a_point_has_no_study_of_its_own_and_the_name_of_its_scenario(crews):
    for one in (*crews.points(), crews.baseline()):
        assert (one.file.sweep, one.file.compare, one.file.select) == (None, None, None)
        assert one.name == crews.name


STUDY = "sweep: {crew: [2, 3]}\ncompare: {baseline: {crew: 2}}\nselect: {minimise: wait}\n"


def test_what_a_scenario_says_of_others_is_no_part_of_it(load):
    plain, full = load(KITCHEN), load(KITCHEN + STUDY)
    assert (full.text, full.sha256) == (plain.text, plain.sha256)
    assert full.points()[0].sha256 == plain.sha256, "a point with the file's own values is the file's scenario"
    assert full.points()[1].sha256 == plain.set(crew=3).sha256 != plain.sha256


def test_another_value_of_a_parameter_keeps_the_study(load):
    found = load(KITCHEN + STUDY).set(cook="8s")
    assert [(one.parameters["crew"], one.parameters["cook"]) for one in found.points()] == [(2, "8s"), (3, "8s")]
    assert found.file.select.objective == "wait"


def test_a_parameter_may_stand_in_a_study(load):
    keys = KITCHEN.replace("note: a", "note: a, more: 3")
    kitchen = load(keys + "sweep: {crew: [2, $more]}\ncompare: {baseline: {crew: $more}}")
    assert [one.parameters["crew"] for one in kitchen.points()] == [2, 3]
    assert [one.parameters["crew"] for one in kitchen.set(more=5).points()] == [2, 5]
    assert kitchen.set(more=5).baseline().parameters["crew"] == 5


def test_keys_can_be_added_and_changed_from_python(load):
    kitchen = load(KITCHEN).with_keys(sweep={"crew": range(2, 5)}, replications=3)
    assert [one.parameters["crew"] for one in kitchen.points()] == [2, 3, 4]
    assert kitchen.points()[0].sha256 == kitchen.sha256 != load(KITCHEN).sha256
    assert kitchen.with_keys(sweep={"cook": ["1s", "2s"]}).set(crew=5).points()[1].parameters["crew"] == 5


@pytest.mark.parametrize("given", ["from Python", "as a parameter"])
def test_thresholds_need_not_stand_in_the_file_as_such(load, given):
    kitchen = load(SIX).with_keys(thresholds={"wait": "< 1m"})
    if given == "as a parameter":
        kitchen = load("params: {limits: {wait: '< 1m'}}\nthresholds: $limits\n")
    assert [one.metric for one in kitchen.thresholds] == ["wait.mean"]


def test_wrong_keys_from_python_get_the_faults_of_a_file(load):
    [told] = faults_of(lambda: load(KITCHEN).with_keys(sweeep={}))
    assert told.endswith("story.yaml:1:1: unknown key 'sweeep'; did you mean 'sweep'?")
    [told] = faults_of(lambda: load(KITCHEN).with_keys(sweep={"crew": [2, 2]}))
    assert told.endswith("story.yaml:1:1: sweep.crew[1]: 2 stands twice in the list; keep one of them")
    [told] = faults_of(load(KITCHEN).with_keys(sweep={"crew": [2, -2]}).points)
    assert told.endswith("story.yaml:1:1: bots.initial: -2 is too small; write 0 or more")


def test_the_study_of_a_base_is_replaced_whole(tmp_path):
    head = "scenario: 1\nname: kitchen\n"
    base = KITCHEN + "sweep: {crew: [2, 3], where: 'crew > 2'}\nselect: {minimise: wait}\n"
    (tmp_path / "base.yaml").write_text(head + base)
    own = "extends: base.yaml\nsweep: {cook: [5s, 6s]}\nselect: {maximise: utilisation}\n"
    (tmp_path / "child.yaml").write_text(head + own)
    points = load_scenario(tmp_path / "child.yaml").points()
    assert [one.parameters["cook"] for one in points] == ["5s", "6s"]


def test_points_have_no_expectations(load):
    keys = SIX + "expect: [{order: 1001, status: COMPLETE}]\nsweep: {crew: [1, 2]}\n"
    assert [one.expectations for one in load(keys).points()] == [[], []]
