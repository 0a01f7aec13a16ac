"""Every invariant is broken here, as the owner of the database could break it, and is found and named."""

import contextlib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import InternalError
from sqlalchemy.orm import Session

from agreements.accounting import invariants as accounting
from agreements.billing.service import run_due
from agreements.credit.models import Agreement
from agreements.invoices.service import Invoices
from agreements.ledger import rules as postings
from agreements.ledger import service as ledger
from agreements.ledger.models import LedgerEntry
from agreements.ledger.rules import Line, PostingKind
from agreements.ledger.services.check_books import MOST_SHOWN
from agreements.reconciliation import jobs
from agreements.reconciliation.service import INVARIANTS, Finding, broken, prove
from tests.support.bank_stand_in import bank_world
from tests.support.postgres import create_database, drop_database
from tests.support.running import RunningWorld, running_world
from underwriting.business_metrics import figures_of
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import Account, CreditReason, InvoiceDelivery
from underwriting.platform.data_keys import cipher_of
from underwriting.platform.database import SERVICE_ROLE, Database
from underwriting.platform.environment import Secret
from underwriting.platform.progress import unheard
from underwriting.platform.runtime import Runtime
from underwriting.platform.scheduler import Jobs
from underwriting.platform.settings import Settings

PAID_OUT_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
APRIL_1 = date(2026, 4, 1)
NAMES = [invariant.name for invariant in INVARIANTS]


def _changed(before: tuple[str, int], after: tuple[str, int]) -> str:
    """A change that is in effect from May on, whose plans have one instalment each: its day and its öre."""
    plans = (
        f"jsonb_build_array(jsonb_build_object('drawdown_id', id, 'number', 1, 'due_on', '{day}', 'amount_ore', {ore}))"
        for day, ore in (before, after)
    )
    return (
        "INSERT INTO plan_change (agreement_id, state, repayment_plan, term_months, repayment_plan_before,"
        " term_months_before, first_month, sign_by, fees_before_ore, fees_after_ore, proposed_by, proposed_at,"
        " settled_by, settled_at, plan_before, plan_after)"
        " SELECT id, 'in_effect', 'at_term', 12, 'straight', 12, '2026-05-01', '2026-05-01', 0, 0, 'staff',"
        f" '2026-04-01', 'signing', '2026-04-02', {', '.join(plans)} FROM agreement"
    )


def _entry(kind: str, account: str, on: str, ore: int) -> str:
    """The beginning of a statement that books *ore* on *account* for the agreement."""
    return (
        "WITH entry AS (INSERT INTO ledger_entry (agreement_id, business_key, kind, occurred_on, booked_at)"
        f" SELECT id, 'late', '{kind}', '{on}', '{on}' FROM agreement RETURNING *),"
        " line AS (INSERT INTO ledger_line"
        " (entry_id, agreement_id, occurred_on, debit_account, credit_account, amount_ore)"
        f" SELECT id, agreement_id, occurred_on, '{account}_receivable', '{account}_income', {ore} FROM entry)"
    )


def _late_interest(first: str, ore: int) -> str:
    """Late interest on the fee of 2 400 kr, due on 30 April, from *first* through 10 May at 10 %."""
    days = (date(2026, 5, 10) - date.fromisoformat(first)).days + 1
    stretches = f'[{{"first": "{first}", "last": "2026-05-10", "days": {days}, "principal": "2400.00", "rate": "0.1"}}]'
    return (
        _entry("late_interest", "late_interest", "2026-05-10", ore)
        + " INSERT INTO late_interest (entry_id, agreement_id, line_id, through_on, amount_ore, stretches)"
        f" SELECT entry.id, entry.agreement_id, asking.id, '2026-05-10', {ore}, '{stretches}'"
        " FROM entry, invoice_line AS asking WHERE asking.kind = 'monthly_fee'"
    )


def _reminder(on: str, ore: int) -> str:
    """A reminder of the invoice, due on 30 April."""
    return (
        _entry("reminder_fee", "collection_cost", on, ore) + " INSERT INTO late_charge"
        " (agreement_id, invoice_id, kind, amount_ore, charged_on, charged_by, charged_at, entry_id)"
        f" SELECT entry.agreement_id, invoice.id, 'reminder', {ore}, '{on}', 'staff:1', '{on}', entry.id"
        " FROM entry, invoice WHERE invoice.kind = 'invoice'"
    )


