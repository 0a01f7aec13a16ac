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


def guarantor_declined(*, name: str, number: int, reason: str | None, link: str, name_by: datetime) -> Letter:
    """To the borrower: a guarantor does not sign; *reason* only where the guarantor lets it be told (rule G2)."""
    why = Text("Skäl: {reason}\n\n", "Reason: {reason}\n\n").filled(reason=reason) if reason else Text("", "")
    return Letter(
        Text("En annan borgensman behövs till avtal {number}", "Agreement {number} needs another guarantor").filled(
            number=number
        ),
        Text(
            "{name} undertecknar inte borgensförbindelsen.\n\n{why.sv}"
            "Ange en annan person här senast {last.sv}:\n{link}\n\n"
            "Annars förfaller beviljandet utan kostnad. Med en annan borgensman bedöms ansökan på nytt, och alla "
            "undertecknar det avtal som det leder till.",
            "{name} does not sign the guarantee.\n\n{why.en}Name another person here by {last.en}:\n{link}"
            "\n\nOtherwise the approval lapses at no cost. With another guarantor the application is assessed again, "
            "and everybody signs the agreement that comes of it.",
        ).filled(name=name, why=why, last=_last_day(name_by), link=link),
    )


def superseded(*, number: int) -> Letter:
    """To those who sign for the company: a guarantor is replaced, the agreement is given up (rules G2, G7)."""
    return Letter(
        Text("Kreditavtal {number} undertecknas inte längre", "Credit agreement {number} is no longer signed").filled(
            number=number
        ),
        Text(
            "En borgensman byts ut och krediten prövas på nytt. Kreditavtal {number} gäller inte, även om du har "
            "undertecknat det. Beviljas krediten får du ett nytt avtal att läsa och underteckna.",
            "A guarantor is replaced and the credit is decided anew. Credit agreement {number} does not bind, even if "
            "you have signed it. If the credit is granted you get a new agreement to read and sign.",
        ).filled(number=number),
    )


def guarantee_superseded(*, borrower: str) -> Letter:
    """To the other guarantors: one was replaced, so that what they signed does not bind (rules G2, G7)."""
    return Letter(
        Text("Borgensförbindelsen för {borrower} gäller inte", "The guarantee for {borrower} does not bind").filled(
            borrower=borrower
        ),
        Text(
            "En annan borgensman byts ut och krediten prövas på nytt. Det du har fått att underteckna gäller inte "
            "längre och binder dig inte. Beviljas krediten får du en ny borgensförbindelse att läsa och ta ställning "
            "till.",
            "Another guarantor is replaced and the credit is decided anew. What you were given to sign no longer "
            "counts and does not bind you. If the credit is granted you get a new guarantee to read and decide on.",
        ),
    )


def drawdowns_stopped(*, number: int, link: str) -> Letter:
    """To the borrower: a partner's exit was registered, nothing more is paid out until it is looked at (rule G5)."""
    return Letter(
        Text("Uttag enligt kreditavtal {number} är stoppade", "Drawdowns under agreement {number} are stopped").filled(
            number=number
        ),
        Text(
            "En bolagsmans utträde är registrerat. Tills vi har sett på vad det innebär betalas inget mer ut enligt "
            "kreditavtal {number}. Det som redan är utbetalt berörs inte. Avtalet finns här:\n{link}",
            "The exit of a partner is registered. Until we have looked at what that means no more is paid out under "
            "credit agreement {number}. What has been paid out is not affected. The agreement is here:\n{link}",
        ).filled(number=number, link=link),
    )


