"""What Creditsafe's REST interface answers: JSON, read as hostile and made flat.

A report becomes one row whose columns are dotted paths, `basicInformation.companyStatus.status`, the places of a list
by their index, `accounts.0.turnover`. A number is the text it was written as, true and false are `true` and `false`,
and null, an empty list and an empty object are an empty text.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from bureau_clients.creditsafe.codes import code_in
from bureau_clients.creditsafe.envelopes import NotAnAnswer
from bureau_clients.creditsafe.formats import GetDataAnswer
from bureau_clients.creditsafe.values import digits_of
from bureau_clients.reports import CopySent, Coverage, Signatory

_DEEPEST = 20
_TOKEN = re.compile("[!-~]{1,8192}")  # it goes into a header
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")  # what XML and UTF-8 would not let pass
_COPY_SENT = {True: CopySent.YES, False: CopySent.NO}


@dataclass(frozen=True, slots=True)
class Combinations:
    """The right to sign of one company: *company_number* as it is written, *alternatives* of people who sign together.

    *error_code* is set where there is none.
    """

    company_number: str | None = field(repr=False)
    alternatives: tuple[tuple[Signatory, ...], ...] = field(repr=False)
    coverage: Coverage | None
    error_code: str | None = None


def read_report(body: bytes) -> GetDataAnswer:
    """The answer to `getdata` in *body*. Raises NotAnAnswer."""
    answer = _answer(body)
    report = answer.get("report")
    if report and not isinstance(report, dict):
        raise NotAnAnswer("a report that is no object")
    metadata = answer.get("metaData")
    told = metadata.get("lodCreated") if isinstance(metadata, dict) else None
    return GetDataAnswer(
        search_number=None,
        error_code=error_code_in(answer),
        rows=(_flat(report),) if report else (),
        copy_sent=_COPY_SENT[told] if isinstance(told, bool) else CopySent.NOT_TOLD,
    )


def read_signatories(body: bytes) -> tuple[Combinations, ...]:
    """The answer to `getsignatory` in *body*, one for each company in it. Raises NotAnAnswer."""
    answer = _answer(body)
    if (code := error_code_in(answer)) is not None:
        return (Combinations(None, (), None, code),)
    report = answer.get("report") or []
    return tuple(_combinations(each) for each in _sequence(report))


def read_token(body: bytes) -> str:
    """The token in the answer to `authenticate`. Raises NotAnAnswer."""
    token = _object(body).get("token")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise NotAnAnswer("no token")
    return token


def error_code_of(body: bytes) -> str | None:
    """The code of the error in *body*; None where it has none or is no answer."""
    try:
        return error_code_in(_object(body))
    except NotAnAnswer:
        return None


def error_code_in(answer: Mapping[str, Any]) -> str | None:
    """The code of the error of an *answer*, `unlisted` where it has none; None where there is no error."""
    error = answer.get("error")
    if not error or (isinstance(error, dict) and not any(error.values())):
        return None
    code = error.get("code") if isinstance(error, dict) else None
    return code_in(code if isinstance(code, str) else None)


def _answer(body: bytes) -> Mapping[str, Any]:
    answer = _object(body)
    if "report" not in answer and "error" not in answer:
        raise NotAnAnswer("neither a report nor an error")
    return answer


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(
            body.decode("utf-8-sig"),
            parse_int=str,
            parse_float=str,
            parse_constant=_refuse,
            object_pairs_hook=_without_duplicates,
        )
    except (ValueError, RecursionError) as error:
        raise NotAnAnswer("not JSON") from error
    if not isinstance(value, dict):
        raise NotAnAnswer("no object")
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _without_duplicates(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name twice in one object")
    return members


def _flat(report: Mapping[str, Any]) -> Mapping[str, str]:
    row: dict[str, str] = {}
    for path, text in _leaves(report, ""):
        if path in row:
            raise NotAnAnswer("a path twice in one report")
        row[path] = text
    return row


def _leaves(value: Any, path: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    if depth > _DEEPEST:
        raise NotAnAnswer("too deep")
    if value and isinstance(value, dict | list):
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for name, member in members:
            yield from _leaves(member, f"{path}.{name}" if path else str(name), depth + 1)
    elif isinstance(value, bool):
        yield path, str(value).lower()
    else:
        yield path, _text(value) or ""


def _combinations(report: Any) -> Combinations:
    if not isinstance(report, dict):
        raise NotAnAnswer("a right to sign that is no object")
    try:
        coverage = Coverage((_text(report.get("coverage")) or "").casefold())
    except ValueError as error:
        raise NotAnAnswer("a coverage that nobody has heard of") from error
    combinations = _sequence(report.get("combinations") or [])
    alternatives = tuple(tuple(_signatory(each) for each in _sequence(people)) for people in combinations)
    if not all(alternatives) or (coverage is not Coverage.NONE and not alternatives):
        raise NotAnAnswer("a right to sign that nobody has")
    return Combinations(_text(report.get("companyId")), alternatives, coverage)


def _signatory(value: Any) -> Signatory:
    if not isinstance(value, dict) or not (name := _text(value.get("name"))):
        raise NotAnAnswer("a signatory without a name")
    try:
        number = digits_of(_text(value.get("personalNumber")) or "")
    except ValueError:
        number = None
    positions = _sequence(value.get("positions") or [])
    return Signatory(name=name, number=number, roles=tuple(role for each in positions if (role := _role(each))))


def _role(position: Any) -> str | None:
    if not isinstance(position, dict):
        raise NotAnAnswer("a position that is no object")
    return _text(position.get("roleName")) or _text(position.get("roleCode"))


def _sequence(value: Any) -> Sequence[Any]:
    if not isinstance(value, list):
        raise NotAnAnswer("no list where one should be")
    return value


def _text(value: Any) -> str | None:
    return _UNPRINTABLE.sub("\ufffd", value).strip() or None if isinstance(value, str) else None