# Statements of the owner's, past the constraints, by the invariants that each of them breaks and one of the places.
# What is there before is a payout of 120 000 kr on 2 March, the fee of March, an invoice on paper with the first
# instalment, its payment, and the fee of paper taken back.
BREAKS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "a line of a negative amount": (
        (
            "ALTER TABLE ledger_line DROP CONSTRAINT ck_ledger_line_amount",
            "UPDATE ledger_line SET amount_ore = -1 WHERE debit_account = 'paper_fee_receivable'",
        ),
        ("line-moves-money", "safeguards-stand"),
        "-1 öre, paper_fee_receivable / paper_fee_income",
    ),
    "a line from an account to itself": (
        (
            "ALTER TABLE ledger_line DROP CONSTRAINT ck_ledger_line_two_accounts",
            "UPDATE ledger_line SET debit_account = 'fee_income' WHERE credit_account = 'fee_income'",
        ),
        ("line-moves-money",),
        "fee_income / fee_income",
    ),
    "an entry without lines": (
        ("DELETE FROM ledger_line WHERE debit_account = 'principal'",),
        ("entry-has-lines",),
        "no lines",
    ),
    "a line of another day": (
        ("UPDATE ledger_line SET occurred_on = '2026-03-03' WHERE debit_account = 'principal'",),
        ("entry-has-lines",),
        "a line of another day, agreement or entry",
    ),
    "a reversal of another sum": (
        (
            (
                "UPDATE ledger_line SET amount_ore = amount_ore - 100"
                " WHERE credit_account = 'paper_fee_receivable' AND debit_account = 'paper_fee_income'"
            ),
        ),
        ("reversal-mirrors-entry",),
        "no mirror",
    ),
    "a reversal that gives back more than was charged": (
        ("UPDATE ledger_line SET amount_ore = amount_ore + 1 WHERE credit_account = 'credit_balance'",),
        ("reversal-mirrors-entry",),
        "no mirror",
    ),
    "a reversal that reverses nothing": (
        ("UPDATE ledger_entry SET reverses_id = NULL WHERE kind = 'reversal'",),
        ("reversal-mirrors-entry",),
        "by its kind",
    ),
    "a reversal of a reversal": (
        ("UPDATE ledger_entry SET reverses_id = id WHERE kind = 'reversal'",),
        ("reversal-mirrors-entry",),
        "of another agreement, or of a reversal",
    ),
    "an entry taken back twice": (
        (
            "ALTER TABLE ledger_entry DROP CONSTRAINT uq_ledger_entry_reverses_id",
            (
                "WITH again AS (INSERT INTO ledger_entry"
                " (agreement_id, business_key, kind, occurred_on, booked_at, reverses_id)"
                " SELECT agreement_id, 'again', kind, occurred_on, booked_at, reverses_id"
                " FROM ledger_entry WHERE kind = 'reversal' RETURNING *)"
                " INSERT INTO ledger_line"
                " (entry_id, agreement_id, occurred_on, debit_account, credit_account, amount_ore)"
                " SELECT again.id, again.agreement_id, again.occurred_on, debit_account, credit_account, amount_ore"
                " FROM again JOIN ledger_entry AS first"
                " ON first.reverses_id = again.reverses_id AND first.id <> again.id"
                " JOIN ledger_line AS line ON line.entry_id = first.id"
            ),
        ),
        ("reversed-once", "safeguards-stand"),
        "taken back 2 times",
    ),
    "a service that may change a line": (
        (f"GRANT UPDATE (amount_ore) ON ledger_line TO {SERVICE_ROLE}",),
        ("append-only",),
        "UPDATE ledger_line",
    ),
    "a service that may remove an entry": (
        (f"GRANT DELETE ON ledger_entry TO {SERVICE_ROLE}",),
        ("append-only",),
        "DELETE ledger_entry",
    ),
    "a key that is not unique": (
        ("ALTER TABLE ledger_entry DROP CONSTRAINT uq_ledger_entry_business_key",),
        ("safeguards-stand",),
        "uq_ledger_entry_business_key",
    ),
    "triggers that are switched off": (
        ("ALTER TABLE ledger_line DISABLE TRIGGER ALL",),
        ("safeguards-stand",),
        "a trigger of ledger_line is off",
    ),
    "lines of no entry": (
        ("SET LOCAL session_replication_role = replica", "DELETE FROM ledger_entry WHERE kind = 'payment'"),
        ("control-accounts", "entry-has-lines", "payment-in-books-once"),
        "bank",
    ),
    "a payout that is booked otherwise": (
        ("UPDATE ledger_line SET amount_ore = amount_ore + 100 WHERE debit_account = 'principal'",),
        ("payout-booked-once", "principal-drawn-less-repaid"),
        "11000100 öre owed, 12000000 paid out, 1000000 repaid",
    ),
    "a payout that is not in the books": (
        ("UPDATE ledger_entry SET business_key = 'payout:' || uuidv7() WHERE kind = 'payout'",),
        ("payout-booked-once",),
        "booked, and not carried out",
    ),
    "a payout that came back and stands in the books": (
        ("UPDATE payout SET state = 'returned'",),
        ("payout-booked-once", "principal-drawn-less-repaid"),
        "is booked otherwise",
    ),
    "a receivable below zero": (
        (
            "UPDATE ledger_line SET credit_account = 'fee_receivable' WHERE debit_account = 'paper_fee_income'",
            (
                "UPDATE ledger_line SET amount_ore = amount_ore * 2"
                " WHERE debit_account = 'bank' AND credit_account = 'fee_receivable'"
            ),
        ),
        ("nothing-below-zero",),
        "fee_receivable -245900 öre",
    ),
    "a credit balance that is owed": (
        ("UPDATE ledger_line SET debit_account = 'credit_balance' WHERE debit_account = 'fee_receivable'",),
        ("nothing-below-zero",),
        "credit_balance 234100 öre",
    ),
    "two fees for one month": (
        (
            (
                "WITH again AS (INSERT INTO ledger_entry (agreement_id, business_key, kind, occurred_on, booked_at)"
                " SELECT agreement_id, business_key || ':2', kind, occurred_on, booked_at"
                " FROM ledger_entry WHERE kind = 'monthly_fee' RETURNING *)"
                " INSERT INTO ledger_line"
                " (entry_id, agreement_id, occurred_on, debit_account, credit_account, amount_ore)"
                " SELECT id, agreement_id, occurred_on, 'fee_receivable', 'fee_income', 240000 FROM again"
            ),
        ),
        ("one-fee-a-month", "fee-as-in-books"),
        "2026-03, 2 times",
    ),
    "a fee that is another in the books": (
        ("UPDATE monthly_fee SET fee_ore = fee_ore - 100",),
        ("fee-as-in-books",),
        "2026-03: 239900 öre as fee, 240000 in the books",
    ),
    "a fee that was taken back and stands in the books": (
        ("UPDATE monthly_fee SET reversed_at = charged_at",),
        ("fee-as-in-books",),
        "2026-03: 0 öre as fee, 240000 in the books",
    ),
    "a fee that no month has": (
        ("DELETE FROM monthly_fee",),
        ("fee-as-in-books",),
        "2026-03: no öre as fee, 240000 in the books",
    ),
    "a line of an invoice that is not in the books": (
        ("UPDATE invoice_line SET account = 'cancellation_fee_receivable' WHERE kind = 'monthly_fee'",),
        ("invoice-line-in-books",),
        "monthly_fee 240000 öre on an invoice",
    ),
    "instalments of more than was paid out": (
        ("UPDATE invoice_line SET amount_ore = 12000001 WHERE kind = 'instalment'",),
        ("invoice-line-in-books", "invoice-total"),
        "12000001 öre asked for as instalments, more than was paid out",
    ),
    "a credit note of another sum": (
        ("UPDATE invoice_line SET amount_ore = amount_ore - 1 WHERE credits_line_id IS NOT NULL",),
        ("credit-note-mirrors-line",),
        "paper_fee 5899 öre credited",
    ),
    "an invoice of another sum": (
        (
            (
                "UPDATE invoice SET total_ore = total_ore + 100, payable_ore = payable_ore + 100"
                " WHERE number = 202600000001"
            ),
        ),
        ("invoice-total",),
        "invoice 202600000001: 1246000 öre, lines 1245900",
    ),
    "a number that is missing": (
        (
            "UPDATE invoice SET number = 202600000003 WHERE number = 202600000002",
            "UPDATE invoice_series SET last = 3 WHERE year = 2026",
        ),
        ("invoice-numbers-without-gaps",),
        "2026: 1 missing before 3",
    ),
    "a number that is missing at the end": (
        ("UPDATE invoice_series SET last = 5 WHERE year = 2026",),
        ("invoice-numbers-without-gaps",),
        "2026: the last number is 2, by the series 5",
    ),
    "a payment that is not in the books": (
        ("UPDATE incoming_payment SET amount_ore = amount_ore + 100, told_ore = amount_ore + 100",),
        ("payment-in-books-once",),
        "1246000 öre came in, 1245900 in the books",
    ),
    "a payment that did not come in": (
        ("UPDATE ledger_entry SET business_key = 'payment:' || uuidv7() WHERE kind = 'payment'",),
        ("payment-in-books-once",),
        "booked, and did not come in",
    ),
    "a payment in the books of another agreement": (
        ("SET LOCAL session_replication_role = replica", "UPDATE incoming_payment SET agreement_id = uuidv7()"),
        ("payment-in-books-once",),
        "1245900 öre came in, 1245900 in the books",
    ),
    "a refund that is not in the books": (
        (
            (
                "INSERT INTO refund (agreement_id, amount_ore, state, end_to_end_id, payee_encrypted,"
                " reason_encrypted, asked_by, asked_at, released_by, booked_on)"
                " SELECT id, 5900, 'paid', 'R-1', '', '', 'staff:1', granted_at, 'staff:2', '2026-05-04' FROM agreement"
            ),
        ),
        ("refund-booked-once",),
        "is not booked",
    ),
    "a refund that nobody has asked for": (
        ("UPDATE ledger_entry SET kind = 'refund' WHERE kind = 'payment'",),
        ("refund-booked-once", "payment-in-books-once"),
        "booked, and not paid back",
    ),
    "a refund of a payment that stays": (
        (
            (
                "INSERT INTO refund (payment_id, amount_ore, state, end_to_end_id, payee_encrypted,"
                " reason_encrypted, asked_by, asked_at)"
                " SELECT id, amount_ore, 'asked', 'R-1', '', '', 'staff:1', recorded_at FROM incoming_payment"
            ),
        ),
        ("refund-booked-once",),
        "of another sum than its payment, or of one that stays",
    ),
    "late interest of an öre too much": (
        (_late_interest("2026-05-01", 659),),
        ("late-interest-by-stretches",),
        "659 öre in the books, 658 by its stretches",
    ),
    "late interest of the due day": (
        (_late_interest("2026-04-30", 723),),
        ("late-interest-by-stretches",),
        "for 2026-04-30, due on 2026-04-30",
    ),
    "late interest on no claim": (
        (_entry("late_interest", "late_interest", "2026-05-10", 1) + " SELECT FROM entry",),
        ("late-interest-by-stretches",),
        "in the books otherwise than on its claim",
    ),
    "a reminder that costs an öre too much": (
        (_reminder("2026-05-10", 6_001),),
        ("late-charge-once",),
        "reminder of 6001 öre on 2026-05-10",
    ),
    "a reminder on the due day": (
        (_reminder("2026-04-30", 6_000),),
        ("late-charge-once",),
        "reminder of 6000 öre on 2026-04-30",
    ),
    "a reminder that was never charged": (
        (_entry("reminder_fee", "collection_cost", "2026-05-10", 6_000) + " SELECT FROM entry",),
        ("late-charge-once",),
        "in the books otherwise than charged",
    ),
    "a changed plan that forgives an öre": (
        (_changed(("2026-05-29", 100), ("2026-06-30", 99)),),
        ("changed-plan-keeps-sums",),
        "of 100 to 99 öre",
    ),
    "a changed plan that moves what was due before it": (
        (_changed(("2026-04-29", 100), ("2026-04-30", 100)),),
        ("changed-plan-keeps-sums",),
        "of 100 to 100 öre",
    ),
    "parts of a payment that are not all of it": (
        ("UPDATE incoming_payment SET told_ore = amount_ore + 100",),
        ("payment-parts-sum",),
        "1245900 of 1246000 öre",
    ),
}


