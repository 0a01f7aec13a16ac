"""Monthly fees: charged for all agreements in one statement, explained and taken back for one (rules F1, F2, F10).

`fee_run.sql` executes what `rules.explain_fee` explains; a property test compares the two on random histories.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib import resources

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agreements.billing import rules
from agreements.billing.models import FeeRun, MonthlyFee
from agreements.billing.rules import FeeExplanation, Movement, MovementKind
from agreements.credit.models import Agreement, PlannedInstalment
from agreements.credit.rules import Instalment
from agreements.ledger import rules as postings
from agreements.ledger import service as ledger
from underwriting.kernel.errors import Conflict
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month, stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import Account
from underwriting.kernel.wording import day_in_words
from underwriting.platform import audit_log
from underwriting.platform.database import lock_subject
from underwriting.platform.runtime import Runtime

_OVERLAP = timedelta(hours=1)  # what another transaction had under way when the last run began

_log = structlog.get_logger(__name__)


class MonthNotOver(Conflict):
    """The month's fees are charged after the bank's answers of the next month's first bank day are read. Rule F1."""

    slug = "month-not-over"
    title = Text("Månaden kan inte debiteras än", "The month cannot be charged yet")
    rule = "F1"


@dataclass(frozen=True, slots=True)
class RunResult:
    """What one run of one month charged; a second run charges nothing."""

    month: Month
    count: int
    charged: Money


@dataclass(frozen=True, slots=True)
class ChargedFee:
    """One month's fee of one agreement, as charged."""

    month: Month
    basis: Money
    rate: Decimal
    fee: Money
    charged_at: datetime
    reversed_at: datetime | None


@dataclass(frozen=True, slots=True)
class FeeRunView:
    """One month's run, as the console lists it."""

    month: Month
    count: int
    charged: Money
    finished_at: datetime | None


def charge_month(runtime: Runtime, month: Month) -> RunResult:
    """Charge *month* for every agreement that used credit in it; MonthNotOver before that is allowed (rule F1).

    What was charged stays as it is. A later run looks only at agreements in whose books something else than fees was
    booked since the last one began: a payout that the bank told of late is charged then.
    """
    at = runtime.clock.now()
    opens_on = rules.chargeable_from(month)
    if stockholm_date(at) < opens_on:
        raise MonthNotOver(
            Text("{month} kan debiteras från {day.sv}.", "{month} can be charged from {day.en}.").filled(
                month=month, day=day_in_words(opens_on)
            )
        )
    with runtime.database.transaction() as session:
        lock_subject(session, f"fee-run:{month}")
        run = session.get(FeeRun, month.first_day)
        result = _charge(session, month, touched_since=run.started_at - _OVERLAP if run else None, at=at)
        _note(session, run, result, at)
    _log.info("fee_run", month=str(month), charged_count=result.count, charged_ore=result.charged.ore)
    return result


def run_due(runtime: Runtime, on: date) -> RunResult | None:
    """Charge the month before the one of *on*, once *on* is late enough for it; None before (rule F1). A daily job."""
    month = Month.of(on).previous()
    return charge_month(runtime, month) if on >= rules.chargeable_from(month) else None


def charge_through(session: Session, agreement: Agreement, last: Month, *, occurred_on: date, at: datetime) -> Money:
    """Charge every month up to *last*'s that the locked *agreement* owes and was not charged for; their sum.

    At redemption the running month's fee is charged at once and in full (rules F1 and F3).
    """
    movements, instalments = movements_of(session, agreement.id), instalments_of(session, agreement.id)
    explained = rules.fees_through(last, movements=movements, instalments=instalments, rate=agreement.fee_rate)
    sums = [_charge_one(session, agreement.id, fee, occurred_on=occurred_on, at=at) for fee in explained]
    return Money.sum(sums)


def explain(session: Session, agreement: Agreement, month: Month) -> FeeExplanation:
    """How the fee of *month* comes about, day by day (rule F10)."""
    return rules.explain_fee(
        month,
        movements=movements_of(session, agreement.id),
        instalments=instalments_of(session, agreement.id),
        rate=agreement.fee_rate,
    )


def fees_of(session: Session, agreement_id: uuid.UUID) -> tuple[ChargedFee, ...]:
    """The fees that were charged on the agreement, oldest month first."""
    rows = session.scalars(
        sa.select(MonthlyFee).where(MonthlyFee.agreement_id == agreement_id).order_by(MonthlyFee.month)
    )
    return tuple(
        ChargedFee(
            Month.of(row.month), Money(row.basis_ore), row.rate, Money(row.fee_ore), row.charged_at, row.reversed_at
        )
        for row in rows
    )


