"""Billed, paid, overdue by age and principal; and the list of invoices, on the real database."""

from datetime import date

import pytest

from agreements.billing.service import run_due
from agreements.credit.models import Agreement
from agreements.invoices.service import Invoices
from agreements.receivables.service import (
    FoundInvoice,
    InvoiceFilter,
    MonthFigures,
    by_month,
    find_invoices,
    overdue,
)
from tests.support.running import RunningWorld
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month, stockholm_date
from underwriting.kernel.vocabulary import InvoiceState

MARCH, APRIL, MAY, JUNE = (Month(2026, number) for number in (3, 4, 5, 6))
END_OF_JULY = date(2026, 7, 31)
NOTHING = Money.ZERO
# 120 000 × 2 % and a part of 10 000; after that part is paid 110 000 × 2 % and a part of 10 000.
FIRST, THIRD = Money.kronor(12_400), Money.kronor(12_200)
PART_PAID = Money.kronor(5_000)


@pytest.fixture
def agreement(world: RunningWorld) -> Agreement:
    """Paid out on 2 March. April's invoice is paid, of May's 5 000 kr in July, of June's nothing."""
    world.to("2026-03-02 10:00:00")
    found = world.running()
    bill(world, "2026-04-01 21:00:00")
    world.to("2026-04-30 10:00:00")
    world.pay(found, FIRST)
    bill(world, "2026-05-04 21:00:00")
    bill(world, "2026-06-01 21:00:00")
    world.to("2026-07-10 10:00:00")
    world.pay(found, PART_PAID)
    return found


def bill(world: RunningWorld, text: str) -> None:
    """What the evening's jobs do."""
    world.to(text)
    on = stockholm_date(world.clock.now())
    run_due(world.runtime, on)
    Invoices(world.runtime).issue_due(on)


@pytest.mark.usefixtures("agreement")
def test_a_month_tells_what_fell_due_what_was_paid_and_what_is_lent(world: RunningWorld) -> None:
    """F5, F7: by the day on which it is due, and by the day on which the bank booked it."""
    with world.runtime.database.transaction() as session:
        found = by_month(session, first=MARCH, through=date(2026, 6, 15))
    lent, less = Money.kronor(120_000), Money.kronor(110_000)
    assert found == (
        MonthFigures(MARCH, NOTHING, NOTHING, lent),
        MonthFigures(APRIL, FIRST, FIRST, less),
        MonthFigures(MAY, FIRST, NOTHING, less),
        MonthFigures(JUNE, THIRD, NOTHING, less),  # what falls due on the 30th is billed
    )


@pytest.mark.usefixtures("agreement")
def test_what_is_overdue_stands_under_its_age(world: RunningWorld) -> None:
    """F8: the oldest is paid first. Due on 29 May and on 30 June."""
    days = [date(2026, 4, 30), date(2026, 5, 29), date(2026, 5, 30), date(2026, 6, 30), END_OF_JULY]
    with world.runtime.database.transaction() as session:
        found = overdue(session, days)
    assert [one.on for one in found] == days
    assert [one.by_age for one in found] == [
        (NOTHING, NOTHING, NOTHING, NOTHING),
        (NOTHING, NOTHING, NOTHING, NOTHING),  # on its day nothing is late
        (FIRST, NOTHING, NOTHING, NOTHING),
        (NOTHING, FIRST, NOTHING, NOTHING),  # 32 days
        (NOTHING, THIRD, FIRST - PART_PAID, NOTHING),  # 31 and 63 days
    ]
    assert found[-1].total == FIRST + THIRD - PART_PAID


@pytest.mark.usefixtures("agreement")
def test_what_has_been_overdue_for_long_stands_under_the_last_age(world: RunningWorld) -> None:
    """F8: nothing younger is asked for by then; on 28 September the 30th of June is 90 days past, on the 29th 91."""
    days = [date(2026, 12, 31), date(2026, 9, 28), date(2026, 9, 29)]
    with world.runtime.database.transaction() as session:
        found = overdue(session, days)
    older = FIRST - PART_PAID
    assert [(one.on, one.by_age) for one in found] == [
        (date(2026, 9, 28), (NOTHING, NOTHING, THIRD, older)),
        (date(2026, 9, 29), (NOTHING, NOTHING, NOTHING, THIRD + older)),
        (date(2026, 12, 31), (NOTHING, NOTHING, NOTHING, THIRD + older)),
    ]


def test_invoices_are_found_by_number_agreement_and_state(world: RunningWorld, agreement: Agreement) -> None:
    """F5: the newest first, with what is left of each."""

    def found(reference: str | None = None, only: InvoiceFilter | None = None) -> list[FoundInvoice]:
        with world.runtime.database.transaction() as session:
            page = find_invoices(session, on=END_OF_JULY, reference=reference, only=only)
        assert page.before is None
        return list(page.invoices)

    june, may, april = found()
    assert (june.open, may.open, april.open) == (THIRD, FIRST - PART_PAID, NOTHING)
    assert (june.state, may.state, april.state) == (InvoiceState.OPEN, InvoiceState.PART_PAID, InvoiceState.PAID)
    assert found(only=InvoiceFilter.OVERDUE) == found(only=InvoiceFilter.UNPAID) == [june, may]
    assert found(only=InvoiceFilter.PAID) == [april]
    assert found(only=InvoiceFilter.CREDITED) == found(only=InvoiceFilter.CREDIT_NOTE) == []
    assert found(str(may.number)) == [may]
    assert found(str(agreement.number)) == found(agreement.ocr) == [june, may, april]
    assert found("1") == []
    with world.runtime.database.transaction() as session:
        first = find_invoices(session, on=END_OF_JULY, count=2)
        second = find_invoices(session, on=END_OF_JULY, before=first.before)
    assert [*first.invoices, *second.invoices] == [june, may, april]
