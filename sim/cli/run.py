"""`sim run`: simulate, write files, keep the run."""

from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

import sim
from sim import output
from sim.cli.options import FILE, JSON, Files, Keeping, flag, number
from sim.cli.statuses import FAILED, InterruptedWorkError, leave
from sim.cli.work import numba_hint, write_to
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
        places = _keep(run, keeper, folder, options)
    lines = chain(output.text.summary_lines(run, columns()), output.text.verdict_lines(run, columns()), places)
    show(lines, partial(output.documents.kept_run_document, run, keeper.run_id), options.as_json)
    leave(0 if all(verdict.held for verdict in run.verdicts) else FAILED, keeper.problems)


def _keep(run: "sim.Run", keeper: "sim.storage.Keeper", folder: Path, options: _Run) -> list[str]:
    """Keep a run in a file of its own database, then in files, then on a server; that one fails does not keep the
    others from it. Return the lines that say where it is.
    """
    files: list[Path] = []
    try:
        keeper.keep_run(run)
        write = partial(output.folder.write_run, run, charts=options.charts, page=options.page, wrote=files.append)
        write_to(folder, write, keeper.problems)
        keeper.close()
    except KeyboardInterrupt:
        places = [*_place(keeper), *map(str, files)]
        raise InterruptedWorkError(f"kept of the simulated run: {', '.join(places) or 'nothing'}") from None
    lines = [f"Stored: {place}" for place in _place(keeper)]
    if options.page and (reason := output.page.too_large(run.workload)):
        lines.insert(0, f"Page: {reason}")
    return [f"Files: {folder}/", *lines] if files else lines


def _place(keeper: "sim.storage.Keeper") -> list[str]:
    """Return which run is stored where, if it is."""
    return [] if keeper.run_id is None else [f"run {keeper.run_id} {keeper.place}"]
