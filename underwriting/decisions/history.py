"""What the lender's own books say of the applicant (rules D13, G6), as they stood at the decision's moment.

Nothing that was booked after that moment is in it: a replay, and a look back, read the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from types import MappingProxyType

from bureau_clients.facts import Fact, Unknown
from underwriting.kernel.money import Money

OWN_BOOKS = "own_books"
"""The source of a fact that stands in the lender's own books."""
NOT_READ = "not_read"
"""The source of a fact for which nobody looked in the books: it is unknown, and never none."""

HISTORY_FACTS: Mapping[str, type] = MappingProxyType(
    {
        "earlier_credits": int,
        "claims_paid_in_time": int,
        "claims_paid_late": int,
        "overdue": Money,
        "exposure": Money,
        "group_exposure": Money,
    }
)
"""The three-valued facts of the lender's own history with a company, and what each holds when it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFacts:
    """The lender's own history with the company.

    *earlier_credits* were paid out before. Of the fees and instalments that have been to be paid, *claims_paid_in_time*
    were, and *claims_paid_late* were later or are unpaid; *overdue* is what is unpaid of them. *exposure* is what the
    company owes and may still draw; *group_exposure* is that of its group, its own included.
    """

    earlier_credits: Fact[int]
    claims_paid_in_time: Fact[int]
    claims_paid_late: Fact[int]
    overdue: Fact[Money]
    exposure: Fact[Money]
    group_exposure: Fact[Money]

    def any_unknown(self) -> bool:
        """Whether one of its facts is."""
        return any(isinstance(getattr(self, each.name), Unknown) for each in fields(self))


def not_read(at: datetime) -> HistoryFacts:
    """A history of which nothing is known, since the books were not looked at."""
    nothing = Unknown(NOT_READ, at)
    return HistoryFacts(
        earlier_credits=nothing,
        claims_paid_in_time=nothing,
        claims_paid_late=nothing,
        overdue=nothing,
        exposure=nothing,
        group_exposure=nothing,
    )
