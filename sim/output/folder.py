"""The folder that a run leaves behind."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import EISDIR
from os import strerror
from pathlib import Path
from typing import TextIO

from sim.experiment import Comparison, Replications, Run, Selection, Sweep
from sim.output import CHART_NAMES, EXPERIMENT_CHART_NAMES
from sim.output.tables import metrics_json, tables, write_csv, write_values
from sim.output.text import result_lines


def write_run(run: Run, folder: Path, charts: bool = True, wrote: Callable[[Path], None] = lambda _: None) -> None:
    """Write `result.txt`, the CSV files, `metrics.json` and, if wanted, the charts into `folder`.

    Each file appears whole or not at all; charts of an earlier run go. `wrote` is told each file that is there.

    Raises:
        OSError: the folder cannot be made, or a file cannot be written.

    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in CHART_NAMES:
        (folder / "charts" / f"{name}.png").unlink(missing_ok=True)
    with whole(folder / "result.txt", wrote) as partial, _text(partial) as file:
        file.writelines(f"{line}\n" for line in result_lines(run))
    for name, table in tables(run).items():
        with whole(folder / f"{name}.csv", wrote) as partial, _text(partial) as file:
            write_csv(table, file)
    with whole(folder / "metrics.json", wrote) as partial, _text(partial) as file:
        file.write(metrics_json(run))
    if charts:
        _write_charts(run, folder / "charts", wrote)


def write_replications(done: Replications, folder: Path, charts: bool = True) -> None:
    """Write `replications.csv` and, if wanted, the charts of an experiment into `folder`.

    Raises:
        OSError: the folder cannot be made, or a file cannot be written.

    """
    folder.mkdir(parents=True, exist_ok=True)
    with whole(folder / "replications.csv") as partial, _text(partial) as file:
        write_values(done, file)
    for name in EXPERIMENT_CHART_NAMES:
        (folder / "charts" / f"{name}.png").unlink(missing_ok=True)
    if charts:
        from sim.output.experiment_charts import EXPERIMENT_CHARTS

        (folder / "charts").mkdir(exist_ok=True)
        for name, draw in EXPERIMENT_CHARTS.items():
            figure = draw(done)
            if figure is not None:
                with whole(folder / "charts" / f"{name}.png") as partial:
                    figure.savefig(partial, format="png", dpi=150)


def write_study(
    done: Sweep | Comparison | Selection,
    folder: Path,
    charts: bool = True,
) -> None:
    """Write the table of a study as `sweep.csv`, `compare.csv` or `select.csv` and, if wanted, its chart into `folder`.

    Raises:
        OSError: the folder cannot be made, or a file cannot be written.

    """
    name = {Sweep: "sweep", Comparison: "compare", Selection: "select"}[type(done)]
    folder.mkdir(parents=True, exist_ok=True)
    with whole(folder / f"{name}.csv") as partial, _text(partial) as file:
        done.table().to_csv(file, index=False, lineterminator="\n")
    (folder / "charts" / f"{name}.png").unlink(missing_ok=True)
    if charts:
        from sim.output.study_charts import study_chart

        (folder / "charts").mkdir(exist_ok=True)
        with whole(folder / "charts" / f"{name}.png") as partial:
            study_chart(done).savefig(partial, format="png", dpi=150)


def _write_charts(run: Run, folder: Path, wrote: Callable[[Path], None]) -> None:
    from sim.output.charts import CHARTS

    folder.mkdir(exist_ok=True)
    for name, draw in CHARTS.items():
        with whole(folder / f"{name}.png", wrote) as partial:
            draw(run).savefig(partial, format="png", dpi=150)


def _text(path: Path) -> TextIO:
    return path.open("w", encoding="utf-8", newline="\n")


@contextmanager
def whole(path: Path, wrote: Callable[[Path], None] = lambda _: None) -> Iterator[Path]:
    """Give the name under which to write a file, which gets its own name only when it is complete."""
    if path.is_dir():
        raise IsADirectoryError(EISDIR, strerror(EISDIR), str(path))
    partial = path.with_name(f"{path.name}.partial")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    wrote(path)
