"""`python -m benchmarks [--quick]`: print how fast the engines and the command are beside other tools and plain C.

Ratios compare medians of runs that alternate in one go, each in a fresh process.
"""

import argparse
import sys
from importlib.util import find_spec

from benchmarks.common import python, versions
from benchmarks.queues import compare_queues
from benchmarks.startup import compare_start_up
from benchmarks.volume import LONGEST, compare_days, compare_scaling, print_memory
from benchmarks.world import compare_world

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer orders, restaurants and repeats")
    quick = parser.parse_args().quick
    sys.stdout.reconfigure(line_buffering=True)
    print(versions())
    python("-c", "from sim.experiment.compiling import compile_now; compile_now()")
    compare_queues(*(50_000, 5) if quick else (200_000, 9))
    if find_spec("numba"):
        compare_days(5 if quick else 9)
        compare_scaling(2_000_000 if quick else LONGEST, 5 if quick else 9)
        print_memory(2_000_000 if quick else LONGEST, 5)
        compare_world(5, 2_000 if quick else None)
    else:
        print("\nvolume is left out, since numba is not installed: pip install '.[fast]'")
    compare_start_up(5 if quick else 15)
