"""Bisnode's client against a service that is made from the published model and collections alone."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any

import pytest

from bureau_clients.bisnode.client import Bisnode
from bureau_clients.errors import BureauFailure
from bureau_clients.facts import Absent, Known
from bureau_clients.questions import Outcome, QuestionKind
from bureau_clients.reports import (
    Answer,
    CompanyReport,
    CompanyStatus,
    NoMatch,
    Rating,
    RatingGrade,
    Received,
    Report,
    fact_types,
)
from tests.wire.published.credit_model import CreditModel, Json, Path, paths_of, with_value, without
from tests.wire.published.credit_service import AskedOf, CreditService, answering, shown_as
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform.bureau_settings import BisnodeSettings
from underwriting.platform.environment import Secret

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
COMPANY = OrganisationNumber("5560391954")
PERSON = PersonalNumber("194502198429")
DAY = {"year": 2025, "month": 11, "day": 14}

GENERAL = "companyInformation.generalCompanyData"
RATING = "risk.creditRatings.currentCreditRating.code"
DEBT = "risk.financialCommitments.debtBalance.currentDebtBalance"

HEALTHY: Mapping[str, Json] = {
    "companyInformation.identifiers.registrationNumber": "5560391954",
    "companyInformation.companyName.registeredName.name": "Bygg & Måleri AB",
    "companyInformation.status.value": "ACTIVE",
    "companyInformation.legalForm.code": "LIMITED_COMPANY",
    "companyInformation.legalForm.localCode": "49",
    RATING: "AA",
    "risk.ratingCreditLimits.currentRatingCreditLimit.amount.amount": "250000.00",
    "management.boardMembers.boardMemberCount": 1,
    "risk.paymentRemarks.count": 3,
    "risk.paymentRemarks.amount.amount": "18000.50",
    "risk.paymentRemarks.paymentRemarks.0.date": DAY,
    "risk.petitions.count": 2,
    "risk.petitions.amount.amount": "7700",
    f"{DEBT}.claimsCount": 5,
    f"{DEBT}.publicClaimsCount": 3,
    f"{DEBT}.publicClaimsAmount.amount": "1200.50",
    f"{DEBT}.privateClaimsCount": 2,
    f"{DEBT}.privateClaimsAmount.amount": "300.25",
}
"""What the built answer says where the model has only types."""

FACTS: Sequence[tuple[str, Sequence[str], Any]] = (
    ("name", ["companyInformation.companyName.registeredName.name"], "Bygg & Måleri AB"),
    ("form", ["companyInformation.legalForm"], CompanyForm.AB),
    ("f_tax", [f"{GENERAL}.corporateTax"], True),
    ("employer", [f"{GENERAL}.registeredAsEmployer"], True),
    ("rating", [RATING], Rating("AA", RatingGrade.A)),
    (
        "credit_limit",
        ["risk.ratingCreditLimits.currentRatingCreditLimit.amount.amount"],
        Money.kronor("250000"),
    ),
    ("payment_remark_count", ["risk.paymentRemarks.count"], 3),
    ("payment_remark_sum", ["risk.paymentRemarks.amount.amount"], Money.kronor("18000.50")),
    ("latest_payment_remark_on", ["risk.paymentRemarks.paymentRemarks.0.date.day"], date(2025, 11, 14)),
    ("petition_count", ["risk.petitions.count"], 2),
    ("petition_sum", ["risk.petitions.amount.amount"], Money.kronor("7700")),
    ("kronofogden_public_debt", [f"{DEBT}.publicClaimsAmount.amount"], Money.kronor("1200.50")),
    ("kronofogden_private_debt", [f"{DEBT}.privateClaimsAmount.amount"], Money.kronor("300.25")),
    (
        "kronofogden_debt",  # 1 200.50 + 300.25
        [f"{DEBT}.publicClaimsAmount.amount", f"{DEBT}.privateClaimsAmount.amount"],
        Money.kronor("1500.75"),
    ),
)
"""Each fact, the paths that it is documented at (without any of which nothing is known), and what it is there."""

TOLD_BY_BEING_THERE = frozenset({"bankruptcy", "distraint", "status"})
"""A section that is left out is an answer too: there is none. The model says so of bankruptcy."""

LISTS = frozenset({"accounts", "board", "signing_right"})
"""What consists of parts, each of which may be left out by itself."""
TOLD_IN_TWO_WAYS = frozenset({"number", "function"})
"""Of a board member: the number or else the birth date, the words or else what the number of the function means."""


@pytest.fixture(scope="module")
def model() -> CreditModel:
    """The published types."""
    return CreditModel.published()


@pytest.fixture(scope="module")
def whole(model: CreditModel) -> Json:
    """An answer with every field that the model has."""
    answer = model.instance(texts={"amount": "1000.00", "currency": "SEK"})
    for path, value in HEALTHY.items():
        answer = with_value(answer, to_path(path), value)
    assert model.violations(answer, closed=True) == []
    return answer


@pytest.fixture
def service(whole: Json) -> CreditService:
    """The service that has that answer for everybody."""
    return CreditService(whole)


@pytest.fixture
def client(service: CreditService) -> Iterator[Bisnode]:
    """The real client in front of it."""
    with answering(service) as address:
        yield Bisnode(settings_for(address))


@pytest.fixture(scope="module")
def reader() -> Bisnode:
    """A client that asks nobody."""
    return Bisnode(settings_for("https://127.0.0.1:9"))


def settings_for(address: str) -> BisnodeSettings:
    return BisnodeSettings(
        url=address,
        token_url=f"{address}/as/token.oauth2",
        client_id="borgen",
        client_secret=Secret("hemligt:och&så"),
        connect_timeout_seconds=5.0,
        read_timeout_seconds=20.0,
    )


def to_path(text: str) -> Path:
    return tuple(int(part) if part.isdecimal() else part for part in text.split("."))


def company(client: Bisnode) -> Answer:
    return client.company(COMPANY, form=CompanyForm.AB, reference="ref-1", at=AT)


def read(reader: Bisnode, answer: Json) -> Report | Outcome:
    """What *answer* gives: a report, or how it fails."""
    received = [Received("company", json.dumps(answer).encode())]
    try:
        return reader.read(received, kind=QuestionKind.REPORT, number=COMPANY, form=CompanyForm.AB, at=AT)
    except BureauFailure as failure:
        return failure.outcome


def outcome_of(ask: Callable[[], Answer]) -> Outcome:
    try:
        report = ask().report
    except BureauFailure as failure:
        return failure.outcome
    return Outcome.NO_MATCH if isinstance(report, NoMatch) else Outcome.REPORT


def known(report: object, name: str) -> Any:
    fact = getattr(report, name)
    assert isinstance(fact, Known), f"{name} is {fact}"
    return fact.value


def test_the_token_is_asked_for_as_the_collection_shows(service: CreditService, client: Bisnode) -> None:
    """B3: method, path, Basic and form."""
    company(client)
    shown = shown_as("Bisnode_OAuth2_login.postman_collection.json", "Login")
    token = service.asked[0]
    assert (token.method, token.path, token.auth, set(token.members)) == (
        shown.method,
        shown.path,
        shown.auth,
        set(shown.members),
    )
    assert token.members["grant_type"] == "client_credentials"
    assert {"credit_data_companies", "credit_data_persons"} <= set(token.members["scope"].split())
    assert service.violations == []


def test_a_company_is_asked_about_as_the_collection_shows(service: CreditService, client: Bisnode) -> None:
    """B3: and with no member that is not described."""
    assert isinstance(company(client).report, CompanyReport)
    asked = asked_at(service, "bisnode-credit-data-companies.postman_collection.json", "Swedish Credit Data")
    assert (asked.members["registrationNumber"], asked.members["reference"]) == ("5560391954", "ref-1")
    assert service.violations == []


def test_a_person_is_asked_about_as_the_collection_shows(service: CreditService, client: Bisnode) -> None:
    """B3: the answer is not published, so that none is expected here."""
    outcome_of(lambda: client.person(PERSON, reference="ref-2", at=AT))
    asked = asked_at(service, "credit-data-persons-postman-collection.json", "Credit Data SE Person")
    assert asked.members["nationalIdentificationNumber"][-10:] == "4502198429"
    assert service.violations == []


def asked_at(service: CreditService, collection: str, name: str) -> AskedOf:
    """The one question that is made as the collection's *name*."""
    shown = shown_as(collection, name)
    (asked,) = (each for each in service.asked if (each.method, each.path) == (shown.method, shown.path))
    assert asked.auth == shown.auth
    assert shown.members <= set(asked.members)
    return asked


