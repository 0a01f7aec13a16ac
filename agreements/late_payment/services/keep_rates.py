"""Reference rates: those that the house knows by law's table, and those that two persons have entered since (rule R5).

A rate that holds is never edited. Where one was wrong, another is entered for the same half-year with its reason, and
holds from then on; what was booked keeps the stretches that it was made of.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agreements.late_payment import rules
from agreements.late_payment.models import ReferenceRate
from underwriting.kernel.errors import Conflict, NotFound, NotPermitted
from underwriting.kernel.statutes import REFERENCE_RATE, StatutoryValue
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import ProposalState
from underwriting.platform import audit_log
from underwriting.platform.authentication import Caller
from underwriting.platform.staff_accounts import is_same_person

_EARLIEST = timedelta(days=31)  # the rate follows from the last day before its half-year
_IN_LAW = str(REFERENCE_RATE.source)


class ReferenceRatePending(Conflict):
    """Another rate for that half-year waits for its second person. Rule R5."""

    slug = "reference-rate-pending"
    title = Text("En annan referensränta väntar på en andra person", "Another reference rate waits for a second person")
    rule = "R5"


class ReferenceRateFixed(Conflict):
    """The half-year has its rate, which is corrected only with a reason; or it is too far ahead. Rule R5."""

    slug = "reference-rate-fixed"
    title = Text("Halvårets referensränta ändras bara med skäl", "The half-year's rate is changed only with a reason")
    rule = "R5"


@dataclass(frozen=True, slots=True)
class RateView:
    """The rate of a half-year. One of the table of the law has no *id* and nobody who entered it."""

    since: date
    rate: Decimal
    source: str
    state: ProposalState
    holds: bool
    id: uuid.UUID | None = None
    reason: str | None = None
    proposed_by: str | None = None
    settled_by: str | None = None


def rates_of(session: Session) -> StatutoryValue[Decimal]:
    """The reference rates that hold, by half-year; asked for a day without one it names the half-year."""
    entered = {row.since: row.rate for row in _approved(session)}
    return replace(REFERENCE_RATE, since={**REFERENCE_RATE.since, **entered})


def all_rates(session: Session) -> tuple[RateView, ...]:
    """Every rate, the newest half-year first; of one half-year the newest reading first."""
    newest = {row.since: row.id for row in _approved(session)}
    entered = [_view(row, newest) for row in session.scalars(sa.select(ReferenceRate))]
    by_law = [
        RateView(since, rate, _IN_LAW, ProposalState.APPROVED, since not in newest)
        for since, rate in REFERENCE_RATE.since.items()
    ]
    return tuple(sorted([*by_law, *entered], key=lambda one: (one.since, str(one.id or "")), reverse=True))


def propose(
    session: Session,
    since: date,
    rate: Decimal,
    *,
    source: str,
    reason: str | None,
    actor: str,
    on: date,
    at: datetime,
) -> RateView:
    """Enter the rate of the half-year from *since*, read from *source*; it holds once another person confirms it.

    The same again changes nothing. Raises ReferenceRateRefused, ReferenceRatePending; ReferenceRateFixed for a
    half-year that has its rate, without a *reason*, or one that begins more than a month after *on*, which is today.
    """
    rules.require_rate(since, rate)
    has_one = since in rates_of(session).since
    if since > on + _EARLIEST or (has_one and not reason):
        raise ReferenceRateFixed
    new = session.scalar(
        insert(ReferenceRate)
        .values(
            since=since,
            rate=rate,
            source=source,
            reason=reason,
            state=str(ProposalState.PENDING),
            proposed_by=actor,
            proposed_at=at,
        )
        .on_conflict_do_nothing()
        .returning(ReferenceRate.id)
    )
    waiting = session.scalars(
        sa.select(ReferenceRate).where(ReferenceRate.since == since, ReferenceRate.state == str(ProposalState.PENDING))
    ).one()
    if new is None and (waiting.rate, waiting.source, waiting.reason) != (rate, source, reason):
        raise ReferenceRatePending
    if new is not None:
        _note(session, waiting, "reference_rate.proposed", actor, at)
    return _view(waiting, {})


def confirm(session: Session, rate_id: uuid.UUID, *, caller: Caller, at: datetime) -> RateView:
    """Let the rate hold. NotFound once it is settled, NotPermitted for whoever entered it (rule R5)."""
    row = _pending(session, rate_id)
    if is_same_person(session, caller, row.proposed_by):
        raise NotPermitted
    _settle(session, row, ProposalState.APPROVED, caller.actor, at)
    return _view(row, {row.since: row.id})


def reject(session: Session, rate_id: uuid.UUID, *, caller: Caller, at: datetime) -> RateView:
    """Drop the rate that waits, which its own author may too. NotFound once it is settled."""
    row = _pending(session, rate_id)
    _settle(session, row, ProposalState.REJECTED, caller.actor, at)
    return _view(row, {})


def _approved(session: Session) -> Iterable[ReferenceRate]:
    """Those that two persons stand for, the oldest reading first."""
    query = sa.select(ReferenceRate).where(ReferenceRate.state == str(ProposalState.APPROVED))
    return session.scalars(query.order_by(ReferenceRate.settled_at, ReferenceRate.id)).all()


def _pending(session: Session, rate_id: uuid.UUID) -> ReferenceRate:
    row = session.get(ReferenceRate, rate_id, with_for_update=True, populate_existing=True)
    if row is None or row.state != ProposalState.PENDING:
        raise NotFound
    return row


def _settle(session: Session, row: ReferenceRate, state: ProposalState, actor: str, at: datetime) -> None:
    row.state, row.settled_by, row.settled_at = str(state), actor, at
    session.flush()
    _note(session, row, f"reference_rate.{state}", actor, at)


def _note(session: Session, row: ReferenceRate, action: str, actor: str, at: datetime) -> None:
    data = {"rate": format(row.rate.normalize(), "f"), "since": row.since.isoformat()}
    audit_log.append(session, f"reference-rate:{row.since}", action, actor=actor, at=at, data=data)


def _view(row: ReferenceRate, newest: dict[date, uuid.UUID]) -> RateView:
    return RateView(
        row.since,
        row.rate,
        row.source,
        ProposalState(row.state),
        newest.get(row.since) == row.id,
        row.id,
        row.reason,
        row.proposed_by,
        row.settled_by,
    )
