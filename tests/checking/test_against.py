"""`sim check --against`: scenarios beside other versions of themselves."""

import json
import re
from pathlib import Path

import pytest

from sim import compare, load_scenario, open_database
from sim.model import STANDARD
from sim.output.documents import pair_document
from sim.output.reports import difference_text
from tests.helpers.checks import BARE, FAILS, FAILS_LINES, HOLDS, ONE_BOT, check, document, of_file, outcomes, put
from tests.helpers.commands import complaint
from tests.helpers.commands import sim as command
from tests.helpers.crews import GROWING, KITCHEN
from tests.helpers.server import read_file

UNITS = {metric.name: metric.unit for metric in STANDARD}
WORSE = {metric.name: metric.worse for metric in STANDARD}


def compared(lines: list[str]) -> dict[str, dict[str, str]]:
    """Return how the metrics of each scenario differ from those of the base, as a table says: '' for not at all."""
    found: dict[str, dict[str, str]] = {}
    for line in lines:
        words = line.split()
        if re.fullmatch(r"  \S+:", line):
            found[words[0][:-1]] = {}
        elif found and line.startswith("  ") and any(word.removesuffix(".daily") in UNITS for word in words[:2]):
            metric = next(word for word in words if word.removesuffix(".daily") in UNITS)
            found[[*found][-1]][metric] = words[0] if words[0] != metric else ""
    return found


def test_each_kind_of_base_gives_the_differences_that_compare_does():
    old = KITCHEN.replace("crew: 3", "crew: 4")
    put(
        {
            "old/night/late.yaml": old,
            "other/late.yaml": old,
            "shop/night/late.yaml": KITCHEN,
            "night/late.yaml": KITCHEN,
        }
    )
    command("replicate", "old/night/late.yaml", "-n", "5", "--no-charts", "--out", "replicated/kitchen")
    command("run", "old/night/late.yaml", *BARE, "--out", "ran/kitchen")
    command("run", "old/night/late.yaml", "--no-charts", "--db", "file:single.db")
    wanted = {
        times: [
            pair_document(pair)
            for pair in compare(*map(load_scenario, ("other/late.yaml", "night/late.yaml")), times=times).pairs
        ]
        for times in (1, 5)
    }
    assert [one["difference"]["n"] for times in (1, 5) for one in wanted[times]] == [1] * 4 + [5] * 4
    [of_five] = read_file("sim.db", "SELECT id FROM runs WHERE replication = 3")[0]
    [single] = read_file("single.db", "SELECT id FROM runs")[0]
    for path, times, *options in (
        ("night", 5, "old"),
        ("night/late.yaml", 5, "old"),
        ("night/late.yaml", 5, "other"),
        ("shop", 5, "old"),
        ("night", 5, "replicated"),
        ("night", 1, "ran"),
        ("night", 5, of_five),
        ("night", 5, of_five[:-1]),
        ("night", 1, single, "--db", "file:single.db", "--no-save"),
    ):
        found = document(path, "-n", "5", "--against", *options)["scenarios"]
        assert [one["against"] for one in found] == [wanted[times]], options
        assert found[0]["outcome"] == "NOTHING", "it is shown, and fails nothing"
    assert len(read_file("single.db", "SELECT id FROM runs")) == 1


def test_a_base_with_fewer_replications_is_compared_as_far_as_it_goes_and_with_more_too():
    put({"kitchen.yaml": KITCHEN})
    command("replicate", "kitchen.yaml", "-n", "4", *BARE, "--out", "base/kitchen")
    for times, shared in (("2", 2), ("6", 4)):
        found = document("kitchen.yaml", "-n", times, "--against", "base")["scenarios"][0]["against"]
        assert {(one["difference"]["n"], one["difference"]["mean"]) for one in found} == {(shared, 0)}