@pytest.fixture(scope="module")
def world(server_url: str, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorld]:
    """A database of this module's own; whatever a test does in it is undone."""
    url = create_database(server_url)
    own, database, clock = replace(settings, database_url=Secret(url)), Database(url), FixedClock(PAID_OUT_AT)
    with bank_world(tmp_path_factory.mktemp("bank") / "book.sqlite3") as bank:
        yield running_world(Runtime(own, database, clock, cipher_of(own, database)), clock, bank)
    database.dispose()
    drop_database(server_url, url)


@pytest.fixture(scope="module")
def lived(world: RunningWorld) -> Agreement:
    """An agreement of which everything is in the books that can be broken."""
    invoices = Invoices(world.runtime)
    agreement = world.running()
    invoices.choose_delivery(agreement.id, InvoiceDelivery.PAPER, address="Storgatan 1, 111 11 Stockholm", actor="test")
    world.to("2026-04-01 21:00:00")
    run_due(world.runtime, APRIL_1)
    invoices.issue_due(APRIL_1)
    (invoice,) = invoices.of_agreement(agreement.id)
    world.pay(agreement, invoice.payable, on="2026-04-30")
    world.to("2026-04-30 12:00:00")
    invoices.credit_paper_fee(invoice.id, CreditReason.GOODWILL, actor="staff:1")
    return agreement


