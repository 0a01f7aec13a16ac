"""What the bank answers of payments: pain.002.001.03 and pain.002.001.10, read (rules P2, P3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum

from lxml import etree

from underwriting.kernel.errors import InvalidInput
from underwriting.kernel.periods import STOCKHOLM
from underwriting.kernel.text import Text

PAIN_002 = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"
PAIN_002_10 = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"
_NAMESPACES = (PAIN_002, PAIN_002_10)
_PARTLY = "PART"
_FILE_REASON = "OrgnlGrpInfAndSts/StsRsnInf/Rsn/Prtry"


class PayoutStatus(StrEnum):
    """What the bank says of one payment."""

    ACCEPTED = "accepted"  # taken, not yet booked
    BOOKED = "booked"
    REJECTED = "rejected"


_STATUSES: Mapping[str, PayoutStatus] = {
    "RCVD": PayoutStatus.ACCEPTED,
    "PDNG": PayoutStatus.ACCEPTED,
    "ACTC": PayoutStatus.ACCEPTED,
    "ACCP": PayoutStatus.ACCEPTED,
    "ACFC": PayoutStatus.ACCEPTED,
    "PATC": PayoutStatus.ACCEPTED,
    "ACWC": PayoutStatus.ACCEPTED,
    "ACSP": PayoutStatus.ACCEPTED,
    "ACSC": PayoutStatus.BOOKED,
    "ACCC": PayoutStatus.BOOKED,
    "RJCT": PayoutStatus.REJECTED,
}


class BankAnswerUnreadable(InvalidInput):
    """What should be a pain.002 is not one, or says nothing certain of a payment. Nothing follows from it."""

    slug = "bank-answer-unreadable"
    title = Text("Bankens svar kunde inte läsas", "The bank's answer could not be read")
    rule = "P2"


@dataclass(frozen=True, slots=True)
class PayoutAnswer:
    """What the bank says of one payment.

    *booked_on* is there when, and only when, it is booked; *booked_at* where the bank also tells the instant.
    *reason_code* (ISO external code) and *reason* are there for a rejected one, where the bank gives them.
    """

    end_to_end_id: str
    status: PayoutStatus
    booked_on: date | None = None
    booked_at: datetime | None = None
    reason_code: str | None = None
    reason: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class BankReport:
    """One pain.002: the bank's id of it, which file of ours it is about, and what it says of each payment.

    *file_status* is what it says of the whole file, where it does; what it says of one payment is nearer the truth.
    """

    message_id: str
    about_message_id: str
    file_status: PayoutStatus | None
    file_reason_code: str | None
    answers: Mapping[str, PayoutAnswer]


def read_pain_002(content: bytes) -> dict[str, PayoutAnswer]:
    """What the bank says of each payment that it names, by end-to-end id. An id it does not name is not there.

    Raises BankAnswerUnreadable as `read_report` does, and for a report that names no payment at all.
    """
    answers = dict(read_report(content).answers)
    if not answers:
        raise BankAnswerUnreadable
    return answers


def read_report(content: bytes) -> BankReport:
    """The report, of either version.

    Raises BankAnswerUnreadable for anything that is not a pain.002.001.03 or .10, names no file of ours, has a status
    that is not known, books without a day, contradicts itself, or says nothing at all.
    """
    root = parse_document(content, *_NAMESPACES)
    report = root.find(f"{_namespace(root)}CstmrPmtStsRpt")
    message_id = None if report is None else _text(report, "GrpHdr/MsgId")
    about = None if report is None else _text(report, "OrgnlGrpInfAndSts/OrgnlMsgId")
    if report is None or message_id is None or about is None:
        raise BankAnswerUnreadable
    answers: dict[str, PayoutAnswer] = {}
    for transaction in root.iter(f"{_namespace(root)}TxInfAndSts"):
        answer = _answer(transaction)
        if answers.setdefault(answer.end_to_end_id, answer) != answer:
            raise BankAnswerUnreadable
    status = _file_status(report, has_answers=bool(answers))
    reason = _text(report, "OrgnlGrpInfAndSts/StsRsnInf/Rsn/Cd")
    return BankReport(message_id, about, status, reason or _text(report, _FILE_REASON), answers)


def parse_document(content: bytes, *namespaces: str) -> etree._Element:
    """The root of an ISO 20022 document of one of *namespaces*; BankAnswerUnreadable for anything else.

    Entities, document types and the network are off.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BankAnswerUnreadable from error
    known = {f"{{{namespace}}}Document" for namespace in namespaces}
    if root.tag not in known or root.getroottree().docinfo.internalDTD is not None:
        raise BankAnswerUnreadable
    return root


def _file_status(report: etree._Element, *, has_answers: bool) -> PayoutStatus | None:
    word = _text(report, "OrgnlGrpInfAndSts/GrpSts")
    if word is None or word == _PARTLY:
        status = None
    elif (status := _STATUSES.get(word)) is None:
        raise BankAnswerUnreadable
    # Of a file that is booked as a whole nobody knows the days of its payments.
    if not has_answers and status in (None, PayoutStatus.BOOKED):
        raise BankAnswerUnreadable
    return status


def _answer(transaction: etree._Element) -> PayoutAnswer:
    end_to_end_id = _text(transaction, "OrgnlEndToEndId")
    status = _STATUSES.get(_text(transaction, "TxSts") or "")
    if end_to_end_id is None or status is None:
        raise BankAnswerUnreadable
    if status is PayoutStatus.REJECTED:
        return PayoutAnswer(
            end_to_end_id,
            status,
            reason_code=_text(transaction, "StsRsnInf/Rsn/Cd") or _text(transaction, "StsRsnInf/Rsn/Prtry"),
            reason=_text(transaction, "StsRsnInf/AddtlInf"),
        )
    if status is PayoutStatus.ACCEPTED:
        return PayoutAnswer(end_to_end_id, status)
    booked_on, booked_at = _text(transaction, "OrgnlTxRef/IntrBkSttlmDt"), _text(transaction, "AccptncDtTm")
    try:
        if booked_on is None:
            raise BankAnswerUnreadable
        return PayoutAnswer(
            end_to_end_id,
            status,
            booked_on=date.fromisoformat(booked_on),
            booked_at=_instant(booked_at) if booked_at else None,
        )
    except ValueError as error:
        raise BankAnswerUnreadable from error


def _instant(text: str) -> datetime:
    # ISO 20022 leaves the zone out where both parties share it.
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=STOCKHOLM)).astimezone(UTC)


def _text(element: etree._Element, path: str) -> str | None:
    namespace = _namespace(element)
    found = element.find("/".join(f"{namespace}{step}" for step in path.split("/")))
    return (found.text or "").strip() or None if found is not None else None


def _namespace(element: etree._Element) -> str:
    return f"{{{etree.QName(element).namespace}}}"
