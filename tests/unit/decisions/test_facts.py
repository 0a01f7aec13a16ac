from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from bureau_clients.facts import Absent, Known, Unknown
from bureau_clients.reports import CompanyReport, CompanyStatus, NoMatch, PersonReport, Rating, RatingGrade
from tests.support.decision_facts import (
    ABSENT,
    APPLICATION,
    AT,
    DUE_DILIGENCE,
    FIRST,
    GUARANTOR,
    NEW_CUSTOMER,
    SOLE_TRADER,
    UNKNOWN,
    known,
    kronor,
    with_application,
    with_company,
)
from underwriting.decisions.facts import NOT_ASKED, DueDiligenceFacts, Facts, Person, Screening, facts_of
from underwriting.decisions.formats import (
    canonical_json,
    decision_from_json,
    decision_to_json,
    facts_from_json,
    sha256_of,
)
from underwriting.decisions.history import OWN_BOOKS
from underwriting.decisions.policies import shipped_policy
from underwriting.decisions.scoring import decide
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm, RepaymentPlan

# From Skatteverket's published test numbers, never issued to anyone.
WOMAN_BORN_1990, MAN_BORN_1950, COORDINATION = "199001152389", "195003151858", "199007782395"
BORN_9_JANUARY_2009 = "200901092395"
PERSON = Person(
    reference="guarantor-1",
    number=PersonalNumber(WOMAN_BORN_1990),
    other_guarantees=kronor(75_000),
    promised_guarantees=kronor(225_000),
)


def person_report(number: str = WOMAN_BORN_1990, **changes: Any) -> PersonReport:
    no = known(False)
    return replace(
        PersonReport(
            number=number,
            name=known("Test Testsson"),
            protected=no,
            emigrated=no,
            deceased=no,
            blocked=no,
            number_retired=no,
            trustee=no,
            debt_restructuring=no,
            trading_prohibition=no,
            dormant_coordination_number=no,
            income=known(kronor(420_000)),
            payment_remark_count=known(1),
            payment_remark_sum=known(kronor(4_000)),
            latest_payment_remark_on=known(date(2025, 6, 1)),
            kronofogden_debt=ABSENT,
            scoring=known(70),
            assignments=UNKNOWN,
            opinion=UNKNOWN,
        ),
        **changes,
    )


def company_report(**changes: Any) -> CompanyReport:
    return replace(
        CompanyReport(
            number="5599990008",
            name=known("Testbolaget AB"),
            form=known(CompanyForm.AB),
            status=known(CompanyStatus.ACTIVE),
            registered_on=known(date(2020, 3, 3)),
            f_tax=known(True),
            vat=known(True),
            employer=known(True),
            rating=known(Rating("64", RatingGrade.B)),
            credit_limit=ABSENT,
            payment_remark_count=known(2),
            payment_remark_sum=known(kronor(9_000)),
            latest_payment_remark_on=known(date(2025, 6, 1)),
            petition_count=known(0),
            petition_sum=known(Money.ZERO),
            kronofogden_debt=UNKNOWN,
            kronofogden_public_debt=UNKNOWN,
            kronofogden_private_debt=UNKNOWN,
            bankruptcy=known(False),
            distraint=known(False),
            annual_turnover=ABSENT,
            accounts_closed_on=known(date(2025, 12, 31)),
            employees=known(4),
            accounts=UNKNOWN,
            board=UNKNOWN,
            signing_right=UNKNOWN,
            opinion=UNKNOWN,
            owner=None,
        ),
        **changes,
    )


def facts_with(*, company: Any, guarantor: Any = None, at: datetime = AT) -> Facts:
    return facts_of(
        application=APPLICATION,
        company=company,
        owner=None,
        guarantors=[(PERSON, guarantor)],
        due_diligence=DUE_DILIGENCE,
        history=NEW_CUSTOMER,
        at=at,
    )


def test_a_report_becomes_facts_with_source_and_instant() -> None:
    """D13: known, absent and unknown stay what they were, and a derived fact keeps where it comes from."""
    company = facts_with(company=company_report(), guarantor=person_report()).company
    assert (company.remarks, company.kronofogden_debt, company.annual_turnover) == (known(2), UNKNOWN, ABSENT)
    assert company.rating == Known(RatingGrade.B, "creditsafe", AT)
    assert company.no_match is False
    unrated = facts_with(company=company_report(rating=ABSENT, registered_on=UNKNOWN)).company
    assert (unrated.rating, unrated.years_registered) == (ABSENT, UNKNOWN)


