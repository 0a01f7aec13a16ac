"""Months on the real database: closed in order, once, for good; their files the same for ever."""

import contextlib
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.accounting.invariants import INVARIANTS
from agreements.accounting.service import (
    Accounting,
    AccountingMonthNotNext,
    AccountingMonthNotOver,
    ChartEntry,
    ChartEntryRefused,
    ChartFixed,
    ClosedMonthChanged,
    MonthNotClosed,
    UnmappedAccount,
)
from agreements.accounting.services import ask_to_close
from agreements.billing.service import run_due
from agreements.credit.models import Agreement
from agreements.ledger.models import LedgerEntry
from tests.support import sie
from tests.support.running import FEE, RunningWorld
from underwriting.kernel.errors import NotFound
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month, stockholm_date
from underwriting.kernel.vocabulary import Account, VoucherScope
from underwriting.platform import audit_log
from underwriting.platform.database import SERVICE_ROLE

MARCH, APRIL, MAY = Month(2026, 3), Month(2026, 4), Month(2026, 5)
DRAWN = Money.kronor(120_000)
# Statements of the owner's by the invariant that each of them breaks, and the place that is told.
BREAKS = {
    "closed-month-unchanged": (
        ("UPDATE ledger_line SET amount_ore = amount_ore + 1",),
        "2026-03: 2 entries, 2 lines; 2 and 2 when it was closed",
    ),
    "closed-month-sums": (("UPDATE accounting_sum SET debit_ore = 7 WHERE account = 'bank'",), "2026-03 bank"),
    "months-closed-in-order": (
        ("UPDATE accounting_period SET month = '2026-05-01' WHERE month = '2026-04-01'",),
        "2026-05 is closed, the month before it is not",
    ),
    "entry-not-before-its-month": (
        ("UPDATE ledger_entry SET occurred_on = '2026-04-01' WHERE kind = 'payout'",),
        "2026-04-01 in 2026-03",
    ),
    "entry-has-its-month": (
        ("DELETE FROM accounting_entry USING ledger_entry WHERE id = entry_id AND kind = 'payout'",),
        "2026-03-02",
    ),
}


@pytest.fixture
def accounting(world: RunningWorld) -> Accounting:
    return Accounting(world.runtime)


@pytest.fixture
def agreement(world: RunningWorld) -> Agreement:
    """Paid out on 2 March; it is 1 April, and the fee of March is charged."""
    world.to("2026-03-02 10:00:00")
    found = world.running()
    charged(world, "2026-04-01 21:00:00")
    return found


def charged(world: RunningWorld, text: str) -> None:
    world.to(text)
    run_due(world.runtime, stockholm_date(world.clock.now()))


def paid(world: RunningWorld, agreement: Agreement, kronor: int, on: str) -> None:
    """A payment that the bank booked on a day, and of which it tells now."""
    world.pay(agreement, Money.kronor(kronor), on=on)


@contextlib.contextmanager
def done_by_owner(world: RunningWorld, *statements: str) -> Iterator[Session]:
    """What the owner of the database does behind our back, until the block is left."""
    with contextlib.suppress(Undone), world.runtime.database.transaction() as session:
        session.execute(sa.text("SET ROLE NONE"))
        for statement in statements:
            session.execute(sa.text(statement))
        session.execute(sa.text(f"SET ROLE {SERVICE_ROLE}"))
        yield session
        raise Undone


class Undone(Exception):
    """Leaves a transaction so that nothing of it stays."""


def file_of(accounting: Accounting, month: Month, *, with_checksum: bool = False) -> bytes:
    output = io.BytesIO()
    accounting.write(month, output, with_checksum=with_checksum)
    return output.getvalue()


def with_setting(accounting: Accounting, **changes: object) -> Accounting:
    settings = accounting.runtime.settings
    changed = replace(settings, accounting=replace(settings.accounting, **changes))  # type: ignore[arg-type]
    return Accounting(replace(accounting.runtime, settings=changed))


# --- Closing


