"""`sim fit` and `sim calibrate`: from real orders to a scenario, and whether it is true."""

from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import sim
from sim import output
from sim.cli.options import FILE, JSON, Model, argument, choice, flag, option
from sim.cli.statuses import STATUSES, leave
from sim.errors import ArgumentError
from sim.output.terminal import columns, complain, say, show
from sim.units import parse_share

_ROLES = {"order_class": "class", "completed": "done", "gone": "left"}  # of columns, where fields have other names


@dataclass
class OrdersFile:
    """How a file of real orders is to be read."""

    time: str | None = option("Column of arrival times; two columns as 'Date + Time'.", "COLUMN")
    order_class: str | None = option("Column of the class.", "COLUMN", "--class")
    vip: list[str] | None = option("Value of the class column that stands for VIP; may be repeated.", "WORD")
    id: str | None = option("Column of the order's number, if each item has a row.", "COLUMN")
    started: str | None = option("Column of the times when service began.", "COLUMN")
    completed: str | None = option("Column of the times when orders were complete.", "COLUMN", "--done")
    service: str | None = option("Column of service times.", "COLUMN")
    gone: str | None = option(
        "Column of the times when customers left, or COLUMN=VALUE that marks them.", "COLUMN", "--left"
    )
    unit: str | None = choice("Unit of durations that are plain numbers.", "s", "m", "h", "ms")
    dates: str | None = choice("Order of day and month in dates such as 03/04.", "dmy", "mdy")
    zone: str | None = option("Time zone of the shop, such as Europe/Rome, if times are in UTC.", "ZONE")
    skip: list[str] | None = option("Leave out rows with this value; may be repeated.", "COLUMN=VALUE")
    days: str | None = option("Use only these weekdays, such as mon-fri.", "DAYS")

    def keywords(self) -> dict[str, Any]:
        """Return these options as functions take them."""
        columns = dict(vars(self))
        how = {name: columns.pop(name) for name in ("unit", "dates", "zone", "days")}
        vip, skip = columns.pop("vip") or (), columns.pop("skip") or ()
        names = {_ROLES.get(name, name): column for name, column in columns.items() if column is not None}
        return {**how, "vip": vip, "skip": list(map(_setting, skip)), "columns": names}


def _setting(text: str) -> tuple[str, str]:
    column, equals, value = text.partition("=")
    if not equals:
        raise ArgumentError("skip", f"{text!r} has no value; write COLUMN=VALUE")
    return column, value


def fit_command(
    *,
    file: Path = argument("The CSV file of a till or a call centre.", "FILE"),
    out: Path | None = option(
        "The scenario to write. Default: FILE's name with .yaml, in this folder.", "SCENARIO", "-o", "--out"
    ),
    until: str | None = option("Use only days before this date; calibrate with the others.", "DATE"),
    charts: bool = flag("Draw the chart.", "--charts/--no-charts", default=True),
    options: OrdersFile,
) -> None:
    """Make a scenario from a CSV file of real orders."""
    target = output.folder.fit_target(out, file)
    fit = sim.fit(file, name=target.stem, until=until, **options.keywords())
    complain(*fit.notes)
    problems: list[str] = []
    written: list[Path] = []
    write = partial(output.folder.write_fit, fit, charts=charts, wrote=written.append)
    output.files.write_to(target.parent, write, problems)
    say(*output.fits.fit_report(fit).lines(columns()), *(f"Wrote {path}" for path in written))
    leave(0, problems)


def calibrate_command(
    *,
    file: Path = FILE,
    orders: Path = argument("The CSV file of real orders.", "ORDERS"),
    crew: Path | None = option("CSV file of the crew that worked: at,count. Default: the scenario's crew.", "CSV"),
    margin: Fraction = option(
        "Largest accepted difference of the service level.", "SHARE", default="2%", parse=parse_share
    ),
    as_json: bool = JSON,
    model: Model,
    options: OrdersFile,
) -> None:
    """Compare a scenario with real days that it was not fitted to."""
    how: dict[str, Any] = {"crew": crew, "margin": float(margin), "seed": model.seed, "engine": model.engine}
    calibration = sim.calibrate(model.load(file), orders, **how, **options.keywords())
    complain(*calibration.notes)
    lines = output.fits.calibration_report(calibration).lines(columns())
    show(lines, partial(output.documents.calibration_document, calibration), as_json)
    leave(STATUSES.get(str(calibration.verdict), 0))
