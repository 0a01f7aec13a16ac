"""A strict reader of SIE 4I, which believes nothing that the writer says."""

import re
import zlib
from dataclasses import dataclass, field
from decimal import Decimal

IDENTIFICATION = ("#PROGRAM", "#FORMAT", "#GEN", "#SIETYP", "#FTYP", "#FNAMN", "#ORGNR", "#RAR", "#KPTYP", "#VALUTA")
ORDER = {"#FLAGGA": 0, "#KSUMMA": 1, **dict.fromkeys(IDENTIFICATION, 2), "#KONTO": 3, "#VER": 4}
ONCE = ("#FLAGGA", "#PROGRAM", "#FORMAT", "#GEN", "#SIETYP", "#FNAMN")
_FIELD = re.compile(r'[ \t]+(?:"((?:[^"\\]|\\")*)"|(\{[^{}"]*\})|([^\s"{}]+))')
_AMOUNT = re.compile(r"-?[0-9]+\.[0-9]{2}")
_DAY = re.compile(r"[0-9]{8}")


@dataclass
class ReadVoucher:
    """A voucher with its lines: account and amount."""

    series: str
    number: str
    on: str
    text: str
    registered_on: str
    lines: list[tuple[str, Decimal]] = field(default_factory=list)


@dataclass
class ReadFile:
    """What a file says: posts by label, names of accounts, vouchers."""

    posts: dict[str, list[str]]
    accounts: dict[str, str]
    vouchers: list[ReadVoucher]
    labels: list[str]

    def movement(self) -> dict[str, tuple[Decimal, Decimal]]:
        """What is debited and credited on each account."""
        found: dict[str, tuple[Decimal, Decimal]] = {}
        for voucher in self.vouchers:
            for account, amount in voucher.lines:
                debit, credit = found.get(account, (Decimal(0), Decimal(0)))
                found[account] = (debit + max(amount, Decimal(0)), credit + max(-amount, Decimal(0)))
        return found


def read(content: bytes) -> ReadFile:
    """What *content* says; AssertionError for whatever the format does not allow."""
    assert content.endswith(b"\r\n")
    lines = content.decode("cp437").split("\r\n")[:-1]
    assert not any("\n" in line or "\r" in line or "\t" in line for line in lines)
    file = ReadFile({}, {}, [], [])
    checked, is_open = b"", False
    for line in lines:
        if line in ("{", "}"):
            assert is_open == (line == "}"), "braces stand in pairs"
            is_open = line == "{"
            continue
        label, fields = _post(line)
        assert is_open == (label == "#TRANS"), "lines of vouchers stand within braces"
        if label == "#TRANS":
            account, objects, amount = fields
            assert objects == "{}"
            assert _AMOUNT.fullmatch(amount)
            assert account in file.accounts
            file.vouchers[-1].lines.append((account, Decimal(amount)))
        else:
            _take(file, label, fields)
        if label == "#KSUMMA" and fields:
            assert int(fields[0]) == zlib.crc32(checked)
            assert line == lines[-1]
        elif label not in ("#FLAGGA", "#KSUMMA"):
            checked += "".join([label, *(one for one in fields if one != "{}")]).encode("cp437")
    assert not is_open
    _check(file)
    return file


def _post(line: str) -> tuple[str, list[str]]:
    label = re.match(r"#[A-Z]+", line)
    assert label, line
    place, fields = label.end(), []
    while place < len(line):
        one = _FIELD.match(line, place)
        assert one, line
        quoted, objects, bare = one.groups()
        fields.append(quoted.replace('\\"', '"') if quoted is not None else objects or bare)
        place = one.end()
    return label[0], fields


def _take(file: ReadFile, label: str, fields: list[str]) -> None:
    assert label in ORDER, "a label that 4I knows, as #IB is none"
    if not (label == "#KSUMMA" and fields):
        assert not file.labels or ORDER[label] >= ORDER[file.labels[-1]]
        file.labels.append(label)
    if label == "#VER":
        series, number, on, text, registered_on = fields
        file.vouchers.append(ReadVoucher(series, number, on, text, registered_on))
        assert _DAY.fullmatch(file.vouchers[-1].on)
    elif label == "#KONTO":
        number, name = fields
        assert number not in file.accounts
        file.accounts[number] = name
    else:
        assert label == "#KSUMMA" or label not in file.posts
        file.posts[label] = fields


def _check(file: ReadFile) -> None:
    assert set(ONCE) <= file.posts.keys()
    assert file.labels[0] == "#FLAGGA"
    assert (file.posts["#FORMAT"], file.posts["#SIETYP"], file.posts["#FLAGGA"]) == (["PC8"], ["4"], ["0"])
    for voucher in file.vouchers:
        assert voucher.lines
        assert sum(amount for _, amount in voucher.lines) == 0
