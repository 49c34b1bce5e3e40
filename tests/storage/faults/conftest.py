"""Fixtures of the tests of faults."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim import keep, load_scenario, run
from tests.helpers.databases import scenarios


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with scenarios in it, where every command of this file runs, and no settings of the environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("TURSO_DATABASE_URL", "TURSO_AUTH_TOKEN", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    scenarios(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the run of a small scenario."""
    return database_of("small", tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def large_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the run of a large scenario."""
    return database_of("large", tmp_path_factory.mktemp("large"))


def database_of(name: str, folder: Path) -> Path:
    scenarios(folder)
    keep(run(load_scenario(folder / f"{name}.yaml")), f"file:{folder / 'sim.db'}")
    return folder / "sim.db"


@pytest.fixture
def small_disk(folder: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A disk of one megabyte, or of the size that a test names."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={getattr(request, 'param', '1m')}", "tmpfs", str(disk)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a small disk cannot be mounted here; root may on Linux")
    scenarios(disk)
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)
