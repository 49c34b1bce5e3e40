"""Which database: URLs, tokens, `.env`; what is none is refused in one line that shows no secret."""

import os
from pathlib import Path

import pytest

from sim import StorageError, open_database
from sim.storage import Address, check, find_address, list_runs, save_run
from tests.helpers.backends import BUSY, run_text

pytestmark = pytest.mark.usefixtures("elsewhere")
FORMS = "write file:NAME, such as file:sim.db, or libsql://HOST"


def refusal(url: str | None = None) -> str:
    """Return the message with which a database is refused: one line."""
    with pytest.raises(StorageError) as caught:
        open_database(url)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message


# Where runs go


def test_the_database_is_the_one_asked_for_else_of_the_environment_else_of_env_file_else_sim_db(monkeypatch):
    def found(url: str | None = None) -> tuple[str, str]:
        with open_database(url) as database:
            return database.address.url, database.address.url_from

    assert found() == ("file:sim.db", "the default")
    Path(".env").write_text("TURSO_DATABASE_URL=file:of-file.db\n")
    assert found() == ("file:of-file.db", "TURSO_DATABASE_URL in .env")
    monkeypatch.setenv("TURSO_DATABASE_URL", " file:of-environment.db\n")
    assert found() == ("file:of-environment.db", "TURSO_DATABASE_URL in the environment")
    assert found("file:asked.db") == ("file:asked.db", "--db")
    monkeypatch.setenv("TURSO_DATABASE_URL", " ")
    assert found() == ("file:of-file.db", "TURSO_DATABASE_URL in .env")
    Path(".env").write_text("TURSO_DATABASE_URL=\n")
    assert found() == ("file:sim.db", "the default")
    assert {file.name for file in Path().glob("*.db")} == {"sim.db", "of-file.db", "of-environment.db", "asked.db"}


def test_the_token_of_a_url_that_is_asked_for_is_that_of_the_environment_else_of_env_file(monkeypatch):
    def found(url: str = "libsql://x.turso.io") -> tuple[str | None, str | None]:
        address = find_address(url)
        return address.token, address.token_from

    assert found() == (None, None)
    Path(".env").write_text('export TURSO_AUTH_TOKEN="of.file"\n')
    assert found() == ("of.file", "TURSO_AUTH_TOKEN in .env")
    monkeypatch.setenv("TURSO_AUTH_TOKEN", "of.environment\n")
    assert found() == ("of.environment", "TURSO_AUTH_TOKEN in the environment")
    assert found("file:sim.db") == (None, None)


@pytest.mark.parametrize("stranger", ["environment", ".env"])
def test_a_token_is_used_only_with_a_url_of_the_same_place(stranger, monkeypatch):
    """A folder's `.env`, say of somebody's pull request, cannot name a server and get the token of the environment."""
    url, token = "TURSO_DATABASE_URL", "TURSO_AUTH_TOKEN"
    if stranger == ".env":
        Path(".env").write_text(f"{url}=libsql://stranger.example\n{token}_OF_MINE=${{{token}}}\n")
        monkeypatch.setenv(token, "SECRET")
        of_url, of_token = ".env", "the environment"
    else:
        monkeypatch.setenv(url, "libsql://stranger.example")
        Path(".env").write_text(f"{token}=SECRET\n")
        of_url, of_token = "the environment", ".env"
    address = find_address()
    assert (address.token, address.token_from) == (None, None)
    assert address.token_left == f"{token} in {of_token} is not used with {url} in {of_url}; set both in one place"
    assert dict(check_lines(address))["token"] == f"none; {address.token_left}"
    assert find_address("libsql://x.turso.io").token == "SECRET"


def check_lines(address: Address) -> list[tuple[str, str]]:
    """Return what `sim db check` says before it asks the server."""
    lines = check(address, write=False)
    return [next(lines), next(lines)]


def test_a_token_that_was_left_out_is_named_where_the_server_wants_one(token_server, monkeypatch):
    Path(".env").write_text(f"TURSO_DATABASE_URL={token_server.url}\n")
    monkeypatch.setenv("TURSO_AUTH_TOKEN", token_server.token())
    assert refusal().endswith(
        "; TURSO_AUTH_TOKEN in the environment is not used with TURSO_DATABASE_URL in .env; set both in one place"
    )


