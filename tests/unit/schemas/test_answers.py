"""What is answered, and the documentation that is made from every schema."""

import importlib
import inspect
import pkgutil
from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema, fields

import schemas
from schemas.agreements import AgreementSchema, CancellationQuoteSchema, LedgerEntrySchema, RedemptionQuoteSchema
from schemas.application_answers import ApplicationAnswerSchema, ApplicationPageSchema, CreatedApplicationSchema
from schemas.billing import FeeExplanationSchema, FeeRunSchema
from schemas.decisions import DecisionSchema, GuarantorDecisionSchema, StaffDecisionSchema
from schemas.loading import Body
from schemas.problems import FaultSchema, ProblemSchema
from schemas.signings import SigningSchema
from schemas.values import Contact, DueDiligenceAnswers
from underwriting.kernel.errors import FieldError
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import (
    Account,
    AgreementState,
    ApplicationState,
    CancellationWindow,
    CompanyForm,
    DecisionOutcome,
    GuarantorState,
    SigningPurpose,
    SigningState,
)

AN_ID = UUID("018f3c1e-0000-7000-8000-000000000001")
AN_INSTANT = datetime(2026, 11, 22, 14, 59, 59, tzinfo=UTC)


def all_schemas() -> list[type[Schema]]:
    modules = [importlib.import_module(f"schemas.{found.name}") for found in pkgutil.iter_modules(schemas.__path__)]
    found = {
        value
        for module in modules
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, Schema) and value.__name__.endswith("Schema")
    }
    return sorted(found - {Schema}, key=lambda schema: schema.__name__)


OURS = [schema for schema in all_schemas() if schema not in {ProblemSchema, FaultSchema}]


def members_of(schema: type[Schema]) -> list[fields.Field[Any]]:
    found: list[fields.Field[Any]] = []
    for member in schema().load_fields.values():
        found.append(member)
        if isinstance(member, fields.List):
            found.append(member.inner)
    return found


@pytest.mark.parametrize("schema", OURS, ids=lambda schema: schema.__name__)
def test_no_member_refuses_in_one_language_only(schema: type[Schema]) -> None:
    """Every message is a `Text`, marshmallow's own English sentences never show."""
    for member in members_of(schema):
        for key in ("required", "null"):
            messages = member.error_messages[key]
            assert [type(message) for message in messages] == [FieldError]
    if issubclass(schema, Body):
        assert {type(message) for message in schema().error_messages.values()} == {FieldError}


def test_every_schema_is_documented_with_the_type_of_every_member() -> None:
    spec = APISpec(title="Borgen", version="1", openapi_version="3.1.0", plugins=[MarshmallowPlugin()])
    for schema in all_schemas():
        name = schema.__name__.removesuffix("Schema")
        if name not in spec.components.schemas:
            spec.components.schema(name, schema=schema)
    documented = spec.to_dict()["components"]["schemas"]
    assert len(documented) == len(all_schemas())
    for name, described in documented.items():
        for member, keywords in described.get("properties", {}).items():
            assert keywords.keys() & {"type", "$ref", "allOf", "anyOf"}, (name, member)
    application = documented["Application"]
    assert application["additionalProperties"] is False
    assert application["properties"]["requested_amount"]["type"] == "string"
    assert application["properties"]["term_months"]["type"] == "integer"
    assert application["properties"]["purpose"]["enum"][0] == "inventory"
    assert "requested_amount" in application["required"]
    assert "required" not in documented["ApplicationPatch"]


def test_an_application_is_answered_with_masked_numbers() -> None:
    """D7: the birth numbers of others are not shown."""
    person = PersonalNumber("198507099805")
    answer = ApplicationAnswerSchema().dump(
        SimpleNamespace(
            id=AN_ID,
            reference="B7K2-9QXM",
            state=ApplicationState.SUBMITTED,
            company_form=CompanyForm.EF,
            organisation_number=person,
            requested_amount=Money.kronor(250_000),
            contact=Contact(name="Sara Ek", email="sara@example.se", phone="+46701234567"),
            signatory_personal_number=person,
            guarantors=[{"ordinal": 1, "state": GuarantorState.INVITED, "personal_number": person, "name": "Greta"}],
            due_diligence=DueDiligenceAnswers(owners_complete=True),
            submitted_at=AN_INSTANT,
            decided_at=None,
        )
    )
    assert answer["organisation_number"] == answer["signatory_personal_number"] == "19850709-****"
    assert answer["guarantors"] == [
        {"ordinal": 1, "state": "invited", "personal_number": "19850709-****", "name": "Greta"}
    ]
    assert (answer["state"], answer["requested_amount"]) == ("submitted", "250000.00")
    assert answer["submitted_at"] == "2026-11-22T14:59:59Z"
    assert answer["due_diligence"]["owners_complete"] is True
    assert "decided_at" not in answer
    assert "9805" not in str(answer)


def test_a_new_draft_is_answered_with_its_secret_and_a_page_with_its_cursor() -> None:
    """A3: the secret alone opens the draft."""
    assert CreatedApplicationSchema().dump({"id": AN_ID, "access_secret": "s"}) == {
        "id": str(AN_ID),
        "access_secret": "s",
    }
    page = ApplicationPageSchema().dump({"items": [{"id": AN_ID}], "next_cursor": None})
    assert page == {"items": [{"id": str(AN_ID)}]}


