"""The README, word by word: what it shows is what comes when it is pasted."""

import os
import re
import shutil
import subprocess

import pytest

from tests.helpers.pages import pasted, typed


@pytest.fixture
def readme(pytestconfig):
    return (pytestconfig.rootpath / "README.md").read_text(encoding="utf-8")


def block(readme: str, language: str) -> str:
    return re.search(rf"```{language}\n(.*?)```", readme, re.DOTALL)[1]


def test_a_question_for_lunch_gets_the_answer_that_is_shown(readme, pytestconfig, elsewhere, shows):
    text = block(readme, "yaml")
    assert len(text.splitlines()) == 10
    (elsewhere / "lunch.yaml").write_text(text)
    activated, *commands = re.findall(r"^\$ (.*)\n((?:[^`$].*\n)*)", block(readme, "console"), re.MULTILINE)
    assert activated == ("source .venv/bin/activate", "")
    for words, shown in commands:
        status, said = typed(words, elsewhere, "--no-charts")
        assert status == 0
        assert shows(pytestconfig.rootpath / "README.md", f"$ {words}\n", shown, said), said
    assert (elsewhere / "out/lunch-staffed/result.txt").exists()
    assert (elsewhere / "out/lunch-staffed/page.html").exists()
    assert (elsewhere / "sim.db").exists()


def test_the_python_lines_work(readme, pytestconfig, elsewhere):
    shutil.copytree(pytestconfig.rootpath / "scenarios", elsewhere / "scenarios")
    assert "NORMAL" in pasted(block(readme, "python"), elsewhere)
    assert (elsewhere / "waits.png").exists()


def test_the_five_lines_for_turso_lead_to_a_server_that_asks_for_a_token(readme, token_server, elsewhere):
    lines = re.search(r"## Runs on Turso.*?```sh\n(.*?)```", readme, re.DOTALL)[1]
    assert len(lines.splitlines()) == 5
    turso = elsewhere / "turso"  # stands in for Turso's own command
    turso.write_text(
        f'#!/bin/sh\ncase "$*" in *--url) echo {token_server.url};; *) echo {token_server.token()};; esac\n'
    )
    turso.chmod(0o755)
    (elsewhere / "lunch.yaml").write_text(block(readme, "yaml"))
    printed = []
    for line in ("sim run lunch.yaml --no-charts", *lines.splitlines(), "sim run lunch.yaml --no-charts"):
        if line.startswith("sim "):
            status, said = typed(line, elsewhere)
        else:
            path = {"PATH": f"{elsewhere}:{os.environ['PATH']}"}
            status, said = subprocess.run(["sh", "-c", line], env=path, check=False).returncode, ""
        assert status == 0, said
        printed.append(said)
    _, *setting, tried, pushed, _ = printed
    assert setting == [""] * 3
    assert "read back the same, and removed" in tried
    assert "1 run pushed" in pushed
    assert token_server.read("SELECT count(*), min(status) FROM runs") == [(2, "complete")]


def test_it_says_what_could_not_be_tested_and_how_to(readme):
    words = " ".join(readme.split())
    assert "could not be reached from where this was built, so it is **untested there**" in words
    assert "tries yours is `sim db check --write`" in words


def test_it_starts_with_a_picture_the_two_commands_and_a_scenario(readme):
    places = [readme.index(part) for part in ("![", "./scripts/run.sh", "./scripts/test.sh", "scenario: 1")]
    assert places == sorted(places)
