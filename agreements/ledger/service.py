"""The books: what is posted, and what stands on each account as of any day (rule F6).

Nothing here changes or removes a row. A posting whose business key is in the books already is not booked again.
"""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from agreements.ledger import rules
from agreements.ledger.invariants import SIDES
from agreements.ledger.models import LedgerEntry, LedgerLine
from agreements.ledger.rules import Line, Posting, PostingKind
from agreements.ledger.services.check_books import Finding, Offence, check, check_each
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import Account
from underwriting.platform.arrays import array_text

__all__ = [
    "BookedEntry",
    "Finding",
    "Offence",
    "PrincipalMovement",
    "balances",
    "check",
    "check_each",
    "entries",
    "entry_of",
    "post",
    "post_each",
    "principal_movements",
    "reverse",
    "total_balances",
]

_ENTRIES = sa.text("""
    INSERT INTO ledger_entry (agreement_id, business_key, kind, occurred_on, booked_at)
    SELECT *, CAST(:at AS timestamptz) FROM unnest(
        CAST(:agreements AS uuid[]), CAST(:keys AS text[]), CAST(:kinds AS text[]), CAST(:days AS date[])
    )
    ON CONFLICT DO NOTHING
    RETURNING id, business_key
""")
_LINES = sa.text("""
    INSERT INTO ledger_line (entry_id, agreement_id, occurred_on, debit_account, credit_account, amount_ore)
    SELECT * FROM unnest(
        CAST(:entries AS uuid[]), CAST(:agreements AS uuid[]), CAST(:days AS date[]), CAST(:debits AS text[]),
        CAST(:credits AS text[]), CAST(:amounts AS bigint[])
    )
""")
_BOOKED = sa.select(LedgerEntry).from_statement(
    sa.text("""
        WITH entry AS (
            INSERT INTO ledger_entry (agreement_id, business_key, kind, occurred_on, booked_at, reverses_id)
            VALUES (:agreement_id, :key, :kind, :day, :at, CAST(:reverses_id AS uuid))
            ON CONFLICT DO NOTHING
            RETURNING *
        ),
        line AS (
            INSERT INTO ledger_line (entry_id, agreement_id, occurred_on, debit_account, credit_account, amount_ore)
            SELECT entry.id, entry.agreement_id, entry.occurred_on, one.*
            FROM entry, unnest(CAST(:debits AS text[]), CAST(:credits AS text[]), CAST(:amounts AS bigint[])) AS one
        )
        SELECT * FROM entry
    """)
)
_SUMS = f"SELECT side.account, sum(side.ore) AS ore FROM {SIDES}"
_KNOWN = (
    " AND line.entry_id IN (SELECT id FROM ledger_entry WHERE agreement_id = :agreement_id AND booked_at <= :known_at)"
)


@dataclass(frozen=True, slots=True)
class BookedEntry:
    """One entry as it stands in the books; *reverses_id* names the entry that it takes back, if any."""

    id: uuid.UUID
    agreement_id: uuid.UUID
    posting: Posting
    booked_at: datetime
    reverses_id: uuid.UUID | None

    @property
    def kind(self) -> PostingKind:
        """What happened."""
        return self.posting.kind

    @property
    def business_key(self) -> str:
        """What is never booked twice."""
        return self.posting.business_key

    @property
    def occurred_on(self) -> date:
        """The legal day."""
        return self.posting.occurred_on

    @property
    def lines(self) -> tuple[Line, ...]:
        """The amounts, each with the account that it goes to and the one that it comes from."""
        return self.posting.lines


@dataclass(frozen=True, slots=True)
class PrincipalMovement:
    """A change of what the borrower owes of what was paid out: *amount* is positive for a payout, negative else.

    *order* tells the movements of one day apart, in the order of booking.
    """

    occurred_on: date
    order: int
    amount: Money
    booked_at: datetime


def post(session: Session, agreement_id: uuid.UUID, posting: Posting, *, at: datetime) -> LedgerEntry | None:
    """Book *posting* for the agreement; None, and nothing is changed, when its business key is booked already."""
    return _book(session, agreement_id, posting, at=at, reverses_id=None)


def post_each(
    session: Session, postings: Sequence[tuple[uuid.UUID, Posting]], *, at: datetime
) -> Mapping[str, uuid.UUID]:
    """Book many *postings*, each for its agreement, by two statements; the new entries by their business keys.

    One whose business key is booked already changes nothing and is not among them.
    """
    values: dict[str, object] = {
        "agreements": array_text(agreement_id for agreement_id, _ in postings),
        "keys": array_text(posting.business_key for _, posting in postings),
        "kinds": array_text(posting.kind for _, posting in postings),
        "days": array_text(posting.occurred_on for _, posting in postings),
        "at": at,
    }
    booked = {row.business_key: row.id for row in session.execute(_ENTRIES, values)}
    lines = [
        (booked[posting.business_key], agreement_id, posting.occurred_on, line)
        for agreement_id, posting in postings
        if posting.business_key in booked
        for line in posting.lines
    ]
    values = {
        "entries": array_text(entry_id for entry_id, _, _, _ in lines),
        "agreements": array_text(agreement_id for _, agreement_id, _, _ in lines),
        "days": array_text(day for _, _, day, _ in lines),
        "debits": array_text(line.debit for _, _, _, line in lines),
        "credits": array_text(line.credit for _, _, _, line in lines),
        "amounts": array_text(line.amount.ore for _, _, _, line in lines),
    }
    session.execute(_LINES, values)
    return booked


