"""The compiled engine as a program: when it is taken, how it comes to be compiled, and what happens without numba."""

import inspect
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numba.core.caching import UserProvidedCacheLocator

import sim.engines
import sim.output.terminal
from sim import load_scenario, replicate, run
from sim.engines import LONG, choose_engine, compiled
from sim.engines.compiled import jit
from sim.metrics import Measured, breaks_of, measure, new_pools, volume
from sim.model import Workloads
from sim.output.documents import metrics_document
from tests.helpers import ROOT
from tests.helpers.campaigns import some
from tests.helpers.commands import sim as sim_command
from tests.helpers.engines import METRICS, random_workload, same, same_log
from tests.helpers.waiting import PATIENCE, wait_for

pytestmark = pytest.mark.usefixtures("compiled_engine")

MM3 = ROOT / "benchmarks" / "mm3.yaml"
BARE = ["--no-save", "--no-charts"]
WITHOUT_NUMBA = (
    "import sys; sys.modules['numba'] = None; sys.argv[0] = 'sim'; import sim.output.terminal;"
    "sim.output.terminal._LONG = 0;"
    "from sim.__main__ import main; main()"
)  # where any time is long


def python(*args: str, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, *args]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False, env=environment)


def test_a_run_and_replications_are_the_same_in_either_engine():
    lunch = load_scenario(ROOT / "scenarios" / "lunch_rush.yaml")
    one, other = (run(lunch, engine=engine) for engine in ("reference", "compiled"))
    assert (one.engine, other.engine) == ("reference", "compiled")
    assert (one.fingerprint, one.measures.values) == (other.fingerprint, other.measures.values)
    these, those = (replicate(lunch, 20, engine=engine) for engine in ("reference", "compiled"))
    assert [(one.values, one.bounds, one.fingerprint, one.series.left_out) for one in these.results] == [
        (one.values, one.bounds, one.fingerprint, one.series.left_out) for one in those.results
    ]
    assert these.estimate("flow.VIP.p90") == those.estimate("flow.VIP.p90")
    assert {one.engine for one in those.results} == {"compiled"}


def test_a_warm_up_by_mser5_is_the_same_in_either_engine(scenario):
    steady = scenario(
        "seed: 2\nwarmup: mser5\nclock: {until: 10h}\nbots: {initial: 3}\nservice: {exponential: {mean: 1m}}\n"
        "arrivals: [{class: {VIP: 30%, NORMAL: 70%}, poisson: {rate: 2.5/m}}]\n"
    )
    these, those = (replicate(steady, 8, engine=engine).results for engine in ("reference", "compiled"))
    assert [(one.values, one.warmup) for one in these] == [(one.values, one.warmup) for one in those]
    assert any(one.warmup for one in these)


def test_replications_without_fingerprints_are_the_same_but_for_those():
    lunch = load_scenario(ROOT / "scenarios" / "lunch_rush.yaml")
    with_them, without = (replicate(lunch, 5, engine="compiled", fingerprints=asked) for asked in (True, False))
    assert [one.values for one in with_them.results] == [one.values for one in without.results]
    assert {one.fingerprint for one in without.results} == {None}


# Which engine


def test_days_that_are_run_and_measured_at_once_are_those_that_are_run_and_measured_alone():
    rng, breaks = np.random.default_rng(11), breaks_of(METRICS, np.arange(0, 41, 3), 30)
    days = [random_workload(rng) for _ in range(12)]
    days = [replace(day, horizon=60, rules=days[0].rules) for day in days]
    logs, outcomes = compiled.run_days(Workloads.join(days), True, breaks, 30)
    pools, pools_of_parts = new_pools(), new_pools()
    together = measure(METRICS, outcomes, True, volume, pools)
    parts = []
    for place, day in enumerate(days):
        log, alone = compiled.run_days(Workloads.join([day]), True, breaks, 30)
        assert same_log(logs[place], log[0])
        assert same(outcomes.day(place), alone.day(0))
        parts.append(measure(METRICS, alone, True, volume, pools_of_parts))
    assert np.array_equal(pools, pools_of_parts)
    apart = Measured.join(parts)
    assert same(together[:2], apart[:2])
    rows = np.arange(len(days))
    for name, counts in together.by_name(rows).items():
        others = apart.by_name(rows)[name]
        assert same((counts.places, counts.counts, counts.edges), (others.places, others.counts, others.edges))


def test_auto_takes_the_compiled_engine_for_long_work_once_it_is_compiled(tmp_path, monkeypatch):
    assert choose_engine("auto", LONG - 1) == "reference"
    assert choose_engine("auto", LONG) == "compiled"
    assert (choose_engine("reference", LONG), choose_engine("compiled", 1)) == ("reference", "compiled")
    monkeypatch.setattr(jit, "kept_mark", lambda: tmp_path / "not there")
    assert choose_engine("auto", LONG) == "reference"
    monkeypatch.setattr(jit, "kept_mark", lambda: None)
    assert choose_engine("auto", LONG) == "reference"


