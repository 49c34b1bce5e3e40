"""The characters of a scenario file: what the parsers do not read by YAML 1.2, and text that reads back as it was."""

import json
import re
from collections.abc import Collection, Mapping
from hashlib import sha256
from io import StringIO
from typing import Any

HALF_CHARACTER = re.compile("[\ud800-\udfff]")
HALF_MESSAGE = "has half a character (\\ud800 to \\udfff); write the whole character"

# Written as what is not printable: the complement of what is would take ten times as long to compile.
_NOT_PRINTABLE = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff"
NOT_PRINTABLE = re.compile(f"[{_NOT_PRINTABLE}]")
"""What no YAML file holds as it is; between double quotes, escapes stand for it."""

_BREAKS_OF_YAML_1_1 = "\x85\u2028\u2029"
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})")
_NOT_WRITTEN = re.compile(f"[{_NOT_PRINTABLE}{_BREAKS_OF_YAML_1_1}\ufeff]")


def stand_ins(text: str) -> dict[int, str]:
    """Return characters that stand in for those at which our parsers break a line and YAML 1.2 does not.

    A stand-in occurs nowhere in the text, neither as itself nor as an escape.
    """
    breaks = [character for character in _BREAKS_OF_YAML_1_1 if character in text]
    if not breaks:
        return {}
    used = {ord(character) for character in set(text)}
    used |= {int(short or long, 16) for short, long in _ESCAPED.findall(text)}
    # Neither surrogates nor what ends each plane are characters that a text can hold.
    unused = (number for number in range(0xE000, 0x110000) if number not in used and number & 0xFFFF < 0xFDD0)
    return dict(zip(unused, breaks, strict=False))


def whole_characters(text: str) -> str:
    """Return a text in which the two halves of a character, which JSON writes as two escapes, are that character."""
    if not HALF_CHARACTER.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def resolved_text(plain: Mapping[str, Any], files: Mapping[str, bytes], without: Collection[str] = ()) -> str:
    """Return a scenario as YAML, `without` some keys: a line for each key, and for each item of a list, in JSON's form.

    The reader makes the same values of it, whatever characters they have. Comments tell which files it names, with
    their SHA-256, since the same names can hold other data tomorrow.
    """
    out = StringIO()
    out.writelines(f"# {json.dumps(name)} sha256 {sha256(data).hexdigest()}\n" for name, data in files.items())
    for key, value in plain.items():
        if key in without:
            continue
        if isinstance(value, list) and value:
            out.write(f"{key}:\n" + "".join(f"  - {json_text(item)}\n" for item in value))
        else:
            out.write(f"{key}: {json_text(value)}\n")
    return out.getvalue()


def json_text(value: object) -> str:
    """Return a value in JSON, with escapes for what a YAML file cannot hold or other tools would read otherwise."""
    return _NOT_WRITTEN.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(value, ensure_ascii=False))