def reverse(
    session: Session, entry: LedgerEntry, *, occurred_on: date, at: datetime, still_unpaid: Money | None = None
) -> LedgerEntry | None:
    """Take *entry* back by an entry of its own (rule F6); None when that has been done.

    *still_unpaid* is what is left to pay of a fee, see `rules.reversal`.
    """
    posting = _postings_of(session, [entry])[entry.id]
    opposite = rules.reversal(posting, occurred_on=occurred_on, still_unpaid=still_unpaid)
    return _book(session, entry.agreement_id, opposite, at=at, reverses_id=entry.id)


def entry_of(session: Session, business_key: str) -> LedgerEntry | None:
    """The entry that was booked under *business_key*, or None."""
    return session.scalar(sa.select(LedgerEntry).where(LedgerEntry.business_key == business_key))


def balances(
    session: Session, agreement_id: uuid.UUID, *, on: date | None = None, known_at: datetime | None = None
) -> Mapping[Account, Money]:
    """Each account's debits less its credits; without *on* and *known_at* by all that is booked.

    With *on* by what occurred on that day or before; with *known_at* by what was booked at that instant or before: the
    balance as one who looked then was told it. An account without a line is there with zero.
    """
    narrowed = "".join((" AND line.occurred_on <= :on" if on else "", _KNOWN if known_at else ""))
    query = sa.text(f"{_SUMS} WHERE line.agreement_id = :agreement_id{narrowed} GROUP BY side.account")
    values = {"agreement_id": agreement_id, "on": on, "known_at": known_at}
    return _sums(session, query, {name: value for name, value in values.items() if value is not None})


def total_balances(session: Session) -> Mapping[Account, Money]:
    """Each account's debits less its credits over all agreements."""
    return _sums(session, sa.text(f"{_SUMS} GROUP BY side.account"), {})


def entries(
    session: Session, agreement_id: uuid.UUID, *, after: uuid.UUID | None = None, limit: int | None = None
) -> tuple[BookedEntry, ...]:
    """The agreement's entries in the order in which they were booked; at most *limit*, from the one *after* on."""
    query = sa.select(LedgerEntry).where(LedgerEntry.agreement_id == agreement_id).order_by(LedgerEntry.id)
    if after is not None:
        query = query.where(LedgerEntry.id > after)
    rows = session.scalars(query.limit(limit)).all()
    postings = _postings_of(session, rows)
    return tuple(
        BookedEntry(row.id, row.agreement_id, postings[row.id], row.booked_at, row.reverses_id) for row in rows
    )


def principal_movements(session: Session, agreement_id: uuid.UUID) -> tuple[PrincipalMovement, ...]:
    """Every change of the agreement's principal in the order of legal days; the basis of fees (rules F1 and F2).

    What was reversed is left out together with its reversal: a returned payout was never utilised (rule P3).
    """
    entry, line, taken_back = LedgerEntry, LedgerLine, aliased(LedgerEntry)
    principal = str(Account.PRINCIPAL)
    signed = sa.case((line.debit_account == principal, line.amount_ore), else_=-line.amount_ore)
    rows = session.execute(
        sa.select(line.occurred_on, signed, entry.booked_at)
        .join(entry, entry.id == line.entry_id)
        .where(
            line.agreement_id == agreement_id,
            sa.or_(line.debit_account == principal, line.credit_account == principal),
            entry.reverses_id.is_(None),
            ~sa.exists().where(taken_back.reverses_id == entry.id),
        )
        .order_by(line.occurred_on, line.id)
    )
    return tuple(
        PrincipalMovement(occurred_on, order, Money(ore), booked_at)
        for order, (occurred_on, ore, booked_at) in enumerate(rows, start=1)
    )


def _book(
    session: Session, agreement_id: uuid.UUID, posting: Posting, *, at: datetime, reverses_id: uuid.UUID | None
) -> LedgerEntry | None:
    values = {
        "agreement_id": agreement_id,
        "key": posting.business_key,
        "kind": str(posting.kind),
        "day": posting.occurred_on,
        "at": at,
        "reverses_id": reverses_id,
        "debits": [str(line.debit) for line in posting.lines],
        "credits": [str(line.credit) for line in posting.lines],
        "amounts": [line.amount.ore for line in posting.lines],
    }
    entry: LedgerEntry | None = session.scalar(_BOOKED, values)
    return entry


def _postings_of(session: Session, entries: Sequence[LedgerEntry]) -> Mapping[uuid.UUID, Posting]:
    lines: dict[uuid.UUID, list[Line]] = defaultdict(list)
    ids = [entry.id for entry in entries]
    for row in session.scalars(sa.select(LedgerLine).where(LedgerLine.entry_id.in_(ids)).order_by(LedgerLine.id)):
        line = Line(Account(row.debit_account), Account(row.credit_account), Money(row.amount_ore))
        lines[row.entry_id].append(line)
    return {
        entry.id: Posting(PostingKind(entry.kind), entry.occurred_on, entry.business_key, tuple(lines[entry.id]))
        for entry in entries
    }


def _sums(session: Session, query: sa.TextClause, values: Mapping[str, object]) -> Mapping[Account, Money]:
    rows = session.execute(query, values)
    return dict.fromkeys(Account, Money.ZERO) | {Account(row.account): Money(int(row.ore)) for row in rows}
