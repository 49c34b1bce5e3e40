"""The options of commands: each stands here once, in groups of which commands are composed."""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args, get_type_hints

import typer

from sim.engines import Engine
from sim.errors import ArgumentError, KitchensimError
from sim.output.terminal import complain
from sim.units import shown

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.storage import Address

SETTINGS: dict[str, Any] = {"add_completion": False, "rich_markup_mode": None, "pretty_exceptions_enable": False}
"""Of everything that typer builds."""
_NAMES = {"paths": "PATH", "keyword": "-k"}  # of arguments, where their options have other names


def number_from(low: int, high: int = 2**63 - 1) -> Callable[[object], int]:
    """Return the reader of an option that takes a whole number from `low` to `high`."""

    def read(value: object) -> int:
        text = str(value)
        if re.fullmatch("-?[0-9]{1,1000}", text) is None:
            raise typer.BadParameter(f"{shown(value)} is not a whole number; write a number such as 3")
        if int(text) < low:
            raise typer.BadParameter(f"{text[:40]} is too small; write {low} or more")
        if int(text) > high:
            raise typer.BadParameter(f"{text[:40]} is too large; write {high} or less")
        return int(text)

    return read


def word_of(*words: str) -> Callable[[object], Any]:
    """Return the reader of an option that takes one of some words."""

    def read(value: object) -> object:
        if value not in words:
            from sim.scenario.hints import did_you_mean

            raise typer.BadParameter(f"{shown(value)} is not known{did_you_mean(value, words)}")
        return value

    return read


def option(text: str, metavar: str | None = None, *names: str, parser: Callable[[object], Any] | None = None) -> Any:
    """Return an option with its help, what stands for its value there, and names that are not its parameter's."""
    return typer.Option(*names, metavar=metavar, parser=parser, help=text)


def replications_option(text: str) -> Any:
    """Return the option -n, of which this is the help."""
    return option(text, "N", "-n", "--replications", parser=number_from(1, 1_000_000))


FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The scenario file.")]
RunArgument = Annotated[str, typer.Argument(metavar="ID", help="The run's id, or how it starts.")]
KEY = "The id of a run or of an experiment, or how it starts."
KeyArgument = Annotated[str, typer.Argument(metavar="ID", help=KEY)]
_DATABASE = (
    "Database: file:NAME, libsql://HOST or https://HOST. Default: TURSO_DATABASE_URL, else file:sim.db. The token of a "
    "server is TURSO_AUTH_TOKEN."
)
DatabaseOption = Annotated[str | None, option(_DATABASE, "URL")]
JsonOption = Annotated[bool, option("Print JSON instead of tables.", None, "--json")]
JobsOption = Annotated[int | None, option("Number of processes.", "N", parser=number_from(1))]
ChartsOption = Annotated[bool, option("Draw the charts.", None, "--charts/--no-charts")]
PageOption = Annotated[bool, option("Write the page that replays the run.", None, "--page/--no-page")]
_ENGINES = get_args(Engine)
_READ_ENGINE = word_of(*_ENGINES)


@dataclass
class Model:
    """What is run: a scenario under a seed, with values for its parameters, by an engine."""

    seed: Annotated[
        int | None, option("Random seed, 0 or larger. Default: the file's.", "N", parser=number_from(0))
    ] = None
    settings: Annotated[
        list[str] | None, option("Set a parameter of the file; may be repeated.", "NAME=VALUE", "--set")
    ] = None
    engine: Annotated[
        Engine, option("Engine that runs the scenario.", f"<{'|'.join(_ENGINES)}>", parser=_READ_ENGINE)
    ] = "auto"

    def load(self, file: Path) -> "Scenario":
        """Return a scenario, with values for its parameters; what is easily overlooked in it is told."""
        from sim.scenario import load_scenario

        scenario = load_scenario(file, **self.parameters())
        complain(*scenario.notes)
        return scenario

    def parameters(self) -> dict[str, Any]:
        """Return the values that `--set` gives to parameters."""
        from sim.scenario import parse_value

        values = {}
        for setting in self.settings or []:
            name, equals, text = setting.partition("=")
            if not (name and equals):
                raise typer.BadParameter(f"{setting!r} is not a setting; write --set NAME=VALUE")
            try:
                values[name] = parse_value(text)
            except KitchensimError:
                raise typer.BadParameter(f"{setting!r} has no YAML value; write --set {name}=VALUE") from None
        return values


@dataclass
class Work(Model):
    """What is run how often, and who shares the work."""

    times: Annotated[int | None, replications_option("Number of replications. Default: the file's.")] = None
    jobs: JobsOption = 1
    dask: Annotated[str | None, option("Address of the scheduler of a dask cluster to run on.", "ADDRESS")] = None


@dataclass
class Keeping:
    """Where results are kept."""

    db: DatabaseOption = None
    tags: Annotated[list[str] | None, option("Tag to find the run by; may be repeated.", "WORD", "--tag")] = None
    save: Annotated[bool | None, option("Store the results in the database.", None, "--save/--no-save")] = True

    def address(self) -> "Address | None":
        """Return where results go, None where they are not to be kept; a wrong URL is told before anything is run."""
        if not all(tag.strip() and tag.isprintable() for tag in self.tags or []):
            raise typer.BadParameter("is empty or cannot be printed; write a word such as monday", param_hint="--tag")
        is_kept = self.db is not None if self.save is None else self.save
        if not is_kept:
            return None
        from sim.storage import find_address

        return find_address(self.db)


@dataclass
class Experiment(Keeping, Work):
    """Replications that are kept; the options of the last base stand first in --help."""


@dataclass
class Files:
    """Which files are written where."""

    out: Annotated[Path | None, option("Folder for the files. Default: out/NAME.", "DIR")] = None
    charts: ChartsOption = True


def composed(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command that has the options of its groups, the dataclasses among its parameters, in place of these.

    An argument that a function below refuses is told by the name of its option.
    """
    groups: dict[str, type] = {}
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(command, eval_str=True).parameters.values():
        if not is_dataclass(parameter.annotation):
            parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
            continue
        groups[parameter.name] = cast(type, parameter.annotation)
        hints = get_type_hints(parameter.annotation, include_extras=True)
        parameters += [
            inspect.Parameter(
                field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
            )
            for field in fields(parameter.annotation)
        ]

    @wraps(command)
    def with_groups(**options: Any) -> None:
        for name, group in groups.items():
            options[name] = group(**{field.name: options.pop(field.name) for field in fields(group)})
        try:
            command(**options)
        except ArgumentError as error:
            name = _NAMES.get(error.argument, f"--{error.argument.replace('_', '-')}")
            raise typer.BadParameter(error.problem, param_hint=name) from None

    with_groups.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    with_groups.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return with_groups
