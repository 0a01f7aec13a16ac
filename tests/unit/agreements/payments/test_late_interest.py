"""Late interest before a payment is divided, on the real database (rules F8, R5)."""

import uuid
from datetime import date
from decimal import Decimal
from functools import partial

import pytest
import sqlalchemy as sa

from agreements.billing.service import run_due
from agreements.credit.models import Agreement
from agreements.invoices.service import Invoices, InvoiceView
from agreements.late_payment.invariants import INVARIANTS
from agreements.late_payment.models import LateInterestRow
from agreements.late_payment.service import LatePayment
from agreements.ledger.service import check
from tests.support.at_once import at_once
from tests.support.bgmax_files import BgMax, paid
from tests.support.running import FEE, LIMIT, PART, RunningWorld, actor
from underwriting.kernel.errors import Refusal
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.vocabulary import Account, AgreementState, Role
from underwriting.platform.callers import Caller

K = Money.kronor
CREDIT, PRINCIPAL, FEES = Account.CREDIT_BALANCE, Account.PRINCIPAL, Account.FEE_RECEIVABLE
INTEREST = Account.LATE_INTEREST_RECEIVABLE
ANNA, BERTIL = (Caller(actor=f"staff:{uuid.uuid4()}", role=Role.BILLING) for _ in "ab")


def bill(world: RunningWorld, text: str) -> None:
    world.to(text)
    on = stockholm_date(world.clock.now())
    run_due(world.runtime, on)
    Invoices(world.runtime).issue_due(on)


def late_invoice(world: RunningWorld) -> tuple[Agreement, InvoiceView]:
    """2 400 kr of fee and 10 000 kr of principal, asked for by 30 April 2026."""
    world.to("2026-03-02 10:00:00")
    agreement = world.running()
    bill(world, "2026-04-01 21:00:00")
    (invoice,) = Invoices(world.runtime).of_agreement(agreement.id)
    assert (invoice.due_on, invoice.payable) == (date(2026, 4, 30), K(12_400))
    return agreement, invoice


def owed_after(world: RunningWorld, agreement: Agreement) -> tuple[Money, Money, Money, Money]:
    """What is left of late interest, fee and principal, and the credit balance."""
    owed = world.owed(agreement)
    interest, fees, principal, credit = (owed.get(one, K(0)) for one in (INTEREST, FEES, PRINCIPAL, CREDIT))
    return interest, fees, principal, -credit


def prove(world: RunningWorld) -> None:
    with world.runtime.database.transaction() as session:
        assert check(session, INVARIANTS) == ()


# 12 400 kr at 10 % bear 6.58 + 27.40 in 10 days.
@pytest.mark.parametrize(
    ("day", "amount", "interest", "fee", "principal", "credit"),
    [
        (date(2026, 4, 29), K(12_400), K(0), K(0), LIMIT - PART, K(0)),
        (date(2026, 4, 30), K(12_400), K(0), K(0), LIMIT - PART, K(0)),
        (date(2026, 5, 10), K(20), K("13.98"), FEE, LIMIT, K(0)),
        (date(2026, 5, 10), K("33.98"), K(0), FEE, LIMIT, K(0)),
        (date(2026, 5, 10), K("2433.98"), K(0), K(0), LIMIT, K(0)),
        (date(2026, 5, 10), K(12_400), K(0), K(0), LIMIT - PART + K("33.98"), K(0)),
        (date(2026, 5, 10), K("12433.98"), K(0), K(0), LIMIT - PART, K(0)),
        (date(2026, 5, 10), K("12434.98"), K(0), K(0), LIMIT - PART, K(1)),
    ],
)
def test_a_file_pays_late_interest_first_then_the_fee_then_principal(
    world: RunningWorld, day: date, amount: Money, interest: Money, fee: Money, principal: Money, credit: Money
) -> None:
    """F8: what is late bears through the payment's own day, which is told of on 12 May; the file again adds nothing."""
    agreement, invoice = late_invoice(world)
    world.to("2026-05-12 10:00:00")
    content = BgMax(day).of(paid(1, invoice.ocr or "", amount))
    for _ in range(2):
        world.payments.read_file(content, actor=actor())
        assert owed_after(world, agreement) == (interest, fee, principal, credit)
    prove(world)


