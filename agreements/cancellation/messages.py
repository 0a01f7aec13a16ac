"""What borrowers are told about a cancellation: Swedish first, English below."""

from datetime import date

from agreements.credit.messages import Letter
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.kernel.wording import day_in_words


def received(*, number: int, total: Money, pay_by: date, link: str) -> Letter:
    """The request was received in time; it stands once the money is there (rule C6)."""
    return Letter(
        Text("Hävning av kreditavtal {number}", "Cancellation of credit agreement {number}").filled(number=number),
        Text(
            "Vi har tagit emot din begäran i tid. Betala {total} så att det är bokfört hos oss senast {day.sv}. "
            "Annars faller hävningen och krediten löper som förut. Kvittot och uppgifter för betalningen finns "
            "här:\n{link}",
            "We received your request in time. Pay {total} so that it is booked with us by {day.en}. Otherwise the "
            "cancellation falls and the credit runs as before. The receipt and how to pay are here:\n{link}",
        ).filled(total=total.formatted(), day=day_in_words(pay_by), link=link),
    )


def awaits_bank(*, number: int, link: str) -> Letter:
    """The request was received in time, while a payout is with the bank: its answer says what is to be repaid (C6)."""
    return Letter(
        Text("Hävning av kreditavtal {number}", "Cancellation of credit agreement {number}").filled(number=number),
        Text(
            "Vi har tagit emot din begäran i tid. Utbetalningen är redan hos banken. Bokför banken den skriver vi hur "
            "mycket som ska betalas tillbaka och när, annars är krediten hävd. Kvittot finns här:\n{link}",
            "We received your request in time. The payout is with the bank already. If the bank books it, we write how "
            "much is to be repaid and when, otherwise the credit is cancelled. The receipt is here:\n{link}",
        ).filled(link=link),
    )


def completed(*, number: int, fee: Money, link: str) -> Letter:
    """The agreement is cancelled (rules C3, C6)."""
    return Letter(
        Text("Kreditavtal {number} är hävt", "Credit agreement {number} is cancelled").filled(number=number),
        Text(
            "Krediten är hävd. Avgiften för hävningen är {fee}. Inga månadsavgifter tas ut och borgensåtagandena har "
            "upphört. Kvittot och övriga dokument finns här:\n{link}",
            "The credit is cancelled. The fee for cancelling is {fee}. No monthly fees are charged and the guarantees "
            "have ended. The receipt and the other documents are here:\n{link}",
        ).filled(fee=fee.formatted(), link=link),
    )


def fallen(*, number: int, pay_by: date) -> Letter:
    """The money did not come in time (rule C6)."""
    return Letter(
        Text("Hävningen av kreditavtal {number} har fallit", "The cancellation of {number} has fallen").filled(
            number=number
        ),
        Text(
            "Hela beloppet var inte bokfört hos oss senast {day.sv}. Krediten löper därför som om hävningen aldrig "
            "hade begärts. Du kan lösa den i förtid när som helst.",
            "The whole sum was not booked with us by {day.en}. The credit therefore runs as if the cancellation had "
            "never been asked for. You can redeem it early at any time.",
        ).filled(day=day_in_words(pay_by)),
    )