def test_an_env_file_takes_nothing_from_the_environment(monkeypatch):
    monkeypatch.setenv("MINE", "SECRET")
    Path(".env").write_text("TURSO_DATABASE_URL=libsql://x.turso.io\nTURSO_AUTH_TOKEN=${MINE}\n")
    assert find_address().token == "${MINE}"


def test_an_env_file_that_is_no_text_is_refused_unless_it_is_not_needed(monkeypatch):
    Path(".env").write_bytes(b"\xff\xfeT\x00")
    assert refusal() == ".env: cannot be read as UTF-8 text; correct it, or name the database with --db"
    assert find_address("file:sim.db").url == "file:sim.db"
    monkeypatch.setenv("TURSO_DATABASE_URL", "file:sim.db")
    assert find_address().url == "file:sim.db"
    monkeypatch.setenv("TURSO_DATABASE_URL", "libsql://x.turso.io")
    assert find_address().token is None


@pytest.mark.parametrize("kind", ["pipe", "device", "huge"])
def test_an_env_file_that_would_never_end_is_refused(kind):
    match kind:
        case "pipe":
            os.mkfifo(".env")
        case "device":
            Path(".env").symlink_to("/dev/zero")
        case "huge":
            Path(".env").write_text("#\n" * 40_000)
    assert refusal() == ".env: is not a file of settings; remove it, or name the database with --db file:NAME"


def test_a_folder_called_env_is_no_settings():
    Path(".env").mkdir()
    assert find_address().url == "file:sim.db"


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("libsql://x.turso.io", "https://x.turso.io/"),
        ("libsql://x.turso.io/", "https://x.turso.io/"),
        ("wss://x.turso.io:443/name", "https://x.turso.io:443/name/"),
        ("https://x.turso.io", "https://x.turso.io/"),
        ("http://x.example:8080", "http://x.example:8080/"),
        ("ws://localhost:8080", "http://localhost:8080/"),
        ("http://[::1]:8080", "http://[::1]:8080/"),
        ("file:sim.db", "sim.db"),
        ("file:a b/ü.db", "a b/ü.db"),
        ("file:a%20b.db", "a%20b.db"),
        ("file:/tmp/sim.db", "/tmp/sim.db"),
        ("file:///tmp/sim.db", "/tmp/sim.db"),
        ("file://localhost/tmp/sim.db", "/tmp/sim.db"),
    ],
)
def test_every_form_of_a_url_has_its_target(url, target):
    address = find_address(url)
    assert (address.url, address.target, address.is_remote) == (url, target, not url.startswith("file:"))


@pytest.mark.parametrize("host", ["localhost:1", "LOCALHOST:1", "127.0.0.1:1", "127.9.9.9", "[::1]:1"])
def test_a_token_goes_unencrypted_to_this_machine_and_is_not_printed(host, monkeypatch):
    monkeypatch.setenv("TURSO_AUTH_TOKEN", "TOKEN")
    address = find_address(f"http://{host}")
    assert address.token == "TOKEN"
    assert "TOKEN" not in f"{address!r} {address}".replace("TURSO_AUTH_TOKEN", "")


@pytest.mark.parametrize(
    "host", ["x.turso.io", "localhost.x.example", "0.0.0.0", "10.0.0.1", "[::2]", "127.0.0.1.x.io"]
)
@pytest.mark.parametrize("scheme", ["http", "ws"])
def test_a_token_goes_unencrypted_nowhere_else(scheme, host, monkeypatch):
    url = f"{scheme}://{host}"
    assert find_address(url).token is None
    monkeypatch.setenv("TURSO_AUTH_TOKEN", "TOKEN")
    assert refusal(url) == f"database {url} (--db): would send the token unencrypted; write https:// or libsql://"


# What is none