def test_the_status_alone_is_asked_for_without_what_a_copy_is_sent_of(service: CreditService, client: Bisnode) -> None:
    """B5: of who gets a copy neither risks, nor accounts, nor owners."""
    report = client.company_status(COMPANY, form=CompanyForm.HB, reference="ref-3", at=AT).report
    assert isinstance(report, CompanyReport)
    assert set(service.asked[-1].members["segments"]) <= {"COMPANY_INFORMATION", "EVENTS"}
    assert service.violations == []


@pytest.mark.parametrize(("name", "paths", "value"), FACTS, ids=[row[0] for row in FACTS])
def test_each_fact_is_read_from_its_documented_path(
    reader: Bisnode, whole: Json, name: str, paths: Sequence[str], value: Any
) -> None:
    """D13: known where it stands, and not known without it."""
    assert known(read(reader, whole), name) == value
    for path in paths:
        report = read(reader, without(whole, to_path(path)))
        assert isinstance(report, CompanyReport)
        assert not isinstance(getattr(report, name), Known), path


@pytest.mark.parametrize(
    ("code", "rating"),
    [
        ("AAA", Rating("AAA", RatingGrade.A)),
        ("A", Rating("A", RatingGrade.B)),
        ("B", Rating("B", RatingGrade.D)),
        ("C", Rating("C", RatingGrade.E)),
        ("AN", None),
        ("-", None),
    ],
)
def test_every_published_rating_code_is_understood(
    reader: Bisnode, whole: Json, code: str, rating: Rating | None
) -> None:
    """D13: a new company and one that cannot be determined have none."""
    fact = getattr(read(reader, with_value(whole, to_path(RATING), code)), "rating")  # noqa: B009 - of a union
    assert isinstance(fact, Absent) if rating is None else fact.value == rating


