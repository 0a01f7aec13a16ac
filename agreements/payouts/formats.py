"""ISO 20022 files between the lender and its bank: pain.001.001.03 out, pain.002.001.03 in (rule P2)."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum

from lxml import etree

from underwriting.kernel.errors import InvalidInput
from underwriting.kernel.identifiers import Bankgiro, OrganisationNumber
from underwriting.kernel.money import Money
from underwriting.kernel.periods import STOCKHOLM
from underwriting.kernel.text import Text

PAIN_001 = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.03"
PAIN_002 = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"

_ID = re.compile("[A-Za-z0-9][A-Za-z0-9-]{0,34}")  # at most 35 (Max35Text), of what also is plain in an address
_NAME_LENGTH = 70
_MESSAGE_LENGTH = 25  # what a payment to a bankgiro can carry
_BANKGIRO_CLEARING = "9900"


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
    "ACWC": PayoutStatus.ACCEPTED,
    "ACSP": PayoutStatus.ACCEPTED,
    "ACSC": PayoutStatus.BOOKED,
    "RJCT": PayoutStatus.REJECTED,
}


class BankAnswerUnreadable(InvalidInput):
    """What should be a pain.002 is not one, or says nothing certain of a payment. Nothing follows from it."""

    slug = "bank-answer-unreadable"
    title = Text("Bankens svar kunde inte läsas", "The bank's answer could not be read")
    rule = "P2"


@dataclass(frozen=True, slots=True)
class Debtor:
    """The lender's own account, which payouts are drawn on."""

    name: str
    organisation_number: OrganisationNumber
    iban: str
    bic: str


@dataclass(frozen=True, slots=True)
class PayoutOrder:
    """One payment to a company's bankgiro. The bank knows it by *end_to_end_id*, at most 35 characters, for ever.

    *message* is what the payee reads, cut to 25 characters.
    """

    end_to_end_id: str
    bankgiro: Bankgiro = field(repr=False)
    creditor_name: str = field(repr=False)
    amount: Money
    execute_on: date
    message: str


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


def pain_001(orders: Sequence[PayoutOrder], *, message_id: str, debtor: Debtor, created_at: datetime) -> bytes:
    """The file that orders the bank to pay *orders*: one payment block for each day, in the order of days.

    ValueError for what no caller may ask: no orders, one twice, an amount that is not positive, an id that is too long
    or has odd characters.
    """
    _require_sound(orders, message_id)
    root = etree.Element(f"{{{PAIN_001}}}Document", nsmap={None: PAIN_001})  # type: ignore[dict-item]  # as in lxml
    initiation = _add(root, "CstmrCdtTrfInitn")
    header = _add(initiation, "GrpHdr")
    _add(header, "MsgId", message_id)
    _add(header, "CreDtTm", created_at.astimezone(STOCKHOLM).isoformat(timespec="seconds"))
    _add_totals(header, orders)
    _add_party(_add(header, "InitgPty"), debtor)
    by_day = defaultdict(list)
    for order in orders:
        by_day[order.execute_on].append(order)
    for number, day in enumerate(sorted(by_day), start=1):
        _add_block(initiation, by_day[day], block_id=_identifier(f"{message_id}-{number}"), debtor=debtor)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def read_pain_002(content: bytes) -> dict[str, PayoutAnswer]:
    """What the bank says of each payment that it names, by end-to-end id. An id it does not name is not there.

    Raises BankAnswerUnreadable for anything that is not a pain.002.001.03, has a status that is not known, books
    without a day, contradicts itself or names no payment at all.
    """
    root = parse_document(content, PAIN_002)
    answers: dict[str, PayoutAnswer] = {}
    for transaction in root.iter(f"{{{PAIN_002}}}TxInfAndSts"):
        answer = _answer(transaction)
        if answers.setdefault(answer.end_to_end_id, answer) != answer:
            raise BankAnswerUnreadable
    if not answers:
        raise BankAnswerUnreadable
    return answers


