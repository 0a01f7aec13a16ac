"""Payments booked by the hundred: what they find is read, and what they leave is written, by a few statements.

What `allocate_payment` does for one payment is done here for many agreements at once, by the same rule (F8). Those
agreements on which a sum is waited for that ends them, those that are late, and those with several payments, are taken
one by one.
"""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit.service import lock_agreement
from agreements.invoices.service import due_days_of, note_paid_each
from agreements.ledger import rules as postings
from agreements.ledger import service as ledger
from agreements.payments import rules
from agreements.payments.services.allocate_payment import Arrived, SettlementSource, book_payment
from agreements.payments.services.open_claims import NOTHING, Standing, standing_of
from underwriting.kernel.event_catalogue import PAYMENT_BOOKED
from underwriting.platform import audit_log, events
from underwriting.platform.arrays import array_text

_BANK = "bank"
_HELD = sa.text("""
    SELECT id, application_id FROM agreement WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE
""")
_BOOKED = sa.text("UPDATE incoming_payment SET state = 'booked', booked_at = :at WHERE id = ANY(CAST(:ids AS uuid[]))")


def book_each(
    session: Session, sources: Sequence[SettlementSource], arrived: Sequence[Arrived], *, at: datetime
) -> None:
    """Book *arrived* and mark them as booked; their agreements are locked here, in the order of their ids."""
    if not arrived:
        return
    applications = _lock(session, sorted({one.agreement_id for one in arrived}))
    times = Counter(one.agreement_id for one in arrived)
    alone = {agreement_id for agreement_id, count in times.items() if count > 1}
    for source in sources:
        alone |= set(source.may_wait(session, list(applications)))
    together = [one for one in arrived if one.agreement_id not in alone]
    standing = _standing(session, together)
    late = _late(session, together, standing)
    _book_together(session, [one for one in together if one.agreement_id not in late], standing, applications, at=at)
    alone |= late
    # Within an agreement by the day of booking.
    for one in sorted(arrived, key=lambda one: (one.agreement_id, one.booked_on, one.payment_id)):
        if one.agreement_id in alone:
            book_payment(session, lock_agreement(session, one.agreement_id), sources, one, at=at)
    session.execute(_BOOKED, {"ids": array_text(one.payment_id for one in arrived), "at": at})


def _standing(session: Session, arrived: Sequence[Arrived]) -> Mapping[uuid.UUID, Standing]:
    if not arrived:
        return {}
    return standing_of(
        session,
        [one.agreement_id for one in arrived],
        through=max(one.booked_on for one in arrived),
        named=[invoice_id for one in arrived for invoice_id in one.named],
    )


def _late(session: Session, arrived: Sequence[Arrived], standing: Mapping[uuid.UUID, Standing]) -> set[uuid.UUID]:
    """Those on which an invoice is late when the payment comes: late interest is booked before it (rule R5)."""
    asking = {claim.invoice_id for its in standing.values() for claim in its.claims if claim.invoice_id}
    due = due_days_of(session, asking) if asking else {}
    return {
        one.agreement_id
        for one in arrived
        for claim in standing.get(one.agreement_id, NOTHING).claims
        if claim.invoice_id is not None and due[claim.invoice_id] < one.booked_on
    }


def _book_together(
    session: Session,
    arrived: Sequence[Arrived],
    standing: Mapping[uuid.UUID, Standing],
    applications: Mapping[uuid.UUID, uuid.UUID],
    *,
    at: datetime,
) -> None:
    if not arrived:
        return
    made = []
    for one in arrived:
        here = standing.get(one.agreement_id, NOTHING)
        allocation = rules.allocate(
            one.amount,
            booked_on=one.booked_on,
            claims=here.claims,
            named=one.named,
            credit_balance=here.credit_balance,
        )
        posting = postings.incoming_payment(allocation.lines, payment_id=one.payment_id, booked_on=one.booked_on)
        made.append((one, posting, allocation.named))
    entries = ledger.post_each(session, [(one.agreement_id, posting) for one, posting, _ in made], at=at)
    note_paid_each(
        session,
        [
            (entries[posting.business_key], line_id, part)
            for _, posting, named in made
            if posting.business_key in entries
            for line_id, part in named.items()
        ],
    )
    notes = {f"agreement:{one.agreement_id}": one.told for one in arrived}
    audit_log.append_to_each(session, notes, "payment.booked", actor=_BANK, at=at)
    told = [
        {
            "agreement_id": one.agreement_id,
            "application_id": applications[one.agreement_id],
            "payment_id": one.payment_id,
            "amount": one.amount,
            "booked_on": one.booked_on,
        }
        for one in arrived
    ]
    events.record_each(session, PAYMENT_BOOKED, told, at=at)


def _lock(session: Session, agreement_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """The agreements, held as `lock_agreement` holds one; the application of each."""
    rows = session.execute(_HELD, {"ids": array_text(agreement_ids)})
    return {row.id: row.application_id for row in rows}
