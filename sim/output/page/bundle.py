"""The page as one script: browsers load no modules from a file on a disk.

There is no build step: the modules are packed as they are, without their comments. Each becomes a function, which
returns what the module exports, and an import takes names out of what an earlier function returned.
"""

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

from sim.output.page.document import html_page

_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (\{[^}]*\};)$", re.MULTILINE)
_COMMENT = re.compile(r"^ *(?:/\*\*(?:(?!\*/)[\s\S])*\*/|//.*)\n", re.MULTILINE)
_BODY = re.compile(r'<body>\n(.*)\n<script type="application/json" id="data">(.*?)</script>', re.DOTALL)
_ENTRY = "page"


def page_of(title: str, data: Any) -> str:
    """Return the page that shows `data`, or an empty kitchen for None, as page.html has it."""
    match = _BODY.search(_text("page.html"))
    assert match is not None
    body, empty_kitchen = match.groups()
    return html_page(title, body, _text("page.css"), _script(), json.loads(empty_kitchen) if data is None else data)


@cache
def _text(name: str) -> str:
    return files("sim.output.page").joinpath(name).read_text(encoding="utf-8")


@cache
def _script() -> str:
    """Return all modules as functions, each behind those that it imports."""
    functions: dict[str, str] = {}

    def add(name: str) -> None:
        source = _text(f"{name}.js")
        for match in _IMPORT.finditer(source):
            if match[2] not in functions:
                add(match[2])
        source = _EXPORT.sub(r"return \1", _IMPORT.sub(r"const \1 = \2_module;", source))
        functions[name] = f"const {name}_module = (() => {{\n{source}}})();\n"

    add(_ENTRY)
    return '"use strict";\n' + _COMMENT.sub("", "".join(functions.values()))
