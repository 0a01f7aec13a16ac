"""What the borrower reads of an invoice in a letter, and how its lines are called: Swedish first, English below."""

from collections.abc import Mapping
from datetime import date

from agreements.credit.messages import Letter
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CreditReason, InvoiceLineKind
from underwriting.kernel.wording import day_in_words, month_in_words

REASONS: Mapping[CreditReason, Text] = {
    CreditReason.REVERSED: Text("Avgiften har återförts", "The charge was taken back"),
    CreditReason.PAYOUT_RETURNED: Text("Utbetalningen kom tillbaka", "The payout came back"),
    CreditReason.MISTAKE: Text("Avgiften togs ut av misstag", "The charge was made by mistake"),
    CreditReason.GOODWILL: Text("Avgiften efterskänks", "The charge is waived"),
}
"""Why something is credited, as the borrower reads it."""


_COSTS: Mapping[InvoiceLineKind, Text] = {
    InvoiceLineKind.REMINDER_FEE: Text("Påminnelseavgift", "Reminder fee"),
    InvoiceLineKind.DEMAND_FEE: Text("Inkassoavgift", "Fee for a collection demand"),
    InvoiceLineKind.PLAN_FEE: Text("Avgift för avbetalningsplan", "Fee for an instalment plan"),
    InvoiceLineKind.LATE_COMPENSATION: Text("Förseningsersättning", "Late-payment compensation"),
}


def label(kind: InvoiceLineKind, *, arose_on: date, instalment_number: int | None) -> Text:
    """What a line is called on paper."""
    match kind:
        case InvoiceLineKind.MONTHLY_FEE:
            return Text("Månadsavgift {month.sv}", "Monthly fee, {month.en}").filled(
                month=month_in_words(Month.of(arose_on))
            )
        case InvoiceLineKind.INSTALMENT:
            return Text("Amortering {number}, {month.sv}", "Instalment {number}, {month.en}").filled(
                number=instalment_number, month=month_in_words(Month.of(arose_on))
            )
        case InvoiceLineKind.CANCELLATION_FEE:
            return Text("Avgift för hävning", "Cancellation fee")
        case InvoiceLineKind.PAPER_FEE:
            return Text("Faktura på papper", "Invoice on paper")
        case InvoiceLineKind.LATE_INTEREST:
            return Text("Dröjsmålsränta till {day.sv}", "Late interest until {day.en}").filled(
                day=day_in_words(arose_on)
            )
        case _:
            return _COSTS[kind]


def invoice(*, number: int, payable: Money, due_on: date, bankgiro: str, ocr: str, link: str) -> Letter:
    """To the borrower: the invoice is enclosed, and what to pay how."""
    return Letter(
        Text("Faktura {number}", "Invoice {number}").filled(number=number),
        Text(
            "Här är faktura {number}. Att betala: {sum} senast {day.sv} till bankgiro {bankgiro} med OCR-nummer {ocr}."
            "\n\nFakturan är bifogad. Alla fakturor finns också här:\n{link}",
            "Here is invoice {number}. To pay: {sum} by {day.en} to bankgiro {bankgiro} with the reference (OCR) {ocr}."
            "\n\nThe invoice is enclosed, in Swedish. All invoices are also here:\n{link}",
        ).filled(
            number=number, sum=payable.formatted(), day=day_in_words(due_on), bankgiro=bankgiro, ocr=ocr, link=link
        ),
    )


def credit_note(*, number: int, credited_number: int, total: Money, link: str) -> Letter:
    """To the borrower: something that was invoiced need not be paid."""
    return Letter(
        Text("Kreditfaktura {number}", "Credit note {number}").filled(number=number),
        Text(
            "Av faktura {credited} krediteras {sum}. Det behöver inte betalas; har det redan betalats är pengarna ett "
            "tillgodohavande hos oss.\n\nKreditfakturan är bifogad. Alla fakturor finns också här:\n{link}",
            "Of invoice {credited} {sum} is credited. It need not be paid; if it has been paid, the money is a credit "
            "balance with us.\n\nThe credit note is enclosed, in Swedish. All invoices are also here:\n{link}",
        ).filled(credited=credited_number, sum=total.formatted(), link=link),
    )
