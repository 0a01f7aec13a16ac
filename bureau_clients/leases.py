"""The one question per application and subject, as a row with a lease: in the caller's transaction (rules B4, B5).

A lease is about processes, so it ends by the machine's clock (`Runtime.wall`): test time may stand still.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bureau_clients.evidence import index_of
from bureau_clients.models import BureauQuestion
from bureau_clients.questions import QuestionState, Subject
from underwriting.platform.encryption import Cipher

_REFERENCE_LENGTH = 14  # what every bureau takes


def locked(
    session: Session, cipher: Cipher, application_id: uuid.UUID, subjects: Sequence[Subject]
) -> dict[Subject, BureauQuestion]:
    """The application's questions about *subjects*, made where there are none, and locked to the transaction's end.

    In one order for everybody, so that two askers never wait for each other.
    """
    keys = {(str(subject.kind), index_of(cipher, subject)): subject for subject in subjects}
    ordered = sorted(keys)
    if not ordered:
        return {}
    new = [
        {
            "application_id": application_id,
            "subject_kind": kind,
            "subject_index": index,
            "company_form": keys[kind, index].form,
            "state": QuestionState.OPEN,
            **_grounds(keys[kind, index]),
        }
        for kind, index in ordered
    ]
    session.execute(insert(BureauQuestion).on_conflict_do_nothing(), new)
    rows = session.scalars(
        sa.select(BureauQuestion)
        .where(
            BureauQuestion.application_id == application_id,
            sa.tuple_(BureauQuestion.subject_kind, BureauQuestion.subject_index).in_(ordered),
        )
        .order_by(BureauQuestion.subject_kind, BureauQuestion.subject_index)
        .with_for_update(),
        execution_options={"populate_existing": True},
    )
    return {keys[row.subject_kind, row.subject_index]: row for row in rows}


def take(row: BureauQuestion, subject: Subject, *, bureau: str, asked_at: datetime, until: datetime) -> uuid.UUID:
    """Lease the locked question to ask *bureau* first; the token tells this lease from any later one.

    The database refuses a person's, or a sole trader's, without a confirmation from before *asked_at* (rule A6).
    """
    row.state, row.leased_until, row.lease_token = QuestionState.LEASED, until, uuid.uuid4()
    row.bureau, row.asked_at = bureau, asked_at
    row.purpose, row.notice_version, row.confirmed_at = subject.purpose, subject.notice_version, subject.confirmed_at
    return row.lease_token


def reference_of(token: uuid.UUID) -> str:
    """The question's name on the bureau's invoice."""
    return token.hex[-_REFERENCE_LENGTH:]


def lock(session: Session, token: uuid.UUID) -> bool:
    """Lock the question leased under *token* to the end of the transaction; false when the lease was given up."""
    held = sa.select(BureauQuestion.state).where(BureauQuestion.lease_token == token).with_for_update()
    return session.scalar(held) == QuestionState.LEASED


def hand_on(session: Session, token: uuid.UUID, *, bureau: str, asked_at: datetime) -> None:
    """The lease goes on with *bureau*, unless it was given up for dead since."""
    held = (BureauQuestion.lease_token == token, BureauQuestion.state == QuestionState.LEASED)
    session.execute(sa.update(BureauQuestion).where(*held).values(bureau=bureau, asked_at=asked_at))


def settle(session: Session, token: uuid.UUID, state: QuestionState) -> None:
    """The question stands at *state*, also when that comes late; unless it was leased or allowed again since."""
    statement = sa.update(BureauQuestion).where(BureauQuestion.lease_token == token)
    session.execute(statement.values(state=state, leased_until=None))


def reopen(row: BureauQuestion) -> None:
    """A person lets the locked question be asked again, whatever its application has cost.

    What an asker from before still brings does not change that.
    """
    row.state, row.leased_until, row.lease_token = QuestionState.OPEN, None, None
    row.budget_lifted = True


def _grounds(subject: Subject) -> dict[str, Any]:
    """What is on record before a bureau is asked (rule A6)."""
    return {
        "purpose": subject.purpose,
        "notice_version": subject.notice_version,
        "confirmed_at": subject.confirmed_at,
    }
