"""Options: in groups of which commands are composed, each with one clear line where its value is wrong."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
import typer
from typer.testing import CliRunner

from sim.cli import _PLACES, _load
from sim.cli.options import Files, composed, flag, number
from sim.errors import ArgumentError
from tests.helpers.commands import sim, write
from tests.helpers.crews import CERTAIN


@dataclass
class Half(Files):
    charts: bool | None = flag("Of its own.", "--charts/--no-charts", default=None)
    crew_size: int = number("How many bots.", 1, 9, default=3)


def ran(*args: str) -> tuple[list[tuple], str]:
    """Return with what a command was called that has a group of options, and what it printed."""
    calls = []

    @composed
    def command(file: str, *, tag_count: int = 0, options: Half, loud: bool = False) -> None:
        """Do it."""
        calls.append((file, tag_count, options, loud))
        if options.crew_size == 5:
            raise ArgumentError("crew_size", "is no crew; give another")

    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    app.command()(command)
    result = CliRunner().invoke(app, args)
    return calls, result.output


def test_a_command_gets_its_groups_filled_with_what_was_given_and_defaults():
    calls, _ = ran("a", "--loud", "--out", "x", "--no-charts")
    assert calls == [("a", 0, Half(Path("x"), False, 3), True)]
    assert ran("a", "--tag-count", "2")[0] == [("a", 2, Half(None, None, 3), False)]


def test_help_shows_a_group_in_its_place_and_a_field_that_is_declared_anew_in_the_place_of_the_first():
    _, text = ran("--help")
    shown = [line.split()[0] for line in text.splitlines() if line.startswith("  --")]
    assert shown == ["--tag-count", "--out", "--charts", "--crew-size", "--loud", "--help"]
    assert "Of its own." in text
    assert "Draw the charts." not in text
    assert "Do it." in text


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("5", "is no crew; give another"),
        ("0", "0 is too small; write 1 or more"),
        ("10", "10 is too large; write 9 or less"),
        ("few", "'few' is not a whole number; write a number such as 3"),
    ],
)
def test_a_wrong_value_is_told_with_the_name_of_its_option(value, problem):
    _, text = ran("a", "--crew-size", value)
    last = text.splitlines()[-1]
    assert last.startswith("Error: Invalid value for ")
    assert "--crew-size" in last
    assert last.endswith(problem)


def parameters(name: str) -> Iterator[tuple[str, type, Any]]:
    """Yield names, types and options of a command, or of those of a group, as they are declared."""
    loaded = _load(name)
    functions = [loaded]
    if isinstance(loaded, typer.Typer):
        commands = [*loaded.registered_commands, loaded.registered_callback]
        functions = [command.callback for command in commands if command is not None]
    for function in functions:
        for parameter in inspect.signature(function, eval_str=True).parameters.values():
            if is_dataclass(parameter.annotation):
                hints = get_type_hints(parameter.annotation)
                yield from ((field.name, hints[field.name], field.default) for field in fields(parameter.annotation))
            elif parameter.default is not parameter.empty:
                yield parameter.name, parameter.annotation, parameter.default


@pytest.mark.parametrize("command", _PLACES)
def test_what_need_not_be_given_may_be_none_where_it_has_no_other_default(command):
    """Mypy takes an option for whatever its parameter is."""
    without_default = {name: hint for name, hint, declared in parameters(command) if declared.default is None}
    assert [name for name, hint in without_default.items() if type(None) not in get_args(hint)] == []


def test_an_engine_that_is_not_known_gets_one_clear_line(elsewhere):
    write("certain.yaml", CERTAIN)
    said = sim("run", "certain.yaml", "--engine", "fast", status=2).stderr
    assert said.splitlines()[-1] == (
        "Error: Invalid value for '--engine': 'fast' is not known; write one of auto, reference, compiled"
    )
    assert list(elsewhere.iterdir()) == [elsewhere / "certain.yaml"]
