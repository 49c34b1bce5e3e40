"""The folder that a run leaves behind."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from sim.errors import ArgumentError
from sim.experiment import Run
from sim.output import OUTPUT_FILES
from sim.output.documents import metrics_json
from sim.output.files import Write, claimed, refuse_documents, refuse_sources, text_file, write_files, write_text
from sim.output.page import kitchen_page, run_page, too_large
from sim.output.tables import guarded, tables, write_csv, write_values
from sim.output.text import result_lines
from sim.scenario import Scenario
from sim.units import printable

if TYPE_CHECKING:
    from sim.experiment import Comparison, Replications, Selection, Staffing, Sweep
    from sim.fitting import Fit

_Wrote = Callable[[Path], object]
_Study: TypeAlias = "Replications | Sweep | Comparison | Selection | Staffing"
_COMMANDS = {
    "Replications": "replicate",
    "Sweep": "sweep",
    "Comparison": "compare",
    "Selection": "select",
    "Staffing": "staff",
}


@contextmanager
def output_folder(
    command: str, scenarios: Sequence[Scenario], out: Path | None = None, is_wanted: bool = True
) -> Iterator[Path | None]:
    """Give the folder where the files of a command go, by default `out/` and the name of the first scenario; it is
    nobody else's meanwhile. Where no files are wanted it is None.

    Raises:
        ArgumentError: a scenario is read from a file that would be overwritten.
        KitchensimError: another command is at work for that folder.

    """
    if not is_wanted:
        yield None
        return
    folder = out or Path("out") / scenarios[0].name
    sources = [source for scenario in scenarios for source in scenario.sources]
    refuse_sources([folder / name for name in OUTPUT_FILES[command]], sources, "out")
    with claimed(folder, "--out"):
        yield folder


def write_run(run: Run, folder: Path, charts: bool = True, page: bool = True, wrote: _Wrote = lambda _: None) -> None:
    """Write `result.txt`, the CSV files, the charts and the page if they are wanted, and `metrics.json` into `folder`.

    They appear together, each whole or not at all; charts and page of an earlier run go. A run that is too large for a
    page has none. `wrote` is told each file that is there.

    Raises:
        OSError: the folder cannot be made, or a file cannot be written.

    """
    files = {"result.txt": text_file(lambda file: file.writelines(f"{line}\n" for line in result_lines(run)))}
    files |= {f"{name}.csv": text_file(partial(write_csv, table)) for name, table in tables(run).items()}
    if charts:
        files |= _charts(run)
    if page and not too_large(run.workload):
        files["page.html"] = text_file(lambda file: file.write(run_page(run)))
    files["metrics.json"] = text_file(lambda file: file.write(metrics_json(run)))
    _write("run", folder, files, wrote)


def write_experiment(result: _Study, folder: Path, charts: bool = True, page: str | None = None) -> None:
    """Write the charts of an experiment, if they are wanted, and its table as `replications.csv`, `sweep.csv`,
    `compare.csv`, `select.csv` or `staffing.csv` into `folder`, as `write_run` does; a page of a comparison is
    `compare.html`, and `staffing.html` shows the first day of a crew.

    Raises:
        OSError: the folder cannot be made, or a file cannot be written.

    """
    from sim.experiment import Replications, Staffing  # a run has no use for them

    command = _COMMANDS[type(result).__name__]
    files = _charts(result) if charts else {}
    if isinstance(result, Staffing) and not too_large(result.first_day.workload):
        files["staffing.html"] = text_file(lambda file: file.write(run_page(result.first_day)))
    if page is not None:
        files[f"{command}.html"] = text_file(lambda file: file.write(page))
    if isinstance(result, Replications):
        files["replications.csv"] = text_file(partial(write_values, result))
    else:
        frame = result.to_frame()
        words = {str(column): frame[column].map(guarded) for column in frame.select_dtypes(exclude="number")}
        frame = frame.assign(**words).rename(columns=guarded)
        name = "staffing.csv" if isinstance(result, Staffing) else f"{command}.csv"
        files[name] = text_file(partial(frame.to_csv, index=False, lineterminator="\n"))
    _write(command, folder, files)


def fit_target(out: Path | None, source: Path) -> Path:
    """Return where the scenario of a fit goes: `out`, by default a file in the current folder named after its source.

    Raises:
        ArgumentError: it has no name that a scenario can have, or is there already.

    """
    target = out or Path(f"{re.sub('[^A-Za-z0-9_-]+', '-', source.stem).strip('-') or 'orders'}.yaml")
    if target.suffix not in (".yaml", ".yml") or not re.fullmatch("[A-Za-z0-9_-]{1,80}", target.stem):
        problem = f"{printable(str(target))} is not a name of a scenario; write letters, digits, '-', '_' and .yaml"
        raise ArgumentError("out", problem)
    _refuse_existing(target)
    return target


def _refuse_existing(target: Path) -> None:
    if target.exists():
        raise ArgumentError("out", f"{printable(str(target))} exists already; name another, or remove it")


def write_fit(fit: "Fit", folder: Path, charts: bool = True, wrote: _Wrote = lambda _: None) -> None:
    """Write the scenario of a fit, the files that it names, and its picture into `folder`, together.

    Raises:
        ArgumentError: one of them is there already.
        OSError: the folder cannot be made, or a file cannot be written.

    """
    for name in fit.files:
        _refuse_existing(folder / name)
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[Path, Write] = {folder / name: partial(_write_bytes, data) for name, data in fit.files.items()}
    if charts:
        from sim.output.charts.files import evidence_file  # which loads matplotlib

        files[folder / f"{fit.name}.png"] = evidence_file(fit)
    write_files(files, (), wrote)


def kitchen_target(out: Path | None, scenario: Scenario | None = None) -> Path:
    """Return where the page of a live kitchen goes: `out`, by default `kitchen.html` in the folder of its scenario.

    Raises:
        ArgumentError: a scenario is read from there, or seems to be.

    """
    target = out or Path("out") / ("kitchen" if scenario is None else scenario.name) / "kitchen.html"
    refuse_documents({"to": target}, [] if scenario is None else scenario.sources)
    return target


def write_kitchen(scenario: Scenario | None, path: Path) -> None:
    """Write the page of a live kitchen, and the folder for it; without a scenario the kitchen is empty.

    Raises:
        KitchensimError: as in `kitchen_page`.
        OSError: the file cannot be written.

    """
    html = kitchen_page(scenario)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, html)


def _write_bytes(data: bytes, path: Path) -> None:
    path.write_bytes(data)


def _charts(result: "Run | _Study") -> dict[str, Write]:
    from sim.output.charts.files import chart_files  # which loads matplotlib

    return chart_files(result)


def _write(command: str, folder: Path, files: Mapping[str, Write], wrote: _Wrote = lambda _: None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if any(name.startswith("charts/") for name in files):
        with suppress(OSError):  # each chart will say what is wrong
            (folder / "charts").mkdir(exist_ok=True)
    drawn = (name for name in OUTPUT_FILES[command] if name.startswith("charts/") or name.endswith(".html"))
    old = [folder / name for name in drawn if name not in files]
    write_files({folder / name: write for name, write in files.items()}, old, wrote)
