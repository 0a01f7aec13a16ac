"""camt.054 of several versions, read into the shape that BgMax has. Documents are written by hand from the standard."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreements.payments.formats import (
    DeductionCode,
    Deposit,
    ExtraReference,
    FileFormat,
    IncomingFile,
    IncomingPayment,
    Payer,
    PaymentFileRefused,
    ReferenceCode,
    parse,
)
from underwriting.kernel.money import Money

OCR = "20261100012347"
IBAN = "SE3550000000054910000003"
OLD, NEW = "02", "08"

PAID_BY_OCR = f"""
<TxDtls><Refs><AcctSvcrRef>TX-1</AcctSvcrRef><EndToEndId>NOTPROVIDED</EndToEndId></Refs>
<AmtDtls><TxAmt><Amt Ccy="SEK">1000.00</Amt></TxAmt></AmtDtls>
<RltdPties><Dbtr><Nm>Åkeri &amp; Söner AB</Nm><PstlAdr><StrtNm>Storgatan</StrtNm><BldgNb>2</BldgNb><PstCd>12345</PstCd>
<TwnNm>Storåker</TwnNm><Ctry>SE</Ctry></PstlAdr><Id><OrgId><Othr><Id>559999-0008</Id></Othr></OrgId></Id></Dbtr>
<DbtrAcct><Id><Othr><Id>3783511</Id></Othr></Id></DbtrAcct></RltdPties>
<RmtInf><Strd><CdtrRefInf><Ref>{OCR}</Ref></CdtrRefInf></Strd></RmtInf></TxDtls>"""
PAID_BY_TEXT = """
<TxDtls><Refs><AcctSvcrRef>TX-2</AcctSvcrRef></Refs><Amt Ccy="SEK">250.50</Amt>
<RltdPties><Dbtr><Pty><Nm>Bageriet HB</Nm></Pty></Dbtr>
<DbtrAcct><Id><IBAN>SE4550000000058398257466</IBAN></Id></DbtrAcct></RltdPties>
<RmtInf><Ustrd>faktura 77</Ustrd><Ustrd>tack</Ustrd></RmtInf></TxDtls>"""


def document(*entries: str, version: str = OLD, summary: str = "", account: str = IBAN) -> bytes:
    name = f"urn:iso:std:iso:20022:tech:xsd:camt.054.001.{version}"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="{name}"><BkToCstmrDbtCdtNtfctn>
<GrpHdr><MsgId>M-1</MsgId><CreDtTm>2026-04-30T17:30:35</CreDtTm></GrpHdr>
<Ntfctn><Id>N-1</Id><Acct><Id><IBAN>{account}</IBAN></Id></Acct>{summary}{"".join(entries)}</Ntfctn>
</BkToCstmrDbtCdtNtfctn></Document>""".encode()


def entry(
    amount: str,
    *details: str,
    indicator: str = "CRDT",
    status: str = "<Sts>BOOK</Sts>",
    reference: str = "<AcctSvcrRef>E-1</AcctSvcrRef>",
    reversal: str = "",
    batch: str = "",
    currency: str = "SEK",
    day: str = "<BookgDt><Dt>2026-04-30</Dt></BookgDt>",
) -> str:
    listed = f"<NtryDtls>{batch}{''.join(details)}</NtryDtls>" if details or batch else ""
    return (
        f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{indicator}</CdtDbtInd>{reversal}{status}{day}'
        f"{reference}{listed}</Ntry>"
    )


def refused(content: bytes) -> PaymentFileRefused:
    with pytest.raises(PaymentFileRefused) as refusal:
        parse(content)
    return refusal.value


def payments(content: bytes) -> list[IncomingPayment]:
    return [payment for deposit in parse(content).deposits for payment in deposit.payments]


def test_a_batch_is_read_to_the_ore() -> None:
    """F7: an OCR payment and one with free text, of two versions' elements, in one booked entry."""
    batch = '<Btch><NbOfTxs>2</NbOfTxs><TtlAmt Ccy="SEK">1250.50</TtlAmt></Btch>'
    assert parse(document(entry("1250.50", PAID_BY_OCR, PAID_BY_TEXT, batch=batch))) == IncomingFile(
        format=FileFormat.CAMT_054,
        identity=f"camt.054:M-1:{IBAN}",
        created_at=datetime(2026, 4, 30, 15, 30, 35, tzinfo=UTC),  # 17:30:35 in summer time
        is_test=False,
        deposits=(
            Deposit(
                receiver=IBAN,
                account=IBAN,
                booked_on=date(2026, 4, 30),
                serial="E-1",
                amount=Money.kronor("1250.50"),
                payments=(
                    IncomingPayment(
                        sender="3783511",
                        reference=OCR,
                        amount=Money.kronor("1000.00"),
                        reference_code=ReferenceCode.OCR,
                        channel=0,
                        serial="TX-1",
                        payer=Payer(
                            name="Åkeri & Söner AB",
                            address="Storgatan 2",
                            postcode="12345",
                            city="Storåker",
                            country_code="SE",
                            organisation_number="5599990008",
                        ),
                    ),
                    IncomingPayment(
                        sender="SE4550000000058398257466",
                        reference="",
                        amount=Money.kronor("250.50"),
                        reference_code=ReferenceCode.NONE,
                        channel=0,
                        serial="TX-2",
                        texts=("faktura 77", "tack"),
                        payer=Payer(name="Bageriet HB"),
                    ),
                ),
            ),
        ),
    )


