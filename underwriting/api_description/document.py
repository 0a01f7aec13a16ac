"""OpenAPI 3.1 of the HTTP interface, made from the operations and the schemas that read and write its bodies."""

import textwrap
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema

from schemas.problems import ProblemSchema
from underwriting.api_description.examples import EXAMPLES
from underwriting.api_description.operation import Answer, Area, Operation
from underwriting.api_description.operations import OPERATIONS
from underwriting.platform import request_ids
from underwriting.platform.authentication import DRAFT_COOKIE, SESSION_COOKIE
from underwriting.platform.idempotency import LONGEST_KEY

_ABOUT = textwrap.dedent("""\
    Amounts are decimal strings in kronor, rates decimal fractions as strings, instants RFC 3339 in UTC, dates ISO.
    Errors are `application/problem+json` (RFC 9457) in the language of `Accept-Language`; `rule` names the product rule
    that refuses. Members that are not described are refused. A thing that is not the caller's answers 404. A request
    that is sent again with its `Idempotency-Key` within 24 hours gets the answer of the first one. What is shown of an
    application, an agreement or an endpoint has an `ETag`: a change that is sent with it in `If-Match` is refused with
    412 where the thing has changed since. Fetch it again then, and decide anew.

    Within version 1 things are only added: operations, members that may be left out, members of answers, and further
    values of states, reasons and kinds. Pass over what you do not know. What is to go is marked `deprecated` and
    answers with `Deprecation` (RFC 9745) and `Sunset` (RFC 8594), twelve months ahead or more.
    """)
_PROBLEM = "application/problem+json"
_KEY_HEADER = "IdempotencyKey"
_REQUEST_ID = "RequestId"
_PROBLEM_ANSWER = "Problem"
_CSRF = "Writes by cookie also need the form's token in `X-CSRFToken`."
_SECURITY_SCHEMES: Mapping[str, Mapping[str, str]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "The `session_token` of a signing, the `access_secret` of a draft, a client's key or token.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SESSION_COOKIE,
        "description": f"A person's or a member of staff's log-in in a browser. {_CSRF}",
    },
    "draft": {
        "type": "apiKey",
        "in": "cookie",
        "name": DRAFT_COOKIE,
        "description": f"The `access_secret` of a draft in a browser. {_CSRF}",
    },
}


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    spec = APISpec(
        title="Borgen",
        version="1",
        openapi_version="3.1.0",
        info={"description": _ABOUT},
        plugins=[MarshmallowPlugin(schema_name_resolver=name_of)],
        tags=[{"name": area.value.en} for area in Area],
        security=[{scheme: []} for scheme in _SECURITY_SCHEMES],
    )
    for name, scheme in _SECURITY_SCHEMES.items():
        spec.components.security_scheme(name, dict(scheme))
    spec.components.parameter(_KEY_HEADER, "header", _key_header())
    spec.components.parameter(_REQUEST_ID, "header", _request_id_header())
    spec.components.response(
        _PROBLEM_ANSWER,
        {"description": "What is wrong and what to do", "content": {_PROBLEM: {"schema": ProblemSchema}}},
    )
    for path in dict.fromkeys(operation.path for operation in OPERATIONS):
        here = [operation for operation in OPERATIONS if operation.path == path]
        spec.path(
            path,
            parameters=_of_the_path(here[0]),
            operations={operation.method.lower(): _described(operation) for operation in here},
        )
    return spec.to_dict()


def name_of(schema: type[Schema] | Schema) -> str:
    """What a body is called: `Application` for ApplicationSchema."""
    kind = schema if isinstance(schema, type) else type(schema)
    return kind.__name__.removesuffix("Schema")


def _described(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.area.value.en],
        "summary": operation.summary.en,
        "description": _description(operation),
        "parameters": _parameters(operation),
        "responses": {str(status): _answer(answer, operation) for status, answer in operation.answers.items()}
        | dict.fromkeys([*map(str, operation.problem_statuses), "default"], _PROBLEM_ANSWER),
    }
    if operation.has_body:
        described["requestBody"] = {
            "required": not operation.body_is_optional,
            "content": {operation.body_media_type: _body(operation)},
        }
    if not operation.needs_login:
        described["security"] = []
    if operation.deprecation is not None:
        described["deprecated"] = True
    return described


def _description(operation: Operation) -> str:
    lines = [f"May be called by {', '.join(who.value.en for who in operation.who)}."]
    if operation.scope is not None:
        lines.append(f"A machine client needs the scope `{operation.scope}`.")
    if operation.rules:
        lines.append(f"May be refused by the rules {', '.join(operation.rules)}.")
    if (going := operation.deprecation) is not None:
        instead = f"; use `{going.instead}`" if going.instead else ""
        lines.append(f"Deprecated since {going.since}, goes on {going.gone_on}{instead}.")
    return "\n\n".join(lines)


def _body(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {"schema": operation.body or {"type": "string", "format": "binary"}}
    if (example := EXAMPLES.get((operation.method, operation.path))) is not None:
        described["example"] = example
    return described


def _answer(answer: Answer, operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {"description": answer.text.en}
    if operation.is_tagged:
        described["headers"] = {"ETag": {"description": "Of what is shown", "schema": {"type": "string"}}}
    if answer.media_type != "application/json":
        described["content"] = {answer.media_type: {"schema": {"type": "string"}}}
    elif answer.schemas:
        described["content"] = {answer.media_type: {"schema": _shape(answer)}}
    return described


def _shape(answer: Answer) -> Any:
    one: Any = answer.schemas[0] if len(answer.schemas) == 1 else {"anyOf": list(answer.schemas)}
    if not answer.listed:
        return one
    properties: dict[str, Any] = {"items": {"type": "array", "items": one}}
    if answer.paged:
        properties["next_cursor"] = {"type": "string", "description": "Without it this page is the last"}
    return {"type": "object", "properties": properties, "required": ["items"]}


def _parameters(operation: Operation) -> Sequence[Any]:
    described: list[Any] = [
        {
            "name": each.name,
            "in": each.place,
            "description": each.text.en,
            "required": each.required,
            "schema": dict(each.schema),
        }
        for each in operation.parameters
    ]
    if operation.takes_tag_of:
        described.append(_tag_header(operation.takes_tag_of))
    return [*described, _KEY_HEADER] if operation.takes_key else described


def _of_the_path(operation: Operation) -> list[Any]:
    return [*map(_path_parameter, operation.path_parameters), _REQUEST_ID]


def _path_parameter(name: str) -> dict[str, Any]:
    schema: dict[str, Any]
    if name.endswith("_id"):
        schema = {"type": "string", "format": "uuid"}
    elif name == "ordinal":
        schema = {"type": "integer", "minimum": 1}
    elif name == "month":
        schema = {"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}$", "examples": ["2026-11"]}
    else:
        schema = {"type": "string"}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _key_header() -> dict[str, Any]:
    return {
        "name": "Idempotency-Key",
        "description": "The same key, caller and body get the same answer for 24 hours (rule A7)",
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
    }


def _tag_header(path: str) -> dict[str, Any]:
    return {
        "name": "If-Match",
        "in": "header",
        "description": f"The `ETag` of `GET {path}`; 412 where it has become another one",
        "schema": {"type": "string", "examples": ['"b1946ac92492d2347c6235b4d2611184"']},
    }


def _request_id_header() -> dict[str, Any]:
    return {
        "name": request_ids.HEADER,
        "description": "A name of the caller's for the request, found again in the answer's header, in a problem's "
        f"`request_id` and in the lender's logs; one that is not of the form `{request_ids.PATTERN}` is replaced",
        "schema": {"type": "string"},
    }
