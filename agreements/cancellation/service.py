"""Cancelling an agreement in one of the two windows: quoted, received, paid for, completed or fallen (rules C1 to C8)."""

import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.billing import service as billing
from agreements.cancellation import messages, rules
from agreements.cancellation.models import Cancellation
from agreements.cancellation.rules import CancellationQuote
from agreements.credit.models import Agreement
from agreements.credit.rules import AgreementEvent, AgreementFacts
from agreements.credit.service import get_agreement, lock_agreement, move, tell_borrower
from agreements.guarantees import service as guarantees
from agreements.ledger import rules as postings
from agreements.ledger import service as ledger
from agreements.payments.rules import Claim, Settlement, SettlementKind
from agreements.payments.service import credit_balance
from agreements.payouts.services.order_payout import on_its_way, withdraw_unsent
from underwriting.kernel.bank_days import previous_bank_day
from underwriting.kernel.errors import Conflict, NotFound, NotPermitted
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.product import ProductTerms
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import (
    Account,
    AgreementState,
    CancellationState,
    CancellationWindow,
    RequestChannel,
    WindowPolicy,
)
from underwriting.platform import audit_log
from underwriting.platform.runtime import Runtime

MOST_PER_TICK = 100
_DAY = timedelta(days=1)
_ALIVE = (CancellationState.UNCONFIRMED, CancellationState.CONDITIONAL, CancellationState.COMPLETED)
_EVER_CANCELLABLE = (AgreementState.SIGNING, AgreementState.SIGNED, AgreementState.RUNNING)


class CancellationUnderWay(Conflict):
    """The agreement has been cancelled already, or a cancellation of it waits for its money. Rule C6."""

    slug = "cancellation-under-way"
    title = Text("En hävning är redan mottagen", "A cancellation has been received already")
    rule = "C6"


class ConfirmationNotAwaited(Conflict):
    """The cancellation does not wait for a second person. Rule C5."""

    slug = "confirmation-not-awaited"
    title = Text("Hävningen väntar inte på bekräftelse", "The cancellation does not await confirmation")
    rule = "C5"


class SecondPersonNeeded(NotPermitted):
    """Whoever recorded a late request cannot confirm it as well. Rule C5."""

    slug = "second-person-needed"
    title = Text(
        "En annan person än den som antecknade begäran måste bekräfta den",
        "Someone else than who recorded the request has to confirm it",
    )
    rule = "C5"


@dataclass(frozen=True, slots=True)
class CancellationView:
    """A cancellation as it stands; *pay_by* is None where nothing has to be repaid."""

    id: uuid.UUID
    agreement_id: uuid.UUID
    state: CancellationState
    window: CancellationWindow
    channel: RequestChannel
    received_at: datetime
    fee: Money
    principal: Money
    pay_by: date | None

    @property
    def total(self) -> Money:
        """Fee and principal together."""
        return self.fee + self.principal


