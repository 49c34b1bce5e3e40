"""The README, word by word: what it shows is what comes when it is pasted."""

import re
import shutil
import subprocess
import sys

import pytest


@pytest.fixture
def readme(pytestconfig):
    return (pytestconfig.rootpath / "README.md").read_text(encoding="utf-8")


def block(readme: str, language: str) -> str:
    return re.search(rf"```{language}\n(.*?)```", readme, re.DOTALL)[1]


def test_the_scenario_of_ten_lines_gives_the_result_that_is_shown(readme, tmp_path):
    text = block(readme, "yaml")
    assert len(text.splitlines()) == 10
    (tmp_path / "first.yaml").write_text(text)
    command = [sys.executable, "-m", "sim", "run", "first.yaml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "out/first/result.txt").read_text().startswith(block(readme, "text"))
    assert len(list((tmp_path / "out/first/charts").iterdir())) == 3
    assert (tmp_path / "sim.db").exists()


def test_the_python_lines_work(readme, pytestconfig, tmp_path):
    shutil.copytree(pytestconfig.rootpath / "scenarios", tmp_path / "scenarios")
    done = subprocess.run(
        [sys.executable, "-c", block(readme, "python")], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "NORMAL" in done.stdout
    assert (tmp_path / "waits.png").exists()


def test_it_starts_with_a_picture_the_two_commands_and_a_scenario(readme):
    places = [readme.index(part) for part in ("![", "./scripts/run.sh", "./scripts/test.sh", "scenario: 1")]
    assert places == sorted(places)
