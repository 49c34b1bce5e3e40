"""`sim kitchen`: a kitchen whose clock runs, with orders and bots by hand."""

import os
import sys
import webbrowser
from pathlib import Path

import sim
from sim import output
from sim.cli.options import Model, argument, flag, option
from sim.cli.statuses import WRONG, InterruptedWorkError, leave
from sim.cli.work import write_or_leave
from sim.errors import ArgumentError
from sim.output.terminal import say


def kitchen_command(
    *,
    file: Path | None = argument("A scenario whose orders come by themselves. Default: none.", "[FILE]", None),
    terminal: bool = flag("Play in the terminal; type help for the commands.", "--terminal"),
    to: Path | None = option("The page to write. Default: out/NAME/kitchen.html.", "FILE.html"),
    is_opened: bool = flag("Open the page in a browser, if there is one.", "--open/--no-open", default=True),
    options: Model,
) -> None:
    """Open a live kitchen: add orders and bots while the clock runs.

    It is a page, one file that needs no server.
    """
    scenario = None if file is None else options.load(file)
    if terminal:
        if to is not None:
            raise ArgumentError("to", "is of the page; leave it out of --terminal")
        _play(scenario, options)
    else:
        _write_page(scenario, options, to, is_opened)


def _play(scenario: "sim.Scenario | None", options: Model) -> None:
    from sim.live import Session, play

    session = Session(scenario, options.seed, options.engine)
    try:
        wrong = play(session)
    except KeyboardInterrupt as interrupt:
        raise InterruptedWorkError(str(interrupt)) from None
    leave(WRONG if wrong else 0)


def _write_page(scenario: "sim.Scenario | None", options: Model, to: Path | None, is_opened: bool) -> None:
    if scenario is not None and options.seed is not None:
        scenario = scenario.with_keys(seed=options.seed)
    path = to or Path("out") / ("kitchen" if scenario is None else scenario.name) / "kitchen.html"
    output.files.refuse_documents({"to": path}, [] if scenario is None else scenario.sources)
    html = output.page.kitchen_page(scenario)

    def write(target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        output.files.write_text(target, html)

    write_or_leave(path, write, "--to")
    say(f"Page: {path}")
    if is_opened and _has_screen():
        webbrowser.open(path.resolve().as_uri())


def _has_screen() -> bool:
    """Whether a browser would have something to show itself on; one for terminals would only be in the way."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
