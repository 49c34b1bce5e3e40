"""Other people's workers: any Executor, and a real dask cluster that loses workers, its scheduler or its user."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from threading import Thread
from typing import Self

import pytest
from distributed import Client

from sim import replicate
from sim.experiment.compiling import compile_now
from sim.model import OrderClass
from tests.helpers.commands import on_terminal, plain, screen, sim, sim_process, write
from tests.helpers.crews import KITCHEN as CREW
from tests.helpers.crews import LONG, VERDICTS, stored
from tests.helpers.experiments import PLAN, said
from tests.helpers.experiments import SHIFT as KITCHEN
from tests.helpers.processes import computed, family, session, wait_for
from tests.helpers.server import read_file

BARE = ("--no-save", "--no-charts")
SLOW = ("replicate", "long.yaml", "--no-charts", "--engine", "reference")
KEPT = "SELECT replication, seed, fingerprint, warmup_us, worst_waits, status FROM runs ORDER BY 1"

linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks Linux how much a process computed")


class Cluster:
    """A scheduler and two workers on this machine, processes of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "scheduler.json"
        self.scheduler: subprocess.Popen | None = None
        self.workers: list[subprocess.Popen] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self.scheduler, *self.workers):
            if process:
                process.kill()
                process.wait()

    @property
    def address(self) -> str:
        return json.loads(self._file.read_text())["address"]

    def client(self) -> Client:
        return Client(self.address, set_as_default=False)

    def start(self) -> None:
        """Start what does not run."""
        if not self.scheduler or self.scheduler.poll() is not None:
            self.__exit__()
            self._file.unlink(missing_ok=True)
            self.scheduler = self._started("scheduler", "--port", "0", "--idle-timeout", "5 minutes")
            wait_for(lambda: self._file.exists() and self._file.read_text().endswith("}"))
        self.workers = [one for one in self.workers if one.poll() is None]
        while len(self.workers) < 2:
            alone = ("--nthreads", "1", "--no-nanny", "--memory-limit", "0", "--death-timeout", "20")
            self.workers.append(self._started("worker", *alone, "--local-directory", str(self._folder)))
        with self.client() as client:
            wait_for(lambda: len(client.scheduler_info(n_workers=-1)["workers"]) == 2)
            client.run(import_module, "sim")

    def _started(self, what: str, *options: str) -> subprocess.Popen:
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", "--host", "127.0.0.1", *options]
        command += ["--scheduler-file", str(self._file), "--dashboard-address", ":0", "--no-dashboard"]
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder)

    def is_free(self) -> bool:
        """Whether nobody works and nothing is left to do."""
        with self.client() as client:
            tasks = client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks))
            return not tasks and not any(client.processing().values())


