"""camt.054, in which a bank tells of what it has booked on an account (ISO 20022, camt.054.001.02 and later). Reading.

Each booked entry (`Ntry`) that credits the account is a deposit, each of its transactions (`TxDtls`) a payment; an
entry without transactions is one payment that says nothing of itself. A debit counts only where it takes back a credit
(`RvslInd`): other debits are what the lender has paid. What is pending or only informs is passed by.

The names of elements are the same in all versions but for a few that moved a step down; both places are looked at. A
file is refused as a whole, naming the line, where it is not well-formed, is in another currency, or where the sums that
it states of entries (`TxsSummry`) and batches (`Btch`) are not those of what it lists.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from lxml import etree

from agreements.payments.formats.elements import (
    find,
    first_text,
    instant_of,
    money_of,
    needed_text,
    refuse,
    root_of,
    space_of,
    text_of,
    texts_of,
)
from agreements.payments.formats.incoming import (
    NOBODY,
    DeductionCode,
    Deposit,
    ExtraReference,
    FileFormat,
    IncomingFile,
    IncomingPayment,
    Payer,
    ReferenceCode,
)
from underwriting.kernel.identifiers import is_ocr_number
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text

_UNNAMED = "NOTPROVIDED"  # what ISO 20022 has payers write where they have no id
_LONGEST = 35
_CREDIT, _DEBIT = "CRDT", "DBIT"
_REFERENCES = ("Refs/AcctSvcrRef", "Refs/TxId", "Refs/ClrSysRef")  # banks' own: a payer's may be a personal number


def parse(content: bytes) -> IncomingFile:
    """The camt.054 in *content*. Raises PaymentFileRefused, naming the line, for anything out of place."""
    root = root_of(content)
    notification = root.find(f"{space_of(root)}BkToCstmrDbtCdtNtfctn")
    if notification is None:
        refuse(root, "det är inte en camt.054", "this is not a camt.054")
    header = find(notification, "GrpHdr")
    if header is None:
        refuse(notification, "GrpHdr saknas", "GrpHdr is missing")
    message_id, created_at = needed_text(header, "MsgId"), instant_of(header, needed_text(header, "CreDtTm"))
    deposits: list[Deposit] = []
    for one in notification.findall(f"{space_of(root)}Ntfctn"):
        deposits += _Account(one).deposits()
    _refuse_twins(notification, deposits)
    receivers = "+".join(sorted({one.receiver for one in deposits}))
    identity = f"camt.054:{message_id}:{receivers}"
    return IncomingFile(FileFormat.CAMT_054, identity, created_at, is_test=False, deposits=tuple(deposits))


@dataclass(frozen=True, slots=True)
class _Account:
    """What the bank tells of one account (`Ntfctn`)."""

    element: etree._Element

    def deposits(self) -> list[Deposit]:
        receiver = first_text(self.element, "Acct/Id/IBAN", "Acct/Id/Othr/Id").replace(" ", "")
        if not receiver:
            refuse(self.element, "kontot saknas", "the account is missing")
        entries = self.element.findall(f"{space_of(self.element)}Ntry")
        self._check_totals(entries)
        unnamed: Counter[str] = Counter()
        found = (_deposit(one, receiver, unnamed) for one in entries if _is_ours(one))
        return [one for one in found if one is not None]

    def _check_totals(self, entries: list[etree._Element]) -> None:
        signs = {one: _sign(one) for one in entries}
        for path, among, what in (
            ("TxsSummry/TtlNtries", entries, Text("posterna", "the entries")),
            (
                "TxsSummry/TtlCdtNtries",
                [one for one in entries if signs[one] > 0],
                Text("krediterna", "the credits"),
            ),
            (
                "TxsSummry/TtlDbtNtries",
                [one for one in entries if signs[one] < 0],
                Text("debiteringarna", "the debits"),
            ),
        ):
            total = find(self.element, path)
            if total is not None:
                _check_total(total, "NbOfNtries", "Sum", [_amount(one) for one in among], what)


def _deposit(entry: etree._Element, receiver: str, unnamed: Counter[str]) -> Deposit | None:
    """The deposit that the booked *entry* is; None for a debit that takes back no credit."""
    sign, is_reversal = _sign(entry), text_of(entry, "RvslInd") in ("true", "1")
    if sign < 0 and not is_reversal:
        return None
    booked_on, amount = _booked_on(entry), _amount(entry)
    serial = first_text(entry, "AcctSvcrRef", "NtryRef") or _made_up(entry, unnamed)
    payments = []
    for place, (transaction, part) in enumerate(_transactions(entry, amount), start=1):
        payments.append(_payment(transaction, part, place=place, sign=sign, is_reversal=is_reversal))
    total = Money.sum(one.signed_amount for one in payments)
    if total != (amount if sign > 0 else -amount):
        refuse(
            entry, "postens belopp är inte summan av betalningarna", "the entry's amount is not the sum of its payments"
        )
    return Deposit(receiver, receiver, booked_on, serial, total, tuple(payments))


def _transactions(entry: etree._Element, amount: Money) -> Iterator[tuple[etree._Element, Money]]:
    """Each transaction with its amount; the entry itself where it lists none."""
    space = space_of(entry)
    every = entry.findall(f"{space}NtryDtls/{space}TxDtls")
    for details in entry.findall(f"{space}NtryDtls"):
        listed = details.findall(f"{space}TxDtls")
        batch = find(details, "Btch")
        if batch is not None and listed:
            alone = amount if len(every) == 1 else None
            amounts = [_part(one, alone) for one in listed]
            _check_total(batch, "NbOfTxs", "TtlAmt", amounts, Text("betalningarna", "the payments"))
    if not every:
        yield entry, amount
    for one in every:
        yield one, _part(one, amount if len(every) == 1 else None)


def _part(transaction: etree._Element, otherwise: Money | None) -> Money:
    """The amount of a transaction; *otherwise* is that of its entry, where it is alone in it."""
    for path in ("AmtDtls/TxAmt/Amt", "Amt"):
        found = find(transaction, path)
        if found is not None:
            return money_of(found)
    if otherwise is None:
        refuse(transaction, "betalningens belopp saknas", "the payment's amount is missing")
    return otherwise


def _payment(
    transaction: etree._Element, amount: Money, *, place: int, sign: int, is_reversal: bool
) -> IncomingPayment:
    own = text_of(transaction, "CdtDbtInd")
    takes_back = (own == _DEBIT) if own in (_CREDIT, _DEBIT) else sign < 0
    references = list(_structured(transaction))
    texts = tuple(text for text in texts_of(transaction, "RmtInf/Ustrd") if text)
    end_to_end_id = text_of(transaction, "Refs/EndToEndId")
    reference, code, extra = "", ReferenceCode.NONE, tuple[ExtraReference, ...]()
    if len(references) == 1:
        reference, code = references[0].reference, references[0].reference_code
    elif references:
        code, extra = ReferenceCode.SEVERAL, tuple(references)
    return IncomingPayment(
        sender=first_text(transaction, "RltdPties/DbtrAcct/Id/IBAN", "RltdPties/DbtrAcct/Id/Othr/Id").replace(" ", ""),
        reference=reference,
        amount=amount,
        reference_code=code,
        channel=0,
        serial=_serial(transaction, place),
        deduction=DeductionCode.WHOLE if takes_back else None,
        extra_references=extra,
        texts=texts,
        payer=_payer(transaction),
        is_reversal=is_reversal,
        end_to_end_id="" if end_to_end_id == _UNNAMED else end_to_end_id,
    )


def _structured(transaction: etree._Element) -> Iterator[ExtraReference]:
    space = space_of(transaction)
    for one in transaction.findall(f"{space}RmtInf/{space}Strd"):
        reference = first_text(one, "CdtrRefInf/Ref", "RfrdDocInf/Nb")
        if not reference:
            continue
        credited = find(one, "RfrdDocAmt/CdtNoteAmt")
        part = credited if credited is not None else find(one, "RfrdDocAmt/RmtdAmt")
        code = ReferenceCode.OCR if is_ocr_number(reference) else ReferenceCode.FREE
        yield ExtraReference(
            reference=reference,
            amount=Money.ZERO if part is None else money_of(part),
            reference_code=code,
            is_deduction=credited is not None,
        )


def _payer(transaction: etree._Element) -> Payer:
    party = find(transaction, "RltdPties/Dbtr/Pty")  # since version .08
    party = party if party is not None else find(transaction, "RltdPties/Dbtr")
    if party is None:
        return NOBODY
    street = " ".join(part for part in (text_of(party, "PstlAdr/StrtNm"), text_of(party, "PstlAdr/BldgNb")) if part)
    return Payer(
        name=text_of(party, "Nm"),
        address=street or " ".join(texts_of(party, "PstlAdr/AdrLine")),
        postcode=text_of(party, "PstlAdr/PstCd"),
        city=text_of(party, "PstlAdr/TwnNm"),
        country_code=text_of(party, "PstlAdr/Ctry"),
        organisation_number=first_text(party, "Id/OrgId/Othr/Id", "Id/PrvtId/Othr/Id").replace("-", ""),
    )


def _serial(transaction: etree._Element, place: int) -> str:
    """What the bank calls the transaction; its place in the entry where it calls it nothing."""
    return first_text(transaction, *_REFERENCES)[:_LONGEST] or f"#{place}"


def _made_up(entry: etree._Element, unnamed: Counter[str]) -> str:
    """A name for an entry to which the bank gives none: the same whenever the same is told, another for its twin."""
    told = " ".join(" ".join(str(one) for one in entry.itertext()).split())
    name = f"~{hashlib.sha256(told.encode()).hexdigest()[:24]}"
    unnamed[name] += 1
    return name if unnamed[name] == 1 else f"{name}-{unnamed[name]}"


def _refuse_twins(element: etree._Element, deposits: list[Deposit]) -> None:
    seen = set()
    for deposit in deposits:
        for payment in deposit.payments:
            key = (deposit.receiver, deposit.booked_on, deposit.serial, payment.serial)
            if key in seen:
                refuse(element, "två betalningar har samma referens", "two payments have the same reference")
            seen.add(key)


def _check_total(element: etree._Element, count_path: str, sum_path: str, amounts: list[Money], what: Text) -> None:
    """Refuse the file unless the count and the sum that *element* states are those of *amounts*."""
    count, total = text_of(element, count_path), find(element, sum_path)
    if count and (not count.isdigit() or int(count) != len(amounts)):
        refuse(element, f"antalet stämmer inte med {what.sv}", f"the count is not that of {what.en}")
    if total is not None and money_of(total) != Money.sum(amounts):
        refuse(total, f"summan stämmer inte med {what.sv}", f"the sum is not that of {what.en}")


def _is_ours(entry: etree._Element) -> bool:
    return (text_of(entry, "Sts/Cd") or text_of(entry, "Sts") or "BOOK") == "BOOK"


def _sign(entry: etree._Element) -> int:
    word = text_of(entry, "CdtDbtInd")
    if word not in (_CREDIT, _DEBIT):
        refuse(entry, "posten är varken kredit eller debet", "the entry is neither credit nor debit")
    return 1 if word == _CREDIT else -1


def _booked_on(entry: etree._Element) -> date:
    day, instant = text_of(entry, "BookgDt/Dt"), text_of(entry, "BookgDt/DtTm")
    try:
        if day:
            return date.fromisoformat(day[:10])
    except ValueError:
        refuse(entry, "datumet finns inte", "there is no such date")
    if not instant:
        refuse(entry, "bokföringsdagen saknas", "the booking day is missing")
    return stockholm_date(instant_of(entry, instant))


def _amount(element: etree._Element) -> Money:
    found = find(element, "Amt")
    if found is None:
        refuse(element, "beloppet saknas", "the amount is missing")
    return money_of(found)
