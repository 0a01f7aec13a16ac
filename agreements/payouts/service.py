"""Payouts: what is drawn, ordered when the last signature is there, and carried out by the worker (rules P1 to P4)."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from agreements.credit import rules as credit_rules
from agreements.credit.models import Agreement
from agreements.credit.rules import AgreementEvent, AgreementStateRefuses
from agreements.credit.service import lock_agreement, move, record_signature
from agreements.payouts.answers import BankAnswerUnreadable
from agreements.payouts.client import Bank, BankUnreachable, Reporting
from agreements.payouts.models import Drawdown, Payout
from agreements.payouts.rules import Person
from agreements.payouts.services.carry_out_payout import Carrier
from agreements.payouts.services.change_account import change_account
from agreements.payouts.services.check_status import Reports
from agreements.payouts.services.order_payout import (
    NOT_SENT,
    OVER_WITHOUT_PAYMENT,
    drawn,
    lock_payout,
    on_its_way,
    order,
    order_again,
    put,
    withdraw_unsent,
)
from agreements.payouts.services.read_report import ReportResult, take_report
from agreements.payouts.services.record_answer import Answers, Others, Returned, nobodys
from agreements.payouts.services.release_payouts import FileView, Releases, release_held
from agreements.payouts.services.send_files import Sender
from agreements.payouts.services.show_drawdowns import DrawdownView, drawdown_view, drawdowns_of, held_drawdowns
from agreements.payouts.services.write_file import FileTerms
from agreements.signing.models import Signing
from underwriting.due_diligence.rules import Occasion
from underwriting.due_diligence.services.screen_case import screen_again
from underwriting.kernel.errors import Conflict, NotFound
from underwriting.kernel.identifiers import Bankgiro
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import PayoutState, RepaymentPlan
from underwriting.platform.callers import Caller
from underwriting.platform.runtime import Runtime

__all__ = [
    "DrawdownView",
    "FileView",
    "PayoutAlive",
    "PayoutNotUnsent",
    "Payouts",
    "ReportResult",
    "drawn",
    "on_its_way",
    "withdraw_unsent",
]

_SYSTEM = "system"
_BEING_CANCELLED = Text("En hävning är mottagen.", "A cancellation has been received.")
_STOPPED = Text("Utbetalningar är stoppade och utreds.", "Payouts are stopped and looked into.")


_log = structlog.get_logger(__name__)


class PayoutNotUnsent(Conflict):
    """Only what has not been sent can be withdrawn. Rule P3."""

    slug = "payout-not-unsent"
    title = Text("Utbetalningen kan inte återtas", "The payout cannot be withdrawn")
    rule = "P3"


class PayoutAlive(Conflict):
    """The drawdown has an order that is alive or paid; it is paid once. Rule P3."""

    slug = "payout-alive"
    title = Text("Uttaget har redan en utbetalning", "The drawdown has a payout already")
    rule = "P3"


def nothing_more(session: Session, agreement: Agreement, on: date, at: datetime) -> None:
    """What follows from a return where no feature above this one is there: nothing."""


@dataclass(frozen=True)
class Payouts:
    """Orders, sends and follows payouts, as *terms* say. The bank is asked again after *asked_every*.

    *returned* is done when money that was paid has come back; *others* takes what reports say of what is no payout.
    """

    runtime: Runtime
    bank: Bank
    reports: Reports
    terms: FileTerms
    asked_every: timedelta = timedelta(seconds=30)
    returned: Returned = nothing_more
    others: Others = nobodys

    def signature_received(self, session: Session, signing: Signing, at: datetime) -> None:
        """The handler of agreements' and guarantees' signatures: the last one orders the first payout (rule P1)."""
        agreement = record_signature(session, self.runtime, signing, at)
        if agreement is not None:
            self.agreement_signed(session, agreement, at)

    def agreement_signed(self, session: Session, agreement: Agreement, at: datetime) -> None:
        """No signature is missing on the locked agreement: the first payout is ordered (rule P1).

        Where something stops it, the order waits for that to be over.
        """
        screen_again(session, self.runtime, agreement.application_id, Occasion.SIGNING, at=at)
        order(session, self.runtime, agreement, Money(agreement.first_drawdown_ore), actor=_SYSTEM, at=at)

    def request_drawdown(self, agreement_id: uuid.UUID, amount: Money, *, actor: str) -> DrawdownView:
        """Draw *amount* more of the limit (rule P1). Raises AgreementStateRefuses, DrawdownRefused."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            agreement = lock_agreement(session, agreement_id)
            self._require_drawable(session, agreement, actor=actor, at=at)
            limit = Money(agreement.limit_ore)
            credit_rules.check_drawdown(amount, limit=limit, drawn=drawn(session, agreement_id))
            if agreement.first_paid_out_on is not None:  # refused when no due day is left to repay it on
                credit_rules.instalments(
                    amount,
                    plan=RepaymentPlan(agreement.repayment_plan),
                    paid_out_on=agreement.first_paid_out_on,
                    term_months=agreement.term_months,
                    drawn_on=stockholm_date(at),
                )
            payout = order(session, self.runtime, agreement, amount, actor=actor, at=at)
            return drawdown_view(session.get_one(Drawdown, payout.drawdown_id), payout)

    def drawdowns(self, agreement_id: uuid.UUID) -> tuple[DrawdownView, ...]:
        """The agreement's drawdowns in order, each with its latest payout."""
        with self.runtime.database.transaction() as session:
            return drawdowns_of(session, agreement_id)

    def release(self, payout_id: uuid.UUID, *, caller: Caller, evidence: str | None = None) -> DrawdownView:
        """A person has looked into a held payout: it is due again, after a new look at the company's status (rule P4).

        Raises PayoutNotHeld; ReleaseBySamePerson where the account was changed (rule P1); ReleaseEvidenceNeeded where
        no bureau knows the company: what *evidence* shows counts as its status then.
        """
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            agreement, payout = lock_payout(session, payout_id)
            release_held(session, self.runtime, agreement, payout, caller=caller, evidence=evidence, at=at)
            return drawdown_view(session.get_one(Drawdown, payout.drawdown_id), payout)

    def withdraw(self, payout_id: uuid.UUID, *, caller: Caller) -> DrawdownView:
        """One of staff takes back an order that was not sent (rule P3). Raises PayoutNotUnsent."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            _, payout = lock_payout(session, payout_id)
            if payout.state not in NOT_SENT:
                raise PayoutNotUnsent
            put(session, payout, PayoutState.WITHDRAWN, actor=caller.actor, at=at, reason="by_staff")
            return drawdown_view(session.get_one(Drawdown, payout.drawdown_id), payout)

    def order_again(self, drawdown_id: uuid.UUID, *, caller: Caller) -> DrawdownView:
        """A new order for a drawdown whose last one failed, was returned or withdrawn (rule P3).

        Raises PayoutAlive, DrawdownRefused, AgreementStateRefuses.
        """
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            agreement_id = session.scalar(sa.select(Drawdown.agreement_id).where(Drawdown.id == drawdown_id))
            if agreement_id is None:
                raise NotFound
            agreement = lock_agreement(session, agreement_id)
            self._require_drawable(session, agreement, actor=caller.actor, at=at)
            over = [str(state) for state in OVER_WITHOUT_PAYMENT]
            alive = sa.select(Payout.id).where(Payout.drawdown_id == drawdown_id, Payout.state.not_in(over))
            if session.scalar(alive) is not None:
                raise PayoutAlive
            drawdown = session.get_one(Drawdown, drawdown_id)
            limit, already = Money(agreement.limit_ore), drawn(session, agreement_id)
            credit_rules.check_drawdown(Money(drawdown.amount_ore), limit=limit, drawn=already)
            person = Person(caller.actor, caller.own_index)
            payout = order_again(session, self.runtime, agreement, drawdown, actor=caller.actor, at=at, person=person)
            return drawdown_view(drawdown, payout)

    def change_account(
        self, agreement_id: uuid.UUID, account: Bankgiro, *, holder: str | None, evidence: str | None, caller: Caller
    ) -> tuple[DrawdownView, ...]:
        """Pay the agreement to another account of the company's (rule P1); the drawdowns as they stand after it.

        The bank is asked for the name on the account; where it tells none, *holder* is what one of staff has seen in
        *evidence*. Raises AccountNotTheCompanys, AccountEvidenceNeeded, BankUnreachable.
        """
        told = self.bank.holder_of(account)
        at, person = self.runtime.clock.now(), Person(caller.actor, caller.own_index)
        with self.runtime.database.transaction() as session:
            agreement = lock_agreement(session, agreement_id)
            change_account(
                session,
                self.runtime,
                agreement,
                account,
                told=told,
                seen=holder,
                evidence=evidence,
                person=person,
                at=at,
            )
        return self.drawdowns(agreement_id)

    def held(self) -> tuple[DrawdownView, ...]:
        """The payouts that a person has to look into, oldest first."""
        with self.runtime.database.transaction() as session:
            return held_drawdowns(session)

    def files(self) -> tuple[FileView, ...]:
        """The payment files that wait for a second person, oldest first."""
        return self._releases.waiting()

    def release_file(self, file_id: uuid.UUID, *, caller: Caller) -> FileView:
        """See `Releases.release`."""
        return self._releases.release(file_id, caller=caller)

    def refuse_file(self, file_id: uuid.UUID, *, reason: str, caller: Caller) -> FileView:
        """See `Releases.refuse`."""
        return self._releases.refuse(file_id, reason=reason, caller=caller)

    def take_report(self, content: bytes, *, actor: str) -> ReportResult:
        """Let the bank's report move payouts (rule P2). Raises BankAnswerUnreadable, and keeps what cannot be read."""
        return take_report(self.runtime, self._answers, content, actor=actor)

    def read_reports(self) -> int:
        """Take what the bank has left in its folder, where there is one; how many reports. For the worker."""
        if not isinstance(self.bank, Reporting):
            return 0
        reports = self.bank.reports()
        for name, content in reports:
            try:
                self.take_report(content, actor="bank")
            except BankAnswerUnreadable:
                self.bank.put_aside(name, readable=False)
            else:
                self.bank.put_aside(name, readable=True)
        return len(reports)

    def send_due(self) -> int:
        """Send what is ordered, released and may be paid; how many files were sent. For the worker."""
        return self._sender.send_due()

    def reconcile_due(self) -> int:
        """Ask the bank about what was sent; how many were settled or sent again. For the worker."""
        return self._carrier.reconcile_due()

    def read_answers(self) -> int:
        """Ask about everything that is on its way, without pause; how many were settled. Before fees are charged."""
        try:
            self.read_reports()
        except BankUnreachable as error:
            _log.warning("bank_unreachable", reason=error.reason)
        return self._carrier.read_answers()

    def _require_drawable(self, session: Session, agreement: Agreement, *, actor: str, at: datetime) -> None:
        state = move(session, agreement, AgreementEvent.DRAWDOWN_ASKED, at=at, actor=actor)
        if agreement.payouts_stopped_at is not None:
            raise AgreementStateRefuses(state, AgreementEvent.DRAWDOWN_ASKED, rule="C1", reason=_BEING_CANCELLED)
        if agreement.annulment_asked_at is not None:
            raise AgreementStateRefuses(state, AgreementEvent.DRAWDOWN_ASKED, rule="P4", reason=_STOPPED)

    @property
    def _sender(self) -> Sender:
        return Sender(self.runtime, self.bank, self.reports, self.terms, self.asked_every)

    @property
    def _answers(self) -> Answers:
        return Answers(self.runtime, self.returned, self.others)

    @property
    def _carrier(self) -> Carrier:
        return Carrier(self.runtime, self.bank, self._sender, self._answers, self.asked_every)

    @property
    def _releases(self) -> Releases:
        return Releases(self.runtime)
