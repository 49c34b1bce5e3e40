"""HTML files that are whole in themselves: no request leaves them, and no name in them becomes markup.

A policy in each file allows the style and the script that it was made with, by their hashes, and nothing else.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from html import escape
from importlib.resources import files
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
        style: CSS, without `</style`, behind the colours of all pages.
        script: JavaScript, without `</script`.
        data: what the script finds as JSON in the element `data`.
        frames: other files of this kind that stand in frames of it; what they allow is allowed here too, since a policy
            holds for frames as well.

    """
    style = files("sim.output.page").joinpath("colours.css").read_text(encoding="utf-8") + style
    scripts = ""
    if script:
        scripts = f'<script type="application/json" id="data">{_json(data)}</script>\n<script>{script}</script>\n'
    policy = policy_of(frames, [style], [script] if script else [])
    return _PAGE.format(policy=policy, title=escape(printable(title)), style=style, body=body, scripts=scripts)


def _source(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def policy_of(pages: Iterable[str], styles: Sequence[str] = (), scripts: Sequence[str] = ()) -> str:
    """Return the policy that allows these styles and scripts, and what pages allow themselves, and nothing else."""
    allowed = {"style": dict.fromkeys(map(_source, styles)), "script": dict.fromkeys(map(_source, scripts))}
    for page in pages:
        for kind, sources in allowed.items():
            directive = page.split(f"{kind}-src ", 1)[1].split(";", 1)[0]
            sources.update(dict.fromkeys(re.findall("'sha256-[^']*'", directive)))
    directives = [f"{kind}-src " + (" ".join(sources) or "'none'") for kind, sources in allowed.items()]
    return "; ".join(["default-src 'none'", *directives, "img-src data:", "base-uri 'none'", "form-action 'none'"])


def _json(data: Any) -> str:
    """Return JSON that nothing in it can end."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