def test_a_month_is_closed_with_what_occurred_in_it(accounting: Accounting, agreement: Agreement) -> None:
    """F9: the payout and the fee of March, charged on 1 April."""
    period = accounting.close(MARCH, actor="staff:1")
    assert (period.entry_count, period.line_count, period.closed_by) == (2, 2, "staff:1")
    assert {one.account: (one.debit, one.credit) for one in period.movements} == {
        Account.PRINCIPAL: (DRAWN, Money.ZERO),
        Account.BANK: (Money.ZERO, DRAWN),
        Account.FEE_RECEIVABLE: (FEE, Money.ZERO),
        Account.FEE_INCOME: (Money.ZERO, FEE),
    }
    assert accounting.months() == (period,)
    assert accounting.next_month() == APRIL
    with accounting.runtime.database.transaction() as session:
        (entry,) = audit_log.entries_of(session, "accounting:2026-03")
    assert (entry.action, entry.actor, entry.data["sha256"]) == ("accounting.closed", "staff:1", period.sha256)


def test_a_closed_month_is_not_closed_again(world: RunningWorld, accounting: Accounting, agreement: Agreement) -> None:
    """F9: whoever comes second finds what the first one did."""
    first = accounting.close(MARCH, actor="staff:1")
    world.to("2026-04-02 10:00:00")
    paid(world, agreement, 100, "2026-03-31")
    assert accounting.close(MARCH, actor="staff:2") == first


def test_a_month_that_is_not_over_or_not_charged_is_not_closed(world: RunningWorld, accounting: Accounting) -> None:
    """F9: the last second of March is too early, and so is April before the fees of March are there."""
    world.to("2026-03-02 10:00:00")
    world.running()
    world.to("2026-03-31 23:59:59")
    with pytest.raises(AccountingMonthNotOver, match="2026-03 is not over"):
        accounting.close(MARCH, actor="staff:1")
    world.to("2026-04-01 00:00:00")
    with pytest.raises(AccountingMonthNotOver, match="fees of 2026-03 are not charged"):
        accounting.close(MARCH, actor="staff:1")
    charged(world, "2026-04-01 21:00:00")
    assert accounting.close(MARCH, actor="staff:1").entry_count == 2


def test_months_are_closed_in_order(world: RunningWorld, accounting: Accounting, agreement: Agreement) -> None:
    """F9: the one whose turn it is is named; one in which nothing occurred is closed all the same."""
    charged(world, "2026-05-04 21:00:00")
    with pytest.raises(AccountingMonthNotNext, match="2026-03"):
        accounting.close(APRIL, actor="staff:1")
    assert accounting.months() == ()
    accounting.close(MARCH, actor="staff:1")
    accounting.close(APRIL, actor="staff:1")
    assert [period.month for period in accounting.months()] == [APRIL, MARCH]


def test_an_account_without_a_place_in_the_chart_refuses_the_close(
    world: RunningWorld, accounting: Accounting, agreement: Agreement
) -> None:
    """F9: it is named, and nothing is written; with a place, which may be of any day then, the month is closed."""
    with done_by_owner(world, "DELETE FROM chart_account WHERE account = 'fee_income'") as session:
        with pytest.raises(UnmappedAccount, match="fee_income"), session.begin_nested():
            accounting.close(MARCH, actor="staff:1")
        assert accounting.months() == ()
        assert session.scalar(sa.text("SELECT count(*) FROM accounting_entry")) == 0
        accounting.map_account(ChartEntry(Account.FEE_INCOME, date(2026, 1, 1), "3041", "Avgifter"), actor="staff:9")
        assert accounting.close(MARCH, actor="staff:1").entry_count == 2
        assert b"#KONTO 3041 Avgifter\r\n" in file_of(accounting, MARCH)


# --- Big months


