"""What company and guarantors are told about a change of the repayment plan: Swedish first, English below."""

from datetime import datetime, timedelta

from agreements.credit.messages import Letter
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.wording import day_in_words


def to_be_signed(*, lender: str, number: int, link: str, sign_by: datetime) -> Letter:
    """To a signatory (*firmatecknare*): another plan waits for the signature (rule G7)."""
    return Letter(
        Text(
            "Ändrad återbetalning av kreditavtal {number} att underteckna",
            "Changed repayment of credit agreement {number} to sign",
        ).filled(number=number),
        Text(
            "{lender} föreslår en annan plan för återbetalningen. Läs vad som ändras och underteckna med BankID "
            "här:\n{link}\n\n"
            "Ändringen gäller när alla har undertecknat. Saknas någon underskrift efter {last.sv} gäller planen som "
            "förut.",
            "{lender} proposes another repayment plan. Read what changes and sign it with BankID here:\n{link}\n\n"
            "The change applies once everybody has signed. If any signature is missing after {last.en}, the plan stays "
            "as it was.",
        ).filled(lender=lender, link=link, last=_last_day(sign_by)),
    )


def consent_to_be_signed(*, lender: str, borrower: str, link: str, sign_by: datetime) -> Letter:
    """To a guarantor (*borgensman*): the change binds them, and applies, only when they sign it (rule G7)."""
    return Letter(
        Text(
            "Ändrad återbetalning av krediten till {borrower}", "Changed repayment of the credit to {borrower}"
        ).filled(borrower=borrower),
        Text(
            "{lender} föreslår en annan plan för återbetalningen av krediten som du har gått i borgen för. Läs vad som "
            "ändras och underteckna med BankID här, om du godtar det:\n{link}\n\n"
            "Du behöver inte göra det. Saknas någon underskrift efter {last.sv} gäller planen, och din borgen, som "
            "förut.",
            "{lender} proposes another repayment plan for the credit that you guarantee. Read what changes and sign it "
            "with BankID here, if you accept it:\n{link}\n\n"
            "You do not have to. If any signature is missing after {last.en}, the plan and your guarantee stay as they "
            "were.",
        ).filled(lender=lender, link=link, last=_last_day(sign_by)),
    )


def in_effect(*, borrower: str, number: int, link: str) -> Letter:
    """To everybody who signed: the other plan applies."""
    return Letter(
        _about(number),
        Text(
            "Alla har undertecknat. Krediten till {borrower} återbetalas nu enligt den nya planen, som finns här:\n"
            "{link}",
            "Everybody has signed. The credit to {borrower} is now repaid by the new plan, which is here:\n{link}",
        ).filled(borrower=borrower, link=link),
    )


def ended(*, borrower: str, number: int, withdrawn: bool) -> Letter:
    """To everybody who was asked: nothing changes, since a signature was missing or the lender let it be."""
    why = (
        Text("Förslaget är återtaget.", "The proposal is withdrawn.")
        if withdrawn
        else Text("En underskrift saknades när tiden var ute.", "A signature was missing when the time was over.")
    )
    return Letter(
        _about(number),
        Text(
            "{why.sv} Återbetalningen av krediten till {borrower} ändras inte.",
            "{why.en} The repayment of the credit to {borrower} does not change.",
        ).filled(why=why, borrower=borrower),
    )


def _about(number: int) -> Text:
    return Text("Återbetalningen av kreditavtal {number}", "The repayment of credit agreement {number}").filled(
        number=number
    )


def _last_day(sign_by: datetime) -> Text:
    return day_in_words(stockholm_date(sign_by - timedelta(microseconds=1)))
