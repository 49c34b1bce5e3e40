"""The documentation says what there is: its examples load, and nothing that a user can write or read is left out."""

import re
import shutil
import sqlite3
from itertools import combinations

import pytest
from typer.main import get_command

from sim import load_scenario, replicate, run
from sim.cli import app
from sim.errors import StorageError
from sim.events import EventKind
from sim.model import FAMILIES
from sim.output.tables import tables
from sim.scenario.arrivals import Stream
from sim.scenario.distributions import Distribution
from sim.scenario.expectations import Expectation
from sim.scenario.schema import BotsSection, ClockSection, ScenarioFile, TimelineEntry
from sim.storage import find_address, find_run, open_database, save_replications, save_run
from sim.storage.migrations import MIGRATIONS, USERS
from sim.verdicts import Judgement
from tests.helpers import ROOT
from tests.helpers.campaigns import some
from tests.helpers.pages import consoles, pasted, typed

SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FORMAT = (ROOT / "docs/scenario-format.md").read_text()
OUTPUTS = (ROOT / "docs/outputs.md").read_text()
SAID_BY_OTHERS = {
    *("unable to open database file", "file is not a database", "attempt to write a readonly database"),
    *("database or disk is full", "database disk image is malformed", "disk I/O error", "Operation was blocked"),
}
"""Messages of SQLite and of Turso."""
DATABASE = (ROOT / "docs/database-reference.md").read_text()


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


def examples():
    for page in PAGES:
        for number, text in enumerate(blocks(page, "yaml"), 1):
            whole = text.startswith("scenario: 1")
            if whole or page.name == "scenario-format.md":
                prefix = "" if whole else "scenario: 1\nname: example\n"
                yield pytest.param(prefix + text, id=f"{page.relative_to(ROOT)}-{number}")


def tables_of_files():
    """Return the files that the page on scenarios shows beside the scenarios that name them."""
    shown = blocks(ROOT / "docs/scenario-format.md", "text")
    return [text for text in shown if text.startswith(("from,rate_per_h", "Ordered At"))]


def section(page, title):
    return page.split(f"\n## {title}\n")[1].split("\n## ")[0]


def has(text, *words):
    return [word for word in words if f"`{word}`" not in text and f"`{word}:" not in text]


def test_nobody_is_sent_to_a_name_that_is_not_published():
    files = [*PAGES, *(ROOT / "sim").rglob("*.py"), *(ROOT / "scenarios").rglob("*.yaml")]
    targets = [
        target for file in files for target in re.findall(r"pip install(?: -[\w-]+)* +([^\s`]+)", file.read_text())
    ]
    assert len(targets) > 5
    assert [target for target in targets if not re.match(r"['\"]?(\.|git\+|\S+\.whl)", target)] == []


@pytest.mark.parametrize("text", list(examples()))
def test_each_example_is_a_valid_scenario(text, tmp_path):
    for file in (ROOT / "scenarios").glob("*.*"):
        for name in (file.name, file.name.replace("_", "-")):
            shutil.copy(file, tmp_path / name)
    for name, table in zip(("week.csv", "till.csv"), tables_of_files(), strict=True):
        (tmp_path / name).write_text(table)
    (tmp_path / "times.csv").write_text("duration\n12.5s\n1m\n")
    (tmp_path / "example_of_the_docs.yaml").write_text(text)
    load_scenario(tmp_path / "example_of_the_docs.yaml")


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_each_scenario_starts_with_its_question_and_keeps_its_promises(path):
    scenario = load_scenario(path)
    assert path.read_text().startswith("# ")
    assert scenario.name == path.stem.replace("_", "-")
    assert [verdict for verdict in run(scenario).verdicts if not verdict.held] == []
    assert f"/scenarios/{path.name}" in (ROOT / "docs/README.md").read_text()


def commands(command, words):
    yield words, command
    for name in getattr(command, "commands", ()):
        yield from commands(command.get_command(None, name), [*words, name])


def test_each_command_and_option_is_mentioned():
    text = " ".join(page.read_text() for page in PAGES)
    for words, command in commands(get_command(app), ["sim"]):
        assert " ".join(words) in text
        options = [name for one in command.params for name in one.opts if name.startswith("--")]
        assert [name for name in options if name not in text and name.replace("--", "--no-") not in text] == [], words


def test_each_metric_and_statistic_is_defined():
    metrics = section(OUTPUTS, "Metrics")
    assert has(metrics, *(metric.name for metric in FAMILIES.values())) == []
    statistics = {statistic for metric in FAMILIES.values() for statistic in metric.statistics}
    assert has(metrics, *(statistics - {""})) == []
    for metric in FAMILIES.values():
        row = next(line for line in metrics.splitlines() if line.startswith(f"| `{metric.name}` |"))
        assert f"| {metric.unit} |" in row
        assert row.endswith("| yes |" if metric.by_class else "| no |")


