"""`python -m benchmarks.javascript`: print what kitchen.js takes under node, in a fresh process each time."""

import json
import subprocess
from pathlib import Path

from benchmarks.common import print_table, take_turns
from sim import load_scenario
from tests.helpers.javascript import PAGE, columns_of, node_program

FOLDER = Path(__file__).parent
ORDERS = (340, 1_500, 10_000, 50_000, 200_000)
REPEATS = 9


def milliseconds(workload: str) -> list[float]:
    """Return what the engine and the fingerprint of its log take."""
    command = [node_program(), FOLDER / "javascript.js"]
    return json.loads(subprocess.run(command, input=workload, check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    workloads = {
        f"{orders:,} orders": json.dumps(columns_of(load_scenario(FOLDER / "mm3.yaml", orders=orders).workload()))
        for orders in ORDERS
    }
    measured = take_turns(workloads, REPEATS, lambda name, _: milliseconds(workloads[name]))
    print(f"kitchen.js, M/M/3, two classes, load 0.87, {REPEATS} runs each")
    for place, part in enumerate(("the run", "its fingerprint")):
        print_table(f"ms, {part}", {name: [pair[place] for pair in pairs] for name, pairs in measured.items()}, ".1f")
    for path in sorted(PAGE.glob("*.js")):
        print(f"{path.name} has {path.stat().st_size:,} bytes")
