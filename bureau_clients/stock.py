"""Reports bought of a bureau in advance: how many are left, and the alarm before they run out."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bureau_clients.alarms import raise_alarm
from bureau_clients.limits import AlarmKind, are_few
from bureau_clients.models import BureauPurchase
from underwriting.platform import audit_log
from underwriting.platform.runtime import Runtime

# One report is used by every question that was answered with one, or may have been.
_STOCK = sa.text("""
    SELECT purchase.bureau, sum(reports) AS bought, max(bought_at) AS latest_bought_at,
        (array_agg(reports ORDER BY bought_at DESC, id DESC))[1] AS latest_purchase,
        (SELECT count(*) FROM credit_report AS question
         WHERE question.bureau = purchase.bureau AND outcome IN ('report', 'unknown')
            AND asked_at >= min(bought_at)) AS used
    FROM bureau_purchase AS purchase GROUP BY purchase.bureau ORDER BY purchase.bureau
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """The reports *bought* of a bureau in all, and *used* since the first purchase: answered, or in doubt."""

    bureau: str
    bought: int
    used: int
    latest_purchase: int
    latest_bought_at: datetime

    @property
    def left(self) -> int:
        """How many should be left; negative where more were used than were recorded as bought."""
        return self.bought - self.used


def buy(session: Session, *, bureau: str, reports: int, by: str, at: datetime) -> None:
    """Record that *reports* were bought of *bureau*, also in its audit log. ValueError unless some were."""
    if reports <= 0:
        raise ValueError("at least one report is bought")
    session.add(BureauPurchase(bureau=bureau, reports=reports, bought_at=at, bought_by=by))
    audit_log.append(session, f"bureau:{bureau}", "bureau.bought", actor=by, at=at, data={"reports": reports})


def stock(session: Session) -> tuple[Stock, ...]:
    """What is left at each bureau of which reports were bought, by name."""
    return tuple(
        Stock(
            bureau=row.bureau,
            bought=row.bought,
            used=row.used,
            latest_purchase=row.latest_purchase,
            latest_bought_at=row.latest_bought_at,
        )
        for row in session.execute(_STOCK)
    )


def tell_of_few(session: Session, runtime: Runtime, *, at: datetime) -> int:
    """Tell the lender where fewer than a tenth of the latest purchase is left; of how many bureaus that is news."""
    few = [found.bureau for found in stock(session) if are_few(found.left, of=found.latest_purchase)]
    return sum(raise_alarm(session, runtime, AlarmKind.FEW_REPORTS_LEFT, bureau, at=at) for bureau in few)
