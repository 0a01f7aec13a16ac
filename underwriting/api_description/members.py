"""The members of bodies as a person reads them, taken from the OpenAPI document."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from underwriting.api_description.document import document

_REFERENCE = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a body: its form in words of JSON Schema, and the name of the body that it holds, if any."""

    name: str
    form: str
    holds: str | None
    required: bool
    description: str


@cache
def bodies() -> Mapping[str, tuple[Member, ...]]:
    """The members of every body by the body's name, in order of the alphabet."""
    schemas = document()["components"]["schemas"]
    return {name: tuple(_members(schemas[name])) for name in sorted(schemas)}


def _members(schema: Mapping[str, Any]) -> list[Member]:
    required = schema.get("required", ())
    return [
        Member(name, _form(each), _holds(each), name in required, each.get("description", ""))
        for name, each in schema.get("properties", {}).items()
    ]


def _form(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(str(word) for word in schema["enum"] if word is not None)
    if schema.get("type") == "array":
        return f"{_form(schema['items'])}[]"
    if _holds(schema):
        return ""
    kinds = schema.get("type", "string")
    kind = kinds if isinstance(kinds, str) else next(each for each in kinds if each != "null")
    return " ".join(filter(None, [kind, schema.get("format") or schema.get("pattern")]))


def _holds(schema: Mapping[str, Any]) -> str | None:
    if schema.get("type") == "array":
        return _holds(schema["items"])
    for each in (schema, *schema.get("allOf", ()), *schema.get("anyOf", ())):
        if "$ref" in each:
            return str(each["$ref"]).removeprefix(_REFERENCE)
    return None
