"""The one question per application and subject, as a row with a lease: in the caller's transaction (rules B4, B5).

A lease is about processes, so it ends by the machine's clock (`Runtime.wall`): test time may stand still.
"""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bureau_clients.evidence import index_of
from bureau_clients.models import BureauQuestion
from bureau_clients.questions import QuestionState, Subject
from underwriting.platform.encryption import Cipher

_REFERENCE_LENGTH = 14  # what every bureau takes


def locked(session: Session, cipher: Cipher, application_id: uuid.UUID, subject: Subject) -> BureauQuestion:
    """The application's question about *subject*, made when there is none, and locked until the transaction ends."""
    key = {
        "application_id": application_id,
        "subject_kind": str(subject.kind),
        "subject_index": index_of(cipher, subject),
    }
    session.execute(
        insert(BureauQuestion)
        .values(**key, state=QuestionState.OPEN, purpose=subject.purpose, notice_version=subject.notice_version)
        .on_conflict_do_nothing()
    )
    statement = sa.select(BureauQuestion).filter_by(**key).with_for_update()
    return session.execute(statement, execution_options={"populate_existing": True}).scalar_one()


def take(row: BureauQuestion, subject: Subject, *, bureau: str, asked_at: datetime, until: datetime) -> uuid.UUID:
    """Lease the locked question to ask *bureau* first; the token tells this lease from any later one."""
    row.state, row.leased_until, row.lease_token = QuestionState.LEASED, until, uuid.uuid4()
    row.bureau, row.asked_at = bureau, asked_at
    row.purpose, row.notice_version = subject.purpose, subject.notice_version
    return row.lease_token


def reference_of(token: uuid.UUID) -> str:
    """The question's name on the bureau's invoice."""
    return token.hex[-_REFERENCE_LENGTH:]


def hand_on(session: Session, token: uuid.UUID, *, bureau: str, asked_at: datetime) -> bool:
    """Let the lease go on with another *bureau*; false when it was given up for dead since."""
    held = sa.update(BureauQuestion).where(
        BureauQuestion.lease_token == token, BureauQuestion.state == QuestionState.LEASED
    )
    changed = session.scalars(held.values(bureau=bureau, asked_at=asked_at).returning(BureauQuestion.id)).all()
    return bool(changed)


def settle(session: Session, token: uuid.UUID, state: QuestionState) -> None:
    """The question stands at *state*, also when that comes late; unless it was leased or allowed again since."""
    statement = sa.update(BureauQuestion).where(BureauQuestion.lease_token == token)
    session.execute(statement.values(state=state, leased_until=None))


def reopen(row: BureauQuestion) -> None:
    """The locked question may be asked again; what an asker from before still brings does not change that."""
    row.state, row.leased_until, row.lease_token = QuestionState.OPEN, None, None
