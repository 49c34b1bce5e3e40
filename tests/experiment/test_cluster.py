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
from multiprocessing import get_context
from pathlib import Path
from threading import Thread

import pytest

from sim import replicate
from sim.experiment import cluster as dask
from sim.experiment.compiling import compile_now
from tests.helpers.campaigns import some
from tests.helpers.commands import LONG_TIME, on_terminal, plain, screen, sim, write
from tests.helpers.crews import KITCHEN as CREW
from tests.helpers.crews import LONG, VERDICTS, stored
from tests.helpers.experiments import PLAN, said
from tests.helpers.experiments import SHIFT as KITCHEN
from tests.helpers.pressing import at_block, ctrl_c, run_whole
from tests.helpers.processes import SIGNS, session, signs
from tests.helpers.server import read_file
from tests.helpers.waiting import PATIENCE, wait_for

BARE = ("--no-save", "--no-charts")
SLOW = ("replicate", "long.yaml", "--no-charts", "--engine", "reference")
KEPT = "SELECT replication, seed, fingerprint, warmup_us, bounds, counts, status FROM runs ORDER BY 1"


@pytest.fixture(scope="module")
def cluster():
    """A scheduler and two workers in this process, which others reach by its address."""
    from distributed import LocalCluster  # here, or each worker of xdist would load it for nothing

    options = {"protocol": "tcp", "host": "127.0.0.1", "dashboard_address": ":0", "memory_limit": 0}
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=False, **options) as local:
        yield local


def client_at(address: str):
    from distributed import Client

    return Client(address, set_as_default=False)


def is_free(cluster) -> bool:
    """Whether nobody works and nothing is left to do."""
    return not cluster.scheduler.tasks and not any(worker.processing for worker in cluster.scheduler.workers.values())


