"""The books in the database."""

import uuid
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from agreements.credit.service import grant
from agreements.ledger import rules, service
from agreements.ledger.models import LedgerEntry
from agreements.ledger.rules import Line, PostingKind
from tests.support.credit import granted_terms
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import Account
from underwriting.platform.runtime import Runtime

MARCH_2 = date(2026, 3, 2)
MARCH_5 = date(2026, 3, 5)
PAID_OUT = Money.kronor(218_000)
FEE = Money.kronor(3_270)  # 218 000 x 0.0150


@pytest.fixture
def at(runtime: Runtime) -> datetime:
    return runtime.clock.now()


@pytest.fixture
def agreement_id(runtime: Runtime, at: datetime) -> uuid.UUID:
    with runtime.database.transaction() as session:
        return grant(session, runtime, granted_terms(at), at=at).id


def pay_out(session: Session, agreement_id: uuid.UUID, at: datetime, *, key: str = "1") -> LedgerEntry | None:
    posting = rules.payout(PAID_OUT, payout_id=key, booked_on=MARCH_2)
    return service.post(session, agreement_id, posting, at=at)


def charge(session: Session, agreement_id: uuid.UUID, at: datetime) -> LedgerEntry:
    posting = rules.monthly_fee(FEE, agreement_id=agreement_id, month=Month(2026, 3), occurred_on=date(2026, 3, 31))
    entry = service.post(session, agreement_id, posting, at=at)
    assert entry is not None
    return entry


def test_a_posting_whose_key_is_booked_already_changes_nothing(
    runtime: Runtime, agreement_id: uuid.UUID, at: datetime
) -> None:
    """F6: a business event is booked once."""
    with runtime.database.transaction() as session:
        assert pay_out(session, agreement_id, at) is not None
        assert pay_out(session, agreement_id, at) is None
        assert service.balances(session, agreement_id)[Account.PRINCIPAL] == PAID_OUT
        assert len(service.entries(session, agreement_id)) == 1


def test_balances_stand_as_of_a_legal_day(runtime: Runtime, agreement_id: uuid.UUID, at: datetime) -> None:
    with runtime.database.transaction() as session:
        pay_out(session, agreement_id, at)
        charge(session, agreement_id, at)
        assert service.balances(session, agreement_id, on=date(2026, 3, 1)) == dict.fromkeys(Account, Money.ZERO)
        assert service.balances(session, agreement_id, on=date(2026, 3, 30)) == dict.fromkeys(Account, Money.ZERO) | {
            Account.PRINCIPAL: PAID_OUT,
            Account.BANK: -PAID_OUT,
        }
        assert service.balances(session, agreement_id)[Account.FEE_RECEIVABLE] == FEE


def test_balances_stand_as_they_were_known_at_an_instant(
    runtime: Runtime, agreement_id: uuid.UUID, at: datetime
) -> None:
    """F6: what was booked later, for an earlier day, is not among what was known."""
    repaid = Line(Account.BANK, Account.PRINCIPAL, Money.kronor(18_000))
    with runtime.database.transaction() as session:
        pay_out(session, agreement_id, at)
        late = rules.incoming_payment([repaid], payment_id="1", booked_on=MARCH_5)
        service.post(session, agreement_id, late, at=at + timedelta(days=9))
        for known_at, on, owed in (
            (at - timedelta(microseconds=1), None, Money.ZERO),
            (at, None, PAID_OUT),
            (at + timedelta(days=8), MARCH_5, PAID_OUT),
            (at + timedelta(days=9), MARCH_5, Money.kronor(200_000)),
            (at + timedelta(days=9), MARCH_2, PAID_OUT),
        ):
            known = service.balances(session, agreement_id, on=on, known_at=known_at)
            assert known[Account.PRINCIPAL] == owed, (known_at, on)