def test_each_column_and_event_is_described():
    done = run(load_scenario(ROOT / "scenarios/assignment.yaml"))
    columns = section(OUTPUTS, "Columns")
    for name, table in tables(done).items():
        assert f"`{name}.csv`" in columns
        assert has(columns.split(f"`{name}.csv`:")[1].split(".csv`:")[0], *table) == []
    assert has(columns, *(kind.label for kind in EventKind)) == []


def test_each_key_of_the_scenario_file_is_described():
    assert has(section(FORMAT, "Keys").replace("[`", "`"), *ScenarioFile.model_fields) == []
    parts = {"clock": ClockSection, "bots": BotsSection, "timeline": TimelineEntry, "expect": Expectation}
    for title, part in {**parts, "arrivals": Stream}.items():
        keys = [field.alias or name for name, field in part.model_fields.items()]
        assert has(section(FORMAT, title), *keys) == [], title
    assert has(section(FORMAT, "service"), *Distribution.exactly_one) == []


def test_the_faults_that_the_format_shows_are_found(elsewhere, shows):
    (cat, text), (validate, faults) = consoles(ROOT / "docs/scenario-format.md")
    (elsewhere / cat.removeprefix("cat ")).write_text(text)
    assert shows(ROOT / "docs/scenario-format.md", f"$ {validate}\n", faults, typed(validate, elsewhere)[1])


def test_each_table_and_column_of_the_database_is_described_and_each_query_runs(tmp_path):
    path = tmp_path / "docs.db"
    with open_database(f"file:{path}") as database:
        assignment = load_scenario(ROOT / "scenarios/assignment.yaml")
        save_replications(database, assignment, 0, replicate(assignment).results)
        save_run(database, run(assignment))
    connection = sqlite3.connect(path)
    described = section(DATABASE, "Tables")
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        row = next(line for line in described.splitlines() if line.startswith(f"| `{table}` |"))
        columns = [column[1] for column in connection.execute(f"PRAGMA table_info({table})")]
        assert has(row, *(set(columns) - {"id", "created_at", "updated_at", "deleted_at"})) == []
    queries = blocks(ROOT / "docs/database-reference.md", "sql")
    assert queries
    for query in queries:
        assert connection.execute(query).fetchall()
    connection.close()


def test_each_change_of_the_schema_is_listed():
    assert [f"| {n} | {name} |" in DATABASE for n, (name, _) in enumerate(MIGRATIONS, 1)] == [True] * len(MIGRATIONS)


def test_the_sample_users_are_listed_with_their_ids():
    for role, user in USERS.items():
        assert f"| `{user}` | `{role.lower()}` | {role} |" in DATABASE


def explained(message):
    rows = re.findall(r"^\| (.*?) \| ", section(DATABASE, "When it does not work"), re.MULTILINE)
    return [words for row in rows for words in re.findall("`([^`]+)`", row) if words in message]


def longest_run(words, text):
    """Return how many words that follow each other a text has."""
    starts_ends = combinations(range(len(words) + 1), 2)
    return max(end - start for start, end in starts_ends if start == end - 1 or " ".join(words[start:end]) in text)


def test_each_message_that_is_explained_is_one_that_is_said():
    """Half of its words or more stand in the sources one after the other: the others are values."""
    files = [*(ROOT / "sim/storage").glob("*.py"), *(ROOT / "sim/cli").glob("*.py"), ROOT / "sim/errors.py"]
    sources = re.sub(r'"\s*f?"', "", "".join(file.read_text() for file in files))
    rows = re.findall(r"^\| (.*?) \| ", section(DATABASE, "When it does not work"), re.MULTILINE)
    messages = {message for row in rows for message in re.findall("`([^`]+)`", row)} - SAID_BY_OTHERS
    assert [text for text in messages if 2 * longest_run(text.split(), sources) < len(text.split())] == []


