"""What borrowers, signatories and guarantors are told by e-mail: Swedish first, English below."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.wording import day_in_words

_RULER = "\n\n—\n\n"


@dataclass(frozen=True, slots=True)
class Letter:
    """The subject line and the text of one message."""

    subject: Text
    body: Text

    @property
    def content(self) -> dict[str, str]:
        """As the outbox keeps it: both languages in one message, the Swedish one first."""
        return {
            "subject": f"{self.subject.sv} / {self.subject.en}",
            "body": f"{self.body.sv}{_RULER}{self.body.en}",
        }


def to_be_signed(*, lender: str, number: int, link: str, sign_by: datetime) -> Letter:
    """To a signatory (*firmatecknare*): the agreement waits for the signature."""
    return Letter(
        Text("Kreditavtal {number} att underteckna", "Credit agreement {number} to sign").filled(number=number),
        Text(
            "{lender} har beviljat krediten. Läs kreditavtal {number} och underteckna det med BankID här:\n{link}\n\n"
            "Underskriften behövs senast {last.sv}. Saknas någon underskrift då förfaller avtalet utan kostnad.",
            "{lender} has granted the credit. Read credit agreement {number} and sign it with BankID here:\n{link}\n\n"
            "The signature is needed by {last.en}. If any signature is missing then, the agreement lapses at no cost.",
        ).filled(lender=lender, number=number, link=link, last=_last_day(sign_by)),
    )


def guarantee_to_be_signed(*, lender: str, borrower: str, cap: Money, link: str, sign_by: datetime) -> Letter:
    """To a guarantor (*borgensman*): the guarantee waits for the signature."""
    return Letter(
        Text("Borgensförbindelse för {borrower}", "Guarantee for {borrower}").filled(borrower=borrower),
        Text(
            "{lender} har beviljat {borrower} en kredit mot din borgen såsom för egen skuld, högst {cap}. "
            "Läs borgensförbindelsen och underteckna den med BankID här:\n{link}\n\n"
            "Underskriften behövs senast {last.sv}. Utan den betalas ingen kredit ut.",
            "{lender} has granted {borrower} a credit against your guarantee as for a debt of your own, at most {cap}. "
            "Read the guarantee and sign it with BankID here:\n{link}\n\n"
            "The signature is needed by {last.en}. Without it no credit is paid out.",
        ).filled(lender=lender, borrower=borrower, cap=cap.formatted(), link=link, last=_last_day(sign_by)),
    )


def signed(*, number: int, link: str) -> Letter:
    """To the borrower: every signature is there, and what was signed can be read."""
    return Letter(
        Text("Kreditavtal {number} är undertecknat", "Credit agreement {number} is signed").filled(number=number),
        Text(
            "Alla underskrifter finns nu och krediten betalas ut. Det undertecknade avtalet finns här:\n{link}",
            "Every signature is there and the credit is being paid out. The signed agreement is here:\n{link}",
        ).filled(link=link),
    )


def guarantee_signed(*, borrower: str, link: str) -> Letter:
    """To a guarantor: every signature is there; copies of the guarantee and of the agreement can be read (rule G2)."""
    return Letter(
        Text("Borgensförbindelsen för {borrower}: din kopia", "The guarantee for {borrower}: your copy").filled(
            borrower=borrower
        ),
        Text(
            "Alla underskrifter finns nu. Din kopia av borgensförbindelsen och av kreditavtalet finns här:\n{link}",
            "Every signature is there. Your copies of the guarantee and of the credit agreement are here:\n{link}",
        ).filled(link=link),
    )


def lapsed(*, number: int) -> Letter:
    """To the borrower: a signature was missing when the time for it was over (rule G2)."""
    return Letter(
        Text("Kreditavtal {number} har förfallit", "Credit agreement {number} has lapsed").filled(number=number),
        Text(
            "Alla underskrifter kom inte in i tid, så avtalet har förfallit. Det kostar inget och ingen är bunden.",
            "Not every signature came in time, so the agreement has lapsed. Nothing is owed and nobody is bound.",
        ),
    )


def guarantee_lapsed(*, borrower: str) -> Letter:
    """To a guarantor: the agreement lapsed, so that the guarantee does not bind (rule G2)."""
    return Letter(
        Text("Borgensförbindelsen för {borrower} gäller inte", "The guarantee for {borrower} does not bind").filled(
            borrower=borrower
        ),
        Text(
            "Kreditavtalet har förfallit, eftersom alla underskrifter inte kom in i tid. Din borgen binder dig inte.",
            "The credit agreement has lapsed, as not every signature came in time. Your guarantee does not bind you.",
        ),
    )


def paid_out(*, number: int, amount: Money, booked_on: date, link: str) -> Letter:
    """To the borrower: the bank has paid out."""
    return Letter(
        Text("Krediten är utbetald", "The credit has been paid out"),
        Text(
            "{amount} har betalats ut {day.sv} enligt kreditavtal {number}. "
            "Avtalet, betalningsplanen och hur krediten kan hävas eller lösas finns här:\n{link}",
            "{amount} was paid out on {day.en} under credit agreement {number}. "
            "The agreement, the repayment plan and how the credit can be cancelled or redeemed are here:\n{link}",
        ).filled(amount=amount.formatted(), day=day_in_words(booked_on), number=number, link=link),
    )


def _last_day(sign_by: datetime) -> Text:
    return day_in_words(stockholm_date(sign_by - timedelta(seconds=1)))
