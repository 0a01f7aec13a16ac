"""Early redemption: quoted, asked for, and completed by the money (rule F3)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.billing import service as billing
from agreements.credit.messages import Letter
from agreements.credit.models import Agreement
from agreements.credit.rules import AgreementEvent, AgreementFacts
from agreements.credit.service import get_agreement, link_to, lock_agreement, move, tell_borrower
from agreements.credit.services.end_guarantees import end_guarantees
from agreements.credit.services.write_documents import common_values
from agreements.documents import service as documents
from agreements.documents.rules import DocumentKind
from agreements.late_payment.service import book_known_interest, unbooked_interest
from agreements.ledger import service as ledger
from agreements.ledger.rules import FEES_OWED, OWED
from agreements.payments.rules import Claim, Settlement, SettlementKind
from agreements.payments.service import credit_balance, use_balance
from agreements.payouts.service import on_its_way, withdraw_unsent
from agreements.redemption import messages, rules
from agreements.redemption.models import Redemption
from agreements.redemption.rules import RedemptionQuote
from underwriting.kernel.bank_days import next_bank_day
from underwriting.kernel.event_catalogue import REDEMPTION_REQUESTED
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month, stockholm_date
from underwriting.kernel.vocabulary import Account, AgreementState
from underwriting.kernel.wording import month_in_words
from underwriting.platform import audit_log, events
from underwriting.platform.encryption import of_application
from underwriting.platform.runtime import Runtime


@dataclass(frozen=True, slots=True)
class RedemptionView:
    """A request to redeem: for which day, how much was quoted, and whether the money has completed it."""

    id: uuid.UUID
    agreement_id: uuid.UUID
    state: str
    on: date
    total: Money
    requested_at: datetime
    completed_at: datetime | None


@dataclass(frozen=True)
class Redemptions:
    """Quotes and takes early redemptions; a source of settlements for incoming payments."""

    runtime: Runtime

    def quote(self, agreement_id: uuid.UUID, on: date) -> RedemptionQuote:
        """What redeeming on *on* costs; see `rules.quote` for what is refused. Changes nothing."""
        today = stockholm_date(self.runtime.clock.now())
        with self.runtime.database.transaction() as session:
            return _quote(session, get_agreement(session, agreement_id), on, today=today)

    def request(self, agreement_id: uuid.UUID, on: date, *, actor: str) -> RedemptionView:
        """Note that the borrower wants to redeem on *on*; the money completes it. A later request replaces this one.

        A credit balance that covers all of it completes it at once.
        """
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            agreement = lock_agreement(session, agreement_id)
            book_known_interest(session, agreement_id, through=stockholm_date(at), actor=actor, at=at)
            quote = _quote(session, agreement, on, today=stockholm_date(at))
            row = _replace_open(session, agreement_id, quote, actor=actor, at=at)
            agreement.version += 1
            data = {"on": on.isoformat(), "total": str(quote.total)}
            subject = f"agreement:{agreement_id}"
            audit_log.append(session, subject, "redemption.requested", actor=actor, at=at, data=data)
            _write_quote(session, self.runtime, agreement, row, quote, at)
            _tell_integrators(session, agreement, row, quote, at)
            use_balance(session, agreement, (self,), on=stockholm_date(at), at=at)
            if row.state == "open":
                letter = messages.quoted(
                    number=agreement.number, total=quote.total, on=on, link=link_to(self.runtime, agreement)
                )
                self._tell(session, agreement, letter, kind="redemption-quote", row=row, at=at)
            return _view(row)

    def open_one(self, agreement_id: uuid.UUID) -> RedemptionView | None:
        """The redemption that waits for its money, or None."""
        with self.runtime.database.transaction() as session:
            row = _open_row(session, agreement_id)
            return _view(row) if row else None

    def may_wait(self, session: Session, agreement_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
        """Those of the agreements whose redemption waits for its money."""
        rows = sa.select(Redemption.agreement_id)
        return set(session.scalars(rows.where(Redemption.agreement_id.in_(agreement_ids), Redemption.state == "open")))

    def waiting(self, session: Session, agreement: Agreement, *, booked_on: date) -> Settlement | None:
        """All that is owed on *booked_on*, where a redemption waits for it; nothing while a payout is on its way."""
        if agreement.state != AgreementState.RUNNING or _open_row(session, agreement.id) is None:
            return None
        if on_its_way(session, agreement.id):
            return None
        balances = ledger.balances(session, agreement.id)
        owed = [(account, balances[account]) for account in OWED]
        new_fees = billing.uncharged(session, agreement, Month.of(booked_on))
        owed += [(Account.FEE_RECEIVABLE, explained.fee) for explained in new_fees]
        claims = tuple(Claim(account, booked_on, amount) for account, amount in owed if amount)
        return Settlement(SettlementKind.REDEMPTION, claims)

    def settle(self, session: Session, agreement: Agreement, *, booked_on: date, at: datetime) -> None:
        """The sum has been received: the running month's fee is charged at once and the agreement is over."""
        billing.charge_through(session, agreement, Month.of(booked_on), occurred_on=booked_on, at=at)
        withdraw_unsent(session, agreement.id, actor="bank", at=at)
        facts = AgreementFacts(paid_in_full=True, payout_on_its_way=False)
        move(session, agreement, AgreementEvent.REDEMPTION_PAID, at=at, actor="bank", facts=facts)
        end_guarantees(session, self.runtime, agreement, at=at)
        row = _open_row(session, agreement.id)
        if row is None:
            raise LookupError("no redemption waits for its money")
        row.state, row.completed_at = "completed", at
        letter = messages.redeemed(number=agreement.number, link=link_to(self.runtime, agreement))
        self._tell(session, agreement, letter, kind="redeemed", row=row, at=at)

    def _tell(
        self, session: Session, agreement: Agreement, letter: Letter, *, kind: str, row: Redemption, at: datetime
    ) -> None:
        tell_borrower(session, self.runtime, agreement, letter, kind=kind, occasion=str(row.id), at=at)


