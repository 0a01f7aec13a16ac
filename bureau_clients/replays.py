"""Kept answers read again with today's mapping, and what that changes (rules B6, D7). Nobody is asked."""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bureau_clients import evidence
from bureau_clients.bureau import Bureau
from bureau_clients.errors import BureauFailure
from bureau_clients.facts import Absent, Fact, Known
from bureau_clients.models import CreditReport
from bureau_clients.questions import Outcome, QuestionKind
from bureau_clients.reports import CompanyReport, NoMatch, PersonReport, Received, Report, fact_types
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Difference:
    """One *fact* that reads otherwise today ("status", "owner.income"); None on the side that does not have it."""

    fact: str
    before: Fact[Any] | None
    after: Fact[Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One question's kept answers, read again. *code* is that of the failure which they give today, if they do."""

    report_id: uuid.UUID
    application_id: uuid.UUID
    bureau: str
    question: QuestionKind
    asked_at: datetime
    before: Outcome
    after: Outcome
    code: str | None
    differences: tuple[Difference, ...]


def replay(
    runtime: Runtime,
    bureaus: Sequence[Bureau],
    *,
    application_id: uuid.UUID | None = None,
    since: datetime | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Iterator[Replayed]:
    """Read the kept answers to *bureaus* again, those of one application or all, *since* an instant, in order.

    What is erased, and what a bureau answered that is no longer named in the settings, is left out. *progress* is told
    how many of how many are done. Raises EvidenceDamaged where the bytes kept do not have their hash.
    """
    named = {bureau.name: bureau for bureau in bureaus}
    with runtime.database.transaction() as session:
        ids = session.scalars(_kept(named, application_id, since)).all()
    progress(0, len(ids))
    for done, report_id in enumerate(ids, start=1):
        with runtime.database.transaction() as session:
            replayed = _replayed(session, runtime, named, report_id)
        progress(done, len(ids))
        if replayed is not None:
            yield replayed


def differences(before: Report | None, after: Report | None) -> tuple[Difference, ...]:
    """The facts of two readings of the same answers that do not say the same; where they come from does not matter."""
    old, new = dict(_facts(before)), dict(_facts(after))
    return tuple(
        Difference(name, old.get(name), new.get(name))
        for name in dict.fromkeys((*old, *new))
        if _said(old.get(name)) != _said(new.get(name))
    )


def _kept(
    bureaus: Mapping[str, Bureau], application_id: uuid.UUID | None, since: datetime | None
) -> sa.Select[uuid.UUID]:
    query = sa.select(CreditReport.id).where(
        CreditReport.bureau.in_(bureaus), CreditReport.parsed_encrypted.is_not(None), CreditReport.erased_at.is_(None)
    )
    if application_id is not None:
        query = query.where(CreditReport.application_id == application_id)
    if since is not None:
        query = query.where(CreditReport.asked_at >= since)
    return query.order_by(CreditReport.asked_at, CreditReport.id)


def _replayed(
    session: Session, runtime: Runtime, bureaus: Mapping[str, Bureau], report_id: uuid.UUID
) -> Replayed | None:
    row = session.get_one(CreditReport, report_id)
    before = evidence.report_in(runtime.cipher, row)
    if before is None:  # erased since
        return None
    received = evidence.answers_of(session, runtime.cipher, report_id)
    after, outcome, code = _read(bureaus[row.bureau], row, before.number, received)
    return Replayed(
        report_id=row.id,
        application_id=row.application_id,
        bureau=row.bureau,
        question=QuestionKind(row.question),
        asked_at=row.asked_at,
        before=Outcome(row.outcome),
        after=outcome,
        code=code,
        differences=differences(before, after),
    )


def _read(
    bureau: Bureau, row: CreditReport, digits: str, received: Sequence[Received]
) -> tuple[Report | None, Outcome, str | None]:
    """What *bureau* reads in the answers today, as an outcome and perhaps the code of a failure."""
    form = None if row.company_form is None else CompanyForm(row.company_form)
    number = PersonalNumber(digits) if form in (None, CompanyForm.EF) else OrganisationNumber(digits)
    try:
        after = bureau.read(received, kind=QuestionKind(row.question), number=number, form=form, at=row.asked_at)
    except BureauFailure as failure:
        return None, failure.outcome, failure.code
    return after, Outcome.NO_MATCH if isinstance(after, NoMatch) else Outcome.REPORT, None


def _facts(report: Report | None) -> Iterator[tuple[str, Fact[Any]]]:
    if not isinstance(report, CompanyReport | PersonReport):
        return
    for name in fact_types(type(report)):
        yield name, getattr(report, name)
    if isinstance(report, CompanyReport):
        yield from ((f"owner.{name}", fact) for name, fact in _facts(report.owner))


def _said(fact: Fact[Any] | None) -> tuple[str, Any]:
    match fact:
        case None:
            return "none", None
        case Known(value):
            return "known", value
        case Absent():
            return "absent", None
        case _:
            return "unknown", None