@pytest.mark.parametrize("base", ["a run", "an experiment that went on"])
def test_replications_are_compared_with_those_of_the_same_number(base):
    put({"kitchen.yaml": KITCHEN})
    if base == "a run":
        command("run", "kitchen.yaml", "--replication", "3", *BARE, "--out", "base/kitchen")
        against = "base"
    else:
        for times in ("4", "7"):
            command("replicate", "kitchen.yaml", "-n", times, "--no-charts")
        [against] = read_file("sim.db", "SELECT id FROM runs WHERE replication = 6")[0]
    found = document("kitchen.yaml", "-n", "7", "--against", against)["scenarios"][0]["against"]
    assert {one["difference"]["mean"] for one in found} == {0}, "nothing has changed"


def test_the_base_is_run_with_the_seed_of_what_is_checked_so_that_both_meet_the_same_customers():
    put({"kitchen.yaml": KITCHEN, "old/kitchen.yaml": KITCHEN.replace("seed: 7", "seed: 8")})
    for options in ((), ("--seed", "9")):
        found = document("kitchen.yaml", "-n", "3", "--against", "old", *options)["scenarios"][0]["against"]
        assert {one["difference"]["mean"] for one in found} == {0}


def test_metrics_that_thresholds_of_either_name_are_compared_else_waits():
    put({"kitchen.yaml": KITCHEN, "old/kitchen.yaml": KITCHEN})

    def metrics() -> list[str]:
        return [
            one["metric"] for one in document("kitchen.yaml", "-n", "2", "--against", "old")["scenarios"][0]["against"]
        ]

    assert metrics() == ["wait.VIP.mean", "wait.VIP.p95.daily", "wait.NORMAL.mean", "wait.NORMAL.p95.daily"]
    put({"old/kitchen.yaml": KITCHEN + 'thresholds: {utilisation: "< 1%"}\n'})
    assert metrics() == ["utilisation"]
    put({"kitchen.yaml": KITCHEN + 'thresholds: {bots: "== 3"}\n'})
    assert metrics() == ["bots.mean", "utilisation"]


def test_a_comparison_fails_on_thresholds_and_with_no_regressions_on_what_got_worse():
    old = KITCHEN.replace("crew: 3", "crew: 4")
    put({"kitchen.yaml": KITCHEN, "old/kitchen.yaml": old, "new/kitchen.yaml": KITCHEN})
    few, strict = ("kitchen.yaml", "-n", "20"), "--no-regressions"
    assert check(*few, "--against", "old")[0] == "NOTHING       kitchen.yaml: nothing to judge, 20 replications"
    same = check(*few, "--against", "new", strict)
    assert same[0] == "PASS          kitchen.yaml: 4 of 4 comparisons, 20 replications"
    assert not any(line.startswith("  kitchen.yaml:1") for line in same)
    first, *worse = check(*few, "--against", "old", strict, status=1)
    assert first == "FAIL          kitchen.yaml: 0 of 4 comparisons, 20 replications"
    before, *now = (
        load_scenario("old/kitchen.yaml"),
        load_scenario("kitchen.yaml"),
        load_scenario("kitchen.yaml", crew=6),
    )
    less, more = (difference_text(compare(before, one, times=20).pairs[0]) for one in now)
    assert ("+" in less, "+" in more) == (True, False)
    asked = "  kitchen.yaml:1: wait.VIP.mean no worse than in old"
    assert worse[0] == f"{asked}: FAIL, got {less}"
    assert [*compared(worse)["kitchen.yaml"].values()] == ["worse"] * 4
    better = check(*few, "--set", "crew=6", "--against", "old", strict, "-v")
    assert better[0] == same[0]
    assert better[1] == f"{asked}: PASS, got {more}"
    assert [*compared(better)["kitchen.yaml"].values()] == ["better"] * 4
    put({"kitchen.yaml": KITCHEN + 'thresholds: {utilisation: "< 1%"}\n'})
    assert outcomes(*few, "--against", "new", status=1) == {"kitchen.yaml": "FAIL"}


