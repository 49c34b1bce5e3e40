"""`sim run`: simulate, write files, keep the run."""

from functools import partial
from itertools import chain
from pathlib import Path

import sim
from sim import output
from sim.cli.options import FILE, JSON, Files, Keeping, flag, number
from sim.cli.statuses import FAILED, leave
from sim.output.terminal import columns, show, working


def run_command(
    *,
    file: Path = FILE,
    replication: int = number("Which replication to run.", 1, metavar="K", default=1),
    options: Keeping,
    files: Files,
    page: bool = flag("Write the page that replays the run.", "--page/--no-page", default=True),
    as_json: bool = JSON,
) -> None:
    """Run a scenario, write its files, and keep the run."""
    scenario = options.load(file)
    keeper = options.keeper()
    with output.folder.output_folder("run", [scenario], files.out) as folder:
        with working("simulating", options.engine) as progress:
            run = sim.run(scenario, options.seed, replication, options.engine, progress)
        places = output.leaving.leave_run(run, keeper, folder, files.charts, page)
    lines = chain(output.text.summary_lines(run, columns()), output.text.verdict_lines(run, columns()), places)
    show(lines, partial(output.documents.kept_run_document, run, keeper.run_id), as_json)
    leave(0 if all(verdict.held for verdict in run.verdicts) else FAILED, keeper.problems)