@dataclass(frozen=True)
class Cancellations:
    """Quotes, takes and completes cancellations; a source of settlements for incoming payments."""

    runtime: Runtime

    def quote(self, agreement_id: uuid.UUID) -> CancellationQuote:
        """What cancelling costs for a request at this moment, and until when it can be made (rule C7)."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            return self._quote(session, get_agreement(session, agreement_id), at)

    def request(
        self,
        agreement_id: uuid.UUID,
        channel: RequestChannel,
        *,
        received_at: datetime | None,
        actor: str,
    ) -> CancellationView:
        """Take a request: in the portal the server's clock counts, staff state when it arrived (rule C5).

        Raises CancellationWindowClosed or CancellationNotYetOpen outside the windows, ReceivedAtRefused,
        CancellationUnderWay, AgreementStateRefuses.
        """
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            agreement = lock_agreement(session, agreement_id)
            if _alive(session, agreement_id) is not None:
                raise CancellationUnderWay
            reception = rules.check_received_at(
                channel,
                received_at=received_at,
                recorded_at=at,
                granted_at=agreement.granted_at,
                first_paid_out_at=agreement.first_paid_out_at,
                terms=_terms_of(agreement, self.runtime.terms),
            )
            quote = self._quote(session, agreement, reception.received_at)
            row = self._record(session, agreement, channel, reception, quote, actor=actor, at=at)
            if not reception.needs_confirmation:
                self._carry_out(session, agreement, row, actor=actor, at=at)
            return _view(row)

    def confirm(self, cancellation_id: uuid.UUID, *, actor: str) -> CancellationView:
        """A second person confirms a request that was recorded after its window had closed (rule C5)."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            agreement_id = session.scalar(
                sa.select(Cancellation.agreement_id).where(Cancellation.id == cancellation_id)
            )
            if agreement_id is None:
                raise NotFound
            agreement = lock_agreement(session, agreement_id)
            row = session.get_one(Cancellation, cancellation_id, populate_existing=True)
            if row.state != CancellationState.UNCONFIRMED:
                raise ConfirmationNotAwaited
            if row.recorded_by == actor:
                raise SecondPersonNeeded
            row.confirmed_by = actor
            self._carry_out(session, agreement, row, actor=actor, at=at)
            return _view(row)

    def of_agreement(self, agreement_id: uuid.UUID) -> CancellationView | None:
        """The agreement's latest cancellation, or None."""
        with self.runtime.database.transaction() as session:
            row = session.scalar(
                sa.select(Cancellation)
                .where(Cancellation.agreement_id == agreement_id)
                .order_by(Cancellation.id.desc())
                .limit(1)
            )
            return _view(row) if row else None

    def advance_conditional(self) -> int:
        """Move on what waited for the bank: a payout that has an answer since, money that did not come (rule C6).

        How many changed. A continuous job.
        """
        with self.runtime.database.transaction() as session:
            waiting = session.scalars(
                sa.select(Cancellation.agreement_id)
                .where(Cancellation.state == str(CancellationState.CONDITIONAL))
                .order_by(Cancellation.pay_by)
                .limit(MOST_PER_TICK)
            ).all()
        return sum(self._advance(agreement_id) for agreement_id in waiting)

    def waiting(self, session: Session, agreement: Agreement, *, booked_on: date) -> Settlement | None:
        """Principal and fee of a conditional cancellation, for money booked by its last day; None otherwise.

        A later drawdown that is on its way belongs to the sum: until the bank has answered, nothing settles it.
        """
        row = _alive(session, agreement.id)
        conditional = row is not None and row.state == CancellationState.CONDITIONAL
        if row is None or not conditional or agreement.state != AgreementState.CANCELLING:
            return None
        principal = ledger.balances(session, agreement.id)[Account.PRINCIPAL] + on_its_way(session, agreement.id)
        sums = ((Account.PRINCIPAL, principal), (Account.CANCELLATION_FEE_RECEIVABLE, Money(row.fee_ore)))
        claims = tuple(Claim(account, booked_on, amount) for account, amount in sums if amount)
        return Settlement(SettlementKind.CANCELLATION, claims, pay_by=row.pay_by)

    def settle(self, session: Session, agreement: Agreement, *, booked_on: date, at: datetime) -> None:
        """The money came in time: the agreement is cancelled and its monthly fees are taken back (rule C6)."""
        row = _alive(session, agreement.id)
        if row is None:
            raise NotFound
        fee = postings.cancellation_fee(Money(row.fee_ore), cancellation_id=row.id, occurred_on=booked_on)
        ledger.post(session, agreement.id, fee, at=at)
        billing.reverse_all(session, agreement.id, occurred_on=booked_on, at=at)
        facts = AgreementFacts(paid_in_full=True, payout_on_its_way=bool(on_its_way(session, agreement.id)))
        withdraw_unsent(session, agreement.id, actor="bank", at=at)
        move(session, agreement, AgreementEvent.CANCELLATION_PAID, at=at, actor="bank", facts=facts)
        self._complete(session, agreement, row, at=at)

    def _quote(self, session: Session, agreement: Agreement, at: datetime) -> CancellationQuote:
        if agreement.state not in _EVER_CANCELLABLE:
            move(session, agreement, AgreementEvent.CANCELLATION_RECEIVED, at=at, actor="nobody")
        owed = ledger.balances(session, agreement.id)[Account.PRINCIPAL]
        return rules.quote(
            at,
            granted_at=agreement.granted_at,
            first_paid_out_at=agreement.first_paid_out_at,
            principal=owed + on_its_way(session, agreement.id),
            terms=_terms_of(agreement, self.runtime.terms),
        )

    def _record(
        self,
        session: Session,
        agreement: Agreement,
        channel: RequestChannel,
        reception: rules.Reception,
        quote: CancellationQuote,
        *,
        actor: str,
        at: datetime,
    ) -> Cancellation:
        row = Cancellation(
            agreement_id=agreement.id,
            state=str(CancellationState.UNCONFIRMED if reception.needs_confirmation else CancellationState.CONDITIONAL),
            closing_window=str(quote.window.kind),
            channel=str(channel),
            received_at=reception.received_at,
            recorded_at=at,
            recorded_by=None if channel is RequestChannel.PORTAL else actor,
            needs_confirmation=reception.needs_confirmation,
            fee_ore=quote.fee.ore,
            principal_ore=quote.principal_to_repay.ore,
            pay_by=quote.pay_by,
        )
        session.add(row)
        session.flush()
        data = {"cancellation": str(row.id), "window": str(quote.window.kind), "channel": str(channel)}
        audit_log.append(session, f"agreement:{agreement.id}", "cancellation.received", actor=actor, at=at, data=data)
        return row

    def _carry_out(
        self, session: Session, agreement: Agreement, row: Cancellation, *, actor: str, at: datetime
    ) -> None:
        """What a received and, where needed, confirmed request does at once."""
        withdraw_unsent(session, agreement.id, actor=actor, at=at)
        on_the_way = on_its_way(session, agreement.id)
        if agreement.state == AgreementState.RUNNING:
            row.state = str(CancellationState.CONDITIONAL)
            move(session, agreement, AgreementEvent.CANCELLATION_RECEIVED, at=at, actor=actor)
            self._use_balance_already_there(session, agreement, row, at)
        elif on_the_way:  # the bank has the order: what it answers decides whether there is anything to repay
            row.state = str(CancellationState.CONDITIONAL)
        else:
            self._cancel_unpaid(session, agreement, row, actor=actor, at=at)
        if row.state == CancellationState.CONDITIONAL and row.pay_by is not None:
            letter = messages.received(
                number=agreement.number, total=Money(row.fee_ore + row.principal_ore), pay_by=row.pay_by
            )
            tell_borrower(session, self.runtime, agreement, letter, kind="cancellation", occasion=str(row.id), at=at)

    def _use_balance_already_there(
        self, session: Session, agreement: Agreement, row: Cancellation, at: datetime
    ) -> None:
        """A credit balance that covers everything completes it without another payment."""
        on = stockholm_date(at)
        settlement = self.waiting(session, agreement, booked_on=on)
        balance = credit_balance(session, agreement.id)
        if settlement is None or balance < settlement.total:
            return
        self.settle(session, agreement, booked_on=on, at=at)
        lines = [postings.Line(Account.CREDIT_BALANCE, claim.account, claim.amount) for claim in settlement.claims]
        posting = postings.balance_used(lines, business_key=f"cancellation:{row.id}", occurred_on=on)
        ledger.post(session, agreement.id, posting, at=at)

    def _cancel_unpaid(
        self, session: Session, agreement: Agreement, row: Cancellation, *, actor: str, at: datetime
    ) -> None:
        """Nothing has been paid out: the agreement is over at once and owes the fee (rules C1, C3)."""
        facts = AgreementFacts(payout_on_its_way=False)
        move(session, agreement, AgreementEvent.CANCELLATION_RECEIVED, at=at, actor=actor, facts=facts)
        occurred_on = stockholm_date(row.received_at)
        fee = postings.cancellation_fee(Money(row.fee_ore), cancellation_id=row.id, occurred_on=occurred_on)
        ledger.post(session, agreement.id, fee, at=at)
        row.principal_ore, row.pay_by = 0, None
        self._complete(session, agreement, row, at=at)

    def _complete(self, session: Session, agreement: Agreement, row: Cancellation, *, at: datetime) -> None:
        row.state, row.settled_at = str(CancellationState.COMPLETED), at
        guarantees.end(session, agreement.id, at=at)
        letter = messages.completed(number=agreement.number, fee=Money(row.fee_ore))
        tell_borrower(session, self.runtime, agreement, letter, kind="cancelled", occasion=str(row.id), at=at)

    def _advance(self, agreement_id: uuid.UUID) -> bool:
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            agreement = lock_agreement(session, agreement_id)
            row = _alive(session, agreement_id)
            if row is None or row.state != CancellationState.CONDITIONAL:
                return False
            if agreement.state == AgreementState.RUNNING:  # the payout that was on its way has been booked
                move(session, agreement, AgreementEvent.CANCELLATION_RECEIVED, at=at, actor="system")
                return True
            if agreement.state == AgreementState.SIGNED and not on_its_way(session, agreement_id):  # it has failed
                self._cancel_unpaid(session, agreement, row, actor="system", at=at)
                return True
            if agreement.state == AgreementState.CANCELLING:
                self._use_balance_already_there(session, agreement, row, at)
            return agreement.state == AgreementState.CANCELLING and self._fall(session, agreement, row, at)

    def _fall(self, session: Session, agreement: Agreement, row: Cancellation, at: datetime) -> bool:
        """The money did not come in time: fees run as if never asked (rule C6)."""
        if row.pay_by is None:
            return False
        state = rules.outcome(
            total=Money(row.fee_ore + row.principal_ore),
            received=Money.ZERO,  # a payment in time has completed it already
            pay_by=row.pay_by,
            answers_read_through=_answers_read_through(at),
        )
        if state is not CancellationState.FALLEN:
            return False
        row.state, row.settled_at = str(state), at
        move(session, agreement, AgreementEvent.CANCELLATION_FELL, at=at, actor="system")
        letter = messages.fallen(number=agreement.number, pay_by=row.pay_by)
        tell_borrower(session, self.runtime, agreement, letter, kind="cancellation-fell", occasion=str(row.id), at=at)
        return True


