"""Golden logs: the events of a run, stored beside its scenario and compared with those of today."""

import csv
import gzip
import json
import re
import tracemalloc
from pathlib import Path

import pytest

from sim import load_scenario
from tests.helpers.checks import BARE, BROKEN, FAILS, HOLDS, ONE_BOT, OPEN, check, document, outcomes, put
from tests.helpers.commands import complaint, names
from tests.helpers.commands import sim as command
from tests.helpers.crews import CERTAIN, GROWING
from tests.helpers.mutations import MUTATIONS


def kept(name: str) -> tuple[dict, list[str]]:
    """Return the fingerprint and the log that are kept of a scenario."""
    place = Path(name).parent / "golden" / Path(name).name
    log = gzip.decompress(Path(f"{place}.csv.gz").read_bytes()).decode()
    return json.loads(Path(f"{place}.json").read_text()), list(csv.reader(log.splitlines()))


def golden_bytes() -> dict[str, bytes]:
    return {name: Path(name).read_bytes() for name in names(".") if "golden" in name}


def test_a_golden_log_is_the_fingerprint_and_the_events_of_a_run_beside_the_scenario():
    put({"night/late.yaml": HOLDS, "night/late.yml": HOLDS.replace("bots: 1", "bots: 2"), "early.yaml": HOLDS})
    assert check(".", "--update-golden") == [
        "PASS          early.yaml: 1 of 1 expectation, golden log stored",
        "PASS          night/late.yaml: 1 of 1 expectation, golden log stored",
        "PASS          night/late.yml: 1 of 1 expectation, golden log stored",
        "3 scenarios: 3 passed",
    ]
    assert names("night/golden") == {
        f"late.{suffix}" for suffix in ("yaml.json", "yaml.csv.gz", "yml.json", "yml.csv.gz")
    }
    assert names("golden") == {"early.yaml.json", "early.yaml.csv.gz"}
    for name in ("night/late.yaml", "night/late.yml"):
        fingerprint, log = kept(name)
        command("run", name, *BARE, "--out", "out")
        metrics = json.loads(Path("out/metrics.json").read_text())
        assert fingerprint == {
            "fingerprint": metrics["fingerprint"],
            "model_sha256": load_scenario(name).model_sha256,
        }
        with Path("out/events.csv").open() as file:
            events = [[row[column] for column in log[0]] for row in csv.DictReader(file)]
        assert log == [["t_us", "event", "order", "class", "bot"], *events]
    found = document("early.yaml")["scenarios"][0]["findings"]
    assert [(one["kind"], one["verdict"], one["line"]) for one in found] == [
        ("expectation", "PASS", 7),
        ("golden log", "PASS", 1),
    ]


def test_storing_it_again_changes_no_byte():
    put({"late.yaml": HOLDS, "burst.yaml": CERTAIN})
    check(".", "--update-golden", status=1)
    before = golden_bytes()
    assert len(before) == 4
    assert before["golden/late.yaml.csv.gz"][4:8] == bytes(4), "no time of today is in it"
    check(".", "--update-golden", "--engine", "compiled", "--seed", "9", status=1)
    assert golden_bytes() == before
    for name in before:
        Path(name).unlink()
    check(".", "--update-golden", "--engine", "compiled", status=1)
    assert golden_bytes() == before


@pytest.mark.parametrize(("one", "other"), [("reference", "compiled"), ("compiled", "reference")])
def test_a_golden_log_of_one_engine_holds_in_the_other(one, other):
    put({"late.yaml": HOLDS})
    check("late.yaml", "--update-golden", "--engine", one)
    held = "PASS          late.yaml: 1 of 1 expectation, 1 of 1 golden log"
    assert check("late.yaml", "--engine", other)[0] == held
    assert check("late.yaml", "--engine", other, "--seed", "3", "-n", "2")[0] == held
    put({"late.yaml": HOLDS.replace("at: 5s", "at: 6s")})
    assert check("late.yaml", "--engine", other, status=1) == check("late.yaml", "--engine", one, status=1)


