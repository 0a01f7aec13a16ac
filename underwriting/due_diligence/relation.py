"""What is known of a customer, and what a person still has to look into before credit is given, pure (rules K1, D16).

What the customer told is the ground; what staff have found, the newest last, stands before it. Each need has a basis:
what it rests on. What was settled on another basis is looked into anew.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import Any

from underwriting.due_diligence import ownership, risk
from underwriting.due_diligence.exposure import FoundExposure, is_exposed
from underwriting.due_diligence.items import FoundOwner, StaffFinding
from underwriting.due_diligence.ownership import Difference, DifferenceKind, Owner, OwnerBasis, Structure
from underwriting.due_diligence.risk import Assessment, RiskFactor, RiskFacts
from underwriting.due_diligence.rules import Finding
from underwriting.kernel.vocabulary import CompanyForm, DiligenceKind, OwnerControl

_BY_CHAIN = frozenset({OwnerBasis.CHAIN})
_LATEST = (
    "owners",
    "registered",
    "purpose_of_credit",
    "source_of_repayment",
    "origin_of_funds",
    "trades_with_high_risk_countries",
    "takes_cash",
    "industry",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What the customer told, and what bureaus tell of its officers; None is a question left open.

    *company* and *signatory* are numbers. *officers* have by the register the places that make an owner of somebody:
    partners of an HB, unlimited partners of a KB, chairs and managing directors of an AB; None where nothing is told.
    *may_sign* are those with a place in the registered right to sign; None where that is not told whole.
    """

    company: str = field(repr=False)
    form: CompanyForm
    signatory: str = field(repr=False)
    owners: tuple[FoundOwner, ...]
    owners_complete: bool | None
    politically_exposed: bool | None
    purpose_of_credit: str | None = field(repr=False)
    source_of_repayment: str | None = field(repr=False)
    trades_with_high_risk_countries: bool | None
    takes_cash: bool | None
    industry: str | None
    officers: tuple[str, ...] | None = field(repr=False)
    may_sign: tuple[str, ...] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a customer after all that staff have found."""

    declared: Declared
    owners_given: tuple[FoundOwner, ...]
    owners_complete: bool
    owners: tuple[Owner, ...]
    differences: tuple[Difference, ...]
    exposed: tuple[str, ...] = field(repr=False)  # their numbers
    unanswered: tuple[str, ...] = field(repr=False)
    found: StaffFinding

    @property
    def politically_exposed(self) -> bool | None:
        """Whether somebody is; None where nobody is and somebody has not answered."""
        return True if self.exposed else None if self.unanswered else False


def known_of(declared: Declared, findings: Sequence[StaffFinding], *, on: date) -> Known:
    """What *declared* and all *findings*, the oldest first, come to on a day."""
    found = _latest(findings)
    given = declared.owners if found.owners is None else found.owners
    structure = Structure(
        company=declared.company,
        form=declared.form,
        holdings=tuple(one.holding_in(declared.company) for one in given),
        relatives=frozenset(frozenset({one.number, other}) for one in given for other in one.relatives),
    )
    owners = ownership.owners_of(structure, on=on)
    stated = _stated(declared, given, owners)
    answers = {number: is_exposed(said, _of(found.exposed, number), on=on) for number, said in stated.items()}
    return Known(
        declared=declared,
        owners_given=given,
        owners_complete=(found.owners is not None or declared.owners_complete is True)
        and not ownership.unresolved(structure, on=on),
        owners=owners,
        differences=tuple(_differences(declared, given, owners, found)),
        exposed=tuple(sorted(number for number, answer in answers.items() if answer)),
        unanswered=tuple(sorted(number for number, answer in answers.items() if answer is None)),
        found=found,
    )


def assess(known: Known, sanctions: Finding, *, on: date) -> Assessment:
    """The risk class of what is known, beside what the sanctions lists say of everybody."""
    has_owner = any(OwnerBasis.ALTERNATIVE not in owner.basis for owner in known.owners)
    facts = RiskFacts(
        form=known.declared.form,
        industry=_first(known.found.industry, known.declared.industry),
        takes_cash=_first(known.found.takes_cash, known.declared.takes_cash),
        high_risk_countries=_countries(known),
        politically_exposed=known.politically_exposed,
        owner_difference=bool(known.differences),
        owners_known=bool(known.owners) and _complete(known),
        has_owner=has_owner,
        owned_through_companies=any(_BY_CHAIN & set(owner.basis) for owner in known.owners),
        sanctions=sanctions,
    )
    return risk.assess(facts, on=on)


def needs_of(known: Known, assessment: Assessment) -> Mapping[DiligenceKind, Any]:
    """What a person has to look into, each with its basis as JSON."""
    return dict(_needs(known, assessment))


def _needs(known: Known, assessment: Assessment) -> Iterator[tuple[DiligenceKind, Any]]:
    declared, found = known.declared, known.found
    if not (known.owners and _complete(known)):
        yield DiligenceKind.BENEFICIAL_OWNERS, _owners_json(known.owners_given)
    if known.differences:
        yield DiligenceKind.OWNER_DIFFERENCE, [[str(one.kind), one.number] for one in known.differences]
    if known.unanswered:
        yield DiligenceKind.POLITICALLY_EXPOSED, list(known.unanswered)
    if known.exposed:
        yield DiligenceKind.EXPOSURE_APPROVAL, list(known.exposed)
    if _first(found.purpose_of_credit, declared.purpose_of_credit) is None:
        yield DiligenceKind.PURPOSE_OF_CREDIT, None
    if _first(found.source_of_repayment, declared.source_of_repayment) is None:
        yield DiligenceKind.SOURCE_OF_REPAYMENT, None
    if _countries(known) is None:
        yield DiligenceKind.RISK_CLASS, None
    grave = sorted(row.factor for row in assessment.reasons if row.factor in _GRAVE)
    if (grave or known.exposed) and found.origin_of_funds is None:
        yield DiligenceKind.ORIGIN_OF_FUNDS, None
    if grave:
        yield DiligenceKind.ENHANCED_MEASURES, [str(factor) for factor in grave]
    if declared.may_sign is not None and declared.signatory not in declared.may_sign:
        yield DiligenceKind.SIGNING_RIGHT, [declared.signatory, *sorted(declared.may_sign)]


_GRAVE = frozenset({RiskFactor.HIGH_RISK_COUNTRY, RiskFactor.INDUSTRY_HIGH})
"""What makes a class high and is no item of its own; a match with a list is looked into as a match."""


def _latest(findings: Sequence[StaffFinding]) -> StaffFinding:
    """One finding of all: of each member what was said last; of each person what was found last."""
    latest = StaffFinding()
    exposed: dict[str, FoundExposure] = {}
    for finding in findings:
        said = {name: value for name in _LATEST if (value := getattr(finding, name)) is not None}
        latest = replace(latest, **said)
        exposed |= {one.number: one for one in finding.exposed or ()}
    return replace(latest, exposed=tuple(exposed[number] for number in sorted(exposed)))


def _stated(declared: Declared, given: Iterable[FoundOwner], owners: Iterable[Owner]) -> Mapping[str, bool | None]:
    """What was stated of political exposure by whom it concerns: who applies, and every beneficial owner."""
    stated = {declared.signatory: declared.politically_exposed}
    of_owners = {one.number: one.politically_exposed for one in given}
    concerned = {owner.number for owner in owners} | {number for number, said in of_owners.items() if said}
    for number in concerned - stated.keys():
        stated[number] = of_owners.get(number, declared.politically_exposed)
    for number in concerned & of_owners.keys() & {declared.signatory}:
        answers = (declared.politically_exposed, of_owners[number])
        stated[number] = True if True in answers else None if None in answers else False
    return stated


def _of(exposed: Iterable[FoundExposure] | None, number: str) -> tuple[FoundExposure, ...]:
    return tuple(one for one in exposed or () if one.number == number)


def _differences(
    declared: Declared, given: Sequence[FoundOwner], owners: Sequence[Owner], found: StaffFinding
) -> Iterator[Difference]:
    """Against the register of beneficial owners where staff have read it, and against the register of companies."""
    if declared.form is CompanyForm.EF:
        return
    if found.registered is not None:
        actual = {one.number for one in owners if OwnerBasis.ALTERNATIVE not in one.basis}
        stated = {one.number for one in found.registered if one.control is not OwnerControl.ALTERNATIVE}
        yield from ownership.differences(actual, stated)
    elif declared.officers is not None and declared.form in ownership.PARTNERSHIPS:
        yield from _of_partners(declared.form, [one for one in given if one.of is None], declared.officers)
    elif declared.officers is not None:
        standing_in = {one.number for one in owners if OwnerBasis.ALTERNATIVE in one.basis}
        ends = tuple(number[-10:] for number in declared.officers)
        strangers = {number for number in standing_in if not number.endswith(ends)}
        yield from ownership.differences(strangers, ())


def _of_partners(form: CompanyForm, given: Sequence[FoundOwner], officers: tuple[str, ...]) -> Iterator[Difference]:
    """All who hold a part of an HB are registered partners; in a KB those who answer without limit are."""
    claimed = {one.number for one in given if form is CompanyForm.HB or one.control is OwnerControl.PARTNER}
    told = ownership.differences([one.number for one in given], officers)
    yield from (one for one in told if one.kind is DifferenceKind.NOT_TOLD or one.number in claimed)


def _complete(known: Known) -> bool:
    return known.declared.form is CompanyForm.EF or known.owners_complete


def _countries(known: Known) -> bool | None:
    told: bool | None = _first(
        known.found.trades_with_high_risk_countries, known.declared.trades_with_high_risk_countries
    )
    return told


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _owners_json(owners: Iterable[FoundOwner]) -> list[list[Any]]:
    """What tells one set of owners from another."""
    return [[str(getattr(one, each.name)) for each in fields(one) if each.name != "name"] for one in owners]
