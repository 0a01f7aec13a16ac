"""BgMax, read by position. Expected values are computed from the layout, by hand."""

from datetime import UTC, date, datetime
from pathlib import Path

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

SAMPLE = (Path(__file__).parents[3] / "data" / "sample.bgmax").read_bytes()

START = "01BGMAX               0120260430173035010331T"
SECTION = "050059990002          SEK"
PAYMENT = "200003783511            2026110001230000000000000465600220000000000010"
DEPOSIT = "15000000000000000000000584100000100982026043000001000000000000465600SEK00000001"
END = "7000000001000000000000000000000001"


def file(*records: str, end: str = "\r\n") -> bytes:
    return "".join(f"{record:<80}{end}" for record in records).encode("iso-8859-1")


def refused(content: bytes) -> PaymentFileRefused:
    with pytest.raises(PaymentFileRefused) as refusal:
        parse(content)
    return refusal.value


def changed(line: int, record: str) -> bytes:
    records = [START, SECTION, PAYMENT, DEPOSIT, END]
    records[line - 1] = record
    return file(*records)


def test_the_sample_file_is_read_to_the_ore() -> None:
    """F7: an OCR payment, a free reference, a deduction, and what the file says of the payers."""
    told = parse(SAMPLE)
    assert told == IncomingFile(
        format=FileFormat.BGMAX,
        identity=told.identity,
        created_at=datetime(2026, 4, 30, 15, 30, 35, 10331, tzinfo=UTC),  # 17:30:35.010331 in summer time
        is_test=True,
        deposits=(
            Deposit(
                receiver="59990002",
                account="58410000010098",
                booked_on=date(2026, 4, 30),
                serial="00001",
                amount=Money.kronor("5606.00"),  # 4656.00 + 1000.00 - 50.00
                payments=(
                    IncomingPayment(
                        sender="3783511",
                        reference="2026110001230",
                        amount=Money.kronor("4656.00"),
                        reference_code=ReferenceCode.OCR,
                        channel=2,
                        serial="000000000001",
                        payer=Payer(
                            name="Åkeri & Söner AB",
                            address="Storgatan 2",
                            postcode="12345",
                            city="Storåker",
                            organisation_number="5599990008",
                        ),
                    ),
                    IncomingPayment(
                        sender="",
                        reference="FAKTURA 77",
                        amount=Money.kronor("1000.00"),
                        reference_code=ReferenceCode.FREE,
                        channel=1,
                        serial="000000000002",
                        texts=("Betalning faktura 77",),
                    ),
                    IncomingPayment(
                        sender="3783511",
                        reference="2026110001230",
                        amount=Money.kronor("50.00"),
                        reference_code=ReferenceCode.OCR,
                        channel=2,
                        serial="000000000003",
                        deduction=DeductionCode.WHOLE,
                    ),
                ),
            ),
        ),
    )


def test_a_deduction_lessens_the_deposit() -> None:
    """F7: the sum of a deposit is payments less deductions."""
    (deposit,) = parse(SAMPLE).deposits
    assert [payment.signed_amount.ore for payment in deposit.payments] == [465_600, 100_000, -5_000]


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_either_line_end_will_do_and_the_last_may_lack_it(end: str) -> None:
    """F7: the end of a line is no part of the record."""
    content = file(START, SECTION, PAYMENT, DEPOSIT, END, end=end)
    assert parse(content) == parse(content.removesuffix(end.encode()))


def test_a_file_without_deposits_is_a_file() -> None:
    """F7: a day without payments."""
    assert parse(file(START, "7000000000000000000000000000000000")).deposits == ()


def test_extra_references_belong_to_the_payment_before_them() -> None:
    """F7: one payment for several claims."""
    content = file(
        START,
        SECTION,
        "200003783511                         00000000000000900032000000000007" + "0",
        "220003783511            2026110001230000000000000010000220000000000070",
        "23          KREDIT 5                 000000000000001000420000000000070",
        DEPOSIT.replace("465600", "009000"),
        "7000000001000000000000000200000001",
    )
    (payment,) = parse(content).deposits[0].payments
    assert payment.reference_code is ReferenceCode.SEVERAL
    assert payment.amount == Money.kronor("90.00")
    assert payment.extra_references == (
        ExtraReference("2026110001230", Money.kronor("100.00"), ReferenceCode.OCR, is_deduction=False),
        ExtraReference("KREDIT 5", Money.kronor("10.00"), ReferenceCode.FREE, is_deduction=True),
    )


def test_two_deposits_on_one_day_are_two() -> None:
    """F7: the same bankgiro may have several deposits a day, with serials of their own."""
    content = file(
        START,
        SECTION,
        PAYMENT,
        DEPOSIT,
        SECTION,
        PAYMENT,
        DEPOSIT.replace("2026043000001", "2026043000002"),
        "7000000002000000000000000000000002",
    )
    assert [deposit.serial for deposit in parse(content).deposits] == ["00001", "00002"]


def test_a_field_of_white_space_is_empty_and_texts_keep_their_order() -> None:
    """F7: what the payer wrote comes in the order it was written."""
    first, second = "25Rad ett", "25  Rad två"
    content = file(START, SECTION, PAYMENT, first, second, "26", "28", DEPOSIT, END)
    (payment,) = parse(content).deposits[0].payments
    assert payment.texts == ("Rad ett", "Rad två")
    assert payment.payer == Payer()


def test_a_sole_traders_number_keeps_its_twelve_digits() -> None:
    """F7: two leading zeros mark a legal person's ten digits."""
    content = file(START, SECTION, PAYMENT, "29197902092381", DEPOSIT, END)
    (payment,) = parse(content).deposits[0].payments
    assert payment.payer.organisation_number == "197902092381"
    assert "197902092381" not in repr(payment)


