"""The settings of what is handed on to the lender's accounting."""

from dataclasses import dataclass

from underwriting.kernel.vocabulary import VoucherScope
from underwriting.platform.environment import EnvironmentReader


@dataclass(frozen=True, slots=True)
class AccountingSettings:
    """What one voucher holds, and the number of the month with which the lender's financial year begins."""

    vouchers: VoucherScope
    year_begins_in: int


def read_accounting(reader: EnvironmentReader) -> AccountingSettings:
    """SIE_VOUCHERS (day or entry), FINANCIAL_YEAR_BEGINS_IN (1 to 12)."""
    return AccountingSettings(
        vouchers=VoucherScope(reader.word("SIE_VOUCHERS", among=tuple(VoucherScope), default=str(VoucherScope.DAY))),
        year_begins_in=reader.whole("FINANCIAL_YEAR_BEGINS_IN", least=1, most=12, default=1),
    )
