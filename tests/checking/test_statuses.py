"""The exit statuses of `sim check`, and what it does where something cannot be written."""

import re
import subprocess
from collections.abc import Iterator
from itertools import combinations, product
from pathlib import Path

import pytest
from junitparser import JUnitXml

from sim.cli.statuses import FAILED, INCONCLUSIVE, NOT_SAVED, WRONG
from tests.helpers.checks import BROKEN, FAILS, HOLDS, IDLE, OPEN, check, outcomes, put
from tests.helpers.commands import NOBODY, complaint, names
from tests.helpers.commands import sim as command
from tests.helpers.crews import judged
from tests.helpers.disks import fill


@pytest.mark.parametrize(
    ("option", "status", "outcome"), [(None, 3, "INCONCLUSIVE"), ("pass", 0, "PASS"), ("fail", 1, "FAIL")]
)
def test_what_counts_where_it_is_too_early_to_say_may_be_chosen(option, status, outcome):
    put({"open.yaml": OPEN, "holds.yaml": HOLDS})
    options = () if option is None else ("--inconclusive", option)
    assert outcomes(".", *options, status=status) == {"holds.yaml": "PASS", "open.yaml": outcome}
    [line] = [line for line in check(".", *options, status=status) if line.startswith("  open.yaml:11: ")]
    assert line.startswith(
        f"  open.yaml:11: throughput > 1/h: INCONCLUSIVE{' (warn)' * (option == 'pass')}, one run of "
    )


EXIT = {WRONG: BROKEN, FAILED: FAILS, NOT_SAVED: None, INCONCLUSIVE: OPEN}
"""What makes each status, from that which goes before all others on."""


@pytest.mark.parametrize("statuses", [some for size in range(5) for some in combinations(EXIT, size)])
def test_of_several_statuses_2_goes_before_1_before_4_before_3(statuses):
    put({"holds.yaml": HOLDS} | {f"{status}.yaml": EXIT[status] for status in statuses if EXIT[status]})
    options = ("--json", "nowhere/results.json") if NOT_SAVED in statuses else ()
    said = command("check", ".", *options, status=next(iter(statuses), 0))
    words = {WRONG: "1 wrong", FAILED: "1 failed", INCONCLUSIVE: "1 inconclusive"}
    assert all((word in said.stdout.splitlines()[-1]) == (status in statuses) for status, word in words.items())
    assert len(said.stderr.splitlines()) == (NOT_SAVED in statuses)


THREE, NOT_THREE, UNKNOWN = 'bots: "== 3"', 'bots: "!= 3"', 'wait.max: "< 30s"'


@pytest.mark.parametrize(
    ("conditions", "expect", "more", "status"),
    [
        ((THREE,), IDLE, (), 0),
        ((), IDLE, (), 0),
        ((THREE, NOT_THREE.replace("bots", "bots.max")), IDLE, (), 1),
        ((THREE,), "REMOVED", (), 1),
        ((UNKNOWN,), IDLE, (), 3),
        ((UNKNOWN, NOT_THREE), IDLE, (), 1),
        ((UNKNOWN,), "REMOVED", (), 1),
        ((THREE,), IDLE, ("--db", NOBODY), 4),
        ((UNKNOWN,), IDLE, ("--db", NOBODY), 4),
        ((NOT_THREE,), IDLE, ("--db", NOBODY), 1),
        ((THREE,), "REMOVED", ("--db", NOBODY), 1),
        ((NOT_THREE,), "REMOVED", ("--db", "sim.db"), 2),
        ((NOT_THREE, 'wait.VPI: "< 1s"'), IDLE, (), 2),
        ((NOT_THREE,), IDLE, ("--set", "cook=1"), 2),
        ((NOT_THREE,), IDLE, ("-n", "0"), 2),
        ((NOT_THREE,), IDLE, ("--jobs", "0"), 2),
    ],
)
def test_the_status_says_what_became_of_one_scenario(conditions, expect, more, status):
    command("check", judged(*conditions, expect=expect), "-n", "20", *more, status=status)


@pytest.mark.parametrize(
    ("options", "target"),
    [
        (("--junit", "nowhere/results.xml"), "nowhere/results.xml"),
        (("--json", "nowhere/results.json"), "nowhere/results.json"),
        (("--junit", "folder"), "folder"),
        (("--json", "holds.yaml/results.json"), "holds.yaml/results.json"),
        (("--github",), "nowhere/summary.md"),
        (("--db", "file:nowhere/sim.db"), "database file:nowhere/sim.db"),
        (("--save", "--db", NOBODY), f"database {NOBODY}"),
    ],
)
def test_what_cannot_be_written_is_a_line_and_all_else_is_done(options, target, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "nowhere/summary.md")
    put({"holds.yaml": HOLDS, "folder/notes.txt": ""})
    line = complaint("check", "holds.yaml", *options, status=4)
    assert line.startswith(f"sim: {target}")
    others = [one for one in ("--junit", "--json") if one not in options]
    more = (*options, *(word for one in others for word in (one, f"results{one}")))
    assert complaint("check", "holds.yaml", *more, status=4) == line
    assert {one.name for one in Path().glob("results--*")} == {f"results{one}" for one in others}
    assert not list(Path().rglob("*.partial"))
    put({"fails.yaml": FAILS})
    assert complaint("check", ".", *options, status=1) == line


