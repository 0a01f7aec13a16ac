"""What Bisnode publishes of its Swedish company report, as a JSON schema: nothing in it comes from our client.

The report's own types are in `company-se-v2.yaml`. It names types of two other documents, which are not published
beside it: those of the common model are told field by field in `se_company_v2_fields.txt`, and a date in prose
(`shared/bureaus/README.md`, 3.2: an object of year, month and day, parts left out where unknown). A type that is told
nowhere (`Scores`) may be anything.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from functools import cache
from types import MappingProxyType
from typing import Any, TypeAlias

import jsonschema
import yaml

from tests.wire.published.originals import original

Json: TypeAlias = Any
Path: TypeAlias = tuple[str | int, ...]
"""Where something stands in an answer: names of members, and places in lists."""

REPORT = "SwedishCompanyData"
_COMMON = "# Common v2 model"
_DATE = {"type": "object", "properties": {part: {"type": "integer"} for part in ("year", "month", "day")}}
_FIELD = re.compile(r"   (?P<name>\w+) : (?P<many>\[)?(?:->)?(?P<type>\w+)\]?(?: (?P<more>\w+)=(?P<value>.*?))? -- ")


class CreditModel:
    """The published types by name."""

    def __init__(self, types: Mapping[str, Json]) -> None:
        self._types = types
        self._schemas: dict[tuple[str, bool], Json] = {}

    @classmethod
    @cache
    def published(cls) -> "CreditModel":
        """The types of a company report, or the test is skipped."""
        written = yaml.safe_load(original("bisnode/company-se-v2.yaml").read_text())["components"]["schemas"]
        told = original("bisnode/se_company_v2_fields.txt").read_text().partition(_COMMON)[2]
        return cls({**_told_types(told), "DateModel": _DATE, **written})

    @classmethod
    @cache
    def errors(cls) -> "CreditModel":
        """The types of an error, or the test is skipped."""
        return cls(yaml.safe_load(original("bisnode/error-model.yaml").read_text())["components"]["schemas"])

    def instance(self, name: str = REPORT, *, texts: Mapping[str, str] = MappingProxyType({})) -> Json:
        """An answer of the type *name* with every field there, one item in every list; *texts* by a field's name."""
        return self._instance({"$ref": name}, name, (), texts)

    def violations(self, answer: Json, name: str = REPORT, *, closed: bool = False) -> list[str]:
        """What is wrong with *answer* by the type *name*; a field that no type has is wrong where it is *closed*."""
        if (name, closed) not in self._schemas:
            self._schemas[name, closed] = self._schema({"$ref": name}, (), closed=closed)
        validator = jsonschema.Draft202012Validator(self._schemas[name, closed])
        return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(answer)]

    def _resolved(self, schema: Json) -> tuple[str, Json]:
        """The name of the type that *schema* refers to, if it does, and what that is."""
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        return name, (self._types.get(name, {}) if name else schema)

    def _instance(self, schema: Json, field: str, inside: Sequence[str], texts: Mapping[str, str]) -> Json:
        name, schema = self._resolved(schema)
        inside = (*inside, name) if name else inside
        match schema.get("type"):
            case "object":
                properties = schema.get("properties", {}).items()
                return {key: self._instance(value, key, inside, texts) for key, value in properties}
            case "array":
                items = schema["items"]
                # A company tree has companies in its companies: one is enough.
                return [] if self._resolved(items)[0] in inside else [self._instance(items, field, inside, texts)]
            case "integer":
                return {"year": 2019, "month": 11, "day": 30}.get(field, 7)
            case "boolean":
                return True
            case "string":
                shown = schema["enum"][0] if "enum" in schema else str(schema.get("example", f"text of {field}"))
                return texts.get(field, shown)
        return {}

    def _schema(self, schema: Json, inside: Sequence[str], *, closed: bool) -> Json:
        """*schema* with every reference replaced by what it refers to."""
        name, schema = self._resolved(schema)
        if name in inside:
            return {}
        inside = (*inside, name) if name else inside
        kept = {key: deepcopy(value) for key, value in schema.items() if key in ("type", "enum", "required")}
        if "properties" in schema:
            kept["properties"] = {
                key: self._schema(value, inside, closed=closed) for key, value in schema["properties"].items()
            }
            if closed:
                kept["additionalProperties"] = False
        if "items" in schema:
            kept["items"] = self._schema(schema["items"], inside, closed=closed)
        return kept


def paths_of(answer: Json, above: Path = ()) -> Iterator[Path]:
    """The path of everything in *answer*, outermost first."""
    items = answer.items() if isinstance(answer, dict) else enumerate(answer) if isinstance(answer, list) else ()
    for key, value in items:
        yield (*above, key)
        yield from paths_of(value, (*above, key))


def at(answer: Json, path: Path) -> Json:
    """What stands at *path*."""
    for part in path:
        answer = answer[part]
    return answer


def with_value(answer: Json, path: Path, value: Json) -> Json:
    """*answer* with *value* at *path*; it is not changed itself."""
    key, *rest = path
    changed = deepcopy(answer)
    changed[key] = with_value(changed[key], tuple(rest), value) if rest else value
    return changed


def without(answer: Json, path: Path) -> Json:
    """*answer* without what stands at *path*; it is not changed itself."""
    changed = deepcopy(answer)
    del at(changed, path[:-1])[path[-1]]
    return changed


def _told_types(text: str) -> Mapping[str, Json]:
    """The types that `se_company_v2_fields.txt` tells field by field."""
    types: dict[str, Json] = {}
    fields: dict[str, Json] = {}
    for line in text.splitlines():
        if heading := re.match(r"## (\w+) \|", line):
            fields = {}
            types[heading[1]] = {"type": "object", "properties": fields}
        elif field := _FIELD.match(line):
            plain = field["type"] in ("string", "integer", "boolean")
            one: Json = {"type": field["type"]} if plain else {"$ref": field["type"]}
            if field["more"] == "enum":
                one["enum"] = yaml.safe_load(field["value"])
            elif field["more"] == "ex":
                one["example"] = yaml.safe_load(field["value"])
            fields[field["name"]] = {"type": "array", "items": one} if field["many"] else one
    return types
