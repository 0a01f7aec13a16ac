"""ISO 20022 files from the lender to its bank: pain.001.001.03 or pain.001.001.09 (rule P2)."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from lxml import etree

from underwriting.kernel.identifiers import Bankgiro, OrganisationNumber
from underwriting.kernel.money import Money
from underwriting.kernel.periods import STOCKHOLM

PAIN_001 = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.03"
PAIN_001_09 = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"

_ID = re.compile("[A-Za-z0-9][A-Za-z0-9-]{0,34}")  # at most 35 (Max35Text), of what also is plain in an address
_NAME_LENGTH = 70
_MESSAGE_LENGTH = 25  # what a payment to a bankgiro can carry
_BANKGIRO_CLEARING = "9900"


class PainVersion(StrEnum):
    """The version of pain.001 that the bank has agreed to take."""

    V03 = "03"
    V09 = "09"

    @property
    def namespace(self) -> str:
        """Of its documents."""
        return PAIN_001 if self is PainVersion.V03 else PAIN_001_09

    @property
    def bic(self) -> str:
        """What it calls the element that names a bank."""
        return "BIC" if self is PainVersion.V03 else "BICFI"


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


def pain_001(
    orders: Sequence[PayoutOrder],
    *,
    message_id: str,
    debtor: Debtor,
    created_at: datetime,
    version: PainVersion = PainVersion.V03,
) -> bytes:
    """The file that orders the bank to pay *orders*: one payment block for each day, in the order of days.

    ValueError for what no caller may ask: no orders, one twice, an amount that is not positive, an id that is too long
    or has odd characters.
    """
    _require_sound(orders, message_id)
    root = etree.Element(f"{{{version.namespace}}}Document", nsmap={None: version.namespace})  # type: ignore[dict-item]  # as in lxml
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
        _add_block(initiation, by_day[day], block_id=_block_id(message_id, number), debtor=debtor, version=version)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


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


def _block_id(message_id: str, number: int) -> str:
    return _identifier(f"{message_id}-{number}")


def _add_block(
    parent: etree._Element, orders: Sequence[PayoutOrder], *, block_id: str, debtor: Debtor, version: PainVersion
) -> None:
    block = _add(parent, "PmtInf")
    _add(block, "PmtInfId", block_id)
    _add(block, "PmtMtd", "TRF")
    _add(block, "BtchBookg", "false")
    _add_totals(block, orders)
    day = _add(block, "ReqdExctnDt", None if version is PainVersion.V09 else orders[0].execute_on.isoformat())
    if version is PainVersion.V09:
        _add(day, "Dt", orders[0].execute_on.isoformat())
    _add_party(_add(block, "Dbtr"), debtor)
    account = _add(block, "DbtrAcct")
    _add(_add(account, "Id"), "IBAN", debtor.iban)
    _add(account, "Ccy", "SEK")
    _add(_add(_add(block, "DbtrAgt"), "FinInstnId"), version.bic, debtor.bic)
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
    child = etree.SubElement(parent, f"{{{etree.QName(parent).namespace}}}{name}", attributes)
    child.text = text
    return child


def _plain(text: str, length: int) -> str:
    # Banks are known to trip over an ampersand even where it is escaped; control characters are not XML at all.
    visible = "".join(character if character.isprintable() else " " for character in text.replace("&", "+"))
    return " ".join(visible.split())[:length].rstrip() or "-"
