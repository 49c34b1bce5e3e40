"""The base class of every mapping of the scenario file.

Reading one never fails, so that all faults of a file come in one go: what is right in it can be used, what is wrong is
noted in `findings`, and whoever asks for a wrong value gets a WrongValueError.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo

from sim.errors import Fault
from sim.scenario.hints import closest, did_you_mean, key_without_blank, listed
from sim.scenario.tree import KEY, Steps
from sim.units import as_meant, shown

_LONGEST_VALUE = 40  # that a fault repeats

Finding = tuple[Steps, str | Fault]
"""What is wrong, with the steps that lead there; a Fault where it stands in another file."""


class WrongValueError(Exception):
    """Stands in place of a wrong value and says what is wrong with it; raised where somebody asks for the value."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__()
        self.findings = findings


class Part(BaseModel):
    """A mapping of the scenario file. Unknown, missing and clashing keys are all noted at once."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True, defer_build=True)

    exactly_one: ClassVar[tuple[str, ...]] = ()
    """The keys of which a mapping has one."""
    scalar_key: ClassVar[str | None] = None
    """The key that a value written without a mapping stands for."""
    likely_form: ClassVar[str | None] = None
    """How to write a value that stands, which is wrong, in place of the mapping; `{}` takes it."""
    likely_unit: ClassVar[str] = ""
    """The unit that a plain number lacks there."""
    is_root: ClassVar[bool] = False
    """Whether it is the whole file: it has too many keys for an unknown one to throw doubt on all that are absent."""
    findings: ClassVar[tuple[Finding, ...]] = ()
    """What is wrong in it, and in the parts in it."""

    @field_validator("*", mode="wrap")
    @classmethod
    def _read_value(cls, value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        if isinstance(value, WrongValueError):
            return value
        try:
            return handler(value)
        except WrongValueError as error:
            return error
        except ValidationError as error:
            return WrongValueError(*((line["loc"], _wording(line)) for line in error.errors(include_url=False)))

    @model_validator(mode="wrap")
    @classmethod
    def _read_keys(cls, data: Any, handler: ModelWrapValidatorHandler["Part"]) -> "Part":
        findings: list[Finding] = []
        doubtful: Collection[str] = ()
        if isinstance(data, dict):
            values, doubtful = cls._values(data, findings)
        elif cls.scalar_key is not None:
            values = {cls.scalar_key: data}
        else:
            values = dict.fromkeys(cls._keys(), WrongValueError())
            findings.append(((), cls._no_mapping(data)))
        part = handler(values)
        # What is not in `__dict__` is asked of `__getattr__`, which refuses it: right values cost nothing.
        for name, info in cls.model_fields.items():
            key, value = info.alias or name, part.__dict__[name]
            findings += [((key, *steps), problem) for steps, problem in _findings(value)]
            if isinstance(value, WrongValueError) or key in doubtful:
                del part.__dict__[name]
        if findings:
            part.__dict__["findings"] = tuple(findings)
        return part

    if not TYPE_CHECKING:  # for mypy, every name would be an attribute

        def __getattr__(self, name: str) -> Any:
            if name in type(self).model_fields:  # and not there: its value was wrong
                raise WrongValueError
            return super().__getattr__(name)

    @classmethod
    @cache
    def _keys(cls) -> dict[str, FieldInfo]:
        """Return the keys that a mapping may have."""
        return {info.alias or name: info for name, info in cls.model_fields.items() if name != cls.scalar_key}

    @classmethod
    def _values(cls, data: dict[str, Any], findings: list[Finding]) -> tuple[dict[str, Any], Collection[str]]:
        """Return the value of each key that was given or meant, and keys of which nothing can be said.

        `findings` gets what is wrong with keys.
        """
        keys = cls._keys()
        wrong = WrongValueError()
        values = {key: wrong if value is None else value for key, value in data.items() if key in keys}
        doubtful = set[str]()
        unknown = [key for key in data if key not in keys]
        missing = [key for key, info in keys.items() if info.is_required() and key not in data]
        for key in unknown:
            meant, cure = cls._meant(key, missing if len(unknown) == len(missing) == 1 else [])
            findings.append(((key, KEY), f"unknown key {shown(key)}{cure}"))
            if meant is not None:
                values.setdefault(meant, wrong)  # not missing, and not what it is by default either
            elif not cls.is_root:
                doubtful |= keys.keys() - data  # any of them may have been meant
        for key in missing:
            if key not in values:
                example = (keys[key].examples or "…")[0]
                findings.append(((), f"missing key {key!r}; write '{key}: {example}' here"))
                values[key] = wrong
        named = [key for key in cls.exactly_one if key in data]
        if cls.exactly_one and len(named) != 1:
            doubtful.update(cls.exactly_one)
            if named:
                findings.append(((), f"{' and '.join(named)} exclude each other; keep one of them"))
            elif not findings:
                findings.append(((), f"has no key that says what this is; write one of {', '.join(cls.exactly_one)}"))
        nulls = [key for key in values if data.get(key, wrong) is None]
        findings += [((key,), "has no value; write one, or leave the key out") for key in nulls]
        return values, doubtful

    @classmethod
    def _meant(cls, key: str, missing: list[str]) -> tuple[str | None, str]:
        """Return the key that was probably meant by an unknown one, and what to write; `missing` is the only choice."""
        if name := key_without_blank(key, cls._keys()):
            return name, "; write a blank after the colon"
        if name := closest(key, cls._keys()):
            return name, f"; did you mean {name!r}?"
        if missing:
            return missing[0], f"; write {missing[0]!r} in its place"
        return None, listed(cls._keys())

    @classmethod
    def _no_mapping(cls, data: object) -> str:
        """Return what is wrong with a value that stands in place of a mapping."""
        if data is None:
            return "has no value; write keys and values"
        problem = f"{shown(data)} is not a mapping"
        if key_without_blank(data, cls.model_fields):
            return f"{problem}; write a blank after the colon"
        text = f"{data}{cls.likely_unit}" if isinstance(data, int | float) else as_meant(data)
        text = shown(text) if ":" in text else text
        if cls.likely_form is None or isinstance(data, bool | list) or len(text) > _LONGEST_VALUE or text[:1] == "-":
            return f"{problem}; write keys and values"
        return f"{problem}; write {cls.likely_form.format(text)}"


def _findings(value: object) -> Iterable[Finding]:
    """Return what is wrong in the value of a key, with the steps from there."""
    if isinstance(value, Part | WrongValueError):
        return value.findings
    if isinstance(value, list):
        return [((index, *steps), problem) for index, item in enumerate(value) for steps, problem in _findings(item)]
    return ()


def parts(part: Part, steps: Steps = ()) -> Iterator[tuple[Steps, Part]]:
    """Yield a part and all parts in it in which something is right, with the steps to them; inner ones come first."""
    for name, info in type(part).model_fields.items():
        key, value = info.alias or name, part.__dict__.get(name)
        if isinstance(value, Part):
            yield from parts(value, (*steps, key))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, Part):
                    yield from parts(item, (*steps, key, index))
    if part.__dict__.keys() - {"findings"}:
        yield steps, part


def forget(part: Part, steps: Steps) -> None:
    """Let nobody use what turned out to be wrong: the value of a key, the item of a list, or without steps all."""
    names = {info.alias or name: name for name, info in type(part).model_fields.items()}
    value = part.__dict__.get(names[str(steps[0])]) if steps else part
    if isinstance(value, list) and len(steps) > 1:
        forget(value[int(steps[1])], steps[2:])
    elif steps:
        part.__dict__.pop(names[str(steps[0])], None)
    else:
        part.__dict__.clear()


_WORDINGS = {
    "fault": "{message}",
    "value_error": "{error}",
    "greater_than_equal": "{value} is too small; write {ge} or more",
    "less_than_equal": "{value} is too large; write {le} or less",
    "bool_type": "{value} is neither true nor false; write one of them",
    "int_type": "{value} is not a whole number; write {number}",
    "float_type": "{value} is not a number; write {number}",
    "finite_number": "{value} is not a number; write a number such as 1.5",
    "too_short": "is empty; write {min_length} or more",
    "list_type": "{value} is not a list; write items that start with '- '",
    "dict_type": "{value} is not a mapping; write keys and values",
    "string_type": "{value} is not text; write text, in quotes if it looks like a number",
    "string_pattern_mismatch": "{value} is not a name; write up to 100 letters, digits, '-' and '_'",
    "literal_error": "{value} is not known{hint}",
}


def _wording(line: Mapping[str, Any]) -> str:
    """Return our message for an error of pydantic's."""
    context = line.get("ctx", {}).items()
    details: dict[str, Any] = {
        key: int(value) if isinstance(value, float) and value.is_integer() else value for key, value in context
    }
    if line["type"] == "literal_error":
        known = details["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        details["hint"] = did_you_mean(line["input"], known)
    if line["type"] in ("int_type", "float_type"):
        pattern, example = ("[0-9]+", "3") if line["type"] == "int_type" else (r"[0-9]+(\.[0-9]+)?", "1.5")
        is_quoted = isinstance(line["input"], str) and len(line["input"]) < 20 and re.fullmatch(pattern, line["input"])
        details["number"] = f"{line['input']} without quotes" if is_quoted else f"a number such as {example}"
    wording: str = _WORDINGS.get(line["type"], line["msg"].replace("{", "{{").replace("}", "}}") + "; got {value}")
    return wording.format(**details, value=shown(line["input"]))