def _terms_of(agreement: Agreement, terms: ProductTerms) -> ProductTerms:
    """The terms that applied when the agreement was granted."""
    return replace(
        terms,
        cancellation_fee=Money(agreement.cancellation_fee_ore),
        same_day_cancellation_fee=Money(agreement.same_day_cancellation_fee_ore),
        cancellation_days=agreement.cancellation_days,
        window_policy=WindowPolicy(agreement.window_policy),
    )


def _alive(session: Session, agreement_id: uuid.UUID) -> Cancellation | None:
    query = sa.select(Cancellation).where(
        Cancellation.agreement_id == agreement_id, Cancellation.state.in_([str(state) for state in _ALIVE])
    )
    return session.scalar(query.execution_options(populate_existing=True))


def _answers_read_through(at: datetime) -> date:
    """The last day of which the bank has told everything: its bookings may be told to the end of the next bank day."""
    told_on = previous_bank_day(stockholm_date(at) - _DAY)
    return previous_bank_day(told_on - _DAY)


def _view(row: Cancellation) -> CancellationView:
    return CancellationView(
        id=row.id,
        agreement_id=row.agreement_id,
        state=CancellationState(row.state),
        window=CancellationWindow(row.closing_window),
        channel=RequestChannel(row.channel),
        received_at=row.received_at,
        fee=Money(row.fee_ore),
        principal=Money(row.principal_ore),
        pay_by=row.pay_by,
    )
