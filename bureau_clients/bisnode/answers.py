"""What an HTTP answer of Bisnode is: a document, the service's word that nobody has the number, or a failure (B3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bureau_clients.bisnode.codes import outcome_of
from bureau_clients.bisnode.formats import NotAnAnswer, error_status, is_error, read_document
from bureau_clients.errors import BureauRefused, BureauUnavailable, OutcomeUnknown
from bureau_clients.questions import Outcome

_OK, _NOT_FOUND = 200, 404


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer that is a document; *part* names it."""

    document: Mapping[str, Any] = field(repr=False)
    raw: bytes = field(repr=False)
    part: str

    @classmethod
    def read(cls, raw: bytes, part: str) -> "Answered":
        """The answer in *raw*. Raises OutcomeUnknown."""
        try:
            return cls(read_document(raw), raw, part)
        except NotAnAnswer as error:
            raise OutcomeUnknown("not-an-answer", raw=raw, part=part) from error

    @property
    def is_no_match(self) -> bool:
        """Whether the service says that nobody has the number: of its errors no other is kept as an answer."""
        return is_error(self.document) and error_status(self.document) in (_NOT_FOUND, None)

    def unknown(self, code: str) -> OutcomeUnknown:
        """The failure that this answer is."""
        return OutcomeUnknown(code, raw=self.raw, part=self.part)


def answered(status: int, body: bytes, part: str) -> Answered:
    """The document in an answer with HTTP *status*, or the service's error that nobody has the number.

    Raises BureauUnavailable, BureauRefused or OutcomeUnknown.
    """
    if status == _OK:
        return _document(body, part)
    match outcome_of(status):
        case Outcome.NO_MATCH:
            return _no_match(body, part)
        case Outcome.UNAVAILABLE:
            raise BureauUnavailable(f"http-{status}", raw=body, part=part)
        case Outcome.REFUSED:
            raise BureauRefused(f"http-{status}", raw=body, part=part)
    raise OutcomeUnknown(f"http-{status}", raw=body, part=part)


def _document(body: bytes, part: str) -> Answered:
    given = Answered.read(body, part)
    if is_error(given.document):
        raise given.unknown("not-an-answer")
    if not given.document:
        raise given.unknown("empty-answer")
    return given


def _no_match(body: bytes, part: str) -> Answered:
    """The service's own 404; one that is not its error is of another server, or of another address."""
    try:
        given = Answered(read_document(body), body, part)
    except NotAnAnswer as error:
        raise BureauRefused(f"http-{_NOT_FOUND}", raw=body, part=part) from error
    if not given.is_no_match:
        raise BureauRefused(f"http-{_NOT_FOUND}", raw=body, part=part)
    return given
