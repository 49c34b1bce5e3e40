"""Studies: conditions on parameters, points of a sweep, comparisons, selections, and theory beside them."""

import operator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from sim import Replications, Scenario, ScenarioError, load_scenario, replicate
from sim.experiment import compare, label, select, sweep, theory
from sim.experiment.selecting import looks
from sim.model import UNITS
from sim.scenario.where import parse_where
from sim.statistics import bounds, holm
from sim.statistics.queueing import erlang_a, priority_waits

KITCHEN = """
seed: 7
params: {crew: 2, cook: 10s, note: a}
clock: {until: 5m}
service: {exponential: {mean: $cook}}
bots: {initial: $crew}
arrivals: [{name: door, class: {NORMAL: 80%, VIP: 20%}, poisson: {rate: 10/m}}]
"""
CREWS = "sweep: {crew: [2, 3, 4]}\n"
DRAINED = KITCHEN.replace("clock: {until: 5m}\n", "").replace("10/m}}", "10/m}, limit: 30}")
SIX = """
params: {crew: 1, cook: 10s}
service: $cook
bots: {initial: $crew}
timeline: [{at: 0s, order: NORMAL, count: 6}]
"""
MAX_WAITS = {1: 50, 2: 20, 3: 10, 4: 10, 6: 0}  # seconds that the last of the six waits, by crew
ALL_CREWS = f"sweep: {{crew: {list(MAX_WAITS)}}}\n"
NUMBERS = ["mean", "low", "high"]


def said(done: Replications) -> list[tuple]:
    """All that replications say, but for wall-clock times."""
    return [(one.number, one.values, one.worst_waits, one.fingerprint) for one in done.results]


def faults_of(call) -> list[str]:
    """Return the lines of the ScenarioError that a call ends with."""
    with pytest.raises(ScenarioError) as caught:
        call()
    return str(caught.value).splitlines()


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    """Load a scenario from the text of its keys, for all tests of this file."""

    def loaded(keys: str, name: str = "story") -> Scenario:
        path = tmp_path_factory.mktemp("studies") / f"{name}.yaml"
        path.write_text(f"scenario: 1\nname: {name}\n{keys}")
        return load_scenario(path)

    return loaded


@pytest.fixture(scope="module")
def crews(load) -> Scenario:
    return load(KITCHEN + CREWS + "compare: {baseline: {crew: 2}}\nreplications: 6\n")


# Conditions on parameters

VALUES = {
    "crew": 7,
    "most": 7.0,
    "cook": "3m",
    "slow": "200s",
    "rate": "12/h",
    "share": "50%",
    "opens": "11:30",
    "mode": "fast",
    "spare": True,
    "order": 3,
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        # `not` before `and` before `or`
        ("crew == 7 or crew == 1 and crew == 2", True),
        ("(crew == 7 or crew == 1) and crew == 2", False),
        ("not crew == 1 and crew == 2", False),
        ("not (crew == 1 and crew == 2)", True),
        ("not crew == 7 or crew == 7", True),
        ("not (crew == 7 or crew == 7)", False),
        ("not not crew == 7", True),
        ("not(crew==7)or(crew==7)and(cook<slow)", True),
        # values by their meaning, on either side
        ("cook == 180s", True),
        ("0.05h == cook", True),
        ("cook < slow", True),
        ("2m59s >= cook", False),
        ("crew == most", True),
        ("crew == 7.0", True),
        ("-1 < crew", True),
        ("rate == 0.2/m", True),
        ("rate > 11/h", True),
        ("share == 50.0%", True),
        ("share <= 49.9%", False),
        ("opens == 11:30:00", True),
        ("opens < '12:00:00'", True),
        ('"09:00" > opens', False),
        ("mode == fast", True),
        ("mode != 'fast'", False),
        ('mode == "very fast"', False),
        ("spare == true", True),
        ("spare != false", True),
        ("order == 3", True),
        # what is no sign may be a parameter's name or be left out
        ("  crew  ==\n7  ", True),
        ("crew<=7", True),
    ],
)
def test_a_condition_means_what_it_says(text, holds):
    assert parse_where(text)(VALUES) is holds


@pytest.mark.parametrize("sign", ["<", "<=", "==", "!=", ">", ">="])
@pytest.mark.parametrize("seconds", [179, 180, 181])
def test_each_sign_compares_durations_by_their_length(sign, seconds):
    compared = {"<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne, ">": operator.gt}
    expected = compared.get(sign, operator.ge)(180, seconds)
    assert parse_where(f"cook {sign} {seconds * 1000}ms")(VALUES) is expected


def test_clock_times_of_two_days_are_in_the_order_of_their_days():
    assert parse_where("opens < '2026-03-02T01:00:00'")({"opens": "2026-03-01T23:00:00"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("crew == 7 or paek == 1", "'paek' names no parameter; "),
        ("crew == 1 and cook == 1", "cook is a duration and 1 is a number; compare what is alike"),
        ("crew == 7 or (crew == 7 or not mode < quick)", "mode is a word, which has no order"),
        ("crew == '7'", "crew is a number and '7' is a word; compare what is alike"),
    ],
)
def test_all_parts_are_looked_at_even_where_the_first_decides(text, message):
    with pytest.raises(ValueError, match="^" + message):
        parse_where(text)(VALUES)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "__import__('os').system('true') == 0",
        "crew.__class__ == 7 and ().__class__ == 1",
        "(lambda: crew)() == 7",
        "crew == 7 if crew else 8",
        "[crew for crew in (1,)] == 7",
        "crew + 1 == 8",
        "crew := 7",
    ],
)
def test_code_is_refused(text):
    with pytest.raises(ValueError, match="is not understood from"):
        parse_where(text)


def test_what_looks_like_code_is_a_word():
    with pytest.raises(ValueError, match=r"^'crew\.real' names no parameter"):
        parse_where("crew.real == 7")(VALUES)


@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("not ", ""), ("(not ", ")"), ("crew == 1 or (", ")")])
def test_nesting_as_deep_as_a_condition_may_be_long_overflows_nothing(opening, closing):
    depth = (1000 - len("crew == 7")) // len(opening + closing)
    test = parse_where(opening * depth + "crew == 7" + closing * depth)
    assert test(VALUES) is (depth % 2 == 0 or "not" not in opening)
    with pytest.raises(ValueError, match=r"has 10\d\d characters; write at most 1000"):
        parse_where(opening * (depth + 2) + "crew == 7" + closing * (depth + 2) + " " * 20)


PIECES = [*VALUES, *"()'\"=!<>#*&[{%@`|-?:~,$1", "==", " and ", " or ", " not ", " "]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_a_text_is_a_condition_or_a_value_error(text):
    with suppress(ValueError):
        assert isinstance(parse_where(text)(VALUES), bool)