@pytest.mark.parametrize(
    ("url", "token"),
    [
        ("sim.db", ""),
        ("file:", ""),
        ("libsql://", ""),
        ("libsql://somewhere?authToken=x", ""),
        ("http://example.org", "x"),
        ("libsql://somewhere", "x y"),
    ],
)
def test_what_is_said_of_a_wrong_setting_is_explained(url, token, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TURSO_AUTH_TOKEN", token)
    with pytest.raises(StorageError) as caught:
        find_address(url)
    assert explained(str(caught.value))


def test_what_is_said_of_a_file_is_explained(tmp_path):
    (tmp_path / "text.db").write_text("no database at all")
    newer = tmp_path / "newer.db"
    with open_database(f"file:{newer}") as database:
        with pytest.raises(StorageError) as caught:
            find_run(database, "01")
        assert explained(str(caught.value)) == ["no run starts with id"]
        database.write([("INSERT INTO schema_migrations VALUES (?, 'x', 'x')", (len(MIGRATIONS) + 1,))])
    for path in ("text.db", "newer.db", "folder/sim.db"):
        with pytest.raises(StorageError) as caught:
            open_database(f"file:{tmp_path / path}")
        assert explained(str(caught.value))


def test_what_is_said_of_a_server_is_explained(server, token_server, monkeypatch):
    monkeypatch.delenv("TURSO_AUTH_TOKEN", raising=False)
    problems = []

    def problem(url):
        with pytest.raises(StorageError) as caught:
            open_database(url)
        problems.append(explained(str(caught.value)))

    problem(token_server.url)
    monkeypatch.setenv("TURSO_AUTH_TOKEN", token_server.token("ro"))
    problem(token_server.url)
    problem(f"{server.url}/elsewhere")
    server.configure(block_writes=True)
    problem(server.url)
    server.kill()
    problem(server.url)
    assert problems == [
        ["answers with HTTP status 401"],
        ["answers with HTTP status 403"],
        ["answers with HTTP status 404", "no libSQL server answers at that URL"],
        ["Operation was blocked"],
        ["cannot be reached"],
    ]


def follow(pages, folder):
    """Do what pages tell, in their order; yield page, line, what is shown behind it and what comes."""
    file, printed, status = folder, "", 0
    blocks = [block for page in pages for block in fenced(page)]
    for page, language, text in blocks:
        if language == "yaml" and text.startswith("scenario: 1"):
            file = folder / f"{re.search('^name: (.*)$', text, re.MULTILINE)[1]}.yaml"
            file.write_text(text)
        elif language == "yaml" and "uses:" not in text:  # a line for the last file
            file.write_text(file.read_text() + text)
        elif language == "python":
            printed = pasted(text, folder)
        elif language == "text":
            yield page, "```text\n", text, printed
        elif language == "console":
            for words, shown in re.findall(r"^\$ (.*)\n((?:[^$].*\n)*)", text, re.MULTILINE):
                if words.startswith("cat "):
                    (folder / words.removeprefix("cat ")).write_text(shown)
                    continue
                if words != "echo $?":
                    if words == "sim new lunch":
                        file = folder / "lunch.yaml"
                    draws = not {"check", "theory", "validate", "calibrate", "new", "runs"} & set(words.split())
                    status, said = typed(words, folder, *(["--no-charts"] if draws else []))
                yield page, f"$ {words}\n", shown, f"{status}\n" if words == "echo $?" else said


def fenced(page):
    return [
        (page, *block) for block in re.findall(r"^```(\w+)\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    ]


@pytest.mark.parametrize(
    ("names", "commands"),
    some(
        [
            ("tutorial", 10),
            ("long-runs", 0),
            ("how-sure replications", 9),
            ("promises", 2),
            ("which-crew staffing theory", 11),
            ("fitting", 4),
        ],
        2,
    ),
)
def test_what_guides_show_is_what_comes_when_they_are_followed(elsewhere, shows, names, commands):
    shutil.copy(ROOT / "scenarios/data/bakery.csv", elsewhere)
    pages = [ROOT / f"docs/{name}.md" for name in names.split()]
    wrong = [(head, came) for page, head, shown, came in follow(pages, elsewhere) if not shows(page, head, shown, came)]
    assert wrong == []
    assert sum(len(re.findall(r"^\$ sim ", page.read_text(), re.MULTILINE)) for page in pages) == commands


def test_each_verdict_and_exit_status_is_explained():
    guide = (ROOT / "docs/how-sure.md").read_text()
    assert [one for one in Judgement if f"| {one} |" not in guide] == []
    assert [status for status in (0, 1, 2, 3, 4, 130) if f"\n| {status} | " not in OUTPUTS] == []


def anchors(page):
    """Return what leads to the headings of a page, as GitHub and the documentation site name them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)]
    return {heading.replace(" ", "-") for heading in headings}


def test_each_link_leads_to_a_page_and_to_a_heading():
    for page in PAGES:
        for target, anchor in re.findall(r"\]\((?!https?://|mailto:)([^)#]*)(?:#([^)]*))?\)", page.read_text()):
            leads_to = page.parent / target if target else page
            link = f"{page}: {target}#{anchor}"
            assert leads_to.exists(), link
            assert not anchor or leads_to.suffix != ".md" or anchor in anchors(leads_to), link