def shifted(file: str, base: str, metric: str, by: list[float]) -> None:
    """Leave a base behind that has less of a metric than a scenario, by so much in each replication."""
    command("replicate", file, "-n", str(len(by)), *BARE, "--out", base)
    path = Path(base, "replications.csv")
    rows = [line.split(",") for line in path.read_text().splitlines()]
    for row in rows[1:]:
        if row[1] == metric:
            row[2] = repr(float(row[2]) - by[int(row[0]) - 1])
    path.write_text("".join(f"{','.join(row)}\n" for row in rows))


def test_what_is_worse_by_itself_may_be_chance_among_many_comparisons():
    one = KITCHEN.replace("name: kitchen", "name: NAME") + 'thresholds: {wait.mean: {check: "< 1us", severity: warn}}\n'
    put({f"{name}.yaml": one.replace("NAME", name) for name in ("worse", "same")})
    shifted("worse.yaml", "base/worse", "wait.mean", [0.3, 1.3, 2.3, 3.3, 4.3])
    shifted("same.yaml", "base/same", "wait.mean", [0] * 5)
    options = ("-n", "5", "--against", "base", "--no-regressions")
    alone = document("worse.yaml", *options, status=1)["scenarios"][0]["against"][0]
    assert alone["significant"]
    assert 0.025 < alone["p_adjusted"] < 0.05
    same, worse = document(".", *options)["scenarios"]
    assert not worse["against"][0]["significant"]
    assert worse["against"][0]["p_adjusted"] == 2 * alone["p_adjusted"]
    assert same["against"][0]["difference"]["mean"] == 0
    assert compared(check("worse.yaml", *options, status=1)) == {"worse.yaml": {"wait.mean": "worse"}}
    said = check(".", *options)
    assert compared(said) == {"same.yaml": {"wait.mean": ""}, "worse.yaml": {"wait.mean": ""}}
    assert "over 2 tests" in said


UP = r"(wait|flow|queue|wasted)\b.*|orders\.(\w+\.)?(pending|abandoned|returned)(\.rate)?"
DOWN = r"throughput.*|orders\.(\w+\.)?completed(\.rate)?"
LIMITS = {"s": "< 1h", "share": "<= 100%", "orders": "< 1000", "bots": "< 1000", "orders/h": "< 1000/h"}


def test_which_way_is_worse_for_each_metric():
    lines = "".join(f'  {name}: {{check: "{LIMITS[unit]}", severity: warn}}\n' for name, unit in UNITS.items())
    more = ONE_BOT.replace("order: VIP}", "order: VIP, count: 2}, {at: 6s, add_bots: 1}, {at: 11s, remove_bots: 1}")
    put({"certain.yaml": f"{more}thresholds:\n{lines}"})
    command("run", "certain.yaml", *BARE, "--out", "base/certain")
    file = Path("base/certain/metrics.json")
    now = json.loads(file.read_text())
    assert None not in now["metrics"].values()
    worse = {
        name: 0 if name.endswith(".n") else 1 if re.fullmatch(UP, name) else -1 if re.fullmatch(DOWN, name) else 0
        for name in UNITS
    }
    assert worse == WORSE
    assert {*worse.values()} == {-1, 0, 1}
    for way in (1, -1):
        file.write_text(json.dumps({**now, "metrics": {name: value - way for name, value in now["metrics"].items()}}))
        [found] = document("certain.yaml", "--against", "base", "--no-regressions", status=1)["scenarios"]
        assert {one["metric"]: one["significant"] for one in found["against"]} == dict.fromkeys(UNITS, True)
        regressions = {one["asked"].split()[0]: one for one in found["findings"] if one["kind"] == "comparison"}
        assert {name: one["verdict"] for name, one in regressions.items()} == {
            name: "FAIL" if worse[name] == way else "PASS" for name in UNITS if worse[name]
        }
        shown = check("certain.yaml", "--against", "base")
        expected = {name: {way: "worse", -way: "better", 0: "differs"}[worse[name]] for name in UNITS}
        assert compared(shown) == {"certain.yaml": expected}


