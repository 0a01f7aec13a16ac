"""What the database says of an agreement's accounts is what the pure rules say of the postings that it was given."""

import uuid
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agreements.credit.service import grant
from agreements.ledger import rules
from agreements.ledger import service as ledger
from agreements.ledger.rules import Line, Posting, PostingKind
from tests.support.credit import granted_terms
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import Account
from underwriting.platform.runtime import Runtime

FIRST = date(2026, 3, 2)
BOOKED = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAYS = 6
ACCOUNTS = (Account.BANK, Account.PRINCIPAL, Account.FEE_RECEIVABLE, Account.FEE_INCOME, Account.CREDIT_BALANCE)

days = st.integers(0, DAYS - 1)
lines = st.builds(
    lambda accounts, ore: Line(accounts[0], accounts[1], Money(ore)),
    st.permutations(ACCOUNTS),
    st.integers(1, 10_000_000),
)
events = st.lists(
    st.tuples(st.lists(lines, min_size=1, max_size=3).map(tuple), days, days, st.none() | days), max_size=6
)


class Undone(Exception):
    """Leaves a transaction so that nothing of it stays."""


@pytest.fixture
def agreement_id(runtime: Runtime) -> uuid.UUID:
    """An agreement of which nothing is booked yet."""
    with runtime.database.transaction() as session:
        return grant(session, runtime, granted_terms(BOOKED), at=BOOKED).id


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=events, on=st.none() | days, known=st.none() | days)
def test_balances_as_of_any_day_and_as_known_at_any_instant(
    runtime: Runtime,
    agreement_id: uuid.UUID,
    history: list[tuple[tuple[Line, ...], int, int, int | None]],
    on: int | None,
    known: int | None,
) -> None:
    """F6: what was booked later is not known yet, what occurs later is not counted; of reversals too."""
    posted: list[tuple[Posting, int]] = []
    with suppress(Undone), runtime.database.transaction() as session:
        for number, (made, occurred, booked, reversed_after) in enumerate(history):
            day = FIRST + timedelta(days=occurred)
            posting = Posting(PostingKind.PAYMENT, day, f"payment:{agreement_id}:{number}", made)
            entry = ledger.post(session, agreement_id, posting, at=BOOKED + timedelta(days=booked))
            assert entry is not None
            posted.append((posting, booked))
            if reversed_after is not None:
                later = booked + reversed_after
                ledger.reverse(session, entry, occurred_on=day, at=BOOKED + timedelta(days=later))
                posted.append((rules.reversal(posting, occurred_on=day), later))
        expected = rules.balances(
            posting
            for posting, booked in posted
            if (on is None or posting.occurred_on <= FIRST + timedelta(days=on)) and (known is None or booked <= known)
        )
        told = ledger.balances(
            session,
            agreement_id,
            on=None if on is None else FIRST + timedelta(days=on),
            known_at=None if known is None else BOOKED + timedelta(days=known),
        )
        assert told == {account: expected.get(account, Money.ZERO) for account in Account}
        raise Undone
