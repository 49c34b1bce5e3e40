"""What a result leaves behind: in the embedded file first, then in files, then on a server, as the commands do it.

That one of these places fails does not keep the result from the others: what goes wrong is told in `keeper.problems`.
Each function returns the lines that say where the result is.
"""

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from sim.experiment import Run
from sim.output.files import write_to
from sim.output.folder import write_experiment, write_run
from sim.output.page import too_large

if TYPE_CHECKING:
    from sim.experiment import Comparison, Replications, Selection, Staffing, Sweep, Unkept


def leave_run(run: Run, keeper: "Unkept", folder: Path | None, charts: bool = True, page: bool = True) -> list[str]:
    """Keep a run, and write its files into `folder`, if there is one, with charts and a page if they are wanted.

    Raises:
        KeyboardInterrupt: it came meanwhile; its argument says what is kept.

    """
    files: list[Path] = []
    try:
        keeper.keep_run(run)
        if folder is not None:
            write = partial(write_run, run, charts=charts, page=page, wrote=files.append)
            write_to(folder, write, keeper.problems)
        keeper.close()
    except KeyboardInterrupt:
        places = ", ".join([*_stored(keeper), *map(str, files)])
        raise KeyboardInterrupt(f"kept of the simulated run: {places or 'nothing'}") from None
    lines = [f"Files: {folder}/"] if files else []
    if page and (reason := too_large(run.workload)):
        lines.append(f"Page: {reason}")
    return lines + [f"Stored: {place}" for place in _stored(keeper)]


def _stored(keeper: "Unkept") -> list[str]:
    """Return which run is stored where, if it is."""
    return [] if keeper.run_id is None else [f"run {keeper.run_id} {keeper.place}"]


def leave_experiment(
    result: "Replications | Sweep | Comparison | Selection | Staffing",
    keeper: "Unkept",
    folder: Path | None,
    charts: bool = True,
    page: str | None = None,
) -> list[str]:
    """Write the files of an experiment into `folder`, if there is one; its replications are kept as they come."""
    if folder is None:
        return []
    write = partial(write_experiment, result, charts=charts, page=page)
    return [f"Files: {folder}/"] if write_to(folder, write, keeper.problems) else []


def leave_staffing(
    staffing: "Staffing",
    keeper: "Unkept",
    folder: Path | None,
    charts: bool = True,
    path: Path | None = None,
    settings: Iterable[str] = (),
) -> list[str]:
    """Keep a staffing with the first day of its crew, and write its files into `folder` and a scenario with the crew to
    `path`, where they are wanted; `settings` are the parameters that the scenario was given.
    """
    keeper.keep_staffing(staffing)
    lines = leave_experiment(staffing, keeper, folder, charts)
    if path is not None:
        from sim.output.staffing import promise_as_checks, write_scenario  # only a staffing has use for them

        write = partial(write_scenario, staffing, settings=list(settings))
        if write_to(path, write, keeper.problems, "--write"):
            tested = f"; sim check {quote(str(path))} tests its promise" if promise_as_checks(staffing) else ""
            lines.append(f"Scenario: {path}{tested}")
    keeper.close()
    return lines + [f"Stored: its first day as {place}" for place in _stored(keeper)]
