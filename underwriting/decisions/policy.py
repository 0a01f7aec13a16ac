"""The decision policy as typed data: scorecards of bins, hard stops, referrals, grades with price and cap, capacity.

A policy is read from a JSON document and proved by `policies.load_policy`; the types here only hold it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from underwriting.decisions.rules import KINDS, Bound, Card, HardStop, Looks, Measure, Quotient, Referral, Unit
from underwriting.kernel.errors import InvalidInput
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CompanyForm, Role

_ORE_PER_KRONA = 100
DECLINE_KEY = "decline.capacity"
"""The reason key of a decline for too small a capacity."""


class PolicyInvalid(InvalidInput):
    """A policy document is malformed or breaks a rule; every error names its member and the rule broken, if any."""

    slug = "policy-invalid"
    title = Text("Policyn kan inte användas", "The policy cannot be used")


class Condition(StrEnum):
    """When a value falls in a bin; bins are tried in order and the first that fits is taken."""

    AT_LEAST = "at_least"
    ABOVE = "above"
    AT_MOST = "at_most"
    IS = "is"
    OTHERWISE = "otherwise"


class Bin(NamedTuple):
    """One bin: what falls in it, its points and its reason.

    *limit* is exact, in öre where the measure is in kronor; a letter for `IS`, None for `OTHERWISE` and for the bins of
    absent and unknown values.
    """

    condition: Condition
    limit: Quotient | str | None
    points: int
    reason: Text


class Characteristic(NamedTuple):
    """One scored measure: its bins in order, and the bins of a value known to be absent and of an unknown one."""

    measure: Measure
    looks: Looks
    title: Text
    bins: tuple[Bin, ...]
    absent: Bin | None
    unknown: Bin | None

    @property
    def most(self) -> int:
        """The most points that it gives."""
        return max(each.points for each in self.every_bin)

    @property
    def least(self) -> int:
        """The fewest points that it gives."""
        return min(each.points for each in self.every_bin)

    @property
    def every_bin(self) -> tuple[Bin, ...]:
        """Its bins, those of absent and unknown values included."""
        return (*self.bins, *(each for each in (self.absent, self.unknown) if each))


class Grade(NamedTuple):
    """A price class: from how many points, the fee per calendar month, the highest limit, and if it refers the case.

    In a policy with a price table the fee rests on *default_rate*, the share of credits in the grade that default
    within twelve months, and *margin*, a fraction per month; *to_points* is then the last point of the grade.
    """

    name: str
    from_points: int
    fee_rate: Decimal
    cap: Money
    referred: bool
    to_points: int | None = None
    default_rate: Decimal | None = None
    margin: Decimal | None = None


class PriceTerms(NamedTuple):
    """What every price rests on: *cost_of_funds* per month, the share lost of a credit that defaults, the rounding."""

    cost_of_funds: Decimal
    loss_given_default: Decimal
    rounded_up_to: Decimal


class Limits(NamedTuple):
    """The highest limits and exposures; each includes the credit applied for.

    *by_form* is of one credit. *company* and *group* are of all that is owed and may still be drawn. *at_risk* and
    *promised* are of one guarantor: what the guarantees stand for today, and the sum of their caps (rule G6).
    """

    by_form: Mapping[CompanyForm, Money]
    company: Money
    group: Money
    at_risk: Money
    promised: Money


class AuthorityLevel(NamedTuple):
    """What staff of a role may determine alone (rule D8): up to which limit, and how far below the policy's fee."""

    role: Role
    largest_limit: Money
    fee_deviation: Decimal


class CapacityTerms(NamedTuple):
    """How the surplus and the capacity are computed (see `rules.surplus` and `rules.capacity`)."""

    revenue_share: Decimal
    debt_months: int
    margin: Decimal
    rounded_down_to: Money


class AccountsTerms(NamedTuple):
    """The highest limit where no accounts are known, and the amount asked for above which unknown ones are fetched."""

    cap: Money
    referred_when_asked_above: Money


@dataclass(frozen=True, eq=False, slots=True)
class Policy:
    """A whole policy; two are the same when the SHA-256 of their canonical documents is.

    *prices*, *limits* and *authority* are there in a document of format 2 and not in one of format 1.
    """

    version: str
    sha256: str
    smallest_amount: Money
    capacity: CapacityTerms
    without_accounts: AccountsTerms
    company_remarks_referred_from: int
    scorecards: Mapping[Card, tuple[Characteristic, ...]]
    grades: tuple[Grade, ...]
    decline_reason: Text
    hard_stops: Mapping[HardStop, Text]
    referrals: Mapping[Referral, Text]
    bounds: Mapping[Bound, Text]
    prices: PriceTerms | None = None
    limits: Limits | None = None
    authority: tuple[AuthorityLevel, ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Policy) and self.sha256 == other.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)

    @property
    def highest_fee_rate(self) -> Decimal:
        """The fee rate of the dearest grade, which the applicant signs (rule A3) and the capacity reckons with."""
        return max(grade.fee_rate for grade in self.grades)

    def characteristics(self) -> tuple[Characteristic, ...]:
        """Every characteristic, in the order of the scorecards."""
        return tuple(each for card in Card for each in self.scorecards[card])

    def reasons(self) -> dict[str, Text]:
        """Every reason by the key under which a trace names it."""
        texts = {DECLINE_KEY: self.decline_reason}
        texts |= {hard_stop_key(stop): reason for stop, reason in self.hard_stops.items()}
        texts |= {referral_key(referral): reason for referral, reason in self.referrals.items()}
        texts |= {bound_key(bound): reason for bound, reason in self.bounds.items()}
        for each in self.characteristics():
            texts |= {bin_key(each.measure, position): found.reason for position, found in enumerate(each.bins)}
            texts |= {bin_key(each.measure, "absent"): each.absent.reason} if each.absent else {}
            texts |= {bin_key(each.measure, "unknown"): each.unknown.reason} if each.unknown else {}
        return texts


def limit_in_words(measure: Measure, limit: Quotient | str) -> Text:
    """The limit of a bin as people read it: `15 %`, `50 000 kr`, a count or a letter."""
    if isinstance(limit, str):
        return Text(limit, limit)
    number = Decimal(limit[0]) / Decimal(limit[1])
    if KINDS[measure].unit is Unit.SHARE:
        digits = f"{(number * 100).normalize():f}"
        return Text(f"{digits.replace('.', ',')}\N{NO-BREAK SPACE}%", f"{digits}%")
    if KINDS[measure].unit is Unit.KRONOR:
        grouped = f"{number / _ORE_PER_KRONA:,f}".removesuffix(".00")
        return Text(f"{grouped.replace(',', chr(0xA0)).replace('.', ',')}\N{NO-BREAK SPACE}kr", f"SEK {grouped}")
    return Text(f"{number:f}", f"{number:f}")


def bin_key(measure: Measure, place: int | str) -> str:
    """The reason key of a bin: its position, `absent` or `unknown`."""
    return f"{measure}.{place}"


def hard_stop_key(stop: HardStop) -> str:
    """The reason key of a hard stop."""
    return f"hard_stop.{stop}"


def referral_key(referral: Referral) -> str:
    """The reason key of a referral."""
    return f"referral.{referral}"


def bound_key(bound: Bound) -> str:
    """The reason key of what held the limit down."""
    return f"bound.{bound}"