SIGNS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
FORMS = {  # the ways to write a number of each kind
    "number": ["{0}", "{0}.0", "+{0}"],
    "duration": ["{0}s", "{1}ms", "'{0}s'", '"{1}ms"'],
    "rate": ["{0}/s", "{0}.00/s"],
    "share": ["{0}%", "'{0}.0%'"],
    "clock time": ["00:00:0{0}", "'00:00:0{0}'"],
    "word": ["w{0}", "'w{0}'", '"w{0}"'],
}
DIGITS = st.integers(0, 4)


@st.composite
def comparisons(draw):
    """A leaf of a tree: two numbers of one kind and how they are written, of which one is a parameter's."""
    kind = draw(st.sampled_from(list(FORMS)))
    sign = draw(st.sampled_from(["==", "!="] if kind == "word" else list(SIGNS)))
    left, right = draw(DIGITS), draw(DIGITS)
    return sign, left, right, kind, draw(st.sampled_from(["left", "right", "both"])), draw(st.integers(0, 9))


TREES = st.recursive(
    comparisons(),
    lambda below: (
        st.tuples(st.just("not"), st.lists(below, min_size=1, max_size=1), st.booleans())
        | st.tuples(st.sampled_from(["and", "or"]), st.lists(below, min_size=2, max_size=3), st.booleans())
    ),
    max_leaves=10,
)


def evaluated(tree) -> bool:
    """What Python says of a tree."""
    match tree:
        case ("not", [one], _):
            return not evaluated(one)
        case ("and" | "or" as word, parts, _):
            return (all if word == "and" else any)([evaluated(part) for part in parts])
        case (sign, left, right, *_):
            return SIGNS[sign](left, right)


def written(tree, values: dict, inside: str = "or") -> str:
    """A tree as text with no more brackets than it needs, unless it asks for them; parameters go into `values`."""
    strength = {"or": 0, "and": 1, "not": 2}
    if tree[0] in strength:
        word, parts, brackets = tree
        texts = [written(part, values, word) for part in parts]
        text = f"not {texts[0]}" if word == "not" else f" {word} ".join(texts)
        return f"({text})" if brackets or strength[word] < strength[inside] else text
    sign, left, right, kind, side, variant = tree
    sides = []
    for number, named in ((left, side != "right"), (right, side != "left")):
        forms = FORMS[kind]
        text = forms[variant % len(forms)].format(number, number * 1000)
        if named:
            name = f"p{len(values)}"
            values[name] = number if kind == "number" else text.strip("'\"")
            text = name
        sides.append(text)
    return sign.join(sides) if variant > 5 else f" {sign} ".join(sides)


@given(TREES)
def test_a_condition_is_what_python_makes_of_the_same_tree(tree):
    values: dict = {}
    text = written(tree, values)
    assume(len(text) <= 1000)
    assert parse_where(text)(values) is evaluated(tree)


# Points of a sweep


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
        assert told.endswith("story.yaml:1:1: missing key 'sweep'; write one such as sweep: {bots: [5, 6]}")
    [told] = faults_of(lambda: select(load(KITCHEN + CREWS)))
    assert told.endswith("story.yaml:1:1: missing key 'select'; write one such as select: {minimise: bots}")


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


# Sweeps


def test_all_points_meet_the_same_customers(crews):
    for number in (1, 2, 30):
        first, *others = [point.workload(7, number) for point in crews.points()]
        for one in others:
            assert np.array_equal(one.service, first.service)
            assert np.array_equal(one.order_class, first.order_class)
            assert np.array_equal(one.stream, first.stream)
    created = [point.values("orders.created") for point in sweep(crews).points]
    assert created[0] == created[1] == created[2]
    assert len(set(created[0])) > 1


def test_streams_of_other_names_bring_other_customers(load):
    keys = KITCHEN.replace("name: door", "name: $note")
    done = sweep(load(keys + "sweep: {note: [a, b]}\nreplications: 6\n"))
    one, other = (point.values("orders.created") for point in done.points)
    assert one != other


def test_a_sweep_is_the_replications_of_each_of_its_points(crews):
    done = sweep(crews)
    assert (done.seed, done.parameters, len(done.points)) == (7, ["crew"], 3)
    for point, found in zip(crews.points(), done.points, strict=True):
        assert found.scenario.sha256 == point.sha256
        assert said(found) == said(replicate(point))
    for point, found in zip(crews.points(), sweep(crews, times=2, seed=5).points, strict=True):
        assert said(found) == said(replicate(point, times=2, seed=5))


def test_the_numbers_are_the_same_however_the_work_is_shared(crews):
    alone = [said(point) for point in sweep(crews).points]
    with ThreadPoolExecutor(3) as threads:
        assert [said(point) for point in sweep(crews, executor=threads).points] == alone
        assert threads.submit(int).result() == 0, "who gave the workers shuts them down"
    assert [said(point) for point in sweep(crews, jobs=2).points] == alone
    assert [said(point) for point in sweep(crews, engine="reference").points] == alone


@pytest.mark.parametrize("options", [{"times": 0}, {"times": 2, "jobs": 0}, {"times": 1, "seed": -1}])
def test_what_is_out_of_range_is_refused(crews, options):
    for experiment in (sweep, compare):
        with pytest.raises(ValueError, match="out of range"):
            experiment(crews, **options)


def test_earlier_replications_are_not_run_again_and_new_ones_are_told(crews):
    stored = {point.sha256: replicate(point, times=4).results for point in crews.points()[:2]}
    asked, told, heard = [], [], []
    done = sweep(
        crews,
        earlier=lambda one: asked.append(one.sha256) or stored.get(one.sha256, ()),
        finished=lambda one, block: told.extend((one.parameters["crew"], number) for number in block.numbers),
        progress=lambda *how: heard.append(how),
    )
    assert asked == [point.sha256 for point in crews.points()]
    assert told == [*product([2, 3], [5, 6]), *product([4], range(1, 7))]
    assert [said(point) for point in done.points] == [said(point) for point in sweep(crews).points]
    assert heard == sorted(heard)
    assert heard[-1] == (18, 18)


def test_the_table_of_a_sweep_has_a_row_for_each_point_and_metric(crews):
    done = sweep(crews)
    table = done.to_frame()
    assert list(table) == ["crew", "metric", *NUMBERS, "n", "unit"]
    assert list(zip(table["crew"], table["metric"], strict=True)) == list(product([2, 3, 4], UNITS))
    assert [str(kind) for kind in table.dtypes[[*NUMBERS, "n"]]] == ["Float64"] * 3 + ["Int64"]
    for point, rows in zip(done.points, np.split(np.arange(len(table)), 3), strict=True):
        found = table.iloc[rows].drop(columns="crew").reset_index(drop=True)
        pd.testing.assert_frame_equal(found, point.to_frame())
    wide, narrow = (done.to_frame(confidence).set_index("metric").loc["wait.mean"] for confidence in (0.99, 0.5))
    assert ((wide["high"] - wide["low"]) > (narrow["high"] - narrow["low"])).all()


