"""What is known of a customer and what a person has to look into: a table of what is told and found."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from bureau_clients.reports import BoardMember
from underwriting.decisions.services.know_customer import officers_in
from underwriting.due_diligence.exposure import FoundExposure
from underwriting.due_diligence.items import FoundOwner, StaffFinding
from underwriting.due_diligence.relation import Declared, assess, known_of, needs_of
from underwriting.due_diligence.rules import Finding
from underwriting.kernel.vocabulary import CompanyForm, DiligenceKind, OwnerControl, RiskClass

ON = date(2026, 2, 20)
US, TOP = "5590000001", "5590000002"
A, B, C = "197001010001", "197001010002", "197001010003"
K = DiligenceKind
PARTNER, ALTERNATIVE = OwnerControl.PARTNER, OwnerControl.ALTERNATIVE


def owner(number: str = A, share: str = "1", **more: Any) -> FoundOwner:
    return FoundOwner(number=number, share=Decimal(share), **({"politically_exposed": False} | more))


TOLD = Declared(
    company=US,
    form=CompanyForm.AB,
    signatory=A,
    owners=(owner(),),
    owners_complete=True,
    politically_exposed=False,
    purpose_of_credit="Varor",
    source_of_repayment="Försäljning",
    trades_with_high_risk_countries=False,
    takes_cash=False,
    industry="62010",
    officers=None,
)
SOLE_TRADER = replace(TOLD, company=A, form=CompanyForm.EF, owners=(), owners_complete=None)


def needs(declared: Declared, *findings: StaffFinding, sanctions: Finding = Finding.CLEAR) -> set[DiligenceKind]:
    known = known_of(declared, findings, on=ON)
    return set(needs_of(known, assess(known, sanctions, on=ON)))


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (TOLD, set()),
        (SOLE_TRADER, set()),
        (replace(SOLE_TRADER, politically_exposed=None), {K.POLITICALLY_EXPOSED}),
        (replace(TOLD, owners=()), {K.BENEFICIAL_OWNERS}),
        (replace(TOLD, owners_complete=None), {K.BENEFICIAL_OWNERS}),
        (replace(TOLD, owners_complete=False), {K.BENEFICIAL_OWNERS}),
        (replace(TOLD, owners=(owner(share="0.25"),)), {K.BENEFICIAL_OWNERS}),
        (replace(TOLD, owners=(owner(share="0", control=ALTERNATIVE),)), set()),
        (replace(TOLD, owners=(owner(politically_exposed=None),)), {K.POLITICALLY_EXPOSED}),
        (replace(TOLD, owners=(owner(), owner(B, "0.1", politically_exposed=None))), set()),  # B is no owner
        (replace(TOLD, politically_exposed=True), {K.EXPOSURE_APPROVAL, K.ORIGIN_OF_FUNDS}),
        (
            replace(TOLD, owners=(owner(), owner(B, "0.1", politically_exposed=True))),
            {K.EXPOSURE_APPROVAL, K.ORIGIN_OF_FUNDS},
        ),
        (replace(TOLD, purpose_of_credit=None), {K.PURPOSE_OF_CREDIT}),
        (replace(TOLD, source_of_repayment=None), {K.SOURCE_OF_REPAYMENT}),
        (replace(TOLD, trades_with_high_risk_countries=None), {K.RISK_CLASS}),
        (replace(TOLD, trades_with_high_risk_countries=True), {K.ENHANCED_MEASURES, K.ORIGIN_OF_FUNDS}),
        (replace(TOLD, industry="92000"), {K.ENHANCED_MEASURES, K.ORIGIN_OF_FUNDS}),
        (replace(TOLD, industry=None, takes_cash=None), set()),  # the class is normal, nobody has to ask
        (replace(TOLD, may_sign=(TOLD.signatory, B)), set()),
        (replace(TOLD, may_sign=(B,)), {K.SIGNING_RIGHT}),  # A9
    ],
)
def test_what_is_told_says_what_has_to_be_looked_into(declared: Declared, expected: set[DiligenceKind]) -> None:
    """K1, D16: what is missing is named, what is answered is not asked about."""
    assert needs(declared) == expected


@pytest.mark.parametrize(
    ("form", "owners", "officers", "differs"),
    [
        (CompanyForm.HB, (owner(A, "0.5"), owner(B, "0.5")), (A, B[2:]), False),  # without the century
        (CompanyForm.HB, (owner(A),), (A, B), True),
        (CompanyForm.HB, (owner(A, "0.5"), owner(B, "0.5")), (A,), True),
        (CompanyForm.KB, (owner(A, "0.5"), owner(B, "0.5")), (A,), False),  # B's part is limited
        (CompanyForm.KB, (owner(A, "0.5", control=PARTNER), owner(B, "0.5", control=PARTNER)), (A,), True),
        (CompanyForm.KB, (owner(A),), (B,), True),
        (CompanyForm.HB, (owner(A),), None, False),  # nothing is told of officers
        (CompanyForm.AB, (owner(A),), (B,), False),  # an owner is no officer
        (CompanyForm.AB, (owner(A, "0", control=ALTERNATIVE),), (A, B), False),
        (CompanyForm.AB, (owner(A, "0", control=ALTERNATIVE),), (B,), True),
        (CompanyForm.AB, (owner(A, "0", control=ALTERNATIVE),), (), True),
    ],
)
def test_partners_and_who_stands_in_are_compared_with_the_register(
    form: CompanyForm, owners: tuple[FoundOwner, ...], officers: tuple[str, ...] | None, differs: bool
) -> None:
    """K1: a difference is looked into, and makes the class high."""
    declared = replace(TOLD, form=form, owners=owners, officers=officers)
    known = known_of(declared, (), on=ON)
    assert bool(known.differences) is differs
    assert (K.OWNER_DIFFERENCE in needs(declared)) is differs
    if differs:
        assert assess(known, Finding.CLEAR, on=ON).risk_class is RiskClass.HIGH


def test_what_is_found_last_stands() -> None:
    """K1: owners as a whole, exposure by person, answers one by one."""
    exposed = FoundExposure(number=A, exposed=True)
    findings = (
        StaffFinding(exposed=(exposed, FoundExposure(number=B, exposed=True)), industry="92000"),
        StaffFinding(owners=(owner(A, "0.5"), owner(B, "0.5")), origin_of_funds="Lön"),
        StaffFinding(exposed=(replace(exposed, exposed=False),), industry="62010"),
    )
    known = known_of(TOLD, findings, on=ON)
    assert known.exposed == (B,)
    assert {one.number for one in known.owners} == {A, B}
    assert needs(TOLD, *findings) == {K.EXPOSURE_APPROVAL}


def test_a_company_above_without_owners_leaves_them_incomplete() -> None:
    """K1: the chain has to end at a person."""
    above = StaffFinding(owners=(owner(A, "0.4"), owner(TOP, "0.6")))
    assert needs(TOLD, above) == {K.BENEFICIAL_OWNERS}
    whole = StaffFinding(owners=(owner(A, "0.4"), owner(TOP, "0.6"), owner(B, "1", of=TOP)))
    assert needs(TOLD, whole) == set()


def test_a_match_raises_the_class_and_is_no_item_of_its_own() -> None:
    """K1: it is looked into as a match."""
    known = known_of(TOLD, (), on=ON)
    assert assess(known, Finding.POSSIBLE, on=ON).risk_class is RiskClass.HIGH
    assert needs(TOLD, sanctions=Finding.POSSIBLE) == set()


def member(number: str | None, function: str) -> BoardMember:
    return BoardMember(name="Någon", number=number, function=function, since=None)


@pytest.mark.parametrize(
    ("form", "board", "expected"),
    [
        (CompanyForm.AB, [(A, "Ordförande"), (B, "Ledamot"), (C, "Extern verkställande direktör")], (A, C)),
        (CompanyForm.AB, [(A, "Vice verkställande direktör"), (B, "Suppleant och verkställande direktör")], None),
        (CompanyForm.AB, [(A, "Ordförande och verkställande direktör")], (A,)),
        (CompanyForm.HB, [(A, "Bolagsman"), (B, "Delägare och prokurist")], (A, B)),
        (CompanyForm.KB, [(A, "Komplementär"), (B, "Kommanditdelägare")], (A,)),
        (CompanyForm.KB, [(A, "Komplementär"), ("700101", "Komplementär")], None),  # a date of birth alone
        (CompanyForm.HB, [(None, "Bolagsman")], None),
        (CompanyForm.HB, [], None),
    ],
)
def test_officers_are_those_whose_place_makes_an_owner(
    form: CompanyForm, board: list[tuple[str | None, str]], expected: tuple[str, ...] | None
) -> None:
    """K1: where one of them is not named in full nothing is compared."""
    assert officers_in(tuple(member(*one) for one in board), form) == expected
