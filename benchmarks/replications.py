"""`python -m benchmarks.replications [COUNT]`: print how long it takes to store so many replications as they come, and
to read them back, and how many bytes one takes.

A few are run, and stored again and again under other numbers.
"""

import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from sim import Scenario, load_scenario, replicate
from sim.storage import earlier_replications, new_experiment, open_database, save_replications

_COUNT = 43_000
_RUN = 100  # replications
_BLOCK = 50  # replications that come at once


def measured(scenario: Scenario, count: int) -> str:
    """Store and read so many replications, and return what that takes."""
    results = list(replicate(scenario, _RUN).results)
    experiment = new_experiment("replicate", scenario)
    with TemporaryDirectory() as folder, open_database(f"file:{folder}/sim.db") as database:
        began = perf_counter()
        for start in range(0, count, _BLOCK):
            numbers = range(start, min(count, start + _BLOCK))
            block = [replace(results[number % _RUN], number=number + 1) for number in numbers]
            save_replications(database, scenario, scenario.seed, block, [], experiment)
        stored = perf_counter()
        assert len(earlier_replications(database, scenario, scenario.seed)) == count
        read = perf_counter()
        size = Path(folder, "sim.db").stat().st_size
    return f"stored in {stored - began:.1f} s, read in {read - stored:.1f} s, {size / count:,.0f} bytes each"


def main(count: int) -> None:
    """Measure replications without counts, and with those of two percentiles."""
    scenario = load_scenario("scenarios/lunch_rush.yaml")
    print(f"{count:,} replications of lunch_rush.yaml into a file, {_BLOCK} at a time")
    print(f"without counts: {measured(scenario, count)}")
    print(f"with two:       {measured(scenario.with_metrics(['wait.NORMAL.p98', 'flow.p90']), count)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else _COUNT)
