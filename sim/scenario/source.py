"""YAML text into a tree that knows where everything stands.

The tree is built from libyaml's events, not from its nodes: its composer recurses without limit and
dies on deep nesting. Scalars are read by the YAML 1.2 core schema, so `12:30:00` stays text.
"""

import re
from dataclasses import replace
from typing import Any, NoReturn

from ruamel.yaml.cyaml import CBaseLoader
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)
from ruamel.yaml.loader import BaseLoader

from sim.errors import Fault, ScenarioError
from sim.scenario.text import HALF_CHARACTER, HALF_MESSAGE, NOT_PRINTABLE, stand_ins, whole_characters
from sim.scenario.tree import Node, Place
from sim.units import shown

DEEPEST = 64
MOST_VALUES = 1_000_000
_LONGEST_NUMBER = 40

_NOT_OF_LIBYAML = {
    "found unexpected ':'",  # 11:00 without quotes in brackets
    "found invalid Unicode character escape code",  # half of a pair, as JSON writes what lies beyond U+FFFF
}
_AT_A_COLON = {"could not find expected ':'", "mapping values are not allowed in this context"}
_KEY_WITHOUT_BLANK = re.compile(r"[ \t]*(?:- +)*([A-Za-z_]+:)[^ \t/]")
_CURES = {
    "mapping values are not allowed in this context": "put a text with a colon in quotes, or check the indentation",
    "found character that cannot start any token": "put the text in quotes",
    "did not find expected comment or line break": "put the text in quotes",
}
_PLAIN_KEY = re.compile(r"[\w-]{1,40}")
_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"(true|True|TRUE)|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", re.ASCII)


