"""How a company stands, from what the register says and from what has happened to it.

The register's *active* means registered for taxes: a bankrupt company stays active in it for a while. So active is
known only where events are told and none of them says otherwise, or something that cannot be read. In each matter the
newest event counts; events of which it cannot be told which is newer count as the worst of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bureau_clients.bisnode.codes import Sign
from bureau_clients.reports import CompanyStatus

_BANKRUPTCY = (Sign.BANKRUPT, Sign.BANKRUPTCY_CONCLUDED, Sign.BANKRUPTCY_UNTOLD, Sign.BANKRUPTCY_CANCELLED)
_PETITION = (Sign.BANKRUPTCY_PETITION, Sign.BANKRUPTCY_PETITION_OVER)
_LIQUIDATION = (
    *(Sign.LIQUIDATION, Sign.LIQUIDATION_CONCLUDED, Sign.LIQUIDATION_UNTOLD, Sign.LIQUIDATION_REPORTED),
    Sign.LIQUIDATION_CANCELLED,
)
_RECONSTRUCTION = (Sign.RECONSTRUCTION, Sign.RECONSTRUCTION_UNTOLD, Sign.RECONSTRUCTION_OVER)
_PAYMENTS = (Sign.PAYMENTS_SUSPENDED, Sign.PAYMENTS_RESUMED)
_MATTERS = (_BANKRUPTCY, _PETITION, _LIQUIDATION, _RECONSTRUCTION, _PAYMENTS)
_DOUBTS = frozenset(
    (
        *(Sign.BANKRUPTCY_UNTOLD, Sign.BANKRUPTCY_PETITION, Sign.LIQUIDATION_UNTOLD, Sign.LIQUIDATION_REPORTED),
        *(Sign.RECONSTRUCTION_UNTOLD, Sign.PAYMENTS_SUSPENDED),
    )
)
_CONTRADICTIONS = frozenset((Sign.BLOCKED, Sign.MERGED, Sign.NOT_ACTIVE))
"""What may not be so of an active company, or be only half of what happened to it."""

_REGISTER = {
    "ACTIVE": CompanyStatus.ACTIVE,
    "INACTIVE": CompanyStatus.INACTIVE,
    "NOTSTARTED_OR_DORMANT": CompanyStatus.INACTIVE,
}
"""What the register's words are; a company that has not started is not active yet."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a company or its owner, on a day if that is told."""

    sign: Sign
    on: date | None


@dataclass(frozen=True, slots=True)
class Section:
    """What the report's section on bankruptcy holds: *is_there* only where there is any data on one.

    *is_dated* tells that it has a date or a receiver, *is_read* that all its events could be read.
    """

    is_there: bool
    is_dated: bool = False
    is_read: bool = True


def newest(events: Sequence[Event], matter: Sequence[Sign]) -> Sign | None:
    """The newest sign of one *matter*, which lists its signs with the worst first; None where there is none."""
    found = [event for event in events if event.sign in matter]
    if not found:
        return None
    days = [event.on for event in found if event.on is not None]
    last = max(days, default=None)
    candidates = [event.sign for event in found if event.on is None or event.on == last]
    return min(candidates, key=matter.index)


def is_bankrupt(section: Section | None, events: Sequence[Event], *, is_active: bool) -> bool | None:
    """Whether the company is bankrupt, or was when it ended; None where that cannot be told.

    *section* is None where it was not asked for. A concluded bankruptcy of somebody who *is_active* is one that a sole
    trader has behind them, or a mistake: it is not told which.
    """
    match newest(events, _BANKRUPTCY):
        case Sign.BANKRUPT:
            return True
        case Sign.BANKRUPTCY_CONCLUDED:
            return None if is_active else True
        case Sign.BANKRUPTCY_CANCELLED:
            return False if section is None or section.is_read else None
        case Sign.BANKRUPTCY_UNTOLD:
            return None
    if section is None:
        return None
    if not section.is_there:
        return False
    petition = newest(events, _PETITION)
    if petition is None:
        return True if section.is_dated else None
    return None if section.is_dated or not section.is_read else False


def status(
    register: str | None, *, section: Section | None, events: Sequence[Event], are_told: bool
) -> CompanyStatus | None:
    """How the company stands; None where that cannot be told. *are_told*: the *events* are all there and readable."""
    said = _REGISTER.get(register) if register else None
    happened = {event.sign for event in events}
    latest = {newest(events, matter) for matter in _MATTERS}
    gone = (latest & {Sign.BANKRUPTCY_CONCLUDED, Sign.LIQUIDATION_CONCLUDED}) | (happened & {Sign.DEREGISTERED})
    if said is CompanyStatus.INACTIVE and Sign.MERGED in happened:
        gone |= {Sign.MERGED}
    if gone and said is not CompanyStatus.ACTIVE:
        return CompanyStatus.DEREGISTERED
    bankrupt = is_bankrupt(section, events, is_active=said is CompanyStatus.ACTIVE)
    if bankrupt:
        return CompanyStatus.BANKRUPT
    if Sign.LIQUIDATION in latest:
        return CompanyStatus.LIQUIDATION
    if said is CompanyStatus.INACTIVE:
        return said
    is_doubtful = bankrupt is None and section is not None
    if is_doubtful or gone or latest & _DOUBTS or happened & _CONTRADICTIONS:
        return None
    if Sign.RECONSTRUCTION in latest:
        return CompanyStatus.RECONSTRUCTION
    return said if are_told else None
