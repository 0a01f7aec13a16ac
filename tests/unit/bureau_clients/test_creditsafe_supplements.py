"""What CAS and the right to sign add to a report."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bureau_clients.creditsafe.cas_formats import CasAnswer
from bureau_clients.creditsafe.configuration import ColumnMapping
from bureau_clients.creditsafe.mapping import company_report, person_report
from bureau_clients.creditsafe.rest_formats import Combinations
from bureau_clients.creditsafe.supplements import combinations_of, with_opinion, with_signing_right
from bureau_clients.facts import Known, Unknown
from bureau_clients.reports import (
    CompanyReport,
    CompanyStatus,
    Coverage,
    Opinion,
    PersonReport,
    Signatory,
    SigningRight,
    Verdict,
)
from underwriting.kernel.vocabulary import CompanyForm

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
BLOCK, TEMPLATE = "BORGEN_CREDIT", "BORGEN_CAS"
MAPPING = ColumnMapping.configured({})
ASTRID = Signatory(name="Astrid Almgren", number="197701072394", roles=("VD",))


def known(value: Any, part: str = TEMPLATE) -> Known[Any]:
    return Known(value, "creditsafe", AT, part)


def unknown(part: str = TEMPLATE) -> Unknown:
    return Unknown("creditsafe", AT, part)


def company(row: dict[str, str], form: CompanyForm = CompanyForm.AB) -> CompanyReport:
    return company_report([row], number="5599990008", form=form, code=None, mapping=MAPPING, part=BLOCK, at=AT)


def person(row: dict[str, str]) -> PersonReport:
    return person_report([row], number="197701072394", code=None, mapping=MAPPING, part=BLOCK, at=AT)


def decided(verdict: Verdict | None, *reasons: str) -> CasAnswer:
    return CasAnswer(number=None, verdict=verdict, reasons=reasons, error_code=None)


@pytest.mark.parametrize("verdict", Verdict)
def test_the_opinion_is_the_templates(verdict: Verdict) -> None:
    """B7: a fact of its own, with the template as its part."""
    report = with_opinion(company({"VAT": "Ja"}), decided(verdict, "P24"), template=TEMPLATE, at=AT)
    assert report.opinion == known(Opinion(verdict, ("P24",)))
    assert report.vat == known(True, BLOCK)


@pytest.mark.parametrize("answer", [None, decided(None), decided(None, "P24")])
def test_without_a_verdict_the_opinion_is_unknown(answer: CasAnswer | None) -> None:
    """D13: not approved, and not rejected either."""
    report = person({"INCOME": "420000"})
    assert with_opinion(report, answer, template=TEMPLATE, at=AT).opinion == unknown()


@pytest.mark.parametrize(
    ("reason", "fact"),
    [
        ("S2", "protected"),
        ("S3", "blocked"),
        ("S4", "deceased"),
        ("S6", "emigrated"),
        ("S7", "number_retired"),
        ("P6", "deceased"),
        ("P7", "emigrated"),
        ("P8", "protected"),
        ("P9", "blocked"),
        ("P38", "blocked"),
        ("P39", "number_retired"),
    ],
)
@pytest.mark.parametrize("verdict", [Verdict.REJECTED, None])
def test_a_reason_of_the_register_settles_the_persons_fact(reason: str, fact: str, verdict: Verdict | None) -> None:
    """B7: also against what the block says."""
    report = person({"PROTECTED": "Nej", "EMIGRATED": "Nej"})
    assert getattr(with_opinion(report, decided(verdict, reason), template=TEMPLATE, at=AT), fact) == known(True)


def test_a_reason_of_the_register_settles_the_companys_facts() -> None:
    """B7: a bankruptcy that is concluded; of another reason the status is not touched."""
    report = company({"COMPANY_STATUS": "Aktiv"})
    closed = with_opinion(report, decided(Verdict.REJECTED, "P24", "C30"), template=TEMPLATE, at=AT)
    assert (closed.status, closed.bankruptcy) == (known(CompanyStatus.DEREGISTERED), known(True))
    other = with_opinion(report, decided(Verdict.REJECTED, "P10", "P24"), template=TEMPLATE, at=AT)
    assert other.status == known(CompanyStatus.ACTIVE, BLOCK)


def test_a_reason_about_a_sole_trader_settles_the_owners_fact() -> None:
    """B1, B7: one question about both."""
    report = with_opinion(
        company({"COMPANY_STATUS": "Aktiv"}, CompanyForm.EF), decided(Verdict.REJECTED, "P6"), template=TEMPLATE, at=AT
    )
    assert report.owner is not None
    assert report.owner.deceased == known(True)


def test_beside_a_register_code_that_is_not_listed_no_good_news_is_believed() -> None:
    """B7: an approval with a status that nobody has heard of."""
    report = with_opinion(
        company({"COMPANY_STATUS": "Aktiv"}), decided(Verdict.APPROVED, "S333"), template=TEMPLATE, at=AT
    )
    assert report.status == unknown()


def test_the_registered_wording_stays_beside_those_who_may_sign() -> None:
    """B7: the text from the block, the alternatives from the register."""
    told = Combinations("5599990008", ((ASTRID,),), Coverage.PARTIAL)
    worded = with_signing_right(company({"SIGNING_TEXT": "Firman tecknas av"}), told, part="signatories", at=AT)
    expected = SigningRight(text="Firman tecknas av", alternatives=((ASTRID,),), coverage=Coverage.PARTIAL)
    assert worded.signing_right == known(expected, "signatories")
    bare = with_signing_right(company({}), told, part="signatories", at=AT)
    assert isinstance(bare.signing_right, Known)
    assert bare.signing_right.value.text == ""


NAMED = Combinations("559999-0008", ((ASTRID,),), Coverage.COMPLETE)
OTHER = Combinations("5599990016", ((ASTRID,),), Coverage.COMPLETE)
UNNAMED = Combinations("SE-8839273748390-1", ((ASTRID,),), Coverage.COMPLETE)


@pytest.mark.parametrize(
    ("told", "own"),
    [
        ([NAMED], NAMED),
        ([OTHER, NAMED], NAMED),
        ([UNNAMED], UNNAMED),
        ([OTHER], None),
        ([OTHER, UNNAMED], None),
        ([NAMED, NAMED], None),
        ([], None),
    ],
)
def test_the_right_to_sign_is_that_of_the_company_asked_about(
    told: list[Combinations], own: Combinations | None
) -> None:
    """B3: what may be somebody else's is nobody's."""
    assert combinations_of("5599990008", told) is own