def test_thresholds_are_judged_at_each_point(load):
    thresholds = "thresholds: {wait.max: '<= 20s', orders.completed: {check: ['== 6', '> 6'], severity: warn}}\n"
    found = sweep(load(SIX + "sweep: {crew: [1, 2]}\n" + thresholds)).verdicts
    assert list(found) == ["crew", "metric", "condition", "severity", "judgement", "note"]
    assert found.drop(columns="note").to_numpy().tolist() == [
        [crew, *row]
        for crew, judgement in ((1, "FAIL"), (2, "PASS"))
        for row in (
            ["wait.max", "<= 20s", "fail", judgement],
            ["orders.completed", "== 6", "warn", "PASS"],
            ["orders.completed", "> 6", "warn", "FAIL"],
        )
    ]


def test_shown_are_the_metrics_of_thresholds_or_those_that_matter_in_general(load):
    keys = SIX + "sweep: {crew: [1, 2]}\n"
    general = ["wait.VIP.mean", "wait.VIP.p95", "wait.NORMAL.mean", "wait.NORMAL.p95"]
    assert sweep(load(keys)).metric_names == general
    asked = "thresholds: {utilisation: '> 1%', wait.p95: ['< 1h', '> 0s']}\n"
    assert sweep(load(keys + asked)).metric_names == ["wait.p95", "utilisation"]


SOMETIMES = """
params: {vip: 0%, normal: 100%}
clock: {until: 2m}
service: 10s
bots: {initial: 1}
arrivals: [{class: {VIP: $vip, NORMAL: $normal}, every: 8s}]
sweep: {vip: [0%, 40%], normal: [100%, 60%], where: vip == 0% and normal == 100% or vip == 40% and normal == 60%}
"""


def test_a_point_without_chance_runs_once_among_random_ones(load):
    done = sweep(load(SOMETIMES))
    assert [(point.scenario.is_random, len(point.results)) for point in done.points] == [(False, 1), (True, 30)]
    table = done.to_frame().set_index("metric").loc["wait.mean"]
    assert table["n"].tolist() == [1, 30]
    assert table["low"].isna().tolist() == [True, False]
    assert [len(point.results) for point in sweep(load(SOMETIMES), times=3).points] == [3, 3]


def test_each_point_runs_until_its_own_metric_is_known_well_enough(load):
    keys = DRAINED + CREWS + "replications: {min: 20, max: 40, until: {metric: flow.mean, half_width: 7%}}\n"
    done = sweep(load(keys))
    counts = [len(point.results) for point in done.points]
    assert counts == [len(replicate(point).results) for point in load(keys).points()]
    assert len(set(counts)) > 1
    assert [point.stopped for point in done.points] == [count < 40 for count in counts]
    assert [len(point.results) for point in sweep(load(keys), times=2).points] == [2, 2, 2]


# Comparisons


def paired(ours: list[float], theirs: list[float]):
    """The difference, its interval and its p-value by scipy."""
    test = stats.ttest_rel(ours, theirs)
    return np.mean(ours) - np.mean(theirs), *test.confidence_interval(), test.pvalue


def test_each_alternative_differs_from_the_baseline_by_the_mean_of_its_pairs(crews):
    done = compare(crews, metric_names=["wait", "utilisation"])
    assert [(pair.alternative, pair.metric) for pair in done.pairs] == [
        *product(["crew=3", "crew=4"], ["wait.mean", "utilisation"])
    ]
    found = iter(done.pairs)
    for alternative in done.alternatives:
        for metric in ("wait.mean", "utilisation"):
            ours, theirs = alternative.values(metric), done.baseline.values(metric)
            mean, low, high, p = paired(ours, theirs)
            pair = next(found)
            assert pair.difference.interval == pytest.approx((mean, low, high, 6))
            assert pair.difference.p == pytest.approx(p)
            assert (pair.mean, pair.baseline_mean) == pytest.approx((np.mean(ours), np.mean(theirs)))
            assert pair.difference.correlation == pytest.approx(np.corrcoef(ours, theirs)[0, 1])


def test_p_values_are_adjusted_over_all_pairs_and_metrics(crews):
    done = compare(crews, metric_names=["wait", "flow", "service.min", "throughput"], times=20)
    alone = [pair.difference.p for pair in done.pairs]
    assert len(alone) == 8
    assert [pair.adjusted for pair in done.pairs] == holm(alone)
    assert [pair.is_significant for pair in done.pairs] == [p <= 0.05 for p in holm(alone)]
    assert len({pair.is_significant for pair in done.pairs}) == 2
    assert done.to_frame()["p_adjusted"].tolist() == holm(alone)


def test_common_customers_narrow_the_interval_where_the_correlation_is_positive(load):
    keys = KITCHEN + "sweep: {cook: [10s, 11s]}\nreplications: 30\n"
    [pair] = compare(load(keys), metric_names=["service"]).pairs
    assert pair.difference.correlation > 0.9
    assert pair.difference.variance_ratio > 10
    [other] = compare(load(keys), load(keys.replace("door", "back"), "other"), metric_names=["service"]).pairs
    assert other.difference.variance_ratio < 2, "streams of other names bring other customers"


def test_the_baselines_own_point_is_left_out(load):
    keys = KITCHEN + "sweep: {crew: [2, 3], cook: [10s, 5s]}\nreplications: 2\n"
    done = compare(load(keys + "compare: {baseline: {crew: 3}}"))
    assert done.labels == [
        *("crew=3, cook=10s", "crew=2, cook=10s"),
        *("crew=2, cook=5s", "crew=3, cook=5s"),
    ]
    assert compare(load(keys)).labels[0] == "crew=2, cook=10s", "without compare it is the file as it stands"


def test_the_baselines_own_point_is_left_out_also_when_its_values_are_written_otherwise(load):
    keys = SIX + "sweep: {cook: [10s, 5s]}\ncompare: {baseline: {cook: 10000ms}}"
    assert len(compare(load(keys)).alternatives) == 1


def test_a_sweep_of_the_baseline_alone_is_refused(load):
    [told] = faults_of(lambda: compare(load(KITCHEN + "sweep: {crew: [2]}\ncompare: {baseline: {crew: 2}}")))
    assert told.endswith("story.yaml:10:8: sweep: has no other point than the baseline; write other values")


def test_two_files_are_compared_by_their_names_parameters_or_files(load):
    one, other = load(SIX, "one"), load(SIX.replace("crew: 1", "crew: 3"), "other")
    assert compare(one, other).labels == ["one", "other"]
    same = other.with_keys(name="one")
    assert compare(one, same).labels == ["crew=1", "crew=3"]
    assert compare(one, same).to_frame()["alternative"].unique().tolist() == ["crew=3"]
    twins = compare(one, load(SIX.replace("count: 6", "count: 7"), "one"))
    assert [name.endswith("one.yaml") for name in twins.labels] == [True, True]
    assert len(set(twins.labels)) == 2


def test_two_versions_of_one_file_have_labels_of_their_own(load):
    one = load(SIX)
    assert len(set(compare(one, one.with_keys(service="5s")).labels)) == 2


def test_a_parameter_may_have_the_name_of_a_column(load):
    table = sweep(load(SIX.replace("crew", "n") + "sweep: {n: [1, 2]}")).to_frame()
    assert len(set(table)) == len(table.columns)


