"""What GitHub does with the project, as far as it can be tried without GitHub."""

import subprocess

import pytest
from ruamel.yaml import YAML

STAMPED = "[14:32:01] Order 1001 (NORMAL) PENDING\n"


@pytest.fixture
def steps(pytestconfig):
    workflow = YAML(typ="safe").load(pytestconfig.rootpath / ".github/workflows/backend-verify-result.yaml")
    return workflow["jobs"]["verify"]["steps"]


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
