"""`sim kitchen` and `sim site`: a kitchen whose clock runs, and pages for a static host."""

from functools import partial
from pathlib import Path

from sim import output
from sim.cli.options import Model, argument, flag, option
from sim.cli.statuses import WRONG, leave
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
        from sim.live import Session, play

        wrong = play(Session(scenario, options.seed, options.engine))
        leave(WRONG if wrong else 0)
        return
    if scenario is not None and options.seed is not None:
        scenario = scenario.with_keys(seed=options.seed)
    path = output.folder.kitchen_target(to, scenario)
    write_or_leave(path, partial(output.folder.write_kitchen, scenario), "--to")
    say(f"Page: {path}")
    if is_opened:
        output.page.open_in_browser(path)


def site_command(
    paths: list[Path] | None = argument("Scenario files, and folders of them.", "[PATH]", None),
    to: Path = option("Folder for the site.", "DIR", default=...),
    db: str | None = option("Also make pages of the newest runs in this database.", "URL"),
) -> None:
    """Write a website of scenarios, stored runs and a live kitchen."""
    from sim.site import build_site

    files: list[Path] = []
    with output.files.claimed(to, "--to"):
        write_or_leave(to, lambda folder: files.extend(build_site(folder, paths or [Path("scenarios")], db)), "--to")
    say(f"Site: {to}/index.html, {sum(file.suffix == '.html' for file in files)} pages")