def test_metrics_are_those_asked_for_or_those_of_compare_or_of_thresholds_or_those_that_matter(load):
    keys = SIX + "sweep: {crew: [1, 2]}\n"
    thresholds = "thresholds: {wait.max: '< 1h', flow: '< 1h'}\n"
    named = "compare: {metrics: [utilisation, wait.p95, utilisation.value]}\n"
    general = ["wait.VIP.mean", "wait.VIP.p95", "wait.NORMAL.mean", "wait.NORMAL.p95"]
    assert compare(load(keys)).metric_names == general
    assert compare(load(keys + thresholds)).metric_names == ["wait.max", "flow.mean"]
    assert compare(load(keys + thresholds + named)).metric_names == ["utilisation", "wait.p95"]
    assert compare(load(keys + thresholds + named), metric_names=["flow"]).metric_names == ["flow.mean"]
    with pytest.raises(ValueError, match=r"unknown metric 'wait.VPI'; did you mean"):
        compare(load(keys), metric_names=["wait.VPI"])


def test_all_run_as_often_as_the_one_that_asks_for_most(load):
    few, many = load(KITCHEN + "replications: 2"), load(KITCHEN + "replications: 4", "other")
    done = compare(few, many, metric_names=["wait"])
    assert [len(one.results) for one in (done.baseline, *done.alternatives)] == [4, 4]
    assert compare(few, many, metric_names=["wait"], times=3).pairs[0].difference.interval.n == 3


def test_pairs_are_replications_in_which_both_observed_it(load):
    rare = KITCHEN.replace("VIP: 20%", "VIP: 2%").replace("NORMAL: 80%", "NORMAL: 98%").replace("10s", "1m")
    done = compare(load(rare + "sweep: {crew: [12]}"), metric_names=["flow.VIP.mean"])
    [pair] = done.pairs
    theirs, ours = ([run.values["flow.VIP.mean"] for run in one.results] for one in (done.baseline, *done.alternatives))
    both = [(one, other) for one, other in zip(ours, theirs, strict=True) if None not in (one, other)]
    assert len(ours) - ours.count(None) > len(both), "some of the alternative have no partner"
    mean, low, high, _ = paired(*zip(*both, strict=True))
    assert pair.difference.interval == pytest.approx((mean, low, high, len(both)))
    assert pair.mean - pair.baseline_mean == pytest.approx(mean)


def test_what_nobody_observed_does_not_differ(load):
    done = compare(load(SIX + "sweep: {crew: [1, 2]}"), metric_names=["wait.VIP", "wait"])
    nothing, something = done.pairs
    assert nothing[2:] == (None, None, None, 1.0, False, True)
    assert (nothing.is_significant, something.is_significant) == (False, True)
    row = done.to_frame().iloc[0]
    assert (row["n"], row["significant"], row["unit"]) == (0, False, "s")
    assert row[["baseline", "mean", "difference", "low", "high", "correlation"]].isna().all()


def test_waits_that_are_not_over_make_a_pair_a_bound(load):
    done = compare(load(KITCHEN + "sweep: {crew: [2, 4]}"), metric_names=["wait", "service"])
    assert [pair.is_bound for pair in done.pairs] == [True, False]


def test_a_scenario_does_not_differ_from_itself_under_another_name(load):
    one = load(KITCHEN + "replications: 8")
    done = compare(one, one.with_keys(name="twin"), metric_names=list(UNITS))
    assert done.labels == ["story", "twin"]
    seen = [pair.difference for pair in done.pairs if pair.difference is not None]
    assert len(seen) > 40
    assert {(found.interval.mean, found.interval.low, found.interval.high) for found in seen} == {(0, 0, 0)}
    assert not any(pair.is_significant for pair in done.pairs)


def test_where_nothing_is_random_any_difference_is_significant(load):
    pairs = compare(load(SIX + "sweep: {crew: [1, 2]}"), metric_names=["wait.max", "orders.completed"]).pairs
    assert [(pair.difference.interval, pair.is_significant) for pair in pairs] == [
        ((-30.0, None, None, 1), True),
        ((0.0, None, None, 1), False),
    ]


def test_one_replication_of_what_is_random_says_nothing(crews):
    pairs = compare(crews, metric_names=["wait"], times=1).pairs
    assert [(pair.adjusted, pair.is_significant) for pair in pairs] == [(1.0, False)] * 2


def test_the_table_of_a_comparison_has_a_row_for_each_pair(crews):
    done = compare(crews, metric_names=["wait", "utilisation"])
    table = done.to_frame()
    numbers = ["baseline", "mean", "difference", "low", "high"]
    assert list(table) == [
        *("alternative", "metric", *numbers, "n"),
        *("p_adjusted", "significant", "correlation", "variance_ratio", "unit"),
    ]
    assert table["unit"].tolist() == ["s", "share"] * 2
    for row, pair in zip(table.itertuples(), done.pairs, strict=True):
        assert (row.alternative, row.metric, row.significant) == (pair.alternative, pair.metric, pair.is_significant)
        assert (row.baseline, row.mean, row.difference) == (*pair[2:4], pair.difference.interval.mean)
    assert {str(table[name].dtype) for name in (*numbers, "p_adjusted", "correlation")} == {"Float64"}
    assert (table["mean"] - table["baseline"]).tolist() == pytest.approx(table["difference"].tolist())


# Selections


def chosen(load, keys: str, **options):
    return select(load(keys), **options)


def standings(found) -> list[str]:
    return [one.standing for one in found.candidates]


@pytest.mark.parametrize(
    ("thresholds", "crew"),
    [
        ("{wait.max: '<= 20s'}", 2),
        ("{wait.max: '< 20s'}", 3),
        ("{wait.max: 'between 5s and 15s'}", 3),
        ("{wait.max: '== 0s'}", 6),
        ("{wait.max: '!= 50s'}", 2),
        ("{wait.max: ['< 30s', '< 15s'], orders.completed: '== 6'}", 3),
        ("{wait.max: {check: '< 1us', severity: warn}, orders.completed: '>= 6'}", 1),
        ("{wait.max: {check: '< 1us', severity: warn}, flow.max: '<= 20s'}", 3),
    ],
)
def test_the_smallest_crew_that_keeps_all_promises_is_selected(load, thresholds, crew):
    found = chosen(load, SIX + ALL_CREWS + f"select: {{minimise: crew}}\nthresholds: {thresholds}\n")
    assert found.outcome == found.selected.label == f"crew={crew}"
    assert found.selected.replications.scenario.parameters["crew"] == crew


def test_the_order_of_candidates_is_that_of_their_values_not_of_the_list(load):
    keys = SIX + "sweep: {crew: [6, 1, 4, 2, 3]}\nselect: {minimise: crew}\nthresholds: {wait.max: '<= 20s'}\n"
    found = chosen(load, keys)
    assert found.outcome == "crew=2"
    assert standings(found) == ["feasible", "infeasible", "feasible", "feasible", "feasible"]