def decoded(data: bytes, label: str) -> str:
    """Return UTF-8 as text; `label` names the file in faults.

    Raises:
        ScenarioError: it is not UTF-8.

    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        passed = data[: error.start].decode("utf-8-sig", "replace")
        message = f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8"
        raise ScenarioError([_place_at(label, passed).fault("", message)]) from None


def _place_at(file: str, passed: str) -> Place:
    """Return the place right after the text `passed`."""
    lines = _lines(passed)
    return Place(file, len(lines), len(lines[-1]) + 1)


def _lines(text: str) -> list[str]:
    """Return the lines of a text, which end where YAML 1.2 ends them."""
    return re.split("\r\n?|\n", text)


def read_yaml(text: str, file: str, faults: list[Fault]) -> Node:
    """Return the tree of a YAML document; `file` names it in faults.

    `faults` gets what leaves something to go on with, such as a duplicate key or a tag.

    Raises:
        ScenarioError: with all faults, when there is no tree: no YAML, no mapping, too many values, …

    """
    if match := NOT_PRINTABLE.search(text):
        number = ord(match[0])
        advice = f'remove it, or write "\\u{number:04x}" in double quotes' if number else "remove it, or save as UTF-8"
        place = _place_at(file, text[: match.start()])
        raise ScenarioError([place.fault("", f"U+{number:04X} is not allowed; {advice}")])
    # libyaml follows YAML 1.1, where more characters break a line; others stand in for them while it reads.
    spare = stand_ins(text)
    text = text.translate({ord(character): number for number, character in spare.items()})
    reader = _Reader(CBaseLoader(text), file, spare)
    try:
        try:
            root = reader.document()
        except MarkedYAMLError as error:
            if error.problem not in _NOT_OF_LIBYAML:
                raise
            reader = _Reader(BaseLoader(text), file, spare)  # the slow parser of YAML 1.2
            try:
                root = reader.document()
            except (ValueError, OverflowError):  # from an escape beyond U+10FFFF
                raise error from None
    except MarkedYAMLError as error:
        raise ScenarioError([*reader.faults, _syntax_fault(text, file, error)]) from None
    faults += reader.faults
    return root


def parse_value(text: str) -> Any:
    """Return the value of a piece of YAML, as it would be read in a file.

    Raises:
        ScenarioError: it is not YAML, or more than one value.

    """
    faults: list[Fault] = []
    values = read_yaml(f"value: {text}", "value", faults).plain()
    if len(values) > 1:
        faults.append(Place("value").fault("", "is more than one value; write one"))
    if faults:
        raise ScenarioError(faults)
    return values["value"]


def _syntax_fault(text: str, file: str, error: Any) -> Fault:
    """Return what libyaml found at its place, or where that began which is still open at the end of the file."""
    mark = error.problem_mark or error.context_mark
    lines = _lines(text.rstrip())
    cure = _CURES.get(error.problem, "check indentation, brackets, colons and quotes up to here")
    # libyaml complains of a key without a blank only where the next one comes.
    first = max(0, mark.line - 1) if error.context_mark is None else error.context_mark.line
    for number in range(first, min(mark.line + 1, len(lines))):
        if error.problem in _AT_A_COLON and (key := _KEY_WITHOUT_BLANK.match(lines[number])):
            return Place(file, number + 1, key.end(1)).fault("", "is not valid YAML; write a blank after the colon")
    if mark.line >= len(lines) and error.context_mark is not None:
        mark, cure = error.context_mark, "close what opens here"
    if mark.line >= len(lines):
        place = Place(file, len(lines), len(lines[-1]) + 1)
        cure = "close the bracket or quote that is still open here"
    else:
        place = Place(file, mark.line + 1, mark.column + 1)
        line = lines[mark.line]
        if "\t" in line[: len(line) - len(line.lstrip())]:
            cure = "indent with spaces, not tabs"
    return place.fault("", f"is not valid YAML: {error.problem or error.context}; {cure}")


class _Reader:
    """Builds nodes from libyaml's events and collects what is wrong beyond syntax."""

    def __init__(self, parser: CBaseLoader | BaseLoader, file: str, spare: dict[int, str]) -> None:
        self.parser = parser
        self.file = file
        self.spare = spare
        self.faults: list[Fault] = []
        self.anchors: dict[str, Node | None] = {}
        self.total = 0
        self.path: list[str] = []

    def document(self) -> Node:
        self.parser.get_event()  # the start of the stream
        if isinstance(self.parser.peek_event(), StreamEndEvent):
            self.give_up(Place(self.file), "is empty; write 'scenario: 1' and go on from there")
        self.parser.get_event()  # the start of the document
        root = self.node(0)
        self.parser.get_event()  # the end of the document
        following = self.parser.get_event()
        if not isinstance(following, StreamEndEvent):
            self.fault(self.place(following), "a second document starts here; put it into a file of its own")
        if root.value is None:
            self.give_up(Place(self.file), "is empty; write 'scenario: 1' and go on from there")
        if not isinstance(root.value, dict):
            self.give_up(root.place, f"is {shown(root.value)}; write keys and values, the first 'scenario: 1'")
        return root

    def fault(self, place: Place, message: str) -> None:
        self.faults.append(place.fault("".join(self.path).lstrip("."), message))

    def give_up(self, place: Place, message: str) -> NoReturn:
        self.path.clear()
        self.fault(place, message)
        raise ScenarioError(self.faults)

    def place(self, event: Any) -> Place:
        return Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def node(self, depth: int) -> Node:
        """Read one value and all below it."""
        event = self.parser.get_event()
        place = self.place(event)
        if isinstance(event, AliasEvent):
            node = self.alias(event.anchor, place)
            # An alias is a few letters, what it stands for may be large and deep: both are counted as if written out.
            self.check_depth(depth + node.height, place)
            return self.count(node)
        self.check_depth(depth, place)
        if event.tag not in (None, "!"):
            self.fault(place, f"tag {shown(event.tag)} is not allowed; write a plain value")
        if event.anchor:
            self.anchors[event.anchor] = None  # open: an alias to it from inside would be endless
        if isinstance(event, ScalarEvent):
            node = Node(self.scalar(event), place)
            if isinstance(node.value, str) and HALF_CHARACTER.search(node.value):
                self.fault(place, HALF_MESSAGE)
        elif isinstance(event, MappingStartEvent):
            node = self.mapping(place, depth)
        else:
            node = Node([], place)
            while not isinstance(self.parser.peek_event(), SequenceEndEvent):
                self.path.append(f"[{len(node.value)}]")
                node.value.append(self.node(depth + 1))
                self.path.pop()
            self.parser.get_event()
            node = node.measured()
        if event.anchor:
            self.anchors[event.anchor] = node
        return self.count(node) if isinstance(event, ScalarEvent) else node

    def check_depth(self, depth: int, place: Place) -> None:
        if depth > DEEPEST:
            self.give_up(place, f"is nested more than {DEEPEST} deep; write it flatter")

    def count(self, node: Node) -> Node:
        self.total += node.size
        if self.total > MOST_VALUES:
            self.give_up(node.place, f"aliases make more than {MOST_VALUES} values of this file; repeat less")
        return node

    def alias(self, name: str, place: Place) -> Node:
        if name not in self.anchors:
            self.fault(place, f"alias *{name} has no anchor; write &{name} before the value it stands for")
        elif (node := self.anchors[name]) is None:
            self.fault(place, f"alias *{name} stands inside the value it stands for; write the value out")
        else:
            return replace(node, place=place)
        return Node(None, place)

    def text(self, event: Any) -> str:
        """Return the text of a scalar as it was before others stood in for some of its characters."""
        return whole_characters(event.value.translate(self.spare))

    def scalar(self, event: Any) -> Any:
        text = self.text(event)
        if event.style in ("'", '"', "|", ">") or len(text) > _LONGEST_NUMBER:
            return text
        if _NULL.fullmatch(text):
            return None
        if match := _BOOL.fullmatch(text):
            return match[1] is not None
        if _INT.fullmatch(text):
            return int(text, 0 if text[:2] in ("0o", "0x") else 10)
        if _FLOAT.fullmatch(text):
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        return text

    def mapping(self, place: Place, depth: int) -> Node:
        node = Node({}, place)
        merged: list[Node] = []
        while not isinstance(self.parser.peek_event(), MappingEndEvent):
            start = self.parser.peek_event()
            key_node = self.node(depth + 1)
            key = self.text(start) if isinstance(start, ScalarEvent) else key_node.value
            self.path.append(f".{key}" if isinstance(key, str) and _PLAIN_KEY.fullmatch(key) else ".…")
            value = self.node(depth + 1)
            self.path.pop()
            key_place = key_node.place
            is_merge = key == "<<" and isinstance(start, ScalarEvent) and not start.style  # in quotes, it is a key
            if is_merge and not merged:
                merged = value.value if isinstance(value.value, list) else [value]
            elif is_merge:
                self.fault(key_place, "duplicate key '<<'; write one with a list: <<: [*one, *other]")
            elif not isinstance(key, str):
                self.fault(key_place, f"key {shown(key)} is not text; write a word as the key")
            elif key in node.value:
                first = node.keys[key]
                self.fault(key_place, f"duplicate key {shown(key)}, first on line {first.line}; keep one of them")
            else:
                node.value[key], node.keys[key] = value, key_place
        self.parser.get_event()
        for base in merged:
            if isinstance(base.value, dict):
                node.value = base.value | node.value
                node.keys = base.keys | node.keys
            else:
                self.fault(base.place, f"<< merges mappings, not {shown(base.value)}; write an alias to a mapping")
        return node.measured()