class Undone(Exception):
    """Leaves a transaction so that nothing of it stays."""


@contextlib.contextmanager
def done_by_owner(world: RunningWorld, *statements: str) -> Iterator[Session]:
    """What the owner of the database does, until the block is left."""
    with contextlib.suppress(Undone), world.runtime.database.transaction() as session:
        session.execute(sa.text("SET ROLE NONE"))
        for statement in statements:
            session.execute(sa.text(statement.replace(":", r"\:")))
        session.execute(sa.text(f"SET ROLE {SERVICE_ROLE}"))
        yield session
        raise Undone


def found(findings: tuple[Finding, ...]) -> dict[str, list[str]]:
    return {finding.invariant.name: [str(one.what) for one in finding.first] for finding in findings}


@pytest.mark.parametrize("breach", BREAKS)
def test_what_is_broken_behind_our_back_is_found_and_named(world: RunningWorld, lived: Agreement, breach: str) -> None:
    """F6: by the invariant's name, with the place; before it all is well."""
    statements, names, place = BREAKS[breach]
    assert broken(world.runtime.database) == ()
    with done_by_owner(world, *statements):
        faults = found(broken(world.runtime.database))
        assert set(names) <= set(faults)
        assert any(place in what for name in names for what in faults[name]), faults
    assert broken(world.runtime.database) == ()


