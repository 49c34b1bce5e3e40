"""The JSON Schema of scenario files, with which editors complete and check them."""

from typing import Any

from sim.scenario.schema import PARAMETER, ScenarioFile


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of scenario files (draft 2020-12), in which `$name` may stand for any value."""
    schema = ScenarioFile.model_json_schema()
    service = schema["$defs"]["Service"]
    service_value = {"anyOf": [{"$ref": "#/$defs/Distribution"}, {**service, "title": "ByClass"}]}
    schema["$defs"]["Service"] = service_value
    schema["$defs"]["Parameter"] = {"type": "string", "pattern": PARAMETER, "description": "the value of a parameter"}
    keys_with_values = schema["properties"].keys() - {"scenario", "params", "extends"}
    parts = [schema["$defs"][name] for name in schema["$defs"] if name != "Parameter"]
    for part in [
        *parts,
        *service_value["anyOf"][1:],
        *schema["$defs"]["Distribution"]["anyOf"],
        *schema["$defs"]["ReplicationPlan"]["anyOf"],
    ]:
        _allow_parameters(part, set(part.get("properties", {})))
    _allow_parameters(schema, keys_with_values)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _allow_parameters(part: dict[str, Any], names: set[str]) -> None:
    for name in names:
        value = part["properties"][name]
        if {"type": "null"} in value.get("anyOf", []):
            value["anyOf"].remove({"type": "null"})
        keep = {key: value.pop(key) for key in ("title", "default", "description") if value.get(key) is not None}
        value.pop("default", None)
        part["properties"][name] = {**keep, **_or_parameter(value)}


def _or_parameter(value: dict[str, Any]) -> dict[str, Any]:
    """Return a schema of `value`, its items and its values, in which a parameter may stand for each."""
    choices = value.get("anyOf", [value])
    for choice in choices:
        for inner in ("items", "additionalProperties"):
            if isinstance(choice.get(inner), dict):
                choice[inner] = _or_parameter(choice[inner])
    return {"anyOf": [*choices, {"$ref": "#/$defs/Parameter"}]}
