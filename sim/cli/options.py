"""The options of commands: each stands here once, in groups of which commands are composed."""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from functools import wraps
from pathlib import Path
from typing import Any, cast, get_args, get_type_hints

import typer

import sim
from sim.cli.statuses import InterruptedWorkError
from sim.engines import Engine
from sim.errors import ArgumentError, StorageError
from sim.output.terminal import complain
from sim.units import shown

SETTINGS: dict[str, Any] = {"add_completion": False, "rich_markup_mode": None, "pretty_exceptions_enable": False}
"""Of everything that typer builds."""
_NAMES = {"paths": "PATH", "keyword": "-k", "tags": "--tag"}  # of arguments, where their options have other names


def option(text: str, metavar: str, *names: str, default: Any = None, parse: Callable[[str], Any] | None = None) -> Any:
    """Return an option with its help, what stands for its value there, and names that are not its parameter's.

    `parse` makes a value of what is given; its ValueError is told.
    """
    return typer.Option(default, *names, metavar=metavar, parser=parse and _reader(parse), help=text)


def argument(text: str, metavar: str, default: Any = ..., parse: Callable[[str], Any] | None = None) -> Any:
    """Return an argument as `option` does, one that is needed unless it has a default."""
    return typer.Argument(default, metavar=metavar, parser=parse and _reader(parse), help=text)


def _reader(parse: Callable[[str], Any]) -> Callable[[object], Any]:
    def read(value: object) -> Any:
        try:
            return parse(str(value))
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None

    return read


def flag(text: str, *names: str, default: bool | None = False) -> Any:
    """Return an option that takes no value, with names such as `--json` or `--charts/--no-charts`."""
    return typer.Option(default, *names, help=text)


def number(text: str, low: int, high: int = 2**63 - 1, *names: str, metavar: str = "N", default: Any = None) -> Any:
    """Return an option that takes a whole number from `low` to `high`."""

    def parse(value: str) -> int:
        if re.fullmatch("-?[0-9]{1,1000}", value) is None:
            raise ValueError(f"{shown(value)} is not a whole number; write a number such as 3")
        if int(value) < low:
            raise ValueError(f"{value[:40]} is too small; write {low} or more")
        if int(value) > high:
            raise ValueError(f"{value[:40]} is too large; write {high} or less")
        return int(value)

    return option(text, metavar, *names, default=default, parse=parse)


def choice(text: str, *words: str, default: str | None = None) -> Any:
    """Return an option that takes one of some words."""
    return option(text, f"<{'|'.join(words)}>", default=default, parse=word_of(*words))


def word_of(*words: str) -> Callable[[str], str]:
    """Return what refuses all but some words, for `option` and `argument`."""
    return lambda word: sim.scenario.one_of(word, words)


FILE = argument("The scenario file.", "FILE")
RUN = argument("The run's id, or how it starts.", "ID")
KEY_HELP = "The id of a run or of an experiment, or how it starts."
KEY = argument(KEY_HELP, "ID")
_DATABASE_HELP = (
    "Database: file:NAME, libsql://HOST or https://HOST. Default: TURSO_DATABASE_URL, else file:sim.db. The token of a "
    "server is TURSO_AUTH_TOKEN."
)
DATABASE = option(_DATABASE_HELP, "URL")
TIMES = (1, 1_000_000, "-n", "--replications")  # of the `number` that says how often
JSON = flag("Print JSON instead of tables.", "--json")
JOBS = number("Number of workers that share the work.", 1, default=1)
CHARTS = flag("Draw the charts.", "--charts/--no-charts", default=True)
FILES = flag("Write the files.", "--files/--no-files", default=True)


@dataclass
class Model:
    """What is run: a scenario under a seed, with values for its parameters, by an engine."""

    seed: int | None = number("Random seed, 0 or larger. Default: the file's.", 0)
    settings: list[str] | None = option("Set a parameter of the file; may be repeated.", "NAME=VALUE", "--set")
    engine: Engine = choice("Engine that runs the scenario.", *get_args(Engine), default="auto")

    def load(self, file: Path) -> "sim.Scenario":
        """Return a scenario, with values for its parameters; what is easily overlooked in it is told."""
        scenario = sim.load_scenario(file, **self.parameters())
        complain(*scenario.notes)
        return scenario

    def parameters(self) -> dict[str, Any]:
        """Return the values that `--set` gives to parameters."""
        try:
            return dict(map(sim.scenario.parse_setting, self.settings or []))
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None


@dataclass
class Work(Model):
    """What is run how often, and who shares the work."""

    times: int | None = number("Number of replications. Default: the file's.", *TIMES)
    jobs: int | None = JOBS
    dask: str | None = option("Address of the scheduler of a dask cluster to run on.", "ADDRESS")


@dataclass
class Keeping(Model):
    """What is run, and where its results are kept."""

    db: str | None = DATABASE
    tags: list[str] | None = option("Tag to find the run by; may be repeated.", "WORD", "--tag")
    save: bool | None = flag("Store the results in the database.", "--save/--no-save", default=True)

    def keeper(
        self, kind: "sim.storage.experiments.Kind" = "replicate", scenario: "sim.Scenario | None" = None
    ) -> "sim.experiment.Unkept":
        """Return what keeps results; a wrong URL is told before anything is run."""

        def damaged(error: StorageError) -> None:
            complain(f"sim: {error}; its replication is run again")

        is_kept = self.db is not None if self.save is None else self.save
        if not is_kept:
            return sim.experiment.Unkept(self.tags or [])
        address = sim.storage.find_address(self.db)
        return sim.storage.Keeper(address, self.tags or [], kind, scenario, self.seed, damaged)


@dataclass
class Experiment(Keeping, Work):
    """Replications that are kept; the options of the last base stand first in --help."""


@dataclass
class Files:
    """Which files are written where."""

    out: Path | None = option("Folder for the files. Default: out/NAME.", "DIR")
    charts: bool = CHARTS


def composed(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command that has the options of its groups, the dataclasses among its parameters, in place of these.

    An argument that a function below refuses is told by the name of its option.
    """
    groups: dict[str, type] = {}
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(command, eval_str=True).parameters.values():
        group = parameter.annotation
        if not is_dataclass(group):
            parameters.append(parameter)
            continue
        groups[parameter.name] = cast(type, group)
        hints = get_type_hints(group)
        parameters += [
            inspect.Parameter(field.name, parameter.kind, default=field.default, annotation=hints[field.name])
            for field in fields(group)
        ]

    @wraps(command)
    def with_groups(**options: Any) -> None:
        for name, group in groups.items():
            options[name] = group(**{field.name: options.pop(field.name) for field in fields(group)})
        try:
            command(**options)
        except KeyboardInterrupt as interrupt:  # typer would not hand on what it says
            raise InterruptedWorkError(*interrupt.args) from None
        except ArgumentError as error:
            name = _NAMES.get(error.argument, f"--{error.argument.replace('_', '-')}")
            raise typer.BadParameter(error.problem, param_hint=name) from None

    with_groups.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    with_groups.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return with_groups