def test_every_invariant_is_broken_by_one_of_these() -> None:
    """F6: a new one is not listed before it is shown to find something. Closed months have their own test."""
    of_months = {invariant.name for invariant in accounting.INVARIANTS}
    assert {name for _, names, _ in BREAKS.values() for name in names} == set(NAMES) - of_months
    assert len(set(NAMES)) == len(NAMES)


def test_a_finding_names_agreement_and_entry(world: RunningWorld, lived: Agreement) -> None:
    """F6: so that somebody can look."""
    with world.runtime.database.transaction() as session:
        entry = next(one for one in ledger.entries(session, lived.id) if one.kind is PostingKind.PAYOUT)
    with done_by_owner(world, "DELETE FROM ledger_line WHERE debit_account = 'principal'"):
        (finding,) = [one for one in broken(world.runtime.database) if one.invariant.name == "entry-has-lines"]
        assert [(one.agreement_id, one.entry_id) for one in finding.first] == [(lived.id, entry.id)]
        assert (finding.count, finding.holds, finding.invariant.rule) == (1, False, "F6")


def test_all_offences_are_counted_and_the_first_are_shown(world: RunningWorld, lived: Agreement) -> None:
    """F6: twenty of them."""
    at = world.clock.now()
    with done_by_owner(world) as session:
        for _ in range(MOST_SHOWN + 3):
            _empty_entry(session, lived.id, at)
        (finding,) = [one for one in broken(world.runtime.database) if one.invariant.name == "entry-has-lines"]
        assert (finding.count, len(finding.first)) == (MOST_SHOWN + 3, MOST_SHOWN)