@pytest.mark.parametrize(("goal", "cook"), [("minimise", "0.1m"), ("maximise", "10s")])
def test_durations_are_small_or_large_by_their_length(load, goal, cook):
    sweeps = "sweep: {cook: [9s, 10s, 0.1m, 11s, 0.5m]}\n"
    keys = SIX + sweeps + f"select: {{{goal}: cook}}\nthresholds: {{wait.max: '<= 50s'}}\n"
    assert chosen(load, keys).outcome == f"cook={cook}"


def test_none_is_selected_when_no_candidate_keeps_all_promises(load):
    for objective in ("crew", "wait.max"):
        keys = SIX + ALL_CREWS + f"select: {{minimise: {objective}}}\nthresholds: {{wait.max: '> 1h'}}\n"
        found = chosen(load, keys)
        assert (found.outcome, found.selected) == ("none", None)
        assert {(one.standing, one.reason) for one in found.candidates} == {
            ("infeasible", "wait.max > 1h does not hold")
        }


def test_a_promise_about_what_is_never_observed_is_not_kept(load):
    keys = SIX + ALL_CREWS + "select: {minimise: crew}\nthresholds: {wait.VIP.max: '< 1h'}\n"
    assert chosen(load, keys).outcome == "none"


def test_of_points_with_the_same_value_the_first_that_keeps_all_promises_is_selected(load):
    keys = SIX + "sweep: {crew: [3, 4], cook: [30s, 20s, 10s]}\nselect: {minimise: crew}\n"
    found = chosen(load, keys + "thresholds: {wait.max: '<= 20s'}\n")
    assert found.outcome == "crew=3, cook=20s"


@pytest.mark.parametrize(
    ("goal", "limit", "crew", "expected"),
    [
        ("minimise: wait.max", 6, 6, ["worse", "worse", "worse", "worse", "feasible"]),
        ("minimise: wait.max", 4, 3, ["worse", "worse", "feasible", "worse", "infeasible"]),
        ("maximise: wait.max", 6, 1, ["feasible", "worse", "worse", "worse", "worse"]),
        ("maximise: wait", 0, None, ["infeasible"] * 5),
    ],
)
def test_the_best_by_a_metric_is_selected_and_of_two_that_tie_without_chance_the_first(
    load, goal, limit, crew, expected
):
    keys = SIX + ALL_CREWS + f"select: {{{goal}}}\nthresholds: {{bots.max: '<= {limit}'}}\n"
    found = chosen(load, keys)
    assert found.outcome == (f"crew={crew}" if crew else "none")
    assert standings(found) == expected


def test_by_a_metric_no_thresholds_are_needed(load):
    found = chosen(load, SIX + ALL_CREWS + "select: {minimise: wait.max}\n")
    assert found.outcome == "crew=6"
    assert {one.reason for one in found.candidates if one.standing == "worse"} <= {
        f"than crew={crew}" for crew in MAX_WAITS
    }


def test_where_nothing_is_random_each_candidate_runs_once(load):
    found = chosen(load, SIX + ALL_CREWS + "select: {minimise: crew}\nthresholds: {wait.max: '<= 20s'}\n")
    assert (found.replication_count, found.budget) == (5, 1)
    assert repr(found) == "<Selection story, seed 0: crew=2>"


def test_the_table_of_a_selection_has_a_row_for_each_candidate(load):
    keys = "sweep: {crew: [1, 2], cook: [10s, 5s]}\nselect: {maximise: cook}\nthresholds: {wait.max: '< 20s'}\n"
    table = chosen(load, SIX + keys).to_frame()
    assert list(table) == ["crew", "cook", "standing", "reason", "replications"]
    assert table.to_numpy().tolist() == [
        [1, "10s", "infeasible", "wait.max < 20s does not hold", 1],
        [1, "5s", "infeasible", "wait.max < 20s does not hold", 1],
        [2, "10s", "infeasible", "wait.max < 20s does not hold", 1],
        [2, "5s", "feasible", "", 1],
    ]


def test_it_looks_whenever_replications_have_about_doubled_and_at_the_end():
    assert looks(1000) == [32, 63, 125, 250, 500, 1000]
    assert looks(60) == [30, 60]
    assert [looks(budget) for budget in (1, 30, 59)] == [[1], [30], [59]]


@given(st.integers(1, 10**6))
def test_the_first_look_has_thirty_replications_if_there_are_as_many_and_each_at_most_twice_those_before(budget):
    found = looks(budget)
    assert found[-1] == budget
    assert min(30, budget) <= found[0] < 60
    assert all(before < after <= 2 * before for before, after in pairwise(found))


CLEAR = DRAINED + "sweep: {crew: [1, 3, 4]}\nselect: {minimise: crew}\n"


def test_a_clear_case_is_settled_at_the_first_look_and_says_how_many_replications_it_took(load):
    found = chosen(load, CLEAR + "thresholds: {wait.mean: '< 30s'}\n")
    assert (found.outcome, found.budget, found.replication_count) == ("crew=3", 1000, 96)
    assert standings(found) == ["infeasible", "feasible", "feasible"]
    assert found.to_frame()["replications"].tolist() == [32, 32, 32]
    for point, one in zip(found.scenario.points(), found.candidates, strict=True):
        assert said(one.replications) == said(replicate(point, times=32))


def test_the_selection_is_the_same_however_the_work_is_shared_and_other_seeds_are_other_customers(load):
    keys = CLEAR + "thresholds: {wait.mean: '< 30s'}\n"
    alone = chosen(load, keys, budget=60)
    with ThreadPoolExecutor(3) as threads:
        shared = chosen(load, keys, budget=60, executor=threads)
    assert [said(one.replications) for one in shared.candidates] == [said(one.replications) for one in alone.candidates]
    assert shared.to_frame().equals(alone.to_frame())
    other = chosen(load, keys, budget=60, seed=8)
    assert (other.seed, other.outcome) == (8, "crew=3")
    assert said(other.candidates[0].replications) != said(alone.candidates[0].replications)


@pytest.fixture(scope="module")
def middle(load):
    """The mean utilisation of the smallest and the largest crew after 60 replications, as a share."""
    points = load(DRAINED + "sweep: {crew: [1, 3, 4]}\n").points()
    small, _, large = (replicate(point, times=60).estimate("utilisation").mean for point in points)
    return {"small": f"{small:.12%}", "large": f"{large:.12%}"}


def test_a_candidate_on_its_limit_stays_open_until_the_budget_is_spent(load, middle):
    found = chosen(load, CLEAR + f"thresholds: {{utilisation: '<= {middle['small']}'}}\n", budget=60)
    assert (found.outcome, found.selected) == ("INCONCLUSIVE", None)
    assert standings(found)[0] == "undecided"
    assert found.to_frame()["replications"].tolist() == [60, 30, 30], "what is larger than a feasible one stops"


