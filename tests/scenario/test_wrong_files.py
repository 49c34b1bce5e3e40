"""Every wrong file gets one line a fault: where it is, what is wrong, and what to write instead."""

import contextlib
import os
import re
import subprocess
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path

import pytest

from sim import ScenarioError, load_scenario
from sim.scenario import parse_value, restore_scenario
from tests.helpers.pressing import run_whole
from tests.helpers.stories import with_service
from tests.helpers.wrong_keys import BARE, KEYS

LINE = re.compile(r"[^\n]+:\d+:\d+: .+; .+")
HEAD = "scenario: 1\nname: wrong\n"
WHOLE = {  # the whole file
    "empty": "",
    "only comments": "# nothing\n\n# yet\n",
    "an empty document": "---\n",
    "a word": "hello\n",
    "a list": "- scenario: 1\n",
    "several documents": "scenario: 1\nname: a\n---\nscenario: 1\nname: b\n",
    "no version": "name: wrong\n",
    "no name": "scenario: 1\n",
    "neither": "seed: 1\n",
    "a version to come": "scenario: 2\nname: wrong\n",
    "the version in quotes": "scenario: '1'\nname: wrong\n",
    "the version as a truth": "scenario: true\nname: wrong\n",
    "the version as a decimal": "scenario: 1.0\nname: wrong\n",
    "a name with a slash": "scenario: 1\nname: a/b\n",
    "a name that is a number": "scenario: 1\nname: 12\n",
    "a name of 101 letters": f"scenario: 1\nname: {'x' * 101}\n",
    "an empty name": "scenario: 1\nname: ''\n",
    "a tab": "scenario: 1\nclock:\n\tstart: '11:00'\n",
    "a NUL": "scenario: 1\nname: ü\0\n",
    "an unclosed bracket": "scenario: 1\nname: wrong\narrivals: [{class: VIP,\n",
    "an unclosed quote": "scenario: 1\nname: 'wrong\nseed: 1\n",
    "bad indentation": "scenario: 1\n name: wrong\n",
    "a colon in plain text": "scenario: 1\nname: wrong\ndescription: note: this\n",
    "a Python tag": "scenario: 1\nname: !!python/object/apply:os.system ['true']\n",
    "a tag of its own": "scenario: 1\nname: !foo wrong\n",
    "a standard tag": "scenario: 1\nname: !!str wrong\n",
    "a tag nobody declared": "scenario: 1\nname: !x!y wrong\n",
    "an alias without anchor": "scenario: 1\nname: *other\n",
    "a cyclic alias": "scenario: 1\nname: wrong\nparams: &p {again: *p}\n",
    "an alias bomb": HEAD + "params:\n  a: &a [x,x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"  {b}: &{b} [{','.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
    "a parameter bomb": HEAD + f"params: {{a: [{'1,' * 100_000}]}}\ntimeline: [{'$a,' * 100_000}]\n",
    "deep nesting": HEAD + "params: " + "[" * 500_000,
    "deep nesting of dashes": HEAD + "params:\n  " + "- " * 65 + "1\n",
    "deep nesting by aliases": HEAD + "params:\n  a: &a " + "[" * 40 + "]" * 40
    + "\n  b: &b " + "[" * 40 + "*a" + "]" * 40 + "\n",
    "a duplicate key": HEAD + "seed: 1\nname: other\n",
    "a duplicate key inside": HEAD + "bots: {initial: 1, initial: 2}\n",
    "a duplicate merge key": HEAD + "bots: {<<: {initial: 1}, <<: {dispatch: oldest}}\n",
    "a merge of a number": HEAD + "bots: {<<: 1}\n",
    "a merge of a list of numbers": HEAD + "bots: {<<: [1, {initial: 2}]}\n",
    "a list as a key": HEAD + "[a, b]: 1\n",
    "a mapping as a key": HEAD + "? {a: b}\n: 1\n",
    "everything at once": "scenario: 1\nnmae: x\nseed: -1\nbots: {intial: 2, dispatch: newest}\nservice: 10\n",
}  # fmt: skip
CSV = {  # traces, and measured durations where the name says so
    "an empty trace": b"",
    "a trace without header": b"0s,VIP\n1s,NORMAL\n",
    "a trace with another column": b"time,class,name\n0s,VIP,x\n",
    "a trace with a column twice": b"time,time,class\n",
    "a trace with faults": b"time,class,service\n0,VIP,\n1s,VPI,10\n-2s,,3 s\n11:75,NORMAL,\xc3\xbc\n",
    "a trace with short and long rows": b"time,class\n0s\n\n1s,VIP,10s\n",
    "a trace that is not UTF-8": b"time,class\n0s,VIP\n1s,N\xd6RMAL\n",
    "a trace with a NUL": b"time,class\n0s,VIP\x00\n",
    "a trace with an open quote": b'time,class\n"0s,VIP\n',
    "a trace with text after a quote": b'time,class\n"0s"x,VIP\n',
    "a trace without service times": b"time,class\n0s,VIP\n",
    "a trace with blank service times": b"time,class,service\n0s,VIP,\n1s,VIP,2s\n2s,VIP, \n",
    "a trace of 12 hours": b"time,class\n" + b"".join(b"1:%02d:00 PM,VIP\n" % minute for minute in range(60)),
    "durations of one kind": b"".join(b"%d\n" % number for number in range(20)),
    "durations with faults": b"seconds\n10s\n10\n-1s\n\nx\n",
    "durations in two columns": b"10s,12s\n",
    "no durations": b"",
    "only a header of durations": b"seconds\n",
    "durations that are not UTF-8": b"10s\n\xff\n",
}


def faults_of(file: Path | str, /, **parameters) -> list[str]:
    """Return the lines that a wrong file gets; anything else than a ScenarioError fails the test."""
    with pytest.raises(ScenarioError) as caught:
        load_scenario(file, **parameters)
    lines = str(caught.value).split("\n")
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert lines == [str(fault) for fault in caught.value.faults]
    return lines


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the files that the cases name, as the working directory."""
    home = tmp_path / "home"
    (home / "sub").mkdir(parents=True)
    monkeypatch.chdir(home)
    Path("circle.yaml").write_text("extends: wrong.yaml\n", encoding="utf-8")
    Path("good.csv").write_text("time,class\n0s,VIP\n", encoding="utf-8")
    Path("sub/base.yaml").write_text("scenario: 1\nseed: many\narrivals: [{trace: x.csv}]\n", encoding="utf-8")
    Path("sub/broken.yaml").write_text("scenario: 1\nbots: [\n", encoding="utf-8")
    Path("../outside.csv").write_text("time,class\n0s,VIP\n", encoding="utf-8")
    Path("link.csv").symlink_to("../outside.csv")
    os.mkfifo("pipe")
    return home


@pytest.mark.usefixtures("folder")
def test_each_wrong_file_gets_its_lines(golden):
    cases = {name: text.encode() for name, text in WHOLE.items()}
    cases |= {name: (HEAD + (text if name in BARE else with_service(text))).encode() for name, text in KEYS.items()}
    cases["Latin-1"] = "scenario: 1\nname: wrong\ndescription: Küche\n".encode("latin-1")
    cases["UTF-16"] = HEAD.encode("utf-16")
    told = []
    for name, data in cases.items():
        Path("wrong.yaml").write_bytes(data)
        told += [f"# {name}", *faults_of("wrong.yaml"), ""]
    for name, data in CSV.items():
        kind = "service: {empirical: table.csv}\n" if "durations" in name else "arrivals: [{trace: table.csv}]\n"
        Path("wrong.yaml").write_text(HEAD + (kind if name in BARE else with_service(kind)), encoding="utf-8")
        Path("table.csv").write_bytes(data)
        told += [f"# {name}", *faults_of("wrong.yaml"), ""]
    Path("table.csv").write_bytes(b"time,class\n0,VIP\n")
    Path("wrong.yaml").write_text(
        HEAD + "seed: -1\nservice: {empirical: link.csv}\narrivals: [{trace: table.csv}]\n", encoding="utf-8"
    )
    told += ["# a file and what it names", *faults_of("wrong.yaml"), ""]
    assert len(cases) + len(CSV) > 200
    golden("faults.txt", "\n".join(told))


@pytest.mark.usefixtures("folder")
def test_what_stands_in_the_way_of_reading():
    with Path("huge.yaml").open("wb") as file:
        file.truncate(50 * 2**20)
    assert faults_of("huge.yaml") == [
        "huge.yaml:1:1: has 52428800 bytes; a scenario has at most 1048576, larger demand comes as a trace"
    ]
    for name in ("/dev/zero", "pipe"):
        assert faults_of(name) == [f"{name}:1:1: is not a regular file; name one on disk"]
    assert faults_of("sub") == ["sub:1:1: is a folder; name a file"]
    assert faults_of(Path("none.yaml")) == ["none.yaml:1:1: no such file; name one that exists"]
    assert faults_of("a\0b")[0].endswith("name a file that exists and is readable")


@pytest.mark.usefixtures("folder")
def test_a_link_to_a_scenario_is_that_scenario_and_one_may_not_lead_out():
    Path("real.yaml").write_text(HEAD, encoding="utf-8")
    Path("linked.yaml").symlink_to("real.yaml")
    assert load_scenario("linked.yaml").name == "wrong"
    Path("../base.yaml").write_text(HEAD, encoding="utf-8")
    Path("base.yaml").symlink_to("../base.yaml")
    Path("wrong.yaml").write_text("extends: base.yaml\n", encoding="utf-8")
    assert faults_of("wrong.yaml") == [
        "wrong.yaml:1:10: extends: 'base.yaml' leaves the scenario's folder; put the file beside the scenario"
    ]


@pytest.mark.usefixtures("folder")
def test_a_chain_of_extends_has_an_end():
    for number in range(20):
        Path(f"{number}.yaml").write_text(f"extends: {number + 1}.yaml\n", encoding="utf-8")
    Path("20.yaml").write_text(HEAD, encoding="utf-8")
    assert load_scenario("4.yaml").name == "wrong"
    assert faults_of("3.yaml") == ["19.yaml:1:10: extends: '20.yaml' is one base too many; use at most 16"]


@pytest.mark.usefixtures("folder")
def test_wrong_settings_of_parameters():
    Path("s.yaml").write_text(HEAD + "params: {cook: 3m, bots: 2}\nservice: $cook\nbots: {initial: $bots}\n", "utf-8")
    assert faults_of("s.yaml", cok="3m") == ["s.yaml:3:9: params: no parameter 'cok' to set; did you mean 'cook'?"]
    assert faults_of("s.yaml", cook=3) == ["s.yaml:3:16: service: 3 has no unit; write 3s, 3m or 3ms"]
    assert faults_of("s.yaml", bots="2") == [
        "s.yaml:3:26: bots.initial: '2' is not a whole number; write 2 without quotes"
    ]
    assert faults_of("s.yaml", cook=None) == ["s.yaml:3:16: service: has no value; write one, or leave the key out"]
    assert faults_of("s.yaml", cook=["3m"]) == [
        "s.yaml:3:16: service: a list is not a duration; write 10s, 1m30s, 250ms or 2h (units d, h, m, s, ms, us)"
    ]
    assert faults_of("s.yaml", path=1, self=2) == [
        f"s.yaml:3:9: params: no parameter '{name}' to set; write one of cook, bots" for name in ("path", "self")
    ]
    with pytest.raises(ScenarioError, match="no parameter 'self' to set; write one of cook, bots"):
        load_scenario("s.yaml").set(self=1)
    Path("s.yaml").write_text(HEAD, encoding="utf-8")
    assert faults_of("s.yaml", cook="3m") == [
        "s.yaml:1:1: params: no parameter 'cook' to set; write params: {…} with its value"
    ]


@pytest.mark.parametrize("text", ["[", "*x", "!t 1", "a: b", "1\nb: 2", "\udcff", "'", "[" * 100])
def test_a_setting_that_is_no_value(text):
    with pytest.raises(ScenarioError):
        parse_value(text)


@pytest.mark.usefixtures("folder")
def test_of_one_kind_come_ten_faults_in_order_and_a_count():
    entries = "".join(f"  - {{at: {number}, order: VIP}}\n" for number in range(1500))
    Path("many.yaml").write_text(f"{HEAD}seed: -1\ntimeline:\n{entries}service: 10\n", encoding="utf-8")
    lines = faults_of("many.yaml")
    assert [line.split(" ")[0] for line in lines] == [
        *("many.yaml:3:7:", *(f"many.yaml:{line}:10:" for line in range(5, 16)), "many.yaml:1505:10:")
    ]
    assert lines[-2] == "many.yaml:15:10: timeline: 1,490 more like the 10 above; correct them in the same way"


MANY = {
    "parameters": f"params: {{{', '.join(f'p{number}: 1' for number in range(2000))}}}\n"
    f"timeline: [{', '.join(f'$q{number}' for number in range(2000))}]\n",
    "keys": "timeline:\n" + "".join(f"  - {{at: 0s, oder{number}: VIP}}\n" for number in range(2000)),
    "metrics": f"thresholds: {{{', '.join(f'wait.VPI.q{number}: 1' for number in range(2000))}}}\n",
    "a sweep": f"params: {{{', '.join(f'p{number}: 1' for number in range(2000))}}}\n"
    f"sweep: {{{', '.join(f'q{number}: [1]' for number in range(2000))}}}\n",
    "long names": f"params:\n  ? {'p' * 9999}\n  : 1\ntimeline: [{', '.join([f'${chr(112) * 9998}'] * 20)}]\n",
}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", MANY)
def test_ten_hints_are_enough_for_faults_of_one_kind(name, monkeypatch):
    compared = []

    def close(word, known, **options):
        compared.append(len(word) * len(known))
        return get_close_matches(word, known, **options)

    monkeypatch.setattr("sim.scenario.hints.get_close_matches", close)
    Path("many.yaml").write_text(HEAD + MANY[name], encoding="utf-8")
    lines = faults_of("many.yaml")
    assert len(lines) == 11
    assert max(map(len, lines)) < 300
    assert len(compared) <= 10
    assert sum(compared) < 200_000


@pytest.mark.usefixtures("folder")
def test_a_long_list_of_what_there_is_ends():
    params = ", ".join(f"p{number}: 1" for number in range(31))
    Path("many.yaml").write_text(f"{HEAD}params: {{{params}}}\nseed: $xyzzy\n", encoding="utf-8")
    assert faults_of("many.yaml")[0].endswith(
        "; write one of " + ", ".join(f"$p{number}" for number in range(30)) + ", …"
    )


def sim(*arguments, cwd) -> subprocess.CompletedProcess[str]:
    """Run `sim` in this process, in a folder."""
    with contextlib.chdir(cwd):
        return subprocess.CompletedProcess(arguments, *run_whole(*arguments))


def test_validate_prints_a_line_for_each_fault_of_all_files(folder):
    long = "x" * 300
    Path("long.yaml").write_text(f"{HEAD}{long}: 1\nseed: -1\n", encoding="utf-8")
    Path("good.yaml").write_text(HEAD, encoding="utf-8")
    Path("bad.yaml").write_bytes(b"scenario: 1\nname: \xff\n")
    done = sim("validate", "long.yaml", "good.yaml", "bad.yaml", "none.yaml", "sub", cwd=folder)
    lines = done.stderr.splitlines()
    assert [line.split(" ")[0] for line in lines] == [
        *("long.yaml:3:1:", "long.yaml:4:7:", "bad.yaml:2:7:", "none.yaml:1:1:", "sub:1:1:")
    ]
    assert all(LINE.fullmatch(line) for line in lines)
    assert len(lines[0]) > 150
    assert (done.returncode, done.stdout) == (2, "good.yaml: valid\n")


def test_a_wrong_setting_ends_a_run_with_2_and_no_traceback(folder):
    Path("s.yaml").write_text(HEAD + "params: {cook: 3m}\nservice: $cook\n", encoding="utf-8")
    for setting in ("cok=3m", "cook=3", "path=1", "cook", "=3", "cook=["):
        done = sim("run", "s.yaml", "--no-save", "--set", setting, cwd=folder)
        assert (done.returncode, done.stdout) == (2, ""), setting
        assert done.stderr
        assert "Traceback" not in done.stderr


def test_a_file_too_large_or_without_end_is_refused(folder):
    with Path("huge.yaml").open("wb") as file:
        file.truncate(50 * 2**20)
    assert sim("validate", "huge.yaml", "/dev/zero", "pipe", cwd=folder).returncode == 2


def arrival(process: str) -> str:
    return f"service: 10s\narrivals: [{{class: VIP, {process}}}]\nexpect: [{{order: 1001, status: PENDING}}]\n"


ABSURD = {
    "states of 1us": "clock: {until: 5s}\n" + arrival("mmpp: {states: [{rate: 1/s, stay: 1us}]}"),
    "one state that is never left": arrival("mmpp: {states: [{rate: 1000/s, stay: 36525d}]}, limit: 1000000"),
    "an absurd rate of a state": arrival("mmpp: {states: [{rate: 999999999999999999/s, stay: 1h}]}, limit: 1000000"),
    "an absurd rate of a phase": arrival("poisson: {phases: [{for: 9d, rate: 999999999999999999/s}]}, limit: 1000000"),
    "a ramp from nothing": arrival("poisson: {phases: [{for: 1us, rate: 0/s, ramp_to: 999999999999/s}]}"),
    "a million on a ramp": arrival("poisson: {phases: [{for: 2000s, rate: 1000/s, ramp_to: 0/s}]}"),
    "gaps of 1us": arrival("renewal: {exponential: {mean: 1us}}, limit: 1000000"),
    "gaps that are mostly nothing": arrival("renewal: {gamma: {mean: 1m, cv: 1000}}, limit: 1000000"),
    "gaps without a mean": "clock: {until: 1h}\n" + arrival("renewal: {weibull: {scale: 10s, shape: 0.001}}"),
    "gaps of a mean beyond all": arrival("renewal: {weibull: {scale: 36525d, shape: 0.006}}, limit: 10"),
    "patience without a mean": "patience: {VIP: {weibull: {scale: 1d, shape: 0.001}}}\n"
    + arrival("every: 1s, limit: 9"),
}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ABSURD)
def test_absurd_demand_is_answered(name):
    Path("absurd.yaml").write_text(HEAD + ABSURD[name], encoding="utf-8")
    with suppress(ScenarioError):
        load_scenario("absurd.yaml")


@pytest.mark.usefixtures("folder")
def test_two_names_of_one_metric_are_one_too_many():
    Path("twice.yaml").write_text(f"{HEAD}thresholds:\n  wait: '< 2m'\n  wait.mean: '> 1s'\n", encoding="utf-8")
    [line] = faults_of("twice.yaml")
    assert line.startswith("twice.yaml:5:3: thresholds: means the same as 'wait'; ")


@pytest.mark.usefixtures("folder")
@pytest.mark.slow
def test_the_largest_file_loads_and_one_byte_more_is_refused():
    entries = "".join(f"  - {{at: {number}s, order: NORMAL}}\n" for number in range(10_000))
    text = f"{HEAD}timeline:\n{entries}"
    Path("large.yaml").write_text(text + "#" * (2**20 - len(text)), encoding="utf-8")
    assert len(load_scenario("large.yaml").file.timeline) == 10_000
    with Path("large.yaml").open("a", encoding="utf-8") as file:
        file.write("#")
    assert faults_of("large.yaml")[0].startswith("large.yaml:1:1: has 1048577 bytes; ")


TILL = "time,class\n16:21,VIP\n17:18,NORMAL\n18:01,VIP\n03:00,VIP\n1h,VIP\n61m,NORMAL\n"


@pytest.mark.usefixtures("folder")
def test_rows_of_a_trace_outside_the_run_are_faults_that_say_how_to_leave_them_out():
    keys = "clock: {{start: '17:00'{}}}\nservice: 1m\narrivals: [{{trace: {}}}]\n"
    Path("till.csv").write_text(TILL, encoding="utf-8")
    Path("till.yaml").write_text(HEAD + keys.format(", until: 1h", "till.csv"), encoding="utf-8")
    drop = "or trace: {file: till.csv, outside: drop}"
    assert faults_of("till.yaml") == [
        "till.csv:2:1: time: '16:21' is before clock.start 17:00:00 and would mean the next day, 23h21m into the run, "
        f"which ends after 1h; write a later time, {drop}",
        "till.csv:4:1: time: '18:01' would be 1h1m into the run, which ends after 1h; "
        f"write an earlier instant, or a later clock.until, {drop}",
        "till.csv:5:1: time: '03:00' is before clock.start 17:00:00 and would mean the next day, 10h into the run, "
        f"which ends after 1h; write a later time, {drop}",
        "till.csv:7:1: time: '61m' is later than clock.until, 1h; "
        f"write an earlier instant, or a later clock.until, {drop}",
    ]
    Path("till.yaml").write_text(HEAD + keys.format("", "{file: till.csv}"), encoding="utf-8")
    assert faults_of("till.yaml") == [
        "till.csv:2:1: time: '16:21' is before clock.start 17:00:00 and would mean the next day, 23h21m into the run; "
        f"write a later time, or 23h21m, {drop}"
    ]
    for until, times, count in (
        (", until: 1h", [1080, 3600], 4),
        (", until: 24h", [1080, 3600, 3660, 3660, 36000, 84060], 0),
    ):
        Path("till.yaml").write_text(HEAD + keys.format(until, "{file: till.csv, outside: drop}"), encoding="utf-8")
        loaded = load_scenario("till.yaml")
        assert (loaded.workload().action_time // 10**6).tolist() == times
        assert loaded.notes == ((f"till.csv: {count} of 6 rows outside the run are left out",) if count else ())
        restored = restore_scenario(loaded.text, loaded.files, "stored")
        assert (restored.sha256, (restored.workload().action_time // 10**6).tolist()) == (loaded.sha256, times)


@pytest.mark.usefixtures("folder")
def test_rows_that_are_left_out_are_still_checked():
    Path("till.csv").write_text(TILL + "19:00,VPI\n", encoding="utf-8")
    Path("till.yaml").write_text(
        HEAD + "clock: {start: '17:00', until: 1h}\nservice: 1m\narrivals: [{trace: {file: till.csv, outside: drop}}]\n"
    )
    assert faults_of("till.yaml") == ["till.csv:8:7: class: 'VPI' is not known; did you mean 'VIP'?"]


def test_commands_say_what_is_left_out_of_a_file_that_is_right(folder):
    Path("till.csv").write_text("time,class,service\n16:21,VIP,\n17:18,NORMAL,\n17:20,NORMAL,9s\n", encoding="utf-8")
    Path("till.yaml").write_text(
        HEAD + "clock: {start: '17:00', until: '16:00'}\nservice: 1m\nbots: {initial: 1}\n"
        "arrivals: [{trace: {file: till.csv, outside: drop}}]\n"
    )
    notes = (
        "clock.until: '16:00' is the next day, 23h into the run",
        "till.csv: 1 of 3 rows outside the run are left out",
        "till.csv: 1 of 2 rows without a service time take the scenario's",
    )
    assert load_scenario("till.yaml").notes == notes
    for command in (["validate"], ["check", "--no-save"], ["run", "--no-save", "--no-charts"]):
        completed = sim(*command, "till.yaml", cwd=folder)
        assert (completed.returncode, completed.stderr.splitlines()) == (0, [*notes]), command


TOGETHER = {
    "an endless stream": ("service: 10\narrivals: [{class: VIP, every: 5s}]", ["service", "arrivals[0]"]),
    "an order that is never created": (
        "service: 10\ntimeline: [{at: 0s, order: VIP}]\nexpect: [{order: 2000, attempts: 1}]",
        ["service", "expect[0].order"],
    ),
    "an endless stream and an order before the first": (
        "arrivals: [{class: VIP, every: 5s}]\nexpect: [{order: 1, attempts: 1}]",
        ["arrivals[0]", "expect[0].order"],
    ),
    "two streams of one name": (
        "bots: {initial: x}\narrivals: [{every: 1x}, "
        "{name: a, class: VIP, every: 1s, limit: 1}, {name: a, class: VIP, every: 1s, limit: 1}]",
        ["bots.initial", "arrivals[0]", "arrivals[0].every", "arrivals[2].name"],
    ),
    "too many bots": (
        "service: 10\nbots: {initial: 9000}\ntimeline: [{at: 0s, add_bots: 9000}]",
        ["service", "timeline"],
    ),
    "until before from": ("arrivals: [{class: VIP, every: 5s, from: 2h, until: 1h, limit: -1}]", ["until", "limit"]),
    "a duplicate key": ("seed: 1\nseed: 2\nservice: 10", ["duplicate key 'seed'", "service"]),
    "a tag": ("seed: !!int 1\nservice: 10", ["seed: tag", "service"]),
    "a base that is not there": ("extends: nope.yaml\nservice: 10\nseed: $x", ["extends", "service"]),
    "a wrong clock hides no warm-up fault and makes none": (
        "clock: {until: 25}\nwarmup: 30m\nthresholds: {wait: '< 2'}",
        ["clock.until", "thresholds.wait"],
    ),
    "mser5 with a schedule beside another fault": (
        "service: 10\nwarmup: mser5\nbots: {schedule: [{at: 1h, count: 2}]}",
        ["service", "warmup"],
    ),
    "phases that bring too many beside another fault": (
        "warmup: 5\narrivals: [{every: 1s, limit: 1}, {class: VIP, poisson: {phases: [{for: 1h, rate: 9999/s}]}}]",
        ["warmup", "arrivals[0]", "arrivals[1]"],
    ),
    "a study beside other faults": (
        "service: 10\ncompare: {baseline: {peak: 7}}\nselect: {minimise: wait}\nparams: {peak: 7}",
        ["service", "compare.baseline", "select: has no candidates"],
    ),
    "a wrong clock": (
        "clock: {start: 25h}\narrivals: [{class: VIP, every: 5s}]\nservice: 10",
        ["clock.start", "arrivals[0]", "service"],
    ),
}


@pytest.mark.parametrize("name", TOGETHER)
def test_all_faults_come_in_one_go(name, scenario):
    keys, told = TOGETHER[name]
    with pytest.raises(ScenarioError) as error:
        scenario(keys)
    lines = str(error.value).splitlines()
    assert len(lines) == len(told), lines
    for part in told:
        assert any(part in line for line in lines), (part, lines)


def test_a_base_that_is_there_hides_no_missing_key_behind_another_fault(tmp_path):
    (tmp_path / "base.yaml").write_text("scenario: 1\n")
    (tmp_path / "child.yaml").write_text("extends: base.yaml\nseed: 1\nseed: 2\nbots: {initial: $crew}\n")
    with pytest.raises(ScenarioError) as error:
        load_scenario(tmp_path / "child.yaml")
    told = [line.split(": ", 1)[1] for line in str(error.value).splitlines()]
    assert len(told) == 3, told
    for start in ("missing key 'name'", "duplicate key 'seed'", "bots.initial: unknown parameter '$crew'"):
        assert any(line.startswith(start) for line in told), (start, told)
