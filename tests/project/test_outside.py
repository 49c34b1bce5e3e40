"""A team's repository of scenarios and tests, checked from outside: by the wheel, in an environment of its own."""

import fcntl
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.helpers import ROOT

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
    "python -m pytest -q -p no:cacheprovider scenarios/drifted.yaml": 0,
}
TESTS = {
    "python -m pytest": 2,
    "python -m pytest -q -rA --ignore scenarios/wrong.yaml": 1,
    "python -m pytest -q scenarios/rush.yaml scenarios/saturday.yaml tests": 0,
}


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that has the wheel; workers of xdist share it."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    venv, ready = folder / "outside", folder / "outside.ready"
    with (folder / "outside.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            install_wheel(venv)
            ready.touch()
    return venv / "bin/python"


def install_wheel(venv: Path) -> None:
    """Make an environment with the wheel in it; what the wheel needs is that of the running one."""
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    options = ["--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "wheel", *options, "--wheel-dir", venv / "wheel", ROOT], check=True)
    (wheel,) = (venv / "wheel").iterdir()
    subprocess.run([*pip, "--python", venv / "bin/python", "install", "--no-deps", wheel], check=True)
    site = sysconfig.get_path("purelib", vars={"base": venv, "platbase": venv})
    Path(site, "needs.pth").write_text("\n".join({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}))


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


def told(python: Path, folder: Path, command: str, status: int) -> str:
    """Run a command in a folder, with nothing of this process in its environment, and return what it prints."""
    program, *words = shlex.split(command)
    home = folder.parent / "home"
    done = subprocess.run(
        [python.with_name(program), *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "PYTEST_ADDOPTS": "-p no:nbmake"},  # which loads slowly
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == status, f"{command}\n{said}"
    assert "Traceback" not in said
    assert list(home.iterdir()) == []
    return f"$ {command}\n{same_each_time(said).replace(str(folder.parent), '/team')}=> {status}\n"


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
    shown = told(python, outside / "kitchen", shlex.join(["python", "-c", code]), 0)
    package, plugin, *path = map(Path, shown.splitlines()[1:-1])
    assert package.is_relative_to(python.parents[1])
    assert plugin.is_relative_to(python.parents[1])
    assert ROOT not in path


def test_what_a_team_is_told_and_what_is_left_behind(python, outside, golden):
    parts = {
        "The repository as it is": ("kitchen", CHECKS),
        "The same beside slower dishes": ("kitchen", AGAINST),
        "Slower dishes beside the same": ("slower", AGAINST_SLOWER),
        "With pytest": ("tested", TESTS),
    }
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = {
            title: [pool.submit(told, python, outside / folder, *command) for command in commands.items()]
            for title, (folder, commands) in parts.items()
        }
    said = {title: [job.result() for job in each] for title, each in jobs.items()}
    said["A golden log is stored again"] = [told(python, outside / "stored", *one) for one in STORED.items()]
    golden("outside.txt", "\n".join("\n".join([f"# {title}\n", *each]) for title, each in said.items()))

    assert written(outside / "kitchen") == set()
    assert written(outside / "slower") == {"scenarios/rush.yaml"}
    assert written(outside / "stored") == {f"scenarios/golden/drifted.yaml.{ending}" for ending in ("json", "csv.gz")}
    assert {name.split("/")[0] for name in written(outside / "tested")} == {".pytest_cache", "tests"}


def test_files_for_machines_say_what_the_lines_say(python, outside):
    command = "sim check scenarios -v --junit ../reports/junit.xml --json ../reports/check.json"
    words = " ".join(told(python, outside / "kitchen", command, 2).split())  # as it was before it was folded
    words = words.replace(" (warn)", "")

    document = json.loads((outside / "reports/check.json").read_text())
    assert document["outcomes"] == {"WRONG": 1, "FAIL": 2, "INCONCLUSIVE": 1, "PASS": 4, "NOTHING": 0}
    said = []
    for scenario in document["scenarios"]:
        said.append(f"{scenario['outcome']} {scenario['file']}")
        said += scenario.get("faults", [])
        said += [f"{at['verdict']} {at['file']}:{at['line']}: {at['asked']}" for at in scenario.get("findings", [])]
    place = 0
    for line in said:
        place = words.index(" ".join(line.split()), place)

    suites = ET.parse(outside / "reports/junit.xml").getroot()
    assert [suite.get("name") for suite in suites] == [scenario["file"] for scenario in document["scenarios"]]
    cases = list(suites.iter("testcase"))
    assert len(cases) == sum(len(scenario.get("findings", ["wrong"])) for scenario in document["scenarios"])
    bad = [text for case in cases for text in (case.findtext("failure"), case.findtext("error")) if text]
    facts = [re.split(": (?:FAIL|INCONCLUSIVE)", text.splitlines()[0])[0] for text in bad]
    assert [" ".join(fact.split()) in words for fact in facts] == [True] * 5
    assert (suites.get("tests"), suites.get("failures"), suites.get("errors")) == (str(len(cases)), "3", "2")
