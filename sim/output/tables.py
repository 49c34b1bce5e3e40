"""CSV files, and the summary as HTML."""

import csv
from collections.abc import Iterable, Sequence
from typing import Any, TextIO, get_args

from numpy.typing import NDArray

from sim.experiment import Replications, Run, TableName, Theory
from sim.model import NONE, UNITS, Coded, OrderClass, Table
from sim.output.text import summary
from sim.units import printable

_CHUNK = 50_000


def tables(run: Run) -> dict[str, Table]:
    """Return the tables of a run by the names of their files, without `.csv`."""
    return {name: run.columns(name) for name in get_args(TableName)}


def write_csv(table: Table, file: TextIO) -> None:
    """Write a table with a header; what is unknown or does not apply is empty."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(table)
    rows = max(len(column.codes if isinstance(column, Coded) else column) for column in table.values())
    for start in range(0, rows, _CHUNK):
        chunk = slice(start, start + _CHUNK)
        writer.writerows(zip(*(_cells(column, chunk) for column in table.values()), strict=True))


def guarded(value: Any) -> Any:
    """Return what stands for a value in a CSV file: no text that a spreadsheet would take for a formula, or that would
    steer the terminal on which the file is shown.
    """
    if not isinstance(value, str):
        return value
    mark = "'" if value.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else ""
    return f"{mark}{printable(value)}"


def _cells(column: NDArray[Any] | Coded | list[str], chunk: slice) -> Iterable[object]:
    if isinstance(column, list):
        return column[chunk]
    if isinstance(column, Coded):
        words = (*map(guarded, column.names), "")  # NONE is -1, the last
        return [words[code] for code in column.codes[chunk].tolist()]
    return ["" if value == NONE else value for value in column[chunk].tolist()]


def write_values(done: Replications, file: TextIO) -> None:
    """Write a row for each replication and metric: replication, metric, value; empty where nothing was observed."""
    file.write("replication,metric,value\n")
    lines = "".join(f"#,{name},%s\n" for name in UNITS)
    file.writelines(
        lines.replace("#", str(number)) % tuple("" if value is None else value for value in values)
        for number, values in zip(done.columns.numbers, done.columns.rows(), strict=True)
    )


def run_html(run: Run) -> str:
    """Return the summary of a run as an HTML table, as notebooks show it."""
    from html import escape  # not needed by a command

    rows = "".join(
        f'<tr><th style="text-align:left">{escape(label)}</th><td style="text-align:left">{escape(text)}</td></tr>'
        for label, text in summary(run)
    )
    return f"<table>{rows}</table>"


_MATTER = (
    *("wait.mean", "wait.p95", "flow.mean", "queue.mean", "orders.created", "orders.abandoned.rate"),
    *("throughput", "utilisation"),
)


def replications_html(replications: Replications) -> str:
    """Return what replications say of the metrics that matter, by class, of all their orders together, and of
    thresholds, as notebooks show it.
    """
    from sim.output.estimates import ALL_ORDERS, BOUND, all_orders_rows, estimate_text, head_lines

    classes = (*(order_class.name for order_class in OrderClass), "")
    rows = [("metric", *(name or "all" for name in classes))]
    for metric in _MATTER:
        family, *statistic = metric.split(".")
        names = (".".join(filter(None, (family, name, *statistic))) for name in classes)
        rows.append((metric, *(estimate_text(replications, name) if name in UNITS else "" for name in names)))
    html = html_lines(head_lines(replications)) + html_table(rows)
    if replications.columns.is_bound():
        html += html_lines([BOUND])
    if waits := all_orders_rows(replications):
        html += html_lines([ALL_ORDERS]) + html_table(waits)
    if replications.verdicts:
        verdicts = [(str(row.judgement), str(row.threshold), row.note) for row in replications.verdicts]
        html += html_table([("verdict", "threshold", "note"), *verdicts])
    return html


def theory_html(theory: Theory) -> str:
    """Return which closed forms hold and what they say, or which assumption fails, as notebooks show it."""
    from sim.output.estimates import shown

    if theory.failing:
        return html_lines([f"no theory, since {theory.failing}"])
    rows = [(metric, shown(metric, value)) for metric, value in theory.values.items()]
    return html_lines([f"{theory.model} ({theory.source})"]) + html_table([("metric", "theory"), *rows])


def html_lines(lines: Iterable[str]) -> str:
    """Return lines of text as HTML."""
    from html import escape  # not needed by a command

    return "".join(f"<div>{escape(line)}</div>" for line in lines)


def html_table(rows: Sequence[tuple[str, ...]]) -> str:
    """Return an HTML table of rows, the first of which has the headings."""
    from html import escape  # not needed by a command

    def row(tag: str, cells: tuple[str, ...]) -> str:
        return "<tr>" + "".join(f'<{tag} style="text-align:left">{escape(cell)}</{tag}>' for cell in cells) + "</tr>"

    return f"<table>{row('th', rows[0])}{''.join(row('td', cells) for cells in rows[1:])}</table>"
