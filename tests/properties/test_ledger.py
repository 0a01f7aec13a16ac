"""Laws of ledger, allocation and repayment plan: nothing appears, nothing is lost."""

import uuid
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from agreements.credit.rules import instalments
from agreements.ledger.rules import Line, Posting, PostingKind, balances, incoming_payment, reversal
from agreements.payments.rules import Claim, Settlement, SettlementKind, allocate, open_claims
from underwriting.kernel.bank_days import is_bank_day
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month, add_months
from underwriting.kernel.vocabulary import Account, RepaymentPlan

DAY = date(2026, 4, 30)
RECEIVABLES = (Account.FEE_RECEIVABLE, Account.CANCELLATION_FEE_RECEIVABLE, Account.PRINCIPAL)
amounts = st.integers(1, 10_000_000).map(Money)
not_negative = st.integers(0, 30_000_000).map(Money)
days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
lines = st.builds(
    lambda accounts, amount: Line(accounts[0], accounts[1], amount),
    st.permutations(list(Account)),
    amounts,
)
postings = st.builds(
    Posting,
    kind=st.sampled_from(PostingKind),
    occurred_on=days,
    business_key=st.uuids().map(str),
    lines=st.lists(lines, min_size=1, max_size=5).map(tuple),
)
INVOICES = [uuid.UUID(int=number) for number in range(1, 4)]
DUMMY = INVOICES[0]
asked_for = st.builds(Claim, st.sampled_from(RECEIVABLES), days, amounts, st.sampled_from(INVOICES), st.uuids())
claims = st.lists(st.builds(Claim, st.sampled_from(RECEIVABLES), days, amounts) | asked_for, max_size=8)
settlements = st.none() | st.builds(
    Settlement,
    st.sampled_from(SettlementKind),
    st.lists(st.builds(Claim, st.sampled_from(RECEIVABLES), st.just(DAY), amounts), min_size=1, max_size=3).map(tuple),
    st.none() | days,
)


def moved(made: tuple[Line, ...], *, debit: Account | None = None, credit: Account | None = None) -> Money:
    return Money.sum(
        line.amount
        for line in made
        if (debit is None or line.debit is debit) and (credit is None or line.credit is credit)
    )


@given(books=st.lists(postings, max_size=20))
def test_the_books_always_balance(books: list[Posting]) -> None:
    """F6: balanced by construction, whatever is posted."""
    assert Money.sum(balances(books).values()) == Money.ZERO


@given(posting=postings, on=days)
def test_a_posting_and_its_reversal_leave_nothing(posting: Posting, on: date) -> None:
    """F6: a mistake is reversed, never edited."""
    assert not any(balances([posting, reversal(posting, occurred_on=on)]).values())


@given(amount=not_negative, held=not_negative, owed=claims, settlement=settlements)
def test_every_ore_of_a_payment_is_accounted_for(
    amount: Money, held: Money, owed: list[Claim], settlement: Settlement | None
) -> None:
    """F8: what came in is what was allocated, and the credit balance never falls below zero."""
    made = allocate(amount, booked_on=DAY, claims=owed, credit_balance=held, settlement=settlement).lines
    assert moved(made, debit=Account.BANK) == amount
    assert moved(made, debit=Account.CREDIT_BALANCE) <= held
    assert {line.debit for line in made} <= {Account.BANK, Account.CREDIT_BALANCE}
    if made:
        books = balances([incoming_payment(made, payment_id="p", booked_on=DAY)])
        assert Money.sum(books.values()) == Money.ZERO


@given(amount=not_negative, held=not_negative, owed=claims, asked=st.permutations(INVOICES))
def test_no_claim_is_paid_twice_and_none_before_an_earlier_one(
    amount: Money, held: Money, owed: list[Claim], asked: list[uuid.UUID]
) -> None:
    """F8: by the payment the invoices that are named, in their order; then, with the balance, what is due by its day.

    Of one invoice, and of one day, a later rank gets something only when the earlier are paid in full.
    """
    named = asked[:2]
    made = allocate(amount, booked_on=DAY, claims=owed, named=named, credit_balance=held)
    chosen = sorted(
        (one for one in owed if one.invoice_id in named),
        key=lambda one: (named.index(one.invoice_id or DUMMY), RECEIVABLES.index(one.account), one.due_on),
    )
    due = sorted(
        (one for one in owed if one.invoice_id not in named and one.due_on <= DAY),
        key=lambda one: (one.due_on, RECEIVABLES.index(one.account)),
    )
    left, expected, got = amount, dict.fromkeys(RECEIVABLES, 0), dict[uuid.UUID, int]()
    for one in chosen:
        part = min(left.ore, one.amount.ore)
        expected[one.account] += part
        left -= Money(part)
        if part and one.line_id:
            got[one.line_id] = part
    left += held
    for one in due:
        part = min(left.ore, one.amount.ore)
        expected[one.account] += part
        left -= Money(part)
    assert {account: moved(made.lines, credit=account).ore for account in RECEIVABLES} == expected
    assert {line_id: part.ore for line_id, part in made.named.items()} == got
    for_due = sum(one.amount.ore for one in due)
    assert moved(made.lines, debit=Account.CREDIT_BALANCE).ore == min(held.ore, for_due)  # before the payment


