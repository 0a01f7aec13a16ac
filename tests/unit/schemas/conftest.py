"""A valid application of each company form, and how one is read."""

import copy
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from schemas.applications import ApplicationSchema
from schemas.loading import load
from schemas.values import ApplicationBody
from underwriting.kernel.errors import FieldError, InvalidInput
from underwriting.kernel.vocabulary import CompanyForm

TODAY = date(2026, 11, 22)
NUMBERS = {CompanyForm.AB: "559999-0008", CompanyForm.HB: "969999-0009", CompanyForm.KB: "969999-0017"}
SUBMITTER = "198507099805"

Valid = Callable[..., dict[str, Any]]
Read = Callable[..., ApplicationBody]
Refused = Callable[[object], tuple[FieldError, ...]]


@pytest.fixture
def valid() -> Valid:
    """A valid body of a company form, with top-level members replaced by those given."""

    def make(form: CompanyForm = CompanyForm.AB, **members: Any) -> dict[str, Any]:
        guarantor = {
            "personal_number": "192412319218",
            "name": "Greta Borg",
            "email": "greta@example.se",
            "phone": "+46701234568",
        }
        return {
            "company_form": str(form),
            "organisation_number": NUMBERS.get(form, SUBMITTER),
            "requested_amount": "250000.00",
            "term_months": 12,
            "purpose": "inventory",
            "expected_monthly_revenue": "400000.00",
            "expected_monthly_costs": "310000.00",
            "monthly_debt_payments": "15000.00",
            "contact": {"name": "Sara Ek", "email": "sara@example.se", "phone": "+46701234567"},
            "payout_account": {"bankgiro": "5999-0002"},
            "invoice_delivery": "email",
            "signatory_personal_number": SUBMITTER,
            "guarantors": [] if form is CompanyForm.EF else [guarantor],
            "beneficial_owners": [{"personal_number": SUBMITTER, "share": "0.60", "politically_exposed": False}],
        } | copy.deepcopy(members)

    return make


@pytest.fixture
def read() -> Read:
    """The application that a body states."""

    def make(body: object, *, on: date = TODAY) -> ApplicationBody:
        return load(ApplicationSchema(), body, on=on)

    return make


@pytest.fixture
def refused(read: Read) -> Refused:
    """The faults of a body that must be refused."""

    def make(body: object) -> tuple[FieldError, ...]:
        with pytest.raises(InvalidInput) as refusal:
            read(body)
        return refusal.value.errors

    return make
