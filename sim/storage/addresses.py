"""Where runs go: the URL and the token, from the command line, the environment or `.env`."""

import os
import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

from sim.errors import StorageError

LOCAL = "file:sim.db"
_SCHEMES = {"libsql": "https", "wss": "https", "https": "https", "ws": "http", "http": "http"}
_FORMS = "write file:NAME, such as file:sim.db, or libsql://HOST"


@dataclass(frozen=True)
class Address:
    """Where a database is, and how it is known: `url` has no secrets, `token` is never shown, nor is `target`.

    `target` is a path for a file, else an `https:` or `http:` URL.
    """

    url: str
    target: str = field(repr=False)
    token: str | None = field(repr=False)
    url_from: str
    token_from: str | None

    @property
    def is_remote(self) -> bool:
        """Whether it is on a server."""
        return not self.url.startswith("file:")


def find_address(asked: str | None = None) -> Address:
    """Return where runs go: `asked`, else TURSO_DATABASE_URL of the environment or of `.env`, else file:sim.db.

    The token is TURSO_AUTH_TOKEN of the environment, else of `.env`.

    Raises:
        StorageError: the URL or the token is none, or `.env` cannot be read.

    """
    url, url_from = _setting("TURSO_DATABASE_URL") or (LOCAL, "the default")
    if asked:
        url, url_from = asked, "--db"
    if not is_remote(url):
        return Address(url, str(_file(url)), None, url_from, None)
    token, token_from = _setting("TURSO_AUTH_TOKEN") or (None, None)
    if token and not re.fullmatch(r"[!-~]+", token):
        raise StorageError(f"{token_from}: holds blanks or letters that no token has; copy it anew")
    return Address(without_secrets(url), _server(url, token is not None), token, url_from, token_from)


def _setting(name: str) -> tuple[str, str] | None:
    """Return a setting and where it was found."""
    if value := os.environ.get(name, "").strip():
        return value, f"{name} in the environment"
    try:
        value = (dotenv_values(".env").get(name) or "").strip()
    except (OSError, UnicodeDecodeError):
        raise StorageError(".env: cannot be read as UTF-8 text; mend it, or name the database with --db") from None
    return (value, f"{name} in .env") if value else None


def is_remote(url: str) -> bool:
    """Tell whether a URL names a database on a server."""
    return url.partition(":")[0] in _SCHEMES


def without_secrets(url: str) -> str:
    """Return what may be shown of a URL: passwords stand before an `@`, tokens behind `?` or `#`."""
    return f"{url.partition(':')[0]}:…" if "@" in url else " ".join(re.split("[?#]", url)[0].split())


def _file(url: str) -> Path:
    """Return the file that a `file:` URL names."""
    if not (match := re.fullmatch(r"file:(?://(?:localhost)?(?=/))?((?!//)[^?#\0]*)", url)):
        problem = "is not supported"
    elif match[1] in ("", ":memory:"):
        problem = "names no file"
    else:
        return Path(match[1])
    raise StorageError(f"database {without_secrets(url)}: {problem}; {_FORMS}")


def _server(url: str, with_token: bool) -> str:
    """Return the `https:` or `http:` URL of a server; Turso speaks HTTP where its URLs say libsql: or wss:."""
    shown = without_secrets(url)
    if re.search("[@?#]", url):
        raise StorageError(f"database {shown}: holds more than scheme and host; put the token into TURSO_AUTH_TOKEN")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
        (host or "").encode("idna")
    except ValueError:
        host = None
    if not host or re.search(r"[\s\\]", url):
        raise StorageError(f"database {shown}: names no valid host and port; {_FORMS}")
    scheme = _SCHEMES[parts.scheme]
    if scheme == "http" and with_token and not is_loopback(host):
        raise StorageError(f"database {shown}: would send the token unencrypted; write https:// or libsql://")
    return f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}/"


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
