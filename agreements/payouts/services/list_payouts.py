"""Payouts as the desk sees them: what waits for a person, what the bank was given, and what it has answered (P1 to P4).

Everything is read from indexes of states and shown to MOST_SHOWN; what belongs to an erased agreement is not shown.
"""

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from agreements.credit.models import Agreement
from agreements.credit.service import details_of
from agreements.payouts.models import BankReport, Payout, PayoutFile
from agreements.payouts.rules import Person, has_prepared
from agreements.payouts.services.order_payout import ON_ITS_WAY, OVER_WITHOUT_PAYMENT, account_of
from agreements.payouts.services.release_payouts import FileView, file_view
from underwriting.kernel.identifiers import Bankgiro
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import HeldFor, PayoutFileState, PayoutState
from underwriting.platform.callers import Caller
from underwriting.platform.runtime import Runtime

MOST_SHOWN = 100
_MOST_REPORTS = 20
_ENDED = (PayoutState.FAILED, PayoutState.RETURNED)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """One order to pay, with its agreement; *failure* is the bank's code, *is_own* that the reader prepared it."""

    id: uuid.UUID
    drawdown_id: uuid.UUID
    agreement_id: uuid.UUID
    agreement_number: int
    borrower_name: str = field(repr=False)
    account: Bankgiro = field(repr=False)
    amount: Money
    state: PayoutState
    held_for: HeldFor | None
    failure: str | None
    end_to_end_id: str
    ordered_at: datetime
    sent_at: datetime | None
    booked_on: date | None
    is_own: bool


@dataclass(frozen=True, slots=True)
class FileToRelease:
    """A file that waits for a second person, with what is in it; who prepared any of it cannot release it."""

    file: FileView
    orders: tuple[OrderView, ...]

    @property
    def is_own(self) -> bool:
        """Whether the reader has prepared any of it."""
        return any(order.is_own for order in self.orders)


@dataclass(frozen=True, slots=True)
class ReportView:
    """A report of the bank's; one that nobody could read has a slug in *refused* and has changed nothing."""

    id: uuid.UUID
    sha256: str
    received_at: datetime
    by_staff: bool
    refused: str | None
    moved: int
    not_ours: int
    contradicted: int


@dataclass(frozen=True)
class PayoutDesk:
    """What billing looks at before it lets money go."""

    runtime: Runtime

    def waiting(self, caller: Caller) -> tuple[FileToRelease, ...]:
        """The files that wait for a second person, oldest first."""
        query = sa.select(PayoutFile).where(PayoutFile.state == str(PayoutFileState.PREPARED))
        with self.runtime.database.transaction() as session:
            rows = session.scalars(query.order_by(PayoutFile.number).limit(MOST_SHOWN)).all()
            return tuple(
                FileToRelease(file_view(row), self._orders(caller, Payout.file_id == row.id, most=row.payments))
                for row in rows
            )

    def held(self, caller: Caller) -> tuple[OrderView, ...]:
        """Those that a person has to look into, oldest first."""
        return self._orders(caller, Payout.state == str(PayoutState.HELD))

    def on_their_way(self, caller: Caller) -> tuple[OrderView, ...]:
        """Those that the bank was given, or may have been, and has not answered for good; oldest first."""
        return self._orders(caller, Payout.state.in_([str(state) for state in ON_ITS_WAY]))

    def unpaid(self, caller: Caller) -> tuple[OrderView, ...]:
        """What failed or came back and was not ordered again, newest first."""
        later = aliased(Payout)
        again = sa.exists().where(
            later.drawdown_id == Payout.drawdown_id,
            later.state.not_in([str(state) for state in OVER_WITHOUT_PAYMENT]),
        )
        newer = sa.exists().where(later.drawdown_id == Payout.drawdown_id, later.id > Payout.id)
        ended = Payout.state.in_([str(state) for state in _ENDED])
        return self._orders(caller, ended, ~again, ~newer, newest_first=True)

    def of_agreement(self, agreement_id: uuid.UUID, caller: Caller) -> tuple[OrderView, ...]:
        """Every order of one agreement, the newest first."""
        return self._orders(caller, Payout.agreement_id == agreement_id, newest_first=True)

    def reports(self) -> tuple[ReportView, ...]:
        """What the bank has reported, the newest first; whatever nobody could read stands before the rest."""
        newest = sa.select(BankReport).where(BankReport.erased_at.is_(None)).order_by(BankReport.id.desc())
        refused, read = BankReport.refused.is_not(None), BankReport.refused.is_(None)
        with self.runtime.database.transaction() as session:
            return tuple(
                _report(row)
                for chosen in (refused, read)
                for row in session.scalars(newest.where(chosen).limit(_MOST_REPORTS))
            )

    def count_waiting(self) -> int:
        """How many files and payouts wait for a person."""
        files = sa.select(sa.func.count()).where(PayoutFile.state == str(PayoutFileState.PREPARED))
        held = sa.select(sa.func.count()).where(Payout.state == str(PayoutState.HELD))
        with self.runtime.database.transaction() as session:
            return (session.scalar(files) or 0) + (session.scalar(held) or 0)

    def _orders(
        self, caller: Caller, *chosen: sa.ColumnElement[bool], newest_first: bool = False, most: int = MOST_SHOWN
    ) -> tuple[OrderView, ...]:
        order = Payout.id.desc() if newest_first else Payout.id
        query = (
            sa.select(Payout, Agreement)
            .join(Agreement, Agreement.id == Payout.agreement_id)
            .where(Agreement.erased_at.is_(None), *chosen)
            .order_by(order)
            .limit(most)
        )
        with self.runtime.database.transaction() as session:
            rows = [(payout, agreement) for payout, agreement in session.execute(query)]
            self.runtime.cipher.prepare(agreement.details_encrypted for _, agreement in rows)
            return tuple(_order(self.runtime, payout, agreement, caller) for payout, agreement in rows)


def _order(runtime: Runtime, payout: Payout, agreement: Agreement, caller: Caller) -> OrderView:
    prepared_by = [Person(payout.prepared_by, payout.prepared_index)] if payout.prepared_by else []
    return OrderView(
        id=payout.id,
        drawdown_id=payout.drawdown_id,
        agreement_id=agreement.id,
        agreement_number=agreement.number,
        borrower_name=details_of(runtime, agreement).name,
        account=account_of(runtime, payout),
        amount=Money(payout.amount_ore),
        state=PayoutState(payout.state),
        held_for=HeldFor(payout.held_for) if payout.held_for and payout.state == PayoutState.HELD else None,
        failure=payout.failure,
        end_to_end_id=payout.end_to_end_id,
        ordered_at=payout.ordered_at,
        sent_at=payout.sent_at,
        booked_on=payout.booked_on,
        is_own=has_prepared(Person(caller.actor, caller.own_index), prepared_by),
    )


def _report(row: BankReport) -> ReportView:
    return ReportView(
        row.id,
        row.sha256.hex(),
        row.received_at,
        row.received_by != "bank",
        row.refused,
        row.moved,
        row.unknown,
        row.contradicted,
    )
