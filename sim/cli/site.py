"""`sim site`: pages of scenarios and stored runs, for a static host."""

from pathlib import Path

from sim import output
from sim.cli.options import argument, option
from sim.cli.work import write_or_leave
from sim.output.terminal import say


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
