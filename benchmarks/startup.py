"""Start-up: the whole life of a process of the command beside what it cannot do without."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.common import print_table, python, take_turns

IMPORTS = "import simpy, numpy, pydantic, ruamel.yaml, typer"
TRIVIAL = (
    "import typer; app = typer.Typer(add_completion=False, rich_markup_mode=None); app.command()(lambda: None); app()"
)
SCENARIOS = Path(__file__).parents[1] / "scenarios"
ASSIGNMENT = SCENARIOS / "assignment.yaml"
FIFTY = 50


def milliseconds(arguments: tuple[str, ...]) -> float:
    """Return the milliseconds from the start of an interpreter to its end."""
    began = perf_counter()
    python(*arguments)
    return 1000 * (perf_counter() - began)


def compare(title: str, commands: dict[str, tuple[str, ...]], repeats: int) -> None:
    """Print what some commands take; the first of each only warms caches."""
    times = take_turns(commands, repeats + 1, lambda name, _: milliseconds(commands[name]))
    print(f"\nStart-up: {title}, {repeats} runs each")
    print_table("ms", {name: found[1:] for name, found in times.items()}, ".0f")


def compare_start_up(repeats: int) -> None:
    """Print what `sim run` of a small scenario and `sim check` of fifty take beside the bare imports, and `sim --help`
    beside that of an app that does nothing.
    """
    with TemporaryDirectory() as folder:
        run = ("-m", "sim", "run", str(ASSIGNMENT), "--no-save", "--no-charts", "--out", folder)
        title = f"sim run scenarios/assignment.yaml beside python -c '{IMPORTS}'"
        compare(title, {"imports": ("-c", IMPORTS), "sim run": run}, repeats)
        check = Path(folder) / "check"
        check.mkdir()
        rules = sorted((SCENARIOS / "rules").glob("*.yaml"))
        for number in range(FIFTY):
            shutil.copy(rules[number % len(rules)], check / f"{number}.yaml")
        title = f"sim check of a folder with {FIFTY} of scenarios/rules/*.yaml beside the same imports"
        compare(title, {"imports": ("-c", IMPORTS), "sim check": ("-m", "sim", "check", str(check))}, repeats)
    programs = {"typer alone": ("-c", TRIVIAL, "--help"), "sim --help": ("-m", "sim", "--help")}
    compare("sim --help beside that of a typer app of one command; asked: a ratio under 2", programs, repeats)
