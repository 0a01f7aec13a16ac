"""Values of every kind of document, as the product hands them over."""

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal

from agreements.documents import service as documents
from agreements.documents.rules import DocumentKind
from agreements.invoices.services.make_statement import Standing
from underwriting.kernel.money import Money
from underwriting.kernel.product import DEFAULT_TERMS
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CompanyForm, RepaymentPlan
from underwriting.platform.runtime import Runtime

K = Money.kronor
PARTIES: dict[str, object] = {
    "lender": "Exempelkredit AB",
    "lender_number": "559999-0008",
    "company": "Storåkers Åkeri AB",
    "company_number": "559999-0016",
}
CONTACT = {"lender_phone": "010-555 00 00", "lender_email": "kund@example.test"}
PRICE = {
    "limit": K(218_000),
    "fee_rate": Decimal("0.015"),
    "term_months": 12,
    "repayment_plan": "straight",
    "monthly_fee": K(3_270),
    "total_fees": K(21_255),
    "effective_rate": Decimal("0.1956"),
}
EXEMPT = Text(
    "undantag från mervärdesskatt enligt 10 kap. 33 § mervärdesskattelagen (2023:200)",
    "exempt by chapter 10, section 33 of the Value Added Tax Act (mervärdesskattelagen, 2023:200)",
)
GRANTED_AT = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)  # 10:15 in Stockholm
PLAN_CHANGE: dict[str, object] = {
    "number": 100001,
    "proposed_at": GRANTED_AT,
    "last_signing_day": date(2026, 12, 7),
    "first_month": Text("januari 2027", "January 2027"),
    "new_repayment_plan": RepaymentPlan.AT_TERM,
    "repayment_plan_before": RepaymentPlan.STRAIGHT,
    "new_term_months": 18,
    "term_months_before": 12,
    "fees_before": K(21_255),
    "fees_after": K(49_050),
    "plan_before": ((date(2027, 1, 29), K("18166.67")), (date(2027, 2, 26), K("18166.66"))),
    "plan_after": ((date(2028, 5, 31), K("36333.33")),),
}
VALUES: dict[DocumentKind, dict[str, object]] = {
    DocumentKind.APPLICATION: PARTIES
    | CONTACT
    | {
        "terms": DEFAULT_TERMS,
        "reference": "B7K2-9QXM",
        "company_form": CompanyForm.AB,
        "signatory": "Anna Åkesson",
        "amount": K(250_000),
        "term_months": 12,
        "repayment_plan": "straight",
        "purpose": "Inköp av lager",
        "payout_account": "bankgiro 5999-0002",
        "monthly_revenue": K(400_000),
        "monthly_costs": K(310_000),
        "monthly_debt_payments": K(15_000),
        "guarantors": ("Cecilia Öberg", "Anna Åkesson"),
        "highest_fee": K(11_250),
        "bureaus": "Creditsafe",
    },
    DocumentKind.CONFIRMATION: PARTIES
    | CONTACT
    | {
        "terms": DEFAULT_TERMS,
        "reference": "B7K2-9QXM",
        "person": "Cecilia Öberg",
        "personal_number": "18900101-9802",
        "has_role": False,
        "amount": K(250_000),
        "term_months": 12,
        "repayment_plan": "straight",
        "bureaus": "Creditsafe",
        "cap": K(375_000),
    },
    DocumentKind.COUNTER_OFFER: PARTIES
    | CONTACT
    | PRICE
    | {
        "terms": DEFAULT_TERMS,
        "reference": "B7K2-9QXM",
        "asked_amount": K(250_000),
        "asked_term_months": 15,
        "guarantors": ("Cecilia Öberg", "Anna Åkesson"),
        "cap": K(327_000),
        "last_day": date(2026, 11, 30),
    },
    DocumentKind.AGREEMENT: PARTIES
    | CONTACT
    | PRICE
    | {
        "terms": DEFAULT_TERMS,
        "number": 100001,
        "company_form": CompanyForm.AB,
        "signatories": ("Anna Åkesson", "Bo Björk"),
        "granted_at": GRANTED_AT,
        "last_signing_day": date(2026, 12, 7),
        "first_drawdown": K(218_000),
        "instalment": K("18166.66"),
        "payout_account": "bankgiro 5999-0002",
        "bankgiro": "5050-1055",
        "ocr": "10000108",
        "guarantors": ("Cecilia Öberg", "Anna Åkesson"),
        "cap": K(327_000),
        "reminder_fee": K(60),
    },
    DocumentKind.GUARANTEE: PARTIES
    | CONTACT
    | {
        "number": 100001,
        "person": "Cecilia Öberg",
        "personal_number": "18900101-9802",
        "has_role": False,
        "granted_at": GRANTED_AT,
        "limit": K(218_000),
        "fee_rate": Decimal("0.015"),
        "term_months": 12,
        "repayment_plan": "straight",
        "cap": K(327_000),
    },
    DocumentKind.OFFER: PARTIES
    | CONTACT
    | PRICE
    | {
        "terms": DEFAULT_TERMS,
        "number": 100001,
        "granted_at": GRANTED_AT,
        "signatories": ("Anna Åkesson", "Bo Björk"),
        "last_signing_day": date(2026, 12, 7),
        "first_drawdown": K(218_000),
        "payout_account": "bankgiro 5999-0002",
        "guarantors": ("Cecilia Öberg", "Anna Åkesson"),
        "cap": K(327_000),
    },
    DocumentKind.GUARANTEE_INFORMATION: PARTIES
    | CONTACT
    | {
        "number": 100001,
        "person": "Cecilia Öberg",
        "has_role": False,
        "limit": K(218_000),
        "fee_rate": Decimal("0.015"),
        "term_months": 12,
        "repayment_plan": "straight",
        "cap": K(327_000),
        "last_signing_day": date(2026, 12, 7),
        "other_guarantors": 1,
    },
    DocumentKind.CANCELLATION_RECEIPT: PARTIES
    | CONTACT
    | {
        "number": 100001,
        "limit": K(218_000),
        "received_at": GRANTED_AT,
        "channel": Text("på telefon", "by telephone"),
        "recorded_at": GRANTED_AT,
        "before_payout": False,
        "fee": K(1_500),
        "principal": K(218_000),
        "total": K(219_500),
        "outcome": "conditional",
        "held": K(0),
        "pay_by": date(2026, 11, 26),
        "bankgiro": "5050-1055",
        "ocr": "10000108",
    },
    DocumentKind.REDEMPTION_QUOTE: PARTIES
    | CONTACT
    | {
        "number": 100001,
        "made_at": GRANTED_AT,
        "on": date(2026, 12, 19),
        "booked_on": date(2026, 12, 21),
        "principal": K(218_000),
        "unpaid_fees": K(3_270),
        "new_fees": ((Text("december 2026", "December 2026"), K(3_270)),),
        "credit_balance": K(120),
        "total": K(224_420),
        "last_day": date(2026, 12, 30),
        "bankgiro": "5050-1055",
        "ocr": "10000108",
    },
    DocumentKind.INVOICE: PARTIES
    | CONTACT
    | {
        "number": 100001,
        "invoice_number": 202600000001,
        "issued_on": date(2026, 12, 1),
        "address": "Storgatan 1, 111 11 Stockholm",
        "period": Text("december 2026", "December 2026"),
        "due_on": date(2026, 12, 30),
        "lines": (
            (Text("Månadsavgift för november 2026", "Monthly fee for November 2026"), K(3_270)),
            (Text("Faktura på papper", "Invoice on paper"), K(59)),
            (Text("Amortering nr 1, december 2026", "Instalment no. 1, December 2026"), K("18166.67")),
        ),
        "rounding": K("0.33"),
        "payable": K(21_496),
        "balance": K(120),
        "bankgiro": "5050-1055",
        "ocr": "20260000000147",
        "exemption": EXEMPT,
        "late_points": "8",
        "reminder_fee": K(60),
        "paper_fee": K(59),
    },
    DocumentKind.CREDIT_NOTE: PARTIES
    | CONTACT
    | {
        "number": 100001,
        "invoice_number": 202600000002,
        "issued_on": date(2026, 12, 2),
        "address": "",
        "credited_number": 202600000001,
        "credited_on": date(2026, 12, 1),
        "reason": Text("Avgiften har återförts", "The charge was taken back"),
        "lines": ((Text("Månadsavgift för november 2026", "Monthly fee for November 2026"), K(3_270)),),
        "total": K(3_270),
        "exemption": EXEMPT,
    },
    DocumentKind.PLAN_CHANGE: PARTIES | CONTACT | PLAN_CHANGE,
    DocumentKind.PLAN_CHANGE_CONSENT: PARTIES
    | CONTACT
    | PLAN_CHANGE
    | {"person": "Cecilia Öberg", "personal_number": "18900101-9802", "cap": K(327_000)},
    DocumentKind.STATEMENT: PARTIES
    | CONTACT
    | {
        "number": 100001,
        "first": date(2026, 1, 1),
        "last": date(2026, 12, 31),
        "made_at": GRANTED_AT,
        "opening": Standing(K(218_000), K(0), K(0)),
        "closing": Standing(K(218_000), K(3_270), K(120)),
        "events": (("2026-11-30", Text("Månadsavgift", "Monthly fee"), K(3_270), K(221_270)),),
    },
}
"""Every value that a template of the kind writes."""


def texts_about(runtime: Runtime, subject_id: uuid.UUID) -> list[str]:
    """What the documents about the thing say, in running text."""
    with runtime.database.transaction() as session:
        found = documents.of_subjects(session, [subject_id])
        return [" ".join(documents.text_of(runtime, one).replace("\u00a0", " ").split()) for one in found]