def _quote(session: Session, agreement: Agreement, on: date, *, today: date) -> RedemptionQuote:
    standing = ledger.balances(session, agreement.id)
    in_books = Money.sum(
        standing[account] for account in FEES_OWED if account is not Account.CANCELLATION_FEE_RECEIVABLE
    )
    return rules.quote(
        on,
        today=today,
        state=AgreementState(agreement.state),
        payout_on_its_way=bool(on_its_way(session, agreement.id)),
        movements=billing.movements_of(session, agreement.id),
        instalments=billing.instalments_of(session, agreement.id),
        rate=agreement.fee_rate,
        charged={fee.month for fee in billing.fees_of(session, agreement.id)},
        # what late claims will have borne when the money is there; booked with it (rule R5)
        unpaid_fees=in_books + unbooked_interest(session, agreement.id, through=next_bank_day(on)),
        credit_balance=credit_balance(session, agreement.id),
    )


def _replace_open(
    session: Session, agreement_id: uuid.UUID, quote: RedemptionQuote, *, actor: str, at: datetime
) -> Redemption:
    earlier = _open_row(session, agreement_id)
    if earlier is not None:
        earlier.state = "replaced"
        session.flush()
    row = Redemption(
        agreement_id=agreement_id,
        state="open",
        on_date=quote.on,
        total_ore=quote.total.ore,
        requested_by=actor,
        requested_at=at,
    )
    session.add(row)
    session.flush()
    return row


def _write_quote(
    session: Session, runtime: Runtime, agreement: Agreement, row: Redemption, quote: RedemptionQuote, at: datetime
) -> None:
    """What was quoted, as a document of the borrower's."""
    documents.keep(
        session,
        runtime,
        subject_id=row.id,
        kind=DocumentKind.REDEMPTION_QUOTE,
        recipient_index=agreement.signatory_index,
        data_subject=of_application(agreement.application_id),
        values=common_values(runtime, agreement)
        | {
            "made_at": at,
            "on": quote.on,
            "booked_on": quote.booked_on,
            "principal": quote.principal,
            "unpaid_fees": quote.unpaid_fees,
            "new_fees": [(month_in_words(explained.month), explained.fee) for explained in quote.new_fees],
            "credit_balance": quote.credit_balance,
            "total": quote.total,
            "last_day": quote.last_day,
        },
        at=at,
        agreement_id=agreement.id,
    )


def _tell_integrators(
    session: Session, agreement: Agreement, row: Redemption, quote: RedemptionQuote, at: datetime
) -> None:
    events.record(
        session,
        REDEMPTION_REQUESTED,
        at=at,
        agreement_id=agreement.id,
        application_id=agreement.application_id,
        redemption_id=row.id,
        on=quote.on,
        total=quote.total,
    )


def _open_row(session: Session, agreement_id: uuid.UUID) -> Redemption | None:
    return session.scalar(
        sa.select(Redemption).where(Redemption.agreement_id == agreement_id, Redemption.state == "open")
    )


def _view(row: Redemption) -> RedemptionView:
    return RedemptionView(
        row.id, row.agreement_id, row.state, row.on_date, Money(row.total_ore), row.requested_at, row.completed_at
    )
