"""What a person may ask of the lender: all that is kept on them (GDPR, article 15), and its erasure (article 17).

1. Whoever asks on the person's behalf is an administrator, who has made sure of who the person is.
2. A person is found by blind index: as signatory, sole trader, guarantor, payer, or the subject of a question to a
   bureau.
3. An export tells what is kept in each matter, for how long and by which law. It leaves out what is others': of a
   matter that the person did not apply in, only their own part.
4. What law keeps is not erased, nor what is alive; the answer says by which law and through which day.
5. Both are noted in the audit log under the index, without the number.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.guarantees import service as guarantees
from agreements.guarantees.models import Guarantee
from agreements.payments.services.tell_person import last_day_of_payments, payments_of
from agreements.signing.models import Signing
from bureau_clients import evidence
from underwriting.applications.models import Application, ApplicationGuarantor
from underwriting.applications.services.store_application import body_of, named_guarantor
from underwriting.kernel.errors import Conflict
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import Role
from underwriting.personal_data import matters
from underwriting.personal_data.key_state import first_form_gone
from underwriting.personal_data.matters import Matter
from underwriting.personal_data.rules import Ground, payment_file_ground
from underwriting.platform import audit_log
from underwriting.platform.authentication import Caller
from underwriting.platform.models import LoginSession
from underwriting.platform.runtime import Runtime


class FirstFormLeft(Conflict):
    """Values of the first form are left, which are under no key of their subject: erasing would leave them. Rule K2."""

    slug = "first-form-left"
    title = Text(
        "Kör `borgen keys rotate` en gång innan uppgifter raderas",
        "Run `borgen keys rotate` once before data are erased",
    )
    rule = "K2"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one matter: erased, or kept *through* a day (None while it is alive) for a reason and by a law.

    Payments are of no application.
    """

    application_id: uuid.UUID | None
    kind: str
    erased: bool
    reason: Text | None = None
    source: str | None = None
    through: date | None = None


_PAYMENTS = "payments"
_ALIVE = Text("Ärendet är inte avslutat", "The matter is not over")


def export(runtime: Runtime, person: PersonalNumber, caller: Caller) -> dict[str, Any]:
    """All that is kept on *person*, as JSON. Raises LoginRequired, RoleMissing."""
    caller.require(Role.ADMINISTRATOR)
    at, index = runtime.clock.now(), runtime.cipher.blind_index(person.digits)
    with runtime.database.transaction() as session:
        found = matters.of_person(session, index)
        content = {
            "exported_at": at.isoformat(),
            "matters": [_matter(session, runtime, matter, index) for matter in found],
            "guarantees": _guarantees(session, runtime, index),
            "payments": payments_of(session, runtime, person),
            "bureau_questions": _questions(session, runtime, person),
            "signatures": _signatures(session, index),
            "log_ins": _log_ins(session, index),
            "names_in_audit_log": sorted(_subject(one) for one in runtime.cipher.blind_indexes(person.digits)),
        }
        counts = {name: len(value) for name, value in content.items() if isinstance(value, list)}
        audit_log.append(session, _subject(index), "person.exported", actor=caller.actor, at=at, data=counts)
    return content


def erase(runtime: Runtime, person: PersonalNumber, caller: Caller) -> tuple[Answer, ...]:
    """Erase what no law keeps on *person*, and say of the rest why it is kept and through which day.

    Raises LoginRequired, RoleMissing, FirstFormLeft.
    """
    caller.require(Role.ADMINISTRATOR)
    at, index = runtime.clock.now(), runtime.cipher.blind_index(person.digits)
    with runtime.database.transaction() as session:
        if not first_form_gone(session, at=at):
            raise FirstFormLeft
        found = matters.of_person(session, index)
        free = [matter for matter in found if _may_go(matter, on=stockholm_date(at))]
        answers = tuple(_answer(matter, erased=matter in free) for matter in found)
        paid_until = last_day_of_payments(session, runtime, person)
        if paid_until is not None:
            answers += (_kept(None, _PAYMENTS, payment_file_ground(paid_until)),)
        matters.erase(session, free, actor=caller.actor, at=at)
        counts = {"erased": len(free), "kept": len(answers) - len(free)}
        audit_log.append(session, _subject(index), "person.erasure_asked", actor=caller.actor, at=at, data=counts)
    return answers


def _may_go(matter: Matter, *, on: date) -> bool:
    return matter.ground is not None and (not matter.ground.by_law or matter.is_due(on))


def _answer(matter: Matter, *, erased: bool) -> Answer:
    if erased:
        return Answer(matter.application_id, matter.kind, erased=True)
    if matter.ground is None:
        return Answer(matter.application_id, matter.kind, erased=False, reason=_ALIVE)
    return _kept(matter.application_id, matter.kind, matter.ground)


