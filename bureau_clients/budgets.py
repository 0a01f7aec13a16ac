"""What questions cost, and what may be spent: reserved before a question is asked, settled when it is answered.

All that is spent or reserved is a sum of rows. Where there is a budget, whoever adds a row first takes its lock, to the
end of a short transaction: the application's, then the bureaus' in the order of their names. So two never wait for each
other, and two questions never share the last of the money.
"""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bureau_clients.alarms import raise_alarm
from bureau_clients.limits import OVER_APPLICATION_BUDGET, OVER_BUDGET, AlarmKind, crossed, fits
from bureau_clients.models import BureauReservation
from bureau_clients.questions import QuestionKind, SubjectGroup
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.platform.bureau_settings import TariffSettings
from underwriting.platform.database import lock_subject
from underwriting.platform.runtime import Runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """The price lists of the bureaus by name, with their budgets per day, and what one application may cost in all."""

    tariffs: Mapping[str, TariffSettings] = field(default_factory=lambda: MappingProxyType({}))
    application_budget: Money | None = None

    def price(self, bureau: str, kind: QuestionKind, group: SubjectGroup) -> Money | None:
        """What a question costs there; None where no price is told."""
        tariff = self.tariffs.get(bureau)
        if tariff is None:
            return None
        if kind is QuestionKind.STATUS:
            return tariff.status
        return {
            SubjectGroup.COMPANY: tariff.company,
            SubjectGroup.SOLE_TRADER: tariff.sole_trader,
            SubjectGroup.PERSON: tariff.person,
        }[group]

    @property
    def day_budgets(self) -> Mapping[str, Money]:
        """What may be spent in a day, by bureau; those without a budget are not there."""
        return {name: tariff.day_budget for name, tariff in self.tariffs.items() if tariff.day_budget is not None}


@dataclass(slots=True)
class Purse:
    """What one transaction may still reserve for an application's questions; the locks of the budgets are held."""

    session: Session
    runtime: Runtime
    prices: Prices
    application_id: uuid.UUID
    at: datetime
    spent: dict[str, Money]  # today at the bureaus that have a budget
    spent_on_application: Money

    def objection(self, bureau: str, price: Money | None, *, binds_application: bool) -> str | None:
        """The code for which a question at *price* may not be asked, or None.

        *binds_application*: the application's own budget counts. It does not for a register status, without which a
        granted credit is never paid out, nor for a question that a person has allowed.
        """
        asked = price or Money.ZERO
        if binds_application and not fits(
            asked, spent=self.spent_on_application, budget=self.prices.application_budget
        ):
            return OVER_APPLICATION_BUDGET
        budget = self.prices.day_budgets.get(bureau)
        if fits(asked, spent=self.spent.get(bureau, Money.ZERO), budget=budget):
            return None
        raise_alarm(self.session, self.runtime, AlarmKind.BUDGET_SPENT, bureau, at=self.at)
        return OVER_BUDGET

    def reserve(self, question: uuid.UUID, bureau: str, price: Money | None) -> None:
        """Reserve what *question* may cost at *bureau*; the lender is told where that takes the day's budget.

        Without a price there is nothing to reserve, and `settle` has nothing to settle.
        """
        if price is None:
            return
        row = BureauReservation(
            question=question,
            bureau=bureau,
            application_id=self.application_id,
            day=stockholm_date(self.at),
            amount_ore=price.ore,
            settled=False,
        )
        self.session.add(row)
        self.spent_on_application += price
        if (budget := self.prices.day_budgets.get(bureau)) is None:
            return
        before = self.spent.get(bureau, Money.ZERO)
        self.spent[bureau] = before + price
        if kind := crossed(before=before, after=self.spent[bureau], budget=budget):
            raise_alarm(self.session, self.runtime, kind, bureau, at=self.at)


def open_purse(
    session: Session,
    runtime: Runtime,
    prices: Prices,
    application_id: uuid.UUID,
    *,
    bureaus: Collection[str],
    at: datetime,
) -> Purse:
    """The purse for questions of the application to *bureaus* on the day of *at*."""
    budgeted = sorted(set(bureaus) & prices.day_budgets.keys())
    if prices.application_budget is not None:
        lock_subject(session, f"bureau-budget:application:{application_id}")
    for bureau in budgeted:
        lock_subject(session, f"bureau-budget:{bureau}")
    spent = _spent_on_day(session, budgeted, stockholm_date(at)) if budgeted else {}
    on_application = Money.ZERO
    if prices.application_budget is not None:
        total = sa.select(sa.func.coalesce(sa.func.sum(BureauReservation.amount_ore), 0))
        on_application = Money(
            int(session.scalar(total.where(BureauReservation.application_id == application_id)) or 0)
        )
    return Purse(session, runtime, prices, application_id, at, spent, on_application)


def settle(session: Session, question: uuid.UUID, bureau: str, cost: Money | None) -> None:
    """*question* did cost *cost* at *bureau*; nothing where it is None."""
    held = (BureauReservation.question == question, BureauReservation.bureau == bureau)
    amount = 0 if cost is None else cost.ore
    session.execute(sa.update(BureauReservation).where(*held).values(amount_ore=amount, settled=True))


def _spent_on_day(session: Session, bureaus: Collection[str], day: date) -> dict[str, Money]:
    rows = session.execute(
        sa.select(BureauReservation.bureau, sa.func.sum(BureauReservation.amount_ore))
        .where(BureauReservation.bureau.in_(bureaus), BureauReservation.day == day)
        .group_by(BureauReservation.bureau)
    )
    return {bureau: Money(int(total)) for bureau, total in rows}
