"""Lines, postings and what they leave on the accounts."""

from datetime import date

import pytest

from agreements.ledger.rules import (
    Line,
    Posting,
    PostingKind,
    balance_used,
    balances,
    cancellation_fee,
    incoming_payment,
    monthly_fee,
    payout,
    reversal,
)
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import Account

DAY = date(2026, 3, 31)
FEE = Money.kronor(4_500)


def fee_of_march() -> Posting:
    return monthly_fee(FEE, agreement_id="a1", month=Month(2026, 3), occurred_on=DAY)


@pytest.mark.parametrize("amount", [Money.ZERO, Money(-1), Money.kronor(-100)])
def test_a_line_moves_more_than_nothing(amount: Money) -> None:
    """F6: a line moves a positive amount."""
    with pytest.raises(ValueError, match="positive"):
        Line(Account.BANK, Account.PRINCIPAL, amount)


def test_a_line_has_two_accounts() -> None:
    """F6: from one account to another."""
    with pytest.raises(ValueError, match="two accounts"):
        Line(Account.BANK, Account.BANK, Money(1))


def test_a_posting_has_a_line() -> None:
    """F6: an entry without a line says nothing."""
    with pytest.raises(ValueError, match="at least one line"):
        incoming_payment((), payment_id="p1", booked_on=DAY)


@pytest.mark.parametrize(
    ("posting", "kind", "key", "debit", "credit"),
    [
        (
            payout(FEE, payout_id="u1", booked_on=DAY),
            PostingKind.PAYOUT, "payout:u1", Account.PRINCIPAL, Account.BANK,
        ),
        (
            fee_of_march(),
            PostingKind.MONTHLY_FEE, "fee:a1:2026-03", Account.FEE_RECEIVABLE, Account.FEE_INCOME,
        ),
        (
            cancellation_fee(FEE, cancellation_id="c1", occurred_on=DAY),
            PostingKind.CANCELLATION_FEE, "cancellation-fee:c1",
            Account.CANCELLATION_FEE_RECEIVABLE, Account.CANCELLATION_FEE_INCOME,
        ),
        (
            incoming_payment([Line(Account.BANK, Account.PRINCIPAL, FEE)], payment_id="p1", booked_on=DAY),
            PostingKind.PAYMENT, "payment:p1", Account.BANK, Account.PRINCIPAL,
        ),
        (
            balance_used(
                [Line(Account.CREDIT_BALANCE, Account.FEE_RECEIVABLE, FEE)], business_key="used:x", occurred_on=DAY
            ),
            PostingKind.ALLOCATION, "used:x", Account.CREDIT_BALANCE, Account.FEE_RECEIVABLE,
        ),
    ],
)  # fmt: skip
def test_each_event_moves_the_money_between_its_two_accounts(
    posting: Posting, kind: PostingKind, key: str, debit: Account, credit: Account
) -> None:
    """F6: and carries a key under which it is never booked twice."""
    assert (posting.kind, posting.business_key, posting.occurred_on) == (kind, key, DAY)
    assert posting.lines == (Line(debit, credit, FEE),)


def test_two_fees_for_one_agreement_and_month_have_one_key() -> None:
    """F1: never twice for one agreement and month; the ledger's unique key refuses the second."""
    again = monthly_fee(Money.kronor(1), agreement_id="a1", month=Month(2026, 3), occurred_on=date(2026, 4, 15))
    assert again.business_key == fee_of_march().business_key


def test_a_loan_that_is_paid_back_leaves_bank_and_income_only() -> None:
    """F6: 100 000 out, 104 500 in: 4 500 earned, and all accounts sum to zero."""
    loan = Money.kronor(100_000)
    books = [
        payout(loan, payout_id="u1", booked_on=date(2026, 3, 2)),
        fee_of_march(),
        incoming_payment(
            [Line(Account.BANK, Account.FEE_RECEIVABLE, FEE), Line(Account.BANK, Account.PRINCIPAL, loan)],
            payment_id="p1",
            booked_on=DAY,
        ),
    ]
    assert balances(books) == {
        Account.BANK: Money.kronor(4_500),
        Account.FEE_INCOME: Money.kronor(-4_500),
        Account.PRINCIPAL: Money.ZERO,
        Account.FEE_RECEIVABLE: Money.ZERO,
    }


def test_a_mistake_is_reversed_with_debit_and_credit_swapped() -> None:
    """F6: never edited; the reversal names what it reverses."""
    taken_back = reversal(fee_of_march(), occurred_on=date(2026, 4, 7))
    assert taken_back.kind is PostingKind.REVERSAL
    assert taken_back.business_key == "reversal:fee:a1:2026-03"
    assert taken_back.occurred_on == date(2026, 4, 7)
    assert taken_back.lines == (Line(Account.FEE_INCOME, Account.FEE_RECEIVABLE, FEE),)
    assert not any(balances([fee_of_march(), taken_back]).values())


@pytest.mark.parametrize(("paid", "given_back"), [(0, 0), (1_000, 1_000), (4_500, 4_500)])
def test_what_was_paid_of_a_reversed_fee_becomes_credit_balance(paid: int, given_back: int) -> None:
    """C6: the monthly fees of a cancelled agreement are reversed, and nobody loses what was paid of them."""
    books = [fee_of_march()]
    if paid:
        line = Line(Account.BANK, Account.FEE_RECEIVABLE, Money.kronor(paid))
        books.append(incoming_payment([line], payment_id="p1", booked_on=date(2026, 4, 2)))
    books.append(reversal(fee_of_march(), occurred_on=date(2026, 4, 7), still_unpaid=FEE - Money.kronor(paid)))
    left = balances(books)
    assert left[Account.FEE_RECEIVABLE] == Money.ZERO
    assert left[Account.FEE_INCOME] == Money.ZERO
    assert left.get(Account.CREDIT_BALANCE, Money.ZERO) == Money.kronor(-given_back)


def test_no_more_can_be_unpaid_than_was_posted() -> None:
    """F6: a reversal that would invent money is a fault."""
    with pytest.raises(ValueError, match="no more can be unpaid"):
        reversal(fee_of_march(), occurred_on=DAY, still_unpaid=FEE + Money(1))
