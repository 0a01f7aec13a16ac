"""What the applicant is told of a decision by e-mail: Swedish first, English below. Grounds are read after log-in."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from underwriting.applications.messages import Letter, last_day
from underwriting.applications.models import Application
from underwriting.decisions.models import DecisionRow
from underwriting.decisions.services.gather_case import Case
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import DecisionOutcome
from underwriting.kernel.wording import percent_in_words
from underwriting.platform import outbox
from underwriting.platform.encryption import of_application
from underwriting.platform.runtime import Runtime


def tell(
    session: Session, runtime: Runtime, application: Application, case: Case, row: DecisionRow, *, at: datetime
) -> None:
    """Write to the applicant about the decision in *row*, once."""
    link = f"{runtime.settings.base_url}/applications/{application.id}"
    letter = _letter(application.reference, link, row)
    _post(session, runtime, application, case, "application-decided", f"application-decided:{row.id}", letter, at)


def tell_question(
    session: Session, runtime: Runtime, application: Application, case: Case, question: str, *, at: datetime
) -> None:
    """Ask the applicant for the information that an underwriter needs."""
    link = f"{runtime.settings.base_url}/applications/{application.id}"
    letter = Letter(
        Text("Vi behöver uppgifter till ansökan {r}", "We need information for application {r}").filled(
            r=application.reference
        ),
        Text(
            "Vår handläggare frågar:\n{q}\n\nSvara här:\n{link}", "Our underwriter asks:\n{q}\n\nAnswer here:\n{link}"
        ).filled(q=question, link=link),
    )
    key = f"information-asked:{application.id}:{application.version}"
    _post(session, runtime, application, case, "information-asked", key, letter, at)


def tell_offer_lapsed(
    session: Session, runtime: Runtime, application: Application, case: Case, *, at: datetime
) -> None:
    """The counter-offer was not accepted in time (rule D1)."""
    letter = Letter(
        Text("Erbjudandet i ansökan {r} har förfallit", "The offer in application {r} has lapsed").filled(
            r=application.reference
        ),
        Text(
            "Ingen firmatecknare godkände erbjudandet i tid. Det kostar inget, och du är välkommen att ansöka igen.",
            "No signatory accepted the offer in time. Nothing is owed, and you are welcome to apply again.",
        ),
    )
    _post(session, runtime, application, case, "offer-lapsed", f"offer-lapsed:{application.id}", letter, at)


def _post(
    session: Session,
    runtime: Runtime,
    application: Application,
    case: Case,
    kind: str,
    business_key: str,
    letter: Letter,
    at: datetime,
) -> None:
    outbox.post(
        session,
        runtime,
        kind=kind,
        business_key=business_key,
        recipient=case.body.contact.email,
        content=letter.content,
        at=at,
        subject=f"application:{application.id}",
        data_subject=of_application(application.id),
    )


def _letter(reference: str, link: str, row: DecisionRow) -> Letter:
    match DecisionOutcome(row.outcome):
        case DecisionOutcome.APPROVED:
            return _approved(reference, link, Money(row.limit_ore or 0), row.fee_rate or Decimal(0))
        case DecisionOutcome.COUNTER_OFFER:
            return _offered(reference, link, row)
        case DecisionOutcome.REFERRED:
            return _referred(reference, link)
        case DecisionOutcome.DECLINED:
            return _declined(reference, link)


def _approved(reference: str, link: str, limit: Money, fee_rate: Decimal) -> Letter:
    return Letter(
        Text("Ansökan {r} är beviljad", "Application {r} is approved").filled(r=reference),
        Text(
            "Krediten är beviljad: {limit} till en avgift på {rate.sv} per kalendermånad av utnyttjad kredit. Nu ska "
            "avtalet och varje borgensförbindelse undertecknas. Läs mer här:\n{link}",
            "The credit is approved: {limit} at a fee of {rate.en} per calendar month of utilised credit. The "
            "agreement and every guarantee are signed next. Read more here:\n{link}",
        ).filled(limit=limit.formatted(), rate=percent_in_words(fee_rate), link=link),
    )


def _offered(reference: str, link: str, row: DecisionRow) -> Letter:
    if row.limit_ore is None or row.fee_rate is None or row.answer_by is None:
        raise ValueError("a counter-offer has terms and a last day")
    return Letter(
        Text("Ett motbud på ansökan {r}", "A counter-offer on application {r}").filled(r=reference),
        Text(
            "Vi kan erbjuda {limit} till en avgift på {rate.sv} per kalendermånad av utnyttjad kredit. Erbjudandet "
            "binder bara om en firmatecknare godkänner det med BankID senast {last.sv}:\n{link}",
            "We can offer {limit} at a fee of {rate.en} per calendar month of utilised credit. The offer binds only if "
            "a signatory accepts it with BankID by {last.en}:\n{link}",
        ).filled(
            limit=Money(row.limit_ore).formatted(),
            rate=percent_in_words(row.fee_rate),
            last=last_day(row.answer_by),
            link=link,
        ),
    )


def _referred(reference: str, link: str) -> Letter:
    return Letter(
        Text("Ansökan {r} ligger hos en handläggare", "Application {r} is with an underwriter").filled(r=reference),
        Text(
            "En handläggare går igenom ansökan. Du får besked så snart den är avgjord. Följ den här:\n{link}",
            "An underwriter looks at the application. You are told as soon as it is determined. Follow it "
            "here:\n{link}",
        ).filled(link=link),
    )


def _declined(reference: str, link: str) -> Letter:
    return Letter(
        Text("Ansökan {r} har avslagits", "Application {r} is declined").filled(r=reference),
        Text(
            "Vi kan inte bevilja krediten. Skälen står här:\n{link}\n\nAvslaget kostar inget.",
            "We cannot grant the credit. The reasons are here:\n{link}\n\nThe decline costs nothing.",
        ).filled(link=link),
    )
