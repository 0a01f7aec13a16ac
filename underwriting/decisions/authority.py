"""What an underwriter may determine alone (rule D8): a limit per person, and the level of the role in the policy."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from underwriting.decisions.policy import AuthorityLevel, Policy
from underwriting.kernel.errors import Conflict, NotPermitted
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import Role


class Beyond(StrEnum):
    """Why a second person has to approve."""

    LIMIT = "limit"
    FEE = "fee"
    HARD_STOP_DISPUTED = "hard_stop_disputed"  # a bureau's fact that stops the case was marked as wrong


class AuthorityExceeded(NotPermitted):
    """The determination is beyond what this member of staff may approve. Rule D8."""

    slug = "authority-exceeded"
    title = Text("Beslutet ligger över din beslutsrätt", "The decision is beyond your authority")
    rule = "D8"


class ApprovingOnesOwn(NotPermitted):
    """Whoever proposed a determination does not approve it, by whatever account. Rule D8."""

    slug = "approving-ones-own"
    title = Text("Ingen godkänner sitt eget förslag", "Nobody approves their own proposal")
    rule = "D8"


class ProposalSettled(Conflict):
    """The proposal has been approved or rejected. Rule D8."""

    slug = "proposal-settled"
    title = Text("Förslaget är redan avgjort", "The proposal has been settled already")
    rule = "D8"


class ProposalExpired(Conflict):
    """The application has changed since the determination was proposed. Rule D8."""

    slug = "proposal-expired"
    title = Text(
        "Ansökan har ändrats sedan förslaget lämnades; det gäller inte längre",
        "The application has changed since the proposal was made; it no longer stands",
    )
    rule = "D8"


class ProposalPending(Conflict):
    """A determination of the same application waits for its second person. Rule D8."""

    slug = "proposal-pending"
    title = Text(
        "Ett förslag i ärendet väntar redan på en andra handläggare",
        "A proposal in the case is waiting for a second person already",
    )
    rule = "D8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Up to which limit a member of staff gives credit alone, and how far below the policy's fee."""

    largest_limit: Money
    fee_deviation: Decimal


_NONE = Authority(largest_limit=Money.ZERO, fee_deviation=Decimal(0))


def authority_of(policy: Policy, role: Role | None, *, own_limit: Money | None) -> Authority:
    """The authority of *role* in *policy*, within the member of staff's own limit where there is one.

    An administrator has the highest level's. A role without a level gives no credit alone; where the policy has no
    levels at all the own limit stands by itself, and nothing is given alone without one.
    """
    level = _level(policy.authority, role)
    if level is None:
        alone = own_limit if own_limit is not None and not policy.authority else None
        return _NONE if alone is None else Authority(largest_limit=alone, fee_deviation=Decimal(0))
    largest = level.largest_limit if own_limit is None else min(level.largest_limit, own_limit)
    return Authority(largest_limit=largest, fee_deviation=level.fee_deviation)


def beyond(
    authority: Authority,
    *,
    limit: Money | None,
    fee_rate: Decimal | None,
    policy_fee_rate: Decimal | None,
    hard_stop_disputed: bool,
) -> tuple[Beyond, ...]:
    """All for which *limit* at *fee_rate* needs a second person; a decline needs none.

    *policy_fee_rate* is what the policy asks for the credit, None where it gives no price: then any fee of its table is
    within authority, and the limit bounds it.
    """
    if limit is None or fee_rate is None:
        return ()
    found = {
        Beyond.LIMIT: limit > authority.largest_limit,
        Beyond.FEE: policy_fee_rate is not None and fee_rate < policy_fee_rate - authority.fee_deviation,
        Beyond.HARD_STOP_DISPUTED: hard_stop_disputed,
    }
    return tuple(each for each, is_so in found.items() if is_so)


def _level(levels: tuple[AuthorityLevel, ...], role: Role | None) -> AuthorityLevel | None:
    if role is Role.ADMINISTRATOR:
        return levels[-1] if levels else None
    return next((level for level in levels if level.role is role), None)