@pytest.mark.parametrize(
    "url",
    [
        *("sim.db", "file:", "file::memory:", "file://sim.db", "file://elsewhere/sim.db", "file:sim.db?mode=ro"),
        *("file:sim.db#1", "file://[", "sqlite:sim.db", ":memory:", "FILE:sim.db", "x.turso.io", "postgres://x/y"),
        *("libsql:x.turso.io", "libsql://", "libsql:///name", "https://:80", "https://x.turso.io:99999"),
        *("https://x.turso.io:port", "http://[::1", "libsql://x.turso.io/a b", "https://x\\y", "https://x.turso.io\n"),
        *("https://x..turso.io", "https://.", f"https://{'x' * 64}.turso.io", "https://x.turso.io/a b/"),
        *("https://x.turso.io/(secret)", f"https://x.turso.io/{'x' * 64}", "https://x\u202ey.io", "https://x\ty.io"),
    ],
)
def test_a_url_of_no_database_is_refused_with_what_to_write(url):
    assert refusal(url).endswith(f"; {FORMS}")
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("libsql://x.turso.io?authToken=SECRET", "libsql://x.turso.io"),
        ("libsql://x.turso.io/#SECRET", "libsql://x.turso.io"),
        ("libsql://x.turso.io/db&authToken=SECRET", "libsql://x.turso.io"),
        ("libsql://x.turso.io/authToken=SECRET", "libsql://x.turso.io"),
        ("libsql://x.turso.io&authToken=SECRET", "libsql:…"),
        ("libsql:x.turso.io?authToken=SECRET", "libsql:…"),
        ("https://user:SECRET@x.turso.io/db", "https://x.turso.io"),
        ("https://user:SEC?SECRET@x.turso.io/db", "https:…"),
        ("https://x.turso.io?authToken=SECRET@SECRET", "https://x.turso.io"),
        ("wss://SECRET@x.turso.io:99", "wss://x.turso.io:99"),
        ("http://SECRET:@[", "http:…"),
        ("user:SECRET@x.turso.io", "…"),
        ("SECRET@x.turso.io", "…"),
        ("SECRET", "…"),
        ("SECRET:SECRET", "…"),
        ("file:sim.db?authToken=SECRET", "file:…"),
        ("file://user:SECRET@x/sim.db", "file:…"),
    ],
)
def test_of_a_url_that_is_refused_only_scheme_and_host_are_shown(url, shown, monkeypatch):
    message = refusal(url)
    assert "SEC" not in message
    assert message.startswith(f"database {shown} (--db): ")
    monkeypatch.setenv("TURSO_DATABASE_URL", url)
    assert refusal().startswith(f"database {shown} (TURSO_DATABASE_URL in the environment): ")


def test_a_url_at_the_place_of_the_token_is_refused_and_not_sent(monkeypatch):
    monkeypatch.setenv("TURSO_AUTH_TOKEN", "libsql://SECRET.turso.io")
    assert refusal("libsql://x.turso.io") == (
        "TURSO_AUTH_TOKEN in the environment: holds a URL; put that into TURSO_DATABASE_URL, and the token here"
    )


@pytest.mark.parametrize("token", ["SEC RET", "SECRET\nSECRET", "SECRÉT", "SECRET\x7f", "“SECRET”"])
def test_a_token_that_can_be_none_is_refused_and_not_shown(token, monkeypatch):
    monkeypatch.setenv("TURSO_AUTH_TOKEN", token)
    message = refusal("libsql://x.turso.io")
    problem = "holds blanks or letters that no token has; copy it anew"
    assert message == f"TURSO_AUTH_TOKEN in the environment: {problem}"


# Files that are none


def test_a_file_that_is_no_database_is_refused_and_left_alone():
    file = Path("letter.txt")
    file.write_text("Dear reader, " * 100)
    assert refusal("file:letter.txt") == "database file:letter.txt: file is not a database; name another file with --db"
    assert file.read_text() == "Dear reader, " * 100


def test_a_damaged_database_is_refused():
    with open_database() as database:
        save_run(database, run_text(Path("run"), BUSY))
    file = Path("sim.db")
    content = file.read_bytes()
    file.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    cure = "restore the file, or name another with --db"
    assert refusal() == f"database file:sim.db: database disk image is malformed; {cure}"


@pytest.mark.parametrize("name", ["missing/sim.db", "folder", ".", "x/../.."])
def test_a_folder_is_no_database_and_is_not_made_for_one(name):
    Path("folder").mkdir()
    cure = "name a file in a folder that exists and is writable"
    assert refusal(f"file:{name}") == f"database file:{name}: unable to open database file; {cure}"
    assert list(map(str, Path().rglob("*"))) == ["folder"]


def test_a_read_only_file_can_be_read_but_not_written():
    done = run_text(Path("run"), BUSY)
    with open_database() as database:
        saved = save_run(database, done)
    Path("sim.db").chmod(0o444)
    if os.geteuid() == 0 and os.access("sim.db", os.W_OK):
        pytest.skip("root may write to a read-only file")
    with open_database() as reading:
        assert [one.id for one in list_runs(reading)] == [saved]
        with pytest.raises(StorageError, match="readonly database; the file cannot be written; change its permissions"):
            save_run(reading, done)
