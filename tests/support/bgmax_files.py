"""BgMax files by their records, for what the bank's stand-in does not write: deductions, several references, payers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from underwriting.kernel.money import Money

Records = list[str]


def paid(
    serial: int,
    reference: str,
    amount: Money,
    *,
    sender: str = "",
    code: int = 2,
    deduction: bool = False,
    extra: Iterable[tuple[str, Money, bool]] = (),
    texts: Iterable[str] = (),
    name: str = "",
    number: str = "",
) -> Records:
    """One payment; *extra* are references, each with its sum and whether it is a deduction."""
    field = f"{reference:>25}" if code == 2 else f"{reference:<25}"
    kind, end = ("21", "00") if deduction else ("20", "0")
    records = [f"{kind}{sender:0>10}{field}{amount.ore:018d}{code}1{serial:012d}{end}"]
    for one, part, is_deduction in extra:
        records.append(f"{'23' if is_deduction else '22'}{sender:0>10}{one:<25}{part.ore:018d}41{serial:012d}0")
    records += [f"25{text:<50}" for text in texts]
    if name:
        records.append(f"26{name:<35}")
    if number:
        records.append(f"29{number:0>12}")
    return records


@dataclass(frozen=True)
class BgMax:
    """A file of one deposit. *stamp* tells files apart that were made on one day."""

    day: date
    serial: int = 1
    stamp: int = 0
    bankgiro: str = "59990093"
    is_test: bool = True

    def of(self, *payments: Records) -> bytes:
        """Its bytes."""
        records = [record for payment in payments for record in payment]
        sums = [(record[:2], int(record[37:55])) for record in records if record[:2] in ("20", "21")]
        total = sum(ore if kind == "20" else -ore for kind, ore in sums)
        kinds = [record[:2] for record in records]
        extra = kinds.count("22") + kinds.count("23")
        whole = [
            f"01{'BGMAX':<20}01{self.day:%Y%m%d}101500{self.stamp:06d}{'T' if self.is_test else 'P'}",
            f"05{self.bankgiro:0>10}{'':10}SEK",
            *records,
            f"15{'58410000010098':0>35}{self.day:%Y%m%d}{self.serial:05d}{total:018d}SEK{len(sums):08d}",
            f"70{kinds.count('20'):08d}{kinds.count('21'):08d}{extra:08d}{1:08d}",
        ]
        return "".join(f"{record:<80}\r\n" for record in whole).encode("iso-8859-1")