def test_a_late_payer_and_one_in_time_share_a_file(world: RunningWorld) -> None:
    """F8, R5: only what was late when it was paid has interest in the books."""
    agreement, invoice = late_invoice(world)
    other = world.running()
    world.to("2026-05-11 10:00:00")
    content = BgMax(date(2026, 5, 10)).of(paid(1, invoice.ocr or "", K("12433.98")), paid(2, other.ocr or "", K(500)))
    world.payments.read_file(content, actor=actor())
    assert owed_after(world, agreement) == (K(0), K(0), LIMIT - PART, K(0))
    assert owed_after(world, other)[0] == K(0)
    with world.runtime.database.transaction() as session:
        assert {row.agreement_id for row in session.scalars(sa.select(LateInterestRow))} == {agreement.id}


def test_a_payment_is_booked_without_interest_while_the_rate_is_missing(world: RunningWorld) -> None:
    """R5, F8: no part of the interest is booked, though May and June have their rate; once July has, it can be."""
    agreement, invoice = late_invoice(world)
    world.to("2026-07-10 10:00:00")
    content = BgMax(date(2026, 7, 10)).of(paid(1, invoice.ocr or "", K(12_400)))
    world.payments.read_file(content, actor=actor())
    assert owed_after(world, agreement) == (K(0), K(0), LIMIT - PART, K(0))
    late = LatePayment(world.runtime)
    asked = late.propose_rate(date(2026, 7, 1), Decimal("0.02"), source="Riksbanken", reason=None, caller=ANNA)
    assert asked.id is not None
    late.confirm_rate(asked.id, caller=BERTIL)
    world.to("2026-07-20 10:00:00")
    # 71 days at 10 %, through the payment's own: 46.68 on the fee and 194.52 on the instalment
    assert late.book_interest(agreement.id, through=date(2026, 7, 20), actor="staff:1") == K("241.20")
    prove(world)


def test_what_was_booked_too_much_is_right_again_after_a_payment_is_told_of_late(world: RunningWorld) -> None:
    """R5, F8: 20 days were in the books when a payment of the 10th is told of; 10 are in the end, the rest credit."""
    agreement, invoice = late_invoice(world)
    late = LatePayment(world.runtime)
    world.to("2026-05-20 10:00:00")
    assert late.book_interest(agreement.id, through=date(2026, 5, 20), actor="staff:1") == K("67.94")
    content = BgMax(date(2026, 5, 10)).of(paid(1, invoice.ocr or "", K("12467.94")))
    world.payments.read_file(content, actor=actor())
    late.book_interest(agreement.id, through=date(2026, 5, 20), actor="staff:1")
    world.payments.use_balances(date(2026, 5, 20))
    assert owed_after(world, agreement) == (K(0), K(0), LIMIT - PART, K("33.96"))
    prove(world)


def test_two_late_payments_of_one_agreement_at_once_bear_interest_once(committed_world: RunningWorld) -> None:
    """F8, R5: whichever is booked first, 33.98 is in the books once and both sums have paid."""
    world = committed_world
    agreement, invoice = late_invoice(world)
    world.to("2026-05-11 10:00:00")
    files = [
        BgMax(date(2026, 5, 10), serial=serial).of(paid(1, invoice.ocr or "", amount))
        for serial, amount in ((1, K(6_000)), (2, K("6433.98")))
    ]
    results = at_once(*(partial(world.payments.read_file, content, actor=actor()) for content in files))
    assert not [one for one in results if isinstance(one, Refusal)]
    assert owed_after(world, agreement) == (K(0), K(0), LIMIT - PART, K(0))
    prove(world)


def test_a_redemption_asks_for_the_interest_that_its_money_will_find(world: RunningWorld) -> None:
    """F3, R5: asked for on Sunday 10 May, booked on Monday: 11 days, 7.23 on the fee and 30.14 on the instalment.

    May's fee is on 110 000 kr, since 10 000 are overdue (rule F1): 2 200 kr.
    """
    agreement, _ = late_invoice(world)
    world.to("2026-05-10 10:00:00")
    quote = world.redemptions.quote(agreement.id, date(2026, 5, 10))
    assert quote.unpaid_fees == FEE + K("37.37")
    assert quote.total == LIMIT + FEE + K("37.37") + FEE + K(2_200)
    world.redemptions.request(agreement.id, date(2026, 5, 10), actor="person:anna")
    assert world.redemptions.quote(agreement.id, date(2026, 5, 10)).total == quote.total
    world.to("2026-05-11 12:00:00")
    world.pay(agreement, quote.total)
    assert world.state(agreement) is AgreementState.REDEEMED
    assert owed_after(world, agreement) == (K(0), K(0), K(0), K(0))
    prove(world)