@pytest.mark.parametrize(
    ("at", "years"),
    [
        (datetime(2026, 3, 2, 22, 59, 59, tzinfo=UTC), 5),  # 23:59:59 on 2 March in Stockholm
        (datetime(2026, 3, 2, 23, 0, tzinfo=UTC), 6),
        (datetime(2020, 3, 1, tzinfo=UTC), 0),  # before the registration
    ],
)
def test_years_since_registration_are_whole_and_count_stockholm_days(at: datetime, years: int) -> None:
    """A2: registered on 3 March 2020."""
    assert facts_with(company=company_report(), at=at).company.years_registered == known(years)


def test_a_guarantors_report_becomes_facts_beside_the_lenders_own_register() -> None:
    """G6: the sum at risk comes from the lender's own books."""
    (person,) = facts_with(company=company_report(), guarantor=person_report(trustee=UNKNOWN)).guarantors
    assert person == replace(
        GUARANTOR,
        remarks=known(1),
        kronofogden_debt=ABSENT,
        trustee=UNKNOWN,
        other_guarantees=kronor(75_000),
        promised_guarantees=Known(kronor(225_000), OWN_BOOKS, AT),
    )


@pytest.mark.parametrize(
    ("at", "minor"),
    [(datetime(2027, 1, 8, 22, 59, 59, tzinfo=UTC), True), (datetime(2027, 1, 8, 23, 0, tzinfo=UTC), False)],
)
def test_a_guarantor_is_a_minor_until_the_eighteenth_birthday_begins_in_stockholm(at: datetime, minor: bool) -> None:
    """D10: born on 9 January 2009."""
    young = Person(
        reference="g",
        number=PersonalNumber(BORN_9_JANUARY_2009),
        other_guarantees=Money.ZERO,
        promised_guarantees=Money.ZERO,
    )
    facts = facts_of(
        application=APPLICATION,
        company=company_report(),
        owner=None,
        guarantors=[(young, person_report(BORN_9_JANUARY_2009))],
        due_diligence=DUE_DILIGENCE,
        history=NEW_CUSTOMER,
        at=at,
    )
    assert facts.guarantors[0].minor is minor


def test_age_above_18_sex_and_kind_of_number_leave_no_mark_on_the_facts() -> None:
    """D17: a man, a woman and a holder of a coordination number, with the same report give equal facts."""
    written = set()
    for number in (WOMAN_BORN_1990, MAN_BORN_1950, COORDINATION):
        person = Person(
            reference="g", number=PersonalNumber(number), other_guarantees=Money.ZERO, promised_guarantees=Money.ZERO
        )
        facts = facts_of(
            application=APPLICATION,
            company=company_report(),
            owner=None,
            guarantors=[(person, person_report(number))],
            due_diligence=DUE_DILIGENCE,
            history=NEW_CUSTOMER,
            at=AT,
        )
        written.add(canonical_json(facts))
    assert len(written) == 1


def test_a_sole_traders_report_is_the_owners_too() -> None:
    """B1: the owner's facts come with the company's report, and what was not asked for is unknown."""
    owner = Person(
        reference="owner",
        number=PersonalNumber(WOMAN_BORN_1990),
        other_guarantees=Money.ZERO,
        promised_guarantees=Money.ZERO,
    )
    report = company_report(number=WOMAN_BORN_1990, form=known(CompanyForm.EF), owner=person_report())
    application = replace(APPLICATION, form=CompanyForm.EF)

    def facts(company: CompanyReport | NoMatch | None) -> Facts:
        return facts_of(
            application=application,
            company=company,
            owner=owner,
            guarantors=(),
            due_diligence=DUE_DILIGENCE,
            history=NEW_CUSTOMER,
            at=AT,
        )

    told, nowhere, unasked = facts(report).owner, facts(NoMatch(WOMAN_BORN_1990, "creditsafe", AT)), facts(None)
    assert told is not None
    assert (told.income, told.minor) == (known(kronor(420_000)), False)
    assert nowhere.owner is not None
    assert (nowhere.company.no_match, nowhere.owner.no_match, nowhere.owner.income) == (True, True, UNKNOWN)
    assert unasked.owner is not None
    assert (unasked.company.no_match, unasked.owner.no_match) == (False, False)
    assert unasked.owner.trustee == unasked.company.status == Unknown(NOT_ASKED, AT)


