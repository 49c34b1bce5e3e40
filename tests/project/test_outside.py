"""A team's repository of scenarios and tests, checked from outside: by the wheel, in an environment of its own."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import xml.etree.ElementTree as ET
from importlib import metadata
from itertools import islice
from pathlib import Path

import pytest

from tests.helpers import ROOT
from tests.helpers.campaigns import is_whole
from tests.helpers.wheels import PIP, build_wheel, once

KITCHEN = ROOT / "tests/outside/kitchen"

CHECKS = {
    "sim check scenarios/rush.yaml": 0,
    "sim check scenarios/saturday.yaml -v": 0,
    "sim check scenarios/closing.yaml": 0,
    "sim check scenarios/hopeful.yaml": 0,
    "sim check scenarios/late_vip.yaml": 1,
    "sim check scenarios/drifted.yaml": 1,
    "sim check scenarios/wrong.yaml": 2,
    "sim check scenarios/hasty.yaml": 3,
    "sim check scenarios/hasty.yaml --inconclusive=pass": 0,
    "sim check scenarios/hasty.yaml --inconclusive=fail": 1,
    "sim check scenarios": 2,
    'sim check scenarios -k "not wrong"': 1,
    'sim check scenarios -k "not (wrong or late or drifted)"': 3,
    'sim check scenarios -k "rush or saturday or closing or hopeful"': 0,
    "sim check scenarios --fail-fast": 1,
    "sim check scenarios -k supper": 2,
}
AGAINST = {
    'sim check scenarios -k "rush or closing" --against ../slower/scenarios': 0,
}
AGAINST_SLOWER = {
    'sim check scenarios -k "rush or closing" --against ../kitchen/scenarios': 0,
    'sim check scenarios -k "rush or closing" --against ../kitchen/scenarios --no-regressions': 1,
}
STORED = {
    "sim check scenarios/drifted.yaml": 1,
    "sim check scenarios/drifted.yaml --update-golden": 0,
    "sim check scenarios/drifted.yaml -v": 0,
    "python -m pytest -q -p no:cacheprovider scenarios/drifted.yaml scenarios/rush.yaml tests": 0,
}
TESTS = {
    "python -m pytest": 2,
    "python -m pytest -q -rA --ignore scenarios/wrong.yaml": 1,
}
OF_ALL = ("sim check scenarios -v --junit ../reports/junit.xml --json ../reports/check.json", 2)
"""What leaves files for machines."""
IN_CI = {
    *(f"sim check scenarios/{name}.yaml" for name in ("rush", "closing", "hopeful", "late_vip", "drifted", "wrong")),
    *("sim check scenarios/hasty.yaml --inconclusive=pass", 'sim check scenarios -k "not wrong"'),
    *('sim check scenarios -k "not (wrong or late or drifted)"', "python -m pytest"),
    'sim check scenarios -k "rush or closing" --against ../slower/scenarios',
    'sim check scenarios -k "rush or closing" --against ../kitchen/scenarios',
    "python -m pytest -q -p no:cacheprovider scenarios/drifted.yaml scenarios/rush.yaml tests",
}
"""Commands that CI alone tries: every day others show what they do."""


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that has the wheel; what the wheel needs is that of the running one."""
    [wheel] = once(tmp_path_factory, "wheel", build_wheel).iterdir()

    def install(venv: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
        subprocess.run(
            [*PIP, "--python", venv / "bin/python", "install", "--no-deps", "--no-compile", wheel], check=True
        )
        site = sysconfig.get_path("purelib", vars={"base": venv, "platbase": venv})
        Path(site, "needs.pth").write_text("\n".join({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}))

    return once(tmp_path_factory, "outside", install) / "bin/python"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder with the team's repository, as it is and with slower dishes, and with copies to write into."""
    for name in ("kitchen", "slower", "stored", "tested"):
        shutil.copytree(KITCHEN, tmp_path / name, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    rush = tmp_path / "slower/scenarios/rush.yaml"
    rush.write_text(rush.read_text().replace("cook: 1m", "cook: 1m15s"))
    for name in ("home", "reports"):
        (tmp_path / name).mkdir()
    return tmp_path


FORKS = """
import json, os, sys, tempfile
import scipy.special, simpy
import sim.__main__, sim.checking, sim.cli.checking, sim.output.ci, sim.storage

sim.__main__._load()
ends = []
for folder, words in json.load(sys.stdin):
    with tempfile.TemporaryFile() as printed:
        child = os.fork()
        if child == 0:
            os.chdir(folder)
            os.dup2(printed.fileno(), 1)
            os.dup2(printed.fileno(), 2)
            sys.argv = words
            sim.__main__.main()
        _, status = os.waitpid(child, 0)
        printed.seek(0)
        ends.append([os.waitstatus_to_exitcode(status), printed.read().decode()])
print(json.dumps(ends))
"""
"""Runs commands of `sim`, each in a fork of a process that has loaded it, and what judges estimates."""


def told(python: Path, base: Path, *steps: tuple[str, str, int]) -> list[str]:
    """Take steps, each a folder below `base`, a command and its status; return what each prints.

    Nothing of this process is in their environment. Commands of `sim` are run before all others, and pytest without
    plugins that take longer than all of its tests.
    """
    home = base / "home"
    plugins = "-p no:hypothesispytest -p no:unraisableexception"
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTEST_ADDOPTS": plugins}

    def run(program: list[str | Path], folder: Path, given: str = "") -> tuple[int, str]:
        done = subprocess.run(
            program, cwd=folder, env=environment, input=given, capture_output=True, encoding="utf-8", check=False
        )
        return done.returncode, done.stdout + done.stderr

    words = {step: (str(base / step[0]), shlex.split(step[1])) for step in steps}
    forked = [step for step in steps if words[step][1][0] == "sim"]
    ends = {}
    if forked:
        status, printed = run([python, "-P", "-c", FORKS], base, json.dumps([words[step] for step in forked]))
        assert status == 0, printed
        ends = dict(zip(forked, json.loads(printed), strict=True))
    shown = []
    for step in steps:
        folder, [program, *more] = words[step]
        status, said = ends.get(step) or run([python.with_name(program), *more], folder)
        _, command, expected = step
        assert status == expected, f"{command}\n{said}"
        assert "Traceback" not in said
        shown.append(f"$ {command}\n{same_each_time(said).replace(str(base), '/team')}=> {status}\n")
    assert list(home.iterdir()) == []
    return shown


def same_each_time(said: str) -> str:
    """Leave out of what pytest prints what depends on the time and on the versions of others."""
    said = re.sub(r"^(platform|hypothesis profile) .*\n", "", said, flags=re.MULTILINE)
    said = re.sub(r"^plugins: .*\bkitchensim-.*", "plugins: kitchensim", said, flags=re.MULTILINE)
    return re.sub(r"^(?:=+ )?(.* in )[0-9.]+s(?: =+)?$", r"\1TIME", said, flags=re.MULTILINE)


def written(folder: Path) -> set[str]:
    """Return the files that are not as they are in our copy of the repository."""
    files = {file.relative_to(folder) for file in folder.rglob("*") if file.is_file()}
    new = {file for file in files if not (KITCHEN / file).exists()}
    return {str(file) for file in files if file in new or (KITCHEN / file).read_bytes() != (folder / file).read_bytes()}


def test_what_is_checked_is_the_wheel(python, outside):
    code = "import sim, kitchensim_pytest, sys; print(sim.__file__, kitchensim_pytest.__file__, *sys.path, sep='\\n')"
    [shown] = told(python, outside, ("kitchen", shlex.join(["python", "-c", code]), 0))
    package, plugin, *path = map(Path, shown.splitlines()[1:-1])
    assert package.is_relative_to(python.parents[1])
    assert plugin.is_relative_to(python.parents[1])
    assert ROOT not in path


def test_the_command_is_installed(python):
    version = subprocess.run([python.with_name("sim"), "--version"], capture_output=True, text=True, check=True).stdout
    assert version == f"kitchensim {metadata.version('kitchensim')}\n"


def test_what_a_team_is_told_and_what_is_left_behind_for_machines_too(python, outside, golden):
    parts = {
        "The repository as it is": ("kitchen", CHECKS),
        "The same beside slower dishes": ("kitchen", AGAINST),
        "Slower dishes beside the same": ("slower", AGAINST_SLOWER),
        "With pytest": ("tested", TESTS),
        "A golden log is stored again": ("stored", STORED),
    }
    steps = [(folder, *command) for folder, commands in parts.values() for command in commands.items()]
    steps = [step for step in steps if is_whole() or step[1] not in IN_CI]
    of_all, *texts = told(python, outside, ("kitchen", *OF_ALL), *steps)
    assert_files_for_machines_say(of_all, outside / "reports")
    if is_whole():
        said = iter(texts)
        shown = ("\n".join([f"# {title}\n", *islice(said, len(commands))]) for title, (_, commands) in parts.items())
        golden("outside.txt", "\n".join(shown))
    else:
        known = (ROOT / "tests/golden/outside.txt").read_text(encoding="utf-8")
        assert [text for text in texts if text not in known] == []

    assert written(outside / "kitchen") == set()
    assert written(outside / "slower") == {"scenarios/rush.yaml"}
    stored = {name for name in written(outside / "stored") if "__pycache__" not in name}
    assert stored == {f"scenarios/golden/drifted.yaml.{ending}" for ending in ("json", "csv.gz")}
    assert {name.split("/")[0] for name in written(outside / "tested")} == {".pytest_cache", "tests"}


def assert_files_for_machines_say(shown: str, reports: Path) -> None:
    """Assert that the files say what the lines say."""
    words = " ".join(shown.split())  # as it was before it was folded
    words = words.replace(" (warn)", "")

    document = json.loads((reports / "check.json").read_text())
    assert document["outcomes"] == {"WRONG": 1, "FAIL": 2, "INCONCLUSIVE": 1, "PASS": 4, "NOTHING": 0}
    said = []
    for scenario in document["scenarios"]:
        said.append(f"{scenario['outcome']} {scenario['file']}")
        said += scenario.get("faults", [])
        said += [f"{at['verdict']} {at['file']}:{at['line']}: {at['asked']}" for at in scenario.get("findings", [])]
    place = 0
    for line in said:
        place = words.index(" ".join(line.split()), place)

    suites = ET.parse(reports / "junit.xml").getroot()
    assert [suite.get("name") for suite in suites] == [scenario["file"] for scenario in document["scenarios"]]
    cases = list(suites.iter("testcase"))
    assert len(cases) == sum(len(scenario.get("findings", ["wrong"])) for scenario in document["scenarios"])
    bad = [text for case in cases for text in (case.findtext("failure"), case.findtext("error")) if text]
    facts = [re.split(": (?:FAIL|INCONCLUSIVE)", text.splitlines()[0])[0] for text in bad]
    assert [" ".join(fact.split()) in words for fact in facts] == [True] * 5
    assert (suites.get("tests"), suites.get("failures"), suites.get("errors")) == (str(len(cases)), "3", "2")