def _kept(application_id: uuid.UUID | None, kind: str, ground: Ground) -> Answer:
    source, through = str(ground.source), ground.through
    return Answer(application_id, kind, erased=False, reason=ground.reason, source=source, through=through)


def _matter(session: Session, runtime: Runtime, matter: Matter, index: bytes) -> Mapping[str, Any]:
    application = session.get_one(Application, matter.application_id)
    ground = matter.ground
    content: dict[str, Any] = {
        "application_id": str(application.id),
        "reference": application.reference,
        "state": application.state,
        "created_at": application.created_at.isoformat(),
        "kept": {
            "reason": (ground.reason if ground else _ALIVE).sv,
            "source": str(ground.source) if ground else None,
            "through": ground.through.isoformat() if ground else None,
        },
    }
    if index in (application.signatory_index, application.company_index):
        content["as_applicant"] = _body(session, runtime, application)
    rows = session.scalars(
        sa.select(ApplicationGuarantor).where(
            ApplicationGuarantor.application_id == application.id, ApplicationGuarantor.person_index == index
        )
    )
    named = [(row, named_guarantor(runtime.cipher, row)) for row in rows]
    content["as_guarantor"] = [
        {
            "name": one.name,
            "email": one.email,
            "phone": one.phone,
            "state": row.state,
            "invited_at": _instant(row.invited_at),
            "answered_at": _instant(row.answered_at),
        }
        for row, one in named
    ]
    return content


def _body(session: Session, runtime: Runtime, application: Application) -> Mapping[str, Any]:
    """What the applicant told of themselves and the company; those whom they named are told to those."""
    body = body_of(session, runtime.cipher, application)
    return {
        "organisation_number": body.organisation_number.digits,
        "company_form": str(body.company_form),
        "signatory_personal_number": body.signatory_personal_number.digits,
        "contact": {"name": body.contact.name, "email": body.contact.email, "phone": body.contact.phone},
        "payout_account": body.payout_account.bankgiro.formatted,
        "requested_amount": str(body.requested_amount),
        "term_months": body.term_months,
        "purpose_of_credit": body.due_diligence.purpose_of_credit,
        "source_of_repayment": body.due_diligence.source_of_repayment,
        "politically_exposed": body.due_diligence.politically_exposed,
    }


def _guarantees(session: Session, runtime: Runtime, index: bytes) -> Sequence[Mapping[str, Any]]:
    rows = session.scalars(sa.select(Guarantee).where(Guarantee.person_index == index).order_by(Guarantee.id)).all()
    told = [(row, guarantees.details_of(runtime, row)) for row in rows]
    return [
        {
            "agreement_id": str(row.agreement_id),
            "state": row.state,
            "name": details.name,
            "email": details.email,
            "phone": details.phone,
            "signed_at": _instant(row.signed_at),
            "ended_at": _instant(row.ended_at),
        }
        for row, details in told
    ]


def _questions(session: Session, runtime: Runtime, person: PersonalNumber) -> Sequence[Mapping[str, Any]]:
    """What bureaus were asked about the person, and their answers as they came."""
    questions = []
    for told in evidence.about(session, runtime.cipher, person.digits):
        kept = told.evidence
        received = evidence.answers_of(session, runtime.cipher, kept.report_id)
        questions.append(
            {
                "bureau": kept.bureau,
                "asked_at": kept.asked_at.isoformat(),
                "outcome": str(kept.outcome),
                "kept_until": kept.retained_until.isoformat() if kept.retained_until else None,
                "erased_at": _instant(kept.erased_at),
                "answers": [one.body.decode(errors="replace") for one in received],
            }
        )
    return questions


def _signatures(session: Session, index: bytes) -> Sequence[Mapping[str, Any]]:
    rows = session.scalars(sa.select(Signing).where(Signing.person_index == index).order_by(Signing.id))
    return [
        {
            "purpose": row.purpose,
            "state": row.state,
            "started_at": row.started_at.isoformat(),
            "completed_at": _instant(row.completed_at),
        }
        for row in rows
    ]


def _log_ins(session: Session, index: bytes) -> Sequence[Mapping[str, Any]]:
    rows = session.scalars(sa.select(LoginSession).where(LoginSession.person_index == index).order_by(LoginSession.id))
    return [{"at": row.created_at.isoformat(), "ended_at": _instant(row.ended_at)} for row in rows]


def _subject(index: bytes) -> str:
    """The person's chain in the audit log: by the index that also stands for who does something."""
    return f"person:{index.hex()[:16]}"


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
