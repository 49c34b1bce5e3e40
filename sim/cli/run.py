"""`sim run`: simulate, write files, keep the run."""

from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

import sim
from sim import output
from sim.cli.options import FILE, JSON, Files, Keeping, flag, number
from sim.cli.statuses import FAILED, leave
from sim.cli.work import numba_hint
from sim.output.terminal import columns, progress_bar, show


@dataclass
class _Run(Files, Keeping):
    page: bool = flag("Write the page that replays the run.", "--page/--no-page", default=True)
    as_json: bool = JSON


def run_command(
    *,
    file: Path = FILE,
    replication: int = number("Which replication to run.", 1, metavar="K", default=1),
    options: _Run,
) -> None:
    """Run a scenario, write its files, and keep the run."""
    scenario = options.load(file)
    keeper = options.keeper()
    with output.folder.output_folder("run", [scenario], options.out) as folder:
        with numba_hint(options.engine), progress_bar("simulating") as progress:
            run = sim.run(scenario, options.seed, replication, options.engine, progress)
        places = output.leaving.leave_run(run, keeper, folder, options.charts, options.page)
    lines = chain(output.text.summary_lines(run, columns()), output.text.verdict_lines(run, columns()), places)
    show(lines, partial(output.documents.kept_run_document, run, keeper.run_id), options.as_json)
    leave(0 if all(verdict.held for verdict in run.verdicts) else FAILED, keeper.problems)