@pytest.fixture(scope="module")
def those_of_the_module(tmp_path_factory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture
def cluster(those_of_the_module) -> Cluster:
    those_of_the_module.start()
    return those_of_the_module


@pytest.fixture(autouse=True)
def folder(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with some scenarios in it, where every command of this file runs."""
    monkeypatch.setenv("TERM", "xterm")
    write("kitchen.yaml", CREW)
    write("verdicts.yaml", CREW + VERDICTS.replace("bot: 4", "bot: 3"))
    write("crews.yaml", CREW + "sweep: {crew: [3, 4]}\n")
    write("long.yaml", LONG.replace("SPAN", "10m"))
    return elsewhere


# The same numbers


def test_the_numbers_are_the_same_whoever_computes_them(scenario, cluster):
    kitchen = scenario(KITCHEN)
    compile_now()
    with (
        ThreadPoolExecutor(2) as threads,
        ProcessPoolExecutor(1, get_context("spawn")) as processes,
        cluster.client() as client,
    ):
        for engine in ("reference", "compiled"):
            alone = replicate(kitchen, 40, engine=engine)
            for executor in (None, threads, processes, client.get_executor()):
                shared = replicate(kitchen, 40, jobs=2, engine=engine, executor=executor)
                assert said(shared) == said(alone)
                assert {one.engine for one in shared.results} == {engine}
                for order_class in OrderClass:
                    assert shared.all_orders(order_class) == alone.all_orders(order_class) is not None


def test_where_it_stops_depends_on_no_cluster_and_what_is_too_much_is_taken_back(scenario, cluster):
    kitchen = scenario(KITCHEN + PLAN)
    with cluster.client() as client:
        assert said(replicate(kitchen, executor=client.get_executor())) == said(replicate(kitchen))
        wait_for(cluster.is_free, 30)


@pytest.mark.parametrize(
    ("words", "status"),
    [("replicate kitchen.yaml --no-charts", 0), ("check verdicts.yaml", 1), ("sweep crews.yaml --no-charts", 0)],
)
def test_a_cluster_changes_nothing_of_what_is_printed_and_stored(cluster, words, status):
    shared = sim_process(*words.split(), "--db", "file:shared.db", "--dask", cluster.address, status=status)
    alone = sim(*words.split(), "--db", "file:alone.db", status=status)
    assert (shared.stdout, shared.stderr) == (alone.stdout, "")
    assert read_file("shared.db", KEPT) == read_file("alone.db", KEPT)
    values = "SELECT parameters, replication, name, value FROM metrics JOIN runs ON runs.id = run_id ORDER BY 1, 2, 3"
    assert read_file("shared.db", values) == read_file("alone.db", values) != []


def test_a_bar_shows_how_far_a_cluster_is_until_ctrl_c_ends_it_with_one_line(cluster):
    options = (*SLOW, "-n", "2000", "--no-save", "--dask", cluster.address)
    with on_terminal(*options, status=130) as (process, written):
        text = ""
        while not re.search(r"replications .* \d+% 0:\d\d:\d\d", plain(text)):
            text += next(written)
        process.send_signal(signal.SIGINT)
        text += "".join(written)
    assert screen(text) == ["sim: interrupted; nothing is kept", ""]


# Who goes away in the middle


@contextmanager
def at_work(cluster: Cluster, seconds: float, *options: str) -> Iterator[subprocess.Popen]:
    """Start a long experiment, and yield it when both workers have computed for so long."""
    before = {one.pid: computed(one.pid) for one in cluster.workers}
    with session(*SLOW, "--dask", cluster.address, *options) as process:
        wait_for(lambda: all(computed(pid) - earlier > seconds for pid, earlier in before.items()))
        yield process


@linux
def test_a_worker_of_a_cluster_that_dies_costs_time_and_no_result(cluster):
    with at_work(cluster, 0.3, "--no-save", "-n", "100") as process:
        cluster.workers[0].kill()
        out, errors = process.communicate(timeout=60)
    assert (errors, process.returncode) == ("", 0)
    assert out == sim(*SLOW, "--no-save", "-n", "100").stdout


@linux
def test_ctrl_c_keeps_what_a_cluster_finished_and_sets_it_free(cluster):
    with at_work(cluster, 1, "-n", "2000") as process:
        os.killpg(process.pid, signal.SIGINT)
        out, errors = process.communicate(timeout=20)
        wait_for(lambda: not family(process.pid), 30)
    assert (process.returncode, out) == (130, "")
    kept = re.fullmatch(r"sim: interrupted; (\d+) finished replications are kept, the same command goes on\n", errors)
    assert kept, errors
    count = int(kept[1])
    assert stored() == list(range(1, count + 1))
    wait_for(cluster.is_free, 30)
    sim(*SLOW, "--dask", cluster.address, "-n", str(count + 2))
    assert stored() == list(range(1, count + 3))


@linux
def test_a_scheduler_that_dies_is_one_line_and_what_was_finished_is_kept(cluster):
    address = cluster.address
    with at_work(cluster, 1, "-n", "2000") as process:
        cluster.scheduler.kill()
        out, errors = process.communicate(timeout=20)
    assert (process.returncode, out) == (2, "")
    assert re.fullmatch(rf"cluster {re.escape(address)}: is lost .*\n", errors), errors
    count = len(stored())
    assert stored() == list(range(1, count + 1)) != []
    sim(*SLOW, "-n", str(count + 2))
    assert stored() == list(range(1, count + 3))


def test_finished_work_is_saved_as_it_comes():
    def saved() -> list:
        with suppress(sqlite3.OperationalError):  # there is no table yet
            return stored() if Path("sim.db").exists() else []
        return []

    with session(*SLOW, "-n", "2000") as process:
        wait_for(saved)
        process.kill()
    count = len(stored())
    assert stored() == list(range(1, count + 1)) != []
    sim(*SLOW, "-n", str(count + 2))
    assert stored() == list(range(1, count + 3))


# No cluster


@contextmanager
def answering(content: bytes) -> Iterator[str]:
    """A server that answers each connection with this, and is no scheduler; its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with suppress(OSError):  # the server is closed
                while True:
                    connection, _ = server.accept()
                    with connection, suppress(OSError):
                        connection.sendall(content)

        Thread(target=answer, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


ANSWERS = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    (2**62).to_bytes(8, "little") * 10,
    bytes(3000),
    b"",
)


def test_where_no_cluster_is_it_takes_one_line_and_not_long():
    with socket.create_server(("127.0.0.1", 0)) as silent, ExitStack() as stack:
        addresses = ["127.0.0.1:1", f"127.0.0.1:{silent.getsockname()[1]}", "nonsense", "http://127.0.0.1:1"]
        addresses += [stack.enter_context(answering(content)) for content in ANSWERS]
        started = [
            (address, stack.enter_context(session("replicate", "kitchen.yaml", *BARE, "--no-files", "--dask", address)))
            for address in addresses
        ]
        wait_for(lambda: all(process.poll() is not None for _, process in started), 60)
        for address, process in started:
            out, errors = process.communicate()
            assert (process.returncode, out) == (2, "")
            assert re.fullmatch(rf"cluster {address}: cannot be reached \(.+\); .+\n", errors), errors


def test_ctrl_c_does_not_wait_for_a_cluster_that_is_not_there():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with session("replicate", "kitchen.yaml", *BARE, "--dask", address) as process, silent.accept()[0]:
            os.killpg(process.pid, signal.SIGINT)
            out, errors = process.communicate(timeout=5)
    assert (process.returncode, out, errors) == (130, "", "sim: interrupted; nothing is kept\n")


def test_without_dask_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    errors = sim("replicate", "kitchen.yaml", *BARE, "--dask", "127.0.0.1:1", status=2).stderr
    assert errors == "cluster 127.0.0.1:1: needs dask; pip install '.[distributed]' in a checkout of kitchensim\n"