@pytest.mark.parametrize(
    ("line", "record", "why"),
    [
        (1, START.replace("BGMAX", "BGMIN"), "version 01"),
        (1, START.replace("0120260430", "0220260430"), "version 01"),
        (1, START.replace("20260430", "20260431"), "date"),
        (1, START.replace("173035", "250000"), "time of day"),
        (1, START.replace("173035", "1730 5"), "not a number"),
        (1, START[:-1] + "X", "neither T nor P"),
        (1, SECTION, "out of place"),
        (2, START, "out of place"),
        (2, SECTION.replace("SEK", "EUR"), "currency"),
        (2, SECTION.replace("59990002", "59990003"), "bankgiro"),
        (2, PAYMENT, "no deposit"),
        (3, PAYMENT.replace("465600", "46560O"), "not a number"),
        (3, PAYMENT.replace("465600", "46560²"), "not a number"),
        (3, PAYMENT.replace("46560022", "46560062"), "reference code"),
        (3, PAYMENT.replace("4656002", "465600 "), "not a number"),
        (3, "21" + PAYMENT[2:] + "3", "deduction code"),
        (3, "25Text", "no payment"),
        (3, "22" + PAYMENT[2:], "no payment"),
        (3, "99", "type of record"),
        (3, "å0", "type of record"),
        (3, SECTION, "not closed"),
        (3, END, "not closed"),
        (4, DEPOSIT.replace("465600", "465601"), "sum"),
        (4, DEPOSIT.replace("00000001", "00000002"), "number of payments"),
        (4, DEPOSIT.replace("SEK", "EUR"), "currency"),
        (4, DEPOSIT.replace("20260430", "20260230"), "date"),
        (5, END.replace("7000000001", "7000000002"), "counts"),
        (5, END.replace("700000000100000000", "700000000100000001"), "counts"),
        (5, "7000000001000000000000000100000001", "counts"),
        (5, "7000000001000000000000000000000002", "counts"),
    ],
)
def test_a_file_that_is_wrong_in_one_place_is_refused_with_that_line(line: int, record: str, why: str) -> None:
    """F7: nothing of a file that does not add up is read, and the line is named."""
    refusal = refused(changed(line, record))
    assert refusal.line == line
    assert f"Line {line}: " in refusal.detail.en
    assert f"Rad {line}: " in refusal.detail.sv
    assert why in refusal.detail.en
    assert refusal.rule == "F7"


def test_the_deposit_before_the_end_is_named_when_a_payment_was_lost() -> None:
    """F7: no krona is unaccounted for: the file itself says what it should hold."""
    lost = b"\r\n".join(line for line in SAMPLE.split(b"\r\n") if not line.startswith(b"21"))
    assert refused(lost).line == 10


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", 1),
        (b"\r\n", 1),
        (SAMPLE[:-2] + b"X\r\n", 12),
        (SAMPLE + b"\r\n", 13),
        (SAMPLE + SAMPLE, 13),
        (SAMPLE.replace(b"Storgatan 2 ", b"Storgatan\t2 "), 5),
        (SAMPLE.replace(b"FAKTURA 77", b"FAKTURA\x0077"), 8),
        (SAMPLE.replace(b"FAKTURA 77", b"FAKTURA\x8577"), 8),
        (SAMPLE.replace(b"Betalning", b" Betalning"), 9),
        (SAMPLE.decode("iso-8859-1").encode(), 4),  # as UTF-8 each letter with a ring or dots is two characters
        (b"\r\n".join(line.rstrip() for line in SAMPLE.split(b"\r\n")), 1),
        (b"\xef\xbb\xbf" + SAMPLE, 1),
        (SAMPLE[: SAMPLE.rindex(b"70")], 11),
        (b"<html>502</html>", 1),
    ],
)
def test_records_have_80_printable_characters_and_the_file_is_whole(content: bytes, line: int) -> None:
    """F7: read by position, so a shifted, cut or re-encoded file is refused loudly."""
    assert refused(content).line == line


def test_two_payments_with_one_serial_are_refused() -> None:
    """F7: the second of two payments with the same number would otherwise be lost."""
    content = file(
        START,
        SECTION,
        PAYMENT,
        PAYMENT,
        DEPOSIT.replace("465600", "931200").replace("00000001", "00000002"),
        "7000000002000000000000000000000001",
    )
    assert "serial" in refused(content).detail.en


def test_a_refusal_repeats_nothing_of_the_file() -> None:
    """F7: what payers wrote is personal data."""
    refusal = refused(SAMPLE.replace(b"Storgatan 2 ", b"Storgatan\t2 "))
    assert "Storgatan" not in refusal.detail.sv + refusal.detail.en + str(refusal)


@given(content=st.binary(max_size=400))
def test_any_bytes_are_a_file_or_refused(content: bytes) -> None:
    """F7: no input makes the reader fail in another way."""
    try:
        parse(content)
    except PaymentFileRefused:
        return
    raise AssertionError("400 arbitrary bytes are no file")


@given(place=st.integers(min_value=0, max_value=len(SAMPLE) - 1), byte=st.integers(min_value=0, max_value=255))
def test_one_changed_byte_never_changes_a_sum_unnoticed(place: int, byte: int) -> None:
    """F7: whatever is read adds up to what the file says was deposited."""
    content = SAMPLE[:place] + bytes([byte]) + SAMPLE[place + 1 :]
    try:
        deposits = parse(content).deposits
    except PaymentFileRefused:
        return
    assert [deposit.amount.ore for deposit in deposits] == [465_600 + 100_000 - 5_000]