def test_what_is_written_of_a_run_does_not_depend_on_what_is_compiled(tmp_path, monkeypatch):
    lunch = load_scenario(ROOT / "scenarios" / "lunch_rush.yaml")
    monkeypatch.setattr(sim.engines, "LONG", 1)
    warm = run(lunch)
    monkeypatch.setattr(jit, "kept_mark", lambda: tmp_path / "not there")
    cold = run(lunch)
    assert metrics_document(warm) == metrics_document(cold)
    assert metrics_document(cold)["engine"] == "auto"


def test_a_large_experiment_begins_in_the_reference_engine_and_goes_on_in_the_compiled_one():
    done = replicate(load_scenario(MM3, orders=5_000), 80, fingerprints=False)
    engines = [one.engine for one in done.results]
    assert engines[0] == "reference"
    assert engines[-1] == "compiled"


# Few actions are long work here; and who compiles waits until that may be over.
LATE = """
import pathlib, sys, time
import sim.engines

sim.engines.LONG = 1_000
while "compile_now" in sys.orig_argv[-1] and not pathlib.Path(__file__).with_name("over").exists():
    time.sleep(0.05)
"""


def nearly_compiled(folder: Path) -> None:
    """Put into a folder what is compiled of the engine, but for a small part, in place of compiling all once more."""
    for function in (jit._nothing, volume.fill):
        cache = Path(function.stats.cache_path)
        place = folder / UserProvidedCacheLocator.get_suitable_cache_subpath(inspect.getfile(function.py_func))
        shutil.copytree(cache, place, ignore=shutil.ignore_patterns("*.pyc", "*.mark", "*durations_of*"))


def test_newcomers_do_not_wait_nor_disturb_each_other_and_the_next_experiment_finds_the_engine_compiled(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(LATE)
    nearly_compiled(tmp_path)
    settings = {"NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    words = ["-m", "sim", "replicate", str(MM3), "--set", "orders=100", "-n", "70", *BARE, "--no-files"]
    with ThreadPoolExecutor(2) as pool:
        cold = list(pool.map(lambda _: python(*words, **settings), some(range(2), 1)))
    assert not list(tmp_path.rglob("*.mark"))
    (tmp_path / "over").touch()
    wait_for(lambda: list(tmp_path.rglob("*.mark")))
    warm = python(*words, **settings)
    for done in (*cold, warm):
        assert (done.returncode, done.stdout, done.stderr) == (0, warm.stdout, "")


def test_compiled_functions_name_what_they_call_so_that_its_change_compiles_them_anew():
    compiled_functions = [
        value.py_func
        for name, module in list(sys.modules.items())
        if name.startswith("sim.")
        for value in vars(module).values()
        if hasattr(value, "py_func")
    ]
    assert compiled.days.simulate_days.py_func in compiled_functions
    for function in compiled_functions:
        named = {name for name in function.__code__.co_names if inspect.ismodule(function.__globals__.get(name))}
        assert named <= {"np"}, f"{function.__qualname__} calls functions of {named - {'np'}}"


def test_where_nothing_can_be_kept_it_is_compiled_each_time_and_auto_leaves_it_alone():
    code = (
        "from numba.core import caching; caching.CacheImpl._locator_classes = [];"
        "from sim.engines import LONG, choose_engine; from sim.engines.compiled import jit;"
        "print(jit.kept_mark(), choose_engine('auto', LONG))"
    )
    assert python("-c", code).stdout == "None reference\n"


# Without numba


def test_without_numba_the_same_source_runs_as_plain_python():
    code = (
        "import sys, warnings; sys.modules['numba'] = None; warnings.simplefilter('error');"
        "import numpy as np; from sim.engines.compiled import jit;"
        "from tests.helpers.engines import both_say_the_same, random_workload;"
        "assert jit.numba is None; rng = np.random.default_rng(3);"
        "workloads = [random_workload(rng) for _ in range(25)];"
        "print(all(both_say_the_same(w, w.horizon and int(rng.integers(w.horizon)), 3) for w in workloads))"
    )
    done = python("-c", code)
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_without_numba_short_work_has_no_line_about_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    assert sim_command("replicate", str(MM3), "--set", "orders=20", "-n", "2", *BARE, "--no-files").stderr == ""


def test_without_numba_one_line_says_what_would_be_faster(monkeypatch):
    command = ("replicate", str(MM3), "--set", "orders=20", *BARE, "--no-files")
    chosen = python("-c", WITHOUT_NUMBA, *command, "-n", "1", "--engine", "compiled")
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.setattr(sim.output.terminal, "_LONG", 0)
    auto = sim_command(*command, "-n", "25", "--engine", "auto")
    line = "sim: with numba this would be many times faster; pip install '.[fast]' in a checkout of kitchensim\n"
    assert [(done.returncode, done.stderr) for done in (chosen, auto)] == [(0, line)] * 2