def reverse_all(session: Session, agreement_id: uuid.UUID, *, occurred_on: date, at: datetime) -> None:
    """Take back every fee of the locked agreement, which was cancelled in time (rule C6).

    What had been paid of them becomes the borrower's credit balance.
    """
    unpaid = ledger.balances(session, agreement_id)[Account.FEE_RECEIVABLE]
    rows = session.scalars(
        sa.select(MonthlyFee)
        .where(MonthlyFee.agreement_id == agreement_id, MonthlyFee.reversed_at.is_(None))
        .order_by(MonthlyFee.month.desc())  # payments go to the oldest first: what is unpaid belongs to the newest
    )
    for row in rows:
        row.reversed_at = at
        entry = ledger.entry_of(session, f"fee:{agreement_id}:{Month.of(row.month)}")
        if entry is not None:
            still_unpaid = min(unpaid, Money(row.fee_ore))
            unpaid -= still_unpaid
            ledger.reverse(session, entry, occurred_on=occurred_on, at=at, still_unpaid=still_unpaid)


def runs(session: Session) -> tuple[FeeRunView, ...]:
    """The months that were charged, newest first."""
    rows = session.scalars(sa.select(FeeRun).order_by(FeeRun.month.desc()))
    return tuple(
        FeeRunView(Month.of(row.month), row.charged_count, Money(row.charged_ore), row.finished_at) for row in rows
    )


def movements_of(session: Session, agreement_id: uuid.UUID) -> tuple[Movement, ...]:
    """The agreement's principal as the rules read it."""
    return tuple(
        Movement(
            moved.occurred_on,
            moved.order,
            MovementKind.DRAWDOWN if moved.amount > Money.ZERO else MovementKind.REPAYMENT,
            moved.amount if moved.amount > Money.ZERO else -moved.amount,
        )
        for moved in ledger.principal_movements(session, agreement_id)
    )


def instalments_of(session: Session, agreement_id: uuid.UUID) -> Sequence[Instalment]:
    """The agreement's repayment plan, earliest due day first."""
    rows = session.scalars(
        sa.select(PlannedInstalment)
        .where(PlannedInstalment.agreement_id == agreement_id)
        .order_by(PlannedInstalment.due_on, PlannedInstalment.number)
    )
    return tuple(Instalment(row.number, row.due_on, Money(row.amount_ore)) for row in rows)


@cache
def _statement() -> sa.TextClause:
    return sa.text(resources.files(__package__).joinpath("fee_run.sql").read_text("utf-8"))


def _charge(session: Session, month: Month, *, touched_since: datetime | None, at: datetime) -> RunResult:
    count, ore = session.execute(
        _statement(),
        {
            "first_day": month.first_day,
            "first_day_of_next": month.end,
            "month": str(month),
            "touched_since": touched_since,
            "charged_at": at,
        },
    ).one()
    return RunResult(month, count, Money(ore))


def _note(session: Session, run: FeeRun | None, result: RunResult, at: datetime) -> None:
    if run is None:
        session.add(
            FeeRun(
                month=result.month.first_day,
                started_at=at,
                finished_at=at,
                charged_count=result.count,
                charged_ore=result.charged.ore,
            )
        )
    else:
        run.started_at = run.finished_at = at
        run.charged_count += result.count
        run.charged_ore += result.charged.ore
    if result.count:
        data = {"count": result.count, "charged": str(result.charged)}
        audit_log.append(session, f"fee-run:{result.month}", "fee_run.charged", actor="system", at=at, data=data)


def _charge_one(
    session: Session, agreement_id: uuid.UUID, explained: FeeExplanation, *, occurred_on: date, at: datetime
) -> Money:
    new = session.scalar(
        insert(MonthlyFee)
        .values(
            agreement_id=agreement_id,
            month=explained.month.first_day,
            basis_ore=explained.basis.ore,
            rate=explained.rate,
            fee_ore=explained.fee.ore,
            charged_at=at,
        )
        .on_conflict_do_nothing()
        .returning(MonthlyFee.fee_ore)
    )
    if new is None:
        return Money.ZERO
    if explained.fee:
        fee_on = min(occurred_on, explained.month.end - timedelta(days=1))
        posting = postings.monthly_fee(
            explained.fee, agreement_id=agreement_id, month=explained.month, occurred_on=fee_on
        )
        ledger.post(session, agreement_id, posting, at=at)
    return explained.fee
