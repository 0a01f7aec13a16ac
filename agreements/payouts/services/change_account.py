"""Another account of the company's: whose it is, is seen first, and a second person releases what goes there (P1)."""

from datetime import datetime

from sqlalchemy.orm import Session

from agreements.credit.models import Agreement
from agreements.credit.service import details_of, replace_account
from agreements.payouts.models import AccountCheck
from agreements.payouts.rules import AccountEvidenceNeeded, AccountNotTheCompanys, Person, is_the_companys
from agreements.payouts.services.order_payout import hold, in_states, sealed_account
from underwriting.kernel.identifiers import Bankgiro
from underwriting.kernel.vocabulary import AccountSource, HeldFor, PayoutState
from underwriting.platform import audit_log
from underwriting.platform.encryption import of_application
from underwriting.platform.runtime import Runtime

_UNSENT = (PayoutState.ORDERED, PayoutState.HELD)


def change_account(
    session: Session,
    runtime: Runtime,
    agreement: Agreement,
    account: Bankgiro,
    *,
    told: str | None,
    seen: str | None,
    evidence: str | None,
    person: Person,
    at: datetime,
) -> None:
    """Pay the locked *agreement* to *account* from now on; what was ordered to the former one is held.

    *told* is the name on the account as the bank tells it; where it tells none, one of staff has *seen* it in
    *evidence*. Raises AccountEvidenceNeeded, AccountNotTheCompanys.
    """
    source, holder = (AccountSource.BANK, told) if told is not None else (AccountSource.STAFF, seen)
    if not holder or (source is AccountSource.STAFF and not evidence):
        raise AccountEvidenceNeeded
    if not is_the_companys(holder, details_of(runtime, agreement).name):
        raise AccountNotTheCompanys
    _keep(session, runtime, agreement, account, holder, evidence, source, person, at)
    replace_account(runtime, agreement, account)
    for payout in in_states(session, agreement.id, _UNSENT):
        payout.account_encrypted = sealed_account(runtime, agreement, account)
        payout.second_person, payout.prepared_by, payout.prepared_index = True, person.actor, person.index
        if payout.state == PayoutState.ORDERED:
            hold(session, payout, HeldFor.ACCOUNT_CHANGED, actor=person.actor, at=at)


def _keep(
    session: Session,
    runtime: Runtime,
    agreement: Agreement,
    account: Bankgiro,
    holder: str,
    evidence: str | None,
    source: AccountSource,
    person: Person,
    at: datetime,
) -> None:
    def sealed(text: str, column: str) -> bytes:
        subject = of_application(agreement.application_id)
        return runtime.cipher.encrypt(text.encode(), context=f"account_check.{column}", subject=subject)

    check = AccountCheck(
        agreement_id=agreement.id,
        account_encrypted=sealed(account.digits, "account"),
        holder_encrypted=sealed(holder, "holder"),
        evidence_encrypted=sealed(evidence, "evidence") if evidence else None,
        told_by=str(source),
        checked_by=person.actor,
        checked_at=at,
    )
    session.add(check)
    session.flush()
    data = {"check": str(check.id), "told_by": str(source)}
    audit_log.append(
        session, f"agreement:{agreement.id}", "payout.account_changed", actor=person.actor, at=at, data=data
    )