@pytest.mark.parametrize(("option", "target"), list(product(("--junit", "--json"), ("", ".", "/"))))
def test_a_folder_as_target_is_one_line(option, target):
    put({"holds.yaml": HOLDS})
    complaint("check", "holds.yaml", option, target, status=4)


@pytest.fixture
def disk(folder: Path) -> Iterator[Path]:
    """A disk of its own, which is small."""
    place = folder / "disk"
    place.mkdir()
    try:
        mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a small disk cannot be mounted here; root may on Linux")
    yield Path("disk")
    subprocess.run(["umount", str(place)], check=True)


FULL = "cannot be written (No space left on device)"


@pytest.mark.slow
def test_a_full_disk_makes_a_line_for_each_file_and_those_of_earlier_stay_whole(disk, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "disk/summary.md")
    put({"disk/late.yaml": HOLDS, "disk/results.xml": "earlier"})
    fill(disk)
    before = names(disk)
    options = ("--junit", "disk/results.xml", "--json", "disk/results.json", "--github")
    said = command("check", "disk/late.yaml", *options, status=4)
    assert said.stdout == "PASS          disk/late.yaml: 1 of 1 expectation\n1 scenario: 1 passed\n"
    assert said.stderr.splitlines() == [
        f"sim: disk/results.xml: {FULL}; name another place with --junit",
        f"sim: disk/results.json: {FULL}; name another place with --json",
        f"sim: GITHUB_STEP_SUMMARY: {FULL}; name another place with GITHUB_STEP_SUMMARY",
    ]
    assert names(disk) - before <= {"summary.md"}
    assert Path("disk/results.xml").read_text() == "earlier"
    (disk / "ballast").unlink()
    check("disk/late.yaml", *options)
    assert len(JUnitXml.fromfile("disk/results.xml")) == 1


@pytest.mark.slow
def test_a_golden_log_that_finds_the_disk_full_is_a_line_and_absent(disk):
    put({"disk/late.yaml": HOLDS})
    fill(disk)
    before = names(disk)
    said = command("check", "disk/late.yaml", "--update-golden", status=4)
    assert said.stdout == "PASS          disk/late.yaml: 1 of 1 expectation\n1 scenario: 1 passed\n"
    assert re.fullmatch(rf"sim: disk/golden\S*: {re.escape(FULL)}.*\n", said.stderr)
    assert names(disk) == before
    (disk / "ballast").unlink()
    assert check("disk/late.yaml", "--update-golden")[0].endswith(", golden log stored")


@pytest.mark.parametrize(
    ("args", "part"),
    [
        (("--json", "x.yaml"), "--json: x.yaml looks like a scenario; name another file"),
        (("--junit", "deep/x.yml"), "--junit: deep/x.yml looks like a scenario; name another file"),
        (("--junit", "x", "--json", "./deep/../x"), "--json: names the file of --junit; name another"),
        (("--json", "-", "--github"), "--json -: would stand between GitHub's annotations; name a file"),
        (("--no-regressions",), "--no-regressions: needs --against DIR or --against RUN"),
        (("--update-golden", "--set", "bots=2"), "--update-golden: takes files as they are; leave --set out"),
        (("--require-golden", "--set", "bots=2"), "--require-golden: takes files as they are; leave --set out"),
        (("--inconclusive", "maybe"), "'maybe' is not known; write one of pass, fail"),
        (("--set", "bots"), "'bots' is not a setting; write --set NAME=VALUE"),
        (("--save", "--tag", " "), "--tag: is empty or cannot be printed; write a word such as monday"),
        (("--against", "nowhere"), "--against: 'nowhere' is neither a folder nor the id of a run"),
        (("--against", "fails.yaml"), "--against: 'fails.yaml' is neither a folder nor the id of a run"),
        (("--engine", "steam"), "'steam'"),
        (("--seed", "-1"), "--seed"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_run(args, part):
    put({"fails.yaml": FAILS})
    said = command("check", "fails.yaml", *args, status=2)
    assert part in said.stderr.splitlines()[-1]
    assert said.stdout == ""
    assert names(".") == {"fails.yaml"}
