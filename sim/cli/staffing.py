"""`sim staff`: how many bots each slot of the day needs."""

from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

import sim
from sim import output
from sim.cli.options import FILE, FILES, JOBS, JSON, Files, Keeping, flag, number, option
from sim.cli.statuses import STATUSES, leave
from sim.cli.work import numba_hint
from sim.output.terminal import columns, progress_bar, show


@dataclass
class _Staffing(Files, Keeping):
    jobs: int = JOBS
    prove: bool = flag("Also prove the lowest possible cost on the days of the search.", "--prove")
    orders: int | None = number("Most orders that a crew is tested on. Default: 3200000.", 1, 10**9)
    write: Path | None = option("Also write a scenario that extends this one with the crew.", "FILE")
    files: bool = FILES
    as_json: bool = JSON


def staff_command(*, file: Path = FILE, options: _Staffing) -> None:
    """Find the cheapest crew of each slot that keeps all promises."""
    scenario = options.load(file)
    if options.write is not None:
        output.staffing.refuse_target(scenario, options.write)
    keeper = options.keeper("staff", scenario)
    how = (options.seed, options.jobs, options.engine, options.prove)
    orders = options.orders or sim.experiment.staffing.ORDERS
    interim: list[sim.Staffing] = []
    with output.folder.output_folder("staff", [scenario], options.out, options.files) as folder:
        places_of = partial(
            output.leaving.leave_staffing,
            keeper=keeper,
            folder=folder,
            charts=options.charts,
            path=options.write,
            settings=options.parameters(),
        )
        try:
            with numba_hint(options.engine), progress_bar("fresh days") as progress:
                staffing = sim.staff(scenario, *how, orders, progress, interim.append)
        except KeyboardInterrupt:
            places = places_of(interim[-1]) if interim else []
            raise KeyboardInterrupt("; ".join(places) or "no crew was found yet") from None
        places = places_of(staffing)
    lines = chain(output.staffing.staffing_lines(staffing, columns()), places)
    show(lines, partial(output.documents.staffing_document, staffing), options.as_json)
    leave(STATUSES.get(str(staffing.verdict), 0), keeper.problems)
