"""How long each kind of data is kept, by which law, and from when it is erased (rule K2; `docs/rules.md`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

from underwriting.kernel.periods import add_months
from underwriting.kernel.statutes import (
    ACCOUNTING_RETENTION_YEARS,
    DUE_DILIGENCE_RETENTION_YEARS,
    LIMITATION_YEARS,
    Statute,
)
from underwriting.kernel.text import Text

_DATA_PROTECTION = Statute("EU:s dataskyddsförordning", "2016/679", "artikel 5.1 e")
_DAY = timedelta(days=1)


class Kind(StrEnum):
    """Kinds of personal data that are erased together."""

    DRAFT = "draft"  # with its documents; erased when it is deleted (rule A3)
    APPLICATION = "application"  # that led to nothing, with all that was written and signed for it
    AGREEMENT = "agreement"  # with the application that it came of, its guarantees, payouts and letters
    LOG_IN = "log_in"  # a person's session, and the identification that opened it
    PAYMENT_FILE = "payment_file"  # who paid, as the bank told it
    DELIVERY = "delivery"  # that a letter or an event was sent on its way, and how each attempt went
    LETTER = "letter"  # to the lender itself; one about a matter goes with the matter
    EVENT = "event"  # that something has happened to a matter, for integrators; no person's data


@dataclass(frozen=True, slots=True)
class Ground:
    """Why data are kept, and *through* which day. *by_law*: nobody can ask for their erasure before."""

    reason: Text
    source: Statute
    through: date
    by_law: bool


MONTHS_KEPT: Mapping[Kind, int] = MappingProxyType(
    {Kind.APPLICATION: 12, Kind.LOG_IN: 3, Kind.DELIVERY: 3, Kind.LETTER: 12, Kind.EVENT: 24}
)
"""Months for which no act asks: as long as somebody may contest what was decided, ask who was logged in or whether a
letter was sent, look up what the lender was told in the year, or read events for two financial years from the first."""

_CONTESTED = Text("Ett beslut kan ifrågasättas och prövas om", "A decision may be contested and looked at again")
_WHO_LOGGED_IN = Text("Det ska gå att se vem som loggade in", "It is to be seen who logged in")
_ACCOUNTING = Text("Räkenskapsinformation ska bevaras", "Accounting material has to be kept")
_DUE_DILIGENCE = Text("Åtgärder för kundkännedom ska bevaras", "Due diligence has to be kept")
_CLAIMS = Text("Anspråk ur avtalet är inte preskriberade", "Claims under the agreement are not barred yet")


def application_ground(ended_on: date, *, measured_on: date | None = None) -> Ground:
    """Why an application that led to nothing is kept after the day on which that was settled.

    Where staff looked into the customer, last on *measured_on*, the act asks for five years from then (5 kap. 3 §).
    """
    if measured_on is not None:
        through = add_months(measured_on, 12 * DUE_DILIGENCE_RETENTION_YEARS.on(measured_on))
        return Ground(_DUE_DILIGENCE, DUE_DILIGENCE_RETENTION_YEARS.source, through, by_law=True)
    through = add_months(ended_on, MONTHS_KEPT[Kind.APPLICATION])
    return Ground(_CONTESTED, _DATA_PROTECTION, through, by_law=False)


def agreement_grounds(ended_on: date) -> tuple[Ground, ...]:
    """Why an agreement is kept after the day on which it ended, the longest first.

    Its accounting year is the lender's, which is the calendar year. Ended on 2026-03-10: accounting through 2033-12-31,
    due diligence through 2031-03-10, claims through 2036-03-10.
    """
    accounting_year = ended_on.year + ACCOUNTING_RETENTION_YEARS.on(ended_on)
    due_diligence = add_months(ended_on, 12 * DUE_DILIGENCE_RETENTION_YEARS.on(ended_on))
    claims = add_months(ended_on, 12 * LIMITATION_YEARS.on(ended_on))
    grounds = (
        Ground(_ACCOUNTING, ACCOUNTING_RETENTION_YEARS.source, date(accounting_year, 12, 31), by_law=True),
        Ground(_DUE_DILIGENCE, DUE_DILIGENCE_RETENTION_YEARS.source, due_diligence, by_law=True),
        Ground(_CLAIMS, LIMITATION_YEARS.source, claims, by_law=True),
    )
    return tuple(sorted(grounds, key=lambda ground: ground.through, reverse=True))


def log_in_ground(ended_on: date) -> Ground:
    """Why a log-in is kept after the day on which the session ran out."""
    return Ground(_WHO_LOGGED_IN, _DATA_PROTECTION, add_months(ended_on, MONTHS_KEPT[Kind.LOG_IN]), by_law=False)


def payment_file_ground(received_on: date) -> Ground:
    """Why a file of payments is kept after the day on which it was received."""
    year = received_on.year + ACCOUNTING_RETENTION_YEARS.on(received_on)
    return Ground(_ACCOUNTING, ACCOUNTING_RETENTION_YEARS.source, date(year, 12, 31), by_law=True)


def is_due(ground: Ground, *, on: date) -> bool:
    """Whether the time of *ground* is over on a day."""
    return on > ground.through


def latest_end(kind: Kind, *, on: date) -> date:
    """Of *kind*, what ended after this day cannot be due on the day *on*: where to begin looking.

    A bound, not the rule: what ended earlier is judged by its ground.
    """
    match kind:
        case Kind.APPLICATION | Kind.LOG_IN | Kind.DELIVERY | Kind.LETTER | Kind.EVENT:
            return add_months(on, -MONTHS_KEPT[kind])
        case Kind.AGREEMENT:
            return add_months(on, -12 * LIMITATION_YEARS.on(on))
        case Kind.PAYMENT_FILE:
            return add_months(on, -12 * ACCOUNTING_RETENTION_YEARS.on(on))
        case Kind.DRAFT:
            return on - _DAY