def parse_document(content: bytes, namespace: str) -> etree._Element:
    """The root of an ISO 20022 document of *namespace*; BankAnswerUnreadable for anything else.

    Entities, document types and the network are off.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BankAnswerUnreadable from error
    if root.tag != f"{{{namespace}}}Document" or root.getroottree().docinfo.internalDTD is not None:
        raise BankAnswerUnreadable
    return root


def _require_sound(orders: Sequence[PayoutOrder], message_id: str) -> None:
    ids = [_identifier(order.end_to_end_id) for order in orders]
    _identifier(message_id)
    if not orders or len(set(ids)) != len(ids):
        raise ValueError("a payment file has orders, each once")
    if any(order.amount <= Money.ZERO for order in orders):
        raise ValueError("an amount to pay is positive")


def _identifier(text: str) -> str:
    if not _ID.fullmatch(text):
        raise ValueError("an id has 1 to 35 characters: letters, digits, hyphens")
    return text


def _add_block(parent: etree._Element, orders: Sequence[PayoutOrder], *, block_id: str, debtor: Debtor) -> None:
    block = _add(parent, "PmtInf")
    _add(block, "PmtInfId", block_id)
    _add(block, "PmtMtd", "TRF")
    _add(block, "BtchBookg", "false")
    _add_totals(block, orders)
    _add(block, "ReqdExctnDt", orders[0].execute_on.isoformat())
    _add_party(_add(block, "Dbtr"), debtor)
    account = _add(block, "DbtrAcct")
    _add(_add(account, "Id"), "IBAN", debtor.iban)
    _add(account, "Ccy", "SEK")
    _add(_add(_add(block, "DbtrAgt"), "FinInstnId"), "BIC", debtor.bic)
    _add(block, "ChrgBr", "SLEV")
    for order in orders:
        _add_transfer(block, order)


def _add_transfer(block: etree._Element, order: PayoutOrder) -> None:
    transfer = _add(block, "CdtTrfTxInf")
    payment = _add(transfer, "PmtId")
    _add(payment, "InstrId", order.end_to_end_id)
    _add(payment, "EndToEndId", order.end_to_end_id)
    _add(_add(transfer, "Amt"), "InstdAmt", str(order.amount), Ccy="SEK")
    clearing = _add(_add(_add(transfer, "CdtrAgt"), "FinInstnId"), "ClrSysMmbId")
    _add(_add(clearing, "ClrSysId"), "Cd", "SESBA")
    _add(clearing, "MmbId", _BANKGIRO_CLEARING)
    creditor = _add(transfer, "Cdtr")
    _add(creditor, "Nm", _plain(order.creditor_name, _NAME_LENGTH))
    _add(_add(creditor, "PstlAdr"), "Ctry", "SE")
    account = _add(_add(_add(transfer, "CdtrAcct"), "Id"), "Othr")
    _add(account, "Id", order.bankgiro.digits)
    _add(_add(account, "SchmeNm"), "Prtry", "BGNR")
    _add(_add(transfer, "RmtInf"), "Ustrd", _plain(order.message, _MESSAGE_LENGTH))


def _add_totals(parent: etree._Element, orders: Sequence[PayoutOrder]) -> None:
    _add(parent, "NbOfTxs", str(len(orders)))
    _add(parent, "CtrlSum", str(Money.sum(order.amount for order in orders)))


def _add_party(parent: etree._Element, debtor: Debtor) -> None:
    _add(parent, "Nm", _plain(debtor.name, _NAME_LENGTH))
    other = _add(_add(_add(parent, "Id"), "OrgId"), "Othr")
    _add(other, "Id", debtor.organisation_number.digits)
    _add(_add(other, "SchmeNm"), "Cd", "CUST")


def _add(parent: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    child = etree.SubElement(parent, f"{{{PAIN_001}}}{name}", attributes)
    child.text = text
    return child


def _plain(text: str, length: int) -> str:
    # Banks are known to trip over an ampersand even where it is escaped; control characters are not XML at all.
    visible = "".join(character if character.isprintable() else " " for character in text.replace("&", "+"))
    return " ".join(visible.split())[:length].rstrip() or "-"


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
    found = element.find("/".join(f"{{{PAIN_002}}}{step}" for step in path.split("/")))
    return (found.text or "").strip() or None if found is not None else None
