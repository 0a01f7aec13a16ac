"""How long what bureaus answered is kept, and its erasure (rule K2; `sweden.md` 4.1 and 4.4).

1. When an answer is received its row is given a day: the shortest that its kind of subject allows (`retained_until`).
2. From that day a daily job erases its bytes and what was read from them, unless an application or an agreement that
   used it still holds on to it (`agreement_holds`); then it is looked at again the next day.
   Their key is destroyed with them, so that no copy of the database tells them either.
3. What remains says that it was asked for, why, with which outcome and cost, and the hash of what was erased.
"""

import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bureau_clients.models import CreditReport, CreditReportUse, ReceivedAnswer
from bureau_clients.questions import SubjectGroup
from underwriting.kernel.periods import add_months
from underwriting.kernel.statutes import DUE_DILIGENCE_RETENTION_YEARS
from underwriting.platform import data_keys
from underwriting.platform.runtime import Runtime

MONTHS_KEPT: Mapping[SubjectGroup, int] = MappingProxyType(
    {SubjectGroup.PERSON: 12, SubjectGroup.SOLE_TRADER: 12, SubjectGroup.COMPANY: 24}
)
"""Months for which an answer is kept when nothing holds on to it.

No act says how long a lender keeps the report of an application that led to nothing; it is to be short (GDPR, article
5.1 e). For a natural person it is the year for which the bureau itself keeps the enquiry (lag 1973:1173, 8 §): as long
can the subject ask why they were asked about. For a company it is two years: a decision may be replayed and contested.
"""

DATA_SUBJECT = "credit_report"
"""The kind of subject that the answers to one question are."""
_AT_ONCE = 200

HeldApplications = Callable[[Session, Collection[uuid.UUID]], Collection[uuid.UUID]]
"""Which of the applications hold on to their reports: those that are alive, or led to an agreement that holds."""


@dataclass(frozen=True, slots=True)
class Erased:
    """How many questions' answers were erased, and how many were due but held."""

    erased: int
    held: int


def data_subject_of(report_id: uuid.UUID) -> str:
    """Under whose key the answers to one question are: their own, since another application may use them again."""
    return f"{DATA_SUBJECT}:{report_id}"


def retained_until(group: SubjectGroup, *, received_on: date) -> date:
    """The first day on which the answer about a subject of *group*, received on a day, may be erased."""
    return add_months(received_on, MONTHS_KEPT[group])


def agreement_holds(ended_on: date | None, *, on: date) -> bool:
    """Whether an agreement holds on to the reports that it was granted on.

    It does while it runs (*ended_on* is None), and then for as long as the due diligence behind it is kept
    (lag 2017:630, 5 kap. 3 §): five years, the fifth anniversary included.
    """
    if ended_on is None:
        return True
    return on <= add_months(ended_on, 12 * DUE_DILIGENCE_RETENTION_YEARS.on(ended_on))


def erase_due(runtime: Runtime, *, on: date, at: datetime, held: HeldApplications) -> Erased:
    """Erase what is due on a day and not *held*, in transactions of some hundred questions each."""
    erased = kept = 0
    last = uuid.UUID(int=0)
    while True:
        with runtime.database.transaction() as session:
            due = _due(session, on, after=last)
            if not due:
                return Erased(erased, kept)
            holding = held(session, frozenset().union(*due.values()))
            free = [report_id for report_id, applications in due.items() if applications.isdisjoint(holding)]
            _erase(session, free, at)
        erased, kept, last = erased + len(free), kept + len(due) - len(free), max(due)


def erase_of(session: Session, application_id: uuid.UUID, *, at: datetime) -> int:
    """Erase what was answered for the application and is used by no other, since its data are erased; how many."""
    used_by_others = sa.select(CreditReportUse.credit_report_id).where(CreditReportUse.application_id != application_id)
    ids = session.scalars(
        sa.select(CreditReport.id)
        .where(
            CreditReport.application_id == application_id,
            CreditReport.erased_at.is_(None),
            CreditReport.id.not_in(used_by_others),
        )
        .order_by(CreditReport.id)
        .with_for_update()
    ).all()
    if ids:
        _erase(session, ids, at)
    return len(ids)


def _due(session: Session, on: date, *, after: uuid.UUID) -> dict[uuid.UUID, frozenset[uuid.UUID]]:
    """The next questions whose day has come, locked, each with the applications that asked for or used its answer."""
    ids = session.scalars(
        sa.select(CreditReport.id)
        .where(CreditReport.retained_until <= on, CreditReport.erased_at.is_(None), CreditReport.id > after)
        .order_by(CreditReport.id)
        .limit(_AT_ONCE)
        .with_for_update()
    ).all()
    asked = sa.select(CreditReport.id, CreditReport.application_id).where(CreditReport.id.in_(ids))
    used = sa.select(CreditReportUse.credit_report_id, CreditReportUse.application_id).where(
        CreditReportUse.credit_report_id.in_(ids)
    )
    rows = sorted(session.execute(asked.union(used)))
    return {report_id: frozenset(row[1] for row in group) for report_id, group in groupby(rows, lambda row: row[0])}


def _erase(session: Session, ids: Collection[uuid.UUID], at: datetime) -> None:
    data_keys.destroy(session, [data_subject_of(report_id) for report_id in ids], because="bureau answer", at=at)
    session.execute(
        sa.update(ReceivedAnswer).where(ReceivedAnswer.credit_report_id.in_(ids)).values(body_encrypted=None)
    )
    session.execute(sa.update(CreditReport).where(CreditReport.id.in_(ids)).values(parsed_encrypted=None, erased_at=at))
