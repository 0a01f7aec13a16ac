"""Structured logs without personal data: one JSON object per line on standard error.

Whatever is logged, by us or by a library, passes the same steps: members that carry bodies or a person's details are
dropped, what looks like a personal number or an e-mail address is masked wherever it stands, values of other types than
plain ones are left out, and an exception is told by its kind and place without its message, which may quote data.
"""

import logging
import re
import sys
import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from traceback import extract_tb
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.types import EventDict, Processor

from underwriting.kernel.errors import Refusal

NUMBER_MASK = "[number]"
EMAIL_MASK = "[e-mail]"
OMITTED = "[omitted]"

_DROPPED = re.compile(  # judged by the last word of a member's name: request_body goes, body_bytes stays
    r"""(?:^|[^a-z])(?:
        address | addresse | answer | argument | arg | body | bodie | contact | content | cookie | data | email |
        envelope | form | guarantor | header | html | identity | input | json | key | message | name | param |
        parameter | password | payload | person | personnummer | phone | pnr | query | report | request | response |
        secret | signatory | sql | statement | text | token | uri | url | username | value | xml
    )s?$""",
    re.VERBOSE | re.IGNORECASE,
)
_QUIET_LIBRARIES = ("alembic", "apscheduler", "bankid", "httpcore", "httpx", "sqlalchemy", "urllib3", "zeep")
_SERVER = "gunicorn.error"
_ROOT = Path(__file__).resolve().parents[2]

_UNSUSPICIOUS = r"(?P<keep>\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b|\b(?=[0-9]*[a-f])[0-9a-f]{32,}\b)"
_NUMBER = r"(?<![0-9])(?:[0-9]{2})?[0-9]{2}[-/. ]?[0-9]{2}[-/. ]?[0-9]{2}\s?[-+–−]?\s?[0-9]{4}(?![0-9]|-[0-9]{2}-[0-9])"
_PHONE = r"\+[0-9]{8,15}(?![0-9])"
_PERSONAL = re.compile(f"{_UNSUSPICIOUS}|{_NUMBER}|{_PHONE}")
_EMAIL = re.compile(r"[^\s@,;<>\"']+@[^\s@,;<>\"']+")


def configure(level: str, *, stream: TextIO = sys.stderr) -> None:
    """Let this process log to *stream* from *level* ("INFO") upwards; a second call replaces the first.

    What `structlog.contextvars` holds, such as the id of the request, becomes part of every line, a library's too.
    """
    shared: list[Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.contextvars.merge_contextvars,
        _tell_exception,
    ]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                without_personal_data,
                structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
                structlog.processors.JSONRenderer(ensure_ascii=False, default=_omitted),
            ],
        )
    )
    logging.root.handlers = [handler]
    logging.root.setLevel(level)
    server = logging.getLogger(_SERVER)
    server.handlers, server.propagate = [], True  # its own lines hold addresses and whole tracebacks
    for library in _QUIET_LIBRARIES:
        logging.getLogger(library).setLevel(max(logging.WARNING, logging.root.level))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.root.level),
    )
    sys.excepthook = _log_uncaught


def without_personal_data(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """The members of *event* that may be kept, with everything in them that could tell a person masked."""
    return _clean_members(event)


def masked(text: str) -> str:
    """*text* with e-mail addresses, telephone numbers, and 10 or 12 digits in a personal number's shape masked.

    UUIDs and digests in hexadecimal stay, although a part of them may have the shape.
    """
    text = _PERSONAL.sub(lambda found: found["keep"] or NUMBER_MASK, text)
    return _EMAIL.sub(EMAIL_MASK, text)


def _clean_members(members: Mapping[Any, Any]) -> dict[str, Any]:
    kept = ((str(name), value) for name, value in members.items() if not _is_dropped(str(name)))
    return {masked(name): _clean(value) for name, value in kept}


def _is_dropped(name: str) -> bool:
    return _DROPPED.search(name) is not None


def _clean(value: Any) -> Any:
    """*value* as it may be logged; what is no plain value, date, identifier or collection of such is left out."""
    if isinstance(value, bool | float | None):
        return value
    if isinstance(value, int):
        return value if masked(str(value)) == str(value) else NUMBER_MASK
    if isinstance(value, str | uuid.UUID | date | Decimal):
        return masked(str(value))
    if isinstance(value, Mapping):
        return _clean_members(value)
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes | bytearray | memoryview):
        return [_clean(each) for each in value]
    return OMITTED


def _omitted(_value: object) -> str:
    return OMITTED


def _tell_exception(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Replace `exc_info` by the kind of the error, outermost first, and the places it passed; never its message."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["error"] = _kinds_of(error)
        event["where"] = [_place(frame.filename, frame.lineno, frame.name) for frame in extract_tb(error.__traceback__)]
    return event


def _kinds_of(error: BaseException) -> list[str]:
    kinds = []
    cause: BaseException | None = error
    while cause is not None:
        kinds.append(cause.slug if isinstance(cause, Refusal) else _in_words(type(cause).__name__))
        cause = cause.__cause__ or cause.__context__
    return kinds


def _log_uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
    else:
        structlog.get_logger(__name__).critical("uncaught_error", exc_info=error)


def _in_words(name: str) -> str:
    """`OperationalError` as `operational-error`: operators read kinds, not classes."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


def _place(file: str, line: int | None, function: str) -> str:
    path = Path(file)
    name = path.relative_to(_ROOT) if path.is_relative_to(_ROOT) else Path(*path.parts[-2:])
    return f"{name}:{line} {function}"
