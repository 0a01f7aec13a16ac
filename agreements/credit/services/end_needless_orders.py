"""Orders at BankID that can come to nothing: begun before others sufficed, or before a guarantee was declined (S2, G2).

They would be refused when they complete; ended before that, the app tells the person at once.
"""

import uuid

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from agreements.credit.models import Agreement
from agreements.credit.services.complete_signatures import SignatureNotNeeded, require_needed
from agreements.credit.services.keep_agreement import get_agreement
from agreements.guarantees.models import Guarantee
from agreements.signing.client import BankId
from agreements.signing.models import Signing
from agreements.signing.services.ask_bankid import end_at_bankid
from agreements.signing.services.keep_order import fail_pending
from underwriting.kernel.vocabulary import AgreementState, GuaranteeState, SigningPurpose, SigningState
from underwriting.platform.batches import each_alone
from underwriting.platform.runtime import Runtime

MOST_PER_TICK = 100


def end_needless_orders(runtime: Runtime, bankid: BankId) -> int:
    """End them; how many. For the worker. No transaction is open while BankID is told."""
    with runtime.database.transaction() as session:
        due = [(signing, agreement) for signing, agreement in session.execute(_doubtful().limit(MOST_PER_TICK))]
    return each_alone(due, lambda row: _end(runtime, bankid, row[0], row[1]), named=lambda row: str(row[0]))


def _doubtful() -> sa.Select[uuid.UUID, uuid.UUID | None]:
    """Pending orders that lead nowhere, and with an agreement's id those beside somebody who has signed it."""
    other = aliased(Signing)
    others_signed = sa.exists().where(
        other.purpose == str(SigningPurpose.AGREEMENT),
        other.subject_id == Signing.subject_id,
        other.state == str(SigningState.COMPLETE),
    )
    waits = Agreement.state == str(AgreementState.SIGNING)
    for_company = Signing.purpose == str(SigningPurpose.AGREEMENT)
    return (
        sa.select(Signing.id, sa.case((sa.and_(for_company, waits), Agreement.id)))
        .outerjoin(Guarantee, sa.and_(Guarantee.id == Signing.subject_id, ~for_company))
        .join(Agreement, Agreement.id == sa.func.coalesce(Guarantee.agreement_id, Signing.subject_id))
        .where(
            Signing.state == str(SigningState.PENDING),
            Signing.purpose.in_([str(SigningPurpose.AGREEMENT), str(SigningPurpose.GUARANTEE)]),
            sa.or_(~waits, Guarantee.state != str(GuaranteeState.INVITED), sa.and_(for_company, others_signed)),
        )
    )


def _end(runtime: Runtime, bankid: BankId, signing_id: uuid.UUID, agreement_id: uuid.UUID | None) -> bool:
    with runtime.database.transaction() as session:
        if agreement_id is not None:
            try:
                require_needed(session, runtime, get_agreement(session, agreement_id))
            except SignatureNotNeeded:
                pass
            else:
                return False
        failed = fail_pending(session, runtime, Signing.id == signing_id)
    for order_ref in failed:
        end_at_bankid(bankid, order_ref)
    return bool(failed)