@pytest.mark.parametrize("version", ["02", "04", "08", "12"])
def test_every_version_is_read_alike(version: str) -> None:
    """F7: whichever the bank has gone over to."""
    status = "<Sts>BOOK</Sts>" if version == OLD else "<Sts><Cd>BOOK</Cd></Sts>"
    told = parse(document(entry("1250.50", PAID_BY_OCR, PAID_BY_TEXT, status=status), version=version))
    assert told == parse(document(entry("1250.50", PAID_BY_OCR, PAID_BY_TEXT)))


def test_an_entry_without_transactions_is_one_payment_that_says_nothing() -> None:
    """F7: it waits for a person, and no krona of it is lost."""
    (payment,) = payments(document(entry("99.00")))
    assert (payment.amount, payment.reference, payment.sender) == (Money.kronor(99), "", "")


def test_a_transaction_alone_in_its_entry_may_leave_its_amount_out() -> None:
    """F7: then it is the entry's."""
    details = f"<TxDtls><RmtInf><Strd><CdtrRefInf><Ref>{OCR}</Ref></CdtrRefInf></Strd></RmtInf></TxDtls>"
    (payment,) = payments(document(entry("99.00", details)))
    assert (payment.amount, payment.reference) == (Money.kronor(99), OCR)


def test_several_references_come_each_with_what_is_for_it() -> None:
    """F7: an invoice less a credit note."""
    structured = f"""<TxDtls><Amt Ccy="SEK">90.00</Amt><RmtInf>
    <Strd><RfrdDocAmt><RmtdAmt Ccy="SEK">100.00</RmtdAmt></RfrdDocAmt><CdtrRefInf><Ref>{OCR}</Ref></CdtrRefInf></Strd>
    <Strd><RfrdDocInf><Nb>KREDIT 5</Nb></RfrdDocInf>
    <RfrdDocAmt><CdtNoteAmt Ccy="SEK">10.00</CdtNoteAmt></RfrdDocAmt></Strd></RmtInf></TxDtls>"""
    (payment,) = payments(document(entry("90.00", structured)))
    assert (payment.reference, payment.reference_code) == ("", ReferenceCode.SEVERAL)
    assert payment.extra_references == (
        ExtraReference(OCR, Money.kronor(100), ReferenceCode.OCR, is_deduction=False),
        ExtraReference("KREDIT 5", Money.kronor(10), ReferenceCode.FREE, is_deduction=True),
    )


def test_a_debit_that_takes_back_a_credit_is_a_deduction_that_says_so() -> None:
    """F7: the bank takes back what it told of before, under the payer's own id."""
    details = PAID_BY_OCR.replace("NOTPROVIDED", "PAYER-7")
    content = document(entry("1000.00", details, indicator="DBIT", reversal="<RvslInd>true</RvslInd>"))
    (payment,) = payments(content)
    assert (payment.signed_amount, payment.deduction) == (-Money.kronor(1000), DeductionCode.WHOLE)
    assert (payment.is_reversal, payment.end_to_end_id, payment.reference) == (True, "PAYER-7", OCR)
    assert parse(content).deposits[0].amount == -Money.kronor(1000)


def test_what_the_lender_has_paid_itself_is_no_incoming_payment() -> None:
    """F7: a debit is followed by its own answers (P2)."""
    assert parse(document(entry("5000.00", indicator="DBIT"))).deposits == ()


@pytest.mark.parametrize("status", ["<Sts>PDNG</Sts>", "<Sts><Cd>INFO</Cd></Sts>"])
def test_what_is_not_booked_is_no_payment_yet(status: str) -> None:
    """F7: it comes again once it is."""
    assert parse(document(entry("99.00", status=status))).deposits == ()


def test_the_day_may_be_told_by_an_instant() -> None:
    """F7: the day in Stockholm, where 23:30 UTC is the next one in summer."""
    day = "<BookgDt><DtTm>2026-04-29T23:30:00Z</DtTm></BookgDt>"
    assert parse(document(entry("99.00", day=day))).deposits[0].booked_on == date(2026, 4, 30)


def test_twins_without_a_name_are_two_and_have_the_same_names_when_told_again() -> None:
    """F7: two equal payments are not one; a file told anew is not two."""
    twins = (entry("99.00", reference=""), entry("99.00", reference=""))
    first, second = parse(document(*twins)).deposits
    assert first.serial != second.serial
    assert [one.serial for one in parse(document(*twins)).deposits] == [first.serial, second.serial]