def test_a_candidate_that_cannot_win_any_more_is_not_needed(load, middle):
    keys = CLEAR + f"thresholds: {{utilisation: 'between {middle['large']} and 90%'}}\n"
    found = chosen(load, keys, budget=60)
    assert found.outcome == "crew=3"
    assert standings(found) == ["infeasible", "feasible", "not needed"]
    assert found.to_frame()["replications"].tolist() == [30, 30, 30]


def test_what_is_open_beside_a_larger_one_that_is_feasible_runs_on_alone(load, middle):
    keys = CLEAR + f"thresholds: {{utilisation: 'between {middle['large']} and {middle['small']}'}}\n"
    told = []
    found = chosen(
        load,
        keys,
        budget=60,
        finished=lambda one, block: told.extend((one.parameters["crew"], number) for number in block.numbers),
    )
    assert found.outcome == "INCONCLUSIVE"
    assert standings(found) == ["undecided", "feasible", "not needed"]
    assert told == [*product([1, 3, 4], range(1, 31)), *product([1], range(31, 61))], "each replication is run once"


TWO = DRAINED + "sweep: {crew: [3, 4]}\n"
ERROR = 0.025  # half of 5%


@pytest.fixture(scope="module")
def busy(load):
    """The utilisation of a crew of 3 in 30 replications."""
    return replicate(load(TWO).points()[0], times=30).columns.of_metric("utilisation")


@pytest.mark.parametrize(
    ("confidence", "budget", "level"),
    [("95%", 30, ERROR / 2), ("80%", 30, ERROR * 4 / 2), ("95%", 60, ERROR / 2 * 30 / (30 + 60))],
)
@pytest.mark.parametrize("beyond", [True, False])
def test_a_promise_is_kept_when_its_bound_at_the_candidates_share_of_the_error_is(
    load, busy, confidence, budget, level, beyond
):
    limit = bounds(busy, level).high + (1e-6 if beyond else -1e-6)
    keys = f"select: {{minimise: crew, confidence: {confidence}}}\nthresholds: {{utilisation: '< {limit:.12%}'}}\n"
    found = chosen(load, TWO + keys, budget=budget)
    assert (found.outcome == "crew=3" and len(found.candidates[0].replications.results) == 30) is beyond


@pytest.mark.parametrize(
    ("condition", "level"),
    [
        ("'< {}'", ERROR),
        ("'between 1% and {}'", ERROR / 2),
        ("['> 1%', '< {}']", ERROR / 2),
        ("['between 1% and 99%', '< {}']", ERROR / 3),
    ],
)
@pytest.mark.parametrize("beyond", [True, False])
def test_a_promise_is_broken_when_its_bound_at_the_limits_share_of_the_error_is(load, busy, condition, level, beyond):
    limit = bounds(busy, level).low - (1e-6 if beyond else -1e-6)
    keys = f"select: {{minimise: crew}}\nthresholds: {{utilisation: {condition.format(f'{limit:.12%}')}}}\n"
    found = chosen(load, TWO + keys, budget=30)
    assert standings(found)[0] == ("infeasible" if beyond else "undecided")
    assert found.outcome == ("crew=4" if beyond else "INCONCLUSIVE")


def test_replications_that_are_stored_are_not_run_again(load):
    keys = CLEAR + "thresholds: {wait.mean: '< 30s'}\n"
    told, asked = [], []
    stored = {point.sha256: replicate(point, times=32).results for point in load(keys).points()[:2]}
    found = chosen(
        load,
        keys,
        earlier=lambda one: asked.append(one.sha256) or stored.get(one.sha256, ()),
        finished=lambda one, block: told.extend((one.parameters["crew"], number) for number in block.numbers),
    )
    assert found.outcome == "crew=3"
    assert told == [*product([4], range(1, 33))]
    assert len(asked) == len(set(asked)) == 3


def test_stored_replications_count_once_however_many_looks_there_are(load, middle):
    keys = CLEAR + f"thresholds: {{utilisation: '<= {middle['small']}'}}\n"
    alone = chosen(load, keys, budget=60)
    found = chosen(load, keys, budget=60, earlier=lambda one: replicate(one, times=40).results)
    assert found.to_frame().equals(alone.to_frame())
    assert [said(one.replications) for one in found.candidates] == [said(one.replications) for one in alone.candidates]


@pytest.mark.parametrize(
    ("plan", "budget", "expected"), [("", None, 1000), (", max: 70", None, 70), (", max: 70", 40, 40)]
)
def test_the_budget_is_that_of_the_call_or_of_the_file_or_a_thousand(load, plan, budget, expected):
    keys = CLEAR + "thresholds: {wait.mean: '< 30s'}\n"
    if plan:
        keys += f"replications: {{min: 20{plan}, until: {{metric: wait, half_width: 10%}}}}\n"
    assert chosen(load, keys, budget=budget).budget == expected


@pytest.mark.parametrize("budget", [0, -3])
def test_a_budget_of_nothing_is_refused(load, budget):
    with pytest.raises(ValueError, match="out of range"):
        chosen(load, CLEAR + "thresholds: {wait.mean: '< 30s'}\n", budget=budget)


def test_a_budget_of_nothing_is_refused_also_where_nothing_is_random(load):
    with pytest.raises(ValueError, match="out of range"):
        chosen(load, SIX + ALL_CREWS + "select: {minimise: crew}\nthresholds: {wait: '< 30s'}\n", budget=-3)


@pytest.mark.parametrize(
    ("goal", "crew", "expected"),
    [
        ("minimise: wait", 4, ["infeasible", "worse", "feasible"]),
        ("maximise: utilisation", 3, ["infeasible", "feasible", "worse"]),
    ],
)
def test_by_a_metric_the_one_whose_differences_are_clear_is_selected(load, goal, crew, expected):
    keys = CLEAR.replace("minimise: crew", goal) + "thresholds: {wait.mean: '< 30s'}\n"
    found = chosen(load, keys)
    assert found.outcome == f"crew={crew}"
    assert standings(found) == expected
    assert found.candidates[expected.index("worse")].reason == f"than crew={crew}"


def test_of_two_that_are_the_same_under_chance_none_is_worse(load):
    keys = DRAINED + "sweep: {note: [a, b]}\nselect: {minimise: wait}\n"
    found = chosen(load, keys, budget=60)
    assert found.outcome == "INCONCLUSIVE"
    assert standings(found) == ["feasible", "feasible"]
    assert found.replication_count == 120


def test_a_candidate_that_broke_a_promise_in_one_of_its_replications_is_not_feasible(load):
    short = KITCHEN.replace("5m", "2m")
    created = replicate(load(short), times=60).values("orders.created")
    late = next(int(number) for number in created[30:] if number not in created[:30])
    keys = short + "sweep: {note: [a, b]}\nselect: {minimise: wait}\n"
    found = chosen(load, keys + f"thresholds: {{orders.created: '!= {late}'}}\n", budget=60)
    assert standings(found) == ["infeasible", "infeasible"]