def test_each_audience_is_answered_its_own_part_of_a_decision() -> None:
    """D7: the applicant never sees points or trace, the guarantor neither those nor the price."""
    decision = {
        "application_id": AN_ID,
        "outcome": DecisionOutcome.COUNTER_OFFER,
        "decided_at": AN_INSTANT,
        "automatic": True,
        "reasons": [{"rule": "D12", "text": Text("Överskottet räcker till mindre", "The surplus carries less")}],
        "offer": {
            "limit": Money.kronor(218_000),
            "fee_rate": Decimal("0.015000"),
            "term_months": 12,
            "monthly_fee": Money.kronor(3_270),
            "effective_yearly_rate": Decimal("0.345"),
        },
        "points": 83,
        "grade": "A",
        "trace": [{"rule": "D12", "subject": "company", "key": "surplus", "points": None}],
    }
    guarantor, applicant, staff = (
        schema().dump(decision) for schema in (GuarantorDecisionSchema, DecisionSchema, StaffDecisionSchema)
    )
    assert guarantor.keys() == {"application_id", "outcome", "decided_at", "reasons"}
    assert applicant.keys() == guarantor.keys() | {"automatic", "offer"}
    assert applicant["offer"]["fee_rate"] == "0.015"
    assert applicant["reasons"][0]["text"]["sv"] == "Överskottet räcker till mindre"
    assert (staff["points"], staff["grade"]) == (83, "A")
    assert staff["trace"] == [{"rule": "D12", "subject": "company", "key": "surplus"}]


def test_a_months_fee_is_explained_day_by_day() -> None:
    """F10: the month's utilisation day by day, the rate, the rounding."""
    answer = FeeExplanationSchema().dump(
        {
            "month": Month(2026, 11),
            "rate": Decimal("0.015000"),
            "days": [{"on": date(2026, 11, 2), "highest": Money.kronor(218_033), "closing": Money(0)}],
            "basis": Money.kronor(218_033),
            "product": Decimal("3270.495000"),
            "fee": Money.kronor(3_270),
        }
    )
    assert answer == {
        "month": "2026-11",
        "rate": "0.015",
        "days": [{"on": "2026-11-02", "highest": "218033.00", "closing": "0.00"}],
        "basis": "218033.00",
        "product": "3270.495",
        "fee": "3270.00",
    }
    run = FeeRunSchema().dump({"month": Month(2026, 11), "charged_count": 2, "charged": Money.kronor(9_000)})
    assert run == {"month": "2026-11", "charged_count": 2, "charged": "9000.00"}


def test_a_cancellation_quote_counts_down_to_its_last_second() -> None:
    """C7: which window is open, until which second, what it costs and what is to be repaid."""
    window = SimpleNamespace(
        kind=CancellationWindow.SAME_DAY,
        opens_at=AN_INSTANT,
        closes_at=datetime(2026, 11, 22, 15, tzinfo=UTC),
        last_second=AN_INSTANT,
    )
    quote = SimpleNamespace(
        window=window,
        fee=Money.kronor(1_500),
        principal_to_repay=Money.ZERO,
        total=Money.kronor(1_500),
        conditional=False,
        pay_by=None,
    )
    assert CancellationQuoteSchema().dump(quote) == {
        "window": {
            "kind": "same_day",
            "opens_at": "2026-11-22T14:59:59Z",
            "closes_at": "2026-11-22T15:00:00Z",
            "last_second": "2026-11-22T14:59:59Z",
        },
        "fee": "1500.00",
        "principal_to_repay": "0.00",
        "total": "1500.00",
        "conditional": False,
    }


def test_agreements_ledger_and_redemption_are_answered_in_wire_form() -> None:
    """G1: limit, fee rate, term and granted-at; F3: the sum for a day; F6: lines between two accounts."""
    agreement = AgreementSchema().dump(
        {
            "id": AN_ID,
            "state": AgreementState.RUNNING,
            "organisation_number": OrganisationNumber("5599990008"),
            "limit": Money.kronor(218_000),
            "plan": [{"number": 1, "due_on": date(2026, 12, 22), "amount": Money.kronor(18_166)}],
        }
    )
    assert agreement["organisation_number"] == "559999-0008"
    assert agreement["plan"] == [{"number": 1, "due_on": "2026-12-22", "amount": "18166.00"}]
    entry = LedgerEntrySchema().dump(
        {"kind": "payout", "lines": [{"debit": Account.PRINCIPAL, "credit": Account.BANK, "amount": Money(1)}]}
    )
    assert entry == {"kind": "payout", "lines": [{"debit": "principal", "credit": "bank", "amount": "0.01"}]}
    redemption = RedemptionQuoteSchema().dump(
        {"on": date(2026, 11, 30), "total": Money.kronor(221_270), "new_fees": []}
    )
    assert redemption == {"on": "2026-11-30", "total": "221270.00", "new_fees": []}


def test_a_signing_is_answered_with_its_hint_in_both_languages() -> None:
    """S1: how the order stands, for whoever started it."""
    answer = SigningSchema().dump(
        {
            "signing_id": AN_ID,
            "purpose": SigningPurpose.GUARANTEE,
            "state": SigningState.PENDING,
            "message": Text("Starta BankID", "Start BankID"),
            "session_token": None,
        }
    )
    assert answer == {
        "signing_id": str(AN_ID),
        "purpose": "guarantee",
        "state": "pending",
        "message": {"sv": "Starta BankID", "en": "Start BankID"},
    }