SUMMARY = (
    "<TxsSummry><TtlNtries><NbOfNtries>2</NbOfNtries><Sum>1250.50</Sum></TtlNtries>"
    "<TtlCdtNtries><NbOfNtries>2</NbOfNtries><Sum>1250.50</Sum></TtlCdtNtries></TxsSummry>"
)
TWO = (
    entry("1000.00", PAID_BY_OCR),
    entry("250.50", PAID_BY_TEXT, reference="<AcctSvcrRef>E-2</AcctSvcrRef>"),
)

CUT = document(*TWO)[:-20]


def test_what_the_file_says_of_its_entries_is_so() -> None:
    """F7: its own control totals."""
    assert len(parse(document(*TWO, summary=SUMMARY)).deposits) == 2


@pytest.mark.parametrize(
    ("content", "line", "why"),
    [
        (b"", 1, "empty"),
        (b"<", 1, "well-formed"),
        (CUT, CUT.count(b"\n") + 1, "well-formed"),
        (b"<html/>", 1, "not a camt.054"),
        (document(entry("99.00")).replace(b"camt.054.001", b"camt.053.001"), 2, "not a camt.054"),
        (document(*TWO, summary=SUMMARY.replace("<Sum>1250.50", "<Sum>1250.51", 1)), 4, "the entries"),
        (document(*TWO, summary=SUMMARY.replace("Ntries>2<", "Ntries>3<", 1)), 4, "the entries"),
        (document(*TWO, summary=SUMMARY[::-1].replace("05.0521", "05.0520", 1)[::-1]), 4, "the credits"),
        (document(entry("1250.51", PAID_BY_OCR, PAID_BY_TEXT)), 4, "not the sum"),
        (
            document(entry("1250.50", PAID_BY_OCR, PAID_BY_TEXT, batch="<Btch><NbOfTxs>3</NbOfTxs></Btch>")),
            4,
            "payments",
        ),
        (
            document(entry("1250.50", PAID_BY_OCR, PAID_BY_TEXT, batch='<Btch><TtlAmt Ccy="SEK">1.00</TtlAmt></Btch>')),
            4,
            "payments",
        ),
        (document(entry("1250.50", PAID_BY_OCR, "<TxDtls></TxDtls>")), 10, "missing"),
        (document(entry("99.00", currency="EUR")), 4, "currency"),
        (document(entry("99,00")), 4, "not a number"),
        (document(entry("99.001")), 4, "fractions"),
        (document(entry("99.00", indicator="BOTH")), 4, "neither"),
        (document(entry("99.00", day="")), 4, "day is missing"),
        (document(entry("99.00", day="<BookgDt><Dt>2026-02-30</Dt></BookgDt>")), 4, "no such date"),
        (document(entry("99.00")).replace(b"2026-04-30T17:30:35", b"2026-04-30T25:30:35"), 3, "instant"),
        (document(entry("99.00")).replace(b"<MsgId>M-1</MsgId>", b""), 3, "MsgId"),
        (document(entry("99.00"), account=""), 4, "account"),
        (document(entry("1000.00", PAID_BY_OCR), entry("1000.00", PAID_BY_OCR)), 2, "same reference"),
    ],
)
def test_a_file_that_is_wrong_in_one_place_is_refused_with_that_line(content: bytes, line: int, why: str) -> None:
    """F7: nothing of it is read, and the line is named in both languages."""
    refusal = refused(content)
    assert (refusal.line, refusal.rule) == (line, "F7")
    assert f"Line {line}: " in refusal.detail.en
    assert f"Rad {line}: " in refusal.detail.sv
    assert why in refusal.detail.en


@pytest.mark.parametrize(
    "entity", ['<!ENTITY a "aaaa">', '<!ENTITY a SYSTEM "file:///etc/passwd">', '<!ENTITY % a SYSTEM "x">']
)
def test_entities_and_document_types_are_refused(entity: str) -> None:
    """F7: nothing is expanded or fetched."""
    declared = document(entry("99.00")).replace(b"<Document", f"<!DOCTYPE d [{entity}]><Document".encode(), 1)
    assert "document type" in refused(declared).detail.en


def test_a_refusal_repeats_nothing_of_the_file() -> None:
    """F7: what payers wrote is personal data."""
    refusal = refused(document(entry("1.00", PAID_BY_OCR.replace("TxAmt", "Amount"), PAID_BY_TEXT)))
    assert "ker" not in refusal.detail.sv.replace("Rad", "")


@given(place=st.integers(min_value=0, max_value=5_000), byte=st.integers(min_value=0, max_value=255))
def test_one_changed_byte_never_changes_a_sum_unnoticed(place: int, byte: int) -> None:
    """F7: whatever is read adds up to what the file says of its entries, unless it says it is not ours."""
    whole = document(*TWO, summary=SUMMARY)
    place %= len(whole)
    try:
        told = parse(whole[:place] + bytes([byte]) + whole[place + 1 :])
    except PaymentFileRefused:
        return
    assert sum(one.amount.ore for one in told.deposits) in (0, 25_050, 100_000, 125_050)
