"""What a lender looks at first of a portfolio: billed and paid, overdue by age, and the principal, month by month."""

from collections.abc import Callable, Iterable, Sequence

from agreements.receivables.service import AGES, MonthFigures, Overdue
from underwriting.kernel.money import Money
from underwriting.web.plots import Colour, Plot, Series, lines, side_by_side, stacked
from underwriting.web.texts import translate

_AGE_COLOURS = (Colour.BLUE, Colour.GOLD, Colour.VIOLET, Colour.RED)
_UNITS = ((1_000_000, "kronor.millions"), (1_000, "kronor.thousands"))
_ORE = 100

Say = Callable[..., str]
"""The text of a key, its placeholders filled."""


def charts_of(
    months: Sequence[MonthFigures], overdue: Sequence[Overdue], *, say: Say = translate
) -> tuple[Plot, Plot, Plot]:
    """Billed and paid, overdue by age, and principal, in kronor; *overdue* has a day for each of *months*."""
    labels = [str(one.month) for one in months]

    def written(kronor: int) -> str:
        for least, unit in _UNITS:
            if kronor >= least:
                whole, tenths = divmod(kronor * 10 // least, 10)
                return say(unit, number=f"{whole},{tenths}" if tenths else whole)
        return say("kronor.ones", number=kronor)

    billed = Series(say("receivables.billed"), _kronor(one.billed for one in months), Colour.GREEN)
    paid = Series(say("receivables.paid"), _kronor(one.paid for one in months), Colour.GOLD)
    ages = [
        Series(age_in_words(place, say=say), _kronor(one.by_age[place] for one in overdue), _AGE_COLOURS[place])
        for place in range(len(AGES))
    ]
    principal = Series(say("receivables.principal"), _kronor(one.principal for one in months), Colour.GREEN)
    return (
        side_by_side(labels, [billed, paid], title=say("receivables.billed_and_paid"), written=written),
        stacked(labels, ages, title=say("receivables.overdue_by_age"), written=written),
        lines(labels, [principal], title=say("receivables.principal_at_end"), written=written),
    )


def age_in_words(place: int, *, say: Say = translate) -> str:
    """The *place*th of `AGES`: 1 to 30 days."""
    first, last = AGES[place]
    if last is None:
        return say("receivables.age_over", days=first - 1)
    return say("receivables.age", first=first, last=last)


def _kronor(amounts: Iterable[Money]) -> tuple[int, ...]:
    return tuple(amount.in_whole_kronor().ore // _ORE for amount in amounts)
