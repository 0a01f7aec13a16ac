"""The daily round over credit balances: each pays what has fallen due (rule F8), by a few statements for many at once.

Most borrowers pay some days before the due day, so that on a due day most balances have something to pay. What
`allocate_payment.use_balance` does for one agreement is done here for two hundred by the same rule. Those on which a
sum is waited for that ends them are taken one by one, and so are all of a batch with which something goes wrong.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from agreements.credit.models import Agreement
from agreements.ledger import rules as postings
from agreements.ledger import service as ledger
from agreements.ledger.models import LedgerEntry, LedgerLine
from agreements.ledger.rules import Posting, PostingKind
from agreements.payments import rules
from agreements.payments.services.allocate_payment import SettlementSource, balance_key, use_balance
from agreements.payments.services.make_rounds import each_alone
from agreements.payments.services.open_claims import NOTHING, standing_of
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import Account
from underwriting.platform.progress import Progress
from underwriting.platform.runtime import Runtime

_LOOKED_AT_ONCE = 1_000
_HELD_AT_ONCE = 200
_IS_BALANCE = sa.or_(
    LedgerLine.debit_account == str(Account.CREDIT_BALANCE), LedgerLine.credit_account == str(Account.CREDIT_BALANCE)
)
_ADDED = sa.func.sum(
    sa.case((LedgerLine.credit_account == str(Account.CREDIT_BALANCE), 1), else_=-1) * LedgerLine.amount_ore
)

_log = structlog.get_logger(__name__)


def use_balances(runtime: Runtime, sources: Sequence[SettlementSource], on: date, *, progress: Progress) -> int:
    """Let every credit balance pay what is due on *on* (rule F8); how many did.

    Most that stand there have nothing to pay for a month at a time: only those are locked that have.
    """
    together, alone = _with_balance_to_use(runtime, sources, on)
    changed = 0
    for start in range(0, len(together), _HELD_AT_ONCE):
        progress(start, len(together) + len(alone))
        part = together[start : start + _HELD_AT_ONCE]
        try:
            changed += runtime.database.retrying(partial(_use_together, runtime, sources, part, on))
        except Exception as error:  # one of them must not stop the others
            _log.exception("balances_not_used_together", count=len(part), error=type(error).__name__)
            alone += part

    def use(session: Session, agreement: Agreement) -> bool:
        return use_balance(session, agreement, sources, on=on, at=runtime.clock.now())

    return changed + each_alone(runtime, alone, use, progress)


def _with_balance_to_use(
    runtime: Runtime, sources: Sequence[SettlementSource], on: date
) -> tuple[list[uuid.UUID], list[uuid.UUID]]:
    """Those with a credit balance for which something is due on *on*; and those for which a sum is waited for."""
    together: list[uuid.UUID] = []
    alone: list[uuid.UUID] = []
    with runtime.database.transaction() as session:
        standing = _with_balance(session)
        for start in range(0, len(standing), _LOOKED_AT_ONCE):
            part = standing[start : start + _LOOKED_AT_ONCE]
            waited_for = _waited_for(session, sources, part)
            due = standing_of(session, [one for one in part if one not in waited_for], through=on)
            together += [one for one, its in due.items() if its.claims]
            alone += [one for one in part if one in waited_for]
    return sorted(together), alone


def _with_balance(session: Session) -> Sequence[uuid.UUID]:
    query = sa.select(LedgerLine.agreement_id).where(_IS_BALANCE).group_by(LedgerLine.agreement_id).having(_ADDED > 0)
    return session.scalars(query).all()


def _use_together(
    runtime: Runtime, sources: Sequence[SettlementSource], agreement_ids: Sequence[uuid.UUID], on: date
) -> int:
    """Use the balances of these, unless a sum is waited for by now; how many paid something."""
    with runtime.database.transaction() as session:
        held = session.scalars(
            sa.select(Agreement.id).where(Agreement.id.in_(agreement_ids)).order_by(Agreement.id).with_for_update()
        ).all()
        waited_for = _waited_for(session, sources, held)
        made = _postings(session, [one for one in held if one not in waited_for], on)
        if made:
            ledger.post_each(session, made, at=runtime.clock.now())
        return len(made)


def _waited_for(
    session: Session, sources: Sequence[SettlementSource], agreement_ids: Sequence[uuid.UUID]
) -> set[uuid.UUID]:
    return {one for source in sources for one in source.may_wait(session, agreement_ids)}


def _postings(session: Session, agreement_ids: Sequence[uuid.UUID], on: date) -> list[tuple[uuid.UUID, Posting]]:
    standing = standing_of(session, agreement_ids, through=on)
    added, used = _added_after(session, agreement_ids, on), _times_used(session, agreement_ids)
    made = []
    for agreement_id in agreement_ids:
        here = standing.get(agreement_id, NOTHING)
        since = min(here.credit_balance, here.credit_balance - added.get(agreement_id, Money.ZERO))
        allocation = rules.allocate(Money.ZERO, booked_on=on, claims=here.claims, credit_balance=max(since, Money.ZERO))
        if allocation.lines:
            key = balance_key(agreement_id, used.get(agreement_id, 0))
            made.append((agreement_id, postings.balance_used(allocation.lines, business_key=key, occurred_on=on)))
    return made


def _added_after(session: Session, agreement_ids: Sequence[uuid.UUID], on: date) -> Mapping[uuid.UUID, Money]:
    """What came to each credit balance after *on*, and does not pay what was due then; a day that is caught up on."""
    query = (
        sa.select(LedgerLine.agreement_id, _ADDED)
        .where(_IS_BALANCE, LedgerLine.agreement_id.in_(agreement_ids), LedgerLine.occurred_on > on)
        .group_by(LedgerLine.agreement_id)
    )
    return {agreement_id: Money(int(ore)) for agreement_id, ore in session.execute(query)}


def _times_used(session: Session, agreement_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, int]:
    query = (
        sa.select(LedgerEntry.agreement_id, sa.func.count())
        .where(LedgerEntry.agreement_id.in_(agreement_ids), LedgerEntry.kind == str(PostingKind.ALLOCATION))
        .group_by(LedgerEntry.agreement_id)
    )
    return {agreement_id: int(count) for agreement_id, count in session.execute(query)}