def drawdowns_resumed(*, number: int, link: str) -> Letter:
    """To the borrower: drawdowns go on after a partner's exit (rule G5)."""
    return Letter(
        Text("Uttag enligt kreditavtal {number} fortsätter", "Drawdowns under agreement {number} go on").filled(
            number=number
        ),
        Text(
            "Vi har sett på bolagsmannens utträde. Beställda utbetalningar görs nu, och nya uttag kan göras. "
            "Avtalet finns här:\n{link}",
            "We have looked at the partner's exit. Payouts that were ordered are made now, and new drawdowns can be "
            "made. The agreement is here:\n{link}",
        ).filled(link=link),
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


def paid_back(*, number: int, amount: Money, link: str) -> Letter:
    """To the borrower: money that was paid out has come back to the lender (rule P3)."""
    return Letter(
        Text("Utbetalningen har kommit tillbaka", "The payout has come back"),
        Text(
            "Utbetalningen på {amount} enligt kreditavtal {number} nådde inte ert konto och har kommit tillbaka till "
            "oss. Den räknas inte som utnyttjad kredit. Hör av er med rätt konto. Avtalet finns här:\n{link}",
            "The payout of {amount} under credit agreement {number} did not reach your account and has come back to "
            "us. It does not count as used credit. Please tell us the right account. The agreement is here:\n{link}",
        ).filled(amount=amount.formatted(), number=number, link=link),
    )


def consent_asked(*, borrower: str, name: str, link: str) -> Letter:
    """To a co-guarantor: the lender asks whether *name* may be let go (rule G4)."""
    return Letter(
        Text("Får en medborgensman för {borrower} släppas?", "May a co-guarantor for {borrower} be released?").filled(
            borrower=borrower
        ),
        Text(
            "{name} går i borgen för {borrower} tillsammans med dig. Vi prövar om {name} kan släppas, vilket kräver "
            "ditt samtycke. Du behöver inte samtycka: utan det gäller allt som förut. Läs mer och svara med BankID här:"
            "\n{link}",
            "{name} guarantees for {borrower} together with you. We consider whether {name} can be released, which "
            "needs your consent. You need not give it: without it all stays as it is. Read more and answer with BankID "
            "here:\n{link}",
        ).filled(borrower=borrower, name=name, link=link),
    )


def released(*, borrower: str, lender: str) -> Letter:
    """To a guarantor whom the lender and all co-guarantors have let go (rule G4)."""
    return Letter(
        Text(
            "Du är släppt från din borgen för {borrower}", "You are released from your guarantee for {borrower}"
        ).filled(borrower=borrower),
        Text(
            "{lender} och alla medborgensmän har gått med på det: din borgen för {borrower} binder dig inte längre.",
            "{lender} and all co-guarantors have agreed to it: your guarantee for {borrower} no longer binds you.",
        ).filled(borrower=borrower, lender=lender),
    )


def co_guarantor_released(*, borrower: str, name: str) -> Letter:
    """To those who go on as guarantors: *name* was let go with the consent of all (rule G4)."""
    return Letter(
        Text("En medborgensman för {borrower} är släppt", "A co-guarantor for {borrower} is released").filled(
            borrower=borrower
        ),
        Text(
            "Alla medborgensmän har samtyckt och {name} är släppt från sin borgen för {borrower}. Din borgen gäller "
            "som förut.",
            "All co-guarantors have consented and {name} is released from the guarantee for {borrower}. Your guarantee "
            "goes on as before.",
        ).filled(borrower=borrower, name=name),
    )


def guarantee_ended(*, borrower: str, lender: str) -> Letter:
    """To a guarantor: nothing is owed any more, or the agreement is cancelled (rules C6, F3)."""
    return Letter(
        Text("Borgensförbindelsen för {borrower} har upphört", "The guarantee for {borrower} has ended").filled(
            borrower=borrower
        ),
        Text(
            "Krediten till {borrower} är avslutad. Din borgen hos {lender} har upphört och binder dig inte längre.",
            "The credit to {borrower} is over. Your guarantee with {lender} has ended and no longer binds you.",
        ).filled(borrower=borrower, lender=lender),
    )


def _last_day(sign_by: datetime) -> Text:
    return day_in_words(stockholm_date(sign_by - timedelta(seconds=1)))