def test_what_was_not_observed_yet_may_be_observed_later(load):
    rare = KITCHEN.replace("VIP: 20%", "VIP: 0.01%").replace("NORMAL: 80%", "NORMAL: 99.99%")
    keys = rare + "sweep: {crew: [2, 3]}\nselect: {minimise: crew}\nthresholds: {wait.VIP: '< 1h'}\n"
    found = chosen(load, keys, budget=60)
    assert not any(one.replications.values("wait.VIP.mean") for one in found.candidates)
    assert found.outcome == "INCONCLUSIVE"


def test_a_selection_among_points_with_and_without_chance(load):
    found = chosen(load, SOMETIMES + "select: {minimise: vip}\nthresholds: {wait: '< 1h'}\n", budget=60)
    assert found.outcome == "vip=0%, normal=100%"


# Theory

DOOR = "arrivals: [{name: door, class: NORMAL, poisson: {rate: 6/m}}]\n"
BOTH = "{VIP: 30%, NORMAL: 70%}"
STEADY = """
clock: {until: 10h}
warmup: 1h
service: {exponential: {mean: 10s}}
bots: {initial: 2}
"""


REPLACED = {"service": "{exponential: {mean: 10s}}", "bots": "initial: 2", "kind": "class: NORMAL"}


def steady(keys: str = "", **changes: str) -> str:
    """The steady scenario with some parts changed, and with other keys in place of its own."""
    lines = [line for line in (STEADY + DOOR).splitlines() if line.split(":")[0] != keys.split(":", 1)[0]]
    text = "\n".join([*lines, keys, ""])
    for name, new in changes.items():
        text = text.replace(REPLACED[name], new)
    return text


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        ("M/M/2", {}),
        ("M/M/3", {"bots": "initial: 1, schedule: [{at: 0s, count: 3}]"}),
        ("M/M/3", {"bots": "initial: 2}\ntimeline: [{at: 0s, add_bots: 1}]\nqueue: {returned_to: back"}),
        ("M/M/2", {"kind": "class: {VIP: 100%, NORMAL: 0%}"}),
        ("M/M/2 with non-preemptive priority", {"kind": f"class: {BOTH}"}),
        ("M/D/1", {"bots": "initial: 1", "service": "7s"}),
        ("M/G/1", {"bots": "initial: 1", "service": "{uniform: {low: 3s, high: 9s}}"}),
        ("M/D/1 with non-preemptive priority", {"bots": "initial: 1", "service": "7s", "kind": f"class: {BOTH}"}),
        (
            "M/G/1 with non-preemptive priority",
            {"bots": "initial: 1", "service": "{VIP: 6s, NORMAL: 7s}", "kind": f"class: {BOTH}"},
        ),
        ("M/G/1", {"bots": "initial: 1", "service": "{VIP: 6s, NORMAL: {erlang: {mean: 7s, shape: 2}}}"}),
        ("M/M/2+M (Erlang A)", {"bots": "initial: 2}\npatience: {NORMAL: {exponential: {mean: 1m}}"}),
    ],
)
def test_a_scenario_has_the_model_of_its_assumptions(load, model, changes):
    found = theory(load(steady(**changes)))
    assert (found.model, found.failing) == (model, "")
    assert found.source
    assert set(found.values) <= set(UNITS)


ALONE = {"bots": "initial: 1"}


@pytest.mark.parametrize(
    ("keys", "changes", "failing"),
    [
        ("timeline: [{at: 0s, order: VIP}]", {}, "orders of the timeline are no Poisson arrivals"),
        ("arrivals: [{class: VIP, every: 10s}]", {}, "arrivals of stream-1 are not Poisson with one rate"),
        (
            "arrivals: [{class: VIP, poisson: {phases: [{for: 1h, rate: 1/m}]}}]",
            {},
            "arrivals of stream-1 are not Poisson with one rate",
        ),
        ("arrivals: [{class: VIP, poisson: {rate: 1/m}, batch: 2}]", {}, "orders of stream-1 come in batches"),
        *(
            (
                f"arrivals: [{{class: VIP, poisson: {{rate: 1/m}}, {key}}}]",
                {},
                "arrivals of stream-1 do not go on from the start to the horizon",
            )
            for key in ("from: 1s", "until: 9h", "limit: 9")
        ),
        ("arrivals: []", {}, "there are no arrivals"),
        ("", {"bots": "initial: 2, schedule: [{at: 1h, count: 3}]"}, "the crew changes with time"),
        ("timeline: [{at: 1s, add_bots: 1}]", {}, "the crew changes with time"),
        ("", {"bots": "initial: 0"}, "there are no bots"),
        ("queue: {promote_after: 20m}", {}, "NORMAL orders are promoted"),
        ("warmup: 0s", {}, "the kitchen starts empty and nothing is left out; write warmup: 1h or more"),
        (
            "patience: {VIP: {exponential: {mean: 1m}}}",
            {"kind": f"class: {BOTH}"},
            "patience is not exponential and the same for all orders",
        ),
        ("patience: {NORMAL: 1m}", {}, "patience is not exponential and the same for all orders"),
        (
            "patience: {NORMAL: {exponential: {mean: 1m}}}",
            ALONE | {"service": "9s"},
            "customers lose patience, and service is not exponential and the same for all orders",
        ),
        (
            "",
            {"service": "9s"},
            "service is not exponential and the same for all orders, and there is more than one bot",
        ),
        (
            "",
            {"service": "{VIP: 8s, NORMAL: {exponential: {mean: 8s}}}", "kind": f"class: {BOTH}"},
            "service is not exponential and the same for all orders, and there is more than one bot",
        ),
        (
            "",
            ALONE | {"service": "{weibull: {scale: 1us, shape: 0.01}}"},
            "the variance of service times has no bound",
        ),
        ("", ALONE, "orders keep 1 bots busy and there are 1, so that the queue grows for ever"),
        (
            "service: {exponential: {mean: 25s}}",
            {},
            "orders keep 2.5 bots busy and there are 2, so that the queue grows for ever",
        ),
    ],
)
def test_each_assumption_that_fails_is_told(load, keys, changes, failing):
    found = theory(load(steady(keys, **changes)))
    assert found.failing == failing
    assert (found.model, found.values) == ("", {})


def test_patience_of_a_class_that_never_comes_does_not_matter(load):
    assert theory(load(steady("patience: {VIP: 1m}"))).model == "M/M/2"


def test_the_values_of_one_class_are_those_of_erlang(load):
    [wait] = priority_waits([0.1], [10], [200], 2)
    assert theory(load(steady())).values == pytest.approx(
        {
            "wait.mean": wait,
            "flow.mean": wait + 10,
            "queue.mean": wait * 0.1,
            "utilisation": 0.5,
            "throughput": 360,
        }
    )


def test_the_values_of_two_classes_are_those_of_cobham(load):
    vip, normal = priority_waits([0.03, 0.07], [10, 10], [200, 200], 2)
    both = 0.3 * vip + 0.7 * normal
    assert theory(load(steady(kind=f"class: {BOTH}"))).values == pytest.approx(
        {
            "wait.VIP.mean": vip,
            "wait.NORMAL.mean": normal,
            "wait.mean": both,
            "flow.VIP.mean": vip + 10,
            "flow.NORMAL.mean": normal + 10,
            "flow.mean": both + 10,
            "queue.VIP.mean": vip * 0.03,
            "queue.NORMAL.mean": normal * 0.07,
            "queue.mean": both * 0.1,
            "utilisation": 0.5,
            "throughput": 360,
        }
    )


