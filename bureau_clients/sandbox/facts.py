"""What is so of a company or a person, in words that hold for both bureaus.

Amounts are whole kronor. A bureau's own words and codes are the renderings', not these.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any

from bureau_clients.sandbox.invented import Address


class Form(StrEnum):
    """A company's form, by its letters where it has any."""

    AB = "AB"
    HB = "HB"
    KB = "KB"
    EF = "EF"
    BRANCH = "FIL"
    COOPERATIVE = "EK"
    ASSOCIATION = "IF"
    OTHER = "OTHER"


class Register(StrEnum):
    """How a company stands in the register. The last ones are told by a code, in the place of facts."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    DORMANT = "dormant"
    BANKRUPT = "bankrupt"
    LIQUIDATION = "liquidation"
    RECONSTRUCTION = "reconstruction"
    MERGING = "merging"
    STRUCK_OFF = "struck_off"
    INACTIVE_BY_CODE = "inactive_by_code"
    LIQUIDATION_OVER = "liquidation_over"
    MERGER_OVER = "merger_over"
    BANKRUPTCY_OVER = "bankruptcy_over"
    UNLISTED = "unlisted"


class PersonRegister(StrEnum):
    """How a person stands in the population register."""

    ORDINARY = "ordinary"
    PROTECTED = "protected"
    BLOCKED = "blocked"
    DECEASED = "deceased"
    DEREGISTERED = "deregistered"
    EMIGRATED = "emigrated"
    NUMBER_CHANGED = "number_changed"


class Role(StrEnum):
    """A place on a board or in a company, in Swedish as registers have it."""

    CHAIR = "Ordförande"
    MEMBER = "Ledamot"
    MANAGING_MEMBER = "Ledamot, verkställande direktör"
    DEPUTY = "Suppleant"
    MANAGER = "Extern verkställande direktör"
    SIGNATORY = "Extern firmatecknare"
    PARTNER = "Bolagsman"
    GENERAL_PARTNER = "Komplementär"
    LIMITED_PARTNER = "Kommanditdelägare"
    OWNER = "Innehavare"
    LIQUIDATOR = "Likvidator"


class Coverage(StrEnum):
    """How much of the right to sign is told person by person."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    NONE = "none"


class Verdict(StrEnum):
    """What the customer's template makes of somebody."""

    APPROVED = "approved"
    REJECTED = "rejected"
    MANUAL = "manual"
    UNLISTED = "unlisted"


@dataclass(frozen=True, slots=True)
class Opinion:
    """A verdict with the codes and texts of its reasons."""

    verdict: Verdict
    reasons: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """The accounts of one financial year."""

    closed_on: date
    turnover: int
    operating_result: int
    net_result: int
    total_assets: int
    equity: int
    current_assets: int
    current_liabilities: int
    employees: int
    months: int = 12


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who runs a company, or a company that does; *number* may be a birth date's digits, or nothing."""

    number: str
    name: str
    role: Role
    since: date


@dataclass(frozen=True, slots=True)
class Place:
    """A person's place in a company."""

    number: str
    name: str
    role: Role
    since: date


@dataclass(frozen=True, slots=True)
class Signing:
    """The right to sign: one of the alternatives is enough, all of whose members sign."""

    text: str
    alternatives: tuple[tuple[Member, ...], ...]
    coverage: Coverage = Coverage.COMPLETE


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFacts:
    """Of a person. *public_debt* and *private_debt* are those at Kronofogden."""

    number: str
    first_name: str
    last_name: str
    address: Address
    person_register: PersonRegister = PersonRegister.ORDINARY
    emigrated_on: date | None = None
    trustee: bool = False
    debt_restructuring: bool = False
    trading_prohibition: bool = False
    dormant_coordination_number: bool = False
    income: int | None
    remark_count: int = 0
    remark_sum: int = 0
    latest_remark_on: date | None = None
    public_debt: int = 0
    private_debt: int = 0
    scoring: int | None
    assignments: tuple[Place, ...]
    opinion: Opinion = Opinion(Verdict.APPROVED)

    @property
    def name(self) -> str:
        """Both names."""
        return f"{self.first_name} {self.last_name}"

    @property
    def debt(self) -> int:
        """Public and private debt together."""
        return self.public_debt + self.private_debt


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyFacts:
    """Of a company. *points* and *letters* are the ratings on Creditsafe's and on Bisnode's scale; *owner* is a sole
    trader's. *accounts* have the newest year first.
    """

    number: str
    name: str
    address: Address
    form: Form
    register: Register = Register.ACTIVE
    registered_on: date
    f_tax: bool = True
    vat: bool = True
    employer: bool = True
    points: str
    letters: str
    credit_limit: int | None
    remark_count: int = 0
    remark_sum: int = 0
    latest_remark_on: date | None = None
    petition_count: int = 0
    petition_sum: int = 0
    public_debt: int = 0
    private_debt: int = 0
    distraint: bool = False
    accounts: tuple[Year, ...]
    employees: int
    board: tuple[Member, ...]
    signing: Signing
    opinion: Opinion = Opinion(Verdict.APPROVED)
    owner: PersonFacts | None = None

    @property
    def debt(self) -> int:
        """Public and private debt together."""
        return self.public_debt + self.private_debt

    @property
    def bankrupt(self) -> bool:
        """Whether there is, or was, a bankruptcy."""
        return self.register in (Register.BANKRUPT, Register.BANKRUPTCY_OVER)


def changed(facts: CompanyFacts, story: Mapping[str, Any]) -> CompanyFacts:
    """*facts* as the *story* has them; what holds for a sole trader's owner too is changed there as well."""
    owner = facts.owner and changed_person(facts.owner, story)
    return replace(facts, **_of(facts, story), owner=owner)


def changed_person(facts: PersonFacts, story: Mapping[str, Any]) -> PersonFacts:
    """*facts* as the *story* has them."""
    return replace(facts, **_of(facts, story))


def _of(facts: CompanyFacts | PersonFacts, story: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(facts)}
    return {name: value for name, value in story.items() if name in names}
