"""What is told of a human review by e-mail (rule D9): to the person, that it is under way and that it is answered; to
staff, that its deadline is near. What was said and answered is read after log-in.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from underwriting.applications.messages import Letter, last_day
from underwriting.applications.models import Application, ApplicationGuarantor
from underwriting.applications.services.store_application import body_of, named_guarantor
from underwriting.decisions.desk_models import HumanReview
from underwriting.kernel.text import Text
from underwriting.platform import outbox
from underwriting.platform.encryption import of_application
from underwriting.platform.runtime import Runtime


def tell_receipt(
    session: Session,
    runtime: Runtime,
    application: Application,
    guarantor: ApplicationGuarantor | None,
    row: HumanReview,
    *,
    at: datetime,
) -> None:
    """To the person: a person looks at the decision, and answers by when."""
    letter = Letter(
        Text("Vi prövar beslutet i ansökan {r} på nytt", "We review the decision in application {r}").filled(
            r=application.reference
        ),
        Text(
            "En handläggare går igenom beslutet och vad du har skrivit. Du får svar senast {last.sv}. Följ det här:"
            "\n{link}",
            "An underwriter goes through the decision and what you have written. You are answered by {last.en}. Follow "
            "it here:\n{link}",
        ).filled(last=last_day(row.answer_by), link=_link(runtime, application)),
    )
    _post(session, runtime, application, guarantor, "review-requested", row, letter, at)


def tell_answer(
    session: Session,
    runtime: Runtime,
    application: Application,
    guarantor: ApplicationGuarantor | None,
    row: HumanReview,
    *,
    at: datetime,
) -> None:
    """To the person: the answer is there."""
    letter = Letter(
        Text("Svar på din begäran i ansökan {r}", "The answer to your request in application {r}").filled(
            r=application.reference
        ),
        Text(
            "En handläggare har prövat beslutet på nytt. Svaret står här:\n{link}",
            "An underwriter has reviewed the decision. The answer is here:\n{link}",
        ).filled(link=_link(runtime, application)),
    )
    _post(session, runtime, application, guarantor, "review-answered", row, letter, at)


def warn_underwriters(
    session: Session, runtime: Runtime, application: Application, row: HumanReview, *, at: datetime
) -> None:
    """To the lender: the deadline of a review is near and nobody has answered."""
    letter = Letter(
        Text("Omprövningen i ärende {r} ska besvaras", "The review in case {r} is to be answered").filled(
            r=application.reference
        ),
        Text(
            "En begäran om omprövning ska besvaras senast {last.sv}:\n{link}",
            "A request for human review is to be answered by {last.en}:\n{link}",
        ).filled(
            last=last_day(row.answer_by),
            link=f"{runtime.settings.base_url}/console/reviews/{row.id}",
        ),
    )
    outbox.post(
        session,
        runtime,
        kind="review-deadline",
        business_key=f"review-deadline:{row.id}",
        recipient=runtime.settings.lender.email,
        content=letter.content,
        at=at,
        subject=f"application:{application.id}",
        data_subject=of_application(application.id),
    )


def _link(runtime: Runtime, application: Application) -> str:
    """Where the person reads it."""
    return f"{runtime.settings.base_url}/applications/{application.id}/review-request"


def _post(
    session: Session,
    runtime: Runtime,
    application: Application,
    guarantor: ApplicationGuarantor | None,
    kind: str,
    row: HumanReview,
    letter: Letter,
    at: datetime,
) -> None:
    body = body_of(session, runtime.cipher, application)
    recipient = body.contact.email if guarantor is None else named_guarantor(runtime.cipher, guarantor).email
    outbox.post(
        session,
        runtime,
        kind=kind,
        business_key=f"{kind}:{row.id}",
        recipient=recipient,
        content=letter.content,
        at=at,
        subject=f"application:{application.id}",
        data_subject=of_application(application.id),
    )