def test_one_bot_takes_any_service_times_of_several_streams(load):
    streams = "  - {class: VIP, poisson: {rate: 2/m}}\n  - {class: NORMAL, poisson: {rate: 1/m}}\n" * 2
    services = "service: {VIP: 5s, NORMAL: {uniform: {low: 0s, high: 12s}}}\n"
    found = theory(load(f"clock: {{until: 9h}}\nwarmup: 1h\n{services}bots: {{initial: 1}}\narrivals:\n{streams}"))
    vip, normal = priority_waits([4 / 60, 2 / 60], [5, 6], [25, 48], 1)
    assert found.values["wait.VIP.mean"] == pytest.approx(vip)
    assert found.values["wait.NORMAL.mean"] == pytest.approx(normal)
    assert found.values["flow.NORMAL.mean"] == pytest.approx(normal + 6)
    assert found.values["flow.mean"] == pytest.approx((2 * (vip + 5) + normal + 6) / 3)
    assert found.values["utilisation"] == pytest.approx(20 / 60 + 12 / 60)


def test_the_values_with_patience_are_those_of_erlang_a(load):
    expected = erlang_a(0.1, 10, 2, 60)
    values = theory(load(steady("patience: {NORMAL: {exponential: {mean: 1m}}}"))).values
    common = {
        "orders.abandoned.rate": expected.abandoned,
        "queue.mean": expected.queue,
        "utilisation": expected.utilisation,
        "throughput": 360 * (1 - expected.abandoned),
    }
    assert values == pytest.approx({**common, "wait.mean": expected.wait, "flow.mean": expected.wait + 10})
    both = "patience: {NORMAL: {exponential: {mean: 1m}}, VIP: {exponential: {mean: 60s}}}"
    assert theory(load(steady(both, kind=f"class: {BOTH}"))).values == pytest.approx(common)
    over = theory(load(steady("patience: {NORMAL: {exponential: {mean: 1m}}}", service="{exponential: {mean: 30s}}")))
    assert over.values["utilisation"] > 0.9, "impatience makes any load bearable"


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": f"class: {BOTH}"},
        {"bots": "initial: 1", "service": "{uniform: {low: 3s, high: 9s}}", "kind": f"class: {BOTH}"},
        {"bots": "initial: 2}\npatience: {NORMAL: {exponential: {mean: 20s}}"},
    ],
)
def test_theory_and_simulation_agree_and_another_rate_is_noticed(load, changes):
    text = steady(**changes)
    kitchen = load(text)
    done = replicate(kitchen, times=10, fingerprints=False)
    rows = theory(kitchen).beside(done)
    assert [row.metric for row in rows] == list(theory(kitchen).values)
    assert all(row.agrees for row in rows), rows
    assert all(row.estimate == done.estimate(row.metric) for row in rows)
    other = theory(load(text.replace("6/m", "6.6/m"))).beside(done)
    assert not {row.metric: row for row in other}["throughput"].agrees
    assert not {row.metric: row for row in other}["queue.mean"].agrees


def test_the_table_of_theory_has_a_row_for_each_metric(load):
    kitchen = load(steady())
    done = replicate(kitchen, times=3, fingerprints=False)
    table = theory(kitchen).to_frame(done)
    rows = theory(kitchen).beside(done)
    assert list(table) == ["metric", "theory", *NUMBERS, "n", "agrees"]
    assert table["agrees"].tolist() == [row.agrees for row in rows]
    assert table["theory"].tolist() == [row.theory for row in rows]
    assert [str(table[name].dtype) for name in (*NUMBERS, "n")] == ["Float64"] * 3 + ["Int64"]
    assert theory(load(SIX)).to_frame(done).empty


def test_what_was_not_observed_does_not_agree(load):
    empty = replicate(load("clock: {until: 1m}\nbots: {initial: 2}\n"))
    rows = {row.metric: row for row in theory(load(steady())).beside(empty)}
    assert (rows["wait.mean"].estimate, rows["wait.mean"].agrees) == (None, None)


@pytest.mark.parametrize(
    ("lengths", "failing"),
    [
        ("warmup: 3m", "such a queue forgets its beginning in 4m; write a warmup as long"),
        ("warmup: 9h55m", "the run is short for such a queue; write a horizon 20m behind the warmup"),
        ("warmup: mser5", ""),
    ],
)
def test_a_run_must_be_long_for_the_long_run(load, lengths, failing):
    assert theory(load(steady(lengths))).failing == failing


def test_customers_who_wait_for_years_have_no_closed_form(load):
    patient = {"bots": "initial: 1}\npatience: {NORMAL: {exponential: {mean: 36525d}}"}
    assert theory(load(steady(**patient))).failing == "customers are so patient that millions of them would wait"


def test_one_replication_neither_agrees_nor_differs(load):
    kitchen = load(steady())
    assert {one.agrees for one in theory(kitchen).beside(replicate(kitchen, 1))} == {None}


def test_equal_values_alone_keep_no_promise_that_a_rare_one_would_break(load):
    """Seldom does anybody lose patience, yet more often than was promised."""
    rare = """
clock: {until: 1h}
params: {crew: 3}
bots: {initial: $crew}
service: {exponential: {mean: 3m}}
patience: {NORMAL: 13m}
arrivals: [{class: NORMAL, poisson: {rate: 30/h}}]
sweep: {crew: [3]}
select: {minimise: crew}
"""
    strict = load(rare + "thresholds: {orders.abandoned.rate: '< 0.05%'}\n")
    found = select(strict, 60)
    assert set(found.candidates[0].replications.values("orders.abandoned.rate")) == {0}
    assert found.outcome == "INCONCLUSIVE"
    assert select(load(rare + "thresholds: {orders.abandoned.rate: '< 20%'}\n"), 60).outcome == "crew=3"


def test_a_metric_is_asked_for_also_where_a_parameter_that_is_not_swept_has_its_name(load):
    keys = SIX.replace("params: {", "params: {utilisation: 3, ") + "sweep: {crew: [4, 1]}\n"
    assert select(load(keys + "select: {maximise: utilisation}\n")).outcome == "crew=1"


def test_files_with_other_parameters_can_be_compared(load):
    one, other = load(SIX.replace("params: {", "params: {x: 3, "), "one"), load(SIX, "other")
    assert compare(one, other).labels == ["one", "other"]
    assert compare(other, one).labels == ["other", "one"]
    assert len(set(compare(one, other.with_keys(name="one"), one).labels)) == 3


def test_an_unknown_option_is_refused(load):
    with pytest.raises(TypeError, match="unknown option sead; give some of seed, jobs"):
        sweep(load(KITCHEN + CREWS), 2, sead=9)


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