CHANGES = {
    "an order comes later": (HOLDS, HOLDS.replace("at: 5s", "at: 5s1ms")),
    "another bot": (HOLDS, HOLDS.replace("bots: 1", "bots: 2")),
    "the first event differs": (HOLDS, HOLDS.replace("bots: 1", "bots: 0").split("expect")[0]),
    "two orders less": (ONE_BOT, ONE_BOT.replace("count: 4", "count: 2")),
    "an order more at the end": (HOLDS, HOLDS.replace("order: VIP}", "order: VIP}, {at: 1m, order: NORMAL}")),
    "a run that ends earlier": (HOLDS, HOLDS + "clock: {until: 45s}\n"),
    "no events any more": (ONE_BOT, "scenario: 1\nname: nothing\n"),
    "the first events": ("scenario: 1\nname: nothing\n", ONE_BOT),
}
RULES = ("last-in-first-out", "normal-before-vip", "vip-interrupts")


def test_the_first_event_that_differs_is_shown_with_three_before_it_side_by_side(golden):
    shown = []
    for what, (before, now) in CHANGES.items():
        put({"late.yaml": before})
        check("late.yaml", "--update-golden")
        put({"late.yaml": now})
        shown.append("\n".join((what, *check("late.yaml", status=1))))
    put({"late.yaml": ONE_BOT})
    check("late.yaml", "--update-golden")
    for mutation in MUTATIONS:
        if mutation.name in RULES:
            with mutation.in_use():
                shown.append("\n".join((mutation.name, *check("late.yaml", status=1))))
    assert len(shown) == len(CHANGES) + len(RULES)
    golden("golden-logs.txt", "\n\n".join(shown) + "\n")


def test_what_differs_says_whether_the_scenario_has_changed_or_the_rules():
    put({"late.yaml": ONE_BOT})
    check("late.yaml", "--update-golden")
    [mutation] = (one for one in MUTATIONS if one.name == "last-in-first-out")
    with mutation.in_use():
        assert check("late.yaml", status=1)[1].endswith(
            f"; the scenario is unchanged, so the rules have changed{MEANT}"
        )
        put({"late.yaml": ONE_BOT + "description: what is said of it is no change\n"})
        assert check("late.yaml", status=1)[1].endswith(
            f"; the scenario is unchanged, so the rules have changed{MEANT}"
        )
        put({"late.yaml": ONE_BOT.replace("at: 5s", "at: 6s")})
        assert check("late.yaml", status=1)[1].endswith(f"; the scenario has changed{MEANT}")
    put({"late.yaml": HOLDS + "# a remark, and what is judged, change no event\n"})
    assert check("late.yaml")[0] == "PASS          late.yaml: 1 of 1 expectation, 1 of 1 golden log"


def test_a_change_that_is_meant_is_stored_and_holds_from_then_on():
    put({"late.yaml": HOLDS})
    check("late.yaml", "--update-golden")
    before = golden_bytes()
    put({"late.yaml": HOLDS.replace("at: 5s", "at: 6s")})
    check("late.yaml", status=1)
    assert golden_bytes() == before, "to look changes nothing"
    assert check("late.yaml", "--update-golden")[0] == "PASS          late.yaml: 1 of 1 expectation, golden log stored"
    assert check("late.yaml")[-1] == "1 scenario: 1 passed"
    assert all(golden_bytes()[name] != was for name, was in before.items())


