"""The lender's own prices as dated rows (rule F4): what paper costs on a day, and a new price from a day on."""

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agreements.invoices import rules
from agreements.invoices.models import Price
from underwriting.kernel.errors import Conflict
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.platform import audit_log


class PriceFixed(Conflict):
    """A price holds from a day after today, and a day has one price: what was charged stays explained. Rule F4."""

    slug = "price-fixed"
    title = Text("Priset kan inte ändras för den dagen", "The price cannot be changed for that day")
    rule = "F4"


@dataclass(frozen=True, slots=True)
class PriceView:
    """What something costs from a day until the next price."""

    since: date
    amount: Money


def paper_fee_on(session: Session, day: date) -> Money:
    """What an invoice on paper costs on *day*; raises PriceMissing."""
    return rules.price_on(day, prices_of(session, rules.PAPER_INVOICE))


def prices_of(session: Session, name: str) -> dict[date, Money]:
    """Every price of one thing by its first day, the oldest first."""
    rows = session.scalars(sa.select(Price).where(Price.name == name).order_by(Price.since))
    return {row.since: Money(row.amount_ore) for row in rows}


def set_paper_fee(session: Session, amount: Money, *, since: date, actor: str, on: date, at: datetime) -> None:
    """Let paper cost *amount* from *since* on, a day after *on*, which is today. Raises PriceFixed.

    The same price for the same day again changes nothing.
    """
    if since <= on:
        raise PriceFixed
    new = session.scalar(
        insert(Price)
        .values(name=rules.PAPER_INVOICE, since=since, amount_ore=amount.ore, recorded_by=actor, recorded_at=at)
        .on_conflict_do_nothing()
        .returning(Price.since)
    )
    if new is None:
        if prices_of(session, rules.PAPER_INVOICE)[since] != amount:
            raise PriceFixed
        return
    data = {"amount": str(amount), "since": since.isoformat()}
    audit_log.append(session, f"price:{rules.PAPER_INVOICE}", "price.set", actor=actor, at=at, data=data)
