"""The daily round over agreements whose plan has ended: what is paid back is closed."""

import uuid
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from agreements.billing import service as billing
from agreements.credit.models import Agreement, PlannedInstalment
from agreements.credit.rules import AgreementEvent, AgreementFacts
from agreements.credit.service import lock_agreement, move
from agreements.guarantees import service as guarantees
from agreements.ledger import service as ledger
from agreements.ledger.models import LedgerLine
from agreements.ledger.rules import OWED
from agreements.payouts.service import on_its_way, withdraw_unsent
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import AgreementState
from underwriting.platform.progress import Progress
from underwriting.platform.runtime import Runtime

_SYSTEM = "system"

_log = structlog.get_logger(__name__)


def close_ended(runtime: Runtime, on: date, *, progress: Progress) -> int:
    """Settle the running agreements whose plan has ended and that owe nothing (`docs/states.md`); how many.

    Their guarantees end. One that still owes the fee of a month, charged or to be charged, stays.
    """

    def close(session: Session, agreement: Agreement) -> bool:
        at = runtime.clock.now()
        standing = ledger.balances(session, agreement.id)
        owes = any(standing[account] for account in OWED) or on_its_way(session, agreement.id)
        if agreement.state != AgreementState.RUNNING or owes or billing.uncharged(session, agreement, Month.of(on)):
            return False
        withdraw_unsent(session, agreement.id, actor=_SYSTEM, at=at)
        facts = AgreementFacts(paid_in_full=True, payout_on_its_way=False)
        move(session, agreement, AgreementEvent.TERM_ENDED, at=at, actor=_SYSTEM, facts=facts)
        guarantees.end(session, agreement.id, at=at)
        return True

    return each_alone(runtime, _with_ended_plan(runtime, on), close, progress)


def _with_ended_plan(runtime: Runtime, on: date) -> Sequence[uuid.UUID]:
    """Those whose last instalment fell due before *on* and on which nothing stands owed; the rest cannot be settled."""
    owed = [str(account) for account in OWED]
    signed = sa.case((LedgerLine.debit_account.in_(owed), LedgerLine.amount_ore), else_=0) - sa.case(
        (LedgerLine.credit_account.in_(owed), LedgerLine.amount_ore), else_=0
    )
    standing = sa.select(sa.func.coalesce(sa.func.sum(signed), 0)).where(LedgerLine.agreement_id == Agreement.id)
    last_due = sa.select(sa.func.max(PlannedInstalment.due_on)).where(PlannedInstalment.agreement_id == Agreement.id)
    query = sa.select(Agreement.id).where(
        Agreement.state == str(AgreementState.RUNNING),
        last_due.scalar_subquery() < on,
        standing.scalar_subquery() == 0,
    )
    with runtime.database.transaction() as session:
        return session.scalars(query).all()


def each_alone(
    runtime: Runtime,
    agreement_ids: Sequence[uuid.UUID],
    work: Callable[[Session, Agreement], bool],
    progress: Progress,
) -> int:
    """How many of the agreements *work* changed, each in a transaction; a fault with one does not stop the others."""

    def work_on(agreement_id: uuid.UUID) -> bool:
        with runtime.database.transaction() as session:
            return work(session, lock_agreement(session, agreement_id))

    changed = 0
    for done, agreement_id in enumerate(agreement_ids):
        progress(done, len(agreement_ids))
        try:
            changed += runtime.database.retrying(partial(work_on, agreement_id))
        except Exception as error:
            _log.exception("agreement_failed", agreement=str(agreement_id), error=type(error).__name__)
    progress(len(agreement_ids), len(agreement_ids))
    return changed