def test_a_mistake_is_taken_back_by_an_entry_of_its_own(
    runtime: Runtime, agreement_id: uuid.UUID, at: datetime
) -> None:
    """F6: the entry that was wrong stays as it was written; the second attempt to reverse it does nothing."""
    with runtime.database.transaction() as session:
        wrong = charge(session, agreement_id, at)
        reversal = service.reverse(session, wrong, occurred_on=date(2026, 4, 2), at=at)
        assert reversal is not None
        assert service.reverse(session, wrong, occurred_on=date(2026, 4, 3), at=at) is None
        first, second = service.entries(session, agreement_id)
        assert first.lines == (Line(Account.FEE_RECEIVABLE, Account.FEE_INCOME, FEE),)
        assert second.lines == (Line(Account.FEE_INCOME, Account.FEE_RECEIVABLE, FEE),)
        assert (second.kind, second.reverses_id, second.occurred_on) == (
            PostingKind.REVERSAL,
            wrong.id,
            date(2026, 4, 2),
        )
        assert service.balances(session, agreement_id) == dict.fromkeys(Account, Money.ZERO)


def test_the_part_of_a_reversed_fee_that_was_paid_becomes_the_borrowers_own_money(
    runtime: Runtime, agreement_id: uuid.UUID, at: datetime
) -> None:
    """F6: a receivable never falls below zero. 3 270 charged, 1 270 of it unpaid: 2 000 kr to the credit balance."""
    with runtime.database.transaction() as session:
        fee = charge(session, agreement_id, at)
        paid = Line(Account.BANK, Account.FEE_RECEIVABLE, Money.kronor(2_000))
        service.post(session, agreement_id, rules.incoming_payment([paid], payment_id="1", booked_on=MARCH_5), at=at)
        service.reverse(session, fee, occurred_on=MARCH_5, at=at, still_unpaid=Money.kronor(1_270))
        standing = service.balances(session, agreement_id)
        assert standing[Account.FEE_RECEIVABLE] == Money.ZERO
        assert standing[Account.CREDIT_BALANCE] == -Money.kronor(2_000)
        assert service.check(session) == ()


def test_the_principal_moves_by_payouts_and_repayments_but_not_by_what_was_reversed(
    runtime: Runtime, agreement_id: uuid.UUID, at: datetime
) -> None:
    """P3: a returned payout was never utilised."""
    repaid = Line(Account.BANK, Account.PRINCIPAL, Money.kronor(18_000))
    with runtime.database.transaction() as session:
        pay_out(session, agreement_id, at)
        returned = pay_out(session, agreement_id, at, key="returned")
        assert returned is not None
        service.reverse(session, returned, occurred_on=MARCH_5, at=at)
        service.post(session, agreement_id, rules.incoming_payment([repaid], payment_id="1", booked_on=MARCH_5), at=at)
        movements = service.principal_movements(session, agreement_id)
    assert [(moved.occurred_on, moved.amount) for moved in movements] == [
        (MARCH_2, PAID_OUT),
        (MARCH_5, -Money.kronor(18_000)),
    ]
    assert [moved.order for moved in movements] == [1, 2]


def test_the_books_are_read_page_by_page(runtime: Runtime, agreement_id: uuid.UUID, at: datetime) -> None:
    with runtime.database.transaction() as session:
        for number in range(5):
            pay_out(session, agreement_id, at, key=str(number))
        first = service.entries(session, agreement_id, limit=2)
        rest = service.entries(session, agreement_id, after=first[-1].id)
    assert [entry.business_key for entry in (*first, *rest)] == [f"payout:{number}" for number in range(5)]


def test_sound_books_have_no_findings(runtime: Runtime, agreement_id: uuid.UUID, at: datetime) -> None:
    """F6: over all agreements debits less credits are zero."""
    with runtime.database.transaction() as session:
        pay_out(session, agreement_id, at)
        charge(session, agreement_id, at)
        assert service.check(session) == ()
        assert Money.sum(service.total_balances(session).values()) == Money.ZERO


@pytest.mark.parametrize(
    "statement",
    ["UPDATE ledger_line SET amount_ore = 1", "DELETE FROM ledger_line", "UPDATE ledger_entry SET kind = 'payment'"],
)
def test_the_service_can_change_nothing_in_the_books(runtime: Runtime, statement: str) -> None:
    """F6: the ledger is append-only, for the service too."""
    with pytest.raises(ProgrammingError, match="permission denied"), runtime.database.transaction() as session:
        session.execute(sa.text(statement))