def test_a_payment_that_the_bank_takes_back_in_part_is_still_accounted_for(
    world: RunningWorld, lived: Agreement
) -> None:
    """F7: 12 459 kr came in and 1 000 kr of it went back; what the books have of it is what is left."""
    on = date(2026, 4, 30)
    with done_by_owner(world) as session:
        session.execute(
            sa.text("""
            INSERT INTO incoming_payment (file_id, bankgiro, booked_on, deposit_serial, payment_serial, reference,
                amount_ore, agreement_id, recorded_at, state, takes_back_id, booked_at)
            SELECT file_id, bankgiro, booked_on, deposit_serial, 'x', reference, -100000, agreement_id, recorded_at,
                'booked', id, booked_at
            FROM incoming_payment
            """)
        )
        payment = session.execute(sa.text("SELECT id FROM incoming_payment WHERE amount_ore > 0")).scalar_one()
        told = f"payment {payment}: 1145900 öre came in, 1245900 in the books"
        assert found(broken(world.runtime.database)) == {"payment-in-books-once": [told]}
        entry = ledger.entry_of(session, f"payment:{payment}")
        assert entry is not None
        ledger.reverse(session, entry, occurred_on=on, at=world.clock.now())
        left = (Line(Account.BANK, Account.CREDIT_BALANCE, Money.kronor(11_459)),)
        posting = postings.incoming_payment(left, payment_id=f"{payment}:{uuid.uuid4()}", booked_on=on)
        ledger.post(session, lived.id, posting, at=world.clock.now())
        assert broken(world.runtime.database) == ()


def test_what_is_written_meanwhile_is_not_seen(committed_database: Database) -> None:
    """F6: everything is proven of one moment, and nothing can be written by it."""
    table = sa.text("SELECT count(*) FROM price")
    price = sa.text("INSERT INTO price VALUES ('x', '2026-01-01', 1, 'test', '2026-01-01 00:00Z')")
    with committed_database.snapshot() as session:
        before = session.execute(table).scalar_one()
        with committed_database.engine.begin() as other:
            other.execute(price)
        assert session.execute(table).scalar_one() == before
        with pytest.raises(InternalError, match="read-only transaction"):
            session.execute(sa.text("UPDATE price SET amount_ore = 2"))
        session.rollback()


def test_each_invariant_is_told_of_as_it_is_proven(world: RunningWorld) -> None:
    told: list[Finding] = []
    assert list(prove(world.runtime.database, told=told.append)) == told
    assert [finding.invariant.name for finding in told] == NAMES


def test_the_nightly_job_fails_loudly_when_the_books_are_broken(world: RunningWorld, lived: Agreement) -> None:
    """F6: somebody is told by the alarm of a failed job, and the figure that Prometheus reads says so."""
    daily = jobs.daily(world.runtime)
    nightly = Jobs(world.runtime, continuous=(), periodic=daily)
    assert ledger_figure(world) == {}
    assert daily[0].run(APRIL_1, unheard) == {"proven": len(INVARIANTS)}
    nightly.run_by_hand(jobs.CHECK, None, now=world.clock.now())
    assert ledger_figure(world) == {(): 0}
    with done_by_owner(world, "UPDATE monthly_fee SET fee_ore = fee_ore - 100"):
        with pytest.raises(jobs.BooksBroken, match="fee-as-in-books"):
            nightly.run_by_hand(jobs.CHECK, None, now=world.clock.now())
        assert ledger_figure(world) == {(): 1}
        assert [letter.subject for letter in world.letters("job-alarm")] == [
            "Jobbet check-ledger / The job check-ledger"
        ]


def ledger_figure(world: RunningWorld) -> Mapping[tuple[str, ...], int]:
    with world.runtime.database.transaction() as session:
        (figure,) = [one for one in figures_of(world.runtime)(session) if one.name == "borgen_ledger_broken"]
        return figure.samples


def _empty_entry(session: Session, agreement_id: uuid.UUID, at: datetime) -> None:
    session.add(
        LedgerEntry(
            agreement_id=agreement_id,
            business_key=str(uuid.uuid4()),
            kind=str(PostingKind.PAYMENT),
            occurred_on=APRIL_1,
            booked_at=at,
        )
    )
    session.flush()