def test_where_nothing_is_random_any_difference_is_significant():
    put({"late.yaml": ONE_BOT, "old/late.yaml": ONE_BOT.replace("at: 5s", "at: 4s999ms")})
    found = document("late.yaml", "--against", "old")["scenarios"][0]["against"]
    assert [(one["metric"], round(one["difference"]["mean"], 3), one["significant"]) for one in found] == [
        ("wait.VIP.mean", -0.001, True),
        ("wait.VIP.p95", -0.001, True),
        ("wait.NORMAL.mean", 0, False),
        ("wait.NORMAL.p95", 0, False),
    ]


def test_what_only_one_of_both_observed_is_no_data():
    put({"late.yaml": ONE_BOT, "old/late.yaml": ONE_BOT.replace(", {at: 5s, order: VIP}", "")})
    said = check("late.yaml", "--against", "old", "--no-regressions", status=1)
    assert said[0] == "FAIL          late.yaml: 0 of 2 comparisons"
    assert [line.split() for line in said if line.strip().startswith("wait.VIP")] == [
        ["wait.VIP.mean", "no", "data"],
        ["wait.VIP.p95", "no", "data"],
    ]
    found = document("late.yaml", "--against", "old")["scenarios"][0]["against"]
    assert [one["difference"] is None for one in found] == [True, True, False, False]


def test_what_the_base_observed_and_the_scenario_does_not_is_a_regression():
    put({"old/late.yaml": ONE_BOT, "late.yaml": ONE_BOT.replace(", {at: 5s, order: VIP}", "")})
    said = check("late.yaml", "--against", "old", "--no-regressions", status=1)
    assert said[:3] == [
        "FAIL          late.yaml: 2 of 4 comparisons",
        "  late.yaml:1: wait.VIP.mean no worse than in old: NO DATA, nothing was observed",
        "  late.yaml:1: wait.VIP.p95 no worse than in old: NO DATA, nothing was observed",
    ]
    check("late.yaml", "--against", "old")
    put({"kitchen.yaml": KITCHEN})
    command("run", "kitchen.yaml", "--replication", "3", *BARE, "--out", "base/kitchen")
    assert (
        "NO DATA, no replication in common"
        in check("kitchen.yaml", "-n", "2", "--against", "base", "--no-regressions", status=1)[1]
    )


def test_one_pair_of_random_replications_proves_nothing():
    put({"kitchen.yaml": KITCHEN, "old/kitchen.yaml": KITCHEN.replace("crew: 3", "crew: 4")})
    single = ("kitchen.yaml", "-n", "1", "--against", "old")
    assert check(*single, "--no-regressions", status=3)[0] == "INCONCLUSIVE  kitchen.yaml: 0 of 4 comparisons"
    check(*single, "--no-regressions", "--inconclusive", "fail", status=1)
    said = check(*single)
    assert "one pair of random replications has neither interval nor p; run more of both, with -n" in " ".join(said)
    assert not any("test" in line for line in said)
    found = document(*single)["scenarios"][0]["against"]
    assert {one["p_adjusted"] for one in found} == {None}


def test_no_p_value_stands_where_nothing_is_random_and_tests_are_counted_without_it():
    slow = ONE_BOT.replace("at: 5s", "at: 4s")
    put({"late.yaml": ONE_BOT, "old/late.yaml": slow, "kitchen.yaml": KITCHEN, "old/kitchen.yaml": KITCHEN})
    said = check("late.yaml", "kitchen.yaml", "-n", "3", "--against", "old")
    assert [*compared(said)["kitchen.yaml"].values()] == [""] * 4
    assert [*compared(said)["late.yaml"].values()] == ["better", "better", "", ""]
    assert [line.split()[-1] for line in said].count("1.000") == 4
    assert "over 4 tests" in said
    assert "where nothing is random there is no p: any difference is significant" in said


def test_a_base_without_a_scenario_in_common_is_refused_before_anything_is_run():
    put({"a.yaml": HOLDS, "old/b.yaml": FAILS, "other.yaml": KITCHEN})
    command("run", "other.yaml", "--no-charts")
    [run_id] = read_file("sim.db", "SELECT id FROM runs")[0]
    for base in ("old", run_id, "."):
        said = command("check", "a.yaml", "--against", base, status=2)
        assert said.stdout == ""
        assert said.stderr.splitlines()[-1] == (
            f"Error: Invalid value for --against: {base} has none of these scenarios; "
            "name a folder with the same paths, or results of them"
        )


