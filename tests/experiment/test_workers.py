"""Workers: threads for compiled code, else processes. They take no code from a folder, say why they die, and end with
their parent.
"""

import os
import re
import signal
import subprocess
import sys
from contextlib import closing
from functools import partial
from itertools import count
from pathlib import Path
from threading import Barrier

import pytest

from sim import SimulationError, load_scenario, replicate
from sim.experiment import compiling, replicating, workers
from sim.experiment.observing import observe
from sim.experiment.workers import Workers, python_command
from tests.helpers import ROOT
from tests.helpers.campaigns import some
from tests.helpers.commands import write
from tests.helpers.crews import KITCHEN, LONG
from tests.helpers.processes import SIGNS, family, session, signs
from tests.helpers.waiting import PATIENCE, wait_for

COMMANDS = {"python -m sim": [sys.executable, "-m", "sim"], "sim": [str(Path(sys.executable).with_name("sim"))]}


HALF = "import os, pickle; os.write(1, pickle.dumps(bytes(99))[:50])"


def test_an_answer_that_the_end_of_its_worker_cuts_off_is_asked_for_again(monkeypatch):
    commands = [python_command("from sim.experiment.workers import serve; serve()"), python_command(HALF)]
    monkeypatch.setattr(workers, "python_command", lambda _: commands.pop())
    with closing(Workers(2)) as processes:
        assert processes.submit(dict).result() == {}
    assert commands == []


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (["./no-python"], "a worker process cannot be started (No such file or directory)"),
        (python_command("import numpi"), "died again and again (exit status 1: ModuleNotFoundError: No module named"),
        (python_command("import os; os.kill(os.getpid(), 15)"), "died again and again (killed by SIGTERM)"),
        (python_command("import os; os.kill(os.getpid(), 9)"), "(killed by SIGKILL, perhaps for lack of memory)"),
    ],
)
def test_workers_that_cannot_start_say_why(command, reason, monkeypatch):
    monkeypatch.setattr(workers, "python_command", lambda _: command)
    with closing(Workers(1)) as processes, pytest.raises(SimulationError, match=re.escape(reason)):
        processes.submit(dict).result()


@pytest.mark.usefixtures("forked_workers")
def test_what_a_call_raises_in_a_worker_is_raised_here_and_says_where_it_was_there():
    with closing(Workers(1)) as processes, pytest.raises(ValueError, match="invalid literal") as raised:
        processes.submit(partial(int, "x")).result()
    assert "in serve" in raised.value.__notes__[0]


def test_threads_share_the_work_of_the_compiled_engine_and_nobody_starts_a_process(monkeypatch):
    rush, at_once, calls = load_scenario(ROOT / "scenarios" / "lunch_rush.yaml"), Barrier(2), count()

    def observe_at_once(*args, **keywords):
        if next(calls) in (1, 2):  # the first call is made by who asks: it may compile, and Ctrl-C is heard there
            at_once.wait(PATIENCE)
        return observe(*args, **keywords)

    monkeypatch.setattr(replicating, "observe", observe_at_once)
    monkeypatch.setattr(workers, "python_command", None)
    shared = replicate(rush, 7, jobs=2, engine="compiled")
    alone = replicate(rush, 7)
    assert [run.fingerprint for run in shared.results] == [run.fingerprint for run in alone.results]
    assert shared.to_frame().equals(alone.to_frame())


def test_a_script_needs_no_main_guard(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import sim\n"
        f"rush = sim.load_scenario({str(ROOT / 'scenarios' / 'lunch_rush.yaml')!r})\n"
        "print(sim.replicate(rush, times=12, jobs=2))\n"
    )
    program = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (program.stderr, program.stdout) == ("", "<Replications lunch-rush, seed 20260101, 12 replications>\n")


# Code of the current folder


@pytest.mark.parametrize("command", some([*COMMANDS], 1))
def test_modules_of_the_current_folder_are_data(command, elsewhere):
    """Neither a pull request's own `signal.py` nor somebody's innocent `queue.py` is run."""
    for name in ("signal", "queue", "numpy", "pickle", "numba", "simpy", "threading", "sitecustomize"):
        write(f"{name}.py", f"open({str(elsewhere / 'PWNED')!r}, 'a').write('{name} ')\n")
    write("kitchen.yaml", KITCHEN)
    words = ["replicate", "kitchen.yaml", "-n", "4", "--jobs", "2", "--no-save", "--no-charts"]
    program = subprocess.run(
        [*COMMANDS[command], *words], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (program.returncode, program.stderr) == (0, "")
    assert not Path("PWNED").exists()


def test_compiling_in_the_background_takes_no_module_from_the_current_folder(elsewhere, monkeypatch):
    commands = []
    with monkeypatch.context() as patch:
        patch.setattr(compiling.subprocess, "Popen", lambda command, **_: commands.append(command))
        compiling._begin.__wrapped__()
    monkeypatch.chdir(elsewhere)
    write("numpy.py", "raise SystemExit('the numpy of the current folder')")
    *python, code = commands[0]
    load = [*python, code.replace("compile_now()", "print('loaded')")]
    assert subprocess.run(load, capture_output=True, check=True).stdout == b"loaded\n"


def test_compiled_code_does_not_come_from_a_folder_that_a_file_of_the_current_one_names(elsewhere):
    write(".numba_config.yaml", f"cache_dir: {elsewhere}/theirs\n")
    code = "import yaml; from sim.engines.compiled import jit; print(jit.kept_mark())"
    mark = subprocess.run(python_command(code), capture_output=True, text=True, check=True).stdout
    assert mark.endswith(".mark\n")
    assert not mark.startswith(str(elsewhere))


# The end of their parent


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks Linux who is there")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.usefixtures("elsewhere", "forked_workers")
def test_workers_end_with_their_parent_however_that_ends(number):
    write("long.yaml", LONG.replace("SPAN", "20h"))
    with session("replicate", "long.yaml", "--no-save", "--no-charts", "--jobs", "2", code=SIGNS) as process:
        wait_for(lambda: signs("simulates") == 2)
        os.kill(process.pid, number)
        _, errors = process.communicate(timeout=PATIENCE)
        wait_for(lambda: not family(process.pid))
    if number == signal.SIGKILL:
        assert (process.returncode, errors) == (-number, "")
    else:
        assert (process.returncode, errors) == (128 + number, "sim: terminated; nothing is kept\n")
