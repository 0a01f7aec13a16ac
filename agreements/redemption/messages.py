"""What borrowers are told about an early redemption: Swedish first, English below."""

from datetime import date

from agreements.credit.messages import Letter
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.kernel.wording import day_in_words


def quoted(*, number: int, total: Money, on: date, link: str) -> Letter:
    """What redeeming costs with money sent on the day *on*; nothing changes before it is there (rule F3)."""
    return Letter(
        Text("Förtidslösen av kreditavtal {number}", "Early redemption of credit agreement {number}").filled(
            number=number
        ),
        Text(
            "För att lösa krediten {day.sv} betalas {total}. Krediten är löst när pengarna har kommit in. "
            "Beskedet och uppgifter för betalningen finns här:\n{link}",
            "To redeem the credit on {day.en}, {total} is paid. The credit is redeemed when the money is there. "
            "The quote and how to pay are here:\n{link}",
        ).filled(day=day_in_words(on), total=total.formatted(), link=link),
    )


def redeemed(*, number: int, link: str) -> Letter:
    """The sum has been received and the agreement is over (rule F3)."""
    return Letter(
        Text("Kreditavtal {number} är löst", "Credit agreement {number} is redeemed").filled(number=number),
        Text(
            "Krediten är löst i förtid och borgensåtagandena har upphört. Avtalets dokument finns här:\n{link}",
            "The credit has been redeemed early and the guarantees have ended. The agreement's documents are "
            "here:\n{link}",
        ).filled(link=link),
    )
