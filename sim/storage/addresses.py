"""Where runs go: the URL and the token, from the command line, the environment or `.env`."""

import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from io import StringIO
from ipaddress import ip_address
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from urllib.parse import urlsplit

from sim.errors import StorageError

LOCAL = "file:sim.db"
_URL = "TURSO_DATABASE_URL"
_TOKEN = "TURSO_AUTH_TOKEN"  # noqa: S105  # the name of a setting
_ENVIRONMENT, _ENV_FILE = "in the environment", "in .env"
_SCHEMES = {"libsql": "https", "wss": "https", "https": "https", "ws": "http", "http": "http"}
_FORMS = "write file:NAME, such as file:sim.db, or libsql://HOST"
_LARGEST = 64 << 10  # bytes of a `.env` file


@dataclass(frozen=True)
class Address:
    """Where a database is, and how it is known: `url` has no secrets, `token` is never shown, nor is `target`.

    `target` is a path for a file, else an `https:` or `http:` URL. `token_left` says why a token that there is, is not
    used.
    """

    url: str
    target: str = field(repr=False)
    token: str | None = field(repr=False)
    url_from: str
    token_from: str | None
    token_left: str | None = None

    @property
    def is_remote(self) -> bool:
        """Whether it is on a server."""
        return not self.url.startswith("file:")


def find_address(url: str | None = None, option: str = "--db") -> Address:
    """Return where runs go: `url`, else TURSO_DATABASE_URL of the environment or of `.env`, else file:sim.db.

    The token is TURSO_AUTH_TOKEN of where the URL is from. A `url` that is asked for, which `option` names in messages,
    goes with that of the environment, else of `.env`.

    Raises:
        StorageError: the URL or the token is none, or `.env` cannot be read.

    """
    places = (_ENVIRONMENT, _ENV_FILE)
    url_from = option
    if not url:
        url, url_from = _first_setting(_URL, places) or (LOCAL, "the default")
    if not is_remote(url):
        return Address(url, str(_file(url, url_from)), None, url_from, None)
    # a folder with a `.env` of somebody else's must not send the environment's token to a server of its own
    allowed = [place for place in places if url_from in (option, f"{_URL} {place}")]
    token, token_from = _first_setting(_TOKEN, allowed) or (None, None)
    if token and not re.fullmatch(r"[!-~]+", token):
        raise StorageError(f"{token_from}: holds blanks or letters that no token has; copy it anew")
    if token and "://" in token:
        raise StorageError(f"{token_from}: holds a URL; put that into {_URL}, and the token here")
    token_left = None
    with suppress(StorageError):  # of a `.env` that is not needed
        barred = [place for place in places if place not in allowed]
        if token is None and (setting := _first_setting(_TOKEN, barred)):
            token_left = f"{setting[1]} is not used with {url_from}; set both in one place"
    return Address(url, _server(url, url_from, token is not None), token, url_from, token_from, token_left)


def _first_setting(name: str, places: Iterable[str]) -> tuple[str, str] | None:
    """Return the first value that a setting has in these places, and where it was found."""
    for place in places:
        settings = os.environ if place == _ENVIRONMENT else _env_file()
        if value := (settings.get(name) or "").strip():
            return value, f"{name} {place}"
    return None


def _env_file() -> Mapping[str, str | None]:
    """Return the settings of `.env`. They are taken as they are written: `${NAME}` would let them take others'."""
    from dotenv import dotenv_values

    try:
        status = Path(".env").stat()
        if S_ISDIR(status.st_mode):
            return {}
        if not S_ISREG(status.st_mode) or status.st_size > _LARGEST:
            raise StorageError(".env: is not a file of settings; remove it, or name the database with --db file:NAME")
        text = Path(".env").read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError):
        raise StorageError(".env: cannot be read as UTF-8 text; correct it, or name the database with --db") from None
    return dotenv_values(stream=StringIO(text), interpolate=False)


def is_remote(url: str) -> bool:
    """Tell whether a URL names a database on a server."""
    return url.partition(":")[0] in _SCHEMES


def _refusal(url: str, url_from: str, problem: str, host: str | None = None) -> StorageError:
    """Return why a URL is refused. Of its text only what is known to be a scheme or a host is shown: anything else may
    be a secret at a wrong place.
    """
    scheme = url.partition(":")[0]
    shown = "…"
    if host:
        shown = f"{scheme}://{host}"
    elif scheme in (*_SCHEMES, "file"):
        shown = f"{scheme}:…"
    return StorageError(f"database {shown} ({url_from}): {problem}")


def _file(url: str, url_from: str) -> Path:
    """Return the file that a `file:` URL names."""
    if not (match := re.fullmatch(r"file:(?://(?:localhost)?(?=/))?((?!//)[^?#\0]*)", url)):
        problem = "is not supported"
    elif match[1] in ("", ":memory:"):
        problem = "names no file"
    else:
        return Path(match[1])
    raise _refusal(url, url_from, f"{problem}; {_FORMS}")


def _server(url: str, url_from: str, with_token: bool) -> str:
    """Return the `https:` or `http:` URL of a server; Turso speaks HTTP where its URLs say libsql: or wss:."""
    host = _host(url)
    if re.search("[@?#&=%]", url):
        problem = "holds more than scheme, host and path; put the token into TURSO_AUTH_TOKEN"
        raise _refusal(url, url_from, problem, host)
    if host is None or not re.fullmatch(r"(/[\w.~-]{1,63})*/?", (parts := urlsplit(url)).path):
        raise _refusal(url, url_from, f"names no valid host and port; {_FORMS}", host)
    scheme = _SCHEMES[parts.scheme]
    if scheme == "http" and with_token and not is_loopback(parts.hostname or ""):
        raise _refusal(url, url_from, "would send the token unencrypted; write https:// or libsql://", host)
    return f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}/"


def _host(url: str) -> str | None:
    """Return the host and port that a URL names, None where it names none that can be."""
    if re.search(r"[\x00-\x20\x7f\\]", url):  # some of which urlsplit drops
        return None
    try:
        parts = urlsplit(url)
        name, port = parts.hostname or "", parts.port
        if ":" in name:
            ip_address(name)
            name = f"[{name}]"
        elif not re.fullmatch(r"\w([\w.-]*\w)?\.?", name) or not name.encode("idna"):
            return None
    except ValueError:
        return None
    return name if port is None else f"{name}:{port}"


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