def test_only_scenarios_that_the_base_has_are_compared():
    put({"a.yaml": HOLDS, "b.yaml": HOLDS, "old/b.yaml": FAILS})
    said = check(".", "-k", "not old", "--against", "old")
    assert {name: len(metrics) for name, metrics in compared(said).items()} == {"b.yaml": 4}
    assert said[-2] == "not in old, so compared with nothing: a.yaml"
    strict = ("--against", "old", "--no-regressions")
    assert outcomes(".", "-k", "not old", *strict)["a.yaml"] == "PASS", "a pull request may add a scenario"
    assert [("against" in one) for one in document(".", "-k", "not old", "--against", "old")["scenarios"]] == [
        False,
        True,
    ]


NO_BASE = "is not what sim replicate or sim run left behind; run that again, or name another folder"


def left_behind(number: str = "1", value: str = "1") -> str:
    """Return a `metrics.json` in which all metrics have a value."""
    return f'{{"replication": {number}, "metrics": {{{", ".join(f"{json.dumps(name)}: {value}" for name in UNITS)}}}}}'


def table(number: str, value: str, times: int = 1) -> str:
    """Return a `replications.csv` in which all metrics of a replication have a value."""
    return "replication,metric,value\n" + "".join(f"{number},{name},{value}\n" for name in UNITS) * times


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("late.yaml", "scenario: 1\n", "late.yaml:1:1: missing key 'name'; write 'name: lunch' here"),
        ("certain/replications.csv", "replication,metric,value\n1,wait.mean,1\n", NO_BASE),
        ("certain/replications.csv", "replication,metric,value\none,wait.mean,1\n", NO_BASE),
        ("certain/replications.csv", "replication,metric,value\n1\n", NO_BASE),
        ("certain/replications.csv", "\0\n\n", NO_BASE),
        ("certain/metrics.json", "", NO_BASE),
        ("certain/metrics.json", "[]", NO_BASE),
        ("certain/metrics.json", '{"replication": 1}', NO_BASE),
        ("certain/metrics.json", '{"replication": 1, "metrics": {"wait.mean": "long"}}', NO_BASE),
        ("certain/replications.csv", "", NO_BASE),
        ("certain/replications.csv", "junk", NO_BASE),
        ("certain/replications.csv", f'a\n1,"{"x" * 200_000}', NO_BASE),
        ("certain/metrics.json", "[" * 100_000, NO_BASE),
        ("certain/metrics.json", left_behind(value="NaN"), NO_BASE),
        ("certain/metrics.json", left_behind(value="1e999"), NO_BASE),
        ("certain/metrics.json", left_behind(value="1" + "0" * 400), NO_BASE),
        ("certain/metrics.json", left_behind(value="true"), NO_BASE),
        ("certain/metrics.json", left_behind(value='"1"'), NO_BASE),
        ("certain/metrics.json", left_behind(number="0"), NO_BASE),
        ("certain/metrics.json", left_behind(number="1.0"), NO_BASE),
        ("certain/metrics.json", left_behind(number='"1"'), NO_BASE),
        ("certain/replications.csv", table("1", "nan"), NO_BASE),
        ("certain/replications.csv", table("1", "-inf"), NO_BASE),
        ("certain/replications.csv", table("-1", "1"), NO_BASE),
        ("certain/replications.csv", table("1", "1", times=2), NO_BASE),
        ("certain/replications.csv", table("1", "1,lower"), NO_BASE),
        ("certain/replications.csv", table("1", "1,upper").replace("value", "value,bound"), NO_BASE),
        ("certain/metrics.json", left_behind().replace("{", '{"bounds": {"wait": "lower"}, ', 1), NO_BASE),
    ],
)
def test_a_broken_base_is_a_fault_in_it_and_other_scenarios_are_still_checked(name, text, fault):
    put({"late.yaml": HOLDS, "other.yaml": FAILS.replace("name: certain", "name: other"), f"old/{name}": text})
    said = check("late.yaml", "other.yaml", "--against", "old", status=2)
    assert said[0] == "WRONG         late.yaml"
    assert said[1].startswith(f"  old/{name}:1:1: ")
    assert said[1].endswith(fault)
    assert said[2:4] == of_file(FAILS_LINES, "other.yaml")
    assert said[-1] == "2 scenarios: 1 failed, 1 wrong"


