"""The guides to checks and to CI servers, followed word by word, with a wheel of this checkout."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.helpers import ROOT
from tests.helpers.campaigns import some
from tests.helpers.pages import pasted, typed
from tests.helpers.wheels import build_wheel, once

FILES = [ROOT / f"docs/{name}.md" for name in ("ci", "ci-servers")]
PAGE = "".join(file.read_text() for file in FILES)
BIN = Path(sys.executable).parent
pytest_plugins = ["pytester"]


def blocks(language: str, section: str = "") -> list[str]:
    page = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0] if section else PAGE
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


@pytest.fixture
def kitchen(tmp_path, monkeypatch):
    """A folder with the two scenarios that the page begins with."""
    for name in [name for name in os.environ if name.startswith(("TURSO_", "CI", "GITHUB_"))]:
        monkeypatch.delenv(name)
    folder = tmp_path / "kitchen"
    (folder / "scenarios").mkdir(parents=True)
    for text in blocks("yaml")[:2]:
        (folder / f"scenarios/{re.search('name: (.*)', text)[1]}.yaml").write_text(text)
    return folder


def shell(command, folder, **more):
    settings = {name: value for name, value in os.environ.items() if not name.startswith(("TURSO_", "PYTEST_", "CI"))}
    settings |= {"PATH": f"{BIN}:{os.environ['PATH']}", **more}
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=settings, capture_output=True, text=True, check=False
    )


def rewrite(file, old, new):
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def steps(section):
    """Return what a section shows on a console: each line that is typed, and what comes."""
    text = "".join(blocks("console", section))
    return re.findall(r"^\$ (.*)\n((?:[^$].*\n|\n)*)", text, re.MULTILINE)


@pytest.fixture
def inner(pytester, kitchen, monkeypatch):
    """Run pytest in the folder, but in this process, which it loads nothing in; return what it prints."""
    monkeypatch.chdir(kitchen)

    def run(line):
        program, *words = shlex.split(line)
        assert program == "pytest"
        return "".join(f"{line}\n" for line in pytester.runpytest_inprocess(*words).outlines)

    return run


def follow(section, folder, shows):
    """Do what a section of the first page shows; what comes must be what it shows."""
    shown, status = steps(section), 0
    for words, text in shown:
        if words == "echo $?":
            assert text == f"{status}\n"
            continue
        status, said = typed(words, folder)
        assert shows(FILES[0], f"$ {words}\n", text, said), f"$ {words}\n{said}"
    return len(shown)


def test_the_story_of_the_command(kitchen, shows):
    assert follow("sim check", kitchen, shows) == 4


def test_the_story_of_golden_logs(kitchen, shows):
    (store, stored), (check, differing), *_ = steps("Golden logs")
    assert shows(FILES[0], f"$ {store}\n", stored, typed(store, kitchen)[1])
    assert {file.name for file in (kitchen / "scenarios/golden").iterdir()} == {
        "removal.yaml.json",
        "removal.yaml.csv.gz",
    }
    rewrite(kitchen / "scenarios/removal.yaml", "{initial: 2}", "{initial: 2, on_remove: resume}")
    status, said = typed(check, kitchen)
    assert status == 1
    assert shows(FILES[0], f"$ {check}\n", differing, said)


def test_the_story_of_the_base(kitchen, shows):
    shutil.copytree(kitchen / "scenarios", kitchen / "base/scenarios")
    rewrite(kitchen / "scenarios/rush.yaml", "mean: 2m}", "mean: 2m10s}")
    assert follow("Compared with the base branch", kitchen, shows) == 1
    assert typed("sim check scenarios -k rush --against base --no-regressions", kitchen)[0] == 1


def test_the_story_of_pytest(kitchen, inner, shows):
    (kitchen / "pytest.ini").write_text(blocks("ini")[0])
    typed("sim check scenarios --update-golden", kitchen)
    *passing, (failing, traceless) = steps("pytest")
    for line, shown in passing:
        assert shows(FILES[1], f"$ {line}\n", shown, inner(line))
    (kitchen / "tests").mkdir()
    (kitchen / "tests/test_lunch.py").write_text(blocks("python")[0])
    assert "1 passed" in inner("pytest -q tests")
    rewrite(kitchen / "scenarios/rush.yaml", "peak_bots: 4", "peak_bots: 3")
    assert shows(FILES[1], f"$ {failing}\n", traceless, inner(failing))


def test_the_story_of_python(kitchen, shows):
    printed = pasted(blocks("python", "Python")[0], kitchen)
    assert shows(FILES[1], "prints\n\n```text\n", blocks("text", "Python")[0], printed)


@pytest.fixture
def settings(kitchen, tmp_path_factory):
    """A wheel of this checkout in the repository, and settings of pip that need no registry: dependencies are there."""
    shutil.copytree(once(tmp_path_factory, "wheel", build_wheel), kitchen / "wheels")
    return {
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_NO_COMPILE": "1",  # which takes longer than all else
        "PIP_IGNORE_INSTALLED": "1",  # PYTHONPATH, which brings the dependencies, has kitchensim too
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONPATH": sysconfig.get_path("purelib"),
    }


def gitlab():
    [text] = blocks("yaml", "GitLab")
    job = YAML(typ="safe").load(text)["scenarios"]
    assert job["artifacts"]["reports"]["junit"] == "report.xml"
    return "\n".join(job["script"])


def jenkins():
    return "\n".join(re.findall("sh '(.*)'", blocks("groovy", "Jenkins")[0]))


def any_shell():
    return blocks("sh", "Any shell")[0]


@pytest.fixture
def environment(kitchen):
    """An environment as the page has Jenkins make it, but for a pip of its own, which takes longer than all else."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], cwd=kitchen, check=True)
    pip = kitchen / ".venv/bin/pip"
    pip.write_text(f'#!/bin/sh\nexec {kitchen}/.venv/bin/python -m pip "$@"\n')
    pip.chmod(0o755)


@pytest.mark.usefixtures("environment")
def test_each_snippet_installs_the_wheel_and_passes_or_fails_as_the_scenarios_do(kitchen, settings):
    made, jenkins_script = jenkins().split("\n", 1)
    assert made == "python3 -m venv .venv"
    scripts = [jenkins_script, *(f". .venv/bin/activate\n{script}" for script in (gitlab(), any_shell()))]
    for script in some(scripts, 1):
        done = shell(f"set -e\n{script}", kitchen, **settings)
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "2 scenarios: 2 passed"), done.stderr
        assert len(list(kitchen.glob(".venv/lib/python*/site-packages/sim/__init__.py"))) == 1
    rewrite(kitchen / "scenarios/rush.yaml", "peak_bots: 4", "peak_bots: 3")
    for script in some(scripts, 1):
        (kitchen / "report.xml").unlink(missing_ok=True)
        check = "\n".join(line for line in script.splitlines() if "sim check" in line or "activate" in line)
        assert shell(check, kitchen, **settings).returncode == 1
        assert "--junit" not in check or "<failure" in (kitchen / "report.xml").read_text()