@given(amount=not_negative, held=not_negative, owed=claims, settlement=settlements)
def test_a_settlement_is_paid_exactly_when_its_money_is_there_in_time(
    amount: Money, held: Money, owed: list[Claim], settlement: Settlement | None
) -> None:
    """C6: and F3: all of it or nothing of it."""
    result = allocate(amount, booked_on=DAY, claims=owed, credit_balance=held, settlement=settlement)
    covered = (
        settlement is not None
        and (settlement.pay_by is None or settlement.pay_by >= DAY)
        and settlement.total <= amount + held
    )
    assert result.settles is covered
    if covered and settlement is not None:
        paid = Money.sum(moved(result.lines, credit=account) for account in RECEIVABLES)
        assert paid == settlement.total


@given(charged=st.lists(st.tuples(days, amounts), max_size=8), paid=not_negative)
def test_what_is_left_of_the_claims_is_what_was_charged_less_what_was_paid(
    charged: list[tuple[date, Money]], paid: Money
) -> None:
    """F8: and what is left is the youngest."""
    left = open_claims(Account.PRINCIPAL, charged=charged, paid=paid)
    total = Money.sum(amount for _, amount in charged)
    assert Money.sum(claim.amount for claim in left) == max(total - paid, Money.ZERO)
    assert [claim.due_on for claim in left] == sorted(on for on, _ in charged)[len(charged) - len(left) :]


@given(
    principal=st.integers(2_000_000, 200_000_000).map(Money),
    paid_out_on=st.dates(date(2024, 1, 1), date(2033, 12, 31)),
    term=st.integers(1, 36),
)
def test_a_plan_repays_all_of_the_principal_once_a_month_on_bank_days(
    principal: Money, paid_out_on: date, term: int
) -> None:
    """F6: the parts sum to the whole, differ by at most one öre, and each has a month of its own."""
    plan = instalments(principal, plan=RepaymentPlan.STRAIGHT, paid_out_on=paid_out_on, term_months=term)
    assert [part.number for part in plan] == list(range(1, term + 1))
    assert Money.sum(part.amount for part in plan) == principal
    assert max(part.amount for part in plan) - min(part.amount for part in plan) <= Money(1)
    for part in plan:
        assert is_bank_day(part.due_on)
        rest = (Month.of(part.due_on).end - part.due_on).days
        assert not any(is_bank_day(part.due_on + timedelta(days=number)) for number in range(1, rest))
        period_ends = add_months(paid_out_on, part.number) - timedelta(days=1)
        assert Month.of(part.due_on) == Month.of(period_ends)
    assert all(
        (later.due_on.year * 12 + later.due_on.month) - (earlier.due_on.year * 12 + earlier.due_on.month) == 1
        for earlier, later in pairwise(plan)
    )


@given(
    principal=st.integers(1, 200_000_000).map(Money),
    paid_out_on=st.dates(date(2024, 1, 1), date(2033, 12, 31)),
    term=st.integers(1, 36),
    data=st.data(),
)
def test_at_term_all_of_every_drawdown_is_due_on_the_straight_plans_last_day(
    principal: Money, paid_out_on: date, term: int, data: st.DataObject
) -> None:
    """F6: one part, of the whole."""
    last = instalments(Money.kronor(100_000), plan=RepaymentPlan.STRAIGHT, paid_out_on=paid_out_on, term_months=term)[
        -1
    ]
    drawn_on = data.draw(st.none() | st.dates(paid_out_on, max(paid_out_on, last.due_on - timedelta(days=1))))
    assume(drawn_on is None or drawn_on < last.due_on)
    (part,) = instalments(
        principal, plan=RepaymentPlan.AT_TERM, paid_out_on=paid_out_on, term_months=term, drawn_on=drawn_on
    )
    assert (part.number, part.due_on, part.amount) == (term, last.due_on, principal)


@given(
    principal=st.integers(36, 10_000_000).map(Money),
    paid_out_on=st.dates(date(2024, 1, 1), date(2033, 12, 31)),
    term=st.integers(2, 36),
    data=st.data(),
)
def test_a_later_drawdown_is_repaid_in_full_on_the_same_due_days(
    principal: Money, paid_out_on: date, term: int, data: st.DataObject
) -> None:
    """P1: on those that are left after it."""
    plan = instalments(Money.kronor(100_000), plan=RepaymentPlan.STRAIGHT, paid_out_on=paid_out_on, term_months=term)
    drawn_on = data.draw(st.dates(paid_out_on, plan[-1].due_on - timedelta(days=1)))
    later = instalments(
        principal, plan=RepaymentPlan.STRAIGHT, paid_out_on=paid_out_on, term_months=term, drawn_on=drawn_on
    )
    assert Money.sum(part.amount for part in later) == principal
    assert [(part.number, part.due_on) for part in later] == [
        (part.number, part.due_on) for part in plan if part.due_on > drawn_on
    ]
