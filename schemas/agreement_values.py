"""What a caller asks for about an agreement, as validated and typed: the service's side of a request body."""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from underwriting.kernel.identifiers import Bankgiro
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.signing_rule import SigningRule
from underwriting.kernel.vocabulary import (
    AnnulmentGround,
    RepaymentPlan,
    RequestChannel,
    SigningPurpose,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class SigningBody:
    """What a person wants to sign; an identification has no subject."""

    purpose: SigningPurpose
    subject_id: UUID | None


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawdownBody:
    """How much of the limit is to be paid out (rule P1)."""

    amount: Money


@dataclass(frozen=True, kw_only=True, slots=True)
class CancellationBody:
    """How a request to cancel reached the lender (rule C5); `agreements.cancellation.rules` judges it."""

    channel: RequestChannel
    received_at: datetime | None
    note: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class RedemptionBody:
    """The day for which a borrower wants to redeem (rule F3)."""

    on: date


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanChangeBody:
    """Another repayment plan (rule G7); *first_month* is the first whose instalments it moves."""

    repayment_plan: RepaymentPlan
    term_months: int
    first_month: Month | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseBody:
    """What a held payout is released on, where no bureau knows the company (rule P4)."""

    evidence: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountChangeBody:
    """Another account of the company's (rule P1)."""

    bankgiro: Bankgiro = field(repr=False)
    holder: str | None = field(default=None, repr=False)
    evidence: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class SigningRuleBody:
    """A signing rule (rule S2), and where it was read."""

    rule: SigningRule = field(repr=False)
    evidence: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class RefusalBody:
    """Why a guarantor declines (rule G2), and whether the applicant may read it."""

    reason: str = field(repr=False)
    tell_applicant: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class AnnulmentBody:
    """Why an agreement is annulled."""

    ground: AnnulmentGround
    reason: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReasonBody:
    """Why staff do something."""

    reason: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class PartnerBody:
    """A registered partner (rule G5); *number* is the digits of a person's or a legal person's."""

    number: str = field(repr=False)
    name: str = field(repr=False)
    entered_on: date
    evidence: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class PartnerExitBody:
    """The registration of a partner's exit (rule G5)."""

    exited_on: date
    evidence: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokenLimitationBody:
    """When the limitation against a former partner was broken (rule G5)."""

    broken_on: date


@dataclass(frozen=True, kw_only=True, slots=True)
class DivisionBody:
    """A debt to divide between guarantors, and whose guarantees bring nothing (rule G3)."""

    amount: Money
    insolvent: tuple[UUID, ...]
    barred: tuple[UUID, ...]