@pytest.mark.parametrize(("registered", "known_to_be"), [(True, True), (False, False)])
def test_value_added_tax_is_as_both_its_fields_say(
    reader: Bisnode, whole: Json, registered: bool, known_to_be: bool
) -> None:
    """D13: registered and active."""
    for field in ("registeredInVatList", "activeInVat"):
        whole = with_value(whole, to_path(f"{GENERAL}.{field}"), registered)
    assert known(read(reader, whole), "vat") is known_to_be


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("ACTIVE", CompanyStatus.ACTIVE),
        ("INACTIVE", CompanyStatus.INACTIVE),
        ("NOTSTARTED_OR_DORMANT", CompanyStatus.INACTIVE),
    ],
)
def test_every_published_status_is_understood(reader: Bisnode, whole: Json, value: str, status: CompanyStatus) -> None:
    """B7: of a company without anything else in the register."""
    whole = with_value(without(whole, to_path("risk.bankruptcy")), ("events",), [])
    assert known(read(reader, with_value(whole, to_path("companyInformation.status.value"), value)), "status") is status


def test_whatever_one_field_is_missing_no_fact_becomes_another(reader: Bisnode, whole: Json) -> None:
    """D13, B3: of the 1 365 fields and sections of the model, each left out alone."""
    before = facts_of(read(reader, whole))
    for path in paths_of(whole):
        found = read(reader, without(whole, path))
        if isinstance(found, Outcome):
            assert found is Outcome.UNKNOWN, path
            continue
        for name, fact in facts_of(found).items():
            if isinstance(fact, Known) and name not in TOLD_BY_BEING_THERE:
                assert is_part_of(fact.value, before[name], in_parts=name in LISTS), (path, name)


def test_a_field_that_no_fact_is_documented_at_changes_none(reader: Bisnode, whole: Json) -> None:
    """D13: what stands in sections that no fact is read from is left alone."""
    before = read(reader, whole)
    for section in (
        *("risk.creditInquiries", "risk.trade", "management.auditors", "ownership.parentCompanies"),
        *("ownership.subsidiaries", "ownership.sisterCompanies", "ownership.familyTree", "finance.floatingCharges"),
        *("finance.propertyHoldings", "companyInformation.branches", "companyInformation.bankgiroAccounts"),
        *("risk.creditRatings.historicalCreditRatings", "risk.ratingCreditLimits.historicalRatingCreditLimits"),
    ):
        assert read(reader, without(whole, to_path(section))) == before, section
        assert read(reader, with_value(whole, to_path(section), "something else")) == before, section


def facts_of(report: Report | Outcome) -> Mapping[str, Any]:
    assert isinstance(report, CompanyReport)
    return {name: getattr(report, name) for name in fact_types(CompanyReport)}


def is_part_of(value: Any, before: Any, *, in_parts: bool) -> bool:
    """Whether *value* was known before, or, where it is *in_parts*, tells nothing that was not."""
    if not isinstance(before, Known):
        return False
    if value == before.value or not in_parts:
        return bool(value == before.value)
    if isinstance(value, tuple):
        return all(any(tells_no_more(each, known) for known in before.value) for each in value)
    return tells_no_more(value, before.value)


def tells_no_more(value: Any, before: Any) -> bool:
    """Whether every part of *value* is as it was, or is not told any more, or is told the other way."""
    return all(
        getattr(value, part.name) in (None, "", getattr(before, part.name)) or part.name in TOLD_IN_TWO_WAYS
        for part in fields(value)
    )


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (400, Outcome.REFUSED),
        (403, Outcome.REFUSED),
        (404, Outcome.NO_MATCH),
        (429, Outcome.UNAVAILABLE),
        (451, Outcome.REFUSED),  # it exists, and must not be delivered
        (500, Outcome.UNKNOWN),
        (503, Outcome.UNAVAILABLE),
    ],
)
def test_errors_of_the_published_model_have_one_outcome_each(
    service: CreditService, client: Bisnode, status: int, outcome: Outcome
) -> None:
    """B3: whatever of the error's body is there, and as the older model has it."""
    service.company = status
    error = {**CreditModel.errors().instance("ErrorModel"), "status": status}
    for body in (error, {"statusCode": status, "message": "No such company"}):
        service.error = body
        assert outcome_of(lambda: company(client)) is outcome
    # A 404 that is not the service's own may be another server's: then nobody has said that there is no such company.
    unsaid = Outcome.REFUSED if outcome is Outcome.NO_MATCH else outcome
    for body in ({}, *(without(error, path) for path in paths_of(error))):
        service.error = body
        assert outcome_of(lambda: company(client)) in (outcome, unsaid)