def test_a_big_month_waits_for_a_worker_and_is_closed_as_whoever_asked_first(
    world: RunningWorld, accounting: Accounting, agreement: Agreement, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F9: asked for twice it waits once; closed, it is answered, and nothing waits."""
    monkeypatch.setattr(ask_to_close, "AT_ONCE", 1)  # it has two entries
    waiting = accounting.ask_to_close(MARCH, actor="staff:1")
    assert accounting.ask_to_close(MARCH, actor="staff:2") == waiting == accounting.waiting()[0]
    assert accounting.months() == ()
    assert accounting.close_asked() == 1
    (period,) = accounting.months()
    assert (period.entry_count, period.closed_by) == (2, "staff:1")
    assert (accounting.waiting(), accounting.close_asked()) == ((), 0)
    assert accounting.ask_to_close(MARCH, actor="staff:2") == period
    with accounting.runtime.database.transaction() as session:
        asked, _ = audit_log.entries_of(session, "accounting:2026-03")
    assert (asked.action, asked.actor) == ("accounting.close_asked", "staff:1")


def test_a_month_of_as_many_entries_as_are_closed_at_once_does_not_wait(
    accounting: Accounting, agreement: Agreement, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F9: the limit itself."""
    monkeypatch.setattr(ask_to_close, "AT_ONCE", 2)
    assert accounting.ask_to_close(MARCH, actor="staff:1") == accounting.closed(MARCH)
    assert accounting.waiting() == ()


def test_a_big_month_that_cannot_be_closed_says_why_until_somebody_asks_again(
    world: RunningWorld, accounting: Accounting, agreement: Agreement, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F9: an account without a place; the worker does not try again by itself."""
    monkeypatch.setattr(ask_to_close, "AT_ONCE", 1)
    with pytest.raises(AccountingMonthNotOver):
        accounting.ask_to_close(APRIL, actor="staff:1")
    assert accounting.waiting() == ()
    with world.runtime.database.transaction() as session:
        session.execute(sa.text("SET LOCAL ROLE NONE"))
        session.execute(sa.text("DELETE FROM chart_account WHERE account = 'fee_income'"))
        session.execute(sa.text(f"SET LOCAL ROLE {SERVICE_ROLE}"))
    accounting.ask_to_close(MARCH, actor="staff:1")
    assert (accounting.close_asked(), accounting.close_asked()) == (0, 0)
    (waiting,) = accounting.waiting()
    assert waiting.refused is not None
    assert "fee_income" in waiting.refused.en
    accounting.map_account(ChartEntry(Account.FEE_INCOME, date(2026, 1, 1), "3041", "Avgifter"), actor="staff:9")
    accounting.ask_to_close(MARCH, actor="staff:2")
    assert accounting.close_asked() == 1
    assert (accounting.closed(MARCH).closed_by, accounting.waiting()) == ("staff:2", ())


# --- Late facts


def test_what_is_booked_after_the_close_counts_for_the_next_open_month(
    world: RunningWorld, accounting: Accounting, agreement: Agreement
) -> None:
    """F9: dated in March, in the file of April, on its first day."""
    before = accounting.close(MARCH, actor="staff:1")
    march = file_of(accounting, MARCH)
    paid(world, agreement, 100, "2026-03-31")
    charged(world, "2026-05-04 21:00:00")
    paid(world, agreement, 50, "2026-04-15")
    april = accounting.close(APRIL, actor="staff:1")
    assert april.entry_count == 3  # the late payment, the one of April, the fee of April
    payments = [one for one in sie.read(file_of(accounting, APRIL)).vouchers if one.series == "B"]
    assert [(one.on, one.text, one.lines[0]) for one in payments] == [
        ("20260401", "Inbetalning avser 2026-03-31", ("1930", Decimal("100.00"))),
        ("20260415", "Inbetalning", ("1930", Decimal("50.00"))),
    ]
    assert accounting.closed(MARCH) == before
    assert file_of(accounting, MARCH) == march


# --- Files


def test_the_file_of_a_closed_month_never_changes(
    world: RunningWorld, accounting: Accounting, agreement: Agreement
) -> None:
    """F9: not by later entries, another chart, another name of the lender, other settings, or another day."""
    accounting.close(MARCH, actor="staff:1")
    files = [file_of(accounting, MARCH, with_checksum=with_checksum) for with_checksum in (False, True)]
    accounting.map_account(ChartEntry(Account.FEE_INCOME, date(2026, 4, 2), "3041", "Avgifter"), actor="staff:9")
    charged(world, "2026-05-04 21:00:00")
    paid(world, agreement, 100, "2026-03-31")
    accounting.close(APRIL, actor="staff:1")
    changed = with_setting(accounting, vouchers=VoucherScope.ENTRY, year_begins_in=7)
    lender = replace(changed.runtime.settings.lender, name="Annan AB")
    changed = Accounting(replace(changed.runtime, settings=replace(changed.runtime.settings, lender=lender)))
    world.to("2028-01-01 10:00:00")
    assert [file_of(changed, MARCH, with_checksum=with_checksum) for with_checksum in (False, True)] == files
    assert sie.read(files[0]).posts["#GEN"] == ["20260401"]
    assert "3041" in sie.read(file_of(changed, APRIL)).accounts


def test_a_month_that_is_open_has_no_file(accounting: Accounting, agreement: Agreement) -> None:
    """F9: it may change."""
    with pytest.raises(MonthNotClosed, match="2026-03"):
        file_of(accounting, MARCH)
    with pytest.raises(NotFound):
        accounting.closed(MARCH)


def test_a_file_that_would_differ_is_not_handed_out(
    world: RunningWorld, accounting: Accounting, agreement: Agreement
) -> None:
    """F9: where somebody has changed the books behind our back."""
    accounting.close(MARCH, actor="staff:1")
    with done_by_owner(world, "UPDATE ledger_line SET amount_ore = amount_ore + 1"), pytest.raises(ClosedMonthChanged):
        file_of(accounting, MARCH)
    assert sie.read(file_of(accounting, MARCH)).vouchers


@pytest.mark.parametrize("name", [invariant.name for invariant in INVARIANTS])
def test_a_closed_month_that_was_changed_is_found_and_named(
    world: RunningWorld, accounting: Accounting, agreement: Agreement, name: str
) -> None:
    """F9: by `borgen ledger check`; before it all is well."""
    accounting.close(MARCH, actor="staff:1")
    charged(world, "2026-05-04 21:00:00")
    accounting.close(APRIL, actor="staff:1")
    assert world.faults() == ()
    statements, place = BREAKS[name]
    with done_by_owner(world, "SET LOCAL session_replication_role = replica", *statements):
        found = {finding.invariant.name: [one.what for one in finding.first] for finding in world.faults()}
        assert place in found[name]


def test_vouchers_of_entries_name_agreements_by_number_and_nobody(accounting: Accounting, agreement: Agreement) -> None:
    """F9: what is handed on tells of no person and no company but the lender."""
    one_each = with_setting(accounting, vouchers=VoucherScope.ENTRY)
    one_each.close(MARCH, actor="staff:1")
    content = file_of(one_each, MARCH)
    found = sie.read(content)
    assert [(one.series, one.number, one.on, one.text, one.registered_on) for one in found.vouchers] == [
        ("F", "1", "20260331", f"Månadsavgift avtal {agreement.number}", "20260401"),
        ("L", "1", "20260302", f"Utbetalning av kredit avtal {agreement.number}", "20260302"),
    ]
    assert "Erik" not in content.decode("cp437")


def test_numbers_of_vouchers_go_on_through_the_year_and_begin_anew_with_the_next(
    world: RunningWorld, accounting: Accounting, agreement: Agreement
) -> None:
    """F9: without gaps in each series; here the year begins in May."""
    broken_year = with_setting(accounting, year_begins_in=5)
    numbers = {}
    for month, text in ((MARCH, "2026-04-01"), (APRIL, "2026-05-04"), (MAY, "2026-06-01")):
        charged(world, f"{text} 21:00:00")
        broken_year.close(month, actor="staff:1")
        found = sie.read(file_of(broken_year, month))
        numbers[month] = [one.number for one in found.vouchers if one.series == "F"]
        assert found.posts["#RAR"][0] == "0"
    assert numbers == {MARCH: ["1"], APRIL: ["2"], MAY: ["1"]}


# --- Balances


def test_a_trial_balance_leads_from_month_to_month(
    world: RunningWorld, accounting: Accounting, agreement: Agreement
) -> None:
    """F9: what stood, moved and stands; the next month opens with it; a late fact is in the first open month."""
    opened = accounting.balance(MARCH)
    accounting.close(MARCH, actor="staff:1")
    closed = accounting.balance(MARCH)
    assert (opened.is_closed, closed.is_closed, opened.lines) == (False, True, closed.lines)
    lines = {line.account: line for line in closed.lines}
    principal = lines[Account.PRINCIPAL]
    assert (principal.number, principal.opening, principal.debit, principal.closing) == (
        "1682",
        Money.ZERO,
        DRAWN,
        DRAWN,
    )
    assert Money.sum(line.closing for line in closed.lines) == Money.ZERO
    assert closed.debit == DRAWN + FEE == Money.sum(line.credit for line in closed.lines)

    world.to("2026-05-15 12:00:00")
    paid(world, agreement, 100, "2026-03-31")
    paid(world, agreement, 30, "2026-05-02")
    moved = {
        month: {line.account: line for line in accounting.balance(month).lines}[Account.BANK]
        for month in (MARCH, APRIL, MAY)
    }
    assert [moved[month].debit for month in (MARCH, APRIL, MAY)] == [
        Money.ZERO,
        Money.kronor(100),
        Money.kronor(30),
    ]
    assert moved[APRIL].opening == moved[MARCH].closing
    assert moved[MAY].opening == moved[APRIL].closing


# --- The chart


def test_every_account_has_its_number_from_the_beginning(accounting: Accounting) -> None:
    """F9: of the BAS chart, until the lender says otherwise."""
    numbers = {entry.account: entry.number for entry in accounting.chart()}
    assert set(numbers) == set(Account)
    assert (
        numbers
        | {
            Account.BANK: "1930",
            Account.PRINCIPAL: "1682",
            Account.FEE_RECEIVABLE: "1510",
            Account.FEE_INCOME: "3004",
            Account.PAPER_FEE_INCOME: "3540",
            Account.CANCELLATION_FEE_INCOME: "3990",
            Account.CREDIT_BALANCE: "2420",
        }
        == numbers
    )


def test_an_account_is_mapped_anew_for_a_day_that_lies_ahead(world: RunningWorld, accounting: Accounting) -> None:
    """F9: what has been exported stays explained; the same again changes nothing."""
    world.to("2026-04-01 12:00:00")
    new = ChartEntry(Account.FEE_INCOME, date(2026, 4, 2), "8313", "Ränteintäkter")
    assert accounting.map_account(new, actor="staff:9") == accounting.map_account(new, actor="staff:9")
    assert new in accounting.chart()
    for refused in (replace(new, since=date(2026, 4, 1)), replace(new, number="3041")):
        with pytest.raises(ChartFixed):
            accounting.map_account(refused, actor="staff:9")
    with accounting.runtime.database.transaction() as session:
        (entry,) = audit_log.entries_of(session, "chart:fee_income")
    assert (entry.actor, entry.data["number"]) == ("staff:9", "8313")


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: replace(entry, number="151"),
        lambda entry: replace(entry, number="0151"),
        lambda entry: replace(entry, number="15 10"),
        lambda entry: replace(entry, number="1510\n"),
        lambda entry: replace(entry, number="١٥١٠"),
        lambda entry: replace(entry, name=" "),
        lambda entry: replace(entry, name="x" * 61),
    ],
)
def test_a_number_or_name_that_is_none_is_refused(
    accounting: Accounting, change: Callable[[ChartEntry], ChartEntry]
) -> None:
    """F9: and the chart stays as it is."""
    chart = accounting.chart()
    with pytest.raises(ChartEntryRefused):
        accounting.map_account(change(ChartEntry(Account.BANK, date(2030, 1, 1), "1940", "Bank")), actor="staff:9")
    assert accounting.chart() == chart


def test_the_books_are_as_they_were(accounting: Accounting, agreement: Agreement) -> None:
    """F6: closing a month changes no entry of the ledger."""
    with accounting.runtime.database.transaction() as session:
        before = session.scalars(sa.select(LedgerEntry.id).order_by(LedgerEntry.id)).all()
    accounting.close(MARCH, actor="staff:1")
    with accounting.runtime.database.transaction() as session:
        assert session.scalars(sa.select(LedgerEntry.id).order_by(LedgerEntry.id)).all() == before
