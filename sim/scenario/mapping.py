"""The base class of every mapping of the scenario file, and how what is wrong with one is said."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from sim.scenario.hints import closest, did_you_mean, key_without_blank, listed
from sim.units import shown

_LONGEST_VALUE = 40  # that a fault repeats


def custom_error(message: str) -> PydanticCustomError:
    """Return an error that pydantic passes on word by word."""
    return PydanticCustomError("fault", "{message}", {"message": message})


class Part(BaseModel):
    """A mapping of the scenario file. Unknown, missing and clashing keys are all reported at once."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True, defer_build=True)

    exactly_one: ClassVar[tuple[str, ...]] = ()
    """The keys of which a mapping has one."""
    scalar_key: ClassVar[str | None] = None
    """The key that a value written without a mapping stands for."""
    likely_form: ClassVar[str | None] = None
    """How to write a value that stands, which is wrong, in place of the mapping; `{}` takes it."""

    @classmethod
    def clashes(cls, data: dict[str, Any]) -> list[str]:  # noqa: ARG003 - most parts have none
        """Return what is wrong with the keys that stand together."""
        return []

    def misfits(self) -> Iterator[tuple[str, str]]:
        """Yield each key whose value does not go with the others, and why."""
        return iter(())

    @model_validator(mode="wrap")
    @classmethod
    def _check_keys(cls, data: Any, handler: ModelWrapValidatorHandler["Part"]) -> "Part":
        if not isinstance(data, dict):
            if cls.scalar_key is not None:
                return handler({cls.scalar_key: data})
            raise custom_error(cls._no_mapping(data))
        fields = {info.alias or name: info for name, info in cls.model_fields.items() if name != cls.scalar_key}
        errors, meant = cls._unknown_keys(data, fields)
        present = dict.fromkeys(meant) | data
        errors += [
            line_error(f"missing key {name!r}; write '{name}: {(info.examples or '…')[0]}' here", ())
            for name, info in fields.items()
            if info.is_required() and name not in present
        ]
        unknown = len(errors)
        named = [name for name in cls.exactly_one if name in data]
        if len(named) > 1:
            errors.append(line_error(f"{' and '.join(named)} exclude each other; keep one of them", ()))
        elif cls.exactly_one and not named and not unknown:
            errors.append(line_error(f"nothing says what this is; write one of {', '.join(cls.exactly_one)}", ()))
        errors += [line_error(message, ()) for message in cls.clashes(present)]
        errors += [
            line_error("has no value; write one, or leave the key out", (key,))
            for key, value in data.items()
            if value is None and key in fields
        ]
        known = {key: value for key, value in data.items() if key in fields and value is not None}
        try:
            part = handler(known)
            errors += [line_error(message, (key,)) for key, message in part.misfits() if key or not errors]
        except ValidationError as error:
            lines = [line for line in error.errors() if line["type"] != "missing"]  # missing keys are told above
            errors += [*map(_passed_on, lines), *cls._misfits_of_the_rest(known, lines, handler)]
        if errors:
            raise ValidationError.from_exception_data(cls.__name__, errors)
        return part

    @classmethod
    def _no_mapping(cls, data: object) -> str:
        """Return what is wrong with a value that stands in place of a mapping."""
        if data is None:
            return "has no value; write keys and values"
        problem = f"{shown(data)} is not a mapping"
        if key_without_blank(data, cls.model_fields):
            return f"{problem}; write a blank after the colon"
        text = shown(data) if ":" in str(data) else str(data)
        if cls.likely_form is None or isinstance(data, bool | list) or len(text) > _LONGEST_VALUE:
            return f"{problem}; write keys and values"
        return f"{problem}; write {cls.likely_form.format(text)}"

    @classmethod
    def _unknown_keys(cls, data: dict[str, Any], fields: Mapping[str, Any]) -> tuple[list[InitErrorDetails], list[str]]:
        """Return what is wrong with each unknown key, and the known ones that were probably meant."""
        unknown = [key for key in data if key not in fields]
        missing = [name for name, info in fields.items() if info.is_required() and name not in data]
        errors, meant = [], list[str]()
        for key in unknown:
            if name := key_without_blank(key, fields):
                cure = "; write a blank after the colon"
            elif name := closest(key, fields):
                cure = f"; did you mean {name!r}?"
            elif len(unknown) == len(missing) == 1:
                name, cure = missing[0], f"; write {missing[0]!r} in its place"
            else:
                cure = listed(fields)
            meant += [name] if name else []
            errors.append(line_error(f"unknown key {shown(key)}{cure}", (key,)))
        return errors, meant

    @classmethod
    def _misfits_of_the_rest(cls, data: dict[str, Any], lines: list[Any], handler: Any) -> list[InitErrorDetails]:
        """Return the misfits among the keys that nothing else is wrong with."""
        if cls.misfits is Part.misfits:
            return []
        wrong = {line["loc"][0] for line in lines}
        try:
            part = handler({key: value for key, value in data.items() if key not in wrong})
        except ValidationError:
            return []
        return [line_error(message, (key,)) for key, message in part.misfits() if key]


def line_error(message: str, loc: tuple[int | str, ...], value: Any = None) -> InitErrorDetails:
    """Return one of several errors that pydantic passes on word by word, at its place."""
    return InitErrorDetails(type=custom_error(message), loc=loc, input=value)


def _passed_on(line: Any) -> InitErrorDetails:
    return line_error(_wording(line), line["loc"], line["input"])


_WORDINGS = {
    "fault": "{message}",
    "value_error": "{error}",
    "greater_than_equal": "{value} is too small; write {ge} or more",
    "less_than_equal": "{value} is too large; write {le} or less",
    "int_type": "{value} is not a whole number; write {number}",
    "float_type": "{value} is not a number; write {number}",
    "finite_number": "{value} is not a number; write a number such as 1.5",
    "too_short": "is empty; write {min_length} or more",
    "list_type": "{value} is not a list; write items that start with '- '",
    "dict_type": "{value} is not a mapping; write keys and values",
    "string_type": "{value} is not text; write text, in quotes if it looks like a number",
    "string_pattern_mismatch": "{value} is no name; write up to 100 letters, digits, '-' and '_'",
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
