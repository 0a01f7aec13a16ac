"""Faults of a body: how a field refuses, what checks find, and what becomes of it all on the wire."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields
from marshmallow.exceptions import SCHEMA

from underwriting.kernel.errors import FieldError, InvalidInput
from underwriting.kernel.text import Text

MOST_ERRORS = 100
"""So many faults of one body are told; a body with more of them is not being filled in by a person."""

_RULED = Text("{detail.sv} (regel {rule})", "{detail.en} (rule {rule})")
_UNWORDED = Text("Värdet godtas inte", "The value is not accepted")


class FaultSchema(Schema):
    """One member of `errors` in a problem."""

    pointer = fields.String(required=True, metadata={"description": "A JSON pointer to the member of the body"})
    detail = fields.String(required=True, metadata={"description": "What is wrong with it, in the caller's language"})
    rule = fields.String(metadata={"description": "The id of the product rule that refuses it", "examples": ["A4"]})


class ProblemSchema(Schema):
    """`application/problem+json` (RFC 9457)."""

    type = fields.String(required=True, metadata={"format": "uri-reference"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    instance = fields.String(required=True, metadata={"format": "uri-reference"})
    request_id = fields.String(metadata={"description": "By which the lender finds the request in its logs"})
    rule = fields.String(metadata={"description": "The id of the product rule that refuses", "examples": ["A4"]})
    error = fields.String(metadata={"description": "Of `POST /v1/token`: the code of RFC 6749, section 5.2"})
    errors = fields.List(fields.Nested(FaultSchema), metadata={"description": "Of a bad body, each member at fault"})


def fault(pointer: str, detail: Text, rule: str | None = None) -> FieldError:
    """What is wrong with the member at *pointer*; where a *rule* refuses it, the message ends with its id."""
    return FieldError(pointer, _RULED.filled(detail=detail, rule=rule) if rule else detail, rule)


def refusal(detail: Text, rule: str | None = None) -> ValidationError:
    """What a field raises that does not accept its value."""
    return ValidationError([fault("", detail, rule)])


def refusal_of(errors: Iterable[FieldError]) -> ValidationError:
    """What a schema raises for *errors* that a check has found; their pointers begin at that schema."""
    tree: dict[str, Any] = {}
    for error in errors:
        place = tree
        for key in _keys(error.pointer):
            place = place.setdefault(key, {})
        place.setdefault(SCHEMA, []).append(error)
    return ValidationError(tree)


def invalid_body(errors: Iterable[FieldError]) -> InvalidInput:
    """The refusal of a body with *errors*; it carries the first rule among them."""
    faults = tuple(errors)
    return InvalidInput(rule=next((error.rule for error in faults if error.rule), None), errors=faults[:MOST_ERRORS])


def field_errors(tree: object, pointer: str = "") -> Iterator[FieldError]:
    """Every fault in marshmallow's *tree* of messages, with the JSON pointer (RFC 6901) of its member."""
    if isinstance(tree, Mapping):
        for key, branch in tree.items():
            yield from field_errors(branch, pointer if key == SCHEMA else f"{pointer}/{_escaped(str(key))}")
    elif isinstance(tree, list):
        for leaf in tree:
            yield from field_errors(leaf, pointer)
    elif isinstance(tree, FieldError):
        yield FieldError(pointer, tree.detail, tree.rule)
    else:
        yield FieldError(pointer, _UNWORDED)


def _keys(pointer: str) -> list[str]:
    return [key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:]]


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