def test_what_a_run_left_behind_may_have_other_keys_and_whole_numbers():
    put({"late.yaml": HOLDS, "old/certain/metrics.json": left_behind(value="3")})
    assert document("late.yaml", "--against", "old")["scenarios"][0]["against"][0]["baseline"] == 3


def test_several_files_that_would_share_a_counterpart_are_refused():
    put({"lunch.yaml": HOLDS, "copy.yaml": HOLDS, "b/lunch.yaml": HOLDS, "old/lunch.yaml": FAILS})
    command("run", "lunch.yaml", *BARE)
    said = check("lunch.yaml", "copy.yaml", "--against", "out", "--no-regressions", status=2)
    advice = "give each scenario a name of its own"
    assert said == [
        "WRONG         lunch.yaml",
        f"  lunch.yaml:2:7: name: 'certain' shares out/certain/metrics.json with copy.yaml; {advice}",
        "WRONG         copy.yaml",
        f"  copy.yaml:2:7: name: 'certain' shares out/certain/metrics.json with lunch.yaml; {advice}",
        "Against out: 0 paired differences",
        "2 scenarios: 2 wrong",
    ]
    assert outcomes("lunch.yaml", "b/lunch.yaml", "--against", "old", status=2) == {
        "lunch.yaml": "WRONG",
        "b/lunch.yaml": "WRONG",
    }
    put({"old/copy.yaml": HOLDS})
    assert "shares" not in "".join(check("lunch.yaml", "copy.yaml", "--against", "old")), "paths tell them apart"


def test_a_base_that_cannot_be_run_is_a_fault_in_it():
    put({"late.yaml": GROWING.replace("warmup: mser5\n", ""), "old/late.yaml": GROWING})
    assert check("late.yaml", "--against", "old", status=2)[1].startswith(
        "  old/late.yaml:1:1: mser5 finds no end of the warm-up"
    )


def test_a_run_that_is_not_there_or_no_database_is_one_line():
    put({"late.yaml": HOLDS})
    assert complaint("check", "late.yaml", "--against", "7", status=2).startswith(
        "database file:sim.db: there is none yet"
    )
    command("run", "late.yaml", "--no-charts")
    assert complaint("check", "late.yaml", "--against", "fade", status=2) == (
        "database file:sim.db: no run starts with id 'fade'; sim runs lists them"
    )


def test_a_stored_run_without_a_metric_that_the_file_names_or_of_another_version_is_no_base():
    put({"late.yaml": KITCHEN.replace("kitchen", "late")})
    command("run", "late.yaml", "--no-charts")
    [run_id] = read_file("sim.db", "SELECT id FROM runs")[0]
    put({"late.yaml": KITCHEN.replace("kitchen", "late") + "metrics: [wait.p98]\n"})
    assert f"run {run_id} was stored without metrics that this file names; run it again with them" in "\n".join(
        check("late.yaml", "--against", run_id, status=2)
    )
    with open_database("file:sim.db") as database:
        database.write([("UPDATE runs SET versions = json_remove(versions, '$.metrics')", ())])
    assert complaint("check", "late.yaml", "--against", run_id, status=2) == (
        f"database file:sim.db: has run {run_id} of another version, whose metrics mean something else; "
        "run it again with this one"
    )


def test_a_base_without_a_name_is_refused():
    put({"late.yaml": HOLDS})
    command("check", "late.yaml", "--against", "", "--no-regressions", status=2)
