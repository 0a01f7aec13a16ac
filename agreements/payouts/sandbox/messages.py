"""The bank's side of ISO 20022: reading the customer's pain.001, writing the answer as pain.002."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from lxml import etree

from agreements.payouts.answers import PAIN_002, BankAnswerUnreadable, parse_document
from agreements.payouts.formats import PAIN_001, PAIN_001_09
from underwriting.kernel.money import Money
from underwriting.kernel.periods import STOCKHOLM

_DAY_IN = {PAIN_001: "ReqdExctnDt", PAIN_001_09: "ReqdExctnDt/Dt"}


class FileRefused(Exception):
    """A customer's file is not one that the bank takes; the message is the bank's word for why."""


@dataclass(frozen=True, slots=True)
class OrderedPayment:
    """One payment of a customer's file."""

    end_to_end_id: str
    bankgiro: str
    creditor_name: str = field(repr=False)
    amount: Money
    execute_on: date
    message: str


@dataclass(frozen=True, slots=True)
class CustomerFile:
    """A customer's file that adds up."""

    message_id: str
    payments: tuple[OrderedPayment, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bank answers of one payment: ISO status, and booking or reason where there is one."""

    end_to_end_id: str
    message_id: str
    status: str
    amount: Money
    booked_on: date | None
    booked_at: datetime | None
    reason_code: str | None
    reason: str | None


def read_pain_001(content: bytes) -> CustomerFile:
    """The customer's file. Raises FileRefused for what is malformed, does not add up or does not go to a bankgiro."""
    try:
        root = parse_document(content, PAIN_001, PAIN_001_09)
        header = _one(root, "CstmrCdtTrfInitn/GrpHdr")
        payments = tuple(
            _payment(block, transfer)
            for block in root.iterfind("{*}CstmrCdtTrfInitn/{*}PmtInf")
            for transfer in _block(block)
        )
        _require_totals(header, payments)
        return CustomerFile(_identifier(header, "MsgId"), payments)
    except (BankAnswerUnreadable, ValueError, InvalidOperation) as error:
        raise FileRefused("malformed") from error


def write_pain_002(answer: Answer, *, at: datetime, namespace: str = PAIN_002) -> bytes:
    """The answer of one payment."""
    report_id = f"A{answer.end_to_end_id}"[:35]
    return write_report(report_id, answer.message_id, [answer], at=at, namespace=namespace)


def write_report(
    report_id: str,
    about: str,
    answers: Sequence[Answer],
    *,
    at: datetime,
    namespace: str = PAIN_002,
    file_status: str | None = None,
    reason_code: str | None = None,
) -> bytes:
    """A pain.002.001.03, or .10, about the file *about*: of some of its payments, of the file itself, or of both."""
    root = etree.Element(f"{{{namespace}}}Document", nsmap={None: namespace})  # type: ignore[dict-item]  # as in lxml
    report = _add(root, "CstmrPmtStsRpt")
    header = _add(report, "GrpHdr")
    _add(header, "MsgId", report_id)
    _add(header, "CreDtTm", _local(at))
    group = _add(report, "OrgnlGrpInfAndSts")
    _add(group, "OrgnlMsgId", about)
    _add(group, "OrgnlMsgNmId", "pain.001.001.03" if namespace == PAIN_002 else "pain.001.001.09")
    if file_status:
        _add(group, "GrpSts", file_status)
    if reason_code:
        _add(_add(_add(group, "StsRsnInf"), "Rsn"), "Cd", reason_code)
    if answers:
        block = _add(report, "OrgnlPmtInfAndSts")
        _add(block, "OrgnlPmtInfId", about)
        for answer in answers:
            _add_answer(block, answer)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _add_answer(block: etree._Element, answer: Answer) -> None:
    transaction = _add(block, "TxInfAndSts")
    _add(transaction, "OrgnlEndToEndId", answer.end_to_end_id)
    _add(transaction, "TxSts", answer.status)
    if answer.reason_code:
        reason = _add(transaction, "StsRsnInf")
        _add(_add(reason, "Rsn"), "Cd", answer.reason_code)
        _add(reason, "AddtlInf", answer.reason)
    if answer.booked_at:
        _add(transaction, "AccptncDtTm", _local(answer.booked_at))
    original = _add(transaction, "OrgnlTxRef")
    _add(_add(original, "Amt"), "InstdAmt", str(answer.amount)).set("Ccy", "SEK")
    if answer.booked_on:
        _add(original, "IntrBkSttlmDt", answer.booked_on.isoformat())


def _block(block: etree._Element) -> list[etree._Element]:
    transfers = block.findall("{*}CdtTrfTxInf")
    payments = tuple(_payment(block, transfer) for transfer in transfers)
    _require_totals(block, payments)
    return transfers


def _payment(block: etree._Element, transfer: etree._Element) -> OrderedPayment:
    amount = _one(transfer, "Amt/InstdAmt")
    if amount.get("Ccy") != "SEK" or _text(transfer, "CdtrAgt/FinInstnId/ClrSysMmbId/ClrSysId/Cd") != "SESBA":
        raise ValueError("not a payment in Sweden")
    if _text(transfer, "CdtrAgt/FinInstnId/ClrSysMmbId/MmbId") != "9900":
        raise ValueError("not a payment to a bankgiro")
    if _text(transfer, "CdtrAcct/Id/Othr/SchmeNm/Prtry") != "BGNR":
        raise ValueError("not a bankgiro number")
    return OrderedPayment(
        end_to_end_id=_identifier(transfer, "PmtId/EndToEndId"),
        bankgiro=_text(transfer, "CdtrAcct/Id/Othr/Id"),
        creditor_name=_text(transfer, "Cdtr/Nm"),
        amount=Money.kronor(Decimal(amount.text or "")),
        execute_on=date.fromisoformat(_text(block, _DAY_IN[etree.QName(block).namespace or ""])),
        message=_text(transfer, "RmtInf/Ustrd"),
    )


def _require_totals(element: etree._Element, payments: tuple[OrderedPayment, ...]) -> None:
    total = Money.sum(payment.amount for payment in payments)
    stated = Money.kronor(Decimal(_text(element, "CtrlSum")))
    if not payments or _text(element, "NbOfTxs") != str(len(payments)) or stated != total:
        raise ValueError("the totals do not add up")


def _identifier(element: etree._Element, path: str) -> str:
    text = _text(element, path)
    if not 1 <= len(text) <= 35:
        raise ValueError("an id has 1 to 35 characters")
    return text


def _text(element: etree._Element, path: str) -> str:
    return (_one(element, path).text or "").strip()


def _one(element: etree._Element, path: str) -> etree._Element:
    found = element.findall("/".join(f"{{*}}{step}" for step in path.split("/")))
    if len(found) != 1:
        raise ValueError("an element is missing or stands twice")
    return found[0]


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, f"{{{etree.QName(parent).namespace}}}{name}")
    child.text = text
    return child


def _local(at: datetime) -> str:
    return at.astimezone(STOCKHOLM).isoformat()