@pytest.mark.parametrize(
    "changes",
    [
        {"guarantors": ()},
        {"owner": GUARANTOR},
        {"guarantors": (GUARANTOR, GUARANTOR)},
        {"guarantors": (replace(GUARANTOR, reference="company"),)},
        {"guarantors": (replace(GUARANTOR, reference="group"),)},
        {"guarantors": (replace(GUARANTOR, reference=""),)},
    ],
)
def test_facts_that_no_application_can_have_are_refused(changes: dict[str, Any]) -> None:
    """A4: AB, HB and KB name a guarantor, nobody twice; only a sole trader has an owner."""
    with pytest.raises(ValueError, match=r"."):
        replace(FIRST, **changes)
    with pytest.raises(ValueError, match="owner"):
        replace(SOLE_TRADER, owner=None)


@pytest.mark.parametrize("changes", [{"asked": Money.ZERO}, {"term_months": 0}, {"costs": kronor("-0.01")}])
def test_figures_that_no_application_can_have_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        with_application(FIRST, **changes)


def test_due_diligence_gaps_are_sorted_and_named_once() -> None:
    for gaps in (("b", "a"), ("a", "a")):
        with pytest.raises(ValueError, match="gaps"):
            DueDiligenceFacts(gaps=gaps, sanctions=Screening.CLEAR, politically_exposed=False)


def test_canonical_json_has_sorted_keys_decimal_strings_and_utc_instants() -> None:
    """D7: what is hashed does not depend on the order or the zone in which facts were put together."""
    text = canonical_json(FIRST)
    assert text.startswith(
        '{"application":{"asked":"250000.00","costs":"310000.00","debt_payments":"15000.00","form":"AB",'
        '"highest_fee_rate":"0.045","repayment_plan":"straight","revenue":"400000.00","term_months":12},"company":{"accounts_closed_on":'
        '{"at":"2026-03-02T09:30:00+00:00","known":"2025-12-31","source":"creditsafe"},'
    )
    assert '"kronofogden_debt":{"at":"2026-03-02T09:30:00+00:00","known":"0.00","source":"creditsafe"}' in text
    in_stockholm = Known(0, "creditsafe", datetime.fromisoformat("2026-03-02T10:30:00+01:00"))
    same = with_application(with_company(FIRST, remarks=in_stockholm), highest_fee_rate=Decimal("0.0450"))
    assert canonical_json(same) == text
    assert canonical_json(with_company(FIRST, remarks=Absent("creditsafe", AT))) != text
    assert len(sha256_of(text)) == 64


def test_facts_that_were_kept_before_there_was_a_choice_ask_for_straight_instalments() -> None:
    """D7: a stored decision without the member is replayed to the same one, to the öre."""
    text = canonical_json(FIRST)
    before = text.replace('"repayment_plan":"straight",', "")
    assert before != text
    assert facts_from_json(before) == FIRST
    at_term = with_application(FIRST, repayment_plan=RepaymentPlan.AT_TERM)
    assert facts_from_json(canonical_json(at_term)) == at_term


@pytest.mark.parametrize("facts", [FIRST, SOLE_TRADER])
def test_facts_and_decision_are_read_back_as_they_were_written(facts: Facts) -> None:
    """D7: a replay from what is kept gives the same decision, to the öre and the reason."""
    kept, given = canonical_json(facts), decision_to_json(decide(facts, shipped_policy()))
    assert facts_from_json(kept) == facts
    assert decision_to_json(decide(facts_from_json(kept), shipped_policy())) == given
    assert decision_from_json(given) == decide(facts, shipped_policy())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"minor":false', '"minor":0'),
        ('"form":"AB"', '"form":"XX"'),
        ('"repayment_plan":"straight"', '"repayment_plan":"never"'),
        ('"asked":"250000.00"', '"asked":"much"'),
        ('"remarks":{', '"marks":{'),
        ('"known":6', '"known":"6"'),
    ],
)
def test_what_was_not_written_by_us_is_not_read_as_facts(old: str, new: str) -> None:
    text = canonical_json(FIRST)
    assert old in text
    with pytest.raises((KeyError, ValueError)):
        facts_from_json(text.replace(old, new))