@pytest.fixture(autouse=True)
def folder(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with some scenarios in it, where every command of this file runs."""
    monkeypatch.setenv("TERM", "xterm")
    write("kitchen.yaml", CREW)
    write("verdicts.yaml", CREW + VERDICTS.replace("bot: 4", "bot: 3"))
    write("crews.yaml", CREW + "sweep: {crew: [3, 4]}\n")
    write("long.yaml", LONG.replace("SPAN", "2m"))
    return elsewhere


# The same numbers


def test_the_numbers_are_the_same_whoever_computes_them(scenario, cluster):
    kitchen = scenario(KITCHEN)
    compile_now()
    with (
        ThreadPoolExecutor(2) as threads,
        ProcessPoolExecutor(1, get_context("spawn")) as processes,
        client_at(cluster.scheduler_address) as client,
    ):
        dask_client = client.get_executor(pure=False)
        for engine, executors in (("reference", (dask_client, threads, processes)), ("compiled", (dask_client,))):
            alone = replicate(kitchen, 12, engine=engine)
            for executor in executors:
                shared = replicate(kitchen, 12, engine=engine, executor=executor)
                assert said(shared) == said(alone)
                assert {one.engine for one in shared.results} == {engine}
                for metric in ("wait.VIP.p95", "flow.p99"):
                    assert shared.estimate(metric) == alone.estimate(metric) is not None


def test_where_it_stops_depends_on_no_cluster_and_what_is_too_much_is_taken_back(scenario, cluster):
    kitchen = scenario(KITCHEN + PLAN)
    with client_at(cluster.scheduler_address) as client:
        assert said(replicate(kitchen, executor=client.get_executor(pure=False))) == said(replicate(kitchen))
        wait_for(lambda: is_free(cluster))


@pytest.mark.parametrize(
    ("words", "status"),
    some(
        [
            ("replicate kitchen.yaml -n 9 --no-charts", 0),
            ("check verdicts.yaml -n 9", 1),
            ("sweep crews.yaml -n 4 --no-charts", 0),
        ],
        2,
    ),
)
def test_a_cluster_changes_nothing_of_what_is_printed_and_stored(cluster, words, status):
    shared = sim(*words.split(), "--db", "file:shared.db", "--dask", cluster.scheduler_address, status=status)
    alone = sim(*words.split(), "--db", "file:alone.db", status=status)
    assert (shared.stdout, shared.stderr) == (alone.stdout, "")
    assert read_file("shared.db", KEPT) == read_file("alone.db", KEPT)
    values = "SELECT parameters, replication, name, value FROM metrics JOIN runs ON runs.id = run_id ORDER BY 1, 2, 3"
    assert read_file("shared.db", values) == read_file("alone.db", values) != []


def test_a_bar_shows_how_far_a_cluster_is_until_ctrl_c_ends_it_with_one_line(cluster):
    options = (*SLOW, "-n", "1000000", "--no-save", "--dask", cluster.scheduler_address)
    with on_terminal(*options, status=130, code=LONG_TIME) as (process, written):
        text = ""
        while not re.search(r"replications .* \d+% (-|\d+):", plain(text)):
            text += next(written)
        process.send_signal(signal.SIGINT)
        text += "".join(written)
    assert screen(text) == ["sim: interrupted; nothing is kept", ""]


# Who goes away in the middle


def test_ctrl_c_keeps_what_a_cluster_finished_and_sets_it_free(cluster):
    with ctrl_c() as key, at_block(3, key.press):
        status, out, line = run_whole(*SLOW, "-n", "2000", "--dask", cluster.scheduler_address)
    assert (status, out) == (130, "")
    kept = re.fullmatch(r"sim: interrupted; (\d+) finished replications are stored; the same command continues\n", line)
    assert kept, line
    count = int(kept[1])
    assert stored() == list(range(1, count + 1))
    wait_for(lambda: is_free(cluster))
    sim(*SLOW, "--dask", cluster.scheduler_address, "-n", str(count + 2))
    assert stored() == list(range(1, count + 3))


SCHEDULER = """
import asyncio, sys
from distributed import Scheduler, Worker

async def serve():
    own = {"host": "127.0.0.1", "dashboard_address": ":0"}
    async with Scheduler(port=0, dashboard=False, scheduler_file=sys.argv[1], **own) as scheduler:
        async with Worker(scheduler.address, nthreads=1, memory_limit=0, dashboard=False, **own):
            await scheduler.finished()

asyncio.run(serve())
"""
WORKER = ("-m", "distributed.cli.dask_worker", "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny")


@pytest.fixture
def processes(tmp_path) -> Iterator[dict[str, subprocess.Popen]]:
    """A scheduler with a worker, and another worker, in two processes of their own: to load dask takes a second."""
    file = tmp_path / "scheduler.json"
    options = ("--memory-limit", "0", "--death-timeout", "60", "--dashboard-address", ":0", "--no-dashboard")
    with ExitStack() as stack:
        log = stack.enter_context((tmp_path / "log").open("wb"))

        def begin(*words: str) -> subprocess.Popen:
            command = [sys.executable, *words]
            process = stack.enter_context(subprocess.Popen(command, stdout=log, stderr=log, cwd=tmp_path))
            stack.callback(process.kill)
            return process

        scheduler = begin("-c", SCHEDULER, str(file))
        worker = begin(*WORKER, *options, "--scheduler-file", str(file), "--local-directory", str(tmp_path))
        wait_for(lambda: file.exists() and file.read_text().endswith("}"))
        address = json.loads(file.read_text())["address"]
        with client_at(address) as client:
            wait_for(lambda: len(client.scheduler_info(n_workers=-1)["workers"]) == 2)
        yield {"scheduler": scheduler, "worker": worker, "address": address}


def test_a_worker_and_then_the_scheduler_of_a_cluster_die(processes):
    """A worker costs time and no result; of the scheduler there is one line, and what was finished is kept."""
    address = processes["address"]
    with at_block(2, processes["worker"].kill):
        status, out, line = run_whole(*SLOW, "--no-save", "-n", "24", "--dask", address)
    assert (status, line) == (0, "")
    assert out == sim(*SLOW, "--no-save", "-n", "24").stdout

    with session(*SLOW, "--dask", address, "-n", "1000000", code=SIGNS) as process:
        wait_for(lambda: signs("finished") >= 3)
        processes["scheduler"].kill()
        out, line = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (2, "")
    assert re.fullmatch(rf"cluster {re.escape(address)}: is lost .*\n", line), line
    count = len(stored())
    assert stored() == list(range(1, count + 1)) != []
    sim(*SLOW, "-n", str(count + 2))
    assert stored() == list(range(1, count + 3))


AT_ONCE = """
from sim.storage import keeping
assert keeping._FLUSH == 5
keeping._FLUSH = 0
from sim.__main__ import main; main()
"""


def test_finished_work_is_saved_as_it_comes():
    def saved() -> list:
        with suppress(sqlite3.OperationalError):  # there is no table yet
            return stored() if Path("sim.db").exists() else []
        return []

    with session(*SLOW, "-n", "1000000", code=AT_ONCE) as process:
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


def test_where_no_cluster_is_it_takes_one_line_and_not_long(monkeypatch):
    assert dask._SECONDS == 10
    monkeypatch.setattr(dask, "_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent, ExitStack() as stack:
        addresses = ["127.0.0.1:1", f"127.0.0.1:{silent.getsockname()[1]}", "nonsense", "http://127.0.0.1:1"]
        addresses += [stack.enter_context(answering(content)) for content in ANSWERS]
        for address in addresses:
            status, out, line = run_whole("replicate", "kitchen.yaml", *BARE, "--no-files", "--dask", address)
            assert (status, out) == (2, "")
            assert re.fullmatch(rf"cluster {address}: cannot be reached \(.+\); .+\n", line), line


def test_ctrl_c_does_not_wait_for_a_cluster_that_is_not_there():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with session("replicate", "kitchen.yaml", *BARE, "--dask", address) as process, silent.accept()[0]:
            os.killpg(process.pid, signal.SIGINT)
            out, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, errors) == (130, "", "sim: interrupted; nothing is kept\n")


def test_without_dask_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    errors = sim("replicate", "kitchen.yaml", *BARE, "--dask", "127.0.0.1:1", status=2).stderr
    assert errors == "cluster 127.0.0.1:1: needs dask; pip install '.[distributed]' in a checkout of kitchensim\n"
