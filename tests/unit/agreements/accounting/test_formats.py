"""SIE 4I, byte by byte (sweden.md 5.10)."""

import zlib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreements.accounting.formats import printable, sie_file
from agreements.accounting.rules import SieHead, Voucher, VoucherLine
from tests.support import sie
from underwriting.kernel.money import Money

SAMPLE = Path(__file__).parents[3] / "data" / "sample.si"
HEAD = SieHead(date(2026, 4, 30), "Exempelkredit AB", "559999-0008", date(2026, 1, 1), date(2026, 12, 31))
ACCOUNTS = {"1930": "Företagskonto", "1510": "Kundfordringar", "3004": "Momsfria intäkter"}
FEE = Voucher(
    "F",
    1,
    date(2026, 3, 31),
    "Månadsavgift mars",
    date(2026, 4, 1),
    (VoucherLine("1510", Money.kronor(4500)), VoucherLine("3004", -Money.kronor(4500))),
)


def written(*vouchers: Voucher, accounts: dict[str, str] = ACCOUNTS, with_checksum: bool = False) -> bytes:
    return b"".join(sie_file(HEAD, accounts, vouchers, with_checksum=with_checksum))


def test_a_file_is_written_to_the_byte() -> None:
    """F9: in cp437, each post on a line of its own that ends with CR and LF, the accounts in order."""
    assert written(FEE) == (
        b"#FLAGGA 0\r\n"
        b"#PROGRAM Borgen 1.0\r\n"
        b"#FORMAT PC8\r\n"
        b"#GEN 20260430\r\n"
        b"#SIETYP 4\r\n"
        b'#FNAMN "Exempelkredit AB"\r\n'
        b"#ORGNR 559999-0008\r\n"
        b"#RAR 0 20260101 20261231\r\n"
        b"#KPTYP EUBAS97\r\n"
        b"#VALUTA SEK\r\n"
        b"#KONTO 1510 Kundfordringar\r\n"
        b'#KONTO 1930 "F\x94retagskonto"\r\n'
        b'#KONTO 3004 "Momsfria int\x84kter"\r\n'
        b'#VER F 1 20260331 "M\x86nadsavgift mars" 20260401\r\n'
        b"{\r\n"
        b"#TRANS 1510 {} 4500.00\r\n"
        b"#TRANS 3004 {} -4500.00\r\n"
        b"}\r\n"
    )


def test_the_checksum_is_the_one_of_the_standard() -> None:
    """F9: CRC-32 over labels and fields alone; the standard's own example comes to 1921122205."""
    # what is summed before it: #PROGRAM to #VALUTA; the rest of the example's sum is pinned by the reader
    head = b"#PROGRAMBorgen1.0#FORMATPC8#GEN20260430#SIETYP4#FNAMNExempelkredit AB#ORGNR559999-0008"
    head += b"#RAR02026010120261231#KPTYPEUBAS97#VALUTASEK"
    assert zlib.crc32(b'#KONTO1915Kassa "special"') == 1921122205
    content = written(accounts={"1915": 'Kassa "special"'}, with_checksum=True)
    assert b'#KONTO 1915 "Kassa \\"special\\""\r\n' in content
    total = zlib.crc32(b'#KONTO1915Kassa "special"', zlib.crc32(head))
    assert content.startswith(b"#FLAGGA 0\r\n#KSUMMA\r\n#PROGRAM")
    assert content.endswith(f"#KSUMMA {total}\r\n".encode())
    sie.read(content)


def test_the_checksum_adds_two_lines_and_changes_none() -> None:
    """F9: it is optional."""
    with_it = written(FEE, with_checksum=True).splitlines()
    assert [line for line in with_it if not line.startswith(b"#KSUMMA")] == written(FEE).splitlines()
    assert len(with_it) == len(written(FEE).splitlines()) + 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("åäöÅÄÖé", b"\x86\x84\x94\x8f\x8e\x99\x82"),
        ("100 €", b"100 EUR"),
        ("a – b — c \u2212 d", b"a - b - c - d"),
        ("“x” ‘y’", b"\"x\" 'y'"),
        ("Łódź Şahin Ø", b"?\xa2dz Sahin O"),
        ("Ελλάδα 東京", None),
        ("tab\tline\r\nnul\0bell\a", b"tab line nul bell"),
        ("no-break\u00a0blank", b"no-break blank"),
        ("C:\\mapp\\", b"C:/mapp/"),
        ("☺\U0001f600", b"??"),
        ("", b""),
        ("\ud800", b"?"),
    ],
)
def test_what_cp437_lacks_is_written_otherwise(text: str, told: bytes | None) -> None:
    """F9: by a rule, so that the same text always gives the same bytes."""
    found = printable(text).encode("cp437")
    if told is not None:
        assert found == told
    assert printable(printable(text)) == printable(text)


@given(name=st.text(max_size=40), text=st.text(max_size=40))
def test_any_text_is_written_and_read_back(name: str, text: str) -> None:
    """F9: quotes, braces, hashes and whatever else people write never break a file."""
    voucher = Voucher("F", 1, FEE.on, text, FEE.on, FEE.lines)
    accounts = ACCOUNTS | {"1510": name}
    for with_checksum in (False, True):
        found = sie.read(written(voucher, accounts=accounts, with_checksum=with_checksum))
        assert found.accounts["1510"] == printable(name)
        assert found.vouchers[0].text == printable(text)


@given(amounts=st.lists(st.integers(1, 10**14), min_size=1, max_size=5))
def test_amounts_are_written_to_the_ore(amounts: list[int]) -> None:
    """F9: with a point and two decimals, credits negative, no plus, no thousands."""
    lines = [VoucherLine("1510", Money(ore)) for ore in amounts]
    voucher = Voucher("F", 1, FEE.on, "x", FEE.on, (*lines, VoucherLine("3004", Money(-sum(amounts)))))
    (found,) = sie.read(written(voucher)).vouchers
    assert [int(amount * 100) for _, amount in found.lines] == [*amounts, -sum(amounts)]


def test_the_reader_understands_the_sample() -> None:
    """F9: the same file as others write it: 4 vouchers that sum to zero, with quoted series."""
    found = sie.read(SAMPLE.read_bytes())
    assert [(one.series, one.number, one.text) for one in found.vouchers][1] == ("F", "1", "Månadsavgift mars")
    assert found.accounts["1682"] == "Kortfristiga lånefordringar"
    assert found.movement()["1510"] == (Decimal("4655.99"), Decimal("4655.99"))


@pytest.mark.parametrize(
    "damage",
    [
        (b"\r\n", b"\n"),
        (b"#FORMAT PC8\r\n", b""),
        (b"4500.00", b"4500,00"),
        (b"-4500.00", b"-4500.01"),
        (b"}\r\n", b""),
        (b"{} ", b""),
        (b"#KONTO 1510 Kundfordringar\r\n", b""),
        (b"mars", b"april"),
    ],
)
def test_the_reader_refuses_what_is_no_file(damage: tuple[bytes, bytes]) -> None:
    """F9: else what it reads back would show nothing."""
    content = written(FEE, with_checksum=True)
    assert damage[0] in content
    with pytest.raises((AssertionError, ValueError)):
        sie.read(content.replace(*damage))
