"""What borrowers are told about a cancellation: Swedish first, English below."""

from datetime import date

from agreements.credit.messages import Letter
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.kernel.wording import day_in_words


def received(*, number: int, total: Money, pay_by: date) -> Letter:
    """The request was received in time; it stands once the money is there (rule C6)."""
    return Letter(
        Text("Hävning av kreditavtal {number}", "Cancellation of credit agreement {number}").filled(number=number),
        Text(
            "Vi har tagit emot din begäran i tid. Betala {total} så att det är bokfört hos oss senast {day.sv}. "
            "Annars faller hävningen och krediten löper som förut.",
            "We received your request in time. Pay {total} so that it is booked with us by {day.en}. Otherwise the "
            "cancellation falls and the credit runs as before.",
        ).filled(total=total.formatted(), day=day_in_words(pay_by)),
    )


def completed(*, number: int, fee: Money) -> Letter:
    """The agreement is cancelled (rules C3, C6)."""
    return Letter(
        Text("Kreditavtal {number} är hävt", "Credit agreement {number} is cancelled").filled(number=number),
        Text(
            "Krediten är hävd. Avgiften för hävningen är {fee}. Inga månadsavgifter tas ut och borgensåtagandena har "
            "upphört.",
            "The credit is cancelled. The fee for cancelling is {fee}. No monthly fees are charged and the guarantees "
            "have ended.",
        ).filled(fee=fee.formatted()),
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
