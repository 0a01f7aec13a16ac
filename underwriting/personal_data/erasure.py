"""What is erased every day because its time is over, by destroying keys (rule K2).

1. Applications that led to nothing, and agreements after the last of their times, with all that belongs to them.
2. Log-ins of persons, and the identifications by which they were made.
3. Files of payments.

Drafts are erased when they are deleted, what bureaus answered by `bureau_clients.retention`.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.payments.models import IncomingPayment, PaymentFile, Refund
from agreements.payouts.models import BankReport, PayoutFile
from agreements.signing.models import Signing
from underwriting.kernel.periods import stockholm_date, stockholm_instant
from underwriting.kernel.vocabulary import SigningPurpose
from underwriting.personal_data import matters
from underwriting.personal_data.key_state import first_form_gone
from underwriting.personal_data.rules import Kind, is_due, latest_end, payment_file_ground
from underwriting.platform import data_keys
from underwriting.platform.batches import until_none_is_left
from underwriting.platform.encryption import key_id_of
from underwriting.platform.job_periods import DailyJob
from underwriting.platform.key_models import DataKeyRow
from underwriting.platform.models import LoginSession
from underwriting.platform.progress import Progress
from underwriting.platform.runtime import Runtime

ERASED_AT = time(3, 45)
_AT_ONCE = 100
_SYSTEM = "system"


@dataclass
class Erased:
    """How much a run erased. Nothing is while values of the first form are left: `first_form` says so."""

    applications: int = 0
    agreements: int = 0
    log_ins: int = 0
    identifications: int = 0
    payment_files: int = 0
    first_form: bool = False


def daily_jobs(runtime: Runtime) -> tuple[DailyJob, ...]:
    """Personal data whose time is over are erased (rule K2)."""

    def erase(on: date, _progress: Progress) -> dict[str, Any]:
        return asdict(erase_due(runtime, on=on, at=runtime.clock.now()))

    return (DailyJob("erase-personal-data", ERASED_AT, erase),)


def erase_due(runtime: Runtime, *, on: date, at: datetime) -> Erased:
    """Erase what is due on a day, in transactions of some hundred subjects each.

    A value of the first form is under no key of its subject's: until `borgen keys rotate` has been run once after the
    upgrade nothing is erased, lest it is believed to be.
    """
    done = Erased()
    with runtime.database.transaction() as session:
        if not first_form_gone(session, at=at):
            return Erased(first_form=True)
    _erase_matters(runtime, done, on=on, at=at)
    done.log_ins = until_none_is_left(runtime.database, lambda session: _erase_log_ins(session, on=on, at=at))
    done.identifications = until_none_is_left(
        runtime.database, lambda session: _erase_identifications(session, on=on, at=at)
    )
    for erase in (_erase_payment_files, _erase_payout_files, _erase_bank_reports):
        done.payment_files += until_none_is_left(runtime.database, partial(erase, on=on, at=at))
    return done


def _erase_matters(runtime: Runtime, done: Erased, *, on: date, at: datetime) -> None:
    last, before = uuid.UUID(int=0), stockholm_instant(latest_end(Kind.APPLICATION, on=on))
    while True:
        with runtime.database.transaction() as session:
            found = matters.settled_before(session, before, after=last, limit=_AT_ONCE)
            if not found:
                return
            due = [matter for matter in found if matter.is_due(on)]
            matters.erase(session, due, actor=_SYSTEM, at=at)
        agreements = sum(matter.kind is Kind.AGREEMENT for matter in due)
        done.agreements += agreements
        done.applications += len(due) - agreements
        last = found[-1].application_id


def _erase_log_ins(session: Session, *, on: date, at: datetime) -> int:
    before = stockholm_instant(latest_end(Kind.LOG_IN, on=on))
    query = sa.select(LoginSession.id, LoginSession.person_encrypted).where(
        LoginSession.person_index.is_not(None), LoginSession.expires_at < before
    )
    rows = session.execute(query.order_by(LoginSession.id).limit(_AT_ONCE).with_for_update()).all()
    ids = [key_id_of(row.person_encrypted or b"") for row in rows]
    subjects = session.scalars(sa.select(DataKeyRow.subject).where(DataKeyRow.id.in_([one for one in ids if one])))
    data_keys.destroy(session, subjects.all(), because=Kind.LOG_IN, at=at)
    session.execute(sa.delete(LoginSession).where(LoginSession.id.in_([row.id for row in rows])))
    return len(rows)


def _erase_identifications(session: Session, *, on: date, at: datetime) -> int:
    before = stockholm_instant(latest_end(Kind.LOG_IN, on=on))
    query = sa.select(Signing.id, Signing.subject_id, Signing.purpose).where(
        Signing.purpose == str(SigningPurpose.IDENTIFY), Signing.erased_at.is_(None), Signing.started_at < before
    )
    rows = session.execute(query.order_by(Signing.id).limit(_AT_ONCE).with_for_update()).all()
    subjects = [f"{row.purpose}:{row.subject_id}" for row in rows]
    data_keys.destroy(session, subjects, because=Kind.LOG_IN, at=at)
    erased = sa.update(Signing).where(Signing.id.in_([row.id for row in rows]))
    session.execute(erased.values(person_index=None, erased_at=at))
    return len(rows)


def _erase_payout_files(session: Session, *, on: date, at: datetime) -> int:
    before = stockholm_instant(latest_end(Kind.PAYMENT_FILE, on=on))
    files = sa.select(PayoutFile).where(PayoutFile.erased_at.is_(None), PayoutFile.made_at < before)
    rows = [
        row
        for row in session.scalars(files.order_by(PayoutFile.id))  # so old that nobody changes it
        if is_due(payment_file_ground(stockholm_date(row.made_at)), on=on)
    ][:_AT_ONCE]
    subjects = [f"payout_file:{row.message_id}" for row in rows]
    data_keys.destroy(session, subjects, because=Kind.PAYMENT_FILE, at=at)
    session.execute(sa.update(PayoutFile).where(PayoutFile.id.in_([row.id for row in rows])).values(erased_at=at))
    return len(rows)


def _erase_bank_reports(session: Session, *, on: date, at: datetime) -> int:
    before = stockholm_instant(latest_end(Kind.PAYMENT_FILE, on=on))
    reports = sa.select(BankReport).where(BankReport.erased_at.is_(None), BankReport.received_at < before)
    rows = [
        row
        for row in session.scalars(reports.order_by(BankReport.id))
        if is_due(payment_file_ground(stockholm_date(row.received_at)), on=on)
    ][:_AT_ONCE]
    subjects = [f"bank_report:{row.sha256.hex()}" for row in rows]
    data_keys.destroy(session, subjects, because=Kind.PAYMENT_FILE, at=at)
    session.execute(sa.update(BankReport).where(BankReport.id.in_([row.id for row in rows])).values(erased_at=at))
    return len(rows)


def _erase_payment_files(session: Session, *, on: date, at: datetime) -> int:
    before = stockholm_instant(latest_end(Kind.PAYMENT_FILE, on=on))
    query = sa.select(PaymentFile.id, PaymentFile.sha256, PaymentFile.received_at).where(
        PaymentFile.erased_at.is_(None), PaymentFile.received_at < before
    )
    found = session.execute(query.order_by(PaymentFile.id).with_for_update()).all()
    returned_on = _last_returns(session, [row.id for row in found])
    rows = [
        row
        for row in found
        if is_due(payment_file_ground(max(stockholm_date(row.received_at), returned_on.get(row.id, date.min))), on=on)
    ][:_AT_ONCE]
    subjects = [f"payment_file:{row.sha256.hex()}" for row in rows]
    data_keys.destroy(session, subjects, because=Kind.PAYMENT_FILE, at=at)
    ids = [row.id for row in rows]
    session.execute(sa.update(PaymentFile).where(PaymentFile.id.in_(ids)).values(erased_at=at))
    returned = sa.select(IncomingPayment.id).where(IncomingPayment.file_id.in_(ids))
    session.execute(sa.update(Refund).where(Refund.payment_id.in_(returned)).values(asker_index=None))
    payers = sa.update(IncomingPayment).where(IncomingPayment.file_id.in_(ids))
    session.execute(payers.values(sender_index=None, payer_index=None, reference_index=None, end_to_end_index=None))
    return len(rows)


def _last_returns(session: Session, file_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, date]:
    """The day on which money of a file last went back to its sender, which is under the file's key too; by the file."""
    query = (
        sa.select(IncomingPayment.file_id, sa.func.max(Refund.booked_on))
        .join(Refund, Refund.payment_id == IncomingPayment.id)
        .where(IncomingPayment.file_id.in_(file_ids))
        .group_by(IncomingPayment.file_id)
    )
    return {file_id: on for file_id, on in session.execute(query) if on is not None}