MEANT = "; if this is intended, --update-golden stores the new log"
LOG = Path("golden/late.yaml.csv.gz")
HEAD = b"t_us,event,order,class,bot\n"
DAMAGES = {
    "lost": None,
    "no gzip": b"no gzip",
    "cut off": gzip.compress(HEAD * 1000, mtime=0)[:-20],
    "no text": gzip.compress(b"\xff", mtime=0),
    "empty": b"",
    "no heading": gzip.compress(b"", mtime=0),
    "another heading": gzip.compress(b"hello\nworld\n", mtime=0),
    "too few columns": gzip.compress(HEAD + b"hello\n", mtime=0),
    "no time": gzip.compress(HEAD + b"now,hello,,,\n", mtime=0),
    "endless digits": gzip.compress(HEAD + b"9" * 9_000, mtime=0),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_golden_log_that_is_lost_or_damaged_is_said_so_where_it_would_be_shown(damage):
    put({"late.yaml": HOLDS})
    check("late.yaml", "--update-golden")
    if damage is None:
        LOG.unlink()
    else:
        LOG.write_bytes(damage)
    assert check("late.yaml")[-1] == "1 scenario: 1 passed", "the fingerprint alone decides"
    put({"late.yaml": HOLDS.replace("at: 5s", "at: 6s")})
    assert check("late.yaml", status=1)[2] == f"    {LOG} cannot be read, so there is nothing to compare with"


@pytest.mark.parametrize("damage", [None, b"no gzip"])
def test_a_golden_log_that_is_lost_or_damaged_is_stored_again_when_that_is_asked(damage):
    put({"late.yaml": HOLDS})
    check("late.yaml", "--update-golden")
    whole = LOG.read_bytes()
    if damage is None:
        LOG.unlink()
    else:
        LOG.write_bytes(damage)
    check("late.yaml", "--update-golden")
    assert LOG.read_bytes() == whole


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        (b"0", f"{LOG} cannot be read, so there is nothing to compare with"),
        (b"50000000,bot_idle,,,1\n", "> 18 50s bot_idle bot 1 no more events"),
    ],
)
def test_of_a_log_that_unpacks_to_very_much_only_the_beginning_is_unpacked(more, shown):
    put({"late.yaml": HOLDS})
    check("late.yaml", "--update-golden")
    put({"golden/late.yaml.json": fingerprint_file("0" * 16, "0" * 64).decode()})
    rows = gzip.decompress(LOG.read_bytes())
    LOG.write_bytes(gzip.compress(rows + more * (30_000_000 // len(more)), compresslevel=1))
    tracemalloc.start()
    said = check("late.yaml", status=1)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert said[-2].split() == shown.split()
    assert most < 10_000_000


def test_a_fingerprint_that_fits_no_log_is_said_so():
    put({"late.yaml": HOLDS, "old/late.yaml": HOLDS})
    check(".", "--update-golden")
    stored = Path("golden/late.yaml.json")
    stored.write_text(re.sub('"fingerprint": "[0-9a-f]{4}', '"fingerprint": "0000', stored.read_text()))
    assert check("late.yaml", status=1)[2] == f"    {LOG} has the events of now"


def fingerprint_file(fingerprint: object, model: object) -> bytes:
    return json.dumps({"fingerprint": fingerprint, "model_sha256": model}).encode()


@pytest.mark.parametrize(
    "damage",
    [
        *(b"", b"{}", b"[]", b"7", b'{"fingerprint": "1"}', b"\xff"),
        *(b"[" * 9_000, b"9" * 9_000, b" " * 3_000_000),
        fingerprint_file("x\n::stop-commands::abc\n::add-mask::PASS", "z"),
        fingerprint_file("0" * 16, "z" * 64),
        fingerprint_file("0" * 16 + "\n", "0" * 64),
        fingerprint_file(["0"] * 16, "0" * 64),
        fingerprint_file(0, None),
    ],
    ids=range(14),
)
def test_a_damaged_fingerprint_makes_a_scenario_wrong(damage):
    put({"late.yaml": HOLDS, "other.yaml": HOLDS})
    check("late.yaml", "--update-golden")
    Path("golden/late.yaml.json").write_bytes(damage)
    assert check(".", status=2) == [
        "WRONG         late.yaml",
        "  golden/late.yaml.json:1:1: is not a golden fingerprint; sim check --update-golden stores it again",
        "PASS          other.yaml: 1 of 1 expectation",
        "2 scenarios: 1 passed, 1 wrong",
    ]


@pytest.mark.parametrize("damage", [b"", b"{}", b"[]", b"\xff"])
def test_a_damaged_fingerprint_is_stored_again_as_the_line_says(damage):
    put({"late.yaml": HOLDS})
    check("late.yaml", "--update-golden")
    before = golden_bytes()
    Path("golden/late.yaml.json").write_bytes(damage)
    check("late.yaml", "--update-golden")
    assert golden_bytes() == before


def test_a_file_called_golden_is_no_golden_log_and_is_in_the_way_of_one():
    put({"late.yaml": HOLDS, "golden": "a medal"})
    assert check("late.yaml") == ["PASS          late.yaml: 1 of 1 expectation", "1 scenario: 1 passed"]
    assert complaint("check", "late.yaml", "--update-golden", status=4).startswith("sim: golden: cannot be written")
    assert Path("golden").read_text() == "a medal"


def test_a_scenario_that_became_random_differs_and_an_update_removes_its_golden_log():
    put({"late.yaml": HOLDS.split("expect")[0], "other.yaml": HOLDS})
    check(".", "--update-golden")
    put({"late.yaml": ONE_BOT + "service: {exponential: {mean: 10s}}\n"})
    assert check("late.yaml", status=1)[1].endswith(f"; the scenario has changed{MEANT}")
    assert check(".", "--update-golden")[0] == "NOTHING       late.yaml: nothing to judge"
    assert names("golden") == {"other.yaml.json", "other.yaml.csv.gz"}
    assert check("late.yaml")[0] == "NOTHING       late.yaml: nothing to judge"


def test_scenarios_that_are_random_wrong_or_not_selected_get_no_golden_log():
    put({"open.yaml": OPEN, "broken.yaml": BROKEN, "growing.yaml": GROWING, "other.yaml": HOLDS, "late.yaml": FAILS})
    check(".", "-k", "not other", "--update-golden", status=2)
    assert names("golden") == {"late.yaml.json", "late.yaml.csv.gz"}


def test_a_golden_log_may_be_required_of_each_scenario_in_which_nothing_is_random():
    put({"late.yaml": HOLDS, "night.yaml": ONE_BOT, "open.yaml": OPEN.replace("replications: 1\n", "")})
    assert check(".", "-n", "2", "--require-golden", status=1) == [
        "FAIL          late.yaml: 1 of 1 expectation, 0 of 1 golden log",
        "  late.yaml:1: golden log: FAIL, there is none; sim check --update-golden stores it",
        "FAIL          night.yaml: 0 of 1 golden log",
        "  night.yaml:1: golden log: FAIL, there is none; sim check --update-golden stores it",
        "PASS          open.yaml: 1 of 1 threshold, 2 replications",
        "3 scenarios: 1 passed, 2 failed",
    ]
    check(".", "-n", "2", "--update-golden", "--require-golden")
    assert set(outcomes(".", "-n", "2", "--require-golden").values()) == {"PASS"}


def test_golden_logs_without_a_scenario_or_a_fingerprint_are_named():
    put({"shop/late.yaml": HOLDS, "shop/old.yaml": HOLDS, "shop/golden/notes.json": "{}"})
    check("shop", "--update-golden")
    assert check("shop")[-1] == "2 scenarios: 2 passed"
    Path("shop/old.yaml").unlink()
    Path("shop/golden/late.yaml.json").unlink()
    gone = "is a golden log, but shop/old.yaml is gone; remove the log, or restore the scenario"
    lost = "is a golden log, but shop/golden/late.yaml.json is gone; sim check --update-golden stores it again"
    assert check("shop")[1:] == [
        f"NOT CHECKED   shop/golden/late.yaml.csv.gz: {lost}",
        f"NOT CHECKED   shop/golden/old.yaml.csv.gz: {gone}",
        f"NOT CHECKED   shop/golden/old.yaml.json: {gone}",
        "1 scenario: 1 passed; 3 files not checked",
    ]
    assert check("shop", "--strict", status=2)[-1] == "4 scenarios: 1 passed, 3 wrong"


def test_other_values_of_parameters_leave_golden_logs_out():
    put({"late.yaml": ONE_BOT})
    check("late.yaml", "--update-golden")
    assert check("late.yaml", "--set", "bots=2")[0] == "NOTHING       late.yaml: nothing to judge"
    put({"late.yaml": ONE_BOT.replace("bots: 1", "bots: 2")})
    assert check("late.yaml", status=1)[0] == "FAIL          late.yaml: 0 of 1 golden log"
