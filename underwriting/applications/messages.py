"""What applicants and invited guarantors are told by e-mail about an application: Swedish first, English below."""

from dataclasses import dataclass
from datetime import datetime, timedelta

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
        """As the outbox keeps it: both languages in one message."""
        return {"subject": f"{self.subject.sv} / {self.subject.en}", "body": f"{self.body.sv}{_RULER}{self.body.en}"}


def received(*, reference: str, link: str, binding_until: datetime) -> Letter:
    """To the applicant: the application is signed and binds (rule A3)."""
    return Letter(
        Text("Ansökan {r} är mottagen", "Application {r} is received").filled(r=reference),
        Text(
            "Tack. Din ansökan {r} är undertecknad och bindande till och med {last.sv}. Följ den här:\n{link}",
            "Thank you. Your application {r} is signed and binds until {last.en}, that day included. Follow it "
            "here:\n{link}",
        ).filled(r=reference, link=link, last=last_day(binding_until)),
    )


def invitation(*, reference: str, applicant: str, link: str, confirm_by: datetime) -> Letter:
    """To a person named as guarantor: asked to confirm or refuse (rule A6)."""
    return Letter(
        Text("Du är föreslagen som borgensman", "You are proposed as guarantor"),
        Text(
            "{applicant} har föreslagit dig som borgensman i kreditansökan {r}. Innan vi hämtar någon upplysning om "
            "dig behöver du bekräfta med BankID, eller tacka nej, här:\n{link}\n\n"
            "Svara senast {last.sv}. Du binder dig inte till något genom att bekräfta.",
            "{applicant} has proposed you as guarantor in credit application {r}. Before we ask for any report on you, "
            "please confirm with BankID, or decline, here:\n{link}\n\n"
            "Answer by {last.en}. You are not bound to anything by confirming.",
        ).filled(applicant=applicant, r=reference, link=link, last=last_day(confirm_by)),
    )


def guarantor_refused(*, reference: str, name: str, link: str, confirm_by: datetime) -> Letter:
    """To the applicant: a person named as guarantor has declined and can be replaced."""
    return Letter(
        Text("En borgensman har tackat nej", "A guarantor has declined"),
        Text(
            "{name} har tackat nej till att gå i borgen i ansökan {r}. Ange en annan person senast {last.sv}:\n{link}",
            "{name} has declined to stand as guarantor in application {r}. Name another person by {last.en}:\n{link}",
        ).filled(name=name, r=reference, link=link, last=last_day(confirm_by)),
    )


def lapsed(*, reference: str, for_want_of_confirmation: bool) -> Letter:
    """To the applicant: the application has lapsed, for a missing confirmation (A6) or undecided in time (A3)."""
    why = (
        Text("eftersom alla borgensmän inte bekräftade i tid", "as not every guarantor confirmed in time")
        if for_want_of_confirmation
        else Text("eftersom den inte avgjordes i tid", "as it was not decided in time")
    )
    return Letter(
        Text("Ansökan {r} har förfallit", "Application {r} has lapsed").filled(r=reference),
        Text(
            "Ansökan {r} har förfallit, {why.sv}. Den binder dig inte längre och kostar inget. "
            "Du är välkommen att ansöka igen.",
            "Application {r} has lapsed, {why.en}. It no longer binds you and costs nothing. You are welcome to apply "
            "again.",
        ).filled(r=reference, why=why),
    )


def guarantor_not_needed(*, reference: str, applicant: str) -> Letter:
    """To a person named as guarantor: the application has lapsed, and nothing is asked of them (rule A6)."""
    return Letter(
        Text("Kreditansökan {r} har förfallit", "Credit application {r} has lapsed").filled(r=reference),
        Text(
            "Ansökan {r}, där {applicant} föreslog dig som borgensman, har förfallit. Du är inte bunden till något och "
            "behöver inte svara.",
            "Application {r}, in which {applicant} proposed you as guarantor, has lapsed. You are bound to nothing and "
            "need not answer.",
        ).filled(r=reference, applicant=applicant),
    )


def last_day(before: datetime) -> Text:
    """The last day that lies wholly before the instant *before*, in words."""
    return day_in_words(stockholm_date(before - timedelta(microseconds=1)))
