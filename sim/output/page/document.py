"""HTML files that are whole in themselves: no request leaves them, and no name in them becomes markup.

A policy in each file allows the style and the script that it was made with, by their hashes, and nothing else.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from html import escape
from typing import Any

from sim.units import printable

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
{body}
{scripts}</body>
</html>
"""


def html_page(title: str, body: str, style: str, script: str = "", data: Any = None, frames: Sequence[str] = ()) -> str:
    """Return an HTML file.

    Args:
        title: text, which is escaped here.
        body: markup; whoever makes it escapes the texts in it.
        style: CSS, without `</style`.
        script: JavaScript, without `</script`.
        data: what the script finds as JSON in the element `data`.
        frames: other files of this kind that stand in frames of it; what they allow is allowed here too, since a policy
            holds for frames as well.

    """
    scripts = ""
    if script:
        scripts = f'<script type="application/json" id="data">{_json(data)}</script>\n<script>{script}</script>\n'
    own_script = [_source(script)] if script else []
    policy = [
        "default-src 'none'",
        "style-src " + " ".join(_unique([_source(style), *_allowed("style", frames)])),
        "script-src " + (" ".join(_unique([*own_script, *_allowed("script", frames)])) or "'none'"),
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return _PAGE.format(
        policy="; ".join(policy), title=escape(printable(title)), style=style, body=body, scripts=scripts
    )


def _source(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _allowed(kind: str, frames: Sequence[str]) -> Iterator[str]:
    """Yield the hashes of styles or of scripts that files allow."""
    for frame in frames:
        yield from re.findall("'sha256-[^']*'", frame.split(f"{kind}-src ", 1)[1].split(";", 1)[0])


def _unique(sources: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(sources))


def _json(data: Any) -> str:
    """Return JSON that nothing in it can end."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
